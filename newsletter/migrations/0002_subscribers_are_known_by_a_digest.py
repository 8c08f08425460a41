"""Subscribers are compared by a normal form and remembered by a keyed digest; preferences and two more states."""

from django.db import migrations, models

from newsletter.addresses import fingerprint

CHUNK = 2_000


def fill(apps, schema_editor):
    subscriber = apps.get_model("newsletter", "Subscriber")
    chunk = []
    for row in subscriber.objects.filter(address_hmac=None).iterator(CHUNK):
        row.email_norm = row.email.lower()
        row.address_hmac = fingerprint(row.email_norm)
        chunk.append(row)
        if len(chunk) == CHUNK:
            subscriber.objects.bulk_update(chunk, ["email_norm", "address_hmac"])
            chunk = []
    subscriber.objects.bulk_update(chunk, ["email_norm", "address_hmac"])


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(
            model_name="subscriber",
            name="one_subscriber_per_address_in_any_case",
        ),
        migrations.RemoveConstraint(
            model_name="subscriber",
            name="subscriber_state_is_known",
        ),
        migrations.AddField(
            model_name="subscriber",
            name="email_norm",
            field=models.EmailField(editable=False, max_length=254, null=True, unique=True),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="frequency",
            field=models.CharField(
                choices=[("weekly", "Every week"), ("monthly", "Once a month")], default="weekly", max_length=7
            ),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="last_event_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="paused_until",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="reminded_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="told to be subscribed already"),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="soft_bounce_weeks",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="Mondays of the weeks whose mail bounced for now, until one arrives.",
            ),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="token_version",
            field=models.PositiveSmallIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="topics",
            field=models.BigIntegerField(default=0, help_text="A bit per topic; 0 means all of them."),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="tz",
            field=models.CharField(default="UTC", max_length=64, verbose_name="time zone"),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="unsubscribed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="subscriber",
            name="email",
            field=models.EmailField(blank=True, max_length=254, verbose_name="address"),
        ),
        migrations.AlterField(
            model_name="subscriber",
            name="state",
            field=models.CharField(
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
        migrations.AddField(
            model_name="subscriber",
            name="address_hmac",
            field=models.BinaryField(max_length=32, null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="subscriber", name="address_hmac", field=models.BinaryField(max_length=32, unique=True)
        ),
        migrations.AddIndex(
            model_name="subscriber",
            index=models.Index(
                condition=models.Q(("state", "active")), fields=["tz", "frequency"], name="active_by_zone_and_frequency"
            ),
        ),
        migrations.AddConstraint(
            model_name="subscriber",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "active", "unsubscribed", "suppressed", "erased"])),
                name="subscriber_state_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscriber",
            constraint=models.CheckConstraint(
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
        ),
        migrations.AddConstraint(
            model_name="subscriber",
            constraint=models.CheckConstraint(
                condition=models.Q(("frequency__in", ["weekly", "monthly"])), name="subscriber_frequency_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="subscriber",
            constraint=models.CheckConstraint(
                condition=models.Q(("topics__gte", 0)), name="subscriber_topics_are_bits"
            ),
        ),
    ]
