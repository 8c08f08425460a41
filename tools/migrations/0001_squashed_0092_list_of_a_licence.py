"""The tables of the catalogue, of its histories, of the log of changes and of what readers send."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import tools.logos
import tools.models.checked
import tools.models.tool
from tools.migrations._operations import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("tools", "0001_initial"),
        ("tools", "0002_initial"),
        ("tools", "0003_changes_are_written_down"),
        ("tools", "0006_standing"),
        ("tools", "0040_touches"),
        ("tools", "0075_what_readers_send"),
        ("tools", "0090_shelves_before_states"),
        ("tools", "0091_facts_are_found_by_answer"),
        ("tools", "0092_list_of_a_licence"),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModels(
            state_operations=[
                migrations.CreateModel(
                    name="Category",
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
                        (
                            "description",
                            models.CharField(
                                blank=True, help_text="One line: what these tools are for.", max_length=200
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField(default=0)),
                    ],
                    options={
                        "verbose_name_plural": "categories",
                        "ordering": ["position", "name"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("slug__regex", "^[a-z0-9]+(-[a-z0-9]+)*\\Z")),
                                name="category_slug_is_plain",
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
                                name="category_slug_is_not_vs_or_reserved",
                                violation_error_message="A slug cannot contain the word “vs” or be a reserved word.",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Tool",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "check_method",
                            models.CharField(
                                choices=[
                                    ("unchecked", "Not checked"),
                                    ("claimed", "As the vendor states"),
                                    ("alive", "Link answers"),
                                    ("diffed", "Compared by a program"),
                                    ("read", "Read by a person"),
                                ],
                                default="unchecked",
                                max_length=9,
                                verbose_name="how checked",
                            ),
                        ),
                        ("checked_on", models.DateField(blank=True, null=True)),
                        (
                            "source_url",
                            tools.models.checked.WebAddressField(blank=True, max_length=500, verbose_name="source"),
                        ),
                        ("name", models.CharField(max_length=120)),
                        (
                            "slug",
                            models.SlugField(max_length=60, unique=True, validators=[tools.models.tool.validate_slug]),
                        ),
                        (
                            "tagline",
                            models.CharField(
                                blank=True, help_text="What it does, in one line, without praise.", max_length=160
                            ),
                        ),
                        ("description", models.TextField(blank=True, help_text="Markdown.", max_length=6000)),
                        (
                            "category",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="tools", to="tools.category"
                            ),
                        ),
                        ("vendor", models.CharField(blank=True, max_length=120)),
                        ("homepage", tools.models.checked.WebAddressField(blank=True, max_length=500)),
                        ("repository", tools.models.checked.WebAddressField(blank=True, max_length=500)),
                        ("documentation", tools.models.checked.WebAddressField(blank=True, max_length=500)),
                        (
                            "licence",
                            models.CharField(
                                blank=True, help_text="An SPDX identifier where there is one.", max_length=80
                            ),
                        ),
                        (
                            "entry",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("free", "Free"),
                                    ("freemium", "Freemium"),
                                    ("paid", "Paid"),
                                    ("contact", "Contact sales"),
                                ],
                                help_text="Empty: not checked.",
                                max_length=8,
                                verbose_name="entry price",
                            ),
                        ),
                        ("latest_version", models.CharField(blank=True, max_length=60)),
                        (
                            "released_on",
                            models.DateField(blank=True, help_text="The day the latest version came out.", null=True),
                        ),
                        (
                            "logo",
                            models.ImageField(blank=True, upload_to="logos", validators=[tools.logos.validate_logo]),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("draft", "Draft"),
                                    ("published", "Published"),
                                    ("discontinued", "Discontinued"),
                                ],
                                default="draft",
                                max_length=12,
                            ),
                        ),
                        ("published_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("discontinued_on", models.DateField(blank=True, null=True)),
                        (
                            "successor",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="predecessors",
                                to="tools.tool",
                            ),
                        ),
                        ("is_sample", models.BooleanField(default=False, editable=False)),
                        ("standing", models.PositiveIntegerField(db_default=0, editable=False)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("updated_at", models.DateTimeField(auto_now=True)),
                    ],
                    options={
                        "ordering": [django.db.models.functions.text.Lower("name"), "pk"],
                        "indexes": [
                            models.Index(fields=["category", "state"], name="tool_category_state"),
                            models.Index(django.db.models.functions.text.Lower("name"), name="tool_lower_name"),
                            models.Index(fields=["homepage"], name="tool_homepage"),
                            models.Index(
                                models.OrderBy(models.F("standing"), descending=True),
                                django.db.models.functions.text.Lower("name"),
                                models.F("id"),
                                name="tool_list",
                            ),
                            models.Index(
                                models.F("category"),
                                models.OrderBy(models.F("standing"), descending=True),
                                django.db.models.functions.text.Lower("name"),
                                models.F("id"),
                                name="tool_list_of_a_shelf",
                            ),
                            models.Index(
                                models.F("licence"),
                                models.OrderBy(models.F("standing"), descending=True),
                                django.db.models.functions.text.Lower("name"),
                                models.F("id"),
                                name="tool_list_of_a_licence",
                            ),
                            models.Index(
                                models.OrderBy(models.F("published_at"), descending=True),
                                django.db.models.functions.text.Lower("name"),
                                models.F("id"),
                                name="tool_newest",
                            ),
                            models.Index(
                                condition=models.Q(("is_sample", True)), fields=["is_sample"], name="tool_sample"
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("slug__regex", "^[a-z0-9]+(-[a-z0-9]+)*\\Z")),
                                name="tool_slug_is_plain",
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
                                name="tool_slug_is_not_vs_or_reserved",
                                violation_error_message="A slug cannot contain the word “vs” or be a reserved word.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("check_method__in", ["unchecked", "claimed", "alive", "diffed", "read"])
                                ),
                                name="tool_check_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("check_method", "unchecked"), ("checked_on", None)),
                                    models.Q(
                                        models.Q(("check_method", "unchecked"), _negated=True),
                                        ("checked_on__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="tool_is_dated_if_checked",
                                violation_error_message="A check needs its date, and a date needs how it was checked.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("check_method", "read"), _negated=True),
                                    models.Q(("source_url", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="tool_has_source_if_read",
                                violation_error_message="What a person has read needs the address where it was read.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("homepage", ""),
                                    ("homepage__startswith", "http://"),
                                    ("homepage__startswith", "https://"),
                                    _connector="OR",
                                ),
                                name="tool_homepage_is_web",
                                violation_error_message="An address starts with http:// or https://.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("repository", ""),
                                    ("repository__startswith", "http://"),
                                    ("repository__startswith", "https://"),
                                    _connector="OR",
                                ),
                                name="tool_repository_is_web",
                                violation_error_message="An address starts with http:// or https://.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("documentation", ""),
                                    ("documentation__startswith", "http://"),
                                    ("documentation__startswith", "https://"),
                                    _connector="OR",
                                ),
                                name="tool_documentation_is_web",
                                violation_error_message="An address starts with http:// or https://.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("source_url", ""),
                                    ("source_url__startswith", "http://"),
                                    ("source_url__startswith", "https://"),
                                    _connector="OR",
                                ),
                                name="tool_source_url_is_web",
                                violation_error_message="An address starts with http:// or https://.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("name", ""), _negated=True), name="tool_has_a_name"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("entry__in", ["", "free", "freemium", "paid", "contact"])),
                                name="tool_entry_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("state__in", ["draft", "published", "discontinued"])),
                                name="tool_state_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("published_at", None), ("state", "draft")),
                                    models.Q(
                                        models.Q(("state", "draft"), _negated=True), ("published_at__isnull", False)
                                    ),
                                    _connector="OR",
                                ),
                                name="tool_is_dated_if_public",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("discontinued_on__isnull", False), ("state", "discontinued")),
                                    models.Q(
                                        models.Q(("state", "discontinued"), _negated=True),
                                        ("discontinued_on", None),
                                        ("successor", None),
                                    ),
                                    _connector="OR",
                                ),
                                name="tool_is_dated_if_discontinued",
                                violation_error_message="A discontinued tool needs the day it ended; only it may have a successor.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("successor", None),
                                    models.Q(("successor", models.F("pk")), _negated=True),
                                    _connector="OR",
                                ),
                                name="tool_does_not_succeed_itself",
                                violation_error_message="A tool cannot succeed itself.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("released_on", None),
                                    models.Q(("latest_version", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="tool_release_day_has_a_version",
                                violation_error_message="A release day needs the version that came out.",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Change",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("listed", "Listed"),
                                    ("unlisted", "Taken off"),
                                    ("renamed", "Renamed"),
                                    ("moved", "New address"),
                                    ("version", "Version"),
                                    ("entry", "Entry price"),
                                    ("discontinued", "Discontinued"),
                                    ("resumed", "Offered again"),
                                    ("price", "Price"),
                                    ("fact", "Fact"),
                                    ("verdict", "Verdict"),
                                    ("flipped", "Changed verdict"),
                                    ("revised", "Revised verdict"),
                                    ("withdrawn", "Withdrawn verdict"),
                                    ("corrected", "Correction"),
                                ],
                                max_length=12,
                            ),
                        ),
                        (
                            "tool",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="changes",
                                to="tools.tool",
                            ),
                        ),
                        ("at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("payload", models.JSONField(default=dict)),
                    ],
                    options={
                        "ordering": ["-at", "-pk"],
                        "indexes": [
                            models.Index(fields=["-at", "-id"], name="change_newest"),
                            models.Index(fields=["tool", "-at", "-id"], name="change_of_a_tool"),
                            models.Index(
                                condition=models.Q(("kind__in", ["corrected", "withdrawn"])),
                                fields=["-at", "-id"],
                                name="change_corrections",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "kind__in",
                                        [
                                            "listed",
                                            "unlisted",
                                            "renamed",
                                            "moved",
                                            "version",
                                            "entry",
                                            "discontinued",
                                            "resumed",
                                            "price",
                                            "fact",
                                            "verdict",
                                            "flipped",
                                            "revised",
                                            "withdrawn",
                                            "corrected",
                                        ],
                                    )
                                ),
                                name="change_kind_is_known",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="HistoricalTool",
                    fields=[
                        ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                        (
                            "check_method",
                            models.CharField(
                                choices=[
                                    ("unchecked", "Not checked"),
                                    ("claimed", "As the vendor states"),
                                    ("alive", "Link answers"),
                                    ("diffed", "Compared by a program"),
                                    ("read", "Read by a person"),
                                ],
                                default="unchecked",
                                max_length=9,
                                verbose_name="how checked",
                            ),
                        ),
                        ("checked_on", models.DateField(blank=True, null=True)),
                        (
                            "source_url",
                            tools.models.checked.WebAddressField(blank=True, max_length=500, verbose_name="source"),
                        ),
                        ("name", models.CharField(max_length=120)),
                        ("slug", models.SlugField(max_length=60, validators=[tools.models.tool.validate_slug])),
                        (
                            "tagline",
                            models.CharField(
                                blank=True, help_text="What it does, in one line, without praise.", max_length=160
                            ),
                        ),
                        ("description", models.TextField(blank=True, help_text="Markdown.", max_length=6000)),
                        ("vendor", models.CharField(blank=True, max_length=120)),
                        ("homepage", tools.models.checked.WebAddressField(blank=True, max_length=500)),
                        ("repository", tools.models.checked.WebAddressField(blank=True, max_length=500)),
                        ("documentation", tools.models.checked.WebAddressField(blank=True, max_length=500)),
                        (
                            "licence",
                            models.CharField(
                                blank=True, help_text="An SPDX identifier where there is one.", max_length=80
                            ),
                        ),
                        (
                            "entry",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("free", "Free"),
                                    ("freemium", "Freemium"),
                                    ("paid", "Paid"),
                                    ("contact", "Contact sales"),
                                ],
                                help_text="Empty: not checked.",
                                max_length=8,
                                verbose_name="entry price",
                            ),
                        ),
                        ("latest_version", models.CharField(blank=True, max_length=60)),
                        (
                            "released_on",
                            models.DateField(blank=True, help_text="The day the latest version came out.", null=True),
                        ),
                        ("logo", models.TextField(blank=True, max_length=100, validators=[tools.logos.validate_logo])),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("draft", "Draft"),
                                    ("published", "Published"),
                                    ("discontinued", "Discontinued"),
                                ],
                                default="draft",
                                max_length=12,
                            ),
                        ),
                        ("published_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("discontinued_on", models.DateField(blank=True, null=True)),
                        ("is_sample", models.BooleanField(default=False, editable=False)),
                        (
                            "category",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="tools.category",
                            ),
                        ),
                        (
                            "successor",
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
                        "verbose_name": "historical tool",
                        "verbose_name_plural": "historical tools",
                        "ordering": ("-history_date", "-history_id"),
                        "get_latest_by": ("history_date", "history_id"),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name="FormerSlug",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "slug",
                            models.SlugField(max_length=60, unique=True, validators=[tools.models.tool.validate_slug]),
                        ),
                        (
                            "tool",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="former_slugs",
                                to="tools.tool",
                            ),
                        ),
                        ("until", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ["-until"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("slug__regex", "^[a-z0-9]+(-[a-z0-9]+)*\\Z")),
                                name="former_slug_is_plain",
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
                                name="former_slug_is_not_vs_or_reserved",
                                violation_error_message="A slug cannot contain the word “vs” or be a reserved word.",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FactKind",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "slug",
                            models.SlugField(max_length=60, unique=True, validators=[tools.models.tool.validate_slug]),
                        ),
                        ("label", models.CharField(max_length=60, unique=True)),
                        ("help", models.CharField(blank=True, help_text="What counts as yes.", max_length=200)),
                        ("position", models.PositiveSmallIntegerField(default=0)),
                    ],
                    options={
                        "ordering": ["position", "label"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("slug__regex", "^[a-z0-9]+(-[a-z0-9]+)*\\Z")),
                                name="fact_kind_slug_is_plain",
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
                                name="fact_kind_slug_is_not_vs_or_reserved",
                                violation_error_message="A slug cannot contain the word “vs” or be a reserved word.",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="HistoricalFact",
                    fields=[
                        ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                        (
                            "check_method",
                            models.CharField(
                                choices=[
                                    ("unchecked", "Not checked"),
                                    ("claimed", "As the vendor states"),
                                    ("alive", "Link answers"),
                                    ("diffed", "Compared by a program"),
                                    ("read", "Read by a person"),
                                ],
                                default="unchecked",
                                max_length=9,
                                verbose_name="how checked",
                            ),
                        ),
                        ("checked_on", models.DateField(blank=True, null=True)),
                        (
                            "source_url",
                            tools.models.checked.WebAddressField(blank=True, max_length=500, verbose_name="source"),
                        ),
                        (
                            "answer",
                            models.CharField(
                                choices=[
                                    ("yes", "Yes"),
                                    ("no", "No"),
                                    ("partial", "Partly"),
                                    ("unknown", "Not checked"),
                                    ("text", "Text"),
                                ],
                                default="unknown",
                                max_length=7,
                            ),
                        ),
                        (
                            "text",
                            models.CharField(
                                blank=True,
                                help_text="The answer itself, or a note beside yes, no or partly.",
                                max_length=200,
                            ),
                        ),
                        (
                            "tool",
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
                            "kind",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="tools.factkind",
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
                        "verbose_name": "historical fact",
                        "verbose_name_plural": "historical facts",
                        "ordering": ("-history_date", "-history_id"),
                        "get_latest_by": ("history_date", "history_id"),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name="Fact",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "check_method",
                            models.CharField(
                                choices=[
                                    ("unchecked", "Not checked"),
                                    ("claimed", "As the vendor states"),
                                    ("alive", "Link answers"),
                                    ("diffed", "Compared by a program"),
                                    ("read", "Read by a person"),
                                ],
                                default="unchecked",
                                max_length=9,
                                verbose_name="how checked",
                            ),
                        ),
                        ("checked_on", models.DateField(blank=True, null=True)),
                        (
                            "source_url",
                            tools.models.checked.WebAddressField(blank=True, max_length=500, verbose_name="source"),
                        ),
                        (
                            "tool",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="facts", to="tools.tool"
                            ),
                        ),
                        (
                            "kind",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="facts", to="tools.factkind"
                            ),
                        ),
                        (
                            "answer",
                            models.CharField(
                                choices=[
                                    ("yes", "Yes"),
                                    ("no", "No"),
                                    ("partial", "Partly"),
                                    ("unknown", "Not checked"),
                                    ("text", "Text"),
                                ],
                                default="unknown",
                                max_length=7,
                            ),
                        ),
                        (
                            "text",
                            models.CharField(
                                blank=True,
                                help_text="The answer itself, or a note beside yes, no or partly.",
                                max_length=200,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["kind__position", "kind__label"],
                        "indexes": [models.Index(fields=["kind", "answer"], name="fact_answer")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("check_method__in", ["unchecked", "claimed", "alive", "diffed", "read"])
                                ),
                                name="fact_check_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("check_method", "unchecked"), ("checked_on", None)),
                                    models.Q(
                                        models.Q(("check_method", "unchecked"), _negated=True),
                                        ("checked_on__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="fact_is_dated_if_checked",
                                violation_error_message="A check needs its date, and a date needs how it was checked.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("check_method", "read"), _negated=True),
                                    models.Q(("source_url", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="fact_has_source_if_read",
                                violation_error_message="What a person has read needs the address where it was read.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("source_url", ""),
                                    ("source_url__startswith", "http://"),
                                    ("source_url__startswith", "https://"),
                                    _connector="OR",
                                ),
                                name="fact_source_url_is_web",
                                violation_error_message="An address starts with http:// or https://.",
                            ),
                            models.UniqueConstraint(fields=("tool", "kind"), name="one_answer_per_tool_and_kind"),
                            models.CheckConstraint(
                                condition=models.Q(("answer__in", ["yes", "no", "partial", "unknown", "text"])),
                                name="fact_answer_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("answer", "text"), _negated=True),
                                    models.Q(("text", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="fact_text_is_given",
                                violation_error_message="An answer of kind text needs the text.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("answer", "unknown"), _negated=True),
                                    models.Q(("check_method", "unchecked"), ("text", "")),
                                    _connector="OR",
                                ),
                                name="fact_unknown_is_unchecked",
                                violation_error_message="What is unknown has not been checked and says nothing.",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="HistoricalPrice",
                    fields=[
                        ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                        (
                            "check_method",
                            models.CharField(
                                choices=[
                                    ("unchecked", "Not checked"),
                                    ("claimed", "As the vendor states"),
                                    ("alive", "Link answers"),
                                    ("diffed", "Compared by a program"),
                                    ("read", "Read by a person"),
                                ],
                                default="unchecked",
                                max_length=9,
                                verbose_name="how checked",
                            ),
                        ),
                        ("checked_on", models.DateField(blank=True, null=True)),
                        (
                            "source_url",
                            tools.models.checked.WebAddressField(blank=True, max_length=500, verbose_name="source"),
                        ),
                        ("plan", models.CharField(default="Standard", max_length=60)),
                        (
                            "amount",
                            models.DecimalField(
                                blank=True,
                                decimal_places=4,
                                max_digits=12,
                                null=True,
                                validators=[django.core.validators.MinValueValidator(0)],
                            ),
                        ),
                        (
                            "currency",
                            models.CharField(
                                default="USD",
                                max_length=3,
                                validators=[
                                    django.core.validators.RegexValidator(
                                        "^[A-Z]{3}$", "Three capital letters, such as USD."
                                    )
                                ],
                            ),
                        ),
                        (
                            "unit",
                            models.CharField(
                                blank=True, help_text="What is counted: “seat”, “million input tokens”.", max_length=60
                            ),
                        ),
                        (
                            "period",
                            models.CharField(
                                choices=[
                                    ("month", "per month"),
                                    ("year", "per year"),
                                    ("once", "once"),
                                    ("use", "by use"),
                                ],
                                default="month",
                                max_length=5,
                            ),
                        ),
                        ("starts_on", models.DateField()),
                        (
                            "is_offered",
                            models.BooleanField(
                                default=True,
                                help_text="Off: from that day the plan is not sold.",
                                verbose_name="offered",
                            ),
                        ),
                        (
                            "tool",
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
                        "verbose_name": "historical price",
                        "verbose_name_plural": "historical prices",
                        "ordering": ("-history_date", "-history_id"),
                        "get_latest_by": ("history_date", "history_id"),
                    },
                    bases=(simple_history.models.HistoricalChanges, models.Model),
                ),
                migrations.CreateModel(
                    name="Price",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "check_method",
                            models.CharField(
                                choices=[
                                    ("unchecked", "Not checked"),
                                    ("claimed", "As the vendor states"),
                                    ("alive", "Link answers"),
                                    ("diffed", "Compared by a program"),
                                    ("read", "Read by a person"),
                                ],
                                default="unchecked",
                                max_length=9,
                                verbose_name="how checked",
                            ),
                        ),
                        ("checked_on", models.DateField(blank=True, null=True)),
                        (
                            "source_url",
                            tools.models.checked.WebAddressField(blank=True, max_length=500, verbose_name="source"),
                        ),
                        (
                            "tool",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="prices", to="tools.tool"
                            ),
                        ),
                        ("plan", models.CharField(default="Standard", max_length=60)),
                        (
                            "amount",
                            models.DecimalField(
                                blank=True,
                                decimal_places=4,
                                max_digits=12,
                                null=True,
                                validators=[django.core.validators.MinValueValidator(0)],
                            ),
                        ),
                        (
                            "currency",
                            models.CharField(
                                default="USD",
                                max_length=3,
                                validators=[
                                    django.core.validators.RegexValidator(
                                        "^[A-Z]{3}$", "Three capital letters, such as USD."
                                    )
                                ],
                            ),
                        ),
                        (
                            "unit",
                            models.CharField(
                                blank=True, help_text="What is counted: “seat”, “million input tokens”.", max_length=60
                            ),
                        ),
                        (
                            "period",
                            models.CharField(
                                choices=[
                                    ("month", "per month"),
                                    ("year", "per year"),
                                    ("once", "once"),
                                    ("use", "by use"),
                                ],
                                default="month",
                                max_length=5,
                            ),
                        ),
                        ("starts_on", models.DateField()),
                        (
                            "is_offered",
                            models.BooleanField(
                                default=True,
                                help_text="Off: from that day the plan is not sold.",
                                verbose_name="offered",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["plan", "-starts_on"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("check_method__in", ["unchecked", "claimed", "alive", "diffed", "read"])
                                ),
                                name="price_check_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("check_method", "unchecked"), ("checked_on", None)),
                                    models.Q(
                                        models.Q(("check_method", "unchecked"), _negated=True),
                                        ("checked_on__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="price_is_dated_if_checked",
                                violation_error_message="A check needs its date, and a date needs how it was checked.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("check_method", "read"), _negated=True),
                                    models.Q(("source_url", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="price_has_source_if_read",
                                violation_error_message="What a person has read needs the address where it was read.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("source_url", ""),
                                    ("source_url__startswith", "http://"),
                                    ("source_url__startswith", "https://"),
                                    _connector="OR",
                                ),
                                name="price_source_url_is_web",
                                violation_error_message="An address starts with http:// or https://.",
                            ),
                            models.UniqueConstraint(
                                fields=("tool", "plan", "starts_on"),
                                name="one_price_per_plan_and_day",
                                violation_error_message="This plan already has a price from that day.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("amount__gte", 0), ("amount", None), _connector="OR"),
                                name="price_is_not_negative",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("currency__regex", "^[A-Z]{3}$")), name="price_currency_is_a_code"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("period__in", ["month", "year", "once", "use"])),
                                name="price_period_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("amount__isnull", False), ("is_offered", True)),
                                    models.Q(("amount", None), ("is_offered", False)),
                                    _connector="OR",
                                ),
                                name="price_has_an_amount_if_offered",
                                violation_error_message="A plan on offer needs an amount; one that is not has none.",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FactReport",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("waiting", "Waiting for an editor"),
                                    ("listed", "Being considered"),
                                    ("accepted", "Accepted"),
                                    ("declined", "Declined"),
                                    ("dropped", "Set aside"),
                                ],
                                default="waiting",
                                editable=False,
                                max_length=8,
                            ),
                        ),
                        ("answer", models.CharField(blank=True, editable=False, max_length=500)),
                        ("sent_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                        ("answered_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        (
                            "tool",
                            models.ForeignKey(
                                editable=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="reports",
                                to="tools.tool",
                            ),
                        ),
                        ("cell", models.CharField(editable=False, max_length=120)),
                        ("label", models.CharField(editable=False, max_length=160, verbose_name="about")),
                        ("said", models.CharField(editable=False, max_length=300, verbose_name="the page said")),
                        ("claim", models.CharField(editable=False, max_length=500, verbose_name="the reader says")),
                        (
                            "source_url",
                            tools.models.checked.WebAddressField(
                                blank=True, editable=False, max_length=500, verbose_name="source"
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-sent_at", "-pk"],
                        "indexes": [
                            models.Index(fields=["state", "-sent_at"], name="report_queue"),
                            models.Index(
                                condition=models.Q(("state__in", ["accepted", "declined"])),
                                fields=["-answered_at", "-id"],
                                name="report_answered",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("state__in", ["waiting", "accepted", "declined", "dropped"])),
                                name="report_state_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("answered_at__isnull", False),
                                        ("state__in", ["accepted", "declined"]),
                                        models.Q(("answer", ""), _negated=True),
                                    ),
                                    models.Q(
                                        models.Q(("state__in", ["accepted", "declined"]), _negated=True),
                                        ("answer", ""),
                                        ("answered_at", None),
                                    ),
                                    _connector="OR",
                                ),
                                name="report_is_worded_if_answered",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("claim", ""), _negated=True), models.Q(("cell", ""), _negated=True)
                                ),
                                name="report_says_something",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("source_url", ""),
                                    ("source_url__startswith", "http://"),
                                    ("source_url__startswith", "https://"),
                                    _connector="OR",
                                ),
                                name="report_source_url_is_web",
                                violation_error_message="An address starts with http:// or https://.",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ToolRequest",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("waiting", "Waiting for an editor"),
                                    ("listed", "Being considered"),
                                    ("accepted", "Accepted"),
                                    ("declined", "Declined"),
                                    ("dropped", "Set aside"),
                                ],
                                default="waiting",
                                editable=False,
                                max_length=8,
                            ),
                        ),
                        ("answer", models.CharField(blank=True, editable=False, max_length=500)),
                        ("sent_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                        ("answered_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("name", models.CharField(editable=False, max_length=120)),
                        ("key", models.CharField(editable=False, max_length=400)),
                        ("homepage", tools.models.checked.WebAddressField(blank=True, editable=False, max_length=500)),
                        (
                            "why",
                            models.CharField(blank=True, editable=False, max_length=500, verbose_name="why it matters"),
                        ),
                        ("times", models.PositiveIntegerField(default=1, editable=False, verbose_name="asked for")),
                        (
                            "tool",
                            models.ForeignKey(
                                blank=True,
                                help_text="The tool on the site that answers it. Readers are led there once it is published.",
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="requests",
                                to="tools.tool",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-sent_at", "-pk"],
                        "indexes": [models.Index(fields=["state", "-times", "-sent_at"], name="request_queue")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["waiting", "listed", "accepted", "declined", "dropped"])
                                ),
                                name="request_state_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("answered_at__isnull", False),
                                        ("state__in", ["accepted", "declined"]),
                                        models.Q(("answer", ""), _negated=True),
                                    ),
                                    models.Q(
                                        models.Q(("state__in", ["accepted", "declined"]), _negated=True),
                                        ("answer", ""),
                                        ("answered_at", None),
                                    ),
                                    _connector="OR",
                                ),
                                name="request_is_worded_if_answered",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("state", "dropped"), _negated=True),
                                fields=("key",),
                                name="one_request_per_name",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(models.Q(("name", ""), _negated=True), ("times__gte", 1)),
                                name="request_asks_for_something",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("homepage", ""),
                                    ("homepage__startswith", "http://"),
                                    ("homepage__startswith", "https://"),
                                    _connector="OR",
                                ),
                                name="request_homepage_is_web",
                                violation_error_message="An address starts with http:// or https://.",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Touch",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("kind", models.SmallIntegerField(choices=[(0, "Site"), (1, "Tool"), (2, "Shelf")])),
                        ("ref", models.BigIntegerField()),
                        ("moment", models.BigIntegerField(null=True)),
                        ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["moment"], name="touch_moment"),
                            models.Index(fields=["at"], name="touch_at"),
                        ],
                    },
                ),
            ]
        )
    ]
