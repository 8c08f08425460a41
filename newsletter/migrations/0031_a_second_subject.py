"""A second subject that may be tried on a part of an issue's readers: in a table of its own, so that the triggers of
issues stay as they are."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0030_links_that_follow_and_let_go")]

    operations = [
        migrations.CreateModel(
            name="SubjectTest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "second",
                    models.CharField(
                        help_text="A tenth of the readers gets it, a tenth the first; two hours later the others get the better one.",
                        max_length=59,
                        verbose_name="second subject",
                    ),
                ),
                ("decide_at", models.DateTimeField(editable=False, null=True)),
                ("decided_at", models.DateTimeField(editable=False, null=True)),
                (
                    "winner",
                    models.CharField(
                        blank=True,
                        choices=[("first", "The first"), ("second", "The second")],
                        editable=False,
                        max_length=6,
                    ),
                ),
                ("first_opened", models.PositiveIntegerField(default=0, editable=False)),
                ("second_opened", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "issue",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="subject_test", to="newsletter.issue"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(decided_at=None, winner="")
                        | Q(decided_at__isnull=False, decide_at__isnull=False, winner__in=["first", "second"]),
                        name="subject_test_is_decided_with_a_winner",
                    ),
                    models.CheckConstraint(condition=~Q(second=""), name="subject_test_has_a_second_subject"),
                ],
            },
        ),
    ]
