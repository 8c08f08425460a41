"""What holds for every address of the API: methods, refusals, compression, other sites, rates, deprecation."""

import datetime

import pytest
from django.core.cache import cache
from rest_framework.test import APIRequestFactory

from config.api.document import parsed
from tests import factories
from tools.api.views import ApiView, DetailView, Representation

pytestmark = pytest.mark.django_db
V1 = "/api/v1"
NAMES = {"slug": "alpha", "tool": "alpha", "reviewer": "builder"}


@pytest.fixture(autouse=True)
def calm():
    cache.clear()


def test_every_address_answers_options_head_and_a_method_it_does_not_have(client):
    wrong = {}
    for path, methods in parsed()["paths"].items():
        address = path.format(**NAMES)
        missing = next(it for it in ("delete", "put", "post") if it not in methods)
        refused = getattr(client, missing)(address)
        allowed = {it.strip().lower() for it in refused["Allow"].split(",")}
        expected = set(methods) | {"options"} | ({"head"} if "get" in methods else set())
        cache.clear()
        if (refused.status_code, refused["Content-Type"], allowed) != (405, "application/json", expected):
            wrong[path] = refused.status_code, allowed
        if "get" in methods and (head := client.head(address)).content:
            wrong[path] = "head", head.content
    assert wrong == {}


def test_a_parameter_or_field_that_is_not_declared_is_refused_everywhere(client):
    client.force_login(factories.staff())
    for path, methods in parsed()["paths"].items():
        for method in methods:
            cache.clear()
            address = path.format(**NAMES)
            answer = client.generic(method.upper(), f"{address}?nonsense=1", "{}", content_type="application/json")
            assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "nonsense"), (method, path)
            if "requestBody" in methods[method]:
                answer = client.generic(method.upper(), address, '{"nonsense": 1}', content_type="application/json")
                assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "unknown"), (method, path)


def test_what_is_no_json_and_what_is_no_object_is_refused(client):
    client.force_login(factories.staff())
    address = f"{V1}/staff/tools/"

    def refusal(body, kind="application/json"):
        answer = client.post(address, body, content_type=kind)
        return answer.status_code, answer.json()["errors"][0]["code"]

    assert refusal("{") == (400, "parse_error")
    assert refusal("[1]") == (400, "invalid")
    assert refusal("name=x", "application/x-www-form-urlencoded") == (415, "unsupported_media_type")


def test_an_address_that_is_none_answers_in_json(client):
    answer = client.get(f"{V1}/nowhere/")

    assert (answer.status_code, answer["Content-Type"]) == (404, "application/json")
    assert answer.json()["errors"][0]["code"] == "not_found"


def test_answers_are_compressed_for_whoever_takes_it(client):
    for number in range(9):
        factories.tool(f"Tool {number}")

    plain, small = (client.get(f"{V1}/tools/", headers=it) for it in ({}, {"Accept-Encoding": "gzip"}))

    assert small["Content-Encoding"] == "gzip"
    assert len(small.content) < len(plain.content) / 3
    assert "Accept-Encoding" in small["Vary"]


def test_pages_of_other_sites_may_read_without_cookies_and_no_more(client):
    there = {"Origin": "https://elsewhere.example"}
    read = client.get(f"{V1}/tools/", headers=there)
    asked = client.options(f"{V1}/votes/alpha/", headers=there | {"Access-Control-Request-Method": "PUT"})

    assert read["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in read
    assert "ETag" in read["Access-Control-Expose-Headers"]
    assert "PUT" not in asked.get("Access-Control-Allow-Methods", "")
    assert "Access-Control-Allow-Origin" not in client.get("/tools/", headers=there)


def test_whoever_asks_too_often_is_told_when_to_go_on_and_a_made_up_address_buys_nothing(client, settings):
    settings.API_READS_PER_MINUTE = 3

    answers = [client.get(f"{V1}/categories/", headers={"X-Forwarded-For": f"192.0.2.{n}"}) for n in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert 0 < int(answers[3]["Retry-After"]) <= 60
    assert answers[3].json()["errors"][0]["code"] == "throttled"


class Old(DetailView):
    """Stands for a resource that is to go."""

    representation = Representation
    deprecated_on = datetime.date(2027, 1, 1)
    sunset_on = datetime.date(2027, 7, 1)

    def found(self):
        return {}


def test_what_is_to_go_says_so():
    answer = Old.as_view()(APIRequestFactory().get("/"))

    assert answer["Deprecation"] == "@1798761600"
    assert answer["Sunset"] == "Thu, 01 Jul 2027 00:00:00 GMT"
    assert ApiView.deprecated_on is None


def test_the_date_of_an_answer_spares_it_too(client):
    first = client.get(f"{V1}/methodology/")

    again = client.get(f"{V1}/methodology/", headers={"If-Modified-Since": first["Last-Modified"]})

    assert (again.status_code, again.content) == (304, b"")
