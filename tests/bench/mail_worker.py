"""One sending process of the benchmark: gets ready, waits for a line, sends, says how many and how much memory it took.

`freeze ISSUE` freezes an issue; `core HOST:PORT FIRST COUNT FILE` fills a mail for made-up readers and hands it over; `ledger HOST:PORT` works for the
site's database, as a Celery worker does; `pattern HOST:PORT FIRST COUNT FILE` is how most senders do it: five round trips
and a body encoded for each recipient.
"""

import json
import os
import quopri
import smtplib
import sys
from pathlib import Path

import tests.environment  # noqa: F401  (before the settings)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def core(where: str, first: str, count: str, file: str) -> int:
    from newsletter import smtp
    from newsletter.mime import Template

    host, port = where.split(":")
    template = Template(smtp.stuff(Path(file).read_bytes()))

    def messages():
        for number in range(int(first), int(first) + int(count)):
            name = f"reader{number}".encode()
            values = {
                "to": name + b"@example.org",
                "date": b"Mon, 30 Nov 2026 09:00:00 +0000",
                "message_id": b"<2026-W49." + name + b"@bench.example>",
                "unsubscribe": name.rjust(60, b"u"),
                "preferences": name.rjust(60, b"p"),
                "block_text": b"",
                "block_html": b"",
            }
            yield smtp.Message(number, "digest@bench.example", f"reader{number}@example.org", template.fill(values))

    session = smtp.Session(smtp.Server(host, int(port)))
    ready()
    done = sum(outcome.is_accepted for outcome in session.send(messages()))
    session.close()
    return done


def pattern(where: str, first: str, count: str, file: str) -> int:
    host, port = where.split(":")
    body = quopri.decodestring(Path(file).read_bytes())
    client = smtplib.SMTP(host, int(port))
    ready()
    for number in range(int(first), int(first) + int(count)):
        client.sendmail("digest@bench.example", [f"reader{number}@example.org"], quopri.encodestring(body))
        client.rset()
    client.quit()
    return int(count)


def ledger(where: str) -> int:
    import django

    django.setup()
    from newsletter.sending import Sender
    from newsletter.smtp import Server, Session

    host, port = where.split(":")
    sender = Sender(Session(Server(host, int(port))))
    ready()
    done = 0
    while batches := sender.work():  # it ends by itself after a while, as a job has to
        done += batches
    return done


def freeze(issue: str) -> int:
    import django

    django.setup()
    from newsletter.freezing import freeze

    ready()
    return freeze(int(issue)).recipient_count


def peak_kib() -> int:
    """Return the most memory this program has taken. The kernel's own figure for a process begins with its parent's."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1])


at_start = 0  # what the imports took


def ready() -> None:
    global at_start
    at_start = peak_kib()
    print("ready", flush=True)
    sys.stdin.readline()


def main() -> None:
    mode, *arguments = sys.argv[1:]
    done = {"core": core, "ledger": ledger, "freeze": freeze, "pattern": pattern}[mode](*arguments)
    print(json.dumps({"done": done, "start_kib": at_start, "peak_kib": peak_kib()}), flush=True)


if __name__ == "__main__":
    main()
