"""The one way in for whoever types an address: the same checks and the same answers, whatever the form."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from kombu.exceptions import OperationalError

from newsletter import breaker
from newsletter.addresses import Address
from newsletter.answers import CHECK_MAIL, said
from newsletter.forms import SubscribeForm
from voting.guarding import Throttle
from voting.network import client_address

SILENT = {"trapped", "too_quick"}  # machines learn nothing from these
MOST_BYTES = 10_000
BY_ADDRESS, BY_STAMP = Throttle("subscribe", "5/h"), Throttle("subscribe-stamp", "5/d")
BY_MAIL, OVERALL = Throttle("subscribe-mail", "3/d"), Throttle("subscribe-all", "3000/h")
DONE = "Check your mail. If the address can be subscribed, a link to confirm is on its way."
LATER = "Too many requests are coming in. Please try again later."
WORK = "Very many ask just now, so your browser has to compute a little first."
AWAY = "We cannot send mail at this moment. Please try again in a few minutes."
SECONDS_AWAY = 120


@dataclass(frozen=True, slots=True)
class Decision:
    """The status of the answer, and the seconds to wait where it says so."""

    status: HTTPStatus
    wait: int = 0


def decide(request: HttpRequest, form: SubscribeForm, then: Callable[[Address], None]) -> Decision:
    """Do `then`, a job, for an address that may be written to. Whoever asks learns nothing about the address."""
    if form.refusal in SILENT:
        return Decision(HTTPStatus.ACCEPTED)
    if not form.is_valid():
        return Decision(HTTPStatus.BAD_REQUEST)
    stamp = str(form.data.get("stamp"))
    if breaker.is_tripped() and not breaker.has_worked(str(form.data.get("work") or ""), stamp):
        if is_json(request):
            return Decision(HTTPStatus.PRECONDITION_REQUIRED)
        if wait := breaker.WITHOUT.wait("everyone"):
            return Decision(HTTPStatus.TOO_MANY_REQUESTS, wait)
    if wait := BY_ADDRESS.wait(client_address(request)) or OVERALL.wait("everyone"):
        return Decision(HTTPStatus.TOO_MANY_REQUESTS, wait)
    address = form.cleaned_data["email"]
    if BY_STAMP.wait(stamp) or BY_MAIL.wait(address.norm):
        return Decision(HTTPStatus.ACCEPTED)
    return queue(lambda: then(address))


def queue(job: Callable[[], object]) -> Decision:
    """Hand a job over. With the broker away it is better said than lost."""
    try:
        job()
    except (OperationalError, OSError):
        return Decision(HTTPStatus.SERVICE_UNAVAILABLE, SECONDS_AWAY)
    return Decision(HTTPStatus.ACCEPTED)


def answer(
    request: HttpRequest, form: SubscribeForm, decision: Decision, *, template: str, context: dict, as_json: bool
) -> HttpResponse:
    """Say what was decided; a form that is refused comes back with what is wrong beside its field."""
    if decision.status == HTTPStatus.BAD_REQUEST:
        if as_json:
            return JsonResponse({"errors": form.errors.get_json_data()}, status=400)
        return render(request, template, {"form": form, **context}, status=400)
    if decision.status == HTTPStatus.PRECONDITION_REQUIRED:
        found = breaker.challenge(str(form.data.get("stamp")))
        return JsonResponse({"detail": WORK, "work": found, "script": static("js/work.js")}, status=decision.status)
    return say(request, decision, as_json=as_json)


def say(request: HttpRequest, decision: Decision, *, as_json: bool = False) -> HttpResponse:
    title, words = {
        HTTPStatus.ACCEPTED: (CHECK_MAIL, DONE),
        HTTPStatus.TOO_MANY_REQUESTS: ("Too many requests", LATER),
        HTTPStatus.SERVICE_UNAVAILABLE: ("Not at this moment", AWAY),
    }[decision.status]
    response: HttpResponse
    if as_json:
        response = JsonResponse({"detail": words}, status=decision.status)
    else:
        response = said(request, title, words, decision.status)
    if decision.wait:
        response["Retry-After"] = str(decision.wait)
    return response


def is_json(request: HttpRequest) -> bool:
    return request.content_type == "application/json"


def sent(request: HttpRequest) -> dict[str, str]:
    """Return the text fields of a JSON body; nothing for a body that is no object, or too long to be one."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        return {}
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return {key: value for key, value in body.items() if isinstance(value, str)} if isinstance(body, dict) else {}
