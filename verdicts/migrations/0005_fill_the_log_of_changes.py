"""Write down the verdicts, revisions and withdrawals of the time before there was a log of changes.

Running it again adds nothing: a tool whose verdicts the log knows of is left alone.
"""

from itertools import groupby

from django.db import migrations

BATCH = 2_000
KINDS = ["verdict", "flipped", "revised", "withdrawn"]


def fill(apps, schema_editor):
    change = apps.get_model("tools", "Change")
    known = set(change.objects.filter(kind__in=KINDS).values_list("tool_id", flat=True).distinct())
    found = [row for row in changes(apps) if row["tool_id"] not in known]
    found.sort(key=lambda row: row["at"])  # the order of the keys is the order of events
    change.objects.bulk_create([change(**row) for row in found], batch_size=BATCH)


def changes(apps):
    reviewers = apps.get_model("verdicts", "Reviewer").objects.in_bulk()
    rows = (
        apps.get_model("verdicts", "Verdict")
        .objects.exclude(published_at=None)
        .defer("reason")
        .order_by("tool", "reviewer", "number")
    )
    for (tool, persona), revisions in groupby(rows.iterator(), key=lambda row: (row.tool_id, row.reviewer_id)):
        reviewer = reviewers[persona]
        was = ""
        for verdict in revisions:
            payload = {
                "reviewer": reviewer.slug,
                "reviewer_name": reviewer.name,
                "verdict": verdict.pk,
                "now": verdict.decision,
                "was": was,
                "note": verdict.revision_note,
            }
            kind = "verdict" if not was else "revised" if was == verdict.decision else "flipped"
            yield {"tool_id": tool, "kind": kind, "at": verdict.published_at, "payload": payload}
            if verdict.state == "withdrawn":
                payload = payload | {"note": verdict.withdrawal_reason}
                yield {"tool_id": tool, "kind": "withdrawn", "at": verdict.retired_at, "payload": payload}
            was = verdict.decision


class Migration(migrations.Migration):
    dependencies = [("verdicts", "0040_pages_know_what_was_touched"), ("tools", "0005_fill_the_log_of_changes")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
