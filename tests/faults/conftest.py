"""A site of several real processes that are killed, starved and restarted. Run by `make faults`."""

import os

import pytest

from tests.stack import Stack, missing, running_stack

PROCESSES = ["web-1", "web-2", "worker-mail", "worker", "beat"]


def pytest_addoption(parser):
    parser.addoption("--minutes", type=float, default=0.5, help="how long the load under random kills lasts (0.5)")


@pytest.fixture(scope="session")
def stack():
    if lacking := missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"Missing on this machine: {lacking}")
    # The readers of a load are a rush, and compute nothing.
    own = {"DJANGO_SETTINGS_MODULE": "tests.faults.settings", "TRUSTED_PROXIES": "1", "NEWSLETTER_KEYS": ""}
    own |= {"VOTE_PROOF_OF_WORK": "never"}
    with running_stack(*PROCESSES, web_nodes=2, **own) as running:
        yield running


@pytest.fixture(autouse=True)
def everything_runs_again(stack: Stack):
    """Whatever a test has killed is there for the next."""
    yield
    for name in ("database", "redis", *PROCESSES):
        if name not in stack.running or stack.running[name].poll() is not None:
            stack.running.pop(name, None)
            stack.start(name)
