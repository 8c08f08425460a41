"""So many searches a minute from one network; pages that are no searches are not counted."""

import pytest
from django.core.cache import cache

from tests import factories
from verdicts import searching


@pytest.fixture(autouse=True)
def three_a_minute(monkeypatch, db):
    cache.clear()
    monkeypatch.setattr(searching, "OF_A_NETWORK", searching.Throttle("search-test", "3/m"))
    yield
    cache.clear()


@pytest.mark.parametrize("path", ["/tools/", "/categories/coding/"])
def test_a_search_too_many_is_told_when_to_come_back(client, path):
    factories.tool("Ant", category=factories.category("coding"))

    answers = [client.get(path, {"q": f"ant {number}"}) for number in range(4)]

    assert [it.status_code for it in answers] == [200, 200, 200, 429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert "Too many searches" in answers[-1].text
    assert client.get(path).status_code == 200


def test_another_network_searches_on(client):
    for _ in range(4):
        client.get("/tools/", {"q": "ant"})

    assert client.get("/tools/", {"q": "ant"}, REMOTE_ADDR="198.51.100.7").status_code == 200
