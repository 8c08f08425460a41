"""Voting: in place with scripts, by keyboard, and by plain forms without them."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_without_a_mouse import tab_to


def control(page, slug):
    return page.locator(f"#vote-{slug}")


def button(page, slug, choice):
    return control(page, slug).locator(f"[value={choice}]")


@pytest.mark.parametrize("width", [390, 1280])
def test_a_vote_is_set_changed_and_withdrawn_in_place(look, width):
    page = look("four", width, 900)
    page.locator("form.vote").first.wait_for()
    start = page.url
    figure = page.locator(".card", has=control(page, "github-copilot")).locator(".figure-community [data-figure]")
    before = figure.inner_text()

    button(page, "github-copilot", "ship").click()
    expect(button(page, "github-copilot", "ship")).to_have_attribute("aria-pressed", "true")
    expect(control(page, "github-copilot")).to_contain_text("You say ship.")
    assert figure.inner_text() != before
    button(page, "github-copilot", "skip").click()
    expect(button(page, "github-copilot", "skip")).to_have_attribute("aria-pressed", "true")
    expect(button(page, "github-copilot", "ship")).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(control(page, "github-copilot")).to_contain_text("You say skip.")
    button(page, "github-copilot", "withdraw").click()
    expect(button(page, "github-copilot", "withdraw")).to_have_count(0)

    assert figure.inner_text() == before
    assert page.url == start
    assert page.evaluate("document.scrollingElement.scrollWidth <= document.scrollingElement.clientWidth")


def test_votes_on_two_tools_of_a_page_are_of_one_reader(look, site):
    page = look("four")

    button(page, "aider", "ship").click()
    button(page, "cursor", "skip").click()
    expect(control(page, "cursor")).to_contain_text("You say skip.")
    page.goto(f"{site.url}/tools/aider/")

    expect(control(page, "aider")).to_contain_text("You say ship.")


def test_by_keyboard_the_focus_stays_and_the_news_is_announced(look):
    page = look(
        "tool",
        before="addEventListener('DOMContentLoaded', () => { window.news = []; const it = document.querySelector('.vote-news'); new MutationObserver(() => news.push(it.textContent)).observe(it, {childList: true, characterData: true, subtree: true}); });",
    )

    tab_to(page, "#vote-claude-code [value=ship]")
    page.keyboard.press("Enter")
    expect(control(page, "claude-code")).to_contain_text("You say ship.")
    expect(button(page, "claude-code", "ship")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(control(page, "claude-code")).to_contain_text("You say skip.")
    expect(button(page, "claude-code", "skip")).to_be_focused()
    tab_to(page, "#vote-claude-code [value=withdraw]")
    page.keyboard.press("Enter")
    expect(button(page, "claude-code", "ship")).to_be_focused()

    assert control(page, "claude-code").locator("[role=status]").count() == 1
    assert [words.split(". ")[0] for words in page.evaluate("news")] == [
        "You say ship",
        "You say skip",
        "Your vote is withdrawn",
    ]


def test_without_script_the_vote_leads_back_to_its_spot(look, site):
    page = look("four", java_script_enabled=False)

    button(page, "aider", "skip").click()
    expect(page.get_by_label("Skip it")).to_be_checked()
    page.get_by_role("button", name="Send my vote").click()

    expect(page).to_have_url(re.compile(r"/compare/aider-vs-.*/#vote-aider$"))
    expect(control(page, "aider")).to_contain_text("You say skip.")
    button(page, "aider", "withdraw").click()
    expect(page.get_by_label("No vote: take mine back")).to_be_checked()
    page.get_by_role("button", name="Send my vote").click()
    expect(button(page, "aider", "withdraw")).to_have_count(0)


def test_a_page_whose_token_went_stale_votes_all_the_same(look):
    page = look("four")
    button(page, "cursor", "ship").hover()
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies()

    button(page, "cursor", "ship").click()

    expect(control(page, "cursor")).to_contain_text("You say ship.")


def test_what_cannot_be_sent_leads_to_the_page_that_asks(look):
    page = look("four", refuse="*/votes/stamps/*")

    button(page, "cursor", "ship").click()

    expect(page).to_have_url(re.compile(r"/tools/cursor/vote/\?choice=ship&next="))
    expect(page.get_by_label("Ship it")).to_be_checked()


def test_before_a_vote_there_is_no_cookie(look):
    page = look("four")

    assert page.context.cookies() == []
