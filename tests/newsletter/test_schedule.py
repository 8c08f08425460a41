"""The weekly rule, over clock changes, odd zones and the ends of years."""

import datetime
from itertools import pairwise

import pytest

from newsletter.schedule import Period, local_instant, period_after

UTC = datetime.UTC


def at(*parts):
    return datetime.datetime(*parts, tzinfo=UTC)


def test_the_cutoff_comes_an_hour_before_the_first_morning_on_earth():
    period = Period(datetime.date(2026, 11, 30))

    assert period.key == "2026-W49"
    assert period.wave("Pacific/Kiritimati") == at(2026, 11, 29, 19)
    assert period.cutoff == at(2026, 11, 29, 18)
    assert period.sends_at == at(2026, 11, 30, 9)


@pytest.mark.parametrize(
    ("moment", "key"),
    [
        (at(2026, 11, 24, 12), "2026-W49"),
        (at(2026, 11, 29, 17, 59), "2026-W49"),
        (at(2026, 11, 29, 18), "2026-W50"),
        (at(2026, 11, 30, 9), "2026-W50"),
        (at(2026, 12, 26, 0), "2026-W53"),
        (at(2027, 1, 1, 0), "2027-W01"),
    ],
)
def test_each_moment_has_one_next_issue(moment, key):
    assert period_after(moment).key == key


def test_two_years_of_weeks_have_keys_of_their_own_in_order():
    period, keys = Period(datetime.date(2026, 1, 5)), []
    for _ in range(110):
        keys.append(period.key)
        period = period.next

    assert len(set(keys)) == 110
    assert keys == sorted(keys)
    assert "2026-W53" in keys


@pytest.mark.parametrize("zone", ["", "UTC", "Mars/Olympus", "../etc/passwd", "x" * 300, "\x00"])
def test_an_unknown_zone_counts_as_the_editorial_one(zone):
    assert Period(datetime.date(2026, 11, 30)).wave(zone) == at(2026, 11, 30, 9)


@pytest.mark.parametrize(
    ("day", "zone", "hour", "minute", "expected"),
    [
        # Skipped hours: the first instant that exists.
        ((2027, 3, 28), "Europe/Berlin", 2, 30, at(2027, 3, 28, 1)),
        ((2027, 3, 14), "America/New_York", 2, 30, at(2027, 3, 14, 7)),
        ((2026, 10, 4), "Australia/Lord_Howe", 2, 15, at(2026, 10, 3, 15, 30)),
        ((2027, 3, 26), "Asia/Jerusalem", 2, 30, at(2027, 3, 26, 0)),
        ((2011, 12, 30), "Pacific/Apia", 9, 0, at(2011, 12, 30, 10)),
        # Hours that come twice: the first.
        ((2026, 10, 25), "Europe/Berlin", 2, 30, at(2026, 10, 25, 0, 30)),
        ((2026, 11, 1), "America/New_York", 1, 30, at(2026, 11, 1, 5, 30)),
        ((2027, 4, 4), "Australia/Lord_Howe", 1, 45, at(2027, 4, 3, 14, 45)),
        ((2026, 10, 25), "Europe/London", 1, 30, at(2026, 10, 25, 0, 30)),
    ],
)
def test_clocks_that_jump_and_clocks_that_turn_back(day, zone, hour, minute, expected):
    assert local_instant(datetime.date(*day), hour, minute, zone) == expected


@pytest.mark.parametrize(
    "zone", ["Pacific/Kiritimati", "Pacific/Apia", "Australia/Lord_Howe", "America/Los_Angeles", "Europe/Berlin"]
)
def test_every_week_of_a_year_has_one_wave_after_its_cutoff_and_in_order(zone):
    period, waves = Period(datetime.date(2026, 7, 6)), []
    for _ in range(53):
        wave = period.wave(zone)
        assert wave > period.cutoff
        assert wave - period.cutoff <= datetime.timedelta(hours=28)
        waves.append(wave)
        period = period.next

    gaps = {second - first for first, second in pairwise(waves)}
    assert all(datetime.timedelta(days=6, hours=23) <= gap <= datetime.timedelta(days=7, hours=1) for gap in gaps)
