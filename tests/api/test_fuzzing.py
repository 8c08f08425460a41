"""The schema fuzzer finds nothing: every check, fixed seeds, on a filled site, as a reader, a token's holder and staff.

It runs as a process of its own against a server in a thread, which shares the connection of the test: what it writes is
undone as everything else is. Longer runs take more examples: `schemathesis --config-file tests/api/fuzzing.toml run …`.
"""

import os
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.db import connections

from config.api.document import FILE
from tests import factories
from tests.api.sample_site import kept_connection
from tests.newsletter.test_archive import past_issues
from voting.casting import cast
from voting.models import ApiToken, Voter

CONFIG = Path(__file__).parent / "fuzzing.toml"
# Staff may do everything, so theirs is the long run: each operation with each value that its description makes special.
# The others see fewer operations from inside; for them it is what they are refused that counts.
RUNS = {
    "staff": (20261124, ["--phases", "examples,coverage,stateful", "--max-examples", "2"]),
    "vote": (20261125, ["--phases", "examples,fuzzing", "--max-examples", "3"]),
    "reader": (20261126, ["--phases", "examples,fuzzing", "--max-examples", "3"]),
}


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


@contextmanager
def served():
    """Give the address of a server that answers one request at a time, over this very connection to the database."""
    connection = connections["default"]
    connection.ensure_connection()
    connection.inc_thread_sharing()
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)

    def serve():
        connections["default"] = connection
        server.serve_forever(poll_interval=0.05)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        with kept_connection():
            yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        connection.dec_thread_sharing()


def fill():
    """Rows of everything under the names of the examples, and some more for the fuzzer to find."""
    past_issues()
    shelf = factories.category("coding-assistants")
    claude = factories.reviewed_tool("Claude Code", "+-+-", category=shelf)
    for name in ("Claude Files API", "SmolVLM2 Turbo"):
        other = factories.reviewed_tool(name, category=shelf)
        factories.fact(other), factories.price(other), factories.votes(other, 40, 20)
        factories.comparison(claude, other)
    factories.tool("A new tool", state="draft")
    factories.verdict(claude, "builder", "skip", published=False, revision_note="Again.")


@pytest.mark.django_db
@pytest.mark.parametrize("who", RUNS)
def test_the_schema_fuzzer_finds_nothing(who, settings, tmp_path):
    settings.API_READS_PER_MINUTE = settings.API_WRITES_PER_MINUTE = 1_000_000
    cache.clear()
    fill()
    account = factories.staff() if who == "staff" else factories.user()
    cast(Voter.objects.create(account=account), factories.Tool.objects.get(slug="claude-code"), 1)
    seed, asked = RUNS[who]
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run", str(FILE)]
    command += ["--checks", "all", "--seed", str(seed), "--workers", "1", "--no-color", *asked]
    if who != "reader":
        scope = "write" if who == "staff" else "vote"
        command += ["--header", f"Authorization: Bearer {ApiToken.make(account, who, scope)[1]}"]

    with served() as address:
        done = subprocess.run(
            [*command, "--url", address], cwd=tmp_path, env=os.environ | {"COLUMNS": "120"},
            capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert int(re.search(r"(\d+) generated", done.stdout)[1]) > 100
