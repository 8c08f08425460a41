"""Guests: known by a signed cookie that only the answer to a vote sets, stored as a digest."""

import hashlib
import re
import uuid
from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from voting.models import User, Vote, Voter

MOST_DAYS = 400  # browsers keep no cookie longer
_ID = re.compile(r"[0-9a-f]{32}")
_signer = signing.Signer(salt="voting.guest")


def guest_id(request: HttpRequest) -> str | None:
    """Return the id in a guest's cookie; None without one, and for one that was cut, swapped or made up."""
    try:
        found = _signer.unsign(request.COOKIES.get(settings.VOTER_COOKIE_NAME, ""))
    except signing.BadSignature:
        return None
    return found if _ID.fullmatch(found) else None


def mac_of(guest: str) -> bytes:
    """Return what is stored of a guest's id: nobody can make a cookie from it."""
    return salted_hmac("voting.guest.stored", guest, algorithm="sha256").digest()


def set_cookie(response: HttpResponse, guest: str) -> None:
    """Let the reader's browser keep a guest's id. Called by the answer to a vote, and by nothing else."""
    response.set_cookie(
        settings.VOTER_COOKIE_NAME,
        _signer.sign(guest),
        max_age=MOST_DAYS * 24 * 60 * 60,
        secure=settings.IS_HTTPS,
        httponly=True,
        samesite="Lax",
    )


def delete_cookie(response: HttpResponse) -> None:
    response.delete_cookie(settings.VOTER_COOKIE_NAME, samesite="Lax")


def is_known(request: HttpRequest) -> bool:
    """Whether a request carries a cookie that says who it is from. Asking leaves the session alone."""
    return bool({settings.VOTER_COOKIE_NAME, settings.SESSION_COOKIE_NAME} & set(request.COOKIES))


def account_of(request: HttpRequest) -> User | None:
    """Return the account that is signed in; asks the session only where there is one."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or not request.user.is_authenticated:
        return None
    return request.user


def voter_of(request: HttpRequest) -> Voter | None:
    """Return who a request is from; None for somebody who has not voted yet. Makes nothing."""
    if account := account_of(request):
        return Voter.objects.filter(account=account).first()
    if guest := guest_id(request):
        found = Voter.objects.select_related("merged_into").filter(cookie_mac=mac_of(guest)).first()
        return found and (found.merged_into or found)
    return None


def voter_to_be(request: HttpRequest, nonce: str) -> tuple[Voter, str | None]:
    """Return who is about to vote, made where it is their first time, and the id for the cookie of a guest.

    A new guest takes the random id of the page the vote comes from: however many clicks set out before the first answer
    comes back, they are one voter.
    """
    if account := account_of(request):
        return Voter.objects.get_or_create(account=account)[0], None
    guest = guest_id(request) or nonce
    mac = mac_of(guest)
    voter = Voter.objects.filter(cookie_mac=mac).first()
    if voter is None:
        made = Voter(pk=uuid.UUID(bytes=hashlib.sha256(mac).digest()[:16]), cookie_mac=mac)
        Voter.objects.bulk_create([made], ignore_conflicts=True)
        voter = made
    return voter, guest


def identity(request: HttpRequest, nonce: str) -> str:
    """Return a name of who is about to vote, the same as `voter_to_be` goes by. Makes nothing."""
    if account := account_of(request):
        return f"account {account.pk}"
    return mac_of(guest_id(request) or nonce).hex()


class Own(NamedTuple):
    """What a reader says about a tool, and about which of its eras."""

    value: int
    era: int


def own_votes(request: HttpRequest, tools: list[int]) -> dict[int, Own]:
    """Return what a reader says about some tools, by key; one query, or none for a reader who is not known."""
    if not is_known(request):
        return {}
    voter = voter_of(request)
    if voter is None:
        return {}
    said = Vote.objects.filter(voter=voter, tool__in=tools).exclude(value=Vote.WITHDRAWN)
    return {tool: Own(value, era) for tool, value, era in said.values_list("tool", "value", "era")}
