"""Valid objects; a test names only what it is about."""

import datetime
import os
from itertools import count
from typing import Any

from django.utils import timezone

from newsletter.models import Subscriber
from tools.models import Category, Fact, FactKind, FactReport, Price, State, Tool
from verdicts.models import Comparison, Reviewer, Verdict
from voting.models import Tally, User, Voter

_numbers = count(1)
CHECKED_ANYWAY: Any = {"validate_unique": False, "validate_constraints": False}  # by the database, without a query each
PERSONAS = ["builder", "skeptic", "founder", "futurist"]


def user(**fields: Any) -> User:
    return User.objects.create_user(**{"email": f"reader{next(_numbers)}@example.org"} | fields)


def editor() -> User:
    """The one account that answers for the verdicts of a test."""
    return User.objects.filter(email="editor@example.org").first() or user(email="editor@example.org", name="Edi Tor")


def staff(**fields: Any) -> User:
    return user(is_staff=True, is_superuser=True, **fields)


def category(slug: str = "developer-tools", **fields: Any) -> Category:
    made, _ = Category.objects.get_or_create(slug=slug, defaults={"name": slug.replace("-", " ").title()} | fields)
    return made


def tool(name: str = "", **fields: Any) -> Tool:
    """A published tool."""
    name = name or f"Tool {next(_numbers)}"
    values = {
        "name": name,
        "slug": name.lower().replace(" ", "-"),
        "tagline": f"What {name} does",
        "description": f"**{name}** does things.",
        "vendor": "Acme",
        "homepage": "https://example.org/",
        "entry": "free",
        "state": State.PUBLISHED,
        "published_at": timezone.now() - datetime.timedelta(days=30),
    } | fields
    if "category" not in values:
        values["category"] = category()
    if values["state"] == State.DRAFT:
        values["published_at"] = None
    return Tool.objects.create(**values)


def reviewer(slug: str = "builder", **fields: Any) -> Reviewer:
    values = {
        "name": f"The {slug.title()}",
        "lens": f"What a {slug} asks",
        "weighs": "Things",
        "disclosure": "A lens, not a person.",
        "position": PERSONAS.index(slug) if slug in PERSONAS else 9,
    } | fields
    made, _ = Reviewer.objects.get_or_create(slug=slug, defaults=values)
    return made


def panel() -> list[Reviewer]:
    return [reviewer(slug) for slug in PERSONAS]


def verdict(tool: Tool, reviewer_slug: str = "builder", decision: str = "ship", **fields: Any) -> Verdict:
    """A published verdict, or a draft with `published=False`."""
    published = fields.pop("published", True)
    at = fields.pop("at", None)
    row = Verdict(
        tool=tool,
        reviewer=reviewer(reviewer_slug),
        **{
            "decision": decision,
            "reason": f"The {reviewer_slug} says {decision} because of reasons.",
            "evidence": "hands-on",
            "tested_on": timezone.localdate(),
            "editor": editor(),
        }
        | fields,
    )
    row.number = row.next_number()
    row.full_clean(exclude=["tool", "reviewer", "editor"], **CHECKED_ANYWAY)
    row.save()
    if published:
        row.publish(at=at)
    return row


def reviewed_tool(name: str = "", decisions: str = "++++", **fields: Any) -> Tool:
    """A tool with a panel, such as "++-+": ship, ship, skip, ship."""
    made = tool(name, **fields)
    for persona, sign in zip(PERSONAS, decisions, strict=False):
        verdict(made, persona, {"+": "ship", "-": "skip"}[sign])
    return made


def comparison(first: Tool, second: Tool, *, published: bool = True, **fields: Any) -> Comparison:
    values = {
        "headline": "Which one?",
        "standfirst": "It depends.",
        "ship_first_if": "you like the first.",
        "ship_second_if": "you like the second.",
        "ship_neither_if": "you need nothing.",
    } | fields
    made = Comparison(first=first, second=second, **values)
    made.put_in_order()
    made.full_clean(**CHECKED_ANYWAY)
    made.save()
    if published:
        made.publish()
    return made


def fact(tool: Tool, label: str = "Open source", answer: str = "yes", **fields: Any) -> Fact:
    kind, _ = FactKind.objects.get_or_create(slug=label.lower().replace(" ", "-"), defaults={"label": label})
    return Fact.objects.create(tool=tool, kind=kind, answer=answer, **fields)


def price(tool: Tool, amount: float | None = 20, plan: str = "Pro", **fields: Any) -> Price:
    values = {"starts_on": timezone.localdate() - datetime.timedelta(days=10), "is_offered": amount is not None}
    return Price.objects.create(tool=tool, plan=plan, amount=amount, **values | fields)


def curated_pair() -> Comparison:
    """Two judged tools with everything a page can show, and a curated pair."""
    panel()
    first, second = reviewed_tool("a", "+-++", entry="paid"), reviewed_tool("b", "+++-")
    for made in (first, second):
        votes(made, 70, 30)
        price(made)
        fact(made)
    return comparison(first, second)


def report(tool: Tool, **fields: Any) -> FactReport:
    """A reader's report about the licence of a tool, not yet answered."""
    values = {"cell": "licence", "label": "Licence", "said": tool.licence or "Not checked", "claim": "It is not"}
    return FactReport.objects.create(tool=tool, **values | fields)


def votes(tool: Tool, ships: int, skips: int, **fields: Any) -> Tally:
    """The counted votes of a tool, all of readers with history unless a test says otherwise."""
    values = {"ships": ships, "skips": skips, "regulars": ships + skips} | fields
    values |= {f"era_{name}": values[name] for name in ("ships", "skips", "regulars") if f"era_{name}" not in values}
    made, _ = Tally.objects.update_or_create(tool=tool, defaults=values)
    return made


# The weekly mail --------------------------------------------------------------------------------


def subscriber(email: str = "", **fields: Any) -> Any:
    """A reader who has confirmed."""

    email = email or f"reader{next(_numbers)}@example.org"
    values = {
        "email": email,
        "email_norm": email.lower(),
        "state": "active",
        "confirmed_at": timezone.now(),
    } | fields
    return Subscriber.objects.create(**values)


def issue(day: str = "2026-11-30", **fields: Any) -> Any:
    """An issue that takes shape; its cutoff has not come at the time that `at(...)` gives tests."""
    from newsletter.models import Issue
    from newsletter.schedule import Period

    made = Issue.of(Period(datetime.date.fromisoformat(day)))
    for name, value in fields.items():
        setattr(made, name, value)
    made.save()
    return made


def topics(*categories: Category) -> int:
    """The number that stands for a choice of categories."""
    from newsletter.models import Topic

    return Topic.objects.mask(categories)


def follow(subscriber: Any, tool: Tool, other: Tool | None = None, **fields: Any) -> Any:
    from newsletter.models import Follow

    return Follow.objects.create(subscriber=subscriber, tool=tool, other=other, **fields)


def guest(**fields: Any) -> Voter:
    return Voter.objects.create(**{"cookie_mac": os.urandom(32)} | fields)


def account(**fields: Any) -> Voter:
    """The voter of a new account."""
    return Voter.objects.create(account=user(), **fields)
