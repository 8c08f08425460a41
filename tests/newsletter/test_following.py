"""Following tools and pairs: from their pages, by whom the browser knows and by whom it does not."""

import json

import pytest
from django.core import mail

from newsletter import leaving, tokens, watching
from newsletter.models import ConsentEvent, Follow, Subscriber
from tests import factories

pytestmark = pytest.mark.django_db
ONE, PAIR = "/newsletter/follow/cursor/", "/newsletter/follow/aider-vs-cursor/"


@pytest.fixture(autouse=True)
def tools():
    return factories.reviewed_tool("Cursor"), factories.reviewed_tool("Aider")


@pytest.fixture
def reader():
    return factories.subscriber("reader@example.org")


def preferences(reader):
    return f"/newsletter/p/{tokens.preferences_token(reader.public_id, 0, reader.token_version)}/"


@pytest.fixture
def known(client, reader):
    """A browser that has opened its reader's preferences."""
    client.get(preferences(reader))
    return client


def followed(reader):
    return sorted(str(follow) for follow in reader.follows.all())


def test_the_pages_of_tools_and_pairs_lead_to_following_them(client):
    assert f'href="{ONE}"' in client.get("/tools/cursor/").text
    assert f'href="{PAIR}"' in client.get("/compare/aider-vs-cursor/").text
    factories.reviewed_tool("Zed")
    assert "/newsletter/follow/" not in client.get("/compare/aider-vs-cursor-vs-zed/").text


def test_a_known_reader_follows_with_one_press_and_ends_it_with_another(known, reader):
    assert known.post(ONE, {"do": "follow"}).status_code == 302
    assert "You follow Cursor" in known.get(ONE).text
    known.post(PAIR, {"do": "follow"})
    assert followed(reader) == ["Cursor", "Cursor and Aider"]
    known.post(ONE, {"do": "unfollow"})

    assert followed(reader) == ["Cursor and Aider"]
    events = ConsentEvent.objects.values_list("kind", "detail", "form")
    assert list(events) == [
        ("followed", {"tools": ["cursor"]}, "follow"),
        ("followed", {"tools": ["aider", "cursor"]}, "follow"),
        ("unfollowed", {"tools": ["cursor"]}, "follow"),
    ]


def test_following_twice_is_following_once(known, reader):
    for _ in range(3):
        known.post(ONE, {"do": "follow"})

    assert followed(reader) == ["Cursor"]
    assert ConsentEvent.objects.count() == 1


def test_a_script_is_told_where_it_stands_in_json(known, client, reader):
    accept = {"headers": {"accept": "application/json"}}
    state = known.get(ONE, **accept).json()

    assert (state["known"], state["follows"], bool(state["token"])) == (True, False, True)
    assert known.post(ONE, {"do": "follow"}, **accept).json()["follows"] is True
    client.cookies.clear()
    assert client.get(ONE, **accept).json() == {"known": False, "follows": False, "token": ""}


def test_another_site_cannot_press_the_button(known, reader):
    known.handler.enforce_csrf_checks = True

    assert known.post(ONE, {"do": "follow"}).status_code == 403
    assert followed(reader) == []


def test_the_browser_is_known_on_no_page_but_the_newsletters(known):
    cookie = known.cookies["reader"]

    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/newsletter/", True, "Lax")


@pytest.mark.parametrize("change", [{"state": "unsubscribed"}, {"token_version": 9}])
def test_who_left_or_moved_is_known_no_more(known, reader, change):
    Subscriber.objects.update(**change)

    assert known.get(ONE).context["reader"] is None
    known.post(ONE, {"do": "follow"})
    assert followed(reader) == []


def test_a_typed_address_that_reads_the_mail_confirms_and_follows(send, client, reader, link):
    assert send(ONE, {"email": "reader@example.org"}).status_code == 202
    assert followed(reader) == []
    path = link("confirm")
    assert "What changes about Cursor" in client.get(path).text
    assert followed(reader) == []
    assert client.post(path).status_code == 200

    assert followed(reader) == ["Cursor"]
    assert client.get(ONE).context["follows"]
    assert client.post(path).status_code == 200
    assert ConsentEvent.objects.filter(kind="followed").count() == 1


def test_a_typed_address_that_is_new_subscribes_and_follows_with_one_link(send, client, link):
    send(ONE, {"email": "new@example.org"})
    page = client.get(link("confirm")).text
    client.post(link("confirm"))

    assert "one mail a week" in page
    assert "What changes about Cursor" in page
    assert followed(Subscriber.objects.active().get()) == ["Cursor"]


def test_the_newer_of_two_links_stands_for_both(send, client, reader, link):
    send(ONE, {"email": "reader@example.org"})
    older = link("confirm")
    send(PAIR, {"email": "reader@example.org"})

    assert client.post(older).status_code == 410
    client.post(link("confirm"))
    assert followed(reader) == ["Cursor", "Cursor and Aider"]


def test_following_reveals_nothing_about_an_address(send, reader):
    factories.subscriber("gone@example.org", state="unsubscribed")
    leaving.erase(factories.subscriber("erased@example.org"))
    follower = factories.subscriber("follower@example.org")
    watching.follow(follower, [factories.tool("Other"), factories.tool("Another")], form="test")
    names = [f"{it}@example.org" for it in ("new", "reader", "gone", "erased", "follower")]

    answers = [send(ONE, {"email": name}) for name in names]
    answers.append(send("/newsletter/subscribe/", {"email": "other@example.org"}))

    assert {(answer.status_code, answer.content, answer.cookies.output()) for answer in answers} == {
        (202, answers[0].content, "")
    }


def test_the_mail_names_no_tool_and_goes_out_three_times_a_day_at_most(send, reader):
    for path in [ONE, PAIR, ONE, PAIR, ONE]:
        send(path, {"email": "reader@example.org"})

    assert len(mail.outbox) == 3
    assert not any("Cursor" in message.body for message in mail.outbox)


def test_a_machine_follows_nothing(send, client, stamp):
    assert send(ONE, {"email": "new@example.org", "stamp": "forged"}).status_code == 400
    assert send(ONE, {"email": "new@example.org", "stamp": stamp(0)}).status_code == 202
    body = json.dumps({"email": "new@example.org", "stamp": "forged"})
    assert client.post(ONE, body, content_type="application/json").status_code == 400
    assert not Subscriber.objects.exists()


def test_a_link_of_a_tool_that_is_public_no_more_follows_the_rest(send, client, reader, link, tools):
    send(ONE, {"email": "reader@example.org"})
    tools[0].__class__.objects.filter(pk=tools[0].pk).update(state="draft", published_at=None)

    client.post(link("confirm"))
    assert followed(reader) == []


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/newsletter/follow/cursor-vs-aider/", PAIR),
        ("/newsletter/follow/CURSOR/", ONE),
        ("/newsletter/follow/cursor-vs-cursor/", ONE),
    ],
)
def test_each_has_one_address(client, path, leads_to):
    assert client.get(path)["Location"] == leads_to


@pytest.mark.parametrize("name", ["nothing", "-vs-", "cursor-vs-", "%00", "a" * 300])
def test_what_is_no_tool_cannot_be_followed(client, name):
    assert client.get(f"/newsletter/follow/{name}/").status_code == 404


def test_a_reader_follows_so_many_and_no_more(known, reader, monkeypatch):
    monkeypatch.setattr(watching, "MOST", 1)
    known.post(ONE, {"do": "follow"})

    known.post(PAIR, {"do": "follow"})

    assert followed(reader) == ["Cursor"]
    assert "as many tools as there may be" in known.get(PAIR).text


def test_preferences_show_what_is_followed_and_take_it_off(client, reader, tools):
    watching.follow(reader, tools, form="test")
    watching.follow(factories.subscriber(), [tools[0]], form="test")
    own, others = reader.follows.get(), Follow.objects.exclude(subscriber=reader).get()
    assert "Cursor and Aider" in client.get(preferences(reader)).text

    for key in (others.pk, "x", "9" * 30, own.pk):
        assert client.post(preferences(reader) + "unfollow/", {"follow": key}).status_code == 302

    assert list(Follow.objects.all()) == [others]
    assert ConsentEvent.objects.filter(kind="unfollowed", form="preferences").count() == 1


def test_preferences_cost_the_same_for_one_followed_tool_and_for_many(
    client, reader, tools, django_assert_max_num_queries
):
    watching.follow(reader, tools, form="test")
    client.get(preferences(reader))
    with django_assert_max_num_queries(30) as few:
        client.get(preferences(reader))
    for _ in range(20):
        factories.follow(reader, factories.tool())

    with django_assert_max_num_queries(len(few)):
        client.get(preferences(reader))
