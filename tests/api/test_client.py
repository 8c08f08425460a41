"""A client made from the description works as it is: it reads a comparison and casts a vote."""

import importlib
import subprocess
import sys

import httpx
import pytest
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application

from config.api.document import FILE
from tests import factories
from tests.api.sample_site import kept_connection
from voting.models import ApiToken, Vote

NO_HOOKS = "post_hooks: []\n"  # they would only tidy the code


@pytest.fixture
def generated(tmp_path, monkeypatch):
    """The package that openapi-python-client makes, ready to be imported."""
    (tmp_path / "config.yaml").write_text(NO_HOOKS)
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(FILE), "--meta", "none"]
    command += ["--config", "config.yaml", "--output-path", "shipworthy_client", "--fail-on-warning"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.syspath_prepend(tmp_path)
    yield lambda name: importlib.import_module(f"shipworthy_client.{name}")
    for name in [name for name in sys.modules if name.startswith("shipworthy_client")]:
        del sys.modules[name]


@pytest.mark.django_db
def test_a_generated_client_reads_a_comparison_and_casts_a_vote(generated):
    cache.clear()
    first, second, reader = factories.reviewed_tool("Alpha"), factories.reviewed_tool("Beta", "+-+"), factories.user()
    factories.comparison(first, second)
    _, token = ApiToken.make(reader, "client", "vote")
    transport = {"transport": httpx.WSGITransport(app=get_wsgi_application())}
    client = generated("client").AuthenticatedClient("http://testserver", token, httpx_args=transport)

    body = generated("models.vote_body").VoteBody(choice=generated("models.choice").Choice.SHIP)
    with kept_connection():
        page = generated("api.comparisons.comparisons_read").sync(slug="alpha-vs-beta", client=client)
        answer = generated("api.votes.votes_set").sync_detailed(slug="alpha", client=client, body=body)
        own = generated("api.votes.votes_list").sync(client=client)

    assert [tool.name for tool in page.tools] == ["Alpha", "Beta"]
    assert [[cell and cell.decision.value for cell in row.cells] for row in page.scorecard][1::2] == [
        ["ship", "skip"],
        ["ship", None],
    ]
    assert (answer.status_code, answer.parsed.community.ships) == (200, 1)
    assert [(vote.tool, vote.choice.value) for vote in own.results] == [("alpha", "ship")]
    assert Vote.objects.get().voter.account == reader
