"""The page that says how votes count follows the code, figure by figure."""

import datetime
import math
import re

import pytest

from tests import factories
from verdicts import how_votes_count, scoring, vote
from voting import alert, detector, guests, settling
from voting.guarding import Throttle
from voting.models import case, signal
from voting.models import vote as voters

pytestmark = pytest.mark.django_db


def text_of(client):
    answer = client.get("/how-votes-count/")
    assert answer.status_code == 200
    main = re.search(r"<main.*?</main>", answer.text, re.S).group()
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


@pytest.mark.parametrize(
    ("place", "name", "value", "words"),
    [
        (scoring, "FEW_VOTES", 45, "Below 45 votes there is no percentage"),
        (scoring, "REGULARS_SHARE", 0.25, "25 % of all"),
        (scoring, "DIFFER_VOTES", 77, "Where both have 77 votes or more"),
        (voters, "REGULAR_TOOLS", 5, "voted on five tools or more"),
        (voters, "REGULAR_AFTER", datetime.timedelta(hours=36), "at least 36 hours ago"),
        (guests, "MOST_DAYS", 111, "at most 111 days"),
        (signal, "SALTS_KEPT", 9, "After 9 days the secret and the digests are deleted"),
        (alert, "OF_A_TOOL", 41, "gets 41 votes or more within an hour"),
        (case, "SECOND_PERSON_ABOVE", 222, "above 222 votes two have to agree"),
        (case, "PUBLIC_ABOVE", 9_999, "every exclusion of more than 9999 votes"),
        (settling, "PASSES_WITHIN", datetime.timedelta(hours=5), "none has run for five hours"),
        (detector, "LEAST_GROUP", 12, "fewer than 12 votes"),
        (detector, "CHANCE", math.log(1e-6), "less than one in 1,000,000 times"),
        (detector, "CROWDED", math.log(1e-3), "less than one in 1,000 times"),
        (detector, "WINDOWS", (7200.0, 86_400.0 * 5), "looks back over two hours and five days"),
        (detector, "QUICK_SECONDS", 4.0, "within 4 seconds"),
        (vote, "OF_A_NETWORK", Throttle("vote-network", "900/h"), "above 900 an hour from one network"),
    ],
)
def test_a_constant_that_changes_changes_the_page(client, monkeypatch, place, name, value, words):
    assert words not in text_of(client)

    monkeypatch.setattr(place, name, value)

    assert words in text_of(client)


def test_every_figure_is_on_the_page_and_no_number_is_typed_by_hand(client):
    figures = {name: " ".join(str(value).split()) for name, value in how_votes_count.figures().items()}
    text = text_of(client)

    assert [name for name, value in figures.items() if value not in text] == []
    printed = set(re.findall(r"\d[\d,]*", " ".join(figures.values())))
    assert set(re.findall(r"\d[\d,]*\d|\d", text)) - printed <= {"12"}  # the example of votes being checked


def test_the_page_says_whom_to_write_to(client, settings):
    settings.SITE_CONTACT = "desk@ship.example"

    assert 'href="mailto:desk@ship.example"' in client.get("/how-votes-count/").text


def test_the_vote_the_footer_and_the_methodology_lead_there(client):
    factories.tool("Cursor")

    for path in ("/tools/cursor/", "/tools/cursor/vote/", "/methodology/"):
        assert client.get(path).text.count('href="/how-votes-count/"') >= 2
    assert 'href="/how-votes-count/"' in client.get("/panel/").text
