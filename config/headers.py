"""Headers that every answer carries, and what browsers report of the ones that were not kept."""

import json
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from voting.guarding import Throttle
from voting.network import client_address, network_of

# Nothing here needs any of them, and nothing that is ever embedded may ask for one in the site's name.
NOT_NEEDED = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media", "fullscreen",
    "geolocation", "gyroscope", "hid", "local-fonts", "magnetometer", "microphone", "midi", "payment",
    "picture-in-picture", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
PERMISSIONS = ", ".join(f"{name}=()" for name in NOT_NEEDED)
LONGEST_REPORT = 16_384
REPORTED = ("document-uri", "blocked-uri", "effective-directive", "violated-directive", "disposition", "line-number")
reports = Throttle("csp-report", "60/h")
logger = structlog.get_logger(__name__)


class HeadersMiddleware:
    """Tells browsers which of their abilities the site never uses."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response


@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Log what a browser refused to load. Whatever else is sent here is dropped; the answer is the same."""
    answer = HttpResponse(status=204)
    if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST_REPORT or reports.wait(
        network_of(client_address(request))
    ):
        return answer
    try:
        report = dict(json.loads(request.body)["csp-report"])
        found = {name: str(report[name])[:300] for name in REPORTED if name in report}
    except (ValueError, KeyError, TypeError, RecursionError):
        return answer
    logger.warning("csp_violation", **{name.replace("-", "_"): value for name, value in found.items()})
    return answer
