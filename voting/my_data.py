"""What the site knows about a reader, for that reader: the list on *My votes*, and everything to take away."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from voting import guests
from voting.models import ApiToken, User, Vote, Voter


def owner_of(request: HttpRequest) -> Voter | None:
    """Return whose votes a request may see and erase: the account's, or those of a guest who has not joined one.

    A guest's cookie that has moved to an account still votes, but shows nothing of the account: it may have stayed
    behind in a browser that others use.
    """
    voter = guests.voter_of(request)
    if voter is not None and voter.account_id and guests.account_of(request) is None:
        return None
    return voter


def votes_of(voter: Voter | None) -> QuerySet[Vote]:
    """Return a voter's votes with all that a list of them shows, the newest first, in one query."""
    if voter is None:
        return Vote.objects.none()
    votes = Vote.objects.filter(voter=voter).exclude(value=Vote.WITHDRAWN)
    return (
        votes.select_related("tool")
        .annotate(current_era=F("tool__tally__era"), era_label=F("tool__tally__era_label"))
        .order_by("-changed_at", "-pk")
    )


def taken_away(account: User | None, voter: Voter | None) -> dict[str, Any]:
    """Return everything kept about a reader, of that reader alone, as it can be written to JSON."""
    told = Vote.objects.filter(voter=voter).select_related("tool").order_by("changed_at", "pk") if voter else []
    return {
        "made_at": timezone.now(),
        "account": _account(account) if account else None,
        "voting_since": voter and voter.first_vote_at,
        "votes": [
            {"tool": vote.tool.slug, "name": vote.tool.name, "vote": SAID[vote.value], "changed_at": vote.changed_at}
            for vote in told
        ],
    }


SAID = {Vote.SHIP: "ship", Vote.SKIP: "skip", Vote.WITHDRAWN: "withdrawn"}


def _account(account: User) -> dict[str, Any]:
    addresses = EmailAddress.objects.filter(user=account).order_by("pk").values("email", "verified", "primary")
    passkeys = Authenticator.objects.filter(user=account).order_by("pk")
    providers = SocialAccount.objects.filter(user=account).order_by("pk").values("provider", "uid", "date_joined")
    tokens = ApiToken.objects.filter(owner=account).values(
        "name", "scope", "prefix", "created_at", "last_used_at", "revoked_at"
    )
    return {
        "email": account.email,
        "name": account.name,
        "created_at": account.date_joined,
        "last_sign_in_at": account.last_login,
        "addresses": list(addresses),
        "ways_to_sign_in": [
            {
                "kind": row.type,
                "name": row.data.get("name", ""),
                "created_at": row.created_at,
                "last_used_at": row.last_used_at,
            }
            for row in passkeys
        ],
        "providers": list(providers),
        "api_tokens": list(tokens),
    }
