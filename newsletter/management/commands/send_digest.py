"""`manage.py send_digest`: do now, in this process, what beat and the workers do; or look at the next issue, or test it."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from newsletter import previewing, ticking
from newsletter.rendering import TooLarge
from newsletter.sending import Sender


class Command(BaseCommand):
    help = "Send what is due: freeze an issue whose hour has come, and send every batch that waits. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="print the next issue as it stands; send nothing")
        parser.add_argument("--to", metavar="ADDRESS", help="send the next issue as it stands to this address only")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["to"]:
            self.test(options["to"])
        elif options["dry_run"]:
            self.show()
        else:
            self.send()

    def show(self) -> None:
        issue, content = previewing.next_issue()
        if not content.blocks:
            self.stdout.write(f"{issue}: nothing new yet. An empty issue is skipped.")
            return
        preview = self.preview(issue)
        self.stdout.write(preview.mail.text)
        self.stdout.write(f"Subject: {preview.mail.subject}")
        self.stdout.write(
            f"{preview.mail.html_bytes:,} bytes of HTML; {preview.reader_count:,} reader{'s' * (preview.reader_count != 1)}."
        )
        for warning in preview.warnings:
            self.stdout.write(f"Warning: {warning}")
        self.stdout.write("A dry run: nothing was sent and nothing written down.")

    def test(self, address: str) -> None:
        try:
            validate_email(address)
        except ValidationError as error:
            raise CommandError(f"{address} is not an e-mail address.") from error
        issue, content = previewing.next_issue()
        if not content.blocks:
            raise CommandError(f"{issue}: nothing new yet.")
        previewing.send_test(issue, address)
        self.stdout.write(f"Sent {issue} as it stands to {address}. Nothing was written down.")

    def preview(self, issue: Any) -> previewing.Preview:
        try:
            return previewing.preview(issue)
        except TooLarge as error:
            raise CommandError(str(error)) from error

    def send(self) -> None:
        ticking.tick()
        batches = Sender().work()
        ticking.finish_all()
        self.stdout.write(f"{batches} batches sent." if batches else "Nothing is due.")
