"""The pages worth finding."""

import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.urls import reverse

from tools.models import Category, Tool
from verdicts.comparing import Pair
from verdicts.models import Reviewer
from verdicts.queries import indexable_pairs


class SiteMap(Sitemap):
    protocol = urlsplit(settings.SITE_URL).scheme
    limit = 50_000

    def get_domain(self, site: object = None) -> str:
        return urlsplit(settings.SITE_URL).netloc


class Pages(SiteMap):
    def items(self) -> list[str]:
        return ["home", "browse", "panel", "methodology"]

    def location(self, item: Any) -> str:
        return reverse(item)


class Categories(SiteMap):
    def items(self) -> Any:
        return Category.objects.all()


class Tools(SiteMap):
    def items(self) -> Any:
        return Tool.objects.public().order_by("pk")

    def lastmod(self, tool: Tool) -> datetime.datetime:
        return tool.updated_at


class Reviewers(SiteMap):
    def items(self) -> Any:
        return Reviewer.objects.active()


class Comparisons(SiteMap):
    def items(self) -> list[Pair]:
        return [Pair([a, b]) for a, b in indexable_pairs()]

    def location(self, pair: Any) -> str:
        return pair.url


SITEMAPS: dict[str, type[Sitemap] | Sitemap] = {
    "pages": Pages,
    "categories": Categories,
    "tools": Tools,
    "reviewers": Reviewers,
    "comparisons": Comparisons,
}
