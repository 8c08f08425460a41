"""The tables of votes, of their log, of what is counted of them and of crowds that were held."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from tools.migrations._operations import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("voting", "0003_votes_keep_their_history"),
        ("voting", "0050_crowds_become_cases"),
        ("voting", "0060_work_that_was_spent"),
    ]

    dependencies = [
        ("tools", "0001_squashed_0092_list_of_a_licence"),
        ("voting", "0001_squashed_0070_tokens_of_staff_may_write"),
    ]

    operations = [
        CreateModels(
            state_operations=[
                migrations.CreateModel(
                    name="Voter",
                    fields=[
                        ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                        (
                            "account",
                            models.OneToOneField(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="voter",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("cookie_mac", models.BinaryField(blank=True, max_length=32, null=True, unique=True)),
                        (
                            "merged_into",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="former_guests",
                                to="voting.voter",
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("first_vote_at", models.DateTimeField(blank=True, null=True)),
                        ("tools_voted", models.PositiveIntegerField(default=0)),
                        ("erased_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("account", None), ("merged_into", None), _connector="OR"),
                                name="an_account_is_never_merged_into_another",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("merged_into", models.F("id")), _negated=True),
                                name="no_voter_is_merged_into_itself",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("erased_at", None),
                                    models.Q(("account", None), ("cookie_mac", None), ("merged_into", None)),
                                    _connector="OR",
                                ),
                                name="an_erased_voter_is_nobody",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Vote",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "voter",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="votes",
                                to="voting.voter",
                            ),
                        ),
                        (
                            "tool",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="votes",
                                to="tools.tool",
                            ),
                        ),
                        (
                            "value",
                            models.SmallIntegerField(choices=[(1, "Ship it"), (-1, "Skip it"), (0, "Withdrawn")]),
                        ),
                        (
                            "state",
                            models.SmallIntegerField(
                                choices=[(0, "Counted"), (1, "Held"), (2, "Discarded")], default=0
                            ),
                        ),
                        (
                            "reason",
                            models.CharField(
                                blank=True, help_text="Why it is in its state, in a word or two.", max_length=40
                            ),
                        ),
                        ("era", models.PositiveSmallIntegerField(default=0)),
                        ("is_verified", models.BooleanField(default=False)),
                        (
                            "is_regular",
                            models.BooleanField(
                                default=False, help_text="Whether the voter had history at the last pass."
                            ),
                        ),
                        ("was_value", models.SmallIntegerField(editable=False, null=True)),
                        ("was_era", models.PositiveSmallIntegerField(editable=False, null=True)),
                        ("changed_at", models.DateTimeField()),
                    ],
                    options={
                        "indexes": [models.Index(fields=["tool", "changed_at"], name="votes_of_a_tool_in_order")],
                        "constraints": [
                            models.UniqueConstraint(fields=("voter", "tool"), name="one_vote_per_voter_and_tool"),
                            models.CheckConstraint(
                                condition=models.Q(("value__in", [-1, 0, 1])), name="vote_is_ship_skip_or_withdrawn"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("state__in", [0, 1, 2])), name="vote_state_is_known"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Case",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "tool",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="cases", to="tools.tool"
                            ),
                        ),
                        (
                            "side",
                            models.SmallIntegerField(choices=[(1, "Ship it"), (-1, "Skip it"), (0, "Both")], default=0),
                        ),
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
                        (
                            "size",
                            models.PositiveIntegerField(default=0, help_text="How many votes it has held at most."),
                        ),
                        ("released_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "decision",
                            models.CharField(
                                blank=True, choices=[("count", "Count them"), ("discard", "Discard them")], max_length=8
                            ),
                        ),
                        (
                            "decided_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="decided_cases",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("decided_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "seconded_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="seconded_cases",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("seconded_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "needs_second",
                            models.BooleanField(
                                default=False, help_text="Whatever its size: the vendor pays this site."
                            ),
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
                        "indexes": [models.Index(fields=["state", "-opened_at"], name="cases_that_wait")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("side__in", [-1, 0, 1])), name="case_side_is_known"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("rule", ""), _negated=True), name="case_has_a_rule"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("begins_at__lte", models.F("ends_at"))),
                                name="case_begins_before_it_ends",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("state__in", ["open", "decided", "released"])),
                                name="case_state_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("decision__in", ["", "count", "discard"])),
                                name="case_decision_is_known",
                            ),
                            models.CheckConstraint(
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
                            models.CheckConstraint(
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
                            models.CheckConstraint(
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
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("released_at__isnull", False), ("state", "released")),
                                    models.Q(models.Q(("state", "released"), _negated=True), ("released_at", None)),
                                    _connector="OR",
                                ),
                                name="case_released_says_when",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CaseVote",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "case",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="members",
                                to="voting.case",
                            ),
                        ),
                        (
                            "vote",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="in_cases", to="voting.vote"
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("case", "vote"), name="a_vote_is_in_a_case_once")
                        ],
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
                migrations.CreateModel(
                    name="Round",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
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
                    name="VoteEvent",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("vote_id", models.BigIntegerField()),
                        (
                            "tool",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="tools.tool",
                            ),
                        ),
                        (
                            "voter",
                            models.ForeignKey(
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="voting.voter",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("cast", "Cast"),
                                    ("change", "Change"),
                                    ("retract", "Retract"),
                                    ("merge", "Merge"),
                                    ("state", "State"),
                                    ("erase", "Erase"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("old_value", models.SmallIntegerField(null=True)),
                        ("new_value", models.SmallIntegerField(null=True)),
                        ("old_state", models.SmallIntegerField(null=True)),
                        ("new_state", models.SmallIntegerField(null=True)),
                        ("actor", models.CharField(help_text="voter, rule:R4, staff:7", max_length=40)),
                        ("reason", models.CharField(blank=True, max_length=40)),
                        ("case_id", models.BigIntegerField(null=True)),
                        (
                            "from_voter",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="voting.voter",
                            ),
                        ),
                        ("before", models.JSONField(null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("case_id__isnull", False)),
                                fields=["case_id"],
                                name="events_of_a_case",
                            ),
                            models.Index(
                                condition=models.Q(("from_voter__isnull", False)),
                                fields=["from_voter"],
                                name="events_of_a_merge",
                            ),
                            models.Index(
                                condition=models.Q(("actor__startswith", "staff:"), ("kind", "state")),
                                fields=["vote_id"],
                                name="events_of_staff",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("kind__in", ["cast", "change", "retract", "merge", "state", "erase"])
                                ),
                                name="vote_event_kind_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("old_value", None), ("old_value__in", [-1, 0, 1]), _connector="OR"),
                                name="vote_event_old_value_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("new_value", None), ("new_value__in", [-1, 0, 1]), _connector="OR"),
                                name="vote_event_new_value_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("actor", ""), _negated=True), name="vote_event_has_an_actor"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Salt",
                    fields=[
                        ("day", models.DateField(primary_key=True, serialize=False)),
                        ("key", models.BinaryField(max_length=32)),
                    ],
                ),
                migrations.CreateModel(
                    name="VoteSignal",
                    fields=[
                        (
                            "vote",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="signal",
                                serialize=False,
                                to="voting.vote",
                            ),
                        ),
                        ("day", models.DateField(db_index=True)),
                        ("at", models.DateTimeField()),
                        ("addr", models.BinaryField(max_length=8)),
                        ("net", models.BinaryField(max_length=8)),
                        ("wide", models.BinaryField(max_length=8)),
                        ("ua", models.BinaryField(max_length=8)),
                        ("earlier", models.BinaryField(max_length=512)),
                        ("ref_host", models.CharField(blank=True, max_length=100)),
                        ("dwell_ms", models.PositiveIntegerField(null=True)),
                        ("pages", models.PositiveSmallIntegerField(default=1)),
                        ("honeypot", models.BooleanField(default=False)),
                        ("pow", models.BooleanField(default=False)),
                    ],
                ),
                migrations.CreateModel(
                    name="Tally",
                    fields=[
                        ("ships", models.PositiveIntegerField(default=0)),
                        ("skips", models.PositiveIntegerField(default=0)),
                        ("verified_ships", models.PositiveIntegerField(default=0)),
                        ("verified_skips", models.PositiveIntegerField(default=0)),
                        ("regulars", models.PositiveIntegerField(default=0)),
                        ("era_ships", models.PositiveIntegerField(default=0)),
                        ("era_skips", models.PositiveIntegerField(default=0)),
                        ("era_verified_ships", models.PositiveIntegerField(default=0)),
                        ("era_verified_skips", models.PositiveIntegerField(default=0)),
                        ("era_regulars", models.PositiveIntegerField(default=0)),
                        ("held", models.PositiveIntegerField(default=0)),
                        ("discarded", models.PositiveIntegerField(default=0)),
                        ("era", models.PositiveSmallIntegerField(default=0)),
                        ("era_label", models.CharField(blank=True, max_length=60)),
                        (
                            "tool",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="tally",
                                serialize=False,
                                to="tools.tool",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "tallies",
                        "abstract": False,
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("verified_ships__lte", models.F("ships"))),
                                name="tally_verified_ships_are_ships",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("verified_skips__lte", models.F("skips"))),
                                name="tally_verified_skips_are_skips",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("era_ships__lte", models.F("ships"))),
                                name="tally_ships_of_an_era_are_ships",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("era_skips__lte", models.F("skips"))),
                                name="tally_skips_of_an_era_are_skips",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TallyDay",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("ships", models.PositiveIntegerField(default=0)),
                        ("skips", models.PositiveIntegerField(default=0)),
                        ("verified_ships", models.PositiveIntegerField(default=0)),
                        ("verified_skips", models.PositiveIntegerField(default=0)),
                        ("regulars", models.PositiveIntegerField(default=0)),
                        ("era_ships", models.PositiveIntegerField(default=0)),
                        ("era_skips", models.PositiveIntegerField(default=0)),
                        ("era_verified_ships", models.PositiveIntegerField(default=0)),
                        ("era_verified_skips", models.PositiveIntegerField(default=0)),
                        ("era_regulars", models.PositiveIntegerField(default=0)),
                        ("held", models.PositiveIntegerField(default=0)),
                        ("discarded", models.PositiveIntegerField(default=0)),
                        ("era", models.PositiveSmallIntegerField(default=0)),
                        ("era_label", models.CharField(blank=True, max_length=60)),
                        (
                            "tool",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="tally_days",
                                to="tools.tool",
                            ),
                        ),
                        ("day", models.DateField(db_index=True)),
                    ],
                    options={
                        "abstract": False,
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("verified_ships__lte", models.F("ships"))),
                                name="tallyday_verified_ships_are_ships",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("verified_skips__lte", models.F("skips"))),
                                name="tallyday_verified_skips_are_skips",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("era_ships__lte", models.F("ships"))),
                                name="tallyday_ships_of_an_era_are_ships",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("era_skips__lte", models.F("skips"))),
                                name="tallyday_skips_of_an_era_are_skips",
                            ),
                            models.UniqueConstraint(fields=("tool", "day"), name="one_tally_per_tool_and_day"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Era",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "tool",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="eras",
                                to="tools.tool",
                            ),
                        ),
                        ("number", models.PositiveSmallIntegerField()),
                        ("starts_at", models.DateTimeField()),
                        (
                            "label",
                            models.CharField(help_text="Such as “version 2” or “the price change”.", max_length=60),
                        ),
                    ],
                    options={
                        "ordering": ["tool", "number"],
                        "constraints": [
                            models.UniqueConstraint(fields=("tool", "number"), name="one_era_per_tool_and_number"),
                            models.CheckConstraint(
                                condition=models.Q(("number__gte", 1)), name="the_first_declared_era_is_number_one"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("label", ""), _negated=True), name="an_era_has_a_label"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SpentWork",
                    fields=[
                        ("challenge", models.CharField(max_length=64, primary_key=True, serialize=False)),
                        ("expires_at", models.DateTimeField(db_index=True)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("challenge", ""), _negated=True),
                                name="spent_work_is_of_a_challenge",
                            )
                        ],
                    },
                ),
            ]
        )
    ]
