"""Freezing an issue: what is in it, its bytes and its recipients, in one transaction. Everything or nothing.

Afterwards no query asks again what belongs in it or who gets it.
"""

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Max, QuerySet
from django.utils import timezone

from newsletter import audience, checks, following, subjects
from newsletter.choosing import Block, Content, choose
from newsletter.models import Delivery, Edition, Issue, IssueItem, SendBatch, Subscriber
from newsletter.rendering import Mail, Month, paths_of, preheader_of, render, subject_of

BATCH = 1_000
NO_EDITION = 0


class NotReady(Exception):
    """The issue cannot be frozen; the words say why."""


@dataclass(frozen=True, slots=True)
class Group:
    """Readers who get the same edition: those of some topics and a rhythm."""

    topics: Any
    is_monthly: bool
    edition: int


def freeze(pk: int) -> Issue:
    """Freeze an issue whose hour has come, or record that it is empty. Freezing it twice does nothing.

    Raises NotReady when it cannot be sent as it is.
    """
    with transaction.atomic():
        issue = Issue.objects.select_for_update().get(pk=pk)
        if issue.state not in {Issue.State.DRAFT, Issue.State.READY}:
            return issue
        if problems := checks.problems():
            raise NotReady(" ".join(problems))
        content = choose(issue, lock=True)
        if len(content.blocks) < settings.NEWSLETTER_LEAST_BLOCKS:
            issue.state, issue.finished_at = Issue.State.SKIPPED, timezone.now()
            issue.save(update_fields=["state", "finished_at"])
            return issue
        groups = write_editions(issue, content)  # before the subject is settled: each edition names what it holds
        write_content(issue, content)
        following.write_snippets(issue)
        _write_recipients(issue, groups)
    return issue


def write_content(issue: Issue, content: Content) -> None:
    """Number the issue and write down its items, as they are now."""
    blocks = snapshots(content.blocks)
    issue.number = (Issue.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    issue.subject, issue.preheader = subject_of(issue, blocks), preheader_of(issue, blocks)
    issue.more_count = content.more_count
    rows = [(place, block.kind, row) for place, block in enumerate(content.blocks) for row in _rows(block)]
    IssueItem.objects.bulk_create(
        IssueItem(issue=issue, position=position, block=place, kind=kind, **row)
        for position, (place, kind, row) in enumerate(rows)
    )


def _rows(block: Block) -> list[dict[str, Any]]:
    if block.comparison is not None:
        return [{"comparison": block.comparison, "snapshot": block.snapshot}]
    said = block.snapshot["verdicts"]
    return [
        {"verdict": verdict, "snapshot": {"tool": block.snapshot["tool"], "verdict": words}}
        for verdict, words in zip(block.verdicts, said, strict=True)
    ]


def snapshots(blocks: Sequence[Block]) -> list[dict[str, Any]]:
    """Return the blocks as mails and pages print them."""
    return [{"kind": block.kind, **block.snapshot} for block in blocks]


def blocks_of(issue: Issue) -> list[dict[str, Any]]:
    """Return the blocks of a frozen issue, from its items, as mails and pages print them."""
    blocks: dict[int, dict[str, Any]] = {}
    for item in issue.items.all():
        if item.kind in {IssueItem.Kind.COMPARISON, IssueItem.Kind.CLOSE}:
            blocks[item.block] = {"kind": item.kind, **item.snapshot}
            continue
        block = blocks.setdefault(item.block, {"kind": item.kind, "tool": item.snapshot["tool"], "verdicts": []})
        block["verdicts"].append(item.snapshot["verdict"])
    return list(blocks.values())


def categories_of(block: dict[str, Any]) -> set[int]:
    tools = [block["tool"]] if "tool" in block else block["tools"]
    return {tool["category_id"] for tool in tools}


# Editions -------------------------------------------------------------------------------------


def months_due(issue: Issue) -> list[Issue]:
    """Return the issues of past months that monthly readers have not had, the oldest first; locks them."""
    first = issue.day.replace(day=1)
    return list(
        Issue.objects.select_for_update()
        .filter(monthly_in=None, state__in=[*Issue.PUBLIC, Issue.State.FROZEN], day__lt=first)
        .order_by("day")
    )


def write_editions(issue: Issue, content: Content) -> list[Group]:
    """Render an edition for each choice of blocks that some reader's topics lead to; return who gets which."""
    weekly = snapshots(content.blocks)
    past = months_due(issue)
    Issue.objects.filter(pk__in=[row.pk for row in past]).update(monthly_in=issue)
    months = [Month(row, blocks_of(row)) for row in past]
    counted = paths_of(weekly)
    made: dict[tuple, int] = {}
    groups = []
    for topics, is_monthly in audience.kinds(monthly=bool(past)):
        wanted = audience.categories_of(topics)
        arguments = _of_months(months, wanted) if is_monthly else _of_the_week(weekly, wanted, content.more_count)
        if is_monthly and not arguments["months"]:
            groups.append(Group(topics, is_monthly, NO_EDITION))
            continue
        holds = arguments["blocks"] or arguments["months"]
        key = (is_monthly, str(holds))
        if key not in made:
            made[key] = len(made) + 1
            _write_edition(issue, made[key], is_monthly, arguments, counted)
        groups.append(Group(topics, is_monthly, made[key]))
    if not made:
        _write_edition(issue, 1, False, _of_the_week(weekly, None, content.more_count), counted)
    return groups


def _of_the_week(weekly: list[dict[str, Any]], wanted: set[int] | None, more_count: int) -> dict[str, Any]:
    """Return what a weekly edition holds: perhaps nothing, for those who follow something."""
    return {"blocks": [block for block in weekly if _fits(block, wanted)], "months": [], "more_count": more_count}


def _of_months(months: list[Month], wanted: set[int] | None) -> dict[str, Any]:
    chosen = [Month(month.issue, [block for block in month.blocks if _fits(block, wanted)]) for month in months]
    return {"blocks": [], "months": [month for month in chosen if month.blocks]}


def _fits(block: dict[str, Any], wanted: set[int] | None) -> bool:
    return wanted is None or bool(categories_of(block) & wanted)


def _write_edition(
    issue: Issue, number: int, is_monthly: bool, arguments: dict[str, Any], counted: Sequence[str]
) -> None:
    """Write an edition, and beside a weekly one its twin with the second subject, if the issue has one."""
    _store(issue, number, is_monthly, arguments, render(issue, edition=number, counted=counted, **arguments))
    if not is_monthly and (test := subjects.find(issue)):
        other, twin = subjects.with_second_subject(issue, test), number + subjects.SECOND
        mail = render(other, edition=twin, counted=counted, first_number=subjects.SECOND_LINKS, **arguments)
        _store(issue, twin, is_monthly, arguments, mail)


def _store(issue: Issue, number: int, is_monthly: bool, arguments: dict[str, Any], mail: Mail) -> None:
    count = len(arguments["blocks"]) + sum(len(month.blocks) for month in arguments["months"])
    Edition.objects.create(
        issue=issue,
        number=number,
        is_monthly=is_monthly,
        item_count=count,
        mime=mail.mail,
        sha256=hashlib.sha256(mail.mail).hexdigest(),
    )


# Recipients -----------------------------------------------------------------------------------


def _write_recipients(issue: Issue, groups: list[Group]) -> None:
    """Write a delivery for every reader who is to get the issue, in batches by wave; and settle the accounts."""
    candidates = audience.candidates().count()
    waves = _waves(issue)
    test = subjects.begin(issue, min(waves, default=issue.sends_at))
    for wave_at, zones in sorted(waves.items()):
        readers = audience.recipients(issue).filter(tz__in=zones)
        for share in subjects.shares(test, readers, wave_at, groups):
            _write_wave(issue, *share)
    following.assign_snippets(issue)
    _skip_the_empty(issue)
    sizes = Delivery.objects.filter(issue=issue).values("batch").annotate(n=Count("seq")).values_list("batch", "n")
    found = dict(sizes)
    batches = list(issue.batches.all())
    for batch in batches:
        batch.size = found.get(batch.pk, 0)
    SendBatch.objects.bulk_update([b for b in batches if b.size], ["size"], batch_size=500)
    issue.batches.filter(size=0).delete()
    issue.recipient_count = sum(found.values())
    issue.candidate_count = candidates
    issue.excluded_count = candidates - issue.recipient_count
    issue.state, issue.frozen_at = Issue.State.FROZEN, timezone.now()
    issue.save()


def _waves(issue: Issue) -> dict[datetime.datetime, list[str]]:
    """Return the zones of the readers by the instant at which each gets the issue."""
    waves: dict[datetime.datetime, list[str]] = {}
    for zone in audience.recipients(issue).order_by().values_list("tz", flat=True).distinct():
        waves.setdefault(issue.period.wave(zone), []).append(zone)
    return waves


def _write_wave(
    issue: Issue,
    readers: QuerySet[Subscriber],
    wave_at: datetime.datetime,
    groups: Sequence[Group],
    rests_until: datetime.datetime | None,
) -> None:
    first = issue.batches.count()
    count = readers.count()
    SendBatch.objects.bulk_create(
        SendBatch(issue=issue, number=first + place, wave_at=wave_at, next_attempt_at=rests_until)
        for place in range(-(-count // BATCH))
    )
    rows, params = audience.numbered(readers, groups)
    table = connection.ops.quote_name
    with connection.cursor() as cursor:
        # A reader who joined since the count has no batch, and so makes this fail, to be done again by the next tick.
        cursor.execute(
            f"""
            INSERT INTO {table("newsletter_delivery")} (batch_id, seq, issue_id, subscriber_id, address, address_hmac,
                edition, snippets, state, attempts, smtp_code, enhanced, reply)
            SELECT b.id, (r.place - 1) %% {BATCH}, %s, r.id, r.address, r.address_hmac, r.edition, '',
                CASE WHEN r.edition = {NO_EDITION} THEN 4 ELSE 0 END, 0, 0, '',
                CASE WHEN r.edition = {NO_EDITION} THEN 'no_content' ELSE '' END
            FROM ({rows}) r
            LEFT JOIN {table("newsletter_sendbatch")} b
                ON b.issue_id = %s AND b.number = %s + (r.place - 1) / {BATCH}
            """,  # noqa: S608
            [issue.pk, *params, issue.pk, first],
        )


def _skip_the_empty(issue: Issue) -> None:
    """Readers whose topics match nothing, and who follow nothing that changed, get no mail."""
    empty = issue.editions.filter(item_count=0).values_list("number", flat=True)
    Delivery.objects.filter(issue=issue, edition__in=list(empty), snippets="").update(
        state=Delivery.State.SKIPPED, reply="no_content"
    )
