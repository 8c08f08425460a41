"""Light, dark, or as the system has it."""

import pytest
from playwright.sync_api import expect

PAPER = "getComputedStyle(document.documentElement).backgroundColor"
AT_FIRST_SIGHT = """
  new MutationObserver((_, observer) => {
    if (!document.body) return;
    window.atFirstSight = document.documentElement.dataset.theme ?? "system";
    observer.disconnect();
  }).observe(document, { childList: true, subtree: true });
"""


@pytest.mark.parametrize("chosen", ["light", "dark"])
def test_a_choice_outlives_the_page_and_is_there_before_anything_is_drawn(look, site, chosen):
    other = {"light": "dark", "dark": "light"}[chosen]
    page = look("home", color_scheme=other, before=AT_FIRST_SIGHT)
    before = page.evaluate(PAPER)

    page.locator(f"input[name=theme][value={chosen}]").check()
    chosen_paper = page.evaluate(PAPER)
    page.goto(site.page("comparison"))

    assert chosen_paper != before
    assert page.evaluate("atFirstSight") == chosen
    assert page.evaluate(PAPER) == chosen_paper
    expect(page.locator(f"input[name=theme][value={chosen}]")).to_be_checked()


@pytest.mark.parametrize("scripts", [True, False])
def test_unless_chosen_the_theme_is_the_systems(look, scripts):
    light, dark = (look("home", color_scheme=it, java_script_enabled=scripts) for it in ("light", "dark"))

    assert light.evaluate(PAPER) != dark.evaluate(PAPER)
    light.emulate_media(color_scheme="dark")
    assert light.evaluate(PAPER) == dark.evaluate(PAPER)


def test_system_can_be_chosen_again(look):
    page = look("home", color_scheme="light")
    paper = page.evaluate(PAPER)

    page.locator("input[name=theme][value=dark]").check()
    page.locator("input[name=theme][value=system]").check()
    page.reload()

    assert page.evaluate(PAPER) == paper
    assert page.evaluate("localStorage.length") == 0
