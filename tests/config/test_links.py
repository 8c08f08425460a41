"""Links that lead out say so, and give nothing away."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests import factories
from tools.text import render_markdown

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
OUT = re.compile(
    r"<a\s[^>]*href=\"(?:https?://|\{\{ *[\w.]*(?:homepage|documentation|repository|source_url|website)\b)[^>]*>"
)


class Links(HTMLParser):
    """The `rel` of every link to another site."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "a" and re.match(r"(https?:)?//", given.get("href") or "") and "testserver" not in given["href"]:
            self.found.append((given["href"], set((given.get("rel") or "").split())))


@pytest.mark.parametrize("path", ["/tools/ant/", "/compare/ant-vs-bee/", "/", "/methodology/"])
def test_links_to_other_sites_open_no_way_back(client, db, path):
    for name in ("Ant", "Bee"):
        factories.reviewed_tool(name, homepage=f"https://{name}.example/", repository=f"https://code.example/{name}")

    found = Links(client.get(path).text).found

    assert [href for href, rel in found if "noopener" not in rel] == []
    assert found or path in {"/", "/methodology/"}


def test_every_template_that_leads_out_says_so():
    for template in TEMPLATES.rglob("*.html"):
        if "admin" in template.parts or "mail" in template.parts or "email" in template.parts:
            continue
        for link in OUT.findall(template.read_text()):
            assert "noopener" in link, (template.name, link)


def test_links_in_written_text_are_not_vouched_for():
    [(_, rel)] = Links(render_markdown("[a tool](https://elsewhere.example/)")).found

    assert {"nofollow", "noopener"} <= rel
