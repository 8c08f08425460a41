"""Following a tool or a pair from its page: at once for a reader this browser knows, by a mailed link for others."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from newsletter import consenting, gate, watching
from newsletter.addresses import Address
from newsletter.answers import known_reader, private
from newsletter.forms import SubscribeForm
from newsletter.models import Subscriber
from newsletter.tasks import ask, request_subscription
from tools.models import Tool
from verdicts import comparing
from voting.network import client_address, network_of

MOST = 2


@csrf_exempt  # an address that is typed uses no cookie; the button of a known reader is checked below
@require_http_methods(["GET", "HEAD", "POST"])
@private
def follow(request: HttpRequest, names: str) -> HttpResponseBase:
    """Ask (GET), follow or unfollow by a known reader's button, or mail a link to an address (POST)."""
    tools = comparing.tools_or_404(names.lower().split(comparing.SEPARATOR)[: MOST + 1])
    path = path_of(tools)
    if len(tools) > MOST or request.path != path:
        return redirect(path if len(tools) <= MOST else comparing.comparison_path(tools))
    if request.method == "POST" and ("email" in request.POST or gate.is_json(request)):
        return _ask(request, tools)
    return _known(request, tools)


def path_of(tools: Sequence[Tool]) -> str:
    names = comparing.SEPARATOR.join(sorted(tool.slug for tool in tools))
    return reverse("newsletter_follow", args=[names])


def _ask(request: HttpRequest, tools: Sequence[Tool]) -> HttpResponse:
    """Mail a link to an address, subscribed or not: the answer is the same."""
    as_json = gate.is_json(request)
    form = SubscribeForm(gate.sent(request) if as_json else request.POST)

    def do(address: Address) -> None:
        network = network_of(client_address(request))
        ask(request_subscription, address.email, "follow", network, watching.keys_of(tools))

    decision = gate.decide(request, form, do)
    return gate.answer(
        request, form, decision, template="newsletter/follow.html", context=_context(tools), as_json=as_json
    )


@csrf_protect
def _known(request: HttpRequest, tools: Sequence[Tool]) -> HttpResponseBase:
    reader = None if "other" in request.GET else known_reader(request)
    if reader and request.method == "POST":
        verb = watching.unfollow if request.POST.get("do") == "unfollow" else watching.follow
        verb(reader, tools, form="follow", network=network_of(client_address(request)))
        if not _wants_json(request):
            return redirect(f"{request.path}?saved")
    follows = bool(reader and reader.follows.about(*tools).exists())
    if _wants_json(request):
        return JsonResponse({"known": bool(reader), "follows": follows, "token": get_token(request) if reader else ""})
    context = _context(tools) | {"form": SubscribeForm(), "reader": reader, "follows": follows}
    return render(request, "newsletter/follow.html", context | _full(reader, follows))


def _full(reader: Subscriber | None, follows: bool) -> dict[str, bool]:
    return {"is_full": bool(reader and not follows and reader.follows.count() >= watching.MOST)}


def _context(tools: Sequence[Tool]) -> dict[str, object]:
    return {
        "tools": tools,
        "what": watching.in_words([tools]),
        "back": comparing.comparison_path(tools),
        "words": consenting.WORDS,
        "robots": "noindex, nofollow",
    }


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"
