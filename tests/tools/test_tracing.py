"""What is made again only when its rows are others, and what is remembered of it."""

import datetime
import decimal

import pytest
import time_machine
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories
from tools.memory import Memory
from tools.models import Change, Price, Tool
from tools.statements import NOW, followed, statement
from tools.tracing import LONGEST_SECONDS, Traced, _digest

pytestmark = pytest.mark.django_db


@statement
def tool_at(slug: str):
    return Tool.objects.filter(slug=slug).order_by()


@statement
def amounts_of(tool: int):
    return Price.objects.filter(tool=tool).order_by("pk").values_list("amount", flat=True)


class Page:
    """A page of one tool that counts how often it is made."""

    def __init__(self, slug: str = "anchor") -> None:
        self.traced: Traced[str] = Traced(1_000, len)
        self.slug, self.times = slug, 0

    def make(self) -> str:
        self.times += 1
        [tool] = tool_at(self.slug)
        return f"{tool.tagline}: {', '.join(f'{it:.2f}' for it in amounts_of(tool.pk))}"

    def show(self) -> str:
        return self.traced.made(self.slug, self.make)


def test_a_page_is_made_again_when_a_row_is_another_and_only_then():
    tool, page = factories.tool("Anchor", tagline="Holds"), Page()
    assert [page.show() for _ in range(3)] == ["Holds: "] * 3
    assert page.times == 1
    Tool.objects.filter(pk=tool.pk).update(tagline="Drags")
    assert [page.show() for _ in range(2)] == ["Drags: "] * 2
    tool.prices.create(amount=decimal.Decimal("5"), starts_on=datetime.date(2026, 1, 1))
    assert page.show() == "Drags: 5.00"
    assert page.times == 3
    Tool.objects.filter(pk=tool.pk).update(name="Anchor II")  # what the statement reads, and the page does not say
    assert page.show() == "Drags: 5.00"
    assert page.times == 4


def test_a_page_that_has_not_changed_is_asked_for_in_full_each_time():
    factories.tool("Anchor")
    page = Page()
    for _ in range(3):
        with CaptureQueriesContext(connection) as captured:
            page.show()
        assert len(captured) == 2


def test_a_page_that_has_changed_asks_for_nothing_twice():
    tool, page = factories.tool("Anchor"), Page()
    page.show()
    Tool.objects.filter(pk=tool.pk).update(tagline="Drags")
    with CaptureQueriesContext(connection) as captured:
        assert page.show() == "Drags: "
    assert len(captured) == 2


def test_rows_that_count_as_equal_and_look_different_are_others():
    call = amounts_of, (1,)
    said = [_digest({call: [(amount,)]}) for amount in (decimal.Decimal("1.0"), decimal.Decimal("1.00"), 1, True, "1")]
    assert len(set(said)) == len(said)


def test_what_asks_anything_besides_is_made_each_time():
    tool = factories.tool("Anchor", tagline="Holds")
    traced: Traced[str] = Traced(1_000, len)

    def make() -> str:
        [found] = tool_at("anchor")
        return f"{found.tagline} {tool.prices.count()}"

    assert traced.made("page", make) == "Holds 0"
    factories.price(tool)
    assert traced.made("page", make) == "Holds 1"
    assert not traced.traces.things


def test_a_page_is_made_anew_on_another_day_and_after_a_while():
    factories.tool("Anchor")
    with time_machine.travel("2026-05-04T12:00:00Z", tick=False) as clock:
        page = Page()
        page.show()
        clock.shift(12 * 3600)
        page.show()
        assert page.times == 2
        clock.shift(LONGEST_SECONDS - 1)
        page.show()
        assert page.times == 2
        clock.shift(1)
        page.show()
        assert page.times == 3


@override_settings(DEBUG=True)
def test_in_development_every_page_is_made_anew():
    factories.tool("Anchor")
    page = Page()
    for _ in range(3):
        page.show()
    assert page.times == 3


def test_what_making_raises_is_passed_on_and_nothing_is_remembered():
    page = Page("none")
    for _ in range(2):
        with pytest.raises(ValueError, match="unpack"):
            page.show()
    assert not page.traced.traces.things


def test_the_present_is_that_of_each_question():
    @statement
    def changes_by(moment: datetime.datetime):
        return Change.objects.filter(at__lte=moment).order_by().values_list("kind", flat=True)

    now = timezone.now()
    Change.objects.create(tool=factories.tool(), kind="resumed", at=now + datetime.timedelta(hours=1))
    assert "resumed" not in changes_by(NOW)
    with time_machine.travel(now + datetime.timedelta(hours=2)):
        assert "resumed" in changes_by(NOW)


def test_a_trail_holds_what_was_asked_and_tells_of_the_rest():
    factories.tool("Anchor")
    with followed() as trail:
        tool_at("anchor")
        tool_at("anchor")
    assert (list(trail.asked), trail.is_whole) == ([(tool_at, ("anchor",))], True)
    with followed() as trail:
        tool_at("anchor")
        Tool.objects.count()
    assert not trail.is_whole


def test_what_was_not_used_for_longest_is_given_up():
    memory: Memory[str] = Memory(10)
    memory.put("first", "a", 5)
    memory.put("second", "b", 5)
    assert memory.get("first") == "a"
    memory.put("third", "c", 5)
    assert (list(memory.things), memory.size, memory.get("second")) == (["first", "third"], 10, None)
    memory.put("third", "d", 4)
    assert (memory.get("third"), memory.size) == ("d", 9)
    memory.put("too large", "e", 11)
    assert list(memory.things) == ["first", "third"]
    memory.clear()
    assert (memory.get("first"), memory.size) == (None, 0)
