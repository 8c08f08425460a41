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
    crowded()
    staff_session()
    what_readers_sent()


def crowded() -> None:
    """A tool that votes rush in on now, a crowd of them held, some discarded; a break since; a reader from before it."""
    from django.utils import timezone

    from tests import factories
    from tests.browser.site import EARLY_READER
    from voting import eras, guests, judging
    from voting.casting import cast
    from voting.models import Case, CaseVote, Vote, Voter
    from voting.origins import Origin

    now, hour = timezone.now(), datetime.timedelta(hours=1)
    tool = factories.tool("Crowded", category=factories.category("coding-assistants"))
    early = Voter.objects.create(cookie_mac=guests.mac_of(EARLY_READER))
    cast(early, tool, 1, at=now - 960 * hour)
    eras.declare(tool, "version 2", starts_at=now - 480 * hour)
    nets = [f"203.0.113.{n % 3}" if n < 12 else f"192.0.{n}.1" for n in range(60)]
    votes = [
        cast(
            factories.guest(),
            tool,
            -1 if n % 4 == 3 else 1,
            origin=Origin(net, "B/1", "https://ring.example/" if n < 9 else "", 400 if n < 12 else 30_000),
            at=now - n * hour / 60,
        ).vote_id
        for n, net in enumerate(nets)
    ]
    for part, rule, state in [
        (votes[:16], "network", Vote.State.HELD),
        (votes[16:30], "crowd", Vote.State.DISCARDED),
    ]:
        case = Case.objects.create(
            tool=tool, rule=rule, side=1, size=len(part), opened_at=now, begins_at=now - hour / 2, ends_at=now
        )
        CaseVote.objects.bulk_create([CaseVote(case=case, vote_id=vote) for vote in part])
        judging.decide(part, state, actor=f"rule:{rule}", reason=rule)


def staff_session() -> None:
    """A member of the staff who is signed in under a key that tests know."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    from tests import factories
    from tests.browser.site import STAFF_SESSION

    keeper = factories.staff(name="Case Keeper")
    inside = {SESSION_KEY: str(keeper.pk), HASH_SESSION_KEY: keeper.get_session_auth_hash()}
    inside[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    Session.objects.save(STAFF_SESSION, inside, timezone.now() + datetime.timedelta(days=1))


def what_readers_sent() -> None:
    """Reports and requests in every state, with words that are hard on a layout."""
    from tests import factories
    from tools.models import Tool, ToolRequest

    tool = Tool.objects.get(slug="long-first")
    factories.report(tool, said=UNBROKEN, claim=LETTERS).accept(f"{LETTERS} {UNBROKEN}", now="MIT")
    factories.report(tool, source_url="https://example.org/licence").decline("The licence file says so.")
    factories.report(tool, claim="Nobody has looked yet")
    for name, verb in [(UNBROKEN, "show"), (LETTERS, "accept"), ("No Such Tool", "decline"), ("Unseen", "")]:
        asked = ToolRequest.objects.ask(name, f"https://example.org/{len(name)}", f"{LETTERS}. It would help us.")
        if verb:
            getattr(asked, verb)(*([f"{LETTERS}: an answer."] if verb != "show" else []))


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
        "collectstatic", interactive=False, verbosity=0, ignore_patterns=["vendor", "rest_framework", "import_export"]
    )
    fill()
