"""Crowds that were held become cases; passes are noted; a tool knows how busy it usually is."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tools", "0020_search_index"),
        ("voting", "0041_a_vote_is_one_call"),
    ]

    operations = [
        migrations.CreateModel(
            name="Case",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("side", models.SmallIntegerField(choices=[(1, "Ship it"), (-1, "Skip it"), (0, "Both")], default=0)),
                (
                    "rule",
                    models.CharField(
                        help_text="The rule of the detector that holds them, in its own word.", max_length=20
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("begins_at", models.DateTimeField(help_text="When the crowd began.")),
                ("ends_at", models.DateTimeField(help_text="When it was last seen to go on.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("decided", "Decided"),
                            ("released", "Counted again without a decision"),
                        ],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("size", models.PositiveIntegerField(default=0, help_text="How many votes it has held at most.")),
                ("released_at", models.DateTimeField(blank=True, null=True)),
                (
                    "decision",
                    models.CharField(
                        blank=True, choices=[("count", "Count them"), ("discard", "Discard them")], max_length=8
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("seconded_at", models.DateTimeField(blank=True, null=True)),
                (
                    "needs_second",
                    models.BooleanField(default=False, help_text="Whatever its size: the vendor pays this site."),
                ),
                ("note", models.TextField(blank=True, help_text="For the staff only.")),
                (
                    "public_line",
                    models.CharField(
                        blank=True, help_text="Instead of the sentence made of its figures.", max_length=200
                    ),
                ),
                ("memo", models.JSONField(blank=True, editable=False, null=True)),
            ],
            options={
                "ordering": ["-opened_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="CaseVote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
        ),
        migrations.CreateModel(
            name="Round",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(unique=True)),
                ("last_event", models.BigIntegerField(default=0)),
                ("held", models.PositiveIntegerField(default=0)),
                ("counted", models.PositiveIntegerField(default=0)),
                ("memo", models.JSONField(default=dict, editable=False)),
            ],
            options={
                "ordering": ["-at"],
            },
        ),
        migrations.CreateModel(
            name="Watch",
            fields=[
                (
                    "tool",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="watch",
                        serialize=False,
                        to="tools.tool",
                    ),
                ),
                (
                    "busy_from",
                    models.PositiveIntegerField(
                        default=3,
                        help_text="So many votes within an hour are above its normal: from then on unknown voters' votes wait.",
                    ),
                ),
                (
                    "in_doubt",
                    models.BooleanField(default=False, help_text="Whether its percentage is withheld for now."),
                ),
            ],
            options={
                "verbose_name_plural": "watches",
            },
        ),
        migrations.AlterField(
            model_name="vote",
            name="tool",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="votes", to="tools.tool"
            ),
        ),
        migrations.AddIndex(
            model_name="vote",
            index=models.Index(fields=["tool", "changed_at"], name="votes_of_a_tool_in_order"),
        ),
        migrations.AddIndex(
            model_name="voteevent",
            index=models.Index(
                condition=models.Q(("actor__startswith", "staff:"), ("kind", "state")),
                fields=["vote_id"],
                name="events_of_staff",
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="decided_cases",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="seconded_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="seconded_cases",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="tool",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="cases", to="tools.tool"),
        ),
        migrations.AddField(
            model_name="casevote",
            name="case",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="members", to="voting.case"
            ),
        ),
        migrations.AddField(
            model_name="casevote",
            name="vote",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="in_cases", to="voting.vote"
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["state", "-opened_at"], name="cases_that_wait"),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(condition=models.Q(("side__in", [-1, 0, 1])), name="case_side_is_known"),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(condition=models.Q(("rule", ""), _negated=True), name="case_has_a_rule"),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(("begins_at__lte", models.F("ends_at"))), name="case_begins_before_it_ends"
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "decided", "released"])), name="case_state_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(("decision__in", ["", "count", "discard"])), name="case_decision_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("decided_by", None), ("decision", "")),
                    models.Q(
                        models.Q(("decision", ""), _negated=True),
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="case_decision_has_who_and_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("seconded_at", None), ("seconded_by", None)),
                    models.Q(
                        ("decided_by__isnull", False),
                        ("seconded_at__isnull", False),
                        ("seconded_by__isnull", False),
                        models.Q(("seconded_by", models.F("decided_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="case_is_seconded_by_somebody_else",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "decided"), _negated=True),
                    models.Q(
                        models.Q(("decision", ""), _negated=True),
                        models.Q(
                            models.Q(("needs_second", False), ("size__lte", 100)),
                            ("seconded_by__isnull", False),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="case_of_many_votes_is_decided_by_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("released_at__isnull", False), ("state", "released")),
                    models.Q(models.Q(("state", "released"), _negated=True), ("released_at", None)),
                    _connector="OR",
                ),
                name="case_released_says_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="casevote",
            constraint=models.UniqueConstraint(fields=("case", "vote"), name="a_vote_is_in_a_case_once"),
        ),
    ]
