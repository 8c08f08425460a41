"""The search box suggests: by keyboard, by pointer, on a phone, and without it everything still works."""

import pytest
from playwright.sync_api import expect

from tests.browser.findings import by_axe


def typed(look, text, name="home", **options):
    page = look(name, **options)
    page.locator("#site-search").focus()
    expect(page.locator("#site-search")).to_have_attribute("role", "combobox")
    page.keyboard.type(text)
    return page


def options(page):
    return page.locator("#search-suggestions [role=option]")


def test_arrow_keys_choose_and_enter_goes_there(look, site, watch):
    page = typed(look, "claude")
    box = page.locator("#site-search")
    expect(options(page).first).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")

    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    chosen = page.locator("[role=option][aria-selected=true]")
    expect(chosen).to_have_count(1)
    assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    name = chosen.locator("strong").inner_text()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator("[role=option][aria-selected=true]")).to_have_count(0)
    expect(box).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    page.wait_for_url(f"{site.url}/tools/*/")
    expect(page.locator("h1")).to_have_text(name)
    assert (watch.complaints, watch.strangers) == ([], [])


def test_a_misspelt_name_is_suggested_and_enter_alone_searches(look, site):
    page = typed(look, "cursr")
    expect(options(page).first).to_contain_text("Cursor")

    page.keyboard.press("Enter")

    expect(page).to_have_url(f"{site.url}/tools/?q=cursr")
    expect(page.locator(".row h3").first).to_have_text("Cursor")


def test_escape_closes_and_keeps_what_was_typed(look):
    page = typed(look, "claude")
    expect(options(page).first).to_be_visible()

    page.keyboard.press("Escape")

    expect(page.locator("#search-suggestions")).to_be_hidden()
    expect(page.locator("#site-search")).to_have_value("claude")
    page.keyboard.press("ArrowDown")
    expect(options(page).first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("#search-suggestions")).to_be_hidden()


def test_a_suggestion_can_be_clicked(look, site):
    page = typed(look, "langch")

    options(page).filter(has_text="LangChain").first.click()

    expect(page).to_have_url(f"{site.url}/tools/langchain/")


def test_how_many_there_are_is_said_and_nothing_is_suggested_for_nonsense(look):
    page = typed(look, "claude")
    expect(page.locator(".search [role=status]")).to_contain_text("suggestions")

    page.locator("#site-search").fill("qqqqqqq")

    expect(page.locator(".search [role=status]")).to_have_text("No suggestions")
    expect(page.locator("#search-suggestions")).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_the_open_list_fits_and_axe_finds_nothing(look, width, theme):
    page = typed(look, "claude", width=width, height=800, color_scheme=theme)
    expect(options(page).first).to_be_visible()
    page.keyboard.press("ArrowDown")

    box = page.locator("#search-suggestions").bounding_box()

    assert by_axe(page) == ""
    search = page.locator("form.search").bounding_box()
    assert box["y"] >= search["y"] + search["height"]
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert page.evaluate("document.scrollingElement.scrollWidth") == width
    assert all(option.bounding_box()["height"] >= 44 for option in options(page).all())


def test_without_scripts_the_box_is_a_form(look, site):
    page = look("home", java_script_enabled=False)

    page.locator("#site-search").fill("cursr")
    page.locator("#site-search").press("Enter")

    expect(page).to_have_url(f"{site.url}/tools/?q=cursr")
    expect(page.get_by_role("link", name="cursor", exact=True)).to_be_visible()


def test_suggestions_weigh_nothing_until_they_are_used(look):
    page = look("home")
    page.wait_for_load_state("networkidle")

    assert (
        page.evaluate("performance.getEntriesByType('resource').filter(it => it.name.includes('suggest')).length") == 0
    )
