"""What changed about the tools that readers follow, in the same mail: rendered once a tool, set in for each follower."""

from django.db import connection
from django.db.models import Min

from newsletter.models import Follow, Issue, MailedChange, Snippet
from newsletter.rendering import followed, followed_heading
from tools.models import Change, Tool
from verdicts.changes import changes_of

MOST_TOOLS = 20  # in one mail
MOST_CHANGES = 1_000


def key_of(change: Change) -> str:
    return f"change-{change.pk}"


def unmailed_changes(issue: Issue) -> dict[Tool, list[Change]]:
    """Return what changed about followed tools, since somebody first followed them, that no issue has had."""
    since = dict(Follow.objects.order_by().values_list("tool").annotate(Min("created_at")))
    others = Follow.objects.exclude(other=None).order_by().values_list("other").annotate(Min("created_at"))
    for tool, moment in others:
        since[tool] = min(moment, since.get(tool, moment))
    tools = list(Tool.objects.public().filter(pk__in=since).order_by("name", "pk"))
    found: dict[Tool, list[Change]] = {}
    changes = changes_of(tools, limit=MOST_CHANGES, until=issue.cutoff_at) if tools else []
    keys = [key_of(change) for change in changes]
    had = set(MailedChange.objects.filter(key__in=keys).values_list("key", flat=True))
    for change in changes:
        if key_of(change) not in had and since[change.tool.pk] <= change.at < issue.cutoff_at:
            found.setdefault(change.tool, []).append(change)
    return dict(sorted(found.items(), key=lambda pair: (pair[0].name.lower(), pair[0].pk)))


def write_snippets(issue: Issue) -> None:
    """Render what changed, one snippet a tool, and note that it has been in an issue."""
    changed = unmailed_changes(issue)
    if not changed:
        return
    text, html = followed_heading()
    rows = [Snippet(issue=issue, number=0, text=text, html=html)]
    for number, (tool, changes) in enumerate(changed.items(), start=1):
        text, html = followed(tool, changes)
        rows.append(Snippet(issue=issue, number=number, tool=tool, text=text, html=html))
    Snippet.objects.bulk_create(rows)
    keys = {key_of(change): change.tool for changes in changed.values() for change in changes}
    MailedChange.objects.bulk_create(MailedChange(issue=issue, key=key, tool=tool) for key, tool in keys.items())


def assign_snippets(issue: Issue) -> None:
    """Write into each follower's delivery which snippets are theirs, in one statement."""
    joined = (
        "string_agg(number::text, ',' ORDER BY number)"
        if connection.vendor == "postgresql"
        else ("group_concat(number, ',')")
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE newsletter_delivery SET snippets = theirs.numbers
            FROM (
                SELECT subscriber_id, {joined} AS numbers FROM (
                    SELECT f.subscriber_id, s.number,
                        row_number() OVER (PARTITION BY f.subscriber_id ORDER BY s.number) AS place
                    FROM (
                        SELECT subscriber_id, tool_id FROM newsletter_follow
                        UNION SELECT subscriber_id, other_id FROM newsletter_follow WHERE other_id IS NOT NULL
                    ) f
                    JOIN newsletter_snippet s ON s.tool_id = f.tool_id AND s.issue_id = %s
                    ORDER BY f.subscriber_id, s.number
                ) ranked WHERE place <= {MOST_TOOLS} GROUP BY subscriber_id
            ) theirs
            WHERE newsletter_delivery.issue_id = %s AND newsletter_delivery.subscriber_id = theirs.subscriber_id
                AND newsletter_delivery.edition <> 0
            """,  # noqa: S608
            [issue.pk, issue.pk],
        )
