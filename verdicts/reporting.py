"""A reader reports a wrong fact: the form that names the cell, and what has become of the reports."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import Truncator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from tools.models import FactKind, FactReport, Tool
from tools.models.report import MOST_SAID
from verdicts import details
from verdicts.browsing import PAGE_SIZE
from verdicts.facts import every_row
from verdicts.forms import ReportForm
from voting.guarding import GuardedForm, Throttle
from voting.network import client_address, network_of

OF_A_NETWORK, OF_A_FORM = Throttle("report", "40/h"), Throttle("report-form", "3/d")
OF_ALL = Throttle("report-all", "600/h")
MOST_WAITING, MOST_WAITING_OF_A_TOOL = 1_000, 40


@dataclass(frozen=True, slots=True)
class Cell:
    """A place where a page says something about a tool: its key in addresses, its name, and what it says."""

    key: str
    label: str
    words: str


def cells_of(tool: Tool) -> list[Cell]:
    """Return every cell that pages about a tool have, in the order of the page, in four queries."""
    prices = details.current_prices([tool])
    rows = every_row([tool], details.facts_of([tool]), prices, list(FactKind.objects.all()))
    cells = [Cell(row.key, row.label, row.cells[0].words) for row in rows]
    cells += [Cell(f"plan.{price.plan}", f"Price of {price.plan}", price.words) for price in prices.get(tool.pk, [])]
    for verdict in details.scorecard_verdicts([tool]):
        words = f"{verdict.get_decision_display()}, text {verdict.number}"
        cells.append(Cell(f"verdict.{verdict.reviewer.slug}", f"{verdict.reviewer.name}’s verdict", words))
    about = Truncator(tool.description or tool.tagline or "Nothing yet").chars(MOST_SAID)
    return [*cells, Cell("about", "What it is", about)]


def cell_of(tool: Tool, key: str) -> Cell | None:
    return next((cell for cell in cells_of(tool) if cell.key == key), None)


def says_now(report: FactReport) -> str:
    """Return what the page says today where the report was made; "Nothing" where that cell is gone."""
    cell = cell_of(report.tool, report.cell)
    return cell.words if cell else "Nothing"


@csrf_exempt  # it uses no cookie, and the form's own stamp says where it comes from
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def report(request: HttpRequest, slug: str) -> HttpResponseBase:
    tool = Tool.objects.public().named(slug).select_related("category").first()
    if tool is None:
        raise Http404("No such tool.")
    key = request.GET.get("cell", "")
    cell = cell_of(tool, key)
    if cell is None:
        return _choose(request, tool)
    form = ReportForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound:
        wait = refused(request, form, (OF_A_NETWORK, OF_A_FORM, OF_ALL)) or _full(form, tool)
        if form.is_valid():
            _keep(tool, cell, form)
            return redirect("/reports/?sent")
        status = 429 if wait else 400
    context = {"tool": tool, "cell": cell, "form": form, "robots": "noindex"}
    return answered(request, "report.html", context, status)


def answered(request: HttpRequest, template: str, context: dict[str, Any], status: int) -> HttpResponse:
    """Show the form again; whoever sent too much is told when to come back."""
    response = render(request, template, context, status=status)
    if status == 429:
        response["Retry-After"] = "3600"
    return response


def _choose(request: HttpRequest, tool: Tool) -> HttpResponse:
    context = {"tool": tool, "cells": cells_of(tool), "robots": "noindex"}
    return render(request, "report_choose.html", context, status=400 if request.method == "POST" else 200)


def refused(request: HttpRequest, form: GuardedForm, throttles: tuple[Throttle, Throttle, Throttle]) -> int:
    """Return the seconds to wait of whoever has sent too much, and say so in the form; a form that is wrong is not counted."""
    if not form.is_valid():
        return 0
    network, of_a_form, of_all = throttles
    keys = [network_of(client_address(request)), str(form.data.get("stamp")), "everyone"]
    wait = max(it.wait(key) for it, key in zip((network, of_a_form, of_all), keys, strict=True))
    if wait:
        form.add_error(None, "Too many came from your network. Please try again later.")
    return wait


def _full(form: ReportForm, tool: Tool) -> int:
    waiting = FactReport.objects.waiting()
    if form.is_valid() and (
        waiting.filter(tool=tool).count() >= MOST_WAITING_OF_A_TOOL or waiting.count() >= MOST_WAITING
    ):
        form.add_error(None, "More reports wait than we can read. Please try again in a few days.")
        return 1
    return 0


def _keep(tool: Tool, cell: Cell, form: ReportForm) -> None:
    """Put the report into the queue; one that says the same as one that waits is there already."""
    about = {"tool": tool, "cell": cell.key, "claim": form.cleaned_data["claim"]}
    if FactReport.objects.waiting().filter(**about).exists():
        return
    said = Truncator(cell.words).chars(MOST_SAID)
    FactReport.objects.create(**about, label=cell.label, said=said, source_url=form.cleaned_data["source"])


@require_safe
@never_cache
def reports(request: HttpRequest) -> HttpResponse:
    """What readers reported and what we answered."""
    answered = FactReport.objects.public().exclude(tool__state="draft").select_related("tool")
    page = Paginator(answered.order_by("-answered_at", "-pk"), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "waiting": FactReport.objects.waiting().count(),
        "is_sent": "sent" in request.GET,
        "card_path": reverse("page_card", args=["reports"]),
        "canonical_url": settings.SITE_URL + request.path,
        "robots": "noindex, follow" if request.GET else "",
    }
    return render(request, "reports.html", context)
