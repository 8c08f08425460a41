"""What mail providers report over the web, by anymail's views and its signal, to the same verb as a piped bounce.

The signal is the library's interface; `bouncing.record` decides. A provider's own word that an address is dead counts,
and so does the mail server's; in doubt a bounce is one for now, and three of five end it.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from anymail.exceptions import AnymailConfigurationError, AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailersend import MailerSendTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from anymail.webhooks.mailtrap import MailtrapTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.sparkpost import SparkPostTrackingWebhookView
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from newsletter import bouncing
from newsletter.models import Issue, ProviderEvent
from newsletter.reports import DEAD

MOST_BYTES = 1_000_000
VIEWS: Mapping[str, Any] = {
    "brevo": BrevoTrackingWebhookView,
    "mailersend": MailerSendTrackingWebhookView,
    "mailgun": MailgunTrackingWebhookView,
    "mailjet": MailjetTrackingWebhookView,
    "mailtrap": MailtrapTrackingWebhookView,
    "postmark": PostmarkTrackingWebhookView,
    "sparkpost": SparkPostTrackingWebhookView,
}
Kind = ProviderEvent.Kind
KINDS = {
    EventType.DELIVERED: Kind.DELIVERED,
    EventType.COMPLAINED: Kind.COMPLAINT,
    EventType.UNSUBSCRIBED: Kind.UNSUBSCRIBED,
    EventType.DEFERRED: Kind.OTHER,
    EventType.FAILED: Kind.POLICY,
}
REJECTED = {  # by the provider itself, before any mail server was asked
    RejectReason.INVALID: Kind.HARD,
    RejectReason.BOUNCED: Kind.HARD,
    RejectReason.SPAM: Kind.COMPLAINT,
    RejectReason.UNSUBSCRIBED: Kind.UNSUBSCRIBED,
    RejectReason.BLOCKED: Kind.POLICY,
}
# How each provider says that a bounce is for good, where anymail tells no difference.
IS_FINAL: Mapping[str, Callable[[Any], bool]] = {
    "Brevo": lambda raw: raw.get("event") in {"hard_bounce", "invalid_email"},
    "MailerSend": lambda raw: raw.get("type") == "activity.hard_bounced",
    "Mailgun": lambda raw: raw.get("event-data", {}).get("reason") == "suppress-bounce",
    "Mailjet": lambda raw: raw.get("hard_bounce") is True,
    "Mailtrap": lambda raw: raw.get("event") == "bounce",
    "Postmark": lambda raw: raw.get("Type") in {"HardBounce", "BadEmailAddress"},
}


@csrf_exempt  # machines post here; the provider's secret, and its signature where it has one, say who it is
@require_http_methods(["HEAD", "POST"])
@never_cache
def hook(request: HttpRequest, esp: str) -> HttpResponse:
    """Take one provider's reports. There is no such page for a provider that the settings do not name."""
    if esp not in settings.MAIL_HOOKS:
        raise Http404
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
        return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        return VIEWS[esp].as_view()(request)
    except AnymailWebhookValidationFailure:
        return HttpResponse(status=HTTPStatus.FORBIDDEN)
    except (AnymailConfigurationError, ValueError, KeyError, TypeError, AttributeError):  # a body that is no report
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)


def receive(sender: Any, event: AnymailTrackingEvent, esp_name: str, **kwargs: Any) -> None:
    """Act on what anymail has made of one report; of opens and clicks nothing is kept."""
    code = code_of(event)
    kind = kind_of(event, esp_name, code)
    if kind is None or not event.recipient:
        return
    bouncing.record(
        kind,
        esp=esp_name.lower(),
        event_id=event.event_id or digest_of(event.esp_event),
        address=event.recipient,
        at=event.timestamp or timezone.now(),
        issue_no=issue_of(event),
        code=code,
    )


def kind_of(event: AnymailTrackingEvent, esp_name: str, code: str) -> Kind | None:
    if event.event_type == EventType.REJECTED:
        return REJECTED.get(event.reject_reason, Kind.OTHER)
    if event.event_type != EventType.BOUNCED:
        return KINDS.get(event.event_type)
    if code.startswith("5.7."):
        return Kind.POLICY
    is_final = IS_FINAL.get(esp_name, lambda raw: False)
    return Kind.HARD if code in DEAD or is_final(event.esp_event) else Kind.SOFT


def code_of(event: AnymailTrackingEvent) -> str:
    """Return the status code (RFC 3463) that the mail server gave, or ''."""
    words = f"{event.mta_response or ''} {event.description or ''}"
    return next(iter(re.findall(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])", words)), "")


def issue_of(event: AnymailTrackingEvent) -> int | None:
    """Return the number of the issue it is about, where the provider keeps our Message-ID."""
    found = re.match(r"<?(\d{4}-W\d\d)\.", event.message_id or "")
    numbers = Issue.objects.filter(period_key=found[1]).values_list("number", flat=True) if found else None
    return numbers.first() if numbers else None


def digest_of(report: Any) -> str:
    """Return what stands for a report that has no number of its own: the same one twice is one."""
    return hashlib.sha256(json.dumps(report, sort_keys=True, default=str).encode()).hexdigest()
