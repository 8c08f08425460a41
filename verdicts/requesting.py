"""Tools that readers ask for: the form, and the list with what we answered."""

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from tools.models import ToolRequest
from tools.text import clean_line
from verdicts.browsing import PAGE_SIZE
from verdicts.forms import RequestForm
from verdicts.reporting import answered, refused
from voting.guarding import Throttle

OF_A_NETWORK, OF_A_FORM = Throttle("request", "40/h"), Throttle("request-form", "3/d")
OF_ALL = Throttle("request-all", "600/h")
MOST_WAITING = 1_000


@csrf_exempt  # it uses no cookie, and the form's own stamp says where it comes from
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def requests(request: HttpRequest) -> HttpResponseBase:
    """The list, and the form above it; what an editor has not seen yet is in neither."""
    sent = request.POST if request.method == "POST" else None
    form = RequestForm(sent, initial={"name": clean_line(request.GET.get("name", "")[:120])})
    status = 200
    if form.is_bound:
        wait = refused(request, form, (OF_A_NETWORK, OF_A_FORM, OF_ALL)) or _full(form)
        if form.is_valid():
            ToolRequest.objects.ask(**{name: form.cleaned_data[name] for name in ("name", "homepage", "why")})
            return redirect(f"{request.path}?sent")
        status = 429 if wait else 400
    context = {
        "form": form,
        "page": _page(request),
        "waiting": ToolRequest.objects.waiting().count(),
        "is_sent": "sent" in request.GET,
        "card_path": reverse("page_card", args=["requests"]),
        "canonical_url": settings.SITE_URL + request.path,
        "robots": "noindex, follow" if request.GET else "",
    }
    return answered(request, "requests.html", context, status)


def _page(request: HttpRequest) -> Page:
    shown = ToolRequest.objects.public().select_related("tool").order_by("-times", "-sent_at", "-pk")
    return Paginator(shown, PAGE_SIZE).get_page(request.GET.get("page"))


def _full(form: RequestForm) -> int:
    if form.is_valid() and ToolRequest.objects.waiting().count() >= MOST_WAITING:
        form.add_error(None, "More requests wait than we can read. Please try again in a few days.")
        return 1
    return 0
