"""Everything that the site says of each tool, gathered to be compared."""

import json
import re
from html import unescape
from types import SimpleNamespace
from xml.etree import ElementTree

from django.conf import settings

from newsletter.choosing import tool_snapshot
from tools.models import Tool
from verdicts import cards, queries
from verdicts.tool_page import tool_page

SLUGS = sorted(path.stem for path in (settings.BASE_DIR / "verdicts" / "sample" / "tools").glob("*.toml"))


def ld_of(page):
    return json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.S).group(1))


def plain(text):
    """Text without markup, entities, Markdown's backslashes and runs of space."""
    return " ".join(re.sub(r"\\(.)", r"\1", unescape(re.sub(r"<[^>]+>", " ", text))).split())


def surfaces_of(client, found, api):
    """Everything the site says of one tool, as a reader or a program gets it."""
    slug = found.slug

    def text(address):
        return client.get(address).content.decode()

    page, feed = text(f"/tools/{slug}/"), ElementTree.fromstring(text(f"/tools/{slug}/changes.atom"))
    [column] = cards.card_of_tool(tool_page(found)).columns
    return SimpleNamespace(
        receipt=json.loads(text(f"/tools/{slug}/score.json")),
        page=plain(page),
        markdown=plain(text(f"/tools/{slug}.md")),
        data=json.loads(text(f"/tools/{slug}.json"))["tools"][0],
        ld=ld_of(page),
        badges=[plain(text(f"/badge/{slug}.svg?show={show}")) for show in ("panel", "community")],
        card=column.figures,
        feed=feed.find("{http://www.w3.org/2005/Atom}subtitle").text,
        api=api[slug],
        digest=tool_snapshot(queries.scored([found])[0]),
    )


def all_of(client, address):
    """Return every row of a list of the API, page after page."""
    rows = []
    while address:
        answer = client.get(address).json()
        rows += answer["results"]
        address = answer["next"]
    return rows


def surfaces(client):
    """Return what every surface says of every public tool, by slug."""
    api = {row["slug"]: row for row in all_of(client, "/api/v1/tools/")}
    return {tool.slug: surfaces_of(client, tool, api) for tool in queries.with_figures(Tool.objects.public())}
