"""The numbers on the admin's front page."""

from dataclasses import dataclass

from django.db.models import Count, Q
from django.urls import reverse

from tools.models import Check, FactReport, State, Tool, ToolRequest
from verdicts.admin import work
from verdicts.models import Verdict
from voting.models import Case, Vote


@dataclass(frozen=True)
class Figure:
    """A number, what it counts, and the list it counts."""

    label: str
    count: int
    url: str


def figures() -> list[tuple[str, list[Figure]]]:
    """Return the week's numbers in groups, in eleven queries however much there is."""
    tools, verdicts = reverse("admin:tools_tool_changelist"), reverse("admin:verdicts_verdict_changelist")
    states = Tool.objects.aggregate(
        published=Count("pk", filter=Q(state=State.PUBLISHED)),
        draft=Count("pk", filter=Q(state=State.DRAFT)),
        unchecked=Count("pk", filter=Q(check_method=Check.UNCHECKED)),
    )
    said = Verdict.objects.all()
    votes = Vote.objects.filter(changed_at__gte=work.week_ago()).count()
    crowds = Figure("crowds of votes", Case.objects.open().count(), reverse("admin:voting_case_changelist"))
    return [
        (
            "This week",
            [
                Figure("verdicts published", work.published_this_week(said).count(), f"{verdicts}?week=published"),
                Figure("flips", work.flipped_this_week(said).count(), f"{verdicts}?week=flipped"),
                Figure("withdrawals", work.withdrawn_this_week(said).count(), f"{verdicts}?week=withdrawn"),
                Figure("votes cast or changed", votes, f"{tools}?votes=week"),
            ],
        ),
        (
            "Waiting",
            [
                crowds,
                Figure("verdicts in draft", said.drafts().count(), f"{verdicts}?state__exact=draft"),
                Figure("stale verdicts", work.stale(said).count(), f"{verdicts}?stale=yes"),
                Figure(
                    "tools with an incomplete panel",
                    work.incomplete(Tool.objects.all()).count(),
                    f"{tools}?panel=incomplete",
                ),
                Figure(
                    "reports of wrong facts",
                    FactReport.objects.waiting().count(),
                    f"{reverse('admin:tools_factreport_changelist')}?state__exact=waiting",
                ),
                Figure(
                    "requests for tools",
                    ToolRequest.objects.waiting().count(),
                    f"{reverse('admin:tools_toolrequest_changelist')}?state__exact=waiting",
                ),
                Figure("tools never checked", states["unchecked"], f"{tools}?work=unchecked"),
            ],
        ),
        (
            "Catalogue",
            [
                Figure("tools published", states["published"], f"{tools}?state__exact=published"),
                Figure("tools in draft", states["draft"], f"{tools}?state__exact=draft"),
            ],
        ),
    ]
