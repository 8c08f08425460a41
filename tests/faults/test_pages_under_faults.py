"""Pages while parts of the site die."""

import threading
import time

import psycopg
import pytest

from tests.faults.asking import FOUNDERS, ask
from tests.faults.waiting import until

PAGES = ["/", "/tools/", FOUNDERS, "/tools/claude-code/", "/panel/", "/methodology/"]


def test_pages_go_on_while_redis_is_away_and_when_it_comes_back(stack):
    stack.kill("redis")
    assert [ask(stack.url() + path).status for path in PAGES] == [200] * len(PAGES)

    stack.start("redis")

    assert [ask(stack.url("web-2") + path).status for path in PAGES] == [200] * len(PAGES)


def test_pages_go_on_when_redis_is_flushed(stack):
    import redis

    redis.Redis.from_url(stack.redis_url).flushall()

    assert [ask(stack.url() + path).status for path in PAGES] == [200] * len(PAGES)


def test_without_a_database_the_answer_is_503_and_says_when_to_ask_again(stack):
    stack.kill("database")
    time.sleep(1.1)  # PAGE_FRESHNESS_SECONDS: what cannot be checked any more is not shown
    answers = [ask(stack.url() + path) for path in PAGES]

    assert {(answer.status, answer.headers["Retry-After"]) for answer in answers} == {(503, "5")}
    assert ask(stack.url() + "/livez").status == 200

    stack.start("database")
    until(lambda: all(ask(stack.url(node) + FOUNDERS).status == 200 for node in stack.webs))
    assert [ask(stack.url(node) + path).status for node in stack.webs for path in PAGES] == [200] * 2 * len(PAGES)


@pytest.mark.parametrize("path", [FOUNDERS, "/tools/claude-files-api/"])
def test_a_change_reaches_every_node_within_the_time_stated(stack, path):
    for node in stack.webs:
        for _ in range(4):  # each node has several processes
            assert "Changed on another node" not in ask(stack.url(node) + path).text

    with psycopg.connect(stack.database_url) as database:
        database.execute("UPDATE tools_tool SET tagline = 'Changed on another node' WHERE slug = 'claude-files-api'")
    time.sleep(1.1)  # PAGE_FRESHNESS_SECONDS

    texts = [ask(stack.url(node) + path).text for node in stack.webs for _ in range(6)]
    with psycopg.connect(stack.database_url) as database:
        database.execute("UPDATE tools_tool SET tagline = 'As it was' WHERE slug = 'claude-files-api'")
    assert all("Changed on another node" in text for text in texts)
    time.sleep(1.1)


def test_a_change_by_a_transaction_that_lasts_is_seen_when_it_ends(stack):
    """The page is made anew while the change is not yet committed."""
    with psycopg.connect(stack.database_url) as database:
        database.execute("UPDATE tools_tool SET tagline = 'Slow but sure' WHERE slug = 'smolvlm2-turbo'")
        for _ in range(3):
            assert "Slow but sure" not in ask(stack.url() + FOUNDERS).text
            time.sleep(0.6)
    time.sleep(1.1)

    assert all("Slow but sure" in ask(stack.url() + FOUNDERS).text for _ in range(6))


def test_a_node_that_is_told_to_stop_finishes_what_it_has_begun(stack):
    """Fifty requests are under way; none of those the node took is cut off, and it is gone within ten seconds."""
    answers, begun = [], threading.Event()

    def keep_asking():
        while not stopped.is_set():
            answers.append(ask(stack.url("web-2") + "/tools/?q=claude"))
            begun.set()

    stopped = threading.Event()
    threads = [threading.Thread(target=keep_asking) for _ in range(10)]
    for thread in threads:
        thread.start()
    begun.wait(20)
    seconds = stack.stop("web-2", 10)
    stopped.set()
    for thread in threads:
        thread.join()

    assert seconds < 10
    assert {answer.status for answer in answers} <= {200, 0}
    assert all(answer.text.rstrip().endswith("</html>") for answer in answers if answer.status == 200)


def test_a_killed_node_leaves_the_other_to_answer(stack):
    stack.kill("web-2")

    assert [ask(stack.url() + path).status for path in PAGES] == [200] * len(PAGES)


def test_a_node_that_starts_again_answers_as_before(stack):
    before = ask(stack.url("web-2") + FOUNDERS).text

    stack.restart("web-2")

    assert ask(stack.url("web-2") + FOUNDERS).text == before
