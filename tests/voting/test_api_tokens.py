"""Personal tokens: made and shown once, kept as a digest, revocable; and how programs sign in with them."""

import re

import pytest
import time_machine
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from tests import factories
from voting.authentication import TokenAuthentication
from voting.models import ApiToken

pytestmark = pytest.mark.django_db


class Mirror(APIView):
    """Answers who asks; it stands for the API."""

    authentication_classes = [TokenAuthentication]

    def get(self, request):
        return Response({"user": str(request.user), "may_vote": getattr(request.auth, "may_vote", None)})


def ask(authorization=None):
    headers = {"HTTP_AUTHORIZATION": authorization} if authorization is not None else {}
    return Mirror.as_view()(APIRequestFactory().get("/", **headers))


@pytest.fixture
def reader(client):
    account = factories.user(email="ada@example.org")
    client.force_login(account)
    return account


def make(client, name="nightly", scope="vote"):
    page = client.post("/accounts/tokens/", {"name": name, "scope": scope}).content.decode()
    return re.search(r"<code>(ship_[\w-]{40,})</code>", page)[1]


def test_a_token_is_shown_once_and_only_its_digest_is_kept(client, reader):
    text = make(client)
    row = ApiToken.objects.values().get()

    assert text not in client.get("/accounts/tokens/").content.decode()
    assert text not in str(row)
    assert text.startswith(row["prefix"])
    assert len(row["prefix"]) < 12


@pytest.mark.parametrize(("scope", "may_vote"), [("read", False), ("vote", True)])
def test_a_token_signs_in_its_owner_for_what_it_may_do(client, reader, scope, may_vote):
    assert ask(f"Bearer {make(client, scope=scope)}").data == {"user": "ada@example.org", "may_vote": may_vote}


@pytest.mark.parametrize(
    "authorization",
    ["Bearer", "Bearer ", "Bearer a b", "Bearer wrong", "bearer ship_", "Bearer ship_\u00fc", "Bearer " + "x" * 9000],
)
def test_a_bad_token_is_answered_401_and_says_how_to_do_it(authorization):
    response = ask(authorization)

    assert (response.status_code, response["WWW-Authenticate"]) == (401, 'Bearer realm="api"')


@pytest.mark.parametrize("authorization", [None, "Basic YTpi", "Token abc"])
def test_other_ways_to_sign_in_are_left_to_others(authorization):
    response = ask(authorization)

    assert (response.status_code, response.data["may_vote"]) == (200, None)


def test_a_revoked_token_and_one_of_a_closed_account_open_nothing(client, reader):
    first, second = make(client, "first"), make(client, "second")
    client.post(f"/accounts/tokens/{ApiToken.objects.get(name='first').pk}/revoke/")
    revoked = ask(f"Bearer {first}").status_code
    still = ask(f"Bearer {second}").status_code
    reader.is_active = False
    reader.save()

    assert (revoked, still, ask(f"Bearer {second}").status_code) == (401, 200, 401)


def test_the_last_use_is_written_once_an_hour(client, reader, django_assert_num_queries):
    with time_machine.travel("2026-11-24 09:00:00+00:00", tick=False) as clock:
        text = make(client)
        with django_assert_num_queries(2):
            ask(f"Bearer {text}")
        clock.shift(59 * 60)
        with django_assert_num_queries(1):
            ask(f"Bearer {text}")
        clock.shift(60)
        with django_assert_num_queries(2):
            ask(f"Bearer {text}")


def test_nobody_sees_or_revokes_the_tokens_of_another(client, reader):
    token, _ = ApiToken.make(factories.user(), "of another", "read")

    page = client.get("/accounts/tokens/").content.decode()
    answer = client.post(f"/accounts/tokens/{token.pk}/revoke/").status_code

    token.refresh_from_db()
    assert "of another" not in page
    assert (answer, token.revoked_at) == (404, None)


def test_tokens_are_for_accounts(client):
    assert client.get("/accounts/tokens/")["Location"] == "/accounts/login/?next=/accounts/tokens/"
    assert client.post("/accounts/tokens/", {"name": "x", "scope": "read"}).status_code == 302
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("fields", [{}, {"name": "x" * 61, "scope": "read"}, {"name": "x", "scope": "admin"}])
def test_a_token_without_a_name_or_with_an_unknown_scope_is_refused(client, reader, fields):
    response = client.post("/accounts/tokens/", fields)

    assert 'aria-invalid="true"' in response.content.decode()
    assert not ApiToken.objects.exists()


def test_an_account_has_twenty_tokens_at_most(client, reader):
    for number in range(20):
        ApiToken.make(reader, f"token {number}", "read")

    response = client.post("/accounts/tokens/", {"name": "one more", "scope": "read"})

    assert "20 tokens at most" in response.content.decode()
    assert ApiToken.objects.count() == 20


def test_the_words_of_a_refusal_do_not_repeat_the_token():
    request = APIRequestFactory().get("/", HTTP_AUTHORIZATION="Bearer ship_secret")

    with pytest.raises(AuthenticationFailed) as refusal:
        TokenAuthentication().authenticate(Mirror().initialize_request(request))

    assert "ship_secret" not in str(refusal.value)
