"""The environment of the tests: loaded before the settings, so that no machine's own .env decides what they see."""

import atexit
import os
import shutil
import tempfile
import uuid
from pathlib import Path

import pytest

TESTING = {
    "DEBUG": "False",
    "SECRET_KEY": "tests-only-0123456789-abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    "SITE_URL": "http://testserver",
    "LOG_LEVEL": "ERROR",
    "MAIL_URL": "console://",
    "PROMETHEUS_MULTIPROC_DIR": os.path.join(tempfile.gettempdir(), f"shipworthy-metrics-{os.getpid()}"),
    "PAGE_CACHE_MEGABYTES": "0",  # tests change what they have just read
}
os.environ.update(TESTING)

# All processes of a run share a folder, which goes away with the one that began it.
BEGUN_HERE = "TEST_RUN" not in os.environ
RUN = os.environ.setdefault("TEST_RUN", uuid.uuid4().hex)
RUN_FOLDER = Path(tempfile.gettempdir(), f"shipworthy-tests-{RUN}")


def forget_the_run():
    if RUN_FOLDER.exists():
        from tests import copies  # not before the environment is set

        copies.forget()
        shutil.rmtree(RUN_FOLDER)


if BEGUN_HERE:
    atexit.register(forget_the_run)


# Tests that take a minute begin first, or one of them would be all that is left at the end.
LONGEST = ("tests/api/test_fuzzing.py", "tests/bench/test_bench.py", "tests/config/test_authorisation.py")
# Tests that share what takes long to make: one worker runs all of them. Whoever waits for a browser, with a site of its own
# beside it, leaves the processor to the tests of the other workers.
TOGETHER = ("tests/browser/", "tests/verdicts/test_sample_site.py", "tests/config/test_query_plans.py")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return next((part for part in TOGETHER if nodeid.startswith(part)), nodeid)

    return Scheduling(config, log)


def pytest_addoption(parser):
    parser.addoption("--database-only", action="store_true", help="leave out tests that ask for no database")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Begin with the longest; leave out, on the second database, what would be the same again: pure functions and texts."""
    items.sort(key=lambda it: not it.nodeid.startswith(LONGEST))
    if not config.getoption("database_only"):
        return
    asked = {"db", "transactional_db", "django_db_setup"}
    left_out = [it for it in items if not asked & set(it.fixturenames) and not it.get_closest_marker("django_db")]
    config.hook.pytest_deselected(items=left_out)
    dropped = set(left_out)
    items[:] = [it for it in items if it not in dropped]


# Tests clear the cache. Of those that run side by side each has a database of its own in a shared store.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
if WORKER.isdigit() and os.environ.get("CACHE_URL"):
    server, _, _ = os.environ["CACHE_URL"].rpartition("/")
    os.environ["CACHE_URL"] = f"{server}/{2 + int(WORKER) % 13}"  # 0 and 1 are the cache and the jobs of a lone run
