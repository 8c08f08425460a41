"""Pages kept for readers without a session: quick, never another reader's, dropped as soon as something on them changes."""

import gzip
import threading
from concurrent.futures import ThreadPoolExecutor

import brotli
import pytest
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.page_store import Page, SharedStore, release
from config.pages import KeptPages, PageMiddleware
from tests import factories
from tools import freshness
from tools.models import Touch
from verdicts import details


@pytest.fixture
def kept(settings, transactional_db):
    """The site with pages kept, asking for touches at every request. What tests change is committed: others have to see it."""
    settings.PAGE_CACHE_MEGABYTES = 8
    settings.PAGE_FRESHNESS_SECONDS = 0
    settings.PAGE_LIST_SECONDS = 0


@pytest.fixture
def reader(kept):
    return Client()


def made(reader, path):
    """Return how many queries a page costs: one when it is at hand, which asks for touches."""
    with CaptureQueriesContext(connection) as captured:
        response = reader.get(path)
    assert response.status_code == 200
    return len(captured)


def is_at_hand(reader, path):
    return made(reader, path) <= 2


@pytest.fixture
def pair(kept):
    return factories.reviewed_tool("Ant"), factories.reviewed_tool("Bee")


PAIR = "/compare/ant-vs-bee/"


def test_a_page_is_made_once_for_all_readers(reader, pair):
    first = reader.get(PAIR)

    assert is_at_hand(reader, PAIR)
    again = Client().get(PAIR)
    assert is_at_hand(reader, PAIR)
    assert again.content == first.content
    assert again["Content-Security-Policy"] == first["Content-Security-Policy"]


def test_the_number_with_all_votes_is_kept_apart_from_the_plain_page(reader, pair):
    plain, all_votes = "/tools/ant/", "/tools/ant/?votes=all"

    first, second = reader.get(plain), reader.get(all_votes)

    assert is_at_hand(reader, plain)
    assert is_at_hand(reader, all_votes)
    assert (reader.get(plain).content, reader.get(all_votes).content) == (first.content, second.content)
    assert b"Not the number that counts" in second.content
    assert b"Not the number that counts" not in first.content


def change_verdict(ant, bee):
    row = ant.verdicts.first()
    row.withdraw(by=factories.editor(), reason="It was wrong.")


def change_tally(ant, bee):
    factories.votes(bee, 30, 10)


def change_price(ant, bee):
    factories.price(ant, 42)


def change_fact(ant, bee):
    factories.fact(bee)


def change_name(ant, bee):
    ant.name = "Anteater"
    ant.save()


def change_in_bulk(ant, bee):
    type(ant).objects.filter(pk=ant.pk).update(tagline="Written by hand")


def add_comparison(ant, bee):
    factories.comparison(ant, bee)


def add_neighbour(ant, bee):
    factories.reviewed_tool("Cat")


def change_persona(ant, bee):
    persona = factories.reviewer("builder")
    persona.lens = "What else?"
    persona.save()


CHANGES = [
    change_verdict,
    change_tally,
    change_price,
    change_fact,
    change_name,
    change_in_bulk,
    add_comparison,
    add_neighbour,
    change_persona,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda it: it.__name__)
def test_whatever_changes_on_a_page_drops_it(reader, pair, change):
    before = reader.get(PAIR).content
    assert is_at_hand(reader, PAIR)

    change(*pair)

    assert reader.get(PAIR).content != before
    assert is_at_hand(reader, PAIR)


def test_a_vote_elsewhere_drops_no_comparison(reader, pair):
    cow = factories.tool("Cow", category=factories.category("elsewhere"))
    reader.get(PAIR)

    factories.votes(cow, 30, 10)

    assert is_at_hand(reader, PAIR)


def test_a_list_follows_any_change_once_it_has_the_age_stated(reader, pair, settings):
    settings.PAGE_LIST_SECONDS = 3600
    reader.get("/tools/")
    factories.votes(pair[0], 30, 10)
    assert is_at_hand(reader, "/tools/")

    settings.PAGE_LIST_SECONDS = 0

    assert "40 votes" in reader.get("/tools/").text


def test_pages_are_made_anew_on_another_day(reader, pair, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    reader.get(PAIR)
    assert is_at_hand(reader, PAIR)

    time_machine.shift(86_400)

    assert not is_at_hand(reader, PAIR)


def test_a_page_of_yesterday_is_not_taken_from_the_others_though_nothing_was_touched(time_machine):
    time_machine.move_to("2026-11-24T23:59:00Z", tick=False)
    page = Page({"": b"x"}, {}, frozenset({(1, 1)}), freshness.Moment(1, 1))
    time_machine.shift(120)
    pages = KeptPages(100_000)
    pages.since = pages.moment = freshness.Moment(1, 1)

    assert not pages.is_fresh(page)
    assert pages.is_fresh(Page({"": b"x"}, {}, frozenset({(1, 1)}), freshness.Moment(1, 1)))


@pytest.mark.parametrize("name", ["session", "voter", "messages"])
def test_a_reader_with_a_state_of_their_own_is_never_served_from_the_kept_pages(reader, pair, name):
    reader.get(PAIR)
    reader.cookies[name] = "something"

    assert not is_at_hand(reader, PAIR)


def test_what_staff_see_is_not_kept_for_others(reader, pair, client):
    client.force_login(factories.staff())
    draft = factories.tool("Draft", state="draft")
    assert client.get(draft.get_absolute_url()).status_code == 200

    assert reader.get(draft.get_absolute_url()).status_code == 404


def test_answers_that_are_not_pages_are_not_kept(reader, pair):
    for path in ["/tools/emu/", "/compare/bee-vs-ant/", "/tools/?q=ant"]:
        reader.get(path)

    from_others = [reader.get("/tools/emu/").status_code, reader.get("/compare/bee-vs-ant/").status_code]

    assert from_others == [404, 301]
    factories.tool("Emu")
    assert reader.get("/tools/emu/").status_code == 200


def test_a_refused_host_is_refused_also_for_a_page_at_hand(reader, pair):
    reader.get(PAIR)

    assert reader.get(PAIR, headers={"host": "evil.example"}).status_code == 400


def test_a_kept_page_answers_304_to_those_who_have_it(reader, pair):
    first = reader.get(PAIR)

    again = reader.get(PAIR, headers={"if-none-match": first["ETag"]})

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    factories.votes(pair[0], 30, 10)
    assert reader.get(PAIR, headers={"if-none-match": first["ETag"]}).status_code == 200


def test_a_page_is_compressed_as_asked(reader, pair):
    plain = reader.get(PAIR).content

    packed = reader.get(PAIR, headers={"accept-encoding": "gzip"})
    smaller = reader.get(PAIR, headers={"accept-encoding": "gzip, br"})

    assert (packed["Content-Encoding"], gzip.decompress(packed.content)) == ("gzip", plain)
    assert (smaller["Content-Encoding"], brotli.decompress(smaller.content)) == ("br", plain)
    assert packed["Vary"] == "Accept-Encoding, Cookie"


def test_answers_that_are_not_kept_are_compressed_and_validated_all_the_same(reader, pair):
    for _ in range(2):  # the second time it is known not to be kept
        found = reader.get("/tools/?q=ant", headers={"accept-encoding": "gzip"})
        assert found["Content-Encoding"] == "gzip"
        again = reader.get("/tools/?q=ant", headers={"if-none-match": found["ETag"], "accept-encoding": "gzip"})
        assert again.status_code == 304


def test_a_hot_page_that_was_dropped_is_made_once(settings, transactional_db):
    """Twenty readers at once, against a site that counts what it is asked for."""
    settings.PAGE_CACHE_MEGABYTES, settings.PAGE_FRESHNESS_SECONDS = 8, 3600
    asked, all_here = [], threading.Barrier(20)

    def site(request):
        asked.append(request.path)
        return freshness.kept_as_list(HttpResponse("page" * 500))

    middleware = PageMiddleware(site)
    middleware.kept.moment = middleware.kept.since = freshness.Moment(1, 1)
    middleware.kept.checked_at = 1e12
    requests = [request_for(f"/{0}/") for _ in range(20)]

    def ask(request):
        all_here.wait(10)
        return middleware(request).content

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(ask, requests))

    assert answers == [b"page" * 500] * 20
    assert asked == ["/0/"]


def request_for(path):
    return RequestFactory().get(path)


def test_kept_pages_never_outgrow_their_bound(settings):
    settings.PAGE_FRESHNESS_SECONDS = 3600
    pages = KeptPages(100_000)
    pages.moment = pages.since = freshness.Moment(1, 1)
    for number in range(1_000):
        page = Page({"": b"x" * 1_000}, {}, frozenset({(1, number)}), freshness.Moment(1, 1))
        pages.put(("host", "http", f"/{number}/", ""), page)

    assert pages.size <= 100_000
    assert list(pages.pages)[-1][2] == "/999/"
    assert len(pages.showing) == len(pages.pages)


def test_a_touch_by_a_transaction_that_began_earlier_and_ended_later_still_counts():
    """The page was made while transaction 5 was running; 7 had ended."""
    pages = KeptPages(100_000)
    pages.since = freshness.Moment(1, 1)
    pages.moment = freshness.Moment(5, 8, frozenset({5}))
    page = Page({"": b"x"}, {}, frozenset({(1, 1)}), pages.moment)
    key = ("host", "http", "/", "")
    pages.put(key, page)

    pages._drop([((1, 1), 5)])

    assert key not in pages.pages
    assert freshness.Moment.read(str(page.moment)) == page.moment


def test_a_page_made_before_this_process_first_looked_is_not_taken_though_a_long_transaction_spans_both():
    """Transaction 5 runs all the while, so the least number stands still; 8 touched something in between."""
    pages = KeptPages(100_000)
    pages.since = pages.moment = freshness.Moment(5, 9, frozenset({5}))

    def page(least, following, *running):
        return Page({"": b"x"}, {}, frozenset({(1, 1)}), freshness.Moment(least, following, frozenset(running)))

    assert not pages.is_fresh(page(5, 8, 5))
    assert not pages.is_fresh(page(5, 9, 5, 8))
    assert pages.is_fresh(page(5, 9, 5))
    assert pages.is_fresh(page(5, 11, 5, 9, 10))


def test_every_table_that_pages_show_leaves_touches(db):
    """A migration that rebuilds a table on SQLite drops its triggers: this is where that is noticed."""
    tables = {"tools_tool", "tools_price", "tools_fact", "tools_factkind", "tools_category", "voting_tally"} | {
        f"verdicts_{name}" for name in ("verdict", "comparison", "reviewer")
    }
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE '%\\_touch\\_%'")
        else:
            cursor.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%\\_touch\\_%' ESCAPE '\\'"
            )
        found = {name for (name,) in cursor.fetchall()}

    assert {f"{table}_touch_{event}" for table in tables for event in ("insert", "update", "delete")} <= found


def test_an_import_of_many_rows_is_one_touch_a_tool_and_shelf(db):
    tools = [factories.tool() for _ in range(3)]
    Touch.objects.all().delete()

    type(tools[0]).objects.filter(pk__in=[it.pk for it in tools]).update(vendor="Other")

    touched = set(Touch.objects.values_list("kind", "ref"))
    assert touched == {(1, it.pk) for it in tools} | {(2, tools[0].category_id)}


def test_a_page_comes_back_from_the_shared_store_as_it_was():
    moment = freshness.Moment(3, 9, frozenset({4}))
    page = Page({"": b"x" * 2_000}, {"ETag": 'W/"1"'}, frozenset({(1, 2), (0, 0)}), moment)

    for encoding in ("", "br", "gzip"):
        back = Page.from_store(page.head(), encoding, page.body(encoding))

        assert (back.headers, back.subjects, back.moment) == (page.headers, page.subjects, page.moment)
        assert [back.body(it) for it in ("", "br", "gzip")] == [page.body(it) for it in ("", "br", "gzip")]


def test_pages_of_another_release_are_not_taken_from_the_shared_store(settings):
    """Their static files may be gone, and their words may be others."""
    key, before = ("host", "http", "/", ""), SharedStore("redis://127.0.0.1:1/0")

    settings.SITE_NAME = "Another name"

    assert SharedStore("redis://127.0.0.1:1/0")._name(key) != before._name(key)
    assert release() == release() != before.release


def test_a_database_that_is_away_answers_503(client, monkeypatch):
    client.raise_request_exception = False

    def away(*args):
        raise OperationalError("connection refused")

    monkeypatch.setattr(details, "panel_of_today", away)
    response = client.get("/methodology/")

    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert "recovering" in response.text
