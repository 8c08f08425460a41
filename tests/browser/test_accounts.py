"""Signing in as a reader does it: by code with and without scripts, by keyboard, by passkey; and how the pages look."""

import email
import itertools
import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser.findings import SIDEWAYS, by_axe, by_axe_in
from tests.browser.test_without_a_mouse import tab_to

ENTRANCE = ["/accounts/login/", "/accounts/login/?next=/admin/", "/accounts/login/code/", "/accounts/signup/"]
ENTRANCE += ["/accounts/signup/passkey/", "/accounts/password/reset/", "/votes/", "/accounts/deleted/"]
INSIDE = ["/votes/", "/votes/delete/", "/votes/forget/", "/accounts/delete/", "/accounts/tokens/", "/accounts/email/"]
INSIDE += ["/accounts/2fa/", "/accounts/2fa/webauthn/", "/accounts/2fa/webauthn/add/", "/accounts/logout/"]
_numbers = itertools.count(1)


@pytest.fixture
def home(site):
    """Where passkeys work without TLS: browsers allow it on localhost alone."""
    return site.url.replace("127.0.0.1", "localhost")


@pytest.fixture
def open_page(visitors, home):
    def open_new(path="/accounts/login/", **options):
        page = visitors.one(viewport={"width": 1280, "height": 900}, **options).new_page()
        page.complaints = []
        page.on("console", lambda it: page.complaints.append(it.text) if it.type in {"error", "warning"} else None)
        page.goto(home + path)
        return page

    yield open_new
    visitors.forget(home)


def address():
    return f"reader{next(_numbers)}-{time.time_ns()}@example.org"


def code_for(site, address):
    """Return the newest code that was sent to an address."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for file in sorted(site.outbox.glob("*"), key=lambda it: it.stat().st_mtime_ns, reverse=True):
            mail = email.message_from_bytes(file.read_bytes())
            if mail["To"] == address and (found := re.search(r"^ {4}(\S+)$", text_of(mail), re.MULTILINE)):
                return found[1]
        time.sleep(0.1)
    raise AssertionError(f"no code for {address}")


def text_of(mail):
    [plain] = [part for part in mail.walk() if part.get_content_type() == "text/plain"]
    return plain.get_payload(decode=True).decode()


def sign_up(page, site, reader):
    page.goto(re.sub(r"/accounts/.*|/votes/.*", "/accounts/signup/", page.url))
    page.get_by_label("Your e-mail address").fill(reader)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code").fill(code_for(site, reader))
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="My votes")).to_be_visible()


def sign_out(page, home):
    page.goto(f"{home}/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_reader_signs_up_and_in_with_codes_with_and_without_scripts(open_page, site, home, scripts):
    page, reader = open_page(java_script_enabled=scripts), address()

    sign_up(page, site, reader)
    expect(page.get_by_text(f"Signed in as {reader}")).to_be_visible()
    sign_out(page, home)
    for file in site.outbox.glob("*"):
        file.unlink()
    page.goto(f"{home}/accounts/login/?next=/methodology/")
    page.get_by_label("Your e-mail address").fill(reader)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code").fill("WRONG-CODE")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_label("Code")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Code").fill(code_for(site, reader))
    page.get_by_role("button", name="Go on").click()

    expect(page).to_have_url(f"{home}/methodology/")
    assert page.complaints == []


def test_the_whole_way_by_keyboard(open_page, site):
    page, reader = open_page("/accounts/signup/"), address()

    tab_to(page, "#id_email")
    page.keyboard.type(reader)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Confirm your address")).to_be_visible()
    tab_to(page, "#id_code")
    page.keyboard.type(code_for(site, reader))
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="My votes")).to_be_visible()


def with_authenticator(page):
    """Give the page a device that makes passkeys; return the session of the developer tools, and its id."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    return devtools, devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def test_a_reader_signs_up_and_in_with_a_passkey_adds_another_and_removes_one(open_page, site, home):
    page, reader = open_page("/accounts/signup/passkey/"), address()
    devtools, device = with_authenticator(page)

    page.get_by_label("Your e-mail address").fill(reader)
    page.get_by_role("button", name="Send me a code").click()
    page.get_by_label("Code").fill(code_for(site, reader))
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Name").fill("Telephone")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_text(f"Signed in as {reader}")).to_be_visible()

    sign_out(page, home)
    page.goto(f"{home}/accounts/login/?next=/accounts/2fa/webauthn/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_text("Telephone").first).to_be_visible()

    # A second one: on another device, as the first already holds one for this account.
    devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": device})
    devtools, device = with_authenticator(page)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Add the passkey").click()
    page.wait_for_url(lambda url: "add" not in url)
    page.goto(f"{home}/accounts/2fa/webauthn/")
    expect(page.get_by_text("Laptop").first).to_be_visible()
    page.get_by_role("link", name="Remove Telephone").click()
    page.get_by_role("button", name="Remove it").click()
    page.goto(f"{home}/accounts/2fa/webauthn/")
    expect(page.get_by_text("Laptop").first).to_be_visible()
    expect(page.get_by_text("Telephone")).to_have_count(0)
    assert page.complaints == []


def test_a_passkey_that_is_refused_says_so_in_words(open_page):
    page = open_page()
    devtools, device = with_authenticator(page)
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})

    page.get_by_role("button", name="Use a passkey").click()

    expect(page.get_by_role("alert")).to_contain_text("No passkey was used.")


def findings(page, paths, home):
    """Return what axe and the ruler find on some pages, wide and narrow, in both themes."""
    found = {}
    for path in paths:
        page.goto(home + path)
        found |= {
            f"{path} {look}": report for look, report in by_axe_in(page, [(1280, "light"), (320, "dark")]).items()
        }
        if wide := page.evaluate(SIDEWAYS):
            found[f"{path} 320"] = str(wide)
    return found


def test_axe_finds_nothing_on_the_way_in(open_page, site, home):
    page, reader = open_page(), address()
    found = findings(page, ENTRANCE, home)
    page.goto(f"{home}/accounts/login/")
    page.get_by_label("Your e-mail address").fill(reader)
    page.get_by_role("button", name="Send me a code").click()
    found |= findings(page, ["/accounts/login/code/confirm/"], home)

    assert found == {}, "\n".join(found.values())
    assert page.complaints == []


def test_axe_finds_nothing_inside(open_page, site, home):
    page = open_page()
    sign_up(page, site, address())
    page.goto(f"{home}/accounts/tokens/")
    page.get_by_label("What it is for").fill("nightly")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_text("cannot be shown again")).to_be_visible()
    shown = by_axe(page)

    found = findings(page, INSIDE, home)

    assert shown == ""
    assert found == {}, "\n".join(found.values())
    assert page.complaints == []
