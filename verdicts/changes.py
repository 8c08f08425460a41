"""What changed, read from the log that the verbs themselves write."""

import datetime
from collections.abc import Sequence

from tools.models import Change, Tool


def changes_of(
    tools: Sequence[Tool],
    limit: int = 20,
    *,
    since: datetime.date | None = None,
    until: datetime.datetime | None = None,
) -> list[Change]:
    """Return the latest changes to some tools, newest first, in one query."""
    found = Change.objects.of(tools).public().newest_first()
    if since:
        found = found.since(since)
    if until:
        found = found.filter(at__lte=until)
    by_pk = {tool.pk: tool for tool in tools}
    changes = list(found[:limit])
    for change in changes:
        change.tool = by_pk[change.tool_id]
    return changes
