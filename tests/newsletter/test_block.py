"""The form at the foot of kept pages: it holds no stamp, and works all the same."""

import re

import pytest
from django.core import mail

from newsletter.consenting import WORDS
from newsletter.models import ConsentEvent, Subscriber
from tests import factories

pytestmark = pytest.mark.django_db
SUBSCRIBE = "/newsletter/subscribe/"
BLOCK = {"email": "reader@example.org", "subject_line": "", "place": "block"}


def test_it_says_the_very_words_that_are_agreed_to(client):
    text = " ".join(re.sub(r"<[^>]+>", " ", client.get("/").text).split())

    assert all(sentence.strip() in text for sentence in re.split(r"[:.]", WORDS.replace(": one", ": One")))


def test_the_pages_stay_the_same_for_everybody(client):
    factories.reviewed_tool("Cursor")
    pages = [client.get(path) for path in ("/", "/tools/cursor/")]

    assert not any(page.cookies or "csrfmiddlewaretoken" in page.text for page in pages)


def test_without_script_it_takes_one_press_more(client, send):
    page = client.post(SUBSCRIBE, BLOCK)
    assert (page.status_code, mail.outbox) == (200, [])
    assert 'value="reader@example.org"' in page.text
    assert "form-error" not in page.text

    made = re.search(r'name="stamp" value="([^"]+)"', page.text)[1]
    place = re.search(r'name="place" value="([^"]+)"', page.text)[1]
    answer = send(SUBSCRIBE, BLOCK | {"stamp": made, "place": place})  # at once: the page was read before

    assert answer.status_code == 202
    assert [message.to for message in mail.outbox] == [["reader@example.org"]]
    assert ConsentEvent.objects.get().form == "block"


def test_an_address_that_is_typed_wrong_is_explained_at_once(client):
    page = client.post(SUBSCRIBE, BLOCK | {"email": '"><b>x'})

    assert page.status_code == 400
    assert "That is not an e-mail address." in page.text
    assert "<b>x" not in page.text


def test_a_trap_that_is_filled_in_is_answered_as_ever(client):
    assert client.post(SUBSCRIBE, BLOCK | {"subject_line": "x"}).status_code == 202
    assert not Subscriber.objects.exists()


def test_a_script_fetches_the_stamp(client, send):
    made = client.get("/newsletter/stamp/")

    assert "no-store" in made["Cache-Control"]
    assert not made.cookies
    assert send(SUBSCRIBE, BLOCK | made.json()).status_code == 202  # too quick: not said, and nothing sent
    assert not mail.outbox
