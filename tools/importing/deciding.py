"""What each row does to the catalogue: decided in memory, written in a handful of queries."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from django.utils import timezone
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from tools import slugs
from tools.importing.matching import AmbiguousRow, Shelf, address_key, name_key
from tools.importing.reading import Row
from tools.importing.report import Report
from tools.importing.values import Facts, quoted, read_facts
from tools.models import Category, Change, Check, FormerSlug, State, Tool
from tools.models.change import changes_between, snapshot
from tools.text import clean_line

BATCH = 500
KNOWN_SLUG, NEW_SLUG, ADDRESS, NAME_ALONE = range(4)
# What `Tool.check_method` speaks for: a check of the old value says nothing of the new one.
CHECKED = {"vendor", "licence", "entry", "homepage", "repository"}


class Decisions:
    """An import under way: the catalogue as it will be, and which of its tools are new or changed."""

    def __init__(self, *, default_category: str, publish: bool) -> None:
        self.default_category = clean_line(default_category)
        self.state = State.PUBLISHED if publish else State.DRAFT
        categories = {category.pk: category for category in Category.objects.all()}
        self.categories = {category.name.casefold(): category for category in categories.values()}
        tools = list(Tool.objects.order_by("pk"))
        for tool in tools:
            tool.category = categories[tool.category_id]
        self.shelf = Shelf(tools, dict(FormerSlug.objects.values_list("slug", "tool_id")))
        self.claimed: Counter[str] = Counter()
        self.new: list[Tool] = []
        self.changed: dict[int, Tool] = {}
        self.changed_fields: set[str] = set()
        self.before: dict[int, dict[str, Any]] = {}  # What changed tools were, for the log of changes.
        self.lines: dict[str, int] = {}  # The line each tool's facts come from, by the slug it has.
        self.meant: dict[str, Tool] = {}  # The tool each slug of the file turned out to mean.
        self.report = Report()

    def take(self, rows: list[Row], track: Callable[[list], Iterable] = iter) -> Report:
        """Decide on all rows: known slugs first, then new slugs, then addresses, then names alone, each in file order.

        The order makes a second import meet the same tools as the first, wherever a row stands in the file.
        """
        everything = [read_facts(row) for row in rows]
        self.claimed = Counter(facts.slug for facts in everything if facts.slug)
        ranks = {id(facts): self._rank(facts) for facts in everything}
        rank = KNOWN_SLUG
        for facts in track(sorted(everything, key=lambda facts: ranks[id(facts)])):
            if rank == KNOWN_SLUG and ranks[id(facts)] > KNOWN_SLUG:
                self.shelf.arrange([])
            if rank < ADDRESS <= ranks[id(facts)]:
                self.shelf.arrange([other for other in everything if not (other.slug or other.row.problems)])
            rank = ranks[id(facts)]
            self._decide(facts)
        return self.report

    def _rank(self, facts: Facts) -> int:
        if facts.slug:
            return KNOWN_SLUG if self.shelf.with_slug(facts.slug) else NEW_SLUG
        return ADDRESS if facts.has_address else NAME_ALONE

    def write(self, reason: str) -> None:
        """Write everything that was decided. The caller opens the transaction."""
        Category.objects.bulk_create([category for category in self.categories.values() if category.pk is None])
        bulk_create_with_history(self.new, Tool, batch_size=BATCH, default_change_reason=reason)
        if self.changed:
            bulk_update_with_history(
                list(self.changed.values()),
                Tool,
                sorted(self.changed_fields | {"updated_at"}),
                batch_size=BATCH,
                default_change_reason=reason,
            )
        now = timezone.now()
        told = [(tool, None) for tool in self.new] + [(tool, self.before[pk]) for pk, tool in self.changed.items()]
        Change.objects.bulk_create(
            [change for tool, before in told for change in changes_between(tool, before, now)], batch_size=BATCH
        )

    def _decide(self, facts: Facts) -> None:
        row = facts.row
        tool = self._find(facts) if not row.problems else None
        if tool is None and not row.problems:
            self._check_new(facts)
        if row.problems:
            self.report.refuse(row)
            return
        outcome = self._update(tool, facts) if tool else self._create(facts)
        self.report.outcomes[outcome] += 1
        self.report.notes += [(row.line, note) for note in facts.notes]

    def _find(self, facts: Facts) -> Tool | None:
        problems = facts.row.problems
        tool = self.meant.get(facts.slug) or self.shelf.with_slug(facts.slug)
        if tool:
            line = self.lines.get(tool.slug)
            if line and facts.name and name_key(facts.name) != name_key(tool.name):
                problems["slug"] = [f"{quoted(facts.slug)} is taken by {quoted(tool.name)} on line {line}"]
            return tool
        if not facts.name:
            problems["name"] = ["is missing"]
            return None
        try:
            if not facts.slug:
                return self.shelf.find(facts)
            # A file that gives slugs to two products means two, even if they share name and address; and where two
            # rows share a new slug, it names the tool better than the address of either.
            excluded = self.claimed.keys() | self.lines.keys()
            return self.shelf.find_at_place(facts, excluded) if self.claimed[facts.slug] == 1 else None
        except AmbiguousRow as error:
            problems["name"] = [f"{quoted(facts.name)} {error}"]
            return None

    def _check_new(self, facts: Facts) -> None:
        facts.category = facts.category or self.default_category
        if not facts.category:
            facts.row.problems["category"] = ["is missing, and there is no default"]

    def _create(self, facts: Facts) -> str:
        homepage = str(facts.values.get("homepage") or facts.values.get("repository") or "")
        slug = facts.slug or slugs.unique_slug(facts.name, homepage, self._is_taken)
        tool = Tool(slug=slug, state=self.state)
        tool.settle_state()
        self._take_over(tool, facts, self._acceptable(tool, facts))
        self.new.append(tool)
        self.shelf.add(tool)
        self._remember(tool, facts)
        return "created"

    def _update(self, tool: Tool, facts: Facts) -> str:
        if facts.slug not in {"", tool.slug}:
            facts.notes.append(f"slug {quoted(facts.slug)} kept aside: this tool's is {tool.slug}")
        values = self._acceptable(tool, facts)
        if tool.pk:
            self.before.setdefault(tool.pk, snapshot(tool))
        changed = self._take_over(tool, facts, values)
        self._remember(tool, facts)
        if not changed:
            return "unchanged"
        if changed & CHECKED and not tool.is_unchecked:
            facts.notes.append(f"{tool.slug} had been checked ({tool.get_check_method_display()}): check it again")
            tool.check_method, tool.checked_on = Check.UNCHECKED, None
            changed |= {"check_method", "checked_on"}
        if tool.pk:
            tool.updated_at = timezone.now()
            self.changed[tool.pk] = tool
            self.changed_fields |= changed
        return "changed"

    def _acceptable(self, tool: Tool, facts: Facts) -> dict[str, object]:
        """Return the values of a row that its tool takes over; what is kept aside is noted.

        Within a file the first row about a tool wins and later ones fill its gaps, or two rows would take turns.
        """
        values = dict(facts.values)
        if facts.category:
            values["category"] = self._category(facts.category)
        if line := self.lines.get(tool.slug):
            differing = [column for column, value in values.items() if getattr(tool, column) not in ("", None, value)]
            listed = [column for column in differing if not _is_same_address(getattr(tool, column), values[column])]
            aside = f"; kept from there: {', '.join(listed)}" if listed else ""
            facts.notes.append(f"is the same product as line {line} ({quoted(tool.name)}){aside}")
            values = {column: value for column, value in values.items() if column not in differing}
        homepage = str(values.get("homepage") or values.get("repository") or "")
        if homepage and tool.homepage and not facts.slug and address_key(homepage) != address_key(tool.homepage):
            # Found by its repository: a listing of the repository moves neither the product's site nor its repository.
            for column in ("homepage", "repository"):
                if (address := values.get(column)) and getattr(tool, column) not in ("", address):
                    del values[column]
                    facts.notes.append(
                        f"{column} {quoted(str(address))} kept aside: it is {quoted(getattr(tool, column))}"
                    )
        self._settle_release(tool, facts, values)
        return values

    def _settle_release(self, tool: Tool, facts: Facts, values: dict[str, object]) -> None:
        """Take a release day only beside its own version: a day without one says nothing, or something wrong."""
        version = values.get("latest_version", tool.latest_version)
        is_its_day = bool(version) and facts.values.get("latest_version") == version
        day = values.get("released_on")
        if day and not is_its_day and day != tool.released_on:
            del values["released_on"]
            facts.notes.append(f"released_on “{day}” kept aside: its version is not given")
        if version != tool.latest_version and tool.released_on and not values.get("released_on"):
            facts.notes.append(f"released_on still is {tool.released_on}, the day of {quoted(tool.latest_version)}")

    def _take_over(self, tool: Tool, facts: Facts, values: dict[str, object]) -> set[str]:
        is_blank = tool.pk is None and tool.slug not in self.lines
        changed = {column for column, value in values.items() if is_blank or getattr(tool, column) != value}
        for column in changed:
            setattr(tool, column, values[column])
        return changed

    def _remember(self, tool: Tool, facts: Facts) -> None:
        self.lines.setdefault(tool.slug, facts.row.line)
        if facts.slug:
            self.meant[facts.slug] = tool
        self.shelf.place(tool)

    def _category(self, name: str) -> Category:
        category = self.categories.get(name.casefold())
        if category is None:
            taken = {other.slug for other in self.categories.values()}
            category = Category(name=name, slug=slugs.unique_slug(name, "", taken.__contains__))
            self.categories[name.casefold()] = category
            self.report.categories.append(name)
        return category

    def _is_taken(self, slug: str) -> bool:
        return self.shelf.is_taken(slug) or slug in self.claimed


def _is_same_address(one: object, other: object) -> bool:
    both = str(one), str(other)
    return all(address.startswith("http") for address in both) and address_key(both[0]) == address_key(both[1])
