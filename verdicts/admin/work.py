"""What needs an editor, as querysets; the lists filter by them and the front page counts them."""

import datetime

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from tools.models import State, Tool
from verdicts.models import Reviewer, Verdict
from verdicts.scoring import STALE_AFTER_DAYS
from voting.models import Vote


def week_ago() -> datetime.datetime:
    return timezone.now() - datetime.timedelta(days=7)


def stale(verdicts: QuerySet[Verdict]) -> QuerySet[Verdict]:
    """What the panel says on the strength of an old test: `scoring.staleness`, as a query."""
    oldest = timezone.localdate() - datetime.timedelta(days=STALE_AFTER_DAYS)
    outdated = ~Q(tool_version="") & ~Q(tool__latest_version="") & ~Q(tool_version=F("tool__latest_version"))
    return verdicts.published().filter(Q(tested_on__lt=oldest) | outdated)


def published_this_week(verdicts: QuerySet[Verdict]) -> QuerySet[Verdict]:
    return verdicts.filter(published_at__gte=week_ago())


def withdrawn_this_week(verdicts: QuerySet[Verdict]) -> QuerySet[Verdict]:
    return verdicts.filter(state=Verdict.State.WITHDRAWN, retired_at__gte=week_ago())


def flipped_this_week(verdicts: QuerySet[Verdict]) -> QuerySet[Verdict]:
    """Texts that say the opposite of what the same persona had said of the same tool before."""
    before = Verdict.objects.ever_published().filter(
        tool=OuterRef("tool"), reviewer=OuterRef("reviewer"), number__lt=OuterRef("number")
    )
    last = Subquery(before.order_by("-number").values("decision")[:1])
    return (
        published_this_week(verdicts)
        .annotate(said_before=last)
        .filter(~Q(said_before=F("decision")), said_before__isnull=False)
    )


def missing(tools: QuerySet[Tool], reviewer: Reviewer | int) -> QuerySet[Tool]:
    """Tools that a persona says nothing of."""
    return tools.exclude(Exists(Verdict.objects.published().filter(tool=OuterRef("pk"), reviewer=reviewer)))


def with_panel_size(tools: QuerySet[Tool]) -> QuerySet[Tool]:
    """Add `panel_size`, how many of today's personas have a published verdict, and `panel_drafts`."""

    def count(verdicts: QuerySet[Verdict]) -> Coalesce:
        rows = verdicts.filter(tool=OuterRef("pk"), reviewer__is_active=True).order_by().values("tool")
        return Coalesce(Subquery(rows.annotate(rows=Count("pk")).values("rows"), output_field=IntegerField()), 0)

    return tools.annotate(panel_size=count(Verdict.objects.published()), panel_drafts=count(Verdict.objects.drafts()))


def unjudged(tools: QuerySet[Tool]) -> QuerySet[Tool]:
    return tools.exclude(Exists(Verdict.objects.published().filter(tool=OuterRef("pk"))))


def incomplete(tools: QuerySet[Tool]) -> QuerySet[Tool]:
    """Published tools that somebody of today's panel says nothing of."""
    said = Verdict.objects.published().filter(tool=OuterRef(OuterRef("pk")), reviewer=OuterRef("pk"))
    return tools.filter(Exists(Reviewer.objects.active().exclude(Exists(said))), state=State.PUBLISHED)


def with_stale_verdicts(tools: QuerySet[Tool]) -> QuerySet[Tool]:
    return tools.filter(Exists(stale(Verdict.objects.filter(tool=OuterRef("pk")))))


def voted_on_this_week(tools: QuerySet[Tool]) -> QuerySet[Tool]:
    return tools.filter(Exists(Vote.objects.filter(tool=OuterRef("pk"), changed_at__gte=week_ago())))
