"""No hot path reads a big table from end to end, or passes over more rows than a page has use for."""

import datetime

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests.bench.sites import pages
from tests.config.plans import watched
from tests.kept import kept
from tools.models import Change, Tool, Touch
from verdicts import facets
from voting import stamps

TOOLS, BIG, MOST_ROWS = 2_500, 900, 600
pytestmark = pytest.mark.django_db


def a_large_site():
    """A synthetic site with statistics; return its addresses."""
    call_command("synthetic_site", tools=TOOLS, votes=2 * TOOLS, verbosity=0)
    now = timezone.now()
    Change.objects.bulk_create(
        Change(tool_id=pk, kind="listed", at=now - datetime.timedelta(minutes=pk % 90_000))
        for pk in Tool.objects.values_list("pk", flat=True)
    )
    Touch.objects.all().delete()  # older ones than an hour are: those of a whole catalogue made at once would stay
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return pages()


site = kept(a_large_site)


@pytest.fixture(autouse=True)
def nothing_kept(settings):
    """A cache in the process: on a busy machine one beside it may be late, and what is counted once is counted anew."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    facets._at_hand.clear()


@pytest.fixture
def big(site):
    """The tables that grow with the catalogue and its readers."""
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        sizes = {}
        for name in names:
            cursor.execute(f'SELECT count(*) FROM "{name}"')
            sizes[name] = cursor.fetchone()[0]
    found = {name for name, rows in sizes.items() if rows > BIG}
    assert {"tools_tool", "tools_fact", "tools_change", "verdicts_verdict", "voting_vote", "voting_tally"} <= found
    return found


def addresses(site):
    """Return the hot paths: what readers open, what they filter, what programs read."""
    tool, pair = site["tool"], site["comparison"]
    slug = tool.strip("/").split("/")[-1]
    shelf = site["category"].strip("/").split("/")[-1]
    filters = ("panel=unanimous", "entry=free&licence=MIT", "open=yes", "tested=stale", "sort=newest", "sort=name")
    return [
        *site.values(),
        *[f"/tools/?{asked}" for asked in filters],
        f"/tools/?category={shelf}&panel=ship",
        f"{site['category']}?page=2",
        f"{tool}changes/",
        f"{tool}vote/",
        f"{tool.rstrip('/')}.json",
        f"{tool}score.json",
        f"/badge/{slug}.svg",
        f"{pair.rstrip('/')}.md",
        f"{pair}changes/",
        f"{site['category']}changes/",
        "/changes/",
        "/changes.atom",
        "/feed/",
        "/panel/builder/",
        "/api/v1/categories/",
        "/api/v1/tools/",
        f"/api/v1/tools/?category={shelf}",
        f"/api/v1/tools/{slug}/",
        "/api/v1/verdicts/",
        f"/api/v1/verdicts/?tool={slug}",
        "/api/v1/comparisons/",
        "/api/v1/changes/",
    ]


def read(client, address):
    answer = client.get(address)
    if answer.streaming:
        list(answer.streaming_content)
    return answer


def test_no_hot_path_reads_a_big_table_from_end_to_end(site, big):
    client, found = Client(), {}
    for address in ("/tools/", site["tool"]):  # these count filters and base rates, as somebody does once in a while
        read(client, address)
    for address in addresses(site):
        with watched() as plans:
            assert read(client, address).status_code == 200, address
        assert plans.reads or plans.words or "suggest" in address, address
        # One list tells of each shelf how much is on it, out of an index alone.
        if scans := plans.scans(big, TOOLS if address == "/api/v1/categories/" else MOST_ROWS):
            found[address] = scans

    assert not found, "\n".join(f"{address}: {'; '.join(scans)}" for address, scans in found.items())


def test_casting_changing_and_withdrawing_a_vote_reads_a_few_rows(site, big):
    client, address = Client(), site["tool"]
    slug = address.strip("/").split("/")[-1]
    with watched() as plans:
        for choice in ("ship", "skip", "withdraw"):
            data = {"choice": choice, "stamp": stamps.stamp(slug, stamps.new_nonce())}
            answer = client.post(f"{address}vote/", data)
            assert answer.status_code == 303, answer.content
    assert settings.VOTER_COOKIE_NAME in client.cookies

    assert plans.scans(big, 10) == []


def test_a_list_that_lost_its_index_is_found_out(site, big):
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX tool_list")

    with watched() as plans:
        read(Client(), "/tools/")

    assert "tools_tool" in " ".join(plans.scans(big, MOST_ROWS))
