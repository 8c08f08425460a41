"""The tables of subscribers and what they agreed to, of issues and the ledger of their sending."""

import uuid

import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from tools.migrations._operations import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("newsletter", "0001_initial"),
        ("newsletter", "0002_subscribers_are_known_by_a_digest"),
        ("newsletter", "0003_consent_suppression_and_follows"),
        ("newsletter", "0020_issues_and_their_ledger"),
        ("newsletter", "0030_links_that_follow_and_let_go"),
        ("newsletter", "0031_a_second_subject"),
    ]

    initial = True

    dependencies = [
        ("tools", "0001_squashed_0092_list_of_a_licence"),
        ("verdicts", "0001_squashed_0006_paneltally"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModels(
            state_operations=[
                migrations.CreateModel(
                    name="Suppression",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("address_hmac", models.BinaryField(max_length=32, unique=True)),
                        (
                            "reason",
                            models.CharField(
                                choices=[
                                    ("hard", "The address does not exist"),
                                    ("complaint", "Marked as spam"),
                                    ("unsubscribed", "Unsubscribed elsewhere"),
                                    ("manual", "Added by hand"),
                                    ("erased", "Erased on request"),
                                ],
                                max_length=12,
                            ),
                        ),
                        (
                            "source",
                            models.CharField(
                                blank=True,
                                help_text="Where it came from: a provider, an import, a person.",
                                max_length=64,
                            ),
                        ),
                        ("until", models.DateTimeField(blank=True, help_text="Empty: for good.", null=True)),
                        ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("reason__in", ["hard", "complaint", "unsubscribed", "manual", "erased"])
                                ),
                                name="suppression_reason_is_known",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Subscriber",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("email", models.EmailField(blank=True, max_length=254, verbose_name="address")),
                        ("email_norm", models.EmailField(editable=False, max_length=254, null=True, unique=True)),
                        ("address_hmac", models.BinaryField(max_length=32, unique=True)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("pending", "Waiting for confirmation"),
                                    ("active", "Active"),
                                    ("unsubscribed", "Unsubscribed"),
                                    ("suppressed", "Suppressed"),
                                    ("erased", "Erased"),
                                ],
                                default="pending",
                                max_length=12,
                            ),
                        ),
                        (
                            "topics",
                            models.BigIntegerField(default=0, help_text="A bit per topic; 0 means all of them."),
                        ),
                        (
                            "frequency",
                            models.CharField(
                                choices=[("weekly", "Every week"), ("monthly", "Once a month")],
                                default="weekly",
                                max_length=7,
                            ),
                        ),
                        ("tz", models.CharField(default="UTC", max_length=64, verbose_name="time zone")),
                        ("paused_until", models.DateField(blank=True, null=True)),
                        ("token_version", models.PositiveSmallIntegerField(default=1, editable=False)),
                        (
                            "soft_bounce_weeks",
                            models.JSONField(
                                blank=True,
                                default=list,
                                help_text="Mondays of the weeks whose mail bounced for now, until one arrives.",
                            ),
                        ),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                        ("unsubscribed_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "reminded_at",
                            models.DateTimeField(blank=True, null=True, verbose_name="told to be subscribed already"),
                        ),
                        ("last_event_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state", "active")),
                                fields=["tz", "frequency"],
                                name="active_by_zone_and_frequency",
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["pending", "active", "unsubscribed", "suppressed", "erased"])
                                ),
                                name="subscriber_state_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "active"), _negated=True),
                                    ("confirmed_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="subscriber_is_active_if_confirmed",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("email", ""), ("email_norm__isnull", True), ("state", "erased")),
                                    models.Q(
                                        models.Q(("state", "erased"), _negated=True),
                                        ("email_norm__isnull", False),
                                        models.Q(("email", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="subscriber_has_an_address_until_erased",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("frequency__in", ["weekly", "monthly"])),
                                name="subscriber_frequency_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("topics__gte", 0)), name="subscriber_topics_are_bits"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Confirmation",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("token_hash", models.BinaryField(max_length=32, unique=True)),
                        (
                            "subscriber",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="confirmations",
                                to="newsletter.subscriber",
                            ),
                        ),
                        (
                            "purpose",
                            models.CharField(
                                choices=[
                                    ("confirm", "Confirm a subscription"),
                                    ("follow", "Follow tools"),
                                    ("change", "Take a new address"),
                                    ("release", "Let the former address go"),
                                    ("export", "Download one's data"),
                                    ("erase", "Delete everything"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("payload", models.JSONField(blank=True, default=dict)),
                        ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("expires_at", models.DateTimeField(db_index=True)),
                        ("used_at", models.DateTimeField(blank=True, null=True)),
                        ("superseded", models.BooleanField(default=False)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("purpose__in", ["confirm", "follow", "change", "release", "export", "erase"])
                                ),
                                name="confirmation_purpose_is_known",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("superseded", False), ("used_at__isnull", True)),
                                fields=("subscriber", "purpose"),
                                name="one_open_confirmation_per_purpose",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ConsentText",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("body", models.TextField()),
                        ("sha256", models.CharField(max_length=64, unique=True)),
                        ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                    ],
                ),
                migrations.CreateModel(
                    name="ConsentEvent",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "subscriber",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="consent",
                                to="newsletter.subscriber",
                            ),
                        ),
                        ("address_hmac", models.BinaryField(db_index=True, max_length=32)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("requested", "Asked for the mail"),
                                    ("confirmed", "Confirmed"),
                                    ("preferences", "Changed preferences"),
                                    ("followed", "Followed"),
                                    ("unfollowed", "Unfollowed"),
                                    ("moved", "Changed address"),
                                    ("unsubscribed", "Unsubscribed"),
                                    ("suppressed", "Suppressed"),
                                    ("restored", "Suppression lifted"),
                                    ("imported", "Imported"),
                                    ("exported", "Downloaded the data"),
                                    ("erased", "Erased"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("network", models.CharField(blank=True, max_length=43)),
                        ("form", models.CharField(blank=True, help_text="Where it was said.", max_length=64)),
                        (
                            "text",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                to="newsletter.consenttext",
                            ),
                        ),
                        ("detail", models.JSONField(blank=True, default=dict)),
                    ],
                    options={
                        "ordering": ["at", "pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "kind__in",
                                        [
                                            "requested",
                                            "confirmed",
                                            "preferences",
                                            "followed",
                                            "unfollowed",
                                            "moved",
                                            "unsubscribed",
                                            "suppressed",
                                            "restored",
                                            "imported",
                                            "exported",
                                            "erased",
                                        ],
                                    )
                                ),
                                name="consent_kind_is_known",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Issue",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("period_key", models.CharField(editable=False, max_length=8, unique=True)),
                        (
                            "day",
                            models.DateField(
                                editable=False, help_text="The local day on which it arrives.", unique=True
                            ),
                        ),
                        (
                            "number",
                            models.PositiveIntegerField(
                                editable=False, help_text="Given when it is frozen.", null=True, unique=True
                            ),
                        ),
                        ("slug", models.SlugField(editable=False, unique=True)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("draft", "Taking shape"),
                                    ("ready", "Approved"),
                                    ("frozen", "Frozen"),
                                    ("sending", "Going out"),
                                    ("paused", "Paused"),
                                    ("done", "Sent"),
                                    ("skipped", "Skipped: nothing new"),
                                    ("cancelled", "Cancelled"),
                                    ("missed", "Missed its hour"),
                                ],
                                default="draft",
                                editable=False,
                                max_length=9,
                            ),
                        ),
                        ("cutoff_at", models.DateTimeField(editable=False)),
                        ("sends_at", models.DateTimeField(editable=False)),
                        (
                            "subject",
                            models.CharField(
                                blank=True,
                                help_text="What is inside, in fewer than 60 characters. Empty: made from it.",
                                max_length=59,
                            ),
                        ),
                        (
                            "preheader",
                            models.CharField(
                                blank=True,
                                help_text="What mail programs show after the subject. Empty: made from what is inside.",
                                max_length=120,
                            ),
                        ),
                        (
                            "intro",
                            models.TextField(
                                blank=True, help_text="Markdown. A paragraph or two of your own.", max_length=2000
                            ),
                        ),
                        ("candidate_count", models.PositiveIntegerField(default=0, editable=False)),
                        ("excluded_count", models.PositiveIntegerField(default=0, editable=False)),
                        ("recipient_count", models.PositiveIntegerField(default=0, editable=False)),
                        (
                            "more_count",
                            models.PositiveIntegerField(
                                default=0, editable=False, help_text="What waits for the next issue."
                            ),
                        ),
                        ("frozen_at", models.DateTimeField(editable=False, null=True)),
                        ("approved_at", models.DateTimeField(editable=False, null=True)),
                        (
                            "approved_by",
                            models.ForeignKey(
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="approved_issues",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("paused_reason", models.CharField(blank=True, editable=False, max_length=300)),
                        ("finished_at", models.DateTimeField(editable=False, null=True)),
                        (
                            "is_late",
                            models.BooleanField(
                                default=False, editable=False, help_text="An editor let it go out after its hour."
                            ),
                        ),
                        (
                            "monthly_in",
                            models.ForeignKey(
                                editable=False,
                                help_text="Where monthly readers got it.",
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="months",
                                to="newsletter.issue",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-day"],
                        "permissions": [("send_issue", "Can approve, pause and resume issues")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        [
                                            "draft",
                                            "ready",
                                            "frozen",
                                            "sending",
                                            "paused",
                                            "done",
                                            "skipped",
                                            "cancelled",
                                            "missed",
                                        ],
                                    )
                                ),
                                name="issue_state_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("frozen_at", None), ("state__in", ["draft", "ready", "skipped", "missed"])
                                    ),
                                    models.Q(
                                        ("frozen_at__isnull", False),
                                        ("number__isnull", False),
                                        ("state__in", ["frozen", "sending", "paused", "done"]),
                                    ),
                                    ("state", "cancelled"),
                                    _connector="OR",
                                ),
                                name="issue_state_matches_its_freezing",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "paused"), _negated=True),
                                    models.Q(("paused_reason", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="issue_is_paused_for_a_reason",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("frozen_at", None),
                                    (
                                        "candidate_count",
                                        django.db.models.expressions.CombinedExpression(
                                            models.F("excluded_count"), "+", models.F("recipient_count")
                                        ),
                                    ),
                                    _connector="OR",
                                ),
                                name="issue_leaves_nobody_unaccounted",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "done"), _negated=True),
                                    ("finished_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="issue_is_dated_if_done",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="IssuePin",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "issue",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="pins", to="newsletter.issue"
                            ),
                        ),
                        (
                            "place",
                            models.CharField(
                                choices=[("first", "Put first"), ("hold", "Hold back")], default="first", max_length=5
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField(default=0)),
                        (
                            "tool",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tools.tool",
                            ),
                        ),
                        (
                            "comparison",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="verdicts.comparison",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["position", "pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("comparison", None), ("tool__isnull", False)),
                                    models.Q(("comparison__isnull", False), ("tool", None)),
                                    _connector="OR",
                                ),
                                name="pin_names_a_tool_or_a_comparison",
                                violation_error_message="Name either a tool or a comparison.",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("place__in", ["first", "hold"])), name="pin_place_is_known"
                            ),
                            models.UniqueConstraint(fields=("issue", "tool"), name="one_pin_per_tool"),
                            models.UniqueConstraint(fields=("issue", "comparison"), name="one_pin_per_comparison"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="IssueItem",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "issue",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="items", to="newsletter.issue"
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField()),
                        ("block", models.PositiveSmallIntegerField()),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("new", "New verdict"),
                                    ("changed", "Changed verdict"),
                                    ("comparison", "Comparison"),
                                    ("close", "Close call"),
                                ],
                                max_length=10,
                            ),
                        ),
                        (
                            "verdict",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="issue_items",
                                to="verdicts.verdict",
                            ),
                        ),
                        (
                            "comparison",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="issue_items",
                                to="verdicts.comparison",
                            ),
                        ),
                        ("snapshot", models.JSONField()),
                    ],
                    options={
                        "ordering": ["issue", "position"],
                        "constraints": [
                            models.UniqueConstraint(fields=("issue", "position"), name="one_item_per_position"),
                            models.UniqueConstraint(
                                fields=("verdict", "kind"), name="a_verdict_is_in_one_issue_per_kind"
                            ),
                            models.UniqueConstraint(
                                fields=("comparison", "kind"), name="a_comparison_is_in_one_issue_per_kind"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("comparison", None), ("kind__in", ["new", "changed"])),
                                    models.Q(("kind__in", ["comparison", "close"]), ("verdict", None)),
                                    _connector="OR",
                                ),
                                name="item_kind_matches_what_it_names",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MailedChange",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "issue",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="mailed_changes",
                                to="newsletter.issue",
                            ),
                        ),
                        ("key", models.CharField(max_length=60, unique=True)),
                        (
                            "tool",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tools.tool"
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Edition",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "issue",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="editions",
                                to="newsletter.issue",
                            ),
                        ),
                        ("number", models.PositiveSmallIntegerField()),
                        ("is_monthly", models.BooleanField(default=False)),
                        ("item_count", models.PositiveSmallIntegerField()),
                        ("mime", models.BinaryField()),
                        ("sha256", models.CharField(max_length=64)),
                    ],
                    options={
                        "ordering": ["issue", "number"],
                        "constraints": [
                            models.UniqueConstraint(fields=("issue", "number"), name="one_edition_per_number")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Snippet",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "issue",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="snippets",
                                to="newsletter.issue",
                            ),
                        ),
                        ("number", models.PositiveSmallIntegerField()),
                        (
                            "tool",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="tools.tool",
                            ),
                        ),
                        ("text", models.BinaryField()),
                        ("html", models.BinaryField()),
                    ],
                    options={
                        "ordering": ["issue", "number"],
                        "constraints": [
                            models.UniqueConstraint(fields=("issue", "number"), name="one_snippet_per_number")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SendBatch",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "issue",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="batches",
                                to="newsletter.issue",
                            ),
                        ),
                        ("number", models.PositiveIntegerField()),
                        ("wave_at", models.DateTimeField()),
                        (
                            "state",
                            models.CharField(
                                choices=[("ready", "Waiting"), ("leased", "At work"), ("done", "Done")],
                                default="ready",
                                max_length=6,
                            ),
                        ),
                        ("size", models.PositiveSmallIntegerField(default=0)),
                        ("lease_token", models.BigIntegerField(default=0)),
                        ("lease_owner", models.CharField(blank=True, max_length=80)),
                        ("lease_until", models.DateTimeField(null=True)),
                        ("next_attempt_at", models.DateTimeField(null=True)),
                        ("failures", models.PositiveSmallIntegerField(default=0)),
                        ("takeovers", models.PositiveSmallIntegerField(default=0)),
                        ("sent", models.PositiveSmallIntegerField(default=0)),
                        ("failed", models.PositiveSmallIntegerField(default=0)),
                        ("skipped", models.PositiveSmallIntegerField(default=0)),
                        ("expired", models.PositiveSmallIntegerField(default=0)),
                        ("uncertain", models.PositiveSmallIntegerField(default=0)),
                        ("deferred", models.PositiveSmallIntegerField(default=0)),
                    ],
                    options={
                        "verbose_name_plural": "send batches",
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state", "done"), _negated=True),
                                fields=["wave_at", "next_attempt_at"],
                                name="batch_open",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("issue", "number"), name="one_batch_per_number"),
                            models.CheckConstraint(
                                condition=models.Q(("state__in", ["ready", "leased", "done"])),
                                name="batch_state_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "leased"), _negated=True),
                                    ("lease_until__isnull", False),
                                    _connector="OR",
                                ),
                                name="batch_lease_has_an_end",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Delivery",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "batch_id", "seq", blank=True, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        (
                            "batch",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="deliveries",
                                to="newsletter.sendbatch",
                            ),
                        ),
                        ("seq", models.PositiveSmallIntegerField()),
                        (
                            "issue",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="deliveries",
                                to="newsletter.issue",
                            ),
                        ),
                        ("subscriber_id", models.BigIntegerField()),
                        ("address", models.CharField(blank=True, max_length=254)),
                        ("address_hmac", models.BinaryField(max_length=32)),
                        ("edition", models.PositiveSmallIntegerField(default=0)),
                        ("snippets", models.CharField(blank=True, max_length=160)),
                        (
                            "state",
                            models.PositiveSmallIntegerField(
                                choices=[
                                    (0, "Waiting"),
                                    (1, "Handed over"),
                                    (2, "To be tried again"),
                                    (3, "Refused"),
                                    (4, "Not sent"),
                                    (5, "Nobody knows"),
                                    (6, "Given up"),
                                ],
                                default=0,
                            ),
                        ),
                        ("attempts", models.PositiveSmallIntegerField(default=0)),
                        ("next_attempt_at", models.DateTimeField(null=True)),
                        ("smtp_code", models.PositiveSmallIntegerField(default=0)),
                        ("enhanced", models.CharField(blank=True, max_length=11)),
                        ("reply", models.CharField(blank=True, max_length=160)),
                        ("sent_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "verbose_name_plural": "deliveries",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("issue", "subscriber_id"), name="one_delivery_per_issue_and_reader"
                            ),
                            models.UniqueConstraint(
                                fields=("issue", "address_hmac"), name="one_delivery_per_issue_and_address"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("state__in", range(7))), name="delivery_state_is_known"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", 1), _negated=True), ("sent_at__isnull", False), _connector="OR"
                                ),
                                name="delivery_is_dated_if_handed_over",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SendControl",
                    fields=[
                        (
                            "id",
                            models.PositiveSmallIntegerField(
                                default=1, editable=False, primary_key=True, serialize=False
                            ),
                        ),
                        ("is_paused", models.BooleanField(default=False, verbose_name="all sending is paused")),
                        (
                            "rate",
                            models.FloatField(
                                default=0,
                                help_text="By all workers together, at most. 0: as fast as the server takes them.",
                                verbose_name="messages a second",
                            ),
                        ),
                        (
                            "allowed",
                            models.FloatField(
                                default=0, editable=False, help_text="Below the rate after the server asked for less."
                            ),
                        ),
                        (
                            "next_at",
                            models.FloatField(
                                default=0, editable=False, help_text="When the next message may leave, in Unix time."
                            ),
                        ),
                        (
                            "failures",
                            models.PositiveIntegerField(
                                default=0, editable=False, help_text="Connections that failed in a row."
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("id", 1)), name="there_is_one_send_control"),
                            models.CheckConstraint(
                                condition=models.Q(("allowed__gte", 0), ("rate__gte", 0)),
                                name="send_rate_is_not_negative",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DomainLimit",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("domain", models.CharField(max_length=253, unique=True)),
                        (
                            "rate",
                            models.FloatField(
                                default=0,
                                help_text="At most. 0: no limit of its own.",
                                verbose_name="messages a second",
                            ),
                        ),
                        ("allowed", models.FloatField(default=0, editable=False)),
                        ("next_at", models.FloatField(default=0, editable=False)),
                        ("eased_at", models.DateTimeField(auto_now_add=True)),
                    ],
                    options={
                        "ordering": ["domain"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("allowed__gte", 0), ("rate__gte", 0)),
                                name="domain_rate_is_not_negative",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Follow",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "subscriber",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="follows",
                                to="newsletter.subscriber",
                            ),
                        ),
                        (
                            "tool",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tools.tool"
                            ),
                        ),
                        (
                            "other",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tools.tool",
                            ),
                        ),
                        ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("other__isnull", True)),
                                fields=("subscriber", "tool"),
                                name="a_tool_is_followed_once",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("other__isnull", False)),
                                fields=("subscriber", "tool", "other"),
                                name="a_pair_is_followed_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("other__isnull", True), ("tool__lt", models.F("other")), _connector="OR"
                                ),
                                name="a_followed_pair_is_in_order",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="LinkHit",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("issue_no", models.PositiveIntegerField()),
                        ("link_no", models.PositiveSmallIntegerField()),
                        ("day", models.DateField()),
                        ("count", models.PositiveIntegerField(default=0)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("issue_no", "link_no", "day"), name="one_count_per_link_and_day"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ProviderEvent",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("esp", models.CharField(max_length=32, verbose_name="provider")),
                        ("event_id", models.CharField(max_length=128)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("delivered", "Delivered"),
                                    ("hard", "Bounced for good"),
                                    ("soft", "Bounced for now"),
                                    ("policy", "Refused by policy"),
                                    ("complaint", "Marked as spam"),
                                    ("unsubscribed", "Unsubscribed at the provider"),
                                    ("other", "Something else"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("address_hmac", models.BinaryField(max_length=32, null=True)),
                        (
                            "subscriber",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="newsletter.subscriber",
                            ),
                        ),
                        ("issue_no", models.PositiveIntegerField(blank=True, null=True)),
                        ("at", models.DateTimeField(verbose_name="happened at")),
                        ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("detail", models.JSONField(blank=True, default=dict)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("esp", "event_id"), name="a_provider_reports_an_event_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "kind__in",
                                        ["delivered", "hard", "soft", "policy", "complaint", "unsubscribed", "other"],
                                    )
                                ),
                                name="provider_event_kind_is_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SubjectTest",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "issue",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="subject_test",
                                to="newsletter.issue",
                            ),
                        ),
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
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("decided_at", None), ("winner", "")),
                                    models.Q(
                                        ("decide_at__isnull", False),
                                        ("decided_at__isnull", False),
                                        ("winner__in", ["first", "second"]),
                                    ),
                                    _connector="OR",
                                ),
                                name="subject_test_is_decided_with_a_winner",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("second", ""), _negated=True),
                                name="subject_test_has_a_second_subject",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Topic",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "category",
                            models.OneToOneField(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="tools.category",
                            ),
                        ),
                        ("bit", models.PositiveSmallIntegerField(unique=True)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("bit__lt", 62)), name="topic_bit_fits")
                        ],
                    },
                ),
            ]
        )
    ]
