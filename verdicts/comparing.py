"""Comparisons: which tools an address means, and the page about them."""

import datetime
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from tools.addresses import address
from tools.models import Category, Change, FormerSlug, Tool
from tools.slugs import is_valid
from tools.statements import statement
from verdicts import details, queries, scoring
from verdicts.changes import changes_of
from verdicts.facts import FactRow, fact_rows
from verdicts.methodology import version_on
from verdicts.models import Comparison, Reviewer, Verdict
from verdicts.scored import ScoredTool
from voting.models import tallies_on

MOST = 4
SEPARATOR = "-vs-"


class UnknownTools(LookupError):
    """An address names something that readers cannot see."""


def tools_named(slugs: list[str]) -> list[ScoredTool]:
    """Return the public tools that have, or had, these addresses: each once, in the order of their present slugs.

    Raises UnknownTools when one is missing or a draft. Costs two queries, or three if an address is an old one.
    """
    if not all(is_valid(slug) for slug in slugs):  # PostgreSQL does not even look for a NUL
        raise UnknownTools
    found = {tool.slug: tool for tool in _public_tools_at(slugs)}
    missing = [slug for slug in slugs if slug not in found]
    if missing:
        moved = dict(FormerSlug.objects.filter(slug__in=missing).values_list("slug", "tool"))
        if len(moved) < len(set(missing)):
            raise UnknownTools
        public = queries.with_figures(Tool.objects.public())
        by_pk = {tool.pk: tool for tool in public.filter(pk__in=moved.values())}
        if len(by_pk) < len(set(moved.values())):
            raise UnknownTools
        found |= {by_pk[pk].slug: by_pk[pk] for pk in moved.values()}
    return queries.scored(found[slug] for slug in sorted(found))


@statement
def _public_tools_at(slugs: list[str]) -> QuerySet[Tool]:
    return queries.with_figures(Tool.objects.public()).filter(slug__in=slugs)


def columns_of(pair: str) -> list[ScoredTool]:
    """Return the tools that an address names. Raises Http404 for fewer than two names, more than four, or unknown ones."""
    names = pair.lower().split(SEPARATOR)
    if not 2 <= len(names) <= MOST or not all(names):
        raise Http404("A comparison names two to four tools.")
    return tools_or_404(names)


def tools_or_404(slugs: list[str]) -> list[ScoredTool]:
    try:
        return tools_named(slugs)
    except UnknownTools as error:
        raise Http404("One of these tools is not on the site.") from error


def comparison_path(tools: Sequence[Tool]) -> str:
    """Return the one address of these tools: their own page for one, else joined in the order of their slugs."""
    if len(tools) == 1:
        return tools[0].get_absolute_url()
    return address("comparison", SEPARATOR.join(sorted(tool.slug for tool in tools)))


@dataclass(frozen=True, slots=True)
class Pair:
    """A link to a comparison."""

    tools: Sequence[Tool]
    headline: str = ""

    @property
    def title(self) -> str:
        return " vs ".join(tool.name for tool in self.tools)

    @property
    def url(self) -> str:
        return comparison_path(self.tools)


def pair_of(first: Tool, second: Tool, headline: str = "") -> Pair:
    return Pair(sorted([first, second], key=lambda tool: tool.slug), headline)


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One persona's verdicts on each tool, in the order of the columns; None where it has not judged."""

    reviewer: Reviewer
    cells: list[Verdict | None]
    record: queries.Record | None = None  # its base rates, where they were asked for


def score_rows(
    panel: list[Reviewer],
    tools: Sequence[Tool],
    verdicts: list[Verdict],
    records: dict[int, queries.Record] | None = None,
) -> list[ScoreRow]:
    """Return a row per persona of the panel, in its order; nobody is left out for having said nothing."""
    cells = {(verdict.reviewer_id, verdict.tool_id): verdict for verdict in verdicts}
    rates = records or {}
    return [
        ScoreRow(reviewer, [cells.get((reviewer.pk, tool.pk)) for tool in tools], rates.get(reviewer.pk))
        for reviewer in panel
    ]


@dataclass
class ComparisonPage:
    """Everything the page of two to four tools prints."""

    columns: list[ScoredTool]
    curated: Comparison | None
    all_fact_rows: list[FactRow]
    scorecard: list[ScoreRow]
    changes: list[Change]
    pairs: list[Pair]
    only_differences: bool = False
    as_of: datetime.date | None = None
    advice: list[tuple[ScoredTool, str]] = field(default_factory=list)

    @cached_property
    def title(self) -> str:
        return " vs ".join(tool.name for tool in self.columns)

    @cached_property
    def category(self) -> Category | None:
        """The shelf all the tools share, if they do."""
        shelves = {tool.category_id: tool.category for tool in self.columns}
        return next(iter(shelves.values())) if len(shelves) == 1 else None

    @property
    def headline(self) -> str:
        return self.curated.headline if self.curated else ""

    @cached_property
    def standfirst(self) -> str:
        return result_in_words(self.columns)

    @cached_property
    def lead(self) -> str:
        return lead_in_words(self.columns)

    @property
    def equal_count(self) -> int:
        return sum(not row.differs for row in self.all_fact_rows)

    @cached_property
    def fact_rows(self) -> list[FactRow]:
        return [row for row in self.all_fact_rows if row.differs or not self.only_differences]

    @cached_property
    def canonical_path(self) -> str:
        return comparison_path(self.columns)

    @property
    def canonical_url(self) -> str:
        return settings.SITE_URL + self.canonical_path

    @property
    def toggle_url(self) -> str:
        return self.canonical_path + ("" if self.only_differences else "?only=differences")

    @property
    def feed_url(self) -> str:
        return f"{self.canonical_path}changes.atom"

    @property
    def method(self) -> str:
        """The version of the method in force on the day the page speaks of."""
        return version_on(self.as_of or timezone.localdate())

    @property
    def permalink_url(self) -> str:
        return f"{self.canonical_path}as-of/{timezone.localdate():%Y-%m-%d}/"

    @property
    def robots(self) -> str:
        """Empty where the page is worth finding: a pair of one shelf or a curated one, both panels at quorum."""
        is_pair = len(self.columns) == 2 and (self.category is not None or self.curated is not None)
        judged = all(tool.panel.has_quorum for tool in self.columns)
        return "" if is_pair and judged and self.as_of is None else "noindex, follow"


def comparison_page(
    tools: list[ScoredTool],
    *,
    only_differences: bool = False,
    as_of: datetime.date | None = None,
    with_records: bool = False,
) -> ComparisonPage:
    """Return the page about these tools, as it is or as it stood at the end of a past day.

    `with_records` adds to each persona its base rates, which are today's.
    """
    ahead = nullcontext() if as_of else details.asked_ahead(tools, with_records=with_records)
    with ahead:
        page = _made_page(tools, as_of, with_records=with_records)
    page.only_differences = only_differences
    return page


def _made_page(tools: list[ScoredTool], as_of: datetime.date | None, *, with_records: bool) -> ComparisonPage:
    moment = datetime.datetime.combine(as_of, datetime.time.max, datetime.UTC) if as_of else None
    if moment:
        details.turn_back(tools, moment)
    panel = details.panel_of(moment) if moment else details.panel_of_today()
    verdicts = _said_by(panel, details.scorecard_verdicts(tools, moment))
    for verdict in verdicts:
        verdict.seen_on = as_of
    if as_of:
        _rescore(tools, verdicts, as_of)
    prices = details.current_prices(tools, moment)
    for tool in tools:
        tool.price = next(iter(prices.get(tool.pk, [])), None)
    curated = details.curated_comparison(tools, moment)
    changes = changes_of(tools, until=moment)
    return ComparisonPage(
        columns=tools,
        curated=curated,
        all_fact_rows=fact_rows(tools, details.facts_of(tools, moment), prices),
        scorecard=score_rows(panel, tools, verdicts, queries.base_rates() if with_records else None),
        changes=changes,
        pairs=[] if as_of else [pair_of(a, b) for a, b in details.neighbours(tools)],
        as_of=as_of,
        advice=[(tool, curated.advice()[tool.pk]) for tool in tools] if curated else [],
    )


def _said_by(panel: list[Reviewer], verdicts: list[Verdict]) -> list[Verdict]:
    """Return the verdicts of these personas, each with its persona as given."""
    by_pk = {reviewer.pk: reviewer for reviewer in panel}
    said = [verdict for verdict in verdicts if verdict.reviewer_id in by_pk]
    for verdict in said:
        verdict.reviewer = by_pk[verdict.reviewer_id]
    return said


def _rescore(tools: list[ScoredTool], verdicts: list[Verdict], day: datetime.date) -> None:
    """Count the panel from the verdicts of that day instead of today's, and readers as they stood at its end."""
    past = tallies_on(tools, day) if day < timezone.localdate() else None
    for tool in tools:
        said = [verdict.is_ship for verdict in verdicts if verdict.tool_id == tool.pk]
        tool.panel = scoring.PanelScore(sum(said), len(said))
        if past is not None:
            tool.community = queries.community_of_day(past.get(tool.pk))


# The result in words -----------------------------------------------------------------------------


def result_in_words(tools: list[ScoredTool]) -> str:
    """Return one sentence that states the result, made of the same figures as the page."""
    sentence = "; ".join([_panel_words(tools), _reader_words(tools), _entry_words(tools)])
    return sentence[0].upper() + sentence[1:] + "."


def _split(tool: ScoredTool) -> str:
    return f"{tool.panel.ships}–{tool.panel.skips}"


def _panel_words(tools: list[ScoredTool]) -> str:
    everyone = "both" if len(tools) == 2 else f"all {('', '', '', 'three', 'four')[len(tools)]}"
    if not any(tool.panel.total for tool in tools):
        return f"the panel has judged {'neither' if len(tools) == 2 else 'none of these'} yet"
    if len({(tool.panel.ships, tool.panel.total) for tool in tools}) == 1:
        score = tools[0].panel
        if score.skips == 0:
            return f"{everyone} clear the panel {_split(tools[0])}"
        return f"the panel skips {everyone}" if score.ships == 0 else f"the panel gives {everyone} {_split(tools[0])}"
    named = [f"{tool.name} {_split(tool)}" if tool.panel.total else f"{tool.name} no verdict yet" for tool in tools]
    return f"the panel gives {_listed(named)}"


def _reader_words(tools: list[ScoredTool]) -> str:
    if not any(tool.community.total for tool in tools):
        return "readers have not voted yet"
    if len(tools) > 2:
        shown = [tool for tool in tools if tool.community.percent is not None]
        best = sorted(shown, key=lambda tool: tool.community.percent or 0, reverse=True)
        return (
            f"readers ship {best[0].name} most, {best[0].community.percent} %"
            if best
            else "too few votes for a reader percentage"
        )
    words = leader_words(*tools)
    leads = not words.startswith("Too ")
    return f"among readers {words}" if leads else words[0].lower() + words[1:] + " among readers"


def lead_in_words(tools: Sequence[ScoredTool]) -> str:
    """Return who leads among readers; empty for more than two tools and while nobody has voted."""
    if len(tools) != 2 or not any(tool.community.total for tool in tools):
        return ""
    return leader_words(*tools)


def leader_words(first: ScoredTool, second: ScoredTool) -> str:
    """Return "A leads", "Too close to call" or "Too few votes to say"."""
    shown = first.community.kind == second.community.kind == "shown"
    sides = [(tool.community.ships, tool.community.skips) for tool in (first, second)]
    leader = scoring.lead(*sides) if shown else "few"
    return {
        "first": f"{first.name} leads",
        "second": f"{second.name} leads",
        "close": "Too close to call",
        "few": "Too few votes to say who leads",
    }[leader]


def _entry_words(tools: list[ScoredTool]) -> str:
    labels = {tool.entry for tool in tools}
    if labels == {""}:
        return "no entry price has been checked"
    if len(labels) == 1:
        return f"{'both' if len(tools) == 2 else 'all'} {_entry_verb(tools[0].entry, 'are')}"
    return ", ".join([f"{tool.name} {_entry_verb(tool.entry, 'is')}" for tool in tools])


def _entry_verb(entry: str, verb: str) -> str:
    has = "has" if verb == "is" else "have"
    return {
        "free": f"{verb} free",
        "paid": f"{verb} paid",
        "freemium": f"{has} a free tier",
        "contact": f"{verb} priced on request",
        "": f"{has} no checked price",
    }[entry]


def _listed(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def is_close(first: ScoredTool, second: ScoredTool) -> bool:
    """Tell whether a pair is too close to call: both have votes enough, and the interval of the difference holds zero."""
    shown = first.community.kind == second.community.kind == "shown"
    sides = [(tool.community.ships, tool.community.skips) for tool in (first, second)]
    return shown and scoring.lead(*sides) == "close"
