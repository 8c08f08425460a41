"""Two throw-away databases with synthetic sites of different size, on whatever server DATABASE_URL names."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from newsletter.synthetic import synthetic_tools
from tools.models import Tool, Touch
from verdicts.comparing import comparison_path
from verdicts.models import Reviewer
from verdicts.queries import with_panel


@contextmanager
def databases(sizes: list[int]) -> Iterator[dict[int, str]]:
    """Make a database with a site of each size and give their names; leave none behind."""
    settings.DATABASES["default"].setdefault("TEST", {})
    with TemporaryDirectory() as folder:
        is_file = connection.vendor == "sqlite"
        own = str(connection.settings_dict["NAME"])
        named = str(Path(folder) / "bench.sqlite3") if is_file else f"bench_{own}"
        connection.settings_dict["TEST"]["NAME"] = named
        _hang_up()  # or what is made next would be made in the database that the pool has been talking to
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        names = {sizes[0]: named}
        try:
            use(named)  # closes it: a copy taken while it is open would be empty on SQLite, and refused by PostgreSQL
            for size in sizes[1:]:
                connection.creation.clone_test_db(suffix=str(size), verbosity=0, autoclobber=True)
                names[size] = connection.creation.get_test_db_clone_settings(str(size))["NAME"]
            for size, name in names.items():
                use(name)
                call_command("synthetic_site", tools=size, votes=2 * size, verbosity=0, stdout=_Nowhere())
                Touch.objects.all().delete()  # a catalogue that grew has few: they are pruned each hour
            yield names
        finally:
            use(named)
            for size in sizes[1:]:
                connection.creation.destroy_test_db(suffix=str(size), verbosity=0)
            connection.creation.destroy_test_db(own, verbosity=0)


class _Nowhere:
    """Where the command's words go."""

    def write(self, text: str) -> None: ...

    def isatty(self) -> bool:
        return False


def use(name: str) -> None:
    """Let everything that follows talk to the database of this name."""
    _hang_up()
    connection.settings_dict["NAME"] = name


def _hang_up() -> None:
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()


def pages() -> dict[str, str]:
    """Return the address of each page by name, for the site in use: two tools of one shelf that the whole panel has judged.

    The last ones: their names end in the longest numbers, so that a search for one finds as much in a site of any size.
    """
    judged = with_panel(synthetic_tools()).filter(panel_total=Reviewer.objects.active().count()).order_by("-pk")
    first, second = _two_of_a_shelf(list(judged[:200])) or list(Tool.objects.order_by("pk")[:2])
    shelf = first.category
    both = comparison_path([first, second])
    return {
        "home": "/",
        "browse": "/tools/",
        "category": shelf.get_absolute_url(),
        "tool": first.get_absolute_url(),
        "comparison": both,
        "search": f"/tools/?{urlencode({'q': first.name})}",
        "misspelt": f"/tools/?{urlencode({'q': _misspelt(first.name)})}",
        "suggest": f"/search/suggest/?{urlencode({'q': first.name.removesuffix(first.name[-1])})}",
        "api-list": "/api/v1/tools/",
        "api-detail": f"/api/v1/tools/{first.slug}/",
        "api-pair": both.replace("/compare/", "/api/v1/comparisons/"),
    }


def _misspelt(name: str) -> str:
    """Return the name with two letters of its first word swapped and one of its second left out."""
    first, second, *rest = name.split()
    return " ".join([first[:2] + first[3] + first[2] + first[4:], second[:2] + second[3:], *rest])


def _two_of_a_shelf(tools: list[Tool]) -> list[Tool]:
    for first in tools:
        if others := [tool for tool in tools if tool.category_id == first.category_id and tool != first]:
            return [first, others[0]]
    return []
