"""From what is known to what is shown, by the functions that the pages use. Rows in, rows out; no database, no clock."""

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

from tools.models import Entry, Price
from verdicts import comparing, scoring
from verdicts.dump.files import COUNTERS, Row
from verdicts.scored import ScoredTool

OF_A_TOOL = ("name", "slug", "category", "entry", "latest_version", "state")
OF_A_VERDICT = ("reviewer", "number", "decision", "state", "tool_version", "tested_on")
PUBLIC = {"published", "discontinued"}


@dataclass(slots=True)
class Reckoning:
    """What has been read so far of the rows of a dump, and what follows from them as of a day."""

    day: datetime.date
    categories: list[str] = field(default_factory=list)
    tools: dict[str, Row] = field(default_factory=dict)
    reviewers: dict[str, Row] = field(default_factory=dict)
    verdicts: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    plans: dict[str, dict[str, Row]] = field(default_factory=lambda: defaultdict(dict))
    votes: dict[str, Row] = field(default_factory=dict)
    comparisons: list[tuple[str, str]] = field(default_factory=list)

    def take(self, name: str, row: Row) -> None:
        """Take one row of a table in. Raises KeyError when it is about something that has not been there."""
        about = self.tools[row["tool"]] if "tool" in row else None
        if name == "categories":
            self.categories.append(row["slug"])
        elif name == "tools":
            self.tools[row["slug"]] = {column: row[column] for column in OF_A_TOOL}
        elif name == "reviewers":
            self.reviewers[row["slug"]] = {"is_active": row["is_active"]}
        elif name == "verdicts" and about:
            self.reviewers[row["reviewer"]]
            self.verdicts[row["tool"]].append({column: row[column] for column in OF_A_VERDICT})
        elif name == "prices" and row["starts_on"] <= self.day.isoformat():
            before = self.plans[row["tool"]].get(row["plan"])
            if before is None or before["starts_on"] < row["starts_on"]:
                self.plans[row["tool"]][row["plan"]] = row
        elif name == "votes" and row["day"] >= self.votes.get(row["tool"], row)["day"]:
            self.votes[row["tool"]] = row
        elif name == "comparisons":
            self.comparisons.append((self.tools[row["first"]]["slug"], self.tools[row["second"]]["slug"]))

    def shown(self, name: str) -> Iterator[Row]:
        """Return the rows of one table of shown numbers."""
        yield from getattr(self, name)()

    def scored(self, slug: str) -> ScoredTool:
        """Return what the pages would call a scored tool."""
        tool = self.tools[slug]
        said = [row for row in self.verdicts.get(slug, ()) if self._counts(row)]
        row = self.votes.get(slug) or dict.fromkeys(COUNTERS, 0) | {"era_label": ""}
        counters = SimpleNamespace(**{f"vote_{column}": row[column] for column in COUNTERS})
        panel = scoring.PanelScore(sum(row["decision"] == "ship" for row in said), len(said))
        scored = SimpleNamespace(**tool, panel=panel, community=scoring.CommunityScore.of_row(counters))
        return cast(ScoredTool, scored)

    def _counts(self, verdict: Row) -> bool:
        return verdict["state"] == "published" and self.reviewers[verdict["reviewer"]]["is_active"]

    def _stale(self, slug: str) -> int:
        newest = self.tools[slug]["latest_version"]
        return sum(
            bool(
                scoring.staleness(
                    tested_on=datetime.date.fromisoformat(row["tested_on"]),
                    today=self.day,
                    tested_version=row["tool_version"],
                    newest_version=newest,
                )
            )
            for row in self.verdicts.get(slug, ())
            if self._counts(row)
        )

    def shown_tools(self) -> Iterator[Row]:
        for slug in self.tools:
            tool = self.scored(slug)
            panel, readers = tool.panel, tool.community
            yield {
                "tool": slug,
                "panel_ships": panel.ships,
                "panel_total": panel.total,
                "panel_percent": panel.percent,
                "panel_figure": panel.figure,
                "panel_words": panel.words,
                "stale_verdicts": self._stale(slug),
                "readers_kind": readers.kind,
                "readers_ships": readers.ships,
                "readers_skips": readers.skips,
                "readers_percent": readers.percent,
                "readers_low": readers.low,
                "readers_high": readers.high,
                "readers_figure": readers.figure,
                "readers_words": readers.words,
                "readers_about": readers.era_words,
                "verified_percent": readers.verified_percent,
                "verified_words": readers.verified_words,
                "being_checked": readers.held,
                "entry_label": str(Entry(tool.entry).label) if tool.entry else "Not checked",
                "plans": self._plans(slug),
            }

    def _plans(self, slug: str) -> list[str]:
        """Return the plans on offer in words, the cheapest first."""
        fields = ("plan", "currency", "unit", "period")
        offered = [row for row in self.plans.get(slug, {}).values() if row["is_offered"]]
        prices = [Price(amount=Decimal(row["amount"]), **{name: row[name] for name in fields}) for row in offered]
        return [f"{price.plan}: {price.words}" for price in sorted(prices, key=lambda it: (it.amount or 0, it.plan))]

    def shown_categories(self) -> Iterator[Row]:
        counts = Counter(tool["category"] for tool in self.tools.values() if tool["state"] in PUBLIC)
        for slug in self.categories:
            yield {"category": slug, "published_count": counts[slug]}

    def shown_reviewers(self) -> Iterator[Row]:
        counts: dict[str, Counter[str]] = {slug: Counter() for slug in self.reviewers}
        for rows in self.verdicts.values():
            before: dict[str, str] = {}
            for row in sorted(rows, key=lambda row: (row["reviewer"], row["number"])):
                own = counts[row["reviewer"]]
                if row["state"] == "published":
                    own["all"] += 1
                    own[row["decision"]] += 1
                own["flips"] += before.get(row["reviewer"], row["decision"]) != row["decision"]
                before[row["reviewer"]] = row["decision"]
        for slug, own in counts.items():
            total = own["all"]
            yield {
                "reviewer": slug,
                "verdict_count": total,
                "ship_count": own["ship"],
                "skip_count": total - own["ship"],
                "flip_count": own["flips"],
                "ship_percent": scoring.whole_percent(own["ship"] / total) if total else None,
                "flip_percent": scoring.whole_percent(min(1, own["flips"] / total)) if total else None,
            }

    def shown_comparisons(self) -> Iterator[Row]:
        for pair in self.comparisons:
            tools = [self.scored(slug) for slug in sorted(pair)]
            yield {
                "tools": sorted(pair),
                "result": comparing.result_in_words(tools),
                "lead": comparing.lead_in_words(tools),
            }


def difference(where: str, stated: Row, reckoned: Row) -> list[str]:
    """Return a line for each column in which two rows differ."""
    names: list[Any] = [name for name in reckoned if stated.get(name) != reckoned[name]]
    return [f"{where}: {name} is given as {stated.get(name)!r}, but follows as {reckoned[name]!r}." for name in names]
