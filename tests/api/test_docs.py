"""The documentation page: every operation, and snippets that answer."""

import html
import re

import pytest
from django.utils import timezone

from config.api.document import parsed
from tests import factories
from tests.environment import TESTING
from verdicts.sample.loading import SampleSite


@pytest.fixture
def page(client, db):
    SampleSite(timezone.localdate()).load(factories.editor())
    return html.unescape(client.get("/api/docs/").text)


def test_every_operation_of_the_document_is_there_with_a_snippet_that_answers(client, page):
    """As a program would ask: the address of each snippet, on the sample site."""
    addresses = re.findall(rf"curl {re.escape(TESTING['SITE_URL'])}(\S+)</code>", page)

    assert all(f"GET {path}" in page for path in parsed()["paths"])
    assert len(addresses) == len(parsed()["paths"]) + 1
    assert {address: client.get(address).status_code for address in addresses} == dict.fromkeys(addresses, 200)


def test_the_python_snippet_runs_as_it_stands(client, page, monkeypatch, capsys):
    """Only the network is another: the test client's."""
    [snippet] = re.findall(r"<pre[^>]*><code>(import json.*?)</code></pre>", page, re.S)

    class Answer:
        def __init__(self, address):
            self.text = client.get(address.removeprefix(TESTING["SITE_URL"])).text

        def __enter__(self):
            return self

        def __exit__(self, *error):
            return False

        def read(self):
            return self.text

    monkeypatch.setattr("urllib.request.urlopen", Answer)
    exec(snippet, {})

    panel = client.get("/api/v1/tools/claude-code/").json()["panel"]["words"]
    assert capsys.readouterr().out == f"Claude Code {panel}\n"
