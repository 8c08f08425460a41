"""The tables of personas, their verdicts and comparisons, and of what the panel says of a tool in sum."""

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import tools.models.tool
from tools.migrations._operations import CreateModels


class Migration(migrations.Migration):
    replaces = [("verdicts", "0001_initial"), ("verdicts", "0002_initial"), ("verdicts", "0006_paneltally")]

    initial = True

    dependencies = [
        ("tools", "0001_squashed_0092_list_of_a_licence"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModels(
            state_operations=[
                migrations.CreateModel(
                    name="HistoricalComparison",
                    fields=[
                        ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                        ("headline", models.CharField(blank=True, max_length=120)),
                        ("standfirst", models.CharField(blank=True, max_length=400)),
                        (
                            "ship_first_if",
                            models.TextField(
                                blank=True, help_text="Markdown; continues “Ship it if …”.", max_length=1000
                            ),
                        ),
                        (
                            "ship_second_if",
                            models.TextField(
                                blank=True, help_text="Markdown; continues “Ship it if …”.", max_length=1000
                            ),
                        ),
                        ("ship_neither_if", models.TextField(blank=True, help_text="Markdown.", max_length=1000)),
                        (
                            "featured_on",
                            models.DateField(
                                blank=True, help_text="From this day it may lead the home page.", null=True
                            ),
                        ),
                        ("published_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        (
                            "first",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="tools.tool",
                            ),
                        ),
                        (
                            "second",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="tools.tool",
                            ),
                        ),
                        ("history_id", models.AutoField(primary_key=True, serialize=False)),
                        ("history_date", models.DateTimeField(db_index=True)),
                        ("history_change_reason", models.CharField(max_length=100, null=True)),
                        (
                            "history_type",
                            models.CharField(
                                choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                            ),
                        ),
                        (
                            "history_user",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "historical comparison",
                        "verbose_name_plural": "historical comparisons",
                        "ordering": ("-history_date", "-history_id"),
                        "get_latest_by": ("history_date", "history_id"),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name="Comparison",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "first",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tools.tool"
                            ),
                        ),
                        (
                            "second",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tools.tool"
                            ),
                        ),
                        ("headline", models.CharField(blank=True, max_length=120)),
                        ("standfirst", models.CharField(blank=True, max_length=400)),
                        (
                            "ship_first_if",
                            models.TextField(
                                blank=True, help_text="Markdown; continues “Ship it if …”.", max_length=1000
                            ),
                        ),
                        (
                            "ship_second_if",
                            models.TextField(
                                blank=True, help_text="Markdown; continues “Ship it if …”.", max_length=1000
                            ),
                        ),
                        ("ship_neither_if", models.TextField(blank=True, help_text="Markdown.", max_length=1000)),
                        (
                            "featured_on",
                            models.DateField(
                                blank=True, help_text="From this day it may lead the home page.", null=True
                            ),
                        ),
                        ("published_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                    ],
                    options={
                        "ordering": ["-featured_on", "-published_at"],
                        "permissions": [("publish_comparison", "Can publish comparisons")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("first__lt", models.F("second"))),
                                name="comparison_is_of_two_tools_in_order",
                                violation_error_message="A comparison needs two different tools.",
                            ),
                            models.UniqueConstraint(
                                fields=("first", "second"),
                                name="one_comparison_per_pair",
                                violation_error_message="This pair already has a comparison.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("published_at", None),
                                    models.Q(
                                        ("ship_first_if", ""),
                                        ("ship_second_if", ""),
                                        ("ship_neither_if", ""),
                                        ("headline", ""),
                                        _connector="OR",
                                        _negated=True,
                                    ),
                                    _connector="OR",
                                ),
                                name="comparison_is_complete_if_published",
                                violation_error_message="To publish, fill in the headline and all three of “ship … if”.",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PanelTally",
                    fields=[
                        (
                            "tool",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                primary_key=True,
                                related_name="panel_tally",
                                serialize=False,
                                to="tools.tool",
                            ),
                        ),
                        ("ships", models.PositiveSmallIntegerField(default=0)),
                        ("total", models.PositiveSmallIntegerField(default=0)),
                    ],
                    options={
                        "verbose_name_plural": "panel tallies",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("ships__lte", models.F("total"))),
                                name="panel_tally_has_no_more_ships_than_verdicts",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="HistoricalReviewer",
                    fields=[
                        ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                        ("name", models.CharField(db_index=True, max_length=60)),
                        ("slug", models.SlugField(max_length=60, validators=[tools.models.tool.validate_slug])),
                        ("lens", models.CharField(help_text="What this persona asks, in one line.", max_length=160)),
                        (
                            "weighs",
                            models.TextField(help_text="Markdown.", max_length=2000, verbose_name="what they weigh"),
                        ),
                        (
                            "disclosure",
                            models.TextField(
                                help_text="Markdown. Who answers for the texts, and whether a machine helped to write them.",
                                max_length=2000,
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField(default=0)),
                        ("is_active", models.BooleanField(default=True, verbose_name="active")),
                        (
                            "responsible_editor",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("history_id", models.AutoField(primary_key=True, serialize=False)),
                        ("history_date", models.DateTimeField(db_index=True)),
                        ("history_change_reason", models.CharField(max_length=100, null=True)),
                        (
                            "history_type",
                            models.CharField(
                                choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                            ),
                        ),
                        (
                            "history_user",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "historical reviewer",
                        "verbose_name_plural": "historical reviewers",
                        "ordering": ("-history_date", "-history_id"),
                        "get_latest_by": ("history_date", "history_id"),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name="Reviewer",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=60, unique=True)),
                        (
                            "slug",
                            models.SlugField(max_length=60, unique=True, validators=[tools.models.tool.validate_slug]),
                        ),
                        ("lens", models.CharField(help_text="What this persona asks, in one line.", max_length=160)),
                        (
                            "weighs",
                            models.TextField(help_text="Markdown.", max_length=2000, verbose_name="what they weigh"),
                        ),
                        (
                            "disclosure",
                            models.TextField(
                                help_text="Markdown. Who answers for the texts, and whether a machine helped to write them.",
                                max_length=2000,
                            ),
                        ),
                        (
                            "responsible_editor",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="personas",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField(default=0)),
                        ("is_active", models.BooleanField(default=True, verbose_name="active")),
                    ],
                    options={
                        "ordering": ["position", "name"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("slug__regex", "^[a-z0-9]+(-[a-z0-9]+)*\\Z")),
                                name="reviewer_slug_is_plain",
                                violation_error_message="A slug has lower-case letters, digits and single hyphens.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("slug__regex", "(^|-)vs(-|\\Z)"), _negated=True),
                                    models.Q(
                                        ("slug__in", ["all", "compare", "feed", "new", "none", "search", "vote"]),
                                        _negated=True,
                                    ),
                                ),
                                name="reviewer_slug_is_not_vs_or_reserved",
                                violation_error_message="A slug cannot contain the word “vs” or be a reserved word.",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Verdict",
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
                                on_delete=django.db.models.deletion.CASCADE, related_name="verdicts", to="tools.tool"
                            ),
                        ),
                        (
                            "reviewer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="verdicts",
                                to="verdicts.reviewer",
                            ),
                        ),
                        (
                            "number",
                            models.PositiveSmallIntegerField(default=1, editable=False, verbose_name="revision"),
                        ),
                        ("decision", models.CharField(choices=[("ship", "Ship"), ("skip", "Skip")], max_length=4)),
                        ("reason", models.TextField(help_text="Markdown. Why, in 60 to 120 words.", max_length=6000)),
                        (
                            "evidence",
                            models.CharField(
                                choices=[("hands-on", "Hands-on"), ("trial", "Trial"), ("documents", "Documents only")],
                                default="documents",
                                max_length=9,
                            ),
                        ),
                        ("tool_version", models.CharField(blank=True, max_length=60)),
                        ("tested_on", models.DateField()),
                        (
                            "editor",
                            models.ForeignKey(
                                help_text="Who answers for it.",
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="verdicts",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "revision_note",
                            models.CharField(blank=True, help_text="What changed, for readers.", max_length=200),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("draft", "Draft"),
                                    ("published", "Published"),
                                    ("superseded", "Superseded"),
                                    ("withdrawn", "Withdrawn"),
                                ],
                                default="draft",
                                editable=False,
                                max_length=10,
                            ),
                        ),
                        ("published_at", models.DateTimeField(editable=False, null=True)),
                        ("retired_at", models.DateTimeField(editable=False, null=True)),
                        ("withdrawal_reason", models.CharField(blank=True, editable=False, max_length=300)),
                        (
                            "withdrawn_by",
                            models.ForeignKey(
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="withdrawals",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("edits", models.PositiveIntegerField(default=0, editable=False)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                    ],
                    options={
                        "ordering": ["reviewer__position", "-number"],
                        "permissions": [
                            ("publish_verdict", "Can publish verdicts"),
                            ("withdraw_verdict", "Can withdraw verdicts"),
                        ],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state", "published")),
                                fields=["-published_at"],
                                name="verdict_newest",
                            ),
                            models.Index(fields=["reviewer", "state", "-published_at"], name="verdict_by_reviewer"),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("decision__in", ["ship", "skip"])), name="verdict_is_ship_or_skip"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("evidence__in", ["hands-on", "trial", "documents"])),
                                name="verdict_evidence_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("reason", ""), _negated=True), name="verdict_has_a_reason"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("number__gte", 1)), name="verdict_revisions_start_at_one"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("published_at", None), ("retired_at", None), ("state", "draft")),
                                    models.Q(
                                        ("published_at__isnull", False), ("retired_at", None), ("state", "published")
                                    ),
                                    models.Q(
                                        ("published_at__isnull", False),
                                        ("retired_at__isnull", False),
                                        ("state__in", ["superseded", "withdrawn"]),
                                    ),
                                    _connector="OR",
                                ),
                                name="verdict_state_matches_its_dates",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("retired_at", None), ("retired_at__gte", models.F("published_at")), _connector="OR"
                                ),
                                name="verdict_is_retired_after_publication",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("state", "withdrawn"),
                                        ("withdrawn_by__isnull", False),
                                        models.Q(("withdrawal_reason", ""), _negated=True),
                                    ),
                                    models.Q(
                                        models.Q(("state", "withdrawn"), _negated=True),
                                        ("withdrawal_reason", ""),
                                        ("withdrawn_by", None),
                                    ),
                                    _connector="OR",
                                ),
                                name="verdict_is_withdrawn_for_a_reason",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state", "published")),
                                fields=("tool", "reviewer"),
                                name="one_published_verdict_per_persona",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state", "draft")),
                                fields=("tool", "reviewer"),
                                name="one_draft_verdict_per_persona",
                            ),
                            models.UniqueConstraint(
                                fields=("tool", "reviewer", "number"), name="one_verdict_per_revision_number"
                            ),
                        ],
                    },
                ),
            ]
        )
    ]
