"""Votes that rush in, votes from before a break, and the staff's screens: what only a browser can show."""

import re

import pytest
from django.core import signing
from playwright.sync_api import expect

from tests.browser.findings import by_axe
from tests.browser.site import EARLY_READER, STAFF_SESSION
from tests.browser.test_vote import button, control

QUEUE = "/admin/voting/case/"


@pytest.fixture
def staff(look, site):
    """Open a page of the staff's, signed in."""
    page = look("how-votes-count")
    page.context.add_cookies([{"name": "session", "value": STAFF_SESSION, "url": site.url}])

    def open_page(path):
        page.goto(site.url + path)
        return page

    return open_page


def test_under_alert_the_browser_solves_what_is_asked_and_the_vote_is_set(look, site, watch):
    page, answers = look("how-votes-count"), []
    page.on("response", lambda it: answers.append(it.status) if it.url.endswith("/crowded/vote/") else None)
    page.goto(f"{site.url}/tools/crowded/")

    button(page, "crowded", "skip").click()
    expect(control(page, "crowded")).to_contain_text("You say skip.")

    assert answers == [428, 200]
    assert watch.strangers == []
    assert [it for it in watch.complaints if "status of 428" not in it] == []


@pytest.mark.parametrize("scripts", [True, False])
def test_a_vote_from_before_a_break_is_renewed_with_one_click(look, site, scripts):
    page = look("how-votes-count", java_script_enabled=scripts)
    value = signing.Signer(salt="voting.guest").sign(EARLY_READER)
    page.context.add_cookies([{"name": "voter", "value": value, "url": site.url}])
    page.goto(f"{site.url}/tools/crowded/")
    if page.locator(".vote-renew").count() == 0:  # the other of the two has renewed it already
        assert "You say ship." in control(page, "crowded").inner_text()
        return

    page.get_by_role("button", name="Still ship").click()

    expect(page.locator(".vote-renew")).to_have_count(0)
    expect(control(page, "crowded")).to_contain_text("You say ship.")


def the_case(page):
    """The first case of the tool that has signals, so that it can be taken apart."""
    return page.get_by_role("row", name=re.compile("Crowded")).get_by_role("link", name=re.compile(r"^Case \d")).first


def test_a_case_is_decided_taken_back_and_noted_by_keys_alone(staff, watch):
    page = staff(QUEUE)
    the_case(page).click()
    expect(page.get_by_role("button", name="Discard them")).to_be_visible()

    for key, words in (("d", "discarded"), ("u", "Taken back"), ("c", "counted"), ("u", "Taken back")):
        page.wait_for_load_state()
        page.keyboard.press(key)
        expect(page.locator(".messagelist")).to_contain_text(words)
    page.wait_for_load_state()
    page.keyboard.press("s")
    expect(page.locator("#part")).to_be_focused()
    page.locator("body").click(position={"x": 5, "y": 5})
    page.keyboard.press("n")
    page.keyboard.type("dc: looks bought")
    expect(page.locator("#note")).to_have_value("dc: looks bought")
    page.get_by_role("button", name="Keep the note").click()

    expect(page.locator(".messagelist")).to_contain_text("Noted: dc: looks bought")
    assert (watch.complaints, watch.strangers) == ([], [])


def test_axe_finds_nothing_on_the_screens_of_the_staff(staff):
    found = {}
    for path in (QUEUE, the_case(staff(QUEUE)).get_attribute("href")):
        page = staff(path)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            page.reload()  # the admin's own links fade from one theme's colour to the other's
            # The frame around is Django's own; its rules are checked where ours begin.
            if report := by_axe(page, "#content"):
                found[f"{path} {theme}"] = report

    assert found == {}, "\n".join(found.values())
