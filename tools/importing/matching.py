"""Which tool a row is about: decided by its slug, else by its address and name together, never by name alone."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from tools.importing.values import Facts
from tools.models import Tool

type Place = tuple[str, str]


class AmbiguousRow(Exception):
    """A row could be about several tools; the message says which."""


def name_key(name: str) -> str:
    """Return what near spellings of a name share: `Crew AI`, `CrewAI` and `crew.ai 🚣` are `crewai`.

    Signs that tell products apart stay (`R+`, `C#`), and so does what stands between digits (`4.6` is not `46`).
    """
    spelled = unicodedata.normalize("NFKD", name).casefold()
    spelled = re.sub(r"(?<=\d)[^\w+#]+(?=\d)", "\0", spelled)
    kept = "".join(c for c in spelled if c in "+#\0" or c.isalnum() or _is_vowel_sign(c))
    return kept or name


def _is_vowel_sign(character: str) -> bool:
    """Tell marks that are letters of their script (Indic, Thai) from accents and emoji selectors."""
    is_accent = "\u0300" <= character <= "\u036f" or "\ufe00" <= character <= "\ufe0f" or character == "\u20e3"
    return unicodedata.category(character).startswith("M") and not is_accent


def address_key(address: str) -> str:
    """Return what spellings of an address share: no scheme, `www.`, fragment, trailing slash, `.git` or capitals.

    Capitals in a path may matter, but not between two products of one name.
    """
    parts = urlsplit(address)
    path = parts.path.rstrip("/").removesuffix(".git")
    query = f"?{parts.query}" if parts.query else ""
    return (parts.netloc.removeprefix("www.") + path + query).casefold()


class Shelf:
    """The tools known so far, findable by slug, by place (address and name) and by name."""

    def __init__(self, tools: Iterable[Tool], former: dict[str, int]) -> None:
        self.by_slug = {tool.slug: tool for tool in tools}
        by_pk = {tool.pk: tool for tool in self.by_slug.values()}
        self.by_former = {slug: by_pk[pk] for slug, pk in former.items()}
        self.by_place: dict[Place, list[Tool]] = defaultdict(list)
        self.by_name: dict[str, list[Tool]] = defaultdict(list)
        self.sites: dict[Place, set[str]] = {}

    def arrange(self, rows: list[Facts]) -> None:
        """Make every tool findable by place and name, and learn from these rows which repository belongs to which site.

        A project is listed now under its site, now under its repository. Where a tool or a row names both, the
        repository stands for the site. A row's repository counts before the one its tool has now, because the row
        will replace it, and the same file must find the same tools again. Without rows, addresses count as they are.
        """
        self.by_place.clear()
        self.by_name.clear()
        self.sites = self._sites(rows) if rows else {}
        for tool in self.by_slug.values():
            self.place(tool)

    def _sites(self, rows: list[Facts]) -> dict[Place, set[str]]:
        repositories: dict[Place, set[str]] = defaultdict(set)
        for facts in rows:
            if facts.values.get("homepage") and facts.values.get("repository"):
                place = address_key(str(facts.values["homepage"])), name_key(facts.name)
                repositories[place].add(address_key(str(facts.values["repository"])))
        replaced = set(repositories)
        for tool in self.by_slug.values():
            place = address_key(tool.homepage), name_key(tool.name)
            if tool.homepage and tool.repository and place not in replaced:
                repositories[place].add(address_key(tool.repository))
        sites: dict[Place, set[str]] = defaultdict(set)
        for (site, name), addresses in repositories.items():
            for address in addresses - {site}:
                sites[address, name].add(site)
        return {place: found for place, found in sites.items() if not any((site, place[1]) in sites for site in found)}

    def add(self, tool: Tool) -> None:
        self.by_slug[tool.slug] = tool

    def place(self, tool: Tool) -> None:
        """Make a tool findable where it is now."""
        place = self._place(tool.name, tool.homepage, tool.repository)
        for found in [self.by_name[tool.name], *([self.by_place[place]] if place else [])]:
            if not any(other is tool for other in found):
                found.append(tool)

    def with_slug(self, slug: str) -> Tool | None:
        """Return the tool that has this slug, or had it."""
        return self.by_slug.get(slug) or self.by_former.get(slug)

    def is_taken(self, slug: str) -> bool:
        return slug in self.by_slug or slug in self.by_former

    def find(self, facts: Facts) -> Tool | None:
        """Return the tool a row without a slug is about, None if it is a new one. Raises AmbiguousRow.

        A row without an address is about the one tool of exactly its name; `ax`, `AX` and `Ax` are three names.
        The one tool of a name that has no address takes the first one given for exactly that name.
        """
        # One may have been renamed by an earlier row.
        namesakes = [tool for tool in self.by_name.get(facts.name, []) if tool.name == facts.name]
        homeless = [tool for tool in namesakes if not (tool.homepage or tool.repository)]
        if not facts.has_address:
            return _only(homeless or namesakes)
        return self.find_at_place(facts) or (homeless[0] if len(homeless) == 1 else None)

    def find_at_place(self, facts: Facts, excluded: Collection[str] = ()) -> Tool | None:
        """Return the tool of a row's address and name, leaving out those with an excluded slug. Raises AmbiguousRow."""
        place = self._place(facts.name, str(facts.values.get("homepage", "")), str(facts.values.get("repository", "")))
        here = [tool for tool in self.by_place.get(place, []) if tool.slug not in excluded] if place else []
        return _only([tool for tool in here if tool.name == facts.name] or here)

    def _place(self, name: str, homepage: str, repository: str) -> Place | None:
        if not (homepage or repository):
            return None
        address, name = address_key(homepage or repository), name_key(name)
        sites = self.sites.get((address, name), set())
        return (next(iter(sites)) if len(sites) == 1 else address), name


def _only(tools: list[Tool]) -> Tool | None:
    if len(tools) > 1:
        raise AmbiguousRow(f"could be any of {', '.join(sorted(tool.slug for tool in tools))}: give its slug")
    return tools[0] if tools else None
