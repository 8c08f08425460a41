"""Asking for the weekly mail: the rules and the answers of the form, as JSON."""

from http import HTTPStatus
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from newsletter import breaker, consenting, gate
from newsletter.addresses import Address
from newsletter.forms import SubscribeForm
from newsletter.tasks import ask, request_subscription
from tools.api.errors import Unacceptable, Unavailable, WorkNeeded
from tools.api.params import Body, StrictField
from tools.api.views import ApiView, Representation
from tools.text import VISIBLE
from voting.network import client_address, network_of


class AskingRepresentation(Representation):
    """What a request for the mail needs: whoever asks has to have read the words."""

    ALWAYS = ()

    stamp = serializers.CharField(help_text="Send it along. It holds for a day, and for one request.")
    wait_seconds = serializers.IntegerField(help_text="A request that comes quicker is answered, and not heard.")
    words = serializers.CharField(help_text="What the reader agrees to.")
    work = serializers.DictField(help_text="An ALTCHA challenge. Only to be solved where a request is answered 428.")


class AskedRepresentation(Representation):
    """The same for every address, whether it is subscribed or not."""

    ALWAYS = ()

    detail = serializers.CharField()


class SubscriptionBody(Body):
    """Whose mail, and the stamp of the question."""

    email = StrictField(max_length=1000, pattern=VISIBLE)
    stamp = StrictField(max_length=200, pattern=r"^[0-9.]+_[A-Za-z0-9_-]+:[A-Za-z0-9_-]+$")
    subject_line = StrictField(required=False, allow_blank=True, max_length=1000, help_text="Leave it out.")
    work = StrictField(required=False, allow_blank=True, max_length=2000, help_text="The solution, in Base64.")


class SubscriptionView(ApiView):
    """What has to be sent along, and what a reader agrees to."""

    name: Any = {"GET": "subscription_read", "POST": "subscription_ask"}
    tag = "subscription"
    bodies: ClassVar[dict[str, type[Body]]] = {"POST": SubscriptionBody}
    answers: ClassVar[dict[str, Any]] = {"GET": {"200": AskingRepresentation}, "POST": {"202": AskedRepresentation}}

    def get(self, request: Request) -> Response:
        form = SubscribeForm()
        stamp = form.stamp
        asking = {"stamp": stamp, "wait_seconds": form.YOUNGEST_SECONDS, "words": consenting.WORDS}
        return Response(AskingRepresentation(asking | {"work": breaker.challenge(stamp)}).data)

    def post(self, request: Request) -> Response:
        """Ask for the mail. A link to confirm is sent where it may be; the answer tells nothing of the address."""
        form, network = SubscribeForm(self.sent()), network_of(client_address(request._request))

        def do(address: Address) -> None:
            ask(request_subscription, address.email, "api", network)

        decision = gate.decide(request._request, form, do)
        if decision.status == HTTPStatus.BAD_REQUEST:
            raise Unacceptable(_refusals(form))
        if decision.status == HTTPStatus.PRECONDITION_REQUIRED:
            raise WorkNeeded
        if decision.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise Throttled(decision.wait, gate.LATER)
        if decision.status == HTTPStatus.SERVICE_UNAVAILABLE:
            raise Unavailable(gate.AWAY)
        return Response(AskedRepresentation({"detail": gate.DONE}).data, status=decision.status)


def _refusals(form: SubscribeForm) -> dict[str, list[ErrorDetail]]:
    """Return the words of the form under the names of the API."""
    return {
        "non_field_errors" if name == "__all__" else name: [
            ErrorDetail(it["message"], it["code"] or "invalid") for it in found
        ]
        for name, found in form.errors.get_json_data().items()
    }
