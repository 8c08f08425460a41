"""Throttles, traps and stamps."""

import logging
import re

import pytest
import time_machine
from django import forms
from django.core.cache import cache
from django.test import RequestFactory, override_settings

from voting.guarding import GuardedForm, Throttle
from voting.network import client_address, network_of


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()
    yield
    cache.clear()


class ReportForm(GuardedForm):
    text = forms.CharField()


class OtherForm(GuardedForm):
    text = forms.CharField()


def sent(form_class, after_seconds=5.0, **fields):
    """The form as a reader sends it so many seconds after it was rendered."""
    with time_machine.travel("2026-11-24 09:00:00+00:00", tick=False) as clock:
        stamp = re.search(r'name="stamp" value="([^"]*)"', ReportForm().guard())[1]
        clock.shift(after_seconds)
        form = form_class({"text": "Wrong price", "stamp": stamp} | fields)
        form.is_valid()
        return form


def test_a_throttle_allows_its_rate_then_says_how_long_to_wait_then_opens_again():
    throttle = Throttle("report", "2/m")

    with time_machine.travel("2026-11-24 09:00:00+00:00", tick=False) as clock:
        first = [throttle.wait("a"), throttle.wait("a"), throttle.wait("a"), throttle.wait("b")]
        clock.shift(59)
        almost = throttle.wait("a")
        clock.shift(2)
        after = throttle.wait("a")

    assert first == [0, 0, 60, 0]
    assert (almost, after) == (1, 0)


def test_throttles_of_different_names_count_apart():
    assert [Throttle("vote", "1/h").wait("a"), Throttle("report", "1/h").wait("a")] == [0, 0]


@pytest.mark.parametrize("proxies", [0, 1])
def test_a_forged_header_buys_no_other_throttle_bucket(settings, proxies):
    settings.TRUSTED_PROXIES = proxies
    throttle = Throttle("vote", "3/h")

    def attempt(forged):
        forwarded = f"{forged}, 203.0.113.9" if proxies else forged
        request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": forwarded})
        return throttle.wait(network_of(client_address(request)))

    waits = [attempt(f"198.51.{number}.7") for number in range(5)]

    assert [wait > 0 for wait in waits] == [False, False, False, True, True]


def test_no_address_is_kept_in_the_cache(monkeypatch):
    kept = []
    monkeypatch.setattr(cache, "set", lambda *args, **kwargs: kept.append(args))

    Throttle("vote", "3/h").wait("203.0.113.9")

    assert len(kept) == 1
    assert "203.0.113" not in repr(kept)


def test_a_throttle_opens_when_the_cache_is_away_and_says_so(caplog):
    nowhere = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"socket_connect_timeout": 0.2},
        }
    }

    with override_settings(CACHES=nowhere), caplog.at_level(logging.WARNING):
        waits = [Throttle("vote", "1/h").wait("a") for _ in range(3)]

    assert waits == [0, 0, 0]
    assert "throttle vote is open, the cache is away" in caplog.text


def test_a_form_sent_by_a_person_passes():
    form = sent(ReportForm)

    assert form.errors == {}
    assert form.cleaned_data == {"text": "Wrong price"}


@pytest.mark.parametrize(
    ("form_class", "after_seconds", "fields", "code"),
    [
        (ReportForm, 1.9, {}, "too_quick"),
        (ReportForm, -30, {}, "ahead"),
        (ReportForm, 24 * 3600 + 1, {}, "too_old"),
        (ReportForm, 5, {"subject_line": "Buy"}, "trapped"),
        (ReportForm, 5, {"stamp": ""}, "forged"),
        (ReportForm, 5, {"stamp": "1764000000.0:made-up"}, "forged"),
        (ReportForm, 5, {"stamp": "\x00"}, "forged"),
        (OtherForm, 5, {}, "forged"),
    ],
)
def test_what_no_person_sends_is_refused_by_name(form_class, after_seconds, fields, code):
    form = sent(form_class, after_seconds, **fields)

    assert [error.code for error in form.non_field_errors().as_data()] == [code]


def test_a_missing_stamp_is_refused_even_without_other_fields():
    assert not ReportForm({}).is_valid()


def test_a_form_with_a_mistake_keeps_its_stamp_and_one_without_a_good_stamp_gets_a_new_one():
    with_mistake, too_old = sent(ReportForm, text=""), sent(ReportForm, 24 * 3600 + 1)

    assert with_mistake.data["stamp"] in with_mistake.guard()
    assert too_old.data["stamp"] not in too_old.guard()


def test_the_guard_shows_nothing_to_readers_and_cannot_be_reached_by_keyboard():
    markup = ReportForm(prefix="report").guard()

    assert '<div hidden><label>Leave this empty <input type="text" name="report-subject_line" tabindex="-1"' in markup
    assert '<input type="hidden" name="report-stamp"' in markup
