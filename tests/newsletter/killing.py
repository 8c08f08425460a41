"""Real processes, real signals: `python -m tests.newsletter.killing --kills 20 --recipients 40000` on PostgreSQL.

Workers send an issue to a server that writes each message down before it says 250. One after another is killed at a
random moment and replaced. In the end nobody is missing, nobody has more than one extra copy per kill, and every extra
copy is the same to the byte.
"""

import argparse
import hashlib
import multiprocessing
import os
import random
import signal
import sys
import time
from collections import Counter
from unittest import mock

WORKERS = 4
FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(["tests.newsletter.worker"])


class Tally:
    """What arrived: how often for whom, and as what bytes."""

    def __init__(self):
        self.copies = Counter()
        self.total = 0
        self.digests: dict[str, set[bytes]] = {}

    def __call__(self, recipient, text):
        self.copies[recipient] += 1
        self.total += 1
        self.digests.setdefault(recipient, set()).add(hashlib.sha256(text).digest())

    @property
    def repeats(self):
        return self.total - len(self.copies)

    @property
    def differing(self):
        return [who for who, digests in self.digests.items() if len(digests) > 1]


def start(port, env):
    """Start a worker: a fork of a process that has read Django and the site already, in the environment of the first."""
    with mock.patch.dict(os.environ, env):
        worker = FORKED.Process(target=_work, args=(port,))
        worker.start()
    return worker


def _work(port):
    from tests.newsletter import worker  # it sets Django up: not here, in the process that starts them

    worker.work(port)


def run(server, tally, recipients, kills, env, how=signal.SIGKILL):
    """Send everything while killing; return what arrived. Raises AssertionError when it takes for ever."""
    workers = [start(server.port, env) for _ in range(WORKERS)]
    end = time.monotonic() + 120 + recipients / 50
    # At so many messages taken, one worker dies: spread over the run, at a random instant each.
    points = sorted(random.sample(range(recipients // 20, recipients * 9 // 10), kills))
    try:
        while any(worker.is_alive() for worker in workers):
            assert time.monotonic() < end, "It did not end."
            if points and tally.total >= points[0]:
                points.pop(0)
                time.sleep(random.random() / 50)
                victim = random.choice([worker for worker in workers if worker.is_alive()])
                os.kill(victim.pid, how)
                victim.join()
                workers.remove(victim)
                workers.append(start(server.port, env))
            time.sleep(0.005)
    finally:
        for worker in workers:
            worker.kill()
            worker.join()
    return kills - len(points)


def main():
    import tests.environment  # noqa: F401

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from newsletter.models import SendBatch
    from tests.bench import mail_site
    from tests.newsletter.smtp_server import Server

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--recipients", type=int, default=40_000)
    asked = parser.parse_args()
    tally = Tally()
    with mail_site.site(asked.recipients) as name, Server(record=tally, keep=False) as server:
        mail_site.reset()
        killed = run(server, tally, asked.recipients, asked.kills, mail_site.environment(name, "127.0.0.1:1"))
        mail_site.check_sums(asked.recipients)
        takeovers = sum(SendBatch.objects.values_list("takeovers", flat=True))
    lost = asked.recipients - len(tally.copies)
    print(
        f"{asked.recipients:,} recipients, {killed} kills of {WORKERS} workers: {lost} lost, {tally.repeats} repeats, "
        f"{len(tally.differing)} of them with other bytes, {takeovers} batches taken over"
    )
    sys.exit(bool(lost or tally.differing or tally.repeats > killed))


if __name__ == "__main__":
    main()
