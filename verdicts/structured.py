"""What search engines read beside a page: schema.org as JSON-LD, made of the same page object as the HTML.

The panel is one review by the organisation, never a rating by users: an AggregateRating is the readers' alone, and is
left out while there are too few of them for a percentage.
"""

import json
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.safestring import SafeString, mark_safe

from tools.models import Entry
from tools.text import clean_line
from verdicts.comparing import ComparisonPage
from verdicts.models import Verdict
from verdicts.scored import ScoredTool
from verdicts.tool_page import ToolPage

_UNSAFE = {ord(character): f"\\u{ord(character):04x}" for character in "<>&'\u2028\u2029\u007f"}


def json_ld(data: dict[str, Any]) -> SafeString:
    """Return JSON for a script element: nothing in it can end the element, open a comment, or be an entity."""
    text = json.dumps(
        {"@context": "https://schema.org", **data}, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":")
    )
    return mark_safe(text.translate(_UNSAFE))  # noqa: S308 - escaped on this very line


def organisation() -> dict[str, Any]:
    return {"@type": "Organization", "name": settings.SITE_NAME, "url": f"{settings.SITE_URL}/"}


def site() -> dict[str, Any]:
    target = f"{settings.SITE_URL}/tools/?q={{search_term_string}}"
    action = {"@type": "SearchAction", "target": target, "query-input": "required name=search_term_string"}
    return {"@type": "WebSite", "name": settings.SITE_NAME, "url": f"{settings.SITE_URL}/", "potentialAction": action}


def application(tool: ScoredTool, verdicts: list[Verdict]) -> dict[str, Any]:
    """Return a tool: what it costs to start, the panel's review from the quorum on, the readers' rating from the threshold on."""
    about = {
        "@type": "SoftwareApplication",
        "name": clean_line(tool.name),
        "url": settings.SITE_URL + tool.get_absolute_url(),
        "description": clean_line(tool.tagline),
        "applicationCategory": "DeveloperApplication",
        "softwareVersion": tool.latest_version,
        "author": {"@type": "Organization", "name": clean_line(tool.vendor)} if tool.vendor else None,
        "offers": _offer(tool),
        "review": _review(tool, verdicts),
        "aggregateRating": _rating(tool),
    }
    return {name: value for name, value in about.items() if value}


def _offer(tool: ScoredTool) -> dict[str, Any] | None:
    if tool.entry in {Entry.FREE, Entry.FREEMIUM}:
        return {"@type": "Offer", "price": "0", "priceCurrency": "USD"}
    if tool.entry == Entry.PAID and tool.price and tool.price.amount is not None:
        return {
            "@type": "Offer",
            "price": f"{tool.price.amount.normalize():f}",
            "priceCurrency": tool.price.currency,
            "description": clean_line(tool.price.words),
        }
    return None


def _out_of_100(kind: str, percent: int) -> dict[str, Any]:
    return {"@type": kind, "ratingValue": percent, "bestRating": 100, "worstRating": 0}


def _review(tool: ScoredTool, verdicts: list[Verdict]) -> dict[str, Any] | None:
    if tool.panel.percent is None:
        return None
    dates = [verdict.published_at for verdict in verdicts if verdict.published_at]
    return {
        "@type": "Review",
        "author": organisation(),
        "reviewBody": tool.panel.words,
        "reviewRating": _out_of_100("Rating", tool.panel.percent),
    } | ({"datePublished": max(dates).date()} if dates else {})


def _rating(tool: ScoredTool) -> dict[str, Any] | None:
    if tool.community.percent is None:
        return None
    return _out_of_100("AggregateRating", tool.community.percent) | {"ratingCount": tool.community.total}


def of_tool(page: ToolPage) -> SafeString:
    return json_ld(application(page.tool, page.verdicts))


def of_comparison(page: ComparisonPage) -> SafeString:
    """Return the page with its tools; nothing for a page about the past, whose figures are not today's."""
    if page.as_of:
        return SafeString("")
    said = [[row.cells[place] for row in page.scorecard] for place in range(len(page.columns))]
    about = [application(tool, [v for v in cells if v]) for tool, cells in zip(page.columns, said, strict=True)]
    return json_ld(
        {
            "@type": "WebPage",
            "name": clean_line(page.title),
            "url": page.canonical_url,
            "description": clean_line(page.standfirst),
            "publisher": organisation(),
            "about": about,
        }
    )
