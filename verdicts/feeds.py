"""Atom feeds."""

import datetime
from typing import Any

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed

from tools.models import Category, Change, Tool
from tools.models.change import ChangeQuerySet
from tools.text import clean_text
from verdicts import comparing, queries
from verdicts.changes import changes_of
from verdicts.models import Verdict
from verdicts.scored import ScoredTool


class StableAtom(Atom1Feed):
    """A feed that says the same until something happens: an empty one is as old as can be, not as young as the clock.

    Its author is the site, as RFC 4287 wants one.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "author_name": settings.SITE_NAME})

    def latest_post_date(self) -> datetime.datetime:
        dates = [item["updateddate"] or item["pubdate"] for item in self.items]
        return max((date for date in dates if date), default=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))


class FeedOfChanges(Feed):
    """A feed whose entries are changes: the same change has the same number in every one of them."""

    feed_type = StableAtom
    feed_url = None

    def item_title(self, change: Any) -> str:
        return clean_text(f"{change.tool.name}: {change.text}")

    def item_description(self, change: Change) -> str:
        return ""

    def item_link(self, change: Change) -> str:
        return settings.SITE_URL + change.tool.get_absolute_url()

    def item_guid(self, change: Change) -> str:
        return f"{settings.SITE_URL}/changes/{change.pk}"

    def item_updateddate(self, change: Change) -> datetime.datetime:
        return change.at


class ComparisonFeed(FeedOfChanges):
    """What changed about the tools of one comparison."""

    def get_object(self, request: HttpRequest, pair: str) -> list[ScoredTool]:
        try:
            tools = comparing.tools_named(pair.lower().split(comparing.SEPARATOR))
        except comparing.UnknownTools as error:
            raise Http404("One of these tools is not on the site.") from error
        if not 2 <= len(tools) <= comparing.MOST:
            raise Http404("A comparison names two to four tools.")
        return tools

    def title(self, tools: list[ScoredTool]) -> str:
        return clean_text(f"{' vs '.join(tool.name for tool in tools)} · {settings.SITE_NAME}")

    def subtitle(self, tools: list[ScoredTool]) -> str:
        return clean_text(comparing.result_in_words(tools))

    def link(self, tools: list[ScoredTool]) -> str:
        return settings.SITE_URL + comparing.comparison_path(tools)

    def items(self, tools: list[ScoredTool]) -> list[Change]:
        return changes_of(tools, limit=40)


class VerdictFeed(Feed):
    """The newest verdicts of the whole site."""

    feed_type = StableAtom
    link = "/"
    feed_url = None

    def title(self) -> str:
        return f"Verdicts · {settings.SITE_NAME}"

    def items(self) -> list[Verdict]:
        return list(queries.latest_verdicts(30))

    def item_title(self, verdict: Any) -> str:
        return clean_text(f"{verdict.tool.name}: {verdict.reviewer} says {verdict.decision}")

    def item_description(self, verdict: Any) -> str:
        return clean_text(f"{verdict.excerpt} ({verdict.evidence_words})")

    def item_link(self, verdict: Verdict) -> str:
        return settings.SITE_URL + verdict.get_absolute_url()

    def item_guid(self, verdict: Verdict) -> str:
        return f"{settings.SITE_URL}/verdicts/{verdict.pk}"

    def item_pubdate(self, verdict: Verdict) -> datetime.datetime | None:
        return verdict.published_at

    def item_updateddate(self, verdict: Verdict) -> datetime.datetime | None:
        return verdict.published_at


class ChangesFeed(FeedOfChanges):
    """What changed: all of it."""

    def get_object(self, request: HttpRequest, **named: str) -> Any:
        return None

    def title(self, subject: Any) -> str:
        return clean_text(f"{subject or 'All'} changes · {settings.SITE_NAME}")

    def link(self, subject: Any) -> str:
        return settings.SITE_URL + reverse("changes")

    def changes(self, subject: Any) -> ChangeQuerySet:
        return Change.objects.all()

    def items(self, subject: Any) -> list[Change]:
        return list(self.changes(subject).public().select_related("tool").newest_first()[:50])


class CategoryFeed(ChangesFeed):
    def get_object(self, request: HttpRequest, **named: str) -> Any:
        return get_object_or_404(Category, slug=named["slug"])

    def link(self, subject: Any) -> str:
        return settings.SITE_URL + subject.get_absolute_url()

    def changes(self, subject: Any) -> ChangeQuerySet:
        return Change.objects.filter(tool__category=subject)


class ToolFeed(ChangesFeed):
    def get_object(self, request: HttpRequest, **named: str) -> Any:
        found = get_object_or_404(queries.with_figures(Tool.objects.public()), slug=named["slug"])
        return queries.scored([found])[0]

    def subtitle(self, subject: Any) -> str:
        return clean_text(f"Panel: {subject.panel.words}. Readers: {subject.community.words}.")

    def link(self, subject: Any) -> str:
        return settings.SITE_URL + subject.get_absolute_url()

    def changes(self, subject: Any) -> ChangeQuerySet:
        return Change.objects.of([subject])
