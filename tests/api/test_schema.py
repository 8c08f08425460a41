"""The description of the API is that of the code, and people can read it."""

import warnings

import pytest

from config.api.document import FILE, made, parsed


def test_the_document_kept_with_the_code_is_current_and_made_without_warnings(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        text = made()

    assert text == FILE.read_text(encoding="utf-8"), "Run manage.py api_schema."
    assert "Warning" not in capsys.readouterr().err
    assert parsed()["openapi"] == "3.1.0"


@pytest.mark.django_db
def test_the_document_and_the_page_about_it_are_served(client):
    assert client.get("/api/v1/schema/").content == FILE.read_bytes()
    page = client.get("/api/docs/").content.decode()
    assert "GET /api/v1/comparisons/{slug}/" in page


@pytest.mark.django_db
def test_an_unchanged_answer_is_a_304_for_one_query(client, django_assert_num_queries):
    first = client.get("/api/v1/tools/")

    with django_assert_num_queries(1):
        again = client.get("/api/v1/tools/", headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert first["Cache-Control"] == "public, max-age=30"
    assert "Cookie" not in first.get("Vary", "")


@pytest.mark.django_db
def test_methods_that_are_not_there_are_told_in_json(client):
    refused = client.post("/api/v1/tools/", {}, content_type="application/json")

    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (405, "method_not_allowed")
    assert refused["Allow"] == "GET, HEAD, OPTIONS"
    assert client.head("/api/v1/tools/").status_code == 200
    assert client.options("/api/v1/tools/").status_code == 204
