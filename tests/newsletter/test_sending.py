"""From the frozen issue to the server and the ledger."""

import contextlib
import datetime
import email
import hashlib
import time
from email.policy import default

import pytest
import time_machine
from django.db import connection

from newsletter import audience, leases, pace, smtp, stopping
from newsletter.addresses import fingerprint
from newsletter.finishing import finish, retry_refused
from newsletter.freezing import freeze
from newsletter.ledger import Ledger
from newsletter.models import Delivery, DomainLimit, Issue, SendBatch, SendControl, Subscriber, Suppression
from newsletter.sending import Sender
from tests import factories
from tests.config.test_services import marked, needs_postgres
from tests.newsletter.smtp_server import Faults, Server

pytestmark = pytest.mark.django_db
CUTOFF = datetime.datetime(2026, 11, 29, 18, tzinfo=datetime.UTC)
HOUR = datetime.datetime(2026, 11, 30, 9, tzinfo=datetime.UTC)
QUICK = smtp.Timeouts(connect=2, banner=0.5, command=2, data=2, block=2, final=0.5)


def frozen(*names, **fields):
    """A frozen issue with a verdict in it, for readers of these names."""
    for name in names:
        factories.subscriber(f"{name}@example.org")
    with time_machine.travel(CUTOFF - datetime.timedelta(days=1), tick=False):
        factories.reviewed_tool("Cursor")
    with time_machine.travel(CUTOFF, tick=False):
        return freeze(factories.issue(**fields).pk)


class Watched(smtp.Session):
    """A session after each of whose messages the test may do something, in the sender's own thread."""

    after = None

    def send(self, messages):
        for outcome in super().send(messages):
            yield outcome
            if self.after():
                self.after()()


def sender(server, **options):
    where = smtp.Server("127.0.0.1", server.port, timeouts=options.pop("timeouts", QUICK))
    session = Watched(where, **options)
    session.after = lambda: server.after
    worker = Sender(session)
    worker.pace.sleep = lambda seconds: None
    return worker


def send(server, at=HOUR, **options):
    with time_machine.travel(at, tick=False):
        return sender(server, **options).work()


def ends():
    return {
        d.address.partition("@")[0]: Delivery.State(d.state).name for d in Delivery.objects.order_by("batch_id", "seq")
    }


def test_each_reader_gets_the_issue_once():
    issue = frozen("a", "b", "c")
    with Server() as server:
        send(server)
        send(server)
    assert sorted(server.recipients) == ["a@example.org", "b@example.org", "c@example.org"]
    assert ends() == {"a": "SENT", "b": "SENT", "c": "SENT"}
    assert SendBatch.objects.get(issue=issue).sent == 3


def test_what_is_sent_is_the_frozen_mail_with_one_readers_own_address_and_links():
    frozen("a", "b")
    with Server() as server:
        send(server)
    first, second = (email.message_from_bytes(text, policy=default) for _, text in sorted(server.messages))
    assert first["To"] == "a@example.org"
    assert first["Message-ID"] != second["Message-ID"]
    assert first["List-Unsubscribe"] != second["List-Unsubscribe"]
    assert first["Date"] == second["Date"] == "Mon, 30 Nov 2026 09:00:00 +0000"
    assert "Cursor" in first["Subject"]


# Answers of the server ------------------------------------------------------------------------


def test_addresses_that_do_not_exist_are_refused_and_the_others_get_their_mail():
    frozen(*"abcdefghij")
    with Server(faults=Faults(rcpt={"c@example.org": "550 5.1.1 No such user"})) as server:
        send(server)
    assert ends() == {name: "FAILED" if name == "c" else "SENT" for name in "abcdefghij"}
    assert [bytes(row.address_hmac) for row in Suppression.objects.all()] == [fingerprint("c@example.org")]
    assert Subscriber.objects.get(email="c@example.org").state == "suppressed"
    refused = Delivery.objects.get(state=Delivery.State.FAILED)
    assert (refused.smtp_code, refused.enhanced, refused.reply) == (550, "5.1.1", "5.1.1 No such user")


def test_who_is_told_to_come_back_comes_back_ever_later_and_gives_up_after_a_day():
    frozen("a")
    with Server(faults=Faults(rcpt={"a@example.org": "451 4.3.0 Later"})) as server:
        waits, now = [], HOUR
        for _ in range(8):
            send(server, at=now)
            delivery = Delivery.objects.get()
            if delivery.state != Delivery.State.DEFERRED:
                break
            waits.append((delivery.next_attempt_at - now).total_seconds() / 60)
            now = delivery.next_attempt_at
    assert delivery.state == Delivery.State.EXPIRED
    assert [0.8 <= wait / due <= 1.2 for wait, due in zip(waits, [5, 15, 60, 240, 720], strict=True)] == [True] * 5
    assert SendBatch.objects.get().state == "done"


def test_a_full_mailbox_is_forgiven_twice_and_the_third_time_in_five_weeks_is_the_last():
    frozen("a")
    reader = Subscriber.objects.get()
    for week, states in [(0, "active"), (1, "active"), (7, "active"), (8, "active"), (9, "suppressed")]:
        with time_machine.travel(HOUR + datetime.timedelta(weeks=week), tick=False):
            audience.bounced(reader.pk, is_final=False)
        reader.refresh_from_db()
        assert reader.state == states


def test_a_domain_with_a_long_line_does_not_hold_up_the_others():
    frozen("a")
    with time_machine.travel(HOUR, tick=False):
        limit = DomainLimit.objects.create(domain="example.org", rate=0.1)
        pace._reserve(DomainLimit, "domain", "example.org", 60)  # by the clock that keeps the line
        with Server() as server:
            sender(server).work()
            assert server.recipients == []
            wait = Delivery.objects.get().next_attempt_at - HOUR
            assert datetime.timedelta(seconds=45) < wait <= datetime.timedelta(seconds=60)
            assert Delivery.objects.get().attempts == 0
    DomainLimit.objects.filter(pk=limit.pk).delete()
    with Server() as server:
        send(server, at=HOUR + datetime.timedelta(minutes=2))
    assert ends() == {"a": "SENT"}


def test_a_later_attempt_that_is_accepted_counts():
    frozen("a", "b")
    faults = Faults(rcpt={"a@example.org": "451 4.3.0 Later"})
    with Server(faults=faults) as server:
        send(server)
        faults.rcpt.clear()
        send(server, at=HOUR + datetime.timedelta(minutes=1))
        assert ends() == {"a": "DEFERRED", "b": "SENT"}
        send(server, at=HOUR + datetime.timedelta(minutes=7))
    assert ends() == {"a": "SENT", "b": "SENT"}
    assert server.recipients == ["b@example.org", "a@example.org"]


def test_a_domain_that_asks_for_less_gets_less_and_all_of_it_later():
    names = [f"n{i}" for i in range(20)]
    frozen(*names)
    faults = Faults(limit=(10, "454 4.7.1 Slow down"))
    with Server(faults=faults) as server:
        send(server)
        assert DomainLimit.objects.get().allowed == pace.UNKNOWN / 2
        faults.limit = None
        for hours in (1, 2, 3):
            send(server, at=HOUR + datetime.timedelta(hours=hours))
    assert set(ends().values()) == {"SENT"}
    assert len(server.recipients) == 20


def test_no_answer_after_the_text_is_tried_once_more_with_the_same_bytes():
    frozen("a", "b")
    faults = Faults(hang_up={"a@example.org"})
    with Server(faults=faults, record=None) as server:
        send(server)
        assert ends() == {"a": "UNCERTAIN", "b": "SENT"}
        send(server, at=HOUR + datetime.timedelta(minutes=9))
        assert server.recipients == ["b@example.org"]
        send(server, at=HOUR + datetime.timedelta(minutes=11))
    assert ends() == {"a": "SENT", "b": "SENT"}
    assert len(server.seen["a@example.org"]) == 2
    assert len(set(server.seen["a@example.org"])) == 1


def test_a_second_silence_is_the_end_of_it():
    frozen("a")
    with Server(faults=Faults(silent_dot={"a@example.org"})) as server:
        send(server)
        send(server, at=HOUR + datetime.timedelta(minutes=11))
        send(server, at=HOUR + datetime.timedelta(minutes=40))
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.next_attempt_at) == (Delivery.State.UNCERTAIN, 2, None)
    assert finish(Issue.objects.get().pk)


def test_doubtful_mail_is_held_if_the_settings_say_so(settings):
    settings.NEWSLETTER_RESEND_DOUBTFUL = False
    frozen("a")
    with Server(faults=Faults(hang_up={"a@example.org"})) as server:
        send(server)
        send(server, at=HOUR + datetime.timedelta(minutes=30))
    assert server.recipients == []
    assert finish(Issue.objects.get().pk)


def test_a_server_that_is_away_costs_nobody_an_attempt_and_the_batch_rests():
    frozen("a")
    with Server(faults=Faults(banner=None)) as server:
        send(server)
    delivery, batch = Delivery.objects.get(), SendBatch.objects.get()
    assert (delivery.state, delivery.attempts) == (Delivery.State.PENDING, 0)
    assert batch.state == "ready"
    assert 20 <= (batch.next_attempt_at - HOUR).total_seconds() <= 40
    with Server() as server:
        send(server, at=HOUR + datetime.timedelta(minutes=1))
    assert ends() == {"a": "SENT"}


def test_a_server_that_stays_away_pauses_the_issue_and_a_person_resumes_it():
    issue = frozen("a")
    with Server(faults=Faults(banner="421 4.3.2 Closed")) as server:
        for hours in range(5):
            send(server, at=HOUR + datetime.timedelta(hours=hours))
    issue.refresh_from_db()
    assert issue.state == Issue.State.PAUSED
    assert "421" in issue.paused_reason
    issue.resume()
    with Server() as server:
        send(server, at=HOUR + datetime.timedelta(hours=6))
    assert ends() == {"a": "SENT"}


def test_refusals_that_are_our_own_fault_pause_the_issue_and_can_be_tried_again():
    names = [f"n{i:03}" for i in range(120)]
    issue = frozen(*names)
    bad = {f"{name}@example.org": "550 5.7.515 Not authenticated" for name in names[::20]}
    with Server(faults=Faults(rcpt=bad)) as server:
        send(server)
        issue.refresh_from_db()
        assert issue.state == Issue.State.PAUSED
        assert "5.7.515" in issue.paused_reason
        assert not Suppression.objects.exists()
        retry_refused(issue)
        server.faults.rcpt.clear()
        issue.resume()
        send(server)
    assert set(ends().values()) == {"SENT"}
    assert sorted(server.recipients) == sorted(f"{name}@example.org" for name in names)


# Stopping and pausing ---------------------------------------------------------------------------


def test_a_worker_asked_to_stop_finishes_the_message_in_hand_and_lets_go():
    frozen(*"abcdef")
    with Server() as server, time_machine.travel(HOUR, tick=False):
        server.after = lambda: len(server.messages) == 2 and stopping.ask()
        sender(server).work()
        stopping.forget()
        assert 2 <= len(server.messages) <= 3
        assert SendBatch.objects.get().state == "ready"
        server.after = None
        sender(server).work()
    assert sorted(server.recipients) == [f"{n}@example.org" for n in "abcdef"]


def test_pausing_and_resuming_many_times_leaves_exact_totals(monkeypatch):
    monkeypatch.setattr(leases, "RENEW_SECONDS", -1)  # look after every message
    names = [f"n{i:02}" for i in range(40)]
    issue = frozen(*names)
    with Server() as server, time_machine.travel(HOUR, tick=False):
        for round_ in range(10):
            server.after = lambda: len(server.messages) % 4 == 0 and Issue.objects.get(state="sending").pause("Wait.")
            with contextlib.suppress(Issue.DoesNotExist):
                sender(server).work()
            SendControl.objects.update_or_create(id=1, defaults={"rate": 1000 * (round_ % 3)})
            issue.refresh_from_db()
            if issue.state == "paused":
                issue.resume()
        server.after = None
        sender(server).work()
    assert sorted(server.recipients) == sorted(f"{n}@example.org" for n in names)
    assert finish(issue.pk)
    assert SendBatch.objects.get().sent == 40


def test_cancelling_ends_what_is_open_and_stops_who_is_at_work():
    issue = frozen(*"abcd")
    with Server() as server, time_machine.travel(HOUR, tick=False):

        def cancel():
            if len(server.messages) == 1:
                Issue.objects.get().pause("Wrong.")
                Issue.objects.get().cancel()

        server.after = cancel
        sender(server).work()
        sender(server).work()
    assert len(server.messages) == 2
    assert sorted(ends().values()) == ["SENT", "SKIPPED", "SKIPPED", "SKIPPED"]
    assert SendBatch.objects.get().skipped == 3
    issue.refresh_from_db()
    assert issue.state == "cancelled"


def test_all_sending_can_be_paused():
    frozen("a")
    SendControl.objects.create(is_paused=True)
    with Server() as server:
        send(server)
        assert server.recipients == []
        SendControl.objects.update(is_paused=False)
        send(server)
    assert server.recipients == ["a@example.org"]


def test_who_leaves_while_the_issue_goes_out_gets_nothing_more(monkeypatch):
    monkeypatch.setattr(leases, "RENEW_SECONDS", -1)
    frozen(*"abcdef")
    with Server() as server:
        server.after = lambda: Subscriber.objects.filter(email="f@example.org").update(state="unsubscribed")
        send(server)
    assert ends()["f"] == "SKIPPED"
    assert server.recipients == [f"{n}@example.org" for n in "abcde"]
    assert finish(Issue.objects.get().pk)


def test_an_erased_reader_leaves_no_address_and_gets_no_mail():
    frozen("a", "b")
    reader = Subscriber.objects.get(email="a@example.org")
    Delivery.objects.forget(reader.pk)
    with Server() as server:
        send(server)
    assert server.recipients == ["b@example.org"]
    assert Delivery.objects.get(subscriber_id=reader.pk).address == ""


# Leases -----------------------------------------------------------------------------------------


def test_a_batch_is_claimed_once_and_again_only_when_its_lease_has_run_out():
    frozen("a")
    with time_machine.travel(HOUR, tick=False):
        first = leases.claim()
        assert leases.claim() is None
        assert [leases.claim(first.batch.pk) for _ in range(4)] == [None] * 4
    with time_machine.travel(HOUR + datetime.timedelta(seconds=61), tick=False):
        second = leases.claim()
        assert second.token == first.token + 1
        with pytest.raises(leases.LeaseLost):
            first.renew()
        with pytest.raises(leases.LeaseLost), Ledger(first) as ledger:
            ledger.accept(0, smtp.Reply(250, "Ok"))
        with pytest.raises(leases.LeaseLost):
            first.release()
        second.release()
    assert Delivery.objects.get().state == Delivery.State.PENDING


def test_a_worker_that_lost_its_lease_is_stopped_by_its_next_mark():
    frozen("a", "b", "c")
    with Server() as server, time_machine.travel(HOUR, tick=False):
        server.after = lambda: SendBatch.objects.update(lease_token=99)
        sender(server).work()
    assert server.recipients == ["a@example.org", "b@example.org"]
    assert ends() == {"a": "SENT", "b": "PENDING", "c": "PENDING"}


def test_no_text_leaves_when_the_lease_has_run_out_on_the_workers_own_clock():
    lease = leases.Lease(SendBatch(), 1, ends=time.monotonic() + leases.MARGIN_SECONDS - 1)

    with pytest.raises(leases.LeaseLost):
        lease.check()


@marked(needs_postgres)
def test_a_mark_is_prepared_and_is_on_its_way_until_it_is_asked_for():
    """A query of Django's waits for it; what it came to is told only to who asks."""
    frozen("a", "b")
    with time_machine.travel(HOUR, tick=False):
        lease = leases.claim()
    with Ledger(lease) as ledger:
        ledger.accept(0, smtp.Reply(250, "Ok"))
        assert Delivery.objects.filter(state=Delivery.State.SENT).count() == 1
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name = 'mark_accepted'")
            assert cursor.fetchone() == (1,)
        ledger.settle()
        SendBatch.objects.update(lease_token=99)
        ledger.accept(1, smtp.Reply(250, "Ok"))
        assert Delivery.objects.filter(state=Delivery.State.SENT).count() == 1
        with pytest.raises(leases.LeaseLost):
            ledger.settle()


def test_an_issue_is_not_done_while_anybody_is_open_or_missing():
    issue = frozen("a", "b")
    assert not finish(issue.pk)
    with Server() as server:
        send(server)
    Delivery.objects.filter(seq=0).delete()
    assert not finish(issue.pk)


# Other ways ---------------------------------------------------------------------------------------


def test_a_small_list_on_one_machine_goes_through_djangos_mailer(settings, tmp_path):
    backend = "django.core.mail.backends.filebased.EmailBackend"
    settings.MAILERS = {**settings.MAILERS, "bulk": {"BACKEND": backend, "OPTIONS": {"file_path": str(tmp_path)}}}
    frozen("a", "b")
    with time_machine.travel(HOUR, tick=False):
        assert Sender().work() == 1
    assert ends() == {"a": "SENT", "b": "SENT"}
    texts = [file.read_text() for file in tmp_path.iterdir()]
    assert sum("To: a@example.org" in text for text in texts) == 1
    assert "multipart/alternative" in texts[0]


def test_a_rate_is_kept():
    waited = []
    frozen(*[f"n{i:02}" for i in range(30)])
    SendControl.objects.create(rate=5)
    with Server() as server, time_machine.travel(HOUR, tick=False):
        worker = sender(server)
        worker.pace.sleep = waited.append
        worker.work()
    assert len(server.recipients) == 30
    assert 2 < max(waited) < 6  # nobody slept, so the last has the whole line before it


@pytest.mark.parametrize("text", ["A line\n.\n.and dots\n" + "x" * 5000, "https://example.org/" + "y" * 5000])
def test_hostile_lines_in_the_words_arrive_byte_for_byte(text):
    with time_machine.travel(CUTOFF, tick=False):
        made = factories.issue(intro=text[:2000])
    frozen("a", day="2026-11-30")
    with Server() as server:
        send(server)
    raw = server.messages[0][1]
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    unstuffed = raw.replace(b"\r\n..", b"\r\n.")
    edition = made.editions.get()
    body = email.message_from_bytes(unstuffed, policy=default).get_body(["html"]).get_content()
    assert text[:2000].split("\n")[-1][:500] in body
    assert hashlib.sha256(bytes(edition.mime)).hexdigest() == edition.sha256
