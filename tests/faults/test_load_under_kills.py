"""A load at half of what the site can take, while its processes are killed one after another.

`make faults` lets it run for half a minute, `make faults LONG=1` for ten, with a kill every twenty seconds.
"""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.faults.readers import Crowd, Promises
from tests.faults.waiting import until

RESTART_SECONDS = 1.0  # after a process answers again: requests that were already on their way to the one before it


def children(pid):
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(it) for it in found]


def memory(stack):
    """Return the kilobytes of the largest process that serves pages."""
    sizes = [0]
    for name in stack.webs:
        process = stack.running.get(name)
        for pid in children(process.pid) if process and process.poll() is None else []:
            try:
                text = Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue
            sizes += [int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS")]
    return max(sizes)


@pytest.fixture
def promises(stack):
    return Promises(stack)


def kill_one(stack, name):
    """Kill a process, or of a node one that serves pages; return the nodes it is about."""
    if name.endswith("'s child"):
        node = name.removesuffix("'s child")
        os.kill(random.choice(children(stack.running[node].pid)), signal.SIGKILL)
        time.sleep(2)  # its parent starts another
        return {node}
    stack.restart(name)
    return {name} & set(stack.webs)


def test_what_was_acknowledged_stands_though_processes_are_killed_under_load(stack, promises, request):
    minutes = request.config.getoption("--minutes")
    victims = [*stack.webs, "worker-mail", "worker", "beat", "web-1's child"]
    every = 20 if minutes >= 5 else minutes * 60 / (len(victims) + 1)
    for name in ("beat-2", "worker-mail", "worker", "beat"):
        stack.running.get(name) or stack.start(name)
    windows, sizes = [], []
    with Crowd(promises.look, promises.look, promises.vote, promises.look, threads=4) as crowd:
        time.sleep(2)
        crowd.done = 0
        time.sleep(4)
        capacity = crowd.done / 4
        crowd.at(capacity / 2)
        with Crowd(promises.subscribe, threads=2 if minutes < 5 else 1):
            end, turn = time.monotonic() + minutes * 60, []
            while time.monotonic() < end:
                turn = turn or random.sample(victims, len(victims))
                pause = time.monotonic() + every
                while time.monotonic() < min(pause, end):
                    sizes.append(memory(stack))
                    time.sleep(0.5)
                began = time.monotonic()
                nodes = kill_one(stack, turn.pop())
                windows.append((nodes, began, time.monotonic() + RESTART_SECONDS))

    until(
        lambda: promises.requested <= set(promises.mailed()),
        words=lambda: f"no mail for {promises.requested - set(promises.mailed())}: {stack.log('worker-mail')[-2000:]}",
    )
    promises.confirm_some(10_000)
    failed = [it for it in promises.asked if it.status == 0 or it.status >= 500]
    third = max(1, len(sizes) // 3)
    print(
        f"\n{len(promises.asked)} requests, {len(failed)} failed within {len(windows)} restarts; {promises.vote_count()} votes, "
        f"{len(promises.requested)} requests for the mail and {len(promises.confirmed)} confirmations acknowledged; memory of the "
        f"largest process at the end {max(sizes[-third:]) / max(sizes[:third]):.2f} of that at the beginning"
    )
    assert promises.vote_count() > 5
    assert promises.requested
    assert promises.confirmed == promises.requested
    assert promises.broken_votes() == []
    assert promises.missing_subscribers() == set()
    assert promises.errors_outside(windows) == []
    stack.manage("recount_votes")  # raises when a tally, the votes and the log differ
    # A short run is still filling its caches.
    assert max(sizes[-third:]) < max(sizes[:third]) * (1.25 if minutes >= 5 else 2)


@pytest.mark.long
@pytest.mark.parametrize("name", ["worker-mail", "worker", "beat", "beat-2"])
def test_every_process_that_is_told_to_stop_is_gone_within_ten_seconds(stack, name):
    stack.running.get(name) or stack.start(name)
    time.sleep(3)  # it has come up far enough to have something to put away

    stack.stop(name, 10)
