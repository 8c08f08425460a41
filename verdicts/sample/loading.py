"""Put the sample files into the database: what is missing is made, what is there is left alone."""

import datetime
import tomllib
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from tools.models import Category, Check, Fact, FactKind, FormerSlug, State, Tool
from verdicts.models import Comparison, Evidence, Reviewer, Verdict
from voting.models import User
from voting.sample import load as load_votes

FOLDER = Path(__file__).parent
STATED = {"open-source", "free-tier", "first-release"}  # what the catalogue of facts says; the rest nobody has checked


def read(path: Path) -> dict[str, Any]:
    """Return one TOML file. Raises ValueError with the file's name when it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path.name}: {error}") from error


class SampleSite:
    """The sample content as of a day. Dates in the files are moved by as many days as have passed since they were written.

    Rows are cleaned without asking for each constraint beforehand, a query each: the database refuses them all the same.
    """

    def __init__(self, today: datetime.date) -> None:
        self.frame = read(FOLDER / "site.toml")
        self.today = today
        self.shift = today - self.frame["written_on"]

    def day(self, written: datetime.date) -> datetime.date:
        return min(written + self.shift, self.today)

    def moment(self, written: datetime.date, hour: int = 9) -> datetime.datetime:
        """Return an hour of a written day, never later than now."""
        day = datetime.datetime.combine(self.day(written), datetime.time(hour), datetime.UTC)
        return min(day, timezone.now())

    @transaction.atomic
    def load(self, editor: User) -> dict[str, int]:
        """Make what is missing; return how many rows of each kind were made."""
        made = {"categories": 0, "reviewers": 0, "tools": 0, "verdicts": 0, "comparisons": 0}
        for position, row in enumerate(self.frame["categories"]):
            _, created = Category.objects.get_or_create(slug=row["slug"], defaults=row | {"position": position})
            made["categories"] += created
        for position, row in enumerate(self.frame["fact_kinds"]):
            FactKind.objects.get_or_create(slug=row["slug"], defaults=row | {"position": position})
        for position, row in enumerate(self.frame["reviewers"]):
            defaults = {key: value.strip() for key, value in row.items()}
            defaults |= {"position": position, "responsible_editor": editor}
            _, created = Reviewer.objects.get_or_create(slug=row["slug"], defaults=defaults)
            made["reviewers"] += created
        self.categories = {category.slug: category for category in Category.objects.all()}
        self.kinds = {kind.slug: kind for kind in FactKind.objects.all()}
        self.reviewers = {reviewer.slug: reviewer for reviewer in Reviewer.objects.all()}
        # A tool that staff have moved to another address is there, under its former one.
        present = {*Tool.objects.values_list("slug", flat=True), *FormerSlug.objects.values_list("slug", flat=True)}
        for path in sorted((FOLDER / "tools").glob("*.toml")):
            if path.stem not in present:
                made["tools"] += 1
                made["verdicts"] += self._load_tool(path, editor)
        for path in sorted((FOLDER / "comparisons").glob("*.toml")):
            made["comparisons"] += self._load_comparison(path)
        made["votes"] = load_votes(self.today, editor)
        return made

    def _load_tool(self, path: Path, editor: User) -> int:
        row = read(path)
        stated = row["confidence"] == "high"
        written = self.frame["written_on"]
        fields = ("name", "tagline", "vendor", "homepage", "repository", "documentation", "licence", "entry")
        tool = Tool(
            slug=path.stem,
            category=self.categories[row["category"]],
            description=row["description"].strip(),
            state=State.PUBLISHED,
            is_sample=True,
            **{field: row[field] for field in fields},
            **self._check(stated, row["homepage"]),
        )
        dates = [verdict["tested_on"] for verdict in row.get("verdicts", {}).values()]
        dates += [verdict["before"]["tested_on"] for verdict in row.get("verdicts", {}).values() if "before" in verdict]
        tool.published_at = self.moment(min([*dates, written]), hour=8)
        tool._history_date = tool.published_at  # type: ignore[attr-defined]
        tool.full_clean(validate_constraints=False)
        tool.save()
        for slug, answer in row["facts"].items():
            self._load_fact(tool, slug, answer, stated and slug in STATED)
        return sum(self._load_verdict(tool, slug, text, editor) for slug, text in row.get("verdicts", {}).items())

    def _check(self, stated: bool, source: str) -> dict[str, object]:
        """Facts from a source we trust count as the vendor's statement; doubtful ones as not checked."""
        if not stated:
            return {"check_method": Check.UNCHECKED, "source_url": source}
        return {"check_method": Check.CLAIMED, "checked_on": self.day(self.frame["written_on"]), "source_url": source}

    def _load_fact(self, tool: Tool, slug: str, answer: str, stated: bool) -> None:
        plain = answer in {"yes", "no", "partial", "unknown"}
        check = self._check(stated and answer != "unknown", tool.homepage) if answer != "unknown" else {}
        fact = Fact(
            tool=tool, kind=self.kinds[slug], answer=answer if plain else "text", text="" if plain else answer, **check
        )
        fact._history_date = tool.published_at  # type: ignore[attr-defined]
        fact.full_clean(exclude=["tool", "kind"], validate_constraints=False)
        fact.save()

    def _load_verdict(self, tool: Tool, slug: str, row: dict[str, Any], editor: User) -> int:
        """Publish one verdict; one with a past publishes that first, so that it has a revision to show."""
        texts = [row["before"], row] if "before" in row else [row]
        for number, text in enumerate(texts, start=1):
            verdict = Verdict(
                tool=tool,
                reviewer=self.reviewers[slug],
                number=number,
                decision=text["decision"],
                reason=text["reason"].strip(),
                evidence=text.get("evidence", Evidence.DOCUMENTS),
                tested_on=self.day(text["tested_on"]),
                editor=editor,
                revision_note=row["revision_note"] if number > 1 else "",
            )
            verdict.full_clean(exclude=["tool", "reviewer", "editor"], validate_constraints=False)
            verdict.save()
            verdict.publish(at=self.moment(text["tested_on"], hour=10))
        return len(texts)

    def _load_comparison(self, path: Path) -> bool:
        row = read(path)
        slugs = path.stem.split("-vs-")
        tools = {slug: Tool.objects.named(slug).get() for slug in slugs}
        (first_slug, first), (second_slug, second) = sorted(tools.items(), key=lambda item: item[1].pk)
        if Comparison.objects.filter(first=first, second=second).exists():
            return False
        featured = row.get("featured_on")
        comparison = Comparison(
            first=first,
            second=second,
            headline=row["headline"],
            standfirst=row["standfirst"].strip(),
            ship_first_if=row["ship_if"][first_slug].strip(),
            ship_second_if=row["ship_if"][second_slug].strip(),
            ship_neither_if=row["ship_if"]["neither"].strip(),
            featured_on=self.day(featured) if featured else None,
        )
        comparison.full_clean()
        comparison.publish()
        return True
