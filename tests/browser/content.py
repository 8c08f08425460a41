"""What stands on the site that is looked at: the sample site, its weekly mail, and tools that are hard on a layout.

Run as a program it fills the database of the environment.
"""

import datetime
import uuid

import django

LETTERS = "Retrieval Orchestration Workbench for Regulated Industries 9"  # sixty characters
UNBROKEN = "Supercalifragilistic" * 3
READER = uuid.UUID("5a1b0c9e-7f3d-4c22-9a55-1f0e6d2b8c77")  # who reads the weekly mail, and follows a tool and a pair
SECRET, USED_SECRET = "a-link-that-works", "a-link-that-has-done-its-work"


def fill() -> None:
    """Fill an empty database."""
    from django.utils import timezone

    from tests import factories
    from verdicts.sample.loading import SampleSite

    SampleSite(timezone.localdate()).load(factories.editor())
    weekly_mail()
    hard_tools()


def weekly_mail() -> None:
    """Two past issues, a reader who follows a tool and a pair, and two links that were mailed."""
    from django.utils import timezone

    from newsletter import sample, tokens
    from newsletter.models import Confirmation
    from tests import factories
    from tools.models import Tool

    sample.load()
    reader = factories.subscriber("reader@example.org", public_id=READER)
    aider, cursor = (Tool.objects.get(slug=slug) for slug in ("aider", "cursor"))
    factories.follow(reader, cursor)
    factories.follow(reader, *sorted([aider, cursor], key=lambda tool: tool.pk))
    for who, secret, used in (
        (factories.subscriber("new@example.org", state="pending"), SECRET, None),
        (reader, USED_SECRET, timezone.now()),
    ):
        week = timezone.now() + datetime.timedelta(days=7)
        Confirmation.objects.create(
            subscriber=who, purpose="confirm", token_hash=tokens.digest(secret), expires_at=week, used_at=used
        )


def hard_tools() -> None:
    """Names of sixty characters, no verdicts, one verdict, split panels, no votes, few votes, many votes."""
    from django.utils import timezone

    from tests import factories
    from tests.browser.site import LONG

    shelf = factories.category("coding-assistants")
    decisions = ["+++-", "++++", "+", ""]
    counts = [(12_000, 3_400), (9, 3), (1, 0), (0, 0)]
    names = [LETTERS, UNBROKEN, LETTERS[::-1].strip(), UNBROKEN.upper()]
    long_ago = timezone.now() - datetime.timedelta(days=300)
    for slug, name, signs, (ships, skips) in zip(LONG, names, decisions, counts, strict=True):
        tool = factories.tool(name, slug=slug, category=shelf, vendor=name, tagline=f"{name} {name}")
        for persona, sign in zip(factories.PERSONAS, signs, strict=False):
            decision = {"+": "ship", "-": "skip"}[sign]
            factories.verdict(
                tool, persona, decision, at=long_ago, reason=f"{name} is **{UNBROKEN}** and `{UNBROKEN}`."
            )
        factories.votes(tool, ships, skips)
        factories.price(tool, 1234.5, plan=name)
    factories.tool("Unjudged", category=shelf, vendor="", entry="", tagline="Nobody has looked at it yet")
    retired = factories.tool("Retired", category=shelf, state="discontinued", discontinued_on=long_ago.date())
    for persona, decision in zip(factories.PERSONAS, ["ship", "skip", "ship", "skip"], strict=True):
        factories.verdict(retired, persona, decision, at=long_ago)


if __name__ == "__main__":
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command(
        "collectstatic", interactive=False, verbosity=0, ignore_patterns=["admin", "rest_framework", "import_export"]
    )
    fill()
