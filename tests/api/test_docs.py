"""The documentation page: every operation, and snippets that do what they say when they are run as they stand."""

import html
import io
import re
import shlex

import pytest
from django.core.cache import cache
from django.db import transaction

from config.api.document import parsed
from config.api.schema import EXAMPLES
from tests.api.sample_site import answers, sample_site, written
from tests.environment import TESTING

SITE = TESTING["SITE_URL"]


@pytest.fixture
def docs(client, db):
    """The page, with the sample site and the token of a member of staff."""
    with sample_site() as client.token:
        yield html.unescape(client.get("/api/docs/").text)


def snippets(page, kind):
    """Return the snippets by operation, in the order of the page."""
    found = re.findall(rf'aria-label="(\w+ /\S+) with {kind}"><code>(.*?)</code>', page, re.S)
    wanted = [f"{method.upper()} {path}" for path, methods in parsed()["paths"].items() for method in methods]
    assert [operation for operation, _ in found] == wanted
    return found


def asked(client, method, address, headers, body):
    cache.clear()  # whoever runs everything at once would be told to wait
    return client.generic(method, address.removeprefix(SITE), body, headers=headers, content_type="application/json")


def run_curl(client, command):
    """Do what curl would, as far as our snippets ask it to; what `$NAME` stands for is read first, as the page says."""
    words = iter(shlex.split(command.replace("\\\n", " ")))
    method, address, headers, body = "", "", {}, ""
    assert next(words) == "curl"
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value.replace("$TOKEN", client.token)
        elif word == "-d":
            body = next(words)
        else:
            address = word
    return asked(client, method or ("POST" if body else "GET"), address, headers, body)


def with_what_is_read(client, command):
    for line, name, address in re.findall(r"^(([A-Z]+)=\$\(curl -s (\S+).*\n)", command, re.M):
        answer = asked(client, "GET", address, {"Authorization": f"Bearer {client.token}"}, "")
        command = command.replace(line, "").replace(f"'${name}'", answer.json()[name.lower()])
    return command


def test_every_operation_has_snippets_that_work_and_a_current_example(client, docs, monkeypatch, capsys):
    """One test, so that the sample site is made once; what one part writes is undone before the next."""
    with transaction.atomic():
        check_curl(client, docs)
        transaction.set_rollback(True)
    with transaction.atomic():
        check_python(client, docs, monkeypatch, capsys)
        transaction.set_rollback(True)
    kept = EXAMPLES.read_text(encoding="utf-8")
    assert written(answers(client, client.token)) == kept, "Run python -m tests.api.sample_site, then api_schema."


def check_curl(client, page):
    assert run_curl(client, f"curl '{SITE}/api/v1/tools/?limit=2'").status_code == 200
    answers = {
        operation: run_curl(client, with_what_is_read(client, command)).status_code
        for operation, command in snippets(page, "curl")
    }

    assert {operation: status for operation, status in answers.items() if not 200 <= status < 300} == {}


def check_python(client, page, monkeypatch, capsys):
    """Only the network is another: the test client's."""

    def urlopen(request):
        headers = {name: value for name, value in request.header_items() if name != "Content-type"}
        body = request.data.decode() if request.data else ""
        answer = asked(client, request.get_method(), request.full_url, headers, body)
        assert 200 <= answer.status_code < 300, (request.full_url, answer.content)
        return io.BytesIO(answer.content)

    monkeypatch.setattr("urllib.request.urlopen", urlopen)
    monkeypatch.setenv("TOKEN", client.token)
    [beginning] = re.findall(r'aria-label="Python to begin with"><code>(.*?)</code>', page, re.S)
    names = {}
    exec(beginning, names)
    panel = client.get("/api/v1/tools/claude-code/").json()["panel"]["words"]
    assert capsys.readouterr().out == f"Claude Code {panel}\n"

    for _, snippet in snippets(page, "Python"):
        exec(snippet, names)
        assert capsys.readouterr().out.startswith("{")
