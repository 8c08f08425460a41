"""Signing in and up: by e-mailed code, for staff by password; what is refused, and what an attacker learns."""

import re

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core.cache import cache
from django.http import HttpResponse
from django.test import override_settings

from tests import factories
from voting import guests
from voting.casting import cast
from voting.models import User, Vote, Voter
from voting.tasks import forget_unconfirmed_accounts

pytestmark = pytest.mark.django_db
NEXT_PAGE = "/methodology/"


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture
def reader():
    return factories.user(email="ada@example.org")


def ask_for_code(client, email="ada@example.org", **more):
    return client.post("/accounts/login/code/", {"email": email} | more)


def code_in(mail):
    return re.search(r"^ {4}(\S+)$", mail.body, re.MULTILINE)[1]


def enter(client, code, **more):
    return client.post("/accounts/login/code/confirm/", {"code": code} | more)


def sign_up(client, mailoutbox, email="new@example.org"):
    client.post("/accounts/signup/", {"email": email})
    return client.post("/accounts/confirm-email/", {"code": code_in(mailoutbox[-1])})


def signed_in(client):
    return "_auth_user_id" in client.session


def test_a_reader_signs_in_with_a_code_from_a_mail(client, reader, mailoutbox):
    ask_for_code(client, next=NEXT_PAGE)
    response = enter(client, code_in(mailoutbox[0]), next=NEXT_PAGE)

    assert (response.status_code, response["Location"]) == (302, NEXT_PAGE)
    assert client.session["_auth_user_id"] == str(reader.pk)


def test_a_code_may_be_typed_in_small_letters(client, reader, mailoutbox):
    ask_for_code(client, email="ADA@Example.org")
    enter(client, code_in(mailoutbox[0]).lower())

    assert signed_in(client)


def test_signing_up_asks_for_an_address_and_the_code_sent_there(client, mailoutbox):
    response = sign_up(client, mailoutbox)

    account = User.objects.get(email="new@example.org")
    assert response["Location"] == "/votes/"
    assert client.session["_auth_user_id"] == str(account.pk)
    assert not account.has_usable_password()
    assert EmailAddress.objects.get(user=account).verified


def test_a_code_that_has_been_used_opens_nothing(client, reader, mailoutbox):
    ask_for_code(client)
    code = code_in(mailoutbox[0])
    enter(client, code)
    client.post("/accounts/logout/")

    enter(client, code)

    assert not signed_in(client)


def test_a_code_expires_after_a_quarter_of_an_hour(client, reader, mailoutbox):
    with time_machine.travel("2026-11-24 09:00:00+00:00", tick=False) as clock:
        ask_for_code(client)
        clock.shift(15 * 60 + 1)
        enter(client, code_in(mailoutbox[0]))

        assert not signed_in(client)


def test_three_wrong_codes_end_the_try_and_the_right_one_comes_too_late(client, reader, mailoutbox):
    ask_for_code(client)
    for _ in range(3):
        enter(client, "WRONG-CODE")

    enter(client, code_in(mailoutbox[0]))

    assert not signed_in(client)


def test_a_code_works_only_in_the_browser_that_asked_for_it(client, reader, mailoutbox):
    ask_for_code(client)

    other = type(client)()
    enter(other, code_in(mailoutbox[0]))

    assert not signed_in(other)


def test_another_code_can_be_sent_and_the_first_stops_working(client, reader, mailoutbox):
    ask_for_code(client)
    client.post("/accounts/login/code/confirm/", {"action": "resend"})
    first, second = (code_in(mail) for mail in mailoutbox)

    enter(client, first)
    assert not signed_in(client)
    enter(client, second)

    assert signed_in(client)


def without_secrets(response):
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", response.content.decode())


def test_an_unknown_address_is_answered_like_a_known_one(client, reader, mailoutbox):
    known = ask_for_code(client)
    known_page = without_secrets(client.get(known["Location"])).replace("ada@example.org", "ADDRESS")
    other = type(client)()
    unknown = ask_for_code(other, email="nobody@example.org")
    unknown_page = without_secrets(other.get(unknown["Location"])).replace("nobody@example.org", "ADDRESS")

    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert known_page == unknown_page
    assert [mail.subject for mail in mailoutbox] == [
        "Your sign-in code for Shipworthy",
        "No account with this address at Shipworthy",
    ]


def test_signing_up_with_a_known_address_is_answered_like_with_a_new_one(client, reader, mailoutbox):
    EmailAddress.objects.create(user=reader, email=reader.email, verified=True, primary=True)

    known = client.post("/accounts/signup/", {"email": "ada@example.org"})
    new = type(client)().post("/accounts/signup/", {"email": "new@example.org"})

    assert (known.status_code, known["Location"]) == (new.status_code, new["Location"])
    assert mailoutbox[0].subject == "You have an account at Shipworthy already"
    assert User.objects.filter(email="ada@example.org").count() == 1


def test_asking_for_codes_is_throttled_per_address(client, reader, mailoutbox):
    answers = [ask_for_code(type(client)()).status_code for _ in range(5)]

    assert answers == [302, 302, 302, 200, 200]
    assert len(mailoutbox) == 3


def test_a_classroom_may_ask_for_codes_behind_one_address(client, mailoutbox):
    answers = {ask_for_code(type(client)(), email=f"pupil{n}@example.org").status_code for n in range(30)}

    assert answers == {302}


@pytest.mark.parametrize("proxies", [0, 1])
def test_a_forged_header_does_not_evade_the_limit_on_wrong_passwords(client, settings, proxies):
    settings.TRUSTED_PROXIES = proxies
    editors = [factories.staff(email=f"ed{n}@example.org", password="correct-horse-9") for n in range(25)]

    def attempt(number, account):
        forged = f"198.51.100.{number}" + (", 203.0.113.9" if proxies else "")
        login = {"login": account.email, "password": "wrong"}
        return client.post("/accounts/login/", login, headers={"X-Forwarded-For": forged})

    answers = [attempt(number, account).content.decode() for number, account in enumerate(editors)]

    assert ["Too many failed" in answer for answer in answers] == [False] * 20 + [True] * 5


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil.example"]
)
def test_next_leads_only_to_this_site(client, reader, mailoutbox, target):
    ask_for_code(client, next=target)
    response = enter(client, code_in(mailoutbox[0]), next=target)

    assert response["Location"] == "/votes/"


def test_the_session_changes_its_key_when_somebody_signs_in(client, reader, mailoutbox):
    ask_for_code(client)
    before = client.session.session_key
    enter(client, code_in(mailoutbox[0]))

    assert before
    assert client.session.session_key != before


def test_an_account_that_was_closed_does_not_sign_in(client, reader, mailoutbox):
    User.objects.update(is_active=False)
    ask_for_code(client)
    for mail in mailoutbox:
        if "code for" in mail.subject:
            enter(client, code_in(mail))

    assert not signed_in(client)


def test_signing_in_is_closed_while_the_cache_that_counts_tries_is_away(client, reader, mailoutbox):
    nowhere = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:1/0",
        "OPTIONS": {"socket_connect_timeout": 0.2},
    }
    with override_settings(CACHES={"default": nowhere}):
        response = ask_for_code(client)

    assert (response.status_code, response["Retry-After"]) == (503, "30")
    assert mailoutbox == []


def test_a_mail_server_that_is_away_is_answered_in_words(client, reader):
    nowhere = {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": {"host": "127.0.0.1", "port": 1}}
    with override_settings(MAILERS={"default": nowhere}):
        response = ask_for_code(client)

    assert response.status_code == 503
    assert "Signing in is closed for a moment" in response.content.decode()


# Staff -----------------------------------------------------------------------------------------------


def password_login(client, account, password="correct-horse-9", next_page="/admin/"):
    return client.post("/accounts/login/", {"login": account.email, "password": password, "next": next_page})


def test_staff_sign_in_with_a_password_at_once_on_a_fresh_machine(client, mailoutbox):
    staff = factories.staff(password="correct-horse-9")

    door = client.get("/admin/", follow=True)
    response = password_login(client, staff)

    assert door.redirect_chain[-1][0] == "/accounts/login/?next=%2Fadmin%2F"
    assert '<details class="account-more" open>' in door.content.decode()
    assert response["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200
    assert mailoutbox == []


def test_staff_sign_in_with_a_code_too(client, mailoutbox):
    staff = factories.staff(email="ed@example.org")
    ask_for_code(client, email=staff.email)
    enter(client, code_in(mailoutbox[0]))

    assert client.get("/admin/").status_code == 200


def test_a_reader_who_is_signed_in_is_kept_out_of_the_admin(client, reader):
    client.force_login(reader)

    assert client.get("/admin/", follow=True).status_code == 403


def test_readers_have_no_passwords(client, reader, mailoutbox):
    client.force_login(reader)
    for path in ("/accounts/password/set/", "/accounts/password/change/"):
        assert client.get(path)["Location"].startswith("/accounts/login/")
    client.logout()

    client.post("/accounts/password/reset/", {"email": reader.email})

    assert [mail.subject for mail in mailoutbox] == ["How to sign in to Shipworthy"]


def test_staff_reset_a_password_through_a_link_on_the_site_s_own_address(client, mailoutbox, settings):
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    staff = factories.staff(password="correct-horse-9")
    EmailAddress.objects.create(user=staff, email=staff.email, verified=True, primary=True)
    client.post("/accounts/password/reset/", {"email": staff.email}, headers={"Host": "other.example"})

    [link] = re.findall(r"http\S+/accounts/password/reset/key/\S+", mailoutbox[0].body)
    assert link.startswith("http://testserver/")
    page = client.get(link.removeprefix("http://testserver"), follow=True)
    words = {"password1": "another-horse-9", "password2": "another-horse-9"}
    client.post(page.redirect_chain[-1][0], words)

    staff.refresh_from_db()
    assert staff.check_password("another-horse-9")


def passkey(account):
    return Authenticator.objects.create(user=account, type=Authenticator.Type.WEBAUTHN, data={"name": "Key"})


def test_staff_with_a_passkey_are_asked_for_it_after_the_password(client):
    staff = factories.staff(password="correct-horse-9")
    passkey(staff)

    response = password_login(client, staff)

    assert response["Location"] == "/accounts/2fa/authenticate/"
    assert not signed_in(client)


def test_staff_pass_with_a_recovery_code_once(client):
    staff = factories.staff(password="correct-horse-9")
    passkey(staff)
    codes = RecoveryCodes.activate(staff)
    [code, *others] = codes.get_unused_codes()
    password_login(client, staff)

    client.post("/accounts/2fa/authenticate/", {"code": code})

    codes.instance.refresh_from_db()
    assert signed_in(client)
    assert codes.get_unused_codes() == others


def test_a_reader_who_has_lost_the_passkey_still_signs_in_with_a_code(client, reader, mailoutbox):
    passkey(reader)
    ask_for_code(client)
    enter(client, code_in(mailoutbox[0]))

    assert signed_in(client)
    lost = Authenticator.objects.get()
    client.post(f"/accounts/2fa/webauthn/keys/{lost.pk}/remove/")
    assert not Authenticator.objects.exists()


def test_with_the_setting_staff_need_a_passkey_for_the_admin(client, settings):
    settings.STAFF_SECOND_FACTOR = True
    staff = factories.staff(password="correct-horse-9")
    password_login(client, staff)

    closed = client.get("/admin/", follow=True)
    passkey(staff)
    opened = client.get("/admin/")

    assert closed.redirect_chain[-1][0] == "/accounts/second-factor/"
    assert "A passkey is needed" in closed.content.decode()
    assert opened.status_code == 200


# A guest's votes come along --------------------------------------------------------------------------


@pytest.fixture
def guest(client):
    """A guest in the client's browser, who has voted for one tool."""
    guest_id = "0123456789abcdef" * 2
    response = HttpResponse()
    guests.set_cookie(response, guest_id)
    client.cookies["voter"] = response.cookies["voter"].value
    voter = Voter.objects.create(cookie_mac=guests.mac_of(guest_id))
    cast(voter, factories.tool("Guests Tool"), Vote.SHIP)
    return voter


def test_the_votes_of_a_guest_move_to_the_account_on_sign_in(client, reader, mailoutbox, guest):
    ask_for_code(client)
    response = enter(client, code_in(mailoutbox[0]))

    assert Vote.objects.get().voter == Voter.objects.get(account=reader)
    assert response.cookies["voter"].value == ""


def test_the_votes_of_a_guest_move_to_the_account_on_sign_up(client, mailoutbox, guest):
    sign_up(client, mailoutbox)

    assert Vote.objects.get().voter.account.email == "new@example.org"


def test_a_stale_cookie_of_a_guest_moves_nothing_to_another_account(client, reader, mailoutbox, guest):
    stale = client.cookies["voter"].value
    sign_up(client, mailoutbox)
    client.post("/accounts/logout/")
    client.cookies["voter"] = stale

    ask_for_code(client)
    enter(client, code_in(mailoutbox[-1]))

    assert signed_in(client)
    assert Vote.objects.get().voter.account.email == "new@example.org"


def test_signing_in_in_two_tabs_moves_the_votes_once(client, reader, mailoutbox, guest):
    first, second = client, type(client)()
    second.cookies["voter"] = first.cookies["voter"].value
    for number, tab in enumerate((first, second)):
        ask_for_code(tab)
        enter(tab, code_in(mailoutbox[number]))

    assert [vote.voter.account for vote in Vote.objects.all()] == [reader]


@pytest.mark.parametrize("cookie", ["nonsense", "0123:forged", "", "\u00e9" * 50])
def test_a_cookie_that_was_tampered_with_does_not_disturb_signing_in(client, reader, mailoutbox, cookie):
    client.cookies["voter"] = cookie
    ask_for_code(client)
    enter(client, code_in(mailoutbox[0]))

    assert signed_in(client)


# Pages and mails -------------------------------------------------------------------------------------


def test_the_pages_of_signing_in_hold_nothing_inline_and_are_not_stored(client, reader):
    client.force_login(reader)
    EmailAddress.objects.create(user=reader, email=reader.email, verified=True, primary=True)
    inside = ["/accounts/email/", "/accounts/logout/", "/accounts/2fa/", "/accounts/2fa/webauthn/add/", "/votes/"]
    pages = {path: client.get(path) for path in inside}
    client.logout()
    pages |= {path: client.get(path) for path in ("/accounts/login/", "/accounts/signup/", "/accounts/login/code/")}

    for path, page in pages.items():
        text = page.content.decode()
        assert page.status_code == 200, path
        assert " style=" not in text, path
        assert not re.search(r"<script(?![^>]*(src=|application/json))", text), path
        assert "no-store" in page["Cache-Control"], path


def test_mails_are_in_our_own_words_and_hold_no_text_of_the_sender(client, reader, mailoutbox):
    hostile = {"User-Agent": "Mozilla <b>evil.example</b>"}
    client.post("/accounts/login/code/", {"email": reader.email}, headers=hostile)
    client.post("/accounts/login/code/", {"email": "evil.example.com@example.org"}, headers=hostile)
    client.post("/accounts/signup/", {"email": "new@example.org"}, headers=hostile)

    for mail in mailoutbox:
        told = mail.subject + mail.body + "".join(part.content for part in mail.alternatives)
        assert "evil" not in told
        assert "Hello from" not in told
        assert mail.body.rstrip().endswith("Shipworthy\nhttp://testserver/")


def test_an_account_that_was_never_confirmed_is_forgotten_after_a_week(client, mailoutbox):
    with time_machine.travel("2026-11-01 09:00:00+00:00", tick=False):
        client.post("/accounts/signup/", {"email": "never@example.org"})
        sign_up(type(client)(), mailoutbox, "confirmed@example.org")
    by_staff = factories.user(email="made-by-staff@example.org")
    with time_machine.travel("2026-11-24 09:00:00+00:00", tick=False):
        client.post("/accounts/signup/", {"email": "just-now@example.org"})
        forgotten = forget_unconfirmed_accounts()

    left = {"confirmed@example.org", by_staff.email, "just-now@example.org"}
    assert forgotten == 1
    assert set(User.objects.values_list("email", flat=True)) == left


def test_a_vote_begun_as_a_guest_and_sent_after_signing_in_counts_once_for_the_account(client, reader, mailoutbox):
    tool = factories.tool("Half Voted")
    form = client.get(f"/tools/{tool.slug}/vote/").content.decode()
    stamp = re.search(r'name="stamp" value="([^"]+)"', form)[1]
    ask_for_code(client)
    enter(client, code_in(mailoutbox[0]))

    for _ in range(2):
        client.post(f"/tools/{tool.slug}/vote/", {"choice": "ship", "stamp": stamp})

    assert [(vote.voter.account, vote.value) for vote in Vote.objects.all()] == [(reader, Vote.SHIP)]
