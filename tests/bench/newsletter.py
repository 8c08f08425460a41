"""Prints what sending the weekly mail costs beside Debian's smtp-source, which sends one fixed mail as fast as it can.

The rounds are interleaved: smtp-source, our sender without a ledger, with it, through Celery's worker processes, and
without pipelining, all to Debian's smtp-sink, all with a digest of the same size. Ratios carry over; rates do not.
Without PostgreSQL and Redis (DATABASE_URL, CELERY_BROKER_URL) only what needs neither is measured.
"""

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

import tests.environment  # noqa: F401  (before the settings)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
BASE = Path(__file__).resolve().parents[2]
GOALS = {"core": 0.90, "ledger": 0.50, "celery": 0.45, "unpipelined": 0.30}
PROCESSES = 2
MEMORY_AT = [10_000, 50_000, 200_000]
MOST_GROWTH_KIB = 10 * 1024


def arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench newsletter", description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000, metavar="N", help="messages of each run (10000)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds to take the median of (3)")
    parser.add_argument("--memory", action="store_true", help="also the memory at 10,000 to 200,000 recipients")
    parser.add_argument("--million", action="store_true", help="also freeze and send an issue of 1,000,000")
    parser.add_argument("--size", type=int, default=1_000_000, metavar="N", help="recipients of --million (1000000)")
    parser.add_argument("--if-possible", action="store_true", help="say what is missing, and call that a success")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to a file")
    asked = parser.parse_args(argv)
    if asked.messages < 100 or asked.rounds < 1:
        parser.error("100 messages and 1 round at least")
    return asked


# The other side -----------------------------------------------------------------------------------


MISSING = "The newsletter's benchmark needs smtp-sink and smtp-source, of Debian's package postfix."


def find(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/lib/postfix/sbin")


def has_tools() -> bool:
    return bool(find("smtp-sink") and find("smtp-source"))


def tool(name: str) -> str:
    """Return the path of one of postfix's tools. Raises SystemExit where they are not installed."""
    found = find(name)
    if not found:
        raise SystemExit(MISSING)
    return found


@contextmanager
def sink(*, pipelining: bool = True, counts: Path | None = None) -> Iterator[str]:
    """A mail server that takes everything and keeps nothing; gives its host and port. It may write counts to a file."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        where = f"127.0.0.1:{free.getsockname()[1]}"
    command = [tool("smtp-sink"), *(["-u", "nobody"] if os.geteuid() == 0 else []), *([] if pipelining else ["-p"])]
    command += ["-c"] if counts else []
    with open(counts or os.devnull, "wb") as output:
        process = subprocess.Popen([*command, where, "2000"], stdout=output, stderr=subprocess.DEVNULL)
    try:
        until(lambda: answers(where), 10)
        yield where
    finally:
        process.terminate()
        process.wait()


def answers(where: str) -> bool:
    host, port = where.split(":")
    try:
        socket.create_connection((host, int(port)), 1).close()
    except OSError:
        return False
    return True


def taken(counts: Path) -> int:
    """Return how many messages a sink says it has taken."""
    with counts.open("rb") as file:
        file.seek(max(0, counts.stat().st_size - 200))
        return int(re.findall(rb"mesg=(\d+)", file.read())[-1])


def until(is_so, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            raise RuntimeError("It did not come to be.")
        time.sleep(0.01)


# Runs: each returns messages a second -----------------------------------------------------------------


def reference(where: str, count: int, length: int) -> float:
    command = [tool("smtp-source"), "-d", "-s", "4", "-m", str(count), "-l", str(length)]
    start = time.perf_counter()
    subprocess.run([*command, "-f", "a@example.org", "-t", "b@example.org", where], check=True)
    return count / (time.perf_counter() - start)


def together(commands: list[list[str]], env: dict[str, str] | None = None) -> tuple[float, list[dict]]:
    """Start processes, let them go at the same moment, return the seconds until the last is done, and what they said."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.bench.mail_worker", *command],
            cwd=BASE,
            env=os.environ | (env or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    for process in processes:
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("A sending process did not start.")
    start = time.perf_counter()
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [json.loads(process.stdout.readline()) for process in processes]
    spent = time.perf_counter() - start
    for process in processes:
        process.wait()
    return spent, said


def plain(mode: str, where: str, count: int, file: Path) -> float:
    share = count // PROCESSES
    commands = [[mode, where, str(place * share), str(share), str(file)] for place in range(PROCESSES)]
    spent, said = together(commands)
    if sum(one["done"] for one in said) != share * PROCESSES:
        raise RuntimeError(f"{mode}: not every message was accepted.")
    return share * PROCESSES / spent


def ledgered(where: str, count: int, env: dict[str, str]) -> tuple[float, list[dict]]:
    from tests.bench.mail_site import check_sums, reset

    reset()
    spent, said = together([["ledger", where]] * PROCESSES, env)
    check_sums(count)
    return count / spent, said


def through_celery(count: int) -> float:
    """Queue the batches for workers that are already there, and wait for the last."""
    from newsletter.jobs import send_batch
    from newsletter.models import SendBatch
    from tests.bench.mail_site import check_sums, reset

    reset()
    start = time.perf_counter()
    for batch in SendBatch.objects.order_by("number").values_list("pk", flat=True)[:PROCESSES]:
        send_batch.delay(batch)
    until(lambda: not SendBatch.objects.exclude(state="done").exists(), 600)
    spent = time.perf_counter() - start
    check_sums(count)
    return count / spent


@contextmanager
def celery_workers(env: dict[str, str]) -> Iterator[None]:
    command = [sys.executable, "-m", "celery", "-A", "config.celery", "worker", "-c", str(PROCESSES), "-Q", "mail_bulk"]
    process = subprocess.Popen([*command, "-l", "WARNING"], cwd=BASE, env=os.environ | env)
    try:
        from config.celery import app

        until(lambda: app.control.ping(timeout=0.5), 60)
        yield
    finally:
        process.terminate()
        process.wait()


# All of it ----------------------------------------------------------------------------------------


def measure(asked: argparse.Namespace) -> dict[str, object]:
    from tests.bench import mail_site
    from tests.bench.measuring import Spread

    rates: dict[str, list[float]] = {}
    found: dict[str, object] = {"messages": asked.messages, "rounds": asked.rounds}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        where, bare = stack.enter_context(sink()), stack.enter_context(sink(pipelining=False))
        site = stack.enter_context(mail_site.site(asked.messages))
        file = folder / "digest.eml"
        file.write_bytes(mail_site.mail())
        length = len(file.read_bytes())
        found["bytes"] = length
        on_server, broker = mail_site.on_postgres(), mail_site.broker()
        env = mail_site.environment(site, where)
        if on_server and broker:
            stack.enter_context(celery_workers(env))
        for _ in range(asked.rounds):
            rates.setdefault("smtp-source", []).append(reference(where, asked.messages, length))
            rates.setdefault("core", []).append(plain("core", where, asked.messages, file))
            rates.setdefault("unpipelined", []).append(plain("core", bare, asked.messages, file))
            if on_server:
                rates.setdefault("ledger", []).append(ledgered(where, asked.messages, env)[0])
                if broker:
                    rates.setdefault("celery", []).append(through_celery(asked.messages))
            rates.setdefault("pattern A", []).append(plain("pattern", where, asked.messages // 10, file))
        if asked.memory and on_server:
            found["memory_kib"] = {size: memory_at(size, where, env) for size in MEMORY_AT}
        if asked.million and on_server:
            found["million"] = whole_issue(asked.size, where, env, folder / "counts")
    reference_rates = rates["smtp-source"]
    found["rates"] = {name: Spread.of(values) for name, values in rates.items()}
    found["of_smtp_source"] = {
        name: Spread.of([ours / theirs for ours, theirs in zip(values, reference_rates, strict=True)])
        for name, values in rates.items()
        if name != "smtp-source"
    }
    found["is_steady"] = max(reference_rates) <= 2 * min(reference_rates)
    return found


def memory_at(size: int, where: str, env: dict[str, str]) -> dict[str, int]:
    """Return what freezing and sending an issue of so many take, in processes of their own, beyond what starting took."""
    from tests.bench import mail_site

    issue = mail_site.prepare(size)
    without_server = {name: value for name, value in env.items() if name != "MAIL_BULK_URL"}
    freezing = together([["freeze", str(issue)]], without_server)[1]
    sending = ledgered(where, size, env)[1]
    return {
        "start_kib": max(one["start_kib"] for one in sending),
        "freezing_kib": max(one["peak_kib"] - one["start_kib"] for one in freezing),
        "sending_kib": max(one["peak_kib"] - one["start_kib"] for one in sending),
    }


def whole_issue(size: int, where: str, env: dict[str, str], counts: Path) -> dict[str, object]:
    """Freeze an issue of so many, send all of it, and check every sum: the ledger's, the batches' and the server's."""
    from tests.bench import mail_site

    freezing = mail_site.fill(size)
    rates = [reference(where, size // 20, len(mail_site.mail()))]
    with sink(counts=counts) as counting:
        sending, said = ledgered(counting, size, env)
        accepted = taken(counts)
    rates.append(reference(where, size // 20, len(mail_site.mail())))
    tick = mail_site.seconds_of_a_tick()
    if accepted != size:
        raise RuntimeError(f"The server has taken {accepted} mails of {size}.")
    rate = sum(rates) / 2
    return {
        "recipients": size,
        "freeze_of_sending_by_smtp_source": freezing / (size / rate),
        "of_smtp_source": sending / rate,
        "peak_kib": max(one["peak_kib"] for one in said),
        "taken_by_the_server": accepted,
        "sums": mail_site.finished(size),
        "tick_seconds": tick,
    }


def report(found: dict) -> list[str]:
    lines = [
        f"The weekly mail: {found['messages']:,} messages of {found['bytes']:,} bytes, {found['rounds']} rounds; "
        "median (least-most)",
        "",
        f"{'sender':<14}{'messages/s':<28}{'of smtp-source':<24}goal",
    ]
    for name, rate in found["rates"].items():
        ratio = found["of_smtp_source"].get(name)
        goal = f"{GOALS[name]:.2f}" if name in GOALS else ""
        lines.append(f"{name:<14}{rate.words(',.0f'):<28}{ratio.words('.2f') if ratio else '':<24}{goal}")
    if not found["is_steady"]:
        lines.append("smtp-source itself varied more than twofold: run it again on a quiet machine.")
    if memory := found.get("memory_kib"):
        lines += memory_lines(memory)
    if million := found.get("million"):
        lines.append(f"A whole issue: {million}")
    return lines


def memory_lines(memory: dict[int, dict[str, int]]) -> list[str]:
    """Return what a process takes beyond its start, by recipients, and whether that is flat."""
    form = "{:<14}{:<28}{:<28}{}".format
    lines = ["", form("recipients", "start, MiB", "freezing, MiB more", "sending, MiB more")]
    for size, row in memory.items():
        mib = [f"{row[f'{what}_kib'] / 1024:.1f}" for what in ("start", "freezing", "sending")]
        lines.append(form(f"{size:,}", *mib))
    first, last = memory[min(memory)], memory[max(memory)]
    growth = max(last[what] - first[what] for what in ("freezing_kib", "sending_kib"))
    return [*lines, f"Growth {growth / 1024:.1f} MiB: {'flat' if growth <= MOST_GROWTH_KIB else 'not flat'}", ""]


def main(argv: list[str]) -> None:
    import django

    asked = arguments(argv)
    if asked.if_possible and not has_tools():
        print(MISSING)
        return
    django.setup()
    found = measure(asked)
    print("\n".join(report(found)))
    if asked.json:
        asked.json.write_text(json.dumps(found, default=asdict, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
