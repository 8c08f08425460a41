"""Everything a reader does, by keyboard."""

import re

from playwright.sync_api import expect


def tab_to(page, selector, most=80):
    """Press Tab until that element has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"{most} tabs do not reach {selector}")


def test_the_first_tab_offers_to_skip_to_the_content(look):
    page = look("comparison")

    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    expect(page.locator(".skip-link")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")

    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_searching(look, site):
    page = look("home")

    tab_to(page, "#site-search")
    page.keyboard.type("claude")
    page.keyboard.press("Enter")

    expect(page).to_have_url(f"{site.url}/tools/?q=claude")
    expect(page.locator("#list-query")).to_have_value("claude")
    expect(page.locator(".row h3").first).to_contain_text("Claude")


def test_ticking_two_tools_and_comparing_them(look):
    page = look("category")

    tab_to(page, ".row input[name=tools]")
    first = page.evaluate("document.activeElement.value")
    page.keyboard.press("Space")
    expect(page.locator("[data-compare]")).to_be_disabled()
    tab_to(page, ".row input[name=tools]")
    second = page.evaluate("document.activeElement.value")
    page.keyboard.press("Space")
    expect(page.locator("[data-count]")).to_have_text("2")
    tab_to(page, "[data-compare]")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(f"/compare/{'-vs-'.join(sorted([first, second]))}/$"))


def test_a_fifth_tool_cannot_be_ticked(look):
    page = look("browse")

    for number in range(4):
        page.locator(".row input[name=tools]").nth(number).focus()
        page.keyboard.press("Space")

    expect(page.locator(".row input[name=tools]").nth(4)).to_be_disabled()
    expect(page.locator("[data-count]")).to_have_text("4")


def test_choosing_a_theme(look):
    page = look("home", color_scheme="light")

    tab_to(page, "input[name=theme]")
    page.keyboard.press("ArrowRight")

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
