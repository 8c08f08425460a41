"""The SMTP client against a server that records, and misbehaves."""

import ssl
import subprocess

import pytest

from newsletter import smtp
from tests.newsletter.smtp_server import Faults, Server

QUICK = smtp.Timeouts(connect=2, banner=0.3, command=2, data=2, block=2, final=0.3)


def session(server, **options):
    fields = {key: options.pop(key) for key in ("tls", "starttls", "context", "username", "password") if key in options}
    where = smtp.Server("127.0.0.1", server.port, timeouts=options.pop("timeouts", QUICK), **fields)
    return smtp.Session(where, **options)


def messages(*names, text=b"Subject: hello\r\n\r\nText\r\n"):
    return [smtp.Message(name, "from@example.org", f"{name}@example.org", text) for name in names]


def run(client, *names):
    """Return what became of each: the reply's code, and None for nobody knows."""
    found = [(o.message.key, o.reply.code if o.reply else None) for o in client.send(messages(*names))]
    client.close()
    return found


@pytest.mark.parametrize("pipelining", [True, False])
def test_each_message_arrives_once_and_in_order(pipelining):
    with Server(pipelining=pipelining) as server:
        assert run(session(server), "a", "b", "c") == [("a", 250), ("b", 250), ("c", 250)]
        assert server.messages == [(f"{n}@example.org", b"Subject: hello\r\n\r\nText\r\n") for n in "abc"]
        assert server.connections == 1


def test_the_next_envelope_travels_with_the_end_of_a_text_where_the_server_offers_it():
    with Server() as server:
        run(session(server), "a", "b")
        assert any(b".\r\nMAIL FROM:" in group and b"DATA" in group for group in server.groups)
    with Server(pipelining=False) as server:
        run(session(server), "a", "b")
        assert not any(b".\r\nMAIL" in group or b"\r\nDATA" in group for group in server.groups)


def test_no_text_leaves_before_the_answer_to_the_one_before_it_has_been_taken():
    with Server() as server:
        client = session(server)
        outcomes = client.send(messages("a", "b"))

        next(outcomes)

        assert server.recipients == ["a@example.org"]
        client.drop()
    assert server.recipients == ["a@example.org"]


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_text_is_on_its_way_but_not_taken_until_it_may_end(pipelining):
    class Lost(Exception):
        pass

    def lose():
        if server.recipients:
            raise Lost

    with Server(pipelining=pipelining) as server:
        client = session(server)
        client.before_end = lose
        with pytest.raises(Lost):
            run(client, "a", "b")
        client.close()  # says no more: it would be part of the text

        client.before_end = lambda: None
        assert run(client, "c") == [("c", 250)]
        assert server.recipients == ["a@example.org", "c@example.org"]
        assert not any(b"QUIT" in text for texts in server.seen.values() for text in texts)


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("takes_empty", [True, False])
def test_a_refused_recipient_disturbs_nobody_else(pipelining, takes_empty):
    faults = Faults(rcpt={"b@example.org": "550 5.1.1 No such user"}, takes_empty=takes_empty)
    with Server(pipelining=pipelining, faults=faults) as server:
        client = session(server)
        found = list(client.send(messages("a", "b", "c", "d")))

        assert [(o.message.key, o.reply.code, o.stage) for o in found] == [
            ("a", 250, "dot"),
            ("b", 550, "rcpt"),
            ("c", 250, "dot"),
            ("d", 250, "dot"),
        ]
        assert found[1].reply.enhanced == "5.1.1"
        assert [o.is_accepted for o in found] == [True, False, True, True]
        assert server.recipients == ["a@example.org", "c@example.org", "d@example.org"]


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_refusal_at_any_stage_is_told_with_the_stage(pipelining):
    faults = Faults(
        data={"a@example.org": "451 4.3.0 Later"},
        dot={"b@example.org": "554 5.7.1 Spam"},
        mail={"from@example.org": "451 4.7.1 Not you"},
    )
    with Server(pipelining=pipelining, faults=faults) as server:
        client = session(server)
        mail = [(o.stage, o.reply.code) for o in client.send(messages("x"))]
        faults.mail.clear()
        found = [(o.stage, o.reply.code) for o in client.send(messages("a", "b", "c"))]

    assert mail == [("mail", 451)]
    assert found == [("data", 451), ("dot", 554), ("dot", 250)]
    assert server.recipients == ["c@example.org"]


def test_a_server_that_closes_in_between_costs_nobody_anything():
    with Server(faults=Faults(closing_after=2)) as server:
        assert [code for _, code in run(session(server), *"abcde")] == [250] * 5
        assert server.recipients == [f"{n}@example.org" for n in "abcde"]
        assert server.connections == 3


def test_a_connection_is_renewed_after_so_many_messages():
    with Server() as server:
        assert [code for _, code in run(session(server, per_connection=2), *"abcde")] == [250] * 5
        assert server.connections == 3


@pytest.mark.parametrize("fault", ["hang_up", "silent_dot"])
def test_no_answer_after_the_text_is_nobody_knows_and_the_rest_goes_on(fault):
    with Server(faults=Faults(**{fault: {"b@example.org"}})) as server:
        assert run(session(server), "a", "b", "c") == [("a", 250), ("b", None), ("c", 250)]
        assert server.recipients == ["a@example.org", "c@example.org"]


def test_a_connection_lost_before_the_text_is_made_again():
    with Server(faults=Faults(hang_up_before={"b@example.org"})) as server:
        assert run(session(server), "a", "b", "c") == [("a", 250), ("b", 250), ("c", 250)]
        assert server.recipients == ["a@example.org", "b@example.org", "c@example.org"]


@pytest.mark.parametrize("banner", [None, "421 4.3.2 Too busy", "554 Go away"])
def test_a_server_that_does_not_greet_is_unreachable(banner):
    with Server(faults=Faults(banner=banner)) as server, pytest.raises(smtp.Unreachable):
        run(session(server), "a")
    assert server.messages == []


def test_nobody_listening_is_unreachable():
    with Server() as server:
        pass

    with pytest.raises(smtp.Unreachable):
        run(session(server), "a")


def test_pipelining_may_come_and_go_between_connections():
    with Server() as server:
        client = session(server, per_connection=2)
        found = []
        for place, outcome in enumerate(client.send(messages(*"abcdef"))):
            server.pipelining = place % 2 == 0
            found.append(outcome.reply.code)
        assert found == [250] * 6
        assert server.recipients == [f"{n}@example.org" for n in "abcdef"]


def test_waiting_calls_idle(monkeypatch):
    called = []
    quick = smtp.Timeouts(connect=2, banner=2, command=2, data=2, block=2, final=0.5)
    monkeypatch.setattr(smtp, "SLICE_SECONDS", 0.1)
    with Server(faults=Faults(silent_dot={"a@example.org"})) as server:
        run(session(server, timeouts=quick, idle=lambda: called.append(1)), "a")
    assert len(called) >= 3


# TLS ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    files = ["-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, *files], check=True, capture_output=True)
    return folder


def served_with(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


@pytest.mark.parametrize("starttls", [True, False])
def test_mail_travels_encrypted_to_a_server_with_a_good_certificate(certificate, starttls):
    trusted = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    with Server(context=served_with(certificate), starttls=starttls) as server:
        client = session(server, tls=not starttls, starttls=starttls, context=trusted)
        assert run(client, "a", "b") == [("a", 250), ("b", 250)]
        assert server.recipients == ["a@example.org", "b@example.org"]


@pytest.mark.parametrize("starttls", [True, False])
def test_a_bad_certificate_is_refused_and_nothing_is_sent_in_the_clear(certificate, starttls):
    with Server(context=served_with(certificate), starttls=starttls) as server:
        with pytest.raises(smtp.Unreachable):
            run(session(server, tls=not starttls, starttls=starttls), "a")
        assert not any(command.startswith("MAIL") for command in server.commands)


def test_a_server_without_starttls_gets_nothing_when_it_was_asked_for(certificate):
    with Server() as server, pytest.raises(smtp.Unreachable, match="STARTTLS"):
        run(session(server, starttls=True), "a")
    assert not any(command.startswith("MAIL") for command in server.commands)


def test_a_name_and_password_are_given_in_a_way_that_the_server_offers():
    with Server() as server:
        server.auth = "PLAIN LOGIN"
        assert run(session(server, username="me", password="secret"), "a") == [("a", 250)]
    assert "AUTH PLAIN AG1lAHNlY3JldA==" in server.commands


def test_a_server_that_offers_no_way_to_log_in_is_unreachable():
    with Server() as server, pytest.raises(smtp.Unreachable, match="log in"):
        run(session(server, username="me", password="secret"), "a")


# Bytes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"one\n", b"one\r\n"),
        (b"one", b"one\r\n"),
        (b".\n..\n.x\n", b"..\r\n...\r\n..x\r\n"),
        (b"a\r\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n"),
        (b"a\rb", b"a\r\nb\r\n"),
        (b"", b"\r\n"),
    ],
)
def test_dots_are_stuffed_and_lines_end_as_smtp_wants(text, expected):
    assert smtp.stuff(text) == expected
