"""Pages for readers of the mail: asking for it, confirming, choosing, leaving."""

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from newsletter import consenting, gate, leaving, subscribing, tokens, watching
from newsletter.addresses import Address
from newsletter.answers import asked, forget, mailed, private, remember, said, spent
from newsletter.forms import SubscribeForm
from newsletter.models import Confirmation, Subscriber
from newsletter.tasks import ask, request_subscription
from voting.network import client_address, network_of

PLACES = ["page", "block", "json"]  # which form it was


@require_safe
@never_cache
def newsletter(request: HttpRequest) -> HttpResponse:
    return render(request, "newsletter/subscribe.html", {"form": SubscribeForm(), "words": consenting.WORDS})


@require_safe
@never_cache
def stamp(request: HttpRequest) -> JsonResponse:
    """What a script needs before it can send the form at the foot of a kept page."""
    return JsonResponse({"stamp": SubscribeForm().stamp})


@csrf_exempt  # it uses no cookie, and the form's own stamp says where it comes from
@require_POST
@never_cache
def subscribe(request: HttpRequest) -> HttpResponse:
    """Answer everyone the same; the work is a job's."""
    as_json = gate.is_json(request)
    form = SubscribeForm(gate.sent(request) if as_json else request.POST)
    named = str(form.data.get("place"))
    place = named if named in PLACES else "json" if as_json else "page"
    context = {"words": consenting.WORDS, "place": place}
    if not as_json and form.comes_from_a_kept_page:
        status = 200 if form.come_back() else 400
        return render(request, "newsletter/subscribe.html", {"form": form, "once_more": True, **context}, status=status)

    def do(address: Address) -> None:
        ask(request_subscription, address.email, place, network_of(client_address(request)))

    decision = gate.decide(request, form, do)
    return gate.answer(request, form, decision, template="newsletter/subscribe.html", context=context, as_json=as_json)


@require_http_methods(["GET", "HEAD", "POST"])
@private
def confirm(request: HttpRequest, secret: str) -> HttpResponse:
    """Start the subscription, or follow what its reader asked for."""
    confirmation = mailed(secret, Confirmation.Purpose.CONFIRM, Confirmation.Purpose.FOLLOW)
    is_new = confirmation.purpose == Confirmation.Purpose.CONFIRM
    follows = watching.in_words(watching.meant_by(confirmation.payload.get("follow", [])))
    title = "You are subscribed" if is_new else "You follow it"
    if not confirmation.is_open:
        if confirmation.used_at and confirmation.subscriber.state == Subscriber.State.ACTIVE:
            return said(request, title, "This link has done its work. The next issue will come to you.")
        return spent(request)
    if request.method != "POST":
        words = f"What changes about {follows} will come with your mail." if follows else ""
        if is_new:
            return asked(request, "One click to go", consenting.WORDS, "Confirm my subscription", more=words)
        return asked(request, "Follow tools", words, "Follow")
    use = subscribing.confirm if is_new else subscribing.confirm_following
    if not use(confirmation, network=network_of(client_address(request))):
        return spent(request)
    words = (
        f"What changes about {follows} will come with the next issue."
        if follows
        else "The next issue will come to you."
    )
    return remember(said(request, title, words), confirmation.subscriber)


@csrf_exempt  # mail programs post here without any cookie (RFC 8058); a person's button is checked below
@require_http_methods(["GET", "HEAD", "POST"])
@private
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """One click, now or years later."""
    if request.method != "POST":
        return _unsubscribe_by_hand(request, token)
    if request.POST.get("List-Unsubscribe") != "One-Click":
        return _unsubscribe_by_hand(request, token)
    claim = tokens.read(token, tokens.UNSUBSCRIBE)
    if claim is None:
        raise Http404
    _leave(claim, "one-click")
    return HttpResponse("Unsubscribed.\n", content_type="text/plain; charset=utf-8")


@csrf_protect
def _unsubscribe_by_hand(request: HttpRequest, token: str) -> HttpResponse:
    claim = tokens.read(token, tokens.UNSUBSCRIBE)
    if claim is None:
        raise Http404
    if request.method != "POST":
        return asked(request, "Unsubscribe", "No further issue will be sent to you.", "Unsubscribe")
    _leave(claim, "page")
    return forget(said(request, "You are unsubscribed", "No further issue will be sent to you."))


def _leave(claim: tokens.Claim, form: str) -> None:
    """A subscriber whose row is gone is as unsubscribed as can be."""
    subscriber = Subscriber.objects.filter(public_id=claim.public_id).first()
    if subscriber:
        leaving.unsubscribe(subscriber, form=form, issue=claim.issue_no)
