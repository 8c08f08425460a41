"""Figures for whoever watches the site, in the OpenMetrics format, at /metrics for those who have the token."""

import hmac
import time
from collections.abc import Callable, Iterator

import redis
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Counter, Histogram, multiprocess
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest

from config.staleness import batches_overdue
from newsletter.models import Issue
from newsletter.progress import progress_of
from voting import alarms
from voting.models import Case, Round, Tally

REQUESTS = Counter("shipworthy_requests", "Requests answered by views", ["view", "method", "status"])
SECONDS = Histogram(
    "shipworthy_request_seconds",
    "Time a view took",
    ["view"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
KEPT = Counter("shipworthy_kept_pages", "Pages answered from those at hand")
DAY_SECONDS = 86_400
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class MetricsMiddleware:
    """Counts requests by the name of their address, which readers cannot choose."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        view = (match.view_name or "unnamed") if match else "none"
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(view, method, str(response.status_code)).inc()
        SECONDS.labels(view).observe(time.perf_counter() - began)
        return response


class SiteCollector:
    """Figures that the database and the broker hold, read when they are asked for."""

    def collect(self) -> Iterator[Metric]:
        try:
            yield from votes()
            yield from passes()
            yield from digest()
        except DatabaseError:
            yield GaugeMetricFamily("shipworthy_database_up", "Whether the database answers", value=0)
        else:
            yield GaugeMetricFamily("shipworthy_database_up", "Whether the database answers", value=1)
        yield from queues()
        yield from alarm()


def votes() -> Iterator[Metric]:
    states = ["ships", "skips", "held", "discarded"]
    found = Tally.objects.aggregate(**{state: Sum(state, default=0) for state in states})
    family = GaugeMetricFamily("shipworthy_votes", "Votes by what became of them", labels=["state"])
    for state in states:
        family.add_metric([state], found[state])
    yield family


def passes() -> Iterator[Metric]:
    """Yield when the votes were last looked at, and how many cases wait for a person; nothing before the first time."""
    last = Round.objects.values_list("at", flat=True).first()
    if last is not None:
        words = "When the votes were last looked at, in seconds since 1970"
        yield GaugeMetricFamily("shipworthy_votes_checked_at", words, value=last.timestamp())
    yield GaugeMetricFamily("shipworthy_cases_open", "Cases that wait for a person", value=Case.objects.open().count())


def digest() -> Iterator[Metric]:
    """Yield how far the newest issue has come, from the counts of its batches, and what waits for a worker too long."""
    overdue = GaugeMetricFamily(
        "shipworthy_batches_overdue", "Batches of mails that nobody takes", value=batches_overdue()
    )
    yield overdue
    issue = Issue.objects.filter(frozen_at__isnull=False).order_by("-day").first()
    if issue is None:
        return
    done = progress_of(issue)
    family = GaugeMetricFamily("shipworthy_issue_mails", "Mails of the newest issue by state", labels=["state"])
    for state in ("sent", "failed", "skipped", "expired", "uncertain", "deferred"):
        family.add_metric([state], getattr(done, state))
    family.add_metric(["open"], done.recipients - done.ended)
    yield family
    stuck = issue.state == Issue.State.PAUSED
    yield GaugeMetricFamily("shipworthy_issue_paused", "Whether the newest issue waits for a person", value=stuck)


def alarm() -> Iterator[Metric]:
    """Yield what the last recount found; nothing where it is not known."""
    found = alarms.last()
    if found:
        yield GaugeMetricFamily("shipworthy_tally_drifts", "Tallies the last recount mended", value=found.drifts)
        said = "Votes the log told otherwise at the last recount"
        yield GaugeMetricFamily("shipworthy_log_disagreements", said, value=found.disagreements)
        age = time.time() - found.at
        yield GaugeMetricFamily("shipworthy_recount_age_seconds", "Time since the last recount", value=age)


def queues() -> Iterator[Metric]:
    """Yield how many jobs wait in each queue; nothing without a broker, or while it is away."""
    if settings.CELERY_TASK_ALWAYS_EAGER:
        return
    names = {"celery", *(route["queue"] for route in getattr(settings, "CELERY_TASK_ROUTES", {}).values())}
    family = GaugeMetricFamily("shipworthy_jobs_waiting", "Jobs that wait for a worker", labels=["queue"])
    try:
        broker = redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=1, socket_connect_timeout=1)
        for name in sorted(names):
            family.add_metric([name], int(broker.llen(name)))
    except redis.RedisError:
        return
    yield family


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with every figure; without the token of the settings there is no such page."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        raise Http404("No such page.")
    forget_the_dead()
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, path=str(settings.METRICS_FOLDER))
    registry.register(SiteCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def forget_the_dead() -> None:
    """Remove the files of processes that have written nothing for a day; watchers take a counter that starts again well."""
    for file in settings.METRICS_FOLDER.glob("*.db"):
        if time.time() - file.stat().st_mtime > DAY_SECONDS:
            file.unlink(missing_ok=True)
