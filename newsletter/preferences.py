"""What a reader of the mail decides by links of their own: what comes, to which address, and what is known of them."""

from functools import partial
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from newsletter import consenting, gate, leaving, mailing, moving, subscribing, tokens, watching
from newsletter.answers import CHECK_MAIL, asked, forget, mailed, private, reader_or_404, remember, said, spent
from newsletter.exporting import everything_about
from newsletter.forms import MoveForm, PreferencesForm
from newsletter.models import Confirmation, ConsentEvent, Subscriber
from newsletter.tasks import ask, request_move
from voting.network import client_address, network_of

BOTH = (
    "If the new address can be used, a link is on its way to it, and one to the former. "
    "Open both: the mail moves once both have agreed."
)


@require_http_methods(["GET", "HEAD", "POST"])
@private
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    subscriber = reader_or_404(token)
    form = PreferencesForm(request.POST or None, instance=subscriber)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            consenting.note(subscriber, ConsentEvent.Kind.PREFERENCES, form="preferences")
        return redirect(f"{request.path}?saved")
    return _preferences(request, subscriber, token, form=form)


def _preferences(request: HttpRequest, subscriber: Subscriber, token: str, **forms: Any) -> HttpResponse:
    """Show what a reader has chosen, with the errors of whichever form was sent."""
    context = {
        "form": PreferencesForm(instance=subscriber),
        "move": MoveForm(),
        "follows": subscriber.follows.select_related("tool", "other").order_by("tool__name", "other__name", "pk"),
        "token": token,
        "leave": tokens.unsubscribe_token(subscriber.public_id),
        "is_saved": "saved" in request.GET,
    } | forms
    is_wrong = any(form.errors for form in forms.values())
    return remember(
        render(request, "newsletter/preferences.html", context, status=400 if is_wrong else 200), subscriber
    )


@require_POST
@private
def unfollow(request: HttpRequest, token: str) -> HttpResponse:
    """Take one tool or pair off a reader's list."""
    subscriber = reader_or_404(token)
    key = request.POST.get("follow", "")
    found = subscriber.follows.filter(pk=int(key)).first() if key.isdecimal() and len(key) < 18 else None
    if found:
        tools = [found.tool, found.other] if found.other else [found.tool]
        watching.unfollow(subscriber, tools, form="preferences", network=network_of(client_address(request)))
    return redirect(f"{reverse('newsletter_preferences', args=[token])}?saved#follows")


@require_POST
@private
def change_address(request: HttpRequest, token: str) -> HttpResponse:
    """Ask both addresses, the former and the new, whether the mail shall move."""
    subscriber = reader_or_404(token)
    form = MoveForm(request.POST)
    if not form.is_valid():
        return _preferences(request, subscriber, token, move=form)
    if not gate.BY_MAIL.wait(f"move {subscriber.public_id}"):
        email = form.cleaned_data["email"].email
        decision = gate.queue(
            partial(ask, request_move, str(subscriber.public_id), email, network_of(client_address(request)))
        )
        if decision.wait:
            return gate.say(request, decision)
    return said(request, "Check both mailboxes", BOTH)


@require_http_methods(["GET", "HEAD", "POST"])
@private
def move(request: HttpRequest, secret: str) -> HttpResponse:
    """One address agrees that the mail goes to the new one."""
    confirmation = mailed(secret, Confirmation.Purpose.CHANGE, Confirmation.Purpose.RELEASE)
    arrives = confirmation.purpose == Confirmation.Purpose.CHANGE
    if not confirmation.is_open:
        return spent(request)
    if request.method != "POST":
        if arrives:
            return asked(request, "Receive the mail here", consenting.WORDS, "Send it to this address")
        return asked(
            request, "Let the mail go", "It will come to the new address and no longer to this one.", "Let it go"
        )
    has_moved = moving.agree(confirmation, network=network_of(client_address(request)))
    if has_moved is None:
        return spent(request)
    if not has_moved:
        return said(
            request, "One more to go", "The other address has a link of its own. The mail moves when it is used."
        )
    return said(request, "The mail has moved", "The next issue comes to the new address.")


@require_POST
@private
def ask_for(request: HttpRequest, token: str, what: str) -> HttpResponse:
    """Mail the link that downloads or deletes: a forwarded mail must not be enough for either."""
    subscriber = reader_or_404(token)
    send = {"export": mailing.confirm_export, "erase": mailing.confirm_erasure}.get(what)
    if send is None:
        raise Http404
    if not gate.BY_MAIL.wait(f"{what} {subscriber.public_id}"):
        secret = subscribing.open_confirmation(subscriber, what, subscribing.DAY)
        send(subscriber.email, secret)
    return said(request, CHECK_MAIL, "A link is on its way to your address. It works once, for a day.")


@require_http_methods(["GET", "HEAD", "POST"])
@private
def export(request: HttpRequest, secret: str) -> HttpResponse:
    confirmation = mailed(secret, Confirmation.Purpose.EXPORT)
    if not confirmation.is_open:
        return spent(request)
    if request.method != "POST":
        return asked(request, "Download my data", "Everything we keep about your address, as a file.", "Download")
    subscriber = confirmation.subscriber
    with transaction.atomic():
        if not subscribing.use(confirmation):
            return spent(request)
        consenting.note(subscriber, ConsentEvent.Kind.EXPORTED, form="export")
    response = JsonResponse(everything_about(subscriber), json_dumps_params={"indent": 2})
    response["Content-Disposition"] = 'attachment; filename="newsletter-data.json"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@private
def erase(request: HttpRequest, secret: str) -> HttpResponse:
    confirmation = mailed(secret, Confirmation.Purpose.ERASE)
    if not confirmation.is_open:
        return spent(request)
    if request.method != "POST":
        words = (
            "We delete your address and everything you chose. We keep a keyed digest, so that nobody can add you again."
        )
        return asked(request, "Delete my data", words, "Delete everything")
    with transaction.atomic():
        if not subscribing.use(confirmation):
            return spent(request)
        leaving.erase(confirmation.subscriber)
    return forget(said(request, "Deleted", "Your address is gone. You will hear nothing more from this newsletter."))
