"""Headers of every answer, and reports of what they refused."""

import json
import logging

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def nothing_reported(caplog):
    """Nobody has reported anything yet, and warnings are heard."""
    cache.clear()
    caplog.set_level(logging.WARNING)


@pytest.mark.parametrize("path", ["/", "/livez", "/nowhere/", "/admin/login/"])
def test_every_answer_refuses_what_the_site_never_uses(client, db, path):
    headers = client.get(path, follow=True).headers

    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "report-uri /csp-reports/" in headers["Content-Security-Policy"]


def report(client, body, kind="application/csp-report"):
    return client.post("/csp-reports/", body, content_type=kind)


def test_what_a_browser_refused_is_logged_without_the_rest(client, db, caplog):
    body = {"csp-report": {"blocked-uri": "https://evil.example/x.js", "script-sample": "secret", "line-number": 3}}

    assert report(client, json.dumps(body)).status_code == 204

    assert "https://evil.example/x.js" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"csp-report": 3}', b"\xff\x00", b'{"csp-report": "x"}', b"[" * 16_000, b"x" * 20_000]
)
def test_what_is_no_report_is_dropped(client, db, caplog, body):
    assert report(client, body).status_code == 204
    assert "csp_violation" not in caplog.text


def test_reports_of_one_network_are_logged_only_so_often(client, db, caplog):
    body = json.dumps({"csp-report": {"blocked-uri": "https://evil.example/"}})

    for _ in range(70):
        assert report(client, body).status_code == 204

    assert caplog.text.count("csp_violation") == 60
