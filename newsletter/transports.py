"""How a filled mail leaves: our own SMTP client where the mailer is SMTP, else whatever Django's mailer does with it."""

import email
from collections.abc import Callable, Iterable, Iterator
from email.policy import default as modern
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Any, Protocol, cast

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from newsletter.smtp import Message, Outcome, Reply, Server, Session, Unreachable

SMTP = "django.core.mail.backends.smtp.EmailBackend"
QUIET = {f"django.core.mail.backends.{kind}.EmailBackend" for kind in ("filebased", "console", "locmem", "dummy")}


class Transport(Protocol):
    idle: Callable[[], None]
    guard: Callable[[], None]
    before_end: Callable[[], None]

    def send(self, messages: Iterable[Message]) -> Iterator[Outcome]: ...

    def close(self) -> None: ...

    def drop(self) -> None: ...


def is_real() -> bool:
    """Whether the weekly mail leaves this machine."""
    return settings.MAILERS["bulk"]["BACKEND"] not in QUIET


def open_transport(using: str = "bulk") -> Transport:
    """Return the transport that the settings name."""
    mailer = settings.MAILERS[using]
    if mailer["BACKEND"] != SMTP:
        return MailerTransport(using)
    options = cast(dict[str, Any], mailer["OPTIONS"])
    server = Server(
        options["host"],
        options["port"],
        username=options.get("username", ""),
        password=options.get("password", ""),
        starttls=options.get("use_tls", False),
        tls=options.get("use_ssl", False),
        name=settings.NEWSLETTER_HOST,
    )
    return Session(server)


class Filled(EmailMultiAlternatives):
    """A mail that is already bytes, for mailers that want an object."""

    def __init__(self, raw: bytes, sender: str, recipient: str) -> None:
        self.raw = email.message_from_bytes(raw, policy=modern)
        text, html = self.raw.get_body(["plain"]), self.raw.get_body(["html"])
        own = {"from", "to", "subject", "mime-version", "content-type", "content-transfer-encoding"}
        super().__init__(
            subject=str(self.raw["Subject"]),
            body=text.get_content() if text else "",
            from_email=str(self.raw["From"]),
            to=[recipient],
            headers={name: str(value) for name, value in self.raw.items() if name.lower() not in own},
        )
        if html:
            self.attach_alternative(html.get_content(), "text/html")

    def message(self, **kwargs: Any) -> Any:
        return self.raw


class MailerTransport:
    """One message after another through one of Django's mailers: files, the console, or a provider's own API."""

    def __init__(self, using: str) -> None:
        self.using = using
        self.idle: Callable[[], None] = lambda: None
        self.guard: Callable[[], None] = lambda: None
        self.before_end: Callable[[], None] = lambda: None

    def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
        for message in messages:
            self.guard()
            self.before_end()
            yield Outcome(message, *self._hand_over(message))

    def _hand_over(self, message: Message) -> tuple[Reply | None, str]:
        try:
            Filled(unstuff(message.text), message.sender, message.recipient).send(using=self.using)
        except SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            return Reply(code, words.decode("utf-8", "replace")), "rcpt"
        except SMTPResponseException as error:
            return Reply(error.smtp_code, str(error.smtp_error)), "data"
        except (SMTPException, OSError) as error:
            raise Unreachable(f"{type(error).__name__}: {error}"[:200]) from error
        return Reply(250, "handed to the mailer"), "dot"

    def close(self) -> None: ...

    def drop(self) -> None: ...


def unstuff(text: bytes) -> bytes:
    return text.removeprefix(b".").replace(b"\r\n.", b"\r\n") if b"\r\n." in text or text.startswith(b".") else text
