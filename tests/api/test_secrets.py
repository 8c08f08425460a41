"""No answer to a reader holds a draft, a hidden vote, an address or a voter: all of them are asked for, and looked through."""

import re

import pytest
from django.core.cache import cache
from django.utils import timezone

from config.api.document import parsed
from newsletter.models import Issue
from tests import factories
from tests.newsletter.test_archive import past_issues
from voting.casting import cast
from voting.models import ApiToken, Vote, Voter, VoteSignal
from voting.origins import Origin

pytestmark = pytest.mark.django_db
SECRET = "xyzzy"  # stands in every text that is not for readers


@pytest.fixture
def site():
    """A site where everything that readers must not see is called by one word, and people can be told by their traces."""
    past_issues()
    tool, other = factories.reviewed_tool("Alpha"), factories.reviewed_tool("Beta", "+-+-")
    factories.comparison(tool, other)
    hidden = factories.tool(f"{SECRET} tool", tagline=SECRET, description=SECRET)
    factories.verdict(hidden, reason=f"{SECRET} published on a draft")
    factories.verdict(hidden, "skeptic", published=False, reason=f"{SECRET} draft on a draft")
    factories.fact(hidden, text=SECRET), factories.price(hidden, plan=SECRET)
    factories.verdict(tool, "builder", "skip", published=False, reason=f"{SECRET} draft of a revision")
    factories.comparison(tool, hidden, headline=SECRET)
    hidden.state = "draft"  # it was on the site, and was taken off
    hidden.settle_state()
    hidden.save()
    factories.comparison(
        *sorted([other, factories.tool("Gamma")], key=lambda it: it.pk), headline=SECRET, published=False
    )
    taken = factories.verdict(other, "futurist", "skip", reason=f"{SECRET} words taken back", revision_note="x")
    taken.withdraw(by=factories.editor(), reason="Wrong product.")
    factories.issue("2026-12-07", subject=SECRET, intro=SECRET)
    return tool, other, hidden


def people(tool, hidden):
    """Return an account with a token, and the traces that nobody may find of it and of others."""
    account = factories.user(email="ada@readers.example", name="Ada Reader")
    voter, guest = Voter.objects.create(account=account), factories.guest()
    origin = Origin("203.0.113.77", user_agent="Mosaic/0.9")
    for who in (voter, guest):
        cast(who, tool, 1, origin=origin)
    Vote.objects.filter(voter=guest).update(state=Vote.State.HELD, reason=f"{SECRET} why it is held")
    Vote.objects.create(voter=voter, tool=hidden, value=1, changed_at=timezone.now())
    token, text = ApiToken.make(account, "scan", "vote")
    traces = ["@readers.example", "Ada Reader", "203.0.113", "Mosaic", "somebody@", "editor@example.org", token.digest]
    for row in Voter.objects.all():
        traces += [str(row.pk), row.pk.hex, *([bytes(row.cookie_mac).hex()] if row.cookie_mac else [])]
    traces += [bytes(signal.addr).hex() for signal in VoteSignal.objects.all()]
    return text, traces


def every_answer(client, headers, *, only_lists=False):
    """Return all answers to reading: every list with all its parts, and all that its rows lead to."""
    cache.clear()
    names: dict[str, set[str]] = {"slug": set(), "tool": set(), "reviewer": set()}
    found: dict[str, str] = {}

    def ask(address):
        answer = client.get(address, headers=headers)
        found[address] = answer.content.decode() + str(dict(answer.headers))
        return answer.json() if answer["Content-Type"] == "application/json" and answer.status_code == 200 else {}

    paths = [path for path, methods in parsed()["paths"].items() if "get" in methods]
    for path in (path for path in paths if "{" not in path):
        page = ask(
            path + ("?expand=facts,prices,verdicts,description,description_html" if path.endswith("/tools/") else "")
        )
        for row in page.get("results", []):
            for name in names:
                names[name] |= {str(row[name])} if name in row else set()
    names["slug"] |= {f"{SECRET}-tool", f"alpha-vs-{SECRET}-tool", "alpha-vs-beta", "2026-w50"}
    names["tool"] |= {f"{SECRET}-tool"}
    for path in (path for path in paths if "{" in path and not only_lists):
        for tool in names["tool"] if "{tool}" in path else [""]:
            for last in names["slug" if "{slug}" in path else "reviewer"]:
                ask(path.format(slug=last, tool=tool, reviewer=last))
    return found


def findings(answers, words):
    """Return which answers hold which of the words; what an address says of itself is the asker's own."""
    shown = {address: re.sub(re.escape(address), "", text) for address, text in answers.items()}
    return {(address, word) for address, text in shown.items() for word in words if word.lower() in text.lower()}


def test_no_reader_is_told_of_drafts_hidden_votes_addresses_or_voters(client, site, settings):
    settings.API_READS_PER_MINUTE = 1_000_000
    tool, _, hidden = site
    text, traces = people(tool, hidden)

    everything = every_answer(client, {})
    own = every_answer(client, {"Authorization": f"Bearer {text}"}, only_lists=True)
    assert len(everything) > 60
    assert findings(everything | own, [SECRET, *traces]) == set()
    assert '"choice":"ship"' in own["/api/v1/votes/"]
    assert Issue.objects.filter(subject=SECRET).exists()


def test_staff_are_not_told_who_votes_or_where_anybody_is_reached(client, site, settings):
    settings.API_READS_PER_MINUTE = 1_000_000
    tool, _, hidden = site
    _, traces = people(tool, hidden)
    _, text = ApiToken.make(factories.staff(name="Ed"), "scan", "write")

    answers = every_answer(client, {"Authorization": f"Bearer {text}"})

    assert findings(answers, traces) == set()
    assert any(SECRET in answer for address, answer in answers.items() if "/staff/" in address)
