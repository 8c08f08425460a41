"""Redis away, hanging, flushed: pages, votes, subscriptions and the editors' pages go on."""

import random
import re
import signal
from contextlib import contextmanager

import psycopg
import pytest
import redis

from tests.faults.readers import TOOLS, Promises
from tests.faults.waiting import until

SESSION = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from voting.models import User
user = User.objects.filter(is_superuser=True).first() or User.objects.create_superuser("faults@faults.example", "x")
session = SessionStore()
session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
session.save()
print(session.session_key)
"""


@contextmanager
def away(stack):
    stack.kill("redis")
    yield
    stack.start("redis")


@contextmanager
def hanging(stack):
    """It takes connections and never answers."""
    process = stack.running["redis"]
    process.send_signal(signal.SIGSTOP)
    yield
    process.send_signal(signal.SIGCONT)


@contextmanager
def flushed(stack):
    redis.Redis.from_url(stack.redis_url).flushall()
    yield


@pytest.fixture(scope="session")
def session_key(stack):
    """Somebody on the staff who signed in before anything happened."""
    return stack.manage("shell", "--no-imports", "-c", SESSION).split()[-1]


@pytest.mark.parametrize(
    "fault", [away, pytest.param(hanging, marks=pytest.mark.long), pytest.param(flushed, marks=pytest.mark.long)]
)
def test_pages_votes_subscriptions_and_admin_go_on_without_redis(stack, session_key, fault):
    promises = Promises(stack)
    reader, editor = promises.reader(), promises.reader()
    editor.cookies["session"] = session_key
    address = f"{fault.__name__}-{promises.run}@faults.example"

    with fault(stack):
        looked = {reader.look() for _ in range(6)}
        voted = [reader.vote(slug, "ship") for slug in random.sample(TOOLS, 3)]
        asked = reader.subscribe(address)
        _, form = editor.ask("admin", "/admin/tools/category/add/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)[1]
        name = f"Shelf {fault.__name__} {promises.run}"
        shelf = {"name": name, "slug": f"shelf-{fault.__name__}-{promises.run}", "position": "9", "description": "x"}
        saved, said = editor.ask("admin", "/admin/tools/category/add/", shelf | {"csrfmiddlewaretoken": token})

    assert looked == {200}
    assert voted == [True] * 3
    assert asked
    assert saved == 302, re.findall(r'class="errorlist[^>]*>.*?</ul>', said)
    with psycopg.connect(stack.database_url) as database:
        assert database.execute("SELECT count(*) FROM tools_category WHERE name = %s", [name]).fetchone() == (1,)
        mac = database.execute("SELECT id FROM voting_voter WHERE cookie_mac = %s", [reader.mac]).fetchone()
        assert database.execute("SELECT count(*) FROM voting_vote WHERE voter_id = %s", mac).fetchone() == (3,)
    until(lambda: address in promises.mailed(), words=lambda: stack.log("worker-mail")[-2000:])
    assert {it.status for it in promises.asked} <= {200, 202, 302}


@pytest.mark.long
def test_jobs_are_taken_again_when_redis_has_been_away(stack):
    """Workers and beat find it again by themselves."""
    stack.kill("redis")
    stack.start("redis")
    promises = Promises(stack)
    address = f"again-{promises.run}@faults.example"

    assert promises.reader().subscribe(address)

    until(lambda: address in promises.mailed(), words=lambda: stack.log("worker-mail")[-2000:])
