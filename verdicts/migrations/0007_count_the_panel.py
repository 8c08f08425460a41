"""Count the panel's verdicts on every tool, for the lists. Running it again changes nothing."""

from django.db import migrations
from django.db.models import Count, Q

BATCH = 2_000


def fill(apps, schema_editor):
    verdicts = apps.get_model("verdicts", "Verdict").objects.filter(state="published", reviewer__is_active=True)
    counts = verdicts.order_by().values_list("tool").annotate(s=Count("pk", filter=Q(decision="ship")), n=Count("pk"))
    tally, tool = apps.get_model("verdicts", "PanelTally"), apps.get_model("tools", "Tool")
    places = {}
    rows = []
    for pk, ships, total in counts:
        rows.append(tally(tool_id=pk, ships=ships, total=total))
        places.setdefault(standing(ships, total), []).append(pk)
    tally.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
    for place, tools in places.items():
        for start in range(0, len(tools), BATCH):
            tool.objects.filter(pk__in=tools[start : start + BATCH]).update(standing=place)


def standing(ships, total):
    """Quorum first, then the share, then the number of verdicts: `scoring.standing` of this release."""
    return (2_000_000 if total >= 3 else 0) + 100 * ((20_000 * ships + total) // (2 * total)) + min(total, 98) + 1


class Migration(migrations.Migration):
    dependencies = [("verdicts", "0006_paneltally")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
