"""Votes cast before there were eras belong to the first one, and those of accounts are verified."""

from django.db import migrations
from django.db.models import Count, F, Min, Q


def fill(apps, schema_editor):
    vote, voter, tally = (apps.get_model("voting", name) for name in ("Vote", "Voter", "Tally"))
    vote.objects.filter(voter__account__isnull=False, is_verified=False).update(is_verified=True)
    for row in vote.objects.values("voter").annotate(tools=Count("pk"), first=Min("changed_at")).iterator():
        voter.objects.filter(pk=row["voter"]).update(tools_voted=row["tools"], first_vote_at=row["first"])
    tally.objects.update(era_ships=F("ships"), era_skips=F("skips"))
    said = ~Q(value=0)
    counts = vote.objects.values("tool").annotate(
        ships=Count("pk", filter=Q(state=0, value=1, is_verified=True)),
        skips=Count("pk", filter=Q(state=0, value=-1, is_verified=True)),
        held=Count("pk", filter=said & Q(state=1)),
        discarded=Count("pk", filter=said & Q(state=2)),
    )
    for row in counts.order_by().iterator():
        tally.objects.filter(tool=row["tool"]).update(
            verified_ships=row["ships"],
            verified_skips=row["skips"],
            era_verified_ships=row["ships"],
            era_verified_skips=row["skips"],
            held=row["held"],
            discarded=row["discarded"],
        )


class Migration(migrations.Migration):
    dependencies = [("voting", "0004_the_log_of_votes_only_grows")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
