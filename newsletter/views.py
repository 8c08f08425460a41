"""Pages for readers of the mail: asking for it, confirming, choosing, leaving."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from newsletter import consenting, leaving, mailing, subscribing, tokens
from newsletter.exporting import everything_about
from newsletter.forms import PreferencesForm, SubscribeForm
from newsletter.models import Confirmation, ConsentEvent, Subscriber
from newsletter.tasks import request_subscription
from voting.guarding import Throttle
from voting.network import client_address, network_of

SILENT = {"trapped", "too_quick"}  # machines learn nothing from these
MOST_BYTES = 10_000
BY_ADDRESS, BY_STAMP = Throttle("subscribe", "5/h"), Throttle("subscribe-stamp", "5/d")
BY_MAIL, OVERALL = Throttle("subscribe-mail", "3/d"), Throttle("subscribe-all", "3000/h")
DONE = "Check your mail. If the address can be subscribed, a link to confirm is on its way."
TOO_MANY = "Too many requests came from your network. Please try again later."

View = Callable[..., HttpResponse]


def private(view: View) -> View:
    """A page that a mailed link leads to: not kept, not indexed, its address not told to other sites.

    Not `no-referrer`: browsers would send `Origin: null` with its forms, and the CSRF check would refuse them.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Referrer-Policy"] = "same-origin"
        response["X-Robots-Tag"] = "noindex"
        return response

    return never_cache(wrapped)


@require_safe
@never_cache
def newsletter(request: HttpRequest) -> HttpResponse:
    return render(request, "newsletter/subscribe.html", {"form": SubscribeForm(), "words": consenting.WORDS})


@csrf_exempt  # it uses no cookie, and the form's own stamp says where it comes from
@require_POST
@never_cache
def subscribe(request: HttpRequest) -> HttpResponse:
    """Answer everyone the same; the work is a job's."""
    wants_json = request.content_type == "application/json"
    form = SubscribeForm(_sent(request) if wants_json else request.POST)
    if form.refusal in SILENT:
        return _accepted(request, wants_json)
    if not form.is_valid():
        return _refused(request, form, wants_json)
    if wait := take(form, request, "page"):
        return _later(request, wait, wants_json)
    return _accepted(request, wants_json)


def take(form: SubscribeForm, request: HttpRequest, source: str) -> int:
    """Let a job do what a valid form asks for; return the seconds to wait where too many came from there, else 0."""
    if wait := BY_ADDRESS.wait(client_address(request)) or OVERALL.wait("everyone"):
        return wait
    address = form.cleaned_data["email"]
    if not (BY_STAMP.wait(str(form.data.get("stamp"))) or BY_MAIL.wait(address.norm)):
        request_subscription.delay(address.email, source, network_of(client_address(request)))
    return 0


def _sent(request: HttpRequest) -> dict[str, str]:
    """Return the text fields of a JSON body; nothing for a body that is no object, or too long to be one."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        return {}
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return {key: value for key, value in body.items() if isinstance(value, str)} if isinstance(body, dict) else {}


def _accepted(request: HttpRequest, wants_json: bool) -> HttpResponse:
    if wants_json:
        return JsonResponse({"detail": DONE}, status=202)
    return render(request, "newsletter/said.html", {"title": "Check your mail", "words": DONE}, status=202)


def _refused(request: HttpRequest, form: SubscribeForm, wants_json: bool) -> HttpResponse:
    if wants_json:
        return JsonResponse({"errors": form.errors.get_json_data()}, status=400)
    context = {"form": form, "words": consenting.WORDS}
    return render(request, "newsletter/subscribe.html", context, status=400)


def _later(request: HttpRequest, wait: int, wants_json: bool) -> HttpResponse:
    if wants_json:
        response: HttpResponse = JsonResponse({"detail": TOO_MANY}, status=429)
    else:
        context = {"title": "Too many requests", "words": TOO_MANY}
        response = render(request, "newsletter/said.html", context, status=429)
    response["Retry-After"] = str(wait)
    return response


def _said(request: HttpRequest, title: str, words: str, status: int = 200) -> HttpResponse:
    return render(request, "newsletter/said.html", {"title": title, "words": words}, status=status)


def _spent(request: HttpRequest) -> HttpResponse:
    return _said(request, "This link no longer works", "It was used, has run out, or a newer one was sent.", 410)


def _mailed(secret: str, *purposes: str) -> Confirmation:
    found = subscribing.find_confirmation(secret, *purposes)
    if found is None:
        raise Http404
    return found


def _asked(request: HttpRequest, title: str, words: str, button: str) -> HttpResponse:
    """A page with one button. Nothing happens before a person presses it: scanners follow links, and run scripts."""
    return render(request, "newsletter/ask.html", {"title": title, "words": words, "button": button})


@require_http_methods(["GET", "HEAD", "POST"])
@private
def confirm(request: HttpRequest, secret: str) -> HttpResponse:
    confirmation = _mailed(secret, Confirmation.Purpose.CONFIRM)
    if not confirmation.is_open:
        if confirmation.used_at and confirmation.subscriber.state == Subscriber.State.ACTIVE:
            return _said(request, "You are subscribed", "This link has done its work. The next issue will come to you.")
        return _spent(request)
    if request.method != "POST":
        return _asked(request, "One click to go", consenting.WORDS, "Confirm my subscription")
    if not subscribing.confirm(confirmation, network=network_of(client_address(request))):
        return _spent(request)
    return _said(request, "You are subscribed", "The next issue will come to you.")


@require_http_methods(["GET", "HEAD", "POST"])
@private
def export(request: HttpRequest, secret: str) -> HttpResponse:
    confirmation = _mailed(secret, Confirmation.Purpose.EXPORT)
    if not confirmation.is_open:
        return _spent(request)
    if request.method != "POST":
        return _asked(request, "Download my data", "Everything we keep about your address, as a file.", "Download")
    subscriber = confirmation.subscriber
    with transaction.atomic():
        if not subscribing.use(confirmation):
            return _spent(request)
        consenting.note(subscriber, ConsentEvent.Kind.EXPORTED, form="export")
    response = JsonResponse(everything_about(subscriber), json_dumps_params={"indent": 2})
    response["Content-Disposition"] = 'attachment; filename="newsletter-data.json"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@private
def erase(request: HttpRequest, secret: str) -> HttpResponse:
    confirmation = _mailed(secret, Confirmation.Purpose.ERASE)
    if not confirmation.is_open:
        return _spent(request)
    if request.method != "POST":
        words = (
            "We delete your address and everything you chose. We keep a keyed digest, so that nobody can add you again."
        )
        return _asked(request, "Delete my data", words, "Delete everything")
    with transaction.atomic():
        if not subscribing.use(confirmation):
            return _spent(request)
        leaving.erase(confirmation.subscriber)
    return _said(request, "Deleted", "Your address is gone. You will hear nothing more from this newsletter.")


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
        return _asked(request, "Unsubscribe", "No further issue will be sent to you.", "Unsubscribe")
    _leave(claim, "page")
    return _said(request, "You are unsubscribed", "No further issue will be sent to you.")


def _leave(claim: tokens.Claim, form: str) -> None:
    """A subscriber whose row is gone is as unsubscribed as can be."""
    subscriber = Subscriber.objects.filter(public_id=claim.public_id).first()
    if subscriber:
        leaving.unsubscribe(subscriber, form=form, issue=claim.issue_no)


@require_http_methods(["GET", "HEAD", "POST"])
@private
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    subscriber = _reader(token)
    form = PreferencesForm(request.POST or None, instance=subscriber)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            consenting.note(subscriber, ConsentEvent.Kind.PREFERENCES, form="preferences")
        return redirect(f"{request.path}?saved")
    leave = tokens.unsubscribe_token(subscriber.public_id)
    context = {"form": form, "token": token, "leave": leave, "is_saved": "saved" in request.GET}
    return render(request, "newsletter/preferences.html", context, status=400 if form.errors else 200)


@require_POST
@private
def ask_for(request: HttpRequest, token: str, what: str) -> HttpResponse:
    """Mail the link that downloads or deletes: a forwarded mail must not be enough for either."""
    subscriber = _reader(token)
    send = {"export": mailing.confirm_export, "erase": mailing.confirm_erasure}.get(what)
    if send is None:
        raise Http404
    if not BY_MAIL.wait(f"{what} {subscriber.public_id}"):
        secret = subscribing.open_confirmation(subscriber, what, subscribing.DAY)
        send(subscriber.email, secret)
    return _said(request, "Check your mail", "A link is on its way to your address. It works once, for a day.")


def _reader(token: str) -> Subscriber:
    claim = tokens.read(token, tokens.PREFERENCES)
    found = claim and Subscriber.objects.exclude(state=Subscriber.State.ERASED).filter(
        public_id=claim.public_id, token_version=claim.version
    )
    subscriber = found.first() if found else None
    if subscriber is None:
        raise Http404
    return subscriber
