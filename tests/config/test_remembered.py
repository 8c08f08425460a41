"""Parts of pages that are made once for the same values."""

import datetime
from typing import NamedTuple

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.test import override_settings
from django.utils.safestring import mark_safe

from config.templatetags import remembered
from tests import factories
from tools.memory import Memory
from tools.models.tool import Named

DATE = '{% load remembered %}{% remembered "components/date.html" on=on %}'
PAIRS = '{% load remembered %}{% remembered "components/eyebrow.html" label=label %}'


class Line(NamedTuple):
    words: str
    on: datetime.date | None = None


@pytest.fixture
def kept(monkeypatch):
    kept = Memory(100_000)
    monkeypatch.setattr(remembered, "parts", kept)
    return kept


def render(source: str, **values: object) -> str:
    return Template(source).render(Context(values))


def test_a_part_is_what_including_it_would_give_and_is_made_once(kept):
    day = datetime.date(2026, 5, 4)
    included = render('{% include "components/date.html" with on=on only %}', on=day)
    assert [render(DATE, on=day) for _ in range(3)] == [included] * 3
    assert list(kept.things.values()) == [(included, len(included))]
    assert render(DATE, on=datetime.date(2026, 5, 5)) != included
    assert len(kept.things) == 2


def test_a_part_sees_nothing_but_its_values(kept):
    part = '{% load remembered %}{% remembered "components/eyebrow.html" label="Tool" %}'
    assert render(part, category={"name": "Elsewhere", "get_absolute_url": "/"}) == render(part)


def test_text_is_escaped_even_where_the_same_text_was_safe_before(kept):
    assert "<i>" in render(PAIRS, label=mark_safe("<i>"))
    assert "&lt;i&gt;" in render(PAIRS, label="<i>")
    assert "<i>" in render(PAIRS, label=mark_safe("<i>"))


@pytest.mark.django_db
def test_what_can_be_equal_and_look_different_is_refused(kept):
    tool = factories.tool("Anchor")
    moment = datetime.datetime.now(datetime.UTC)
    for value in (tool, moment, 1.5, (Line("a"), tool), Line(mark_safe("a"))):
        with pytest.raises(TypeError, match="cannot be remembered"):
            render(PAIRS, label=value)
    render(PAIRS, label=(Named("a", "b"), Line("c", moment.date()), None, True))


@override_settings(DEBUG=True)
def test_in_development_nothing_is_remembered(kept):
    kept.put(("components/eyebrow.html", ("label",), ("A",), (str,)), mark_safe("old"), 3)
    assert "old" not in render(PAIRS, label="A")


def test_the_tag_takes_a_name_in_quotes_and_named_values():
    for words in ("name a=b", '"components/date.html" on', ""):
        with pytest.raises(TemplateSyntaxError):
            Template("{% load remembered %}{% remembered " + words + " %}")
