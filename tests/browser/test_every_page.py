"""What holds for each kind of page, at each width, in each theme."""

import pytest

from tests.browser.findings import at_widths, by_axe_in, by_keyboard
from tests.browser.site import PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_good_at_every_width_in_each_theme_by_keyboard_and_without_scripts(look, watch, name):
    """One test, since opening the page costs as much as most of what is found out about it."""
    page, plain = look(name, reduced_motion="reduce"), look(name, java_script_enabled=False)
    found = at_widths(page) | by_axe_in(page)
    page.wait_for_load_state("networkidle")

    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    found |= by_keyboard(page)
    page.evaluate("document.querySelectorAll('.scripted-only').forEach(it => it.remove())")

    assert found == {}
    assert (watch.complaints, watch.strangers) == ([], [])
    assert plain.locator("main").inner_text() == page.locator("main").inner_text()
    assert plain.locator(".theme-switch").is_hidden()
