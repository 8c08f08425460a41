"""Reading from a replica, and pages at a delivery network: who is answered from where."""

import json
import os
import sqlite3
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from config import replicas
from tests import afresh, factories
from tests.config.test_environment import PRODUCTION, python
from tests.environment import TESTING
from tools.freshness import Moment

ASK = """
import contextlib, json, time, django
django.setup()
from django.conf import settings
from django.db import connections
from django.test import Client
from config import replicas
replicas.LOOK_SECONDS = replicas.MOST_SECONDS_BEHIND = 1_000  # it is looked at by hand, below
counts = {}

def counted(alias):
    def wrapper(execute, sql, params, many, context):
        if "snapshot" not in sql and "max(id)" not in sql.lower():  # the looks at how far each of them is
            counts[alias] = counts.get(alias, 0) + 1
        return execute(sql, params, many, context)
    return wrapper

def ask(method, path, cookies=None, **headers):
    counts.clear()
    client = Client(headers=headers)
    client.cookies.load(cookies or {})
    with contextlib.ExitStack() as stack:
        for alias in ("default", "replica"):
            stack.enter_context(connections[alias].execute_wrapper(counted(alias)))
        response = getattr(client, method)(path)
        getattr(response, "text", "")
    return [response.status_code, sorted(counts)]

for _ in range(2):
    replicas.watch.look(time.monotonic())
if settings.DATABASE_REPLICA_URL == settings.DATABASE_URL:
    # A transaction that another test has open on the same server holds the replica back for as long as it lasts.
    deadline = time.monotonic() + 100
    while not replicas.watch.is_close and time.monotonic() < deadline:
        time.sleep(0.2)
        replicas.watch.look(time.monotonic())
told = [ask("get", "/tools/ant/")]
told += [ask("get", "/tools/ant/", {"voter": "x"}), ask("get", "/tools/ant/", {"session": "x"})]
told += [ask("get", "/newsletter/archive/"), ask("post", "/tools/ant/vote/"), ask("get", "/api/v1/tools/")]
told += [ask("get", "/api/v1/tools/", authorization="Bearer x")]
print(json.dumps(told))
"""


@pytest.fixture
def address(transactional_db, tmp_path):
    """The address of the test's own database, as other processes can open it."""
    factories.reviewed_tool("Ant")
    if connection.vendor == "postgresql":
        return urlsplit(settings.DATABASE_URL)._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    with sqlite3.connect(tmp_path / "copy.sqlite3") as copy:
        connection.connection.backup(copy)
    return f"sqlite:///{tmp_path / 'copy.sqlite3'}"


def told(address, **environment):
    own = {"DATABASE_URL": address, "DATABASE_REPLICA_URL": address, "CACHE_URL": "", "CELERY_BROKER_URL": ""}
    site = os.environ | TESTING | {"DJANGO_SETTINGS_MODULE": "config.settings"} | own | environment
    done = afresh.python(ASK, site)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("kept", ["0", "8"])
def test_readers_without_a_state_of_their_own_are_answered_from_the_replica_and_the_others_never(address, kept):
    page, voter, signed_in, mail, vote, api, token = told(address, PAGE_CACHE_MEGABYTES=kept)

    assert page[0] == 200
    assert "replica" in page[1]
    assert "replica" in api[1]
    for status, databases in (voter, signed_in, mail, vote, token):
        assert status < 500
        assert databases in (["default"], [])


def test_a_replica_that_is_away_is_not_asked(address):
    nowhere = "postgres://nobody@127.0.0.1:1/x" if connection.vendor == "postgresql" else "sqlite:////nowhere/x.sqlite3"

    assert [it[0] for it in told(address, DATABASE_REPLICA_URL=nowhere)][:3] == [200] * 3


def moments(monkeypatch, primary, replica):
    given = {"default": iter(primary), replicas.REPLICA: iter(replica)}
    monkeypatch.setattr("tools.freshness.now", lambda using="default": next(given[using]))


def at(number):
    return Moment(number, number)


def test_a_replica_is_used_only_while_it_has_what_the_primary_held_at_the_look_before(monkeypatch):
    moments(monkeypatch, [at(10), at(20), at(30), at(40)], [at(10), at(10), at(15), at(30)])
    watch, close = replicas.Watch(), []

    for second in (100.0, 101.0, 102.0, 103.0):
        watch.look(second)
        close.append(watch.is_close)

    assert close == [False, True, False, True]


def test_a_look_of_long_ago_tells_nothing(monkeypatch):
    moments(monkeypatch, [at(10), at(20)], [at(10), at(15)])
    watch = replicas.Watch()

    watch.look(100.0)
    watch.look(500.0)

    assert not watch.is_close


def test_transactions_that_run_on_the_primary_do_not_count_as_seen_by_a_replica():
    found = Moment.read("10:20:")  # as a replica writes it: it does not name the ones that run

    assert found.saw(15)
    assert not Moment(found.least, found.least).saw(15)


def test_jobs_and_commands_read_and_write_the_primary():
    router = replicas.Router()

    assert router.db_for_read(None) == router.db_for_write(None) == "default"
    assert not router.allow_migrate(replicas.REPLICA, "tools")


def test_a_replica_of_another_kind_is_refused():
    done = python("import django; django.setup()", **PRODUCTION | {"DATABASE_REPLICA_URL": "postgres://a@b/c"})

    assert "DATABASE_REPLICA_URL must name the same kind of database" in done.stderr


# A delivery network in front


@pytest.fixture
def ask_for(settings, client, transactional_db):
    settings.PAGE_CACHE_MEGABYTES = 8
    factories.reviewed_tool("Ant")
    return lambda **headers: client.get("/tools/ant/", headers=headers)


def test_a_delivery_network_is_told_nothing_unless_it_is_set(ask_for):
    assert "CDN-Cache-Control" not in ask_for().headers


def test_a_delivery_network_may_keep_a_page_for_as_long_as_is_set_and_browsers_may_not(ask_for, settings):
    settings.CDN_SECONDS = 30

    first = ask_for()
    same = ask_for(if_none_match=first["ETag"])

    assert first["CDN-Cache-Control"] == same["CDN-Cache-Control"] == "public, max-age=30"
    assert first["Cache-Control"] == "public, max-age=0, s-maxage=1, must-revalidate"
    assert same.status_code == 304


def test_what_is_a_reader_s_own_is_never_given_to_a_delivery_network(ask_for, settings):
    settings.CDN_SECONDS = 30

    answers = [ask_for(cookie=f"{name}=x") for name in ("voter", "session", "messages")] + [
        ask_for(authorization="Bearer x")
    ]

    assert all("CDN-Cache-Control" not in it.headers for it in answers)
