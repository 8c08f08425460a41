"""Voting on a tool: the page and the answer behind the control (`verdicts.vote_control`)."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from tools.models import State, Tool
from tools.slugs import is_valid
from verdicts.scored import ScoredTool
from verdicts.scoring import CommunityScore
from verdicts.vote_control import Control
from voting import alert, guests, stamps, work
from voting.casting import VoterGone, cast
from voting.forms import VoteForm
from voting.guarding import Throttle
from voting.models import with_tally
from voting.network import client_address, network_of
from voting.origins import Origin

# A reader may work through the whole catalogue, and a lecture hall may vote behind one address.
OF_A_VOTER = Throttle("vote-voter", "120/h")
OF_A_NETWORK = Throttle("vote-network", "1200/h")
MOST_TOOLS = 8
ENDED = "{tool} was discontinued: its votes stand, and no more are counted."
TOO_MANY = "There have been very many votes from here just now. Please try again a little later."
WORDS = {1: "ship", -1: "skip", 0: "withdraw"}


@require_safe
@never_cache
def stamps_of_page(request: HttpRequest) -> JsonResponse:
    """What a script needs before it can vote: a token, and a stamp for each tool of its page. Asks no database."""
    slugs = [slug for slug in request.GET.get("tools", "").split(",")[:MOST_TOOLS] if is_valid(slug)]
    nonce = stamps.new_nonce()
    return JsonResponse({"token": get_token(request), "stamps": {slug: stamps.stamp(slug, nonce) for slug in slugs}})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def vote(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Ask for a vote (GET) or set it (POST)."""
    tool = Tool.objects.named(slug).exclude(state=State.DRAFT).first()
    if tool is None:
        raise Http404("No such tool.")
    if tool.state == State.DISCONTINUED:
        return _refusal(request, tool, ENDED.format(tool=tool.name), 409)
    if request.method == "POST":
        return _set(request, tool)
    if tool.slug != slug:
        return redirect(f"{reverse('vote', args=[tool.slug])}?{request.GET.urlencode()}")
    return _ask(request, tool, VoteForm(slug=tool.slug))


def _set(request: HttpRequest, tool: Tool) -> HttpResponse:
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return _refusal(request, tool, "This vote came from another site, so it was not counted.", 403)
    form = VoteForm(request.POST, slug=tool.slug)
    if not form.is_valid() or form.read_stamp is None:
        return _errors(request, tool, form)
    address = client_address(request)
    if wait := OF_A_NETWORK.wait(network_of(address)):
        return _too_many(request, tool, wait)
    asked, lacking = _lacking_work(request, tool, form)
    if lacking and _wants_json(request):
        return _ask_for_work(request, tool, form, lacking)
    voter, guest = guests.voter_to_be(request, form.read_stamp.nonce)
    if wait := OF_A_VOTER.wait(str(voter.pk)):
        return _too_many(request, tool, wait)
    try:
        cast(voter, tool, form.value, origin=_origin(request, form, address, asked, lacking))
    except VoterGone:
        return _refusal(request, tool, "This account is no more. Please load the page again and vote anew.", 409)
    response = _done(request, tool, form)
    if guest:
        guests.set_cookie(response, guest)
    return response


def _lacking_work(request: HttpRequest, tool: Tool, form: VoteForm) -> tuple[bool, str]:
    """Return whether votes on a tool are asked for work now, and what is wrong with what this one brought; '' for nothing."""
    if not alert.is_on(tool.pk):
        return False, ""
    assert form.read_stamp is not None
    if not form.cleaned_data["work"]:
        return True, "Very many votes are coming in just now, so your browser has to compute a little first."
    try:
        work.accept(form.cleaned_data["work"], tool.slug, guests.identity(request, form.read_stamp.nonce))
    except work.WorkRefused as error:
        return True, str(error)
    return True, ""


def _origin(request: HttpRequest, form: VoteForm, address: str, asked: bool, lacking: str) -> Origin:
    assert form.read_stamp is not None
    referrer = form.cleaned_data["origin"]
    is_own = urlsplit(settings.SITE_URL).hostname == Origin(address, referrer=referrer).ref_host
    return Origin(
        address=address,
        user_agent=request.headers.get("User-Agent", ""),
        referrer="//self" if is_own else referrer,
        dwell_ms=form.read_stamp.age_ms,
        honeypot=bool(form.cleaned_data["trap"]),
        pow=asked and not lacking,
        waits=bool(lacking) and alert.can_wait(),
    )


# Answers -----------------------------------------------------------------------------------------


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def _back(request: HttpRequest, tool: Tool, wanted: str) -> str:
    """Return the spot that a vote was cast from: an address of this site, else the tool's page."""
    own = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return f"{wanted.partition('#')[0] if own else tool.get_absolute_url()}#vote-{tool.slug}"


def _done(request: HttpRequest, tool: Tool, form: VoteForm) -> HttpResponse:
    if not _wants_json(request):
        return HttpResponseRedirect(_back(request, tool, form.cleaned_data["next"]), status=303)
    counted: ScoredTool = with_tally(Tool.objects.filter(pk=tool.pk)).get()  # type: ignore[assignment]
    community = CommunityScore.of_row(counted)
    control = Control(form.value, form.cleaned_data["next"])
    return JsonResponse(
        {
            "choice": form.cleaned_data["choice"],
            "words": f"{control.words or 'Your vote is withdrawn.'} Readers: {community.words}.",
            "figure": render_to_string("components/community_figure.html#figure", {"community": community}),
            "control": render_to_string("components/vote_control.html#choices", {"tool": tool, "control": control}),
        }
    )


def _ask(request: HttpRequest, tool: Tool, form: VoteForm, status: int = 200) -> HttpResponse:
    voter = guests.voter_of(request) if guests.is_known(request) else None
    own = voter.votes.filter(tool=tool).values_list("value", flat=True).first() if voter else None
    asked = form.data if form.is_bound else request.GET
    context = {
        "tool": tool,
        "form": form,
        "own": own or 0,
        "chosen": asked.get("choice", WORDS[own] if own else ""),
        "next": asked.get("next", ""),
        "back": _back(request, tool, asked.get("next", "")),
        "stamp": stamps.stamp(tool.slug, stamps.new_nonce()),
        "is_rushed": alert.is_on(tool.pk) and alert.can_wait(),
        "robots": "noindex, nofollow",
    }
    return render(request, "vote.html", context, status=status)


def _errors(request: HttpRequest, tool: Tool, form: VoteForm) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"errors": form.errors.get_json_data()}, status=400)
    return _ask(request, tool, form, status=400)


def _ask_for_work(request: HttpRequest, tool: Tool, form: VoteForm, words: str) -> HttpResponse:
    """Hand a script what to solve before it sends the vote once more, and the script that solves it."""
    assert form.read_stamp is not None
    found = work.challenge(tool.slug, guests.identity(request, form.read_stamp.nonce))
    errors = {"work": [{"message": words, "code": "work"}]}
    return JsonResponse({"errors": errors, "work": found, "script": static("js/work.js")}, status=428)


def _refusal(request: HttpRequest, tool: Tool, words: str, status: int) -> HttpResponse:
    if _wants_json(request):
        return JsonResponse({"errors": {"__all__": [{"message": words, "code": "refused"}]}}, status=status)
    back = _back(request, tool, "")
    return render(request, "vote_refused.html", {"tool": tool, "words": words, "back": back}, status=status)


def _too_many(request: HttpRequest, tool: Tool, wait: int) -> HttpResponse:
    response = _refusal(request, tool, TOO_MANY, 429)
    response["Retry-After"] = str(wait)
    return response
