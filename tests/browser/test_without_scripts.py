"""Filters and tray are forms: they work where scripts do not run."""

import pytest
from playwright.sync_api import expect


@pytest.fixture
def page(look):
    return look("browse", java_script_enabled=False)


def test_the_filters(page, site):
    everything = page.locator("h1 + .standfirst").inner_text()

    page.get_by_label("Category").select_option("vector-databases")
    page.get_by_role("button", name="Apply").click()

    assert "category=vector-databases" in page.url
    assert page.locator("h1 + .standfirst").inner_text() != everything
    expect(page.get_by_role("link", name="Qdrant")).to_be_visible()
    page.get_by_role("link", name="Clear the filters").click()
    expect(page).to_have_url(f"{site.url}/tools/")


def test_searching_within_the_list(page):
    page.locator("#list-query").fill("pinecone")
    page.get_by_role("button", name="Apply").click()

    assert page.locator(".row h3").all_inner_texts()[0] == "Pinecone"


def test_two_ticked_tools_are_compared(page):
    boxes = page.locator(".row input[name=tools]")
    slugs = sorted(boxes.nth(number).get_attribute("value") for number in (0, 1))

    for number in (0, 1):
        boxes.nth(number).check()
    page.get_by_role("button", name="Compare").click()

    assert page.url.endswith(f"/compare/{'-vs-'.join(slugs)}/")


def test_a_ticked_tool_stays_in_the_tray_through_a_search(page):
    chosen = page.locator(".row input[name=tools]").first
    slug = chosen.get_attribute("value")

    chosen.check()
    page.locator("#list-query").fill("pinecone")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(f".tray input[value={slug}]")).to_be_checked()
    page.locator(".row input[value=pinecone]").check()
    page.get_by_role("button", name="Compare").click()

    assert page.url.endswith(f"/compare/{'-vs-'.join(sorted([slug, 'pinecone']))}/")
