"""Filters and tray are forms: they work where scripts do not run."""

import pytest
from playwright.sync_api import expect


@pytest.fixture
def browse(look):
    return look("browse", java_script_enabled=False)


def test_the_filters(browse, site):
    everything = browse.locator("h1 + .standfirst").inner_text()

    browse.get_by_label("Category").select_option("vector-databases")
    browse.get_by_role("button", name="Apply").click()

    assert "category=vector-databases" in browse.url
    assert browse.locator("h1 + .standfirst").inner_text() != everything
    expect(browse.get_by_role("link", name="Qdrant")).to_be_visible()
    browse.get_by_role("link", name="Clear the filters").click()
    expect(browse).to_have_url(f"{site.url}/tools/")


def test_searching_within_the_list(browse):
    browse.locator("#list-query").fill("pinecone")
    browse.get_by_role("button", name="Apply").click()

    assert browse.locator(".row h3").all_inner_texts()[0] == "Pinecone"


def test_two_ticked_tools_are_compared(browse):
    boxes = browse.locator(".row input[name=tools]")
    slugs = sorted(boxes.nth(number).get_attribute("value") for number in (0, 1))

    for number in (0, 1):
        boxes.nth(number).check()
    browse.get_by_role("button", name="Compare").click()

    assert browse.url.endswith(f"/compare/{'-vs-'.join(slugs)}/")


def test_a_ticked_tool_stays_in_the_tray_through_a_search(browse):
    chosen = browse.locator(".row input[name=tools]").first
    slug = chosen.get_attribute("value")

    chosen.check()
    browse.locator("#list-query").fill("pinecone")
    browse.get_by_role("button", name="Apply").click()
    expect(browse.locator(f".tray input[value={slug}]")).to_be_checked()
    browse.locator(".row input[value=pinecone]").check()
    browse.get_by_role("button", name="Compare").click()

    assert browse.url.endswith(f"/compare/{'-vs-'.join(sorted([slug, 'pinecone']))}/")
