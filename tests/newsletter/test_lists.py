"""Lists of subscribers, brought in with their evidence and taken out with their history."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from newsletter import leaving, listing, watching
from newsletter.importing import UnreadableFile, import_subscribers
from newsletter.models import ConsentEvent, ConsentText, Subscriber, Suppression
from tests import factories

pytestmark = pytest.mark.django_db
EVIDENCE = "2024-05-01T10:00:00+02:00,the form on old.example,One mail a week."
HEAD = "address,frequency,time_zone,confirmed_at,source,words"


def take(*lines, head=HEAD, dry_run=False):
    return import_subscribers([f"{line}\n" for line in (head, *lines)], source="list.csv", dry_run=dry_run)


def test_an_address_without_evidence_is_unconfirmed_and_gets_nothing():
    report = take("new@example.org", head="address")

    assert (report.unconfirmed, report.confirmed) == (1, 0)
    subscriber = Subscriber.objects.get()
    assert (subscriber.state, subscriber.confirmed_at) == ("pending", None)
    assert list(ConsentEvent.objects.values_list("kind", "form", "detail")) == [
        ("imported", "import", {"source": "list.csv", "line": 2})
    ]


def test_with_evidence_it_is_confirmed_from_when_where_and_to_which_words_it_agreed():
    take(f"Reader@Example.org,monthly,Europe/Berlin,{EVIDENCE}")

    subscriber = Subscriber.objects.get()
    assert (subscriber.state, subscriber.frequency, subscriber.tz) == ("active", "monthly", "Europe/Berlin")
    assert subscriber.confirmed_at.isoformat() == "2024-05-01T08:00:00+00:00"
    confirmed = ConsentEvent.objects.get(kind="confirmed")
    assert (confirmed.at, confirmed.form) == (subscriber.confirmed_at, "the form on old.example")
    assert confirmed.text.body == "One mail a week."
    assert ConsentText.objects.count() == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nobody,,,,,", "not an e-mail address"),
        ("a@example.org,daily,,,,", "frequency"),
        ("a@example.org,,Mars/Base,,,", "time zone"),
        ("a@example.org,,,2024-05-01T10:00:00Z,,", "not whole"),
        ("a@example.org,,,,somewhere,words", "not whole"),
        ("a@example.org,,,yesterday,somewhere,words", "confirmed_at"),
        ("a@example.org,,,2024-05-01T10:00:00,somewhere,words", "confirmed_at"),
        ("a@example.org,,,2099-05-01T10:00:00Z,somewhere,words", "future"),
        ("a@example.org,,,2024-99-01T10:00:00Z,somewhere,words", "confirmed_at"),
        ("abuse@example.org,,,,,", "role"),
        ("a@mailinator.com,,,,,", "throw-away"),
        ("a@example.org,,", "number of cells"),
        ("a@example.org,,,,,,,", "number of cells"),
        ("a@example.org,,,,,\0", "character"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused_by_its_number_and_the_others_are_taken(line, words):
    report = take("first@example.org,,,,,", line, "last@example.org,,,,,")

    [(number, why)] = report.refused
    assert (number, report.unconfirmed) == (3, 2)
    assert words in why
    assert "@" not in why.replace("one @, as in name@example.org", "")


@pytest.mark.parametrize("evidence", ["", EVIDENCE])
def test_whoever_left_or_was_suppressed_or_erased_stays_so(evidence):
    leaving.unsubscribe(factories.subscriber("left@example.org"), form="page")
    leaving.suppress(factories.subscriber("bounced@example.org").address_hmac, reason="hard", source="test")
    leaving.erase(factories.subscriber("erased@example.org"))
    factories.subscriber("pending@example.org", state="pending")
    before = list(Subscriber.objects.order_by("pk").values_list("state", "email"))
    names = ["left", "bounced", "erased", "pending", "Left"]

    report = take(*[f"{name}@example.org,,,{evidence or ',,'}" for name in names])

    assert (report.known, report.suppressed, report.confirmed + report.unconfirmed) == (3, 2, 0)
    assert list(Subscriber.objects.order_by("pk").values_list("state", "email")) == before
    assert Suppression.objects.count() == 2


def test_the_same_file_twice_adds_nothing_and_one_address_in_two_spellings_is_one():
    lines = [f"user@bücher.de,,,{EVIDENCE}", f"USER@xn--bcher-kva.de,,,{EVIDENCE}"]

    assert take(*lines).words.startswith("1 confirmed, 0 unconfirmed; 1 known")
    assert take(*lines).words.startswith("0 confirmed, 0 unconfirmed; 2 known")
    assert ConsentEvent.objects.count() == 2


def test_a_dry_run_says_the_same_and_writes_nothing():
    lines = [f"a@example.org,,,{EVIDENCE}", "b@example.org,,,,,", "b@example.org,,,,,", "nobody,,,,,"]

    dry = take(*lines, dry_run=True)

    assert not Subscriber.objects.exists()
    assert not ConsentText.objects.exists()
    assert take(*lines) == dry


@pytest.mark.parametrize("head", ["", "email", "address,address", "address,colour"])
def test_a_file_with_other_columns_is_not_read(head):
    with pytest.raises(UnreadableFile):
        take("a@example.org", head=head)


def test_a_file_that_cannot_be_read_to_its_end_is_not_taken_at_all():
    with pytest.raises(UnreadableFile, match="Line 4"):
        take("a@example.org,,,,,", 'b@example.org,,,,,"open', "")

    assert not Subscriber.objects.exists()


def test_five_hundred_lines_cost_as_many_queries_as_two():
    costs = []
    for start, size in ((0, 2), (100, 400)):
        with CaptureQueriesContext(connection) as counted:
            take(*[f"a{start + n}@example.org,,,{EVIDENCE}" for n in range(size)])
        costs.append(len(counted))

    assert costs[1] <= costs[0] + 6  # SQLite writes rows in several statements


def test_a_list_goes_out_with_its_history_and_comes_in_again(tmp_path):
    reader = factories.subscriber("=reader@example.org", topics=factories.topics(factories.category("agents")))
    watching.follow(reader, [factories.tool("=Tool", slug="tool")], form="test")
    leaving.unsubscribe(factories.subscriber("left@example.org"), form="page")
    leaving.erase(factories.subscriber("erased@example.org"))
    out = io.StringIO()
    call_command("export_subscribers", stdout=out)

    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert [(row["address"], row["state"], row["topics"], row["follows"]) for row in rows] == [
        ("'=reader@example.org", "active", "agents", "'=Tool"),
        ("left@example.org", "unsubscribed", "", ""),
    ]
    assert '"what": "unsubscribed"' in rows[1]["consent"]
    Subscriber.objects.all().delete()
    assert take(rows[0]["address"], head="address").unconfirmed == 1
    assert Subscriber.objects.get().email == "=reader@example.org"


def test_the_list_costs_the_same_for_one_row_and_for_thirty():
    costs = []
    for size in (1, 29):
        for _ in range(size):
            leaving.unsubscribe(factories.subscriber(), form="page")
        with CaptureQueriesContext(connection) as counted:
            assert len(list(listing.lines())) == Subscriber.objects.count() + 1
        costs.append(len(counted))

    assert costs[0] == costs[1]


def test_the_commands_say_what_they_did_and_end_in_one_where_lines_were_refused(tmp_path, capsys):
    file = tmp_path / "list.csv"
    file.write_text("\ufeffaddress\na@example.org\nnobody\n", encoding="utf-8")

    for options in (["--dry-run"], []):
        with pytest.raises(SystemExit):
            call_command("import_subscribers", str(file), *options)
    assert "Line 3: That is not an e-mail address." in capsys.readouterr().err
    assert Subscriber.objects.count() == 1
    file.write_bytes(b"address\n\xff@example.org\n")
    with pytest.raises(CommandError, match="UTF-8"):
        call_command("import_subscribers", str(file))


# In the admin


def upload(client, text, **fields):
    file = SimpleUploadedFile("list.csv", text.encode())
    return client.post("/admin/newsletter/subscriber/import/", {"file": file} | fields)


def test_staff_look_at_a_file_before_they_take_it(client):
    client.force_login(factories.staff())
    assert "/import/" in client.get("/admin/newsletter/subscriber/").text
    assert client.get("/admin/newsletter/subscriber/import/").context["form"].initial == {}

    looked = upload(client, "address\na@example.org\nnobody\n", dry_run="on")
    assert "1 unconfirmed" in looked.text
    assert "That is not an e-mail address." in looked.text
    assert not Subscriber.objects.exists()
    upload(client, "address\na@example.org\n")
    assert Subscriber.objects.get().email == "a@example.org"
    assert "The columns must be" in upload(client, "colour\nred\n").text


def test_staff_take_the_list_away(client):
    client.force_login(factories.staff())
    factories.subscriber("reader@example.org")

    answer = client.get("/admin/newsletter/subscriber/export/")

    assert answer["Content-Disposition"].startswith("attachment")
    assert "reader@example.org" in b"".join(answer.streaming_content).decode()
