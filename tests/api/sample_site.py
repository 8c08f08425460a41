"""The sample site as of one day, and what each operation of the API answers there.

`python -m tests.api.sample_site` writes the answers to config/api/examples.json, from where they get into the description.
"""

import json
import os
from contextlib import contextmanager

DAY = "2026-11-24 12:00:00+00:00"
MOST = 2
SHOWN = "https://shipworthy.example"


@contextmanager
def sample_site():
    """Fill the database as of that day, and give the text of a token: of staff who have voted on a tool."""
    import time_machine
    from django.utils import timezone

    from newsletter import sample
    from tests import factories
    from tools.models import Tool
    from verdicts.sample.loading import SampleSite
    from voting.casting import cast
    from voting.models import ApiToken, Voter

    with time_machine.travel(DAY, tick=False):
        SampleSite(timezone.localdate()).load(factories.editor())
        sample.load()
        reader = factories.staff(name="Ada")
        cast(Voter.objects.create(account=reader), Tool.objects.get(slug="claude-code"), -1)
        yield ApiToken.make(reader, "samples", "write")[1]


@contextmanager
def kept_connection():
    """Let requests from outside leave the connection of the test open, as Django's own test client does."""
    from django.core.signals import request_finished, request_started
    from django.db import close_old_connections

    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


# What is another at every request.
ALWAYS_NEW = {"work": {}, "stamp": "1785521600.0_c2FtcGxl:b25lLW9mLW91cnM"}


def asked(client, method, path, body=None, token=""):
    from django.core.cache import cache

    cache.clear()  # whoever asks for everything at once would be told to wait
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    text = "" if body is None else json.dumps(body)
    return client.generic(method, path, text, headers=headers, content_type="application/json")


def answers(client, token):
    """Return what each operation answers, in the order of the description, as it is kept there."""
    from config.api.document import parsed
    from config.api.samples import SAMPLES, Sample, path_of

    found = {}
    for path, methods in parsed()["paths"].items():
        for method, operation in methods.items():
            name = operation["operationId"]
            sample = SAMPLES.get(name, Sample())
            address = f"/api/v1{path_of(name, path)}" + ("?limit=2" if name.endswith("_list") else "")
            read = asked(client, "GET", f"/api/v1{sample.reads}", token=token).json() if sample.reads else {}
            body = {k: read[v[1:].lower()] if str(v).startswith("$") else v for k, v in sample.body.items()} or None
            answer = asked(client, method.upper(), address, body, token)
            assert 200 <= answer.status_code < 300, (name, answer.content)
            found[name] = {
                "request": f"{method.upper()} {address}",
                "body": shortened(body),
                "answer": shortened(answer.json()),
            }
    return found


def shortened(value):
    """Return an answer with lists of two, and without what differs between machines."""
    if isinstance(value, dict):
        return {key: ALWAYS_NEW[key] if key in ALWAYS_NEW else shortened(part) for key, part in value.items()}
    if isinstance(value, list):
        return [shortened(part) for part in value[:MOST]]
    if isinstance(value, str) and "cursor=" in value:
        value = value.partition("cursor=")[0] + "cursor=WyIwIl0:abc"
    return value.replace("http://testserver", SHOWN) if isinstance(value, str) else value


def written(found):
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def main():
    import tests.environment  # noqa: F401  (before the settings)

    os.environ["DATABASE_URL"] = "sqlite://:memory:"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

    import django

    django.setup()

    from django.core.management import call_command
    from django.test import Client

    from config.api.schema import EXAMPLES

    call_command("migrate", verbosity=0)
    with sample_site() as token:
        EXAMPLES.write_text(written(answers(Client(), token)), encoding="utf-8")


if __name__ == "__main__":
    main()
