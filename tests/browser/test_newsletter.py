"""The weekly mail in a browser: asking for it at the foot of a page, following, and the pages that links lead to."""

import time

import pytest
from playwright.sync_api import expect

from tests.browser.findings import at_widths, by_axe_in
from tests.browser.site import LETTER_PAGES


@pytest.mark.parametrize("name", LETTER_PAGES)
def test_pages_of_the_newsletter_are_as_good_as_the_others(look, watch, name):
    page = look(name)

    found = at_widths(page, (320, 720, 1280)) | by_axe_in(page)

    assert found == {}
    assert (watch.complaints, watch.strangers) == ([], [])


def mails(site):
    return list(site.outbox.glob("*")) if site.outbox.exists() else []


def test_an_address_is_taken_in_place(look, site):
    page, before = look("tool"), len(mails(site))
    address, news = page.get_by_label("Your e-mail address"), page.locator("[data-newsletter] [role=status]")

    address.fill("nobody@localhost")
    page.get_by_role("button", name="Subscribe").click()
    expect(news).to_contain_text("That is not an e-mail address.")
    expect(address).to_have_attribute("aria-invalid", "true")

    address.fill("in-place@example.org")
    page.get_by_role("button", name="Subscribe").click()
    expect(news).to_contain_text("Check your mail")
    expect(address).to_have_value("")
    assert page.url == site.page("tool")
    assert len(mails(site)) == before + 1


def test_without_scripts_it_is_one_press_more(look, site):
    page, before = look("comparison", java_script_enabled=False), len(mails(site))
    page.get_by_label("Your e-mail address").fill("plain@example.org")
    page.get_by_role("button", name="Subscribe").click()

    expect(page.get_by_label("Your e-mail address")).to_have_value("plain@example.org")
    page.get_by_role("button", name="Subscribe").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Check your mail")
    assert len(mails(site)) == before + 1


def test_a_stranger_who_follows_is_asked_for_an_address(look):
    page = look("tool", java_script_enabled=False)
    page.get_by_role("link", name="Follow Claude Code").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Follow Claude Code")
    page.get_by_label("Your e-mail address").fill("follower@example.org")
    time.sleep(2.1)  # faster than this is a machine's
    page.get_by_role("button", name="Follow", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your mail")


def test_a_reader_whom_the_browser_knows_follows_in_place_and_ends_it_in_the_preferences(look, site):
    page = look("preferences")
    page.goto(site.page("tool"))
    page.get_by_role("link", name="Follow Claude Code").hover()
    page.wait_for_load_state("networkidle")  # the script has come; a click before leads to a page of its own
    page.get_by_role("link", name="Follow Claude Code").click()

    expect(page.locator("[data-newsletter] [role=status]")).to_contain_text("You follow it")
    page.goto(site.page("preferences"))
    page.get_by_role("button", name="Remove Claude Code").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_role("button", name="Remove Claude Code")).to_have_count(0)
