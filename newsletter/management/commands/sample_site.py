"""`manage.py sample_site`: a populated site to look at and to develop with."""

import secrets
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from newsletter import sample
from verdicts.sample.loading import SampleSite
from voting.models import User

STAFF = "staff@example.org"


class Command(BaseCommand):
    help = (
        "Fill the site with sample content (labelled as such) and make a staff login. Running it again changes nothing."
    )

    def handle(self, *args: object, **options: object) -> None:
        try:
            made = SampleSite(timezone.localdate()).load(self.staff()) | sample.load()
        except ValueError as error:
            raise CommandError(str(error)) from error
        counts = ", ".join(f"{count} {kind}" for kind, count in made.items())
        self.stdout.write(f"Sample site: {counts} made." if any(made.values()) else "Sample site: nothing was missing.")
        self.stdout.write(f"Staff login: {STAFF} / {self.password} at {settings.SITE_URL}/admin/")

    def staff(self) -> User:
        """Return the staff account; its password is made once and kept in a file that only the owner can read."""
        database = Path(str(connection.settings_dict["NAME"])).name
        note = settings.VAR_DIR / f"staff-password.{database}"
        user = User.objects.filter(email=STAFF).first()
        if user is not None:
            self.password = note.read_text().strip() if note.exists() else "(the password you gave it)"
            if not user.check_password(self.password):
                self.password = "(the password you gave it)"  # noqa: S105
            return user
        self.password = secrets.token_urlsafe(12)
        note.touch(mode=0o600)
        note.write_text(self.password + "\n")
        return User.objects.create_superuser(STAFF, self.password, name="Sample editor")
