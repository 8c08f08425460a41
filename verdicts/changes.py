"""What changed, read from the log that the verbs themselves write."""

import datetime
from collections.abc import Sequence

from django.db.models import QuerySet
from django.utils import timezone

from tools.models import Change, Tool
from tools.statements import NOW, statement

ON_A_PAGE = 20


def changes_of(
    tools: Sequence[Tool], limit: int = ON_A_PAGE, *, until: datetime.datetime | None = None
) -> list[Change]:
    """Return the latest changes to some tools, newest first, in one query."""
    by_pk = {tool.pk: tool for tool in tools}
    is_past = until is not None and until < timezone.now()
    if limit == ON_A_PAGE:
        changes = changes_on_a_page(list(by_pk), until if is_past else NOW)
    else:
        changes = list(Change.objects.of(tools).public(until if is_past else None).newest_first()[:limit])
    for change in changes:
        change.tool = by_pk[change.tool_id]
    return changes


@statement
def changes_on_a_page(tools: list[int], moment: datetime.datetime) -> QuerySet[Change]:
    return Change.objects.of(tools).public(moment).newest_first()[:ON_A_PAGE]
