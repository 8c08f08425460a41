"""*My votes*: what a reader has said, to look at, change, take away and erase; for guests as for accounts."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import ProtectedError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tools.models import State, Tool
from voting import guests
from voting.casting import VoterGone, cast
from voting.erasing import delete_votes, forget_voter
from voting.models import Vote, Voter
from voting.my_data import owner_of, taken_away, votes_of
from voting.network import client_address
from voting.origins import Origin

PER_PAGE = 100
VALUES = {"ship": Vote.SHIP, "skip": Vote.SKIP, "withdraw": Vote.WITHDRAWN}


@never_cache
@require_safe
def my_votes(request: HttpRequest) -> HttpResponse:
    account, voter = guests.account_of(request), owner_of(request)
    page = Paginator(votes_of(voter), PER_PAGE).get_page(request.GET.get("page"))
    moved = account is None and voter is None and guests.voter_of(request) is not None
    return render(
        request, "my_votes.html", {"account": account, "page": page, "moved": moved, "published": State.PUBLISHED}
    )


class ChangeForm(forms.Form):
    choice = forms.ChoiceField(choices=[(name, name) for name in VALUES])


@never_cache
@require_POST
def change_my_vote(request: HttpRequest, slug: str) -> HttpResponse:
    """Set or withdraw a vote that the reader has. Sending it twice changes nothing more."""
    voter = owner_of(request)
    form = ChangeForm(request.POST)
    tool = get_object_or_404(Tool, slug=slug, votes__voter=voter, state=State.PUBLISHED) if voter else None
    if tool is None or voter is None:
        messages.error(request, "There is no vote of yours to change.")
    elif not form.is_valid():
        messages.error(request, "Please choose ship, skip or withdraw.")
    else:
        messages.success(request, _change(request, voter, tool, form.cleaned_data["choice"]))
    return redirect("my_votes")


def _change(request: HttpRequest, voter: Voter, tool: Tool, choice: str) -> str:
    origin = Origin(client_address(request), request.headers.get("User-Agent", ""))
    try:
        cast(voter, tool, VALUES[choice], origin=origin)
    except VoterGone:
        return "Your votes were erased meanwhile; nothing was changed."
    return f"Your vote on {tool.name} is withdrawn." if choice == "withdraw" else f"You say {choice} to {tool.name}."


@never_cache
@require_safe
def my_data(request: HttpRequest) -> JsonResponse:
    data = taken_away(guests.account_of(request), owner_of(request))
    filename = 'attachment; filename="my-data.json"'
    return JsonResponse(data, headers={"Content-Disposition": filename}, json_dumps_params={"indent": 2})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delete_my_votes(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "my_votes_erase.html", {"act": "delete", "votes": votes_of(owner_of(request)).count()})
    return _erased(request, "Your votes are deleted, and no longer counted.", delete_votes)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forget_me(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "my_votes_erase.html", {"act": "forget", "votes": votes_of(owner_of(request)).count()})
    return _erased(request, "Nobody can tell any more which votes were yours.", forget_voter)


def _erased(request: HttpRequest, words: str, erase: Callable[[Voter], int]) -> HttpResponse:
    if voter := owner_of(request):
        erase(voter)
    messages.success(request, words)
    response = redirect("my_votes")
    guests.delete_cookie(response)
    return response


class LeaveForm(forms.Form):
    votes = forms.ChoiceField(
        choices=[
            ("keep", "Keep my votes in the counts; nobody can tell that they were mine"),
            ("delete", "Delete my votes too; the counts go down"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Please say what becomes of your votes."},
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delete_my_account(request: HttpRequest) -> HttpResponse:
    account = guests.account_of(request)
    if account is None:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    form = LeaveForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "account_delete.html", {"form": form})
    try:
        with transaction.atomic():
            if voter := Voter.objects.filter(account=account).first():
                (delete_votes if form.cleaned_data["votes"] == "delete" else forget_voter)(voter)
            account.delete()
    except ProtectedError:
        form.add_error(
            None, "This account answers for verdicts that are public, so that only another editor can end it."
        )
        return render(request, "account_delete.html", {"form": form})
    logout(request)
    response = redirect("account_deleted")
    guests.delete_cookie(response)
    return response


@never_cache
@require_safe
def account_deleted(request: HttpRequest) -> HttpResponse:
    return render(request, "account_deleted.html")


@never_cache
@require_safe
def second_factor_needed(request: HttpRequest) -> HttpResponse:
    """Tell staff without a passkey why the admin is closed, and where they make one."""
    if not getattr(request.user, "is_staff", False):
        raise PermissionDenied
    return render(request, "second_factor_needed.html")
