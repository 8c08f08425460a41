"""A blocking SMTP client for one thing the standard library cannot do: let the next envelope travel with this message.

The one place where the site speaks a protocol itself. Where the server offers PIPELINING (RFC 2920), a message costs one
round trip: its text is the first element of a group, MAIL, RCPT and DATA of the next are the rest. The caller gets each
answer before the next text leaves, so that it can write down what happened: `for outcome in session.send(messages)`. A
text leaves without its end, which follows when `before_end` says so; what has no end no server takes.
"""

import base64
import functools
import re
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from time import monotonic

SLICE_SECONDS = 5  # how long a wait lasts before `idle` is called
MOST_REPLY = 16_384
LINE = re.compile(rb"([2-5][0-9]{2})([ -])?(.*)", re.DOTALL)
ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")


class Unreachable(Exception):
    """The server cannot be used now; no message was under way."""


class _Lost(Exception):
    """The connection is gone, or the server is closing it."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds per phase; those of RFC 5321, 4.5.3.2, but for connecting."""

    connect: float = 30
    banner: float = 300
    command: float = 300
    data: float = 120
    block: float = 180
    final: float = 600

    @property
    def slice(self) -> float:
        return min(SLICE_SECONDS, self.banner, self.command, self.data, self.block, self.final)


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed over. With `tls` or `starttls` the certificate is checked and plain text is never used."""

    host: str
    port: int = 25
    username: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False
    name: str = "localhost"
    timeouts: Timeouts = field(default_factory=Timeouts)
    context: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One envelope and its text: CRLF line ends, dots stuffed, a line end last. `key` is the caller's own."""

    key: object
    sender: str
    recipient: str
    text: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    code: int
    text: str

    @property
    def enhanced(self) -> str:
        """The status code of RFC 3463, such as 5.1.1; empty if the server gave none."""
        found = ENHANCED.match(self.text)
        return found[1] if found else ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message. `reply` is None when the text was sent whole and no answer came: nobody can know."""

    message: Message
    reply: Reply | None
    stage: str = "dot"

    @property
    def is_accepted(self) -> bool:
        return self.stage == "dot" and self.reply is not None and self.reply.code // 100 == 2


@functools.cache
def _context() -> ssl.SSLContext:
    """Return what checks certificates; reading the machine's authorities takes longer than sending many mails."""
    return ssl.create_default_context()


def stuff(text: bytes) -> bytes:
    """Return a text as it travels after DATA: CRLF line ends, leading dots doubled, a line end last (RFC 5321, 4.5.2)."""
    lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removesuffix(b"\n").split(b"\n")
    return b"".join(b"." + line + b"\r\n" if line.startswith(b".") else line + b"\r\n" for line in lines)


class Session:
    """Messages to one server, over one connection at a time; it is opened when needed and renewed now and then."""

    def __init__(
        self, server: Server, *, per_connection: int = 500, idle: Callable[[], None] | None = None, tries: int = 3
    ) -> None:
        self.server = server
        self.per_connection = per_connection
        self.idle = idle or (lambda: None)  # called now and then while waiting
        self.guard: Callable[[], None] = lambda: None  # called before each text leaves; what it raises stops it
        self.before_end: Callable[[], None] = lambda: None  # called before each text ends, and is accepted; likewise
        self.tries = tries
        self.connections = 0
        self._socket: socket.socket | None = None
        self._buffer = b""
        self._left = 0
        self._dirty = False  # a transaction is open that needs RSET
        self._in_text = False  # what is written now would be part of a text
        self._pipelining = False

    def send(self, messages: Iterable[Message]) -> Iterator[Outcome]:
        """Yield what became of each message, in order. A text leaves only when the answer before it has been taken.

        Raises Unreachable when a message could not be offered; that one, and all after it, have not been sent.
        """
        source = iter(messages)
        current = next(source, None)
        offered = False  # whether the envelope of `current` has been written and its answers not yet read
        while current is not None:
            refusal = self._offer(current, written=offered)
            offered = False
            if refusal is not None:
                upcoming = next(source, None)
                yield Outcome(current, refusal[1], refusal[0])
            else:
                self._left -= 1
                is_under_way = self._begin(current)
                upcoming = next(source, None)  # made while the text is on its way
                offered = upcoming is not None and self._pipelining and self._left > 0
                reply = self._end(upcoming if offered else None) if is_under_way else None
                offered = offered and reply is not None and self._socket is not None
                yield Outcome(current, reply)
            current = upcoming

    def close(self) -> None:
        """Say goodbye, if anyone is there; a message in the middle of its envelope is forgotten by the server."""
        if self._socket is None:
            return
        try:
            self._socket.settimeout(1)
            if not (self._dirty or self._in_text):
                self._socket.sendall(b"QUIT\r\n")
        except OSError:
            pass
        self.drop()

    def drop(self) -> None:
        """Close at once."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._buffer = None, b""
        self._dirty = self._in_text = self._pipelining = False

    # One message

    def _offer(self, message: Message, *, written: bool) -> tuple[str, Reply] | None:
        """Bring the server to the point where the text may follow; return the stage and words of a refusal instead."""
        for _ in range(self.tries):
            try:
                if not written:
                    self._ready()
                    if self._pipelining:
                        self._write(self._envelope(message))
                return self._answers(message)
            except _Lost as lost:
                self.drop()
                written, reason = False, str(lost)
        raise Unreachable(reason)

    def _envelope(self, message: Message) -> bytes:
        reset = b"RSET\r\n" if self._dirty else b""
        return reset + f"MAIL FROM:<{message.sender}>\r\nRCPT TO:<{message.recipient}>\r\nDATA\r\n".encode("ascii")

    def _answers(self, message: Message) -> tuple[str, Reply] | None:
        wait = self.server.timeouts
        if not self._pipelining:
            return self._step_by_step(message)
        if self._dirty:
            self._expect(wait.command)
        mail = self._expect(wait.command)
        rcpt = self._expect(wait.command)
        data = self._expect(wait.data)
        self._dirty = data.code != 354
        if mail.code // 100 == 2 and rcpt.code // 100 == 2 and data.code == 354:
            return None
        if data.code == 354:  # nobody to send to, yet it waits for a text: an empty one (RFC 2920, 3.1)
            self._write(b".\r\n")
            self._expect(wait.final)
        if mail.code // 100 != 2:
            return "mail", mail
        return ("rcpt", rcpt) if rcpt.code // 100 != 2 else ("data", data)

    def _step_by_step(self, message: Message) -> tuple[str, Reply] | None:
        wait = self.server.timeouts
        if self._dirty:
            self._command(b"RSET", wait.command)
            self._dirty = False
        for stage, line, good in (
            ("mail", f"MAIL FROM:<{message.sender}>", 2),
            ("rcpt", f"RCPT TO:<{message.recipient}>", 2),
            ("data", "DATA", 3),
        ):
            reply = self._command(line.encode("ascii"), wait.data if stage == "data" else wait.command)
            if reply.code // 100 != good:
                self._dirty = True
                return stage, reply
        return None

    def _begin(self, message: Message) -> bool:
        """Send the text but for its end, so that the server cannot have taken it yet; return whether it has left."""
        self.guard()
        self._in_text = True
        try:
            self._write(message.text)
        except _Lost:
            self.drop()
        return self._in_text

    def _end(self, upcoming: Message | None) -> Reply | None:
        """End the text, with the envelope of the next; return the answer, or None when it never came."""
        self.before_end()
        try:
            self._write(b".\r\n" + (self._envelope(upcoming) if upcoming else b""))
            self._in_text = False
            reply = self._reply(self.server.timeouts.final)
        except _Lost:
            self.drop()
            return None
        if reply.code == 421:
            self.drop()
        elif self._left <= 0:
            self.close()
        return reply

    # The connection

    def _ready(self) -> None:
        if self._socket is None:
            self._connect()
            self._left = self.per_connection

    def _connect(self) -> None:
        server, wait = self.server, self.server.timeouts
        context = server.context or (_context() if server.tls or server.starttls else None)
        try:
            self._socket = socket.create_connection((server.host, server.port), wait.connect)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if server.tls and context:
                self._socket = context.wrap_socket(self._socket, server_hostname=server.host)
            self._socket.settimeout(wait.slice)
            self._good(self._reply(wait.banner))
            features = self._hello()
            if server.starttls and context:
                if "STARTTLS" not in features:
                    raise Unreachable("The server does not offer STARTTLS.")
                self._good(self._command(b"STARTTLS", wait.command))
                if self._buffer:
                    raise Unreachable("The server spoke before TLS had begun.")
                self._socket.settimeout(wait.connect)
                self._socket = context.wrap_socket(self._socket, server_hostname=server.host)
                self._socket.settimeout(wait.slice)
                features = self._hello()
            if server.username:
                self._log_in(features)
        except Unreachable:
            self.drop()
            raise
        except (_Lost, OSError) as error:  # ssl.SSLError is an OSError
            self.drop()
            raise Unreachable(f"{type(error).__name__}: {error}"[:200]) from error
        self.connections += 1
        self._pipelining = "PIPELINING" in features

    def _hello(self) -> dict[str, str]:
        """Return what the server offers, by keyword in capitals."""
        reply = self._command(f"EHLO {self.server.name}".encode("ascii"), self.server.timeouts.command)
        if reply.code // 100 == 5:
            reply = self._command(f"HELO {self.server.name}".encode("ascii"), self.server.timeouts.command)
            self._good(reply)
            return {}
        self._good(reply)
        lines = (line.strip().partition(" ") for line in reply.text.split("\n")[1:])
        return {word.upper(): rest.upper() for word, _, rest in lines}

    def _log_in(self, features: dict[str, str]) -> None:
        ways, wait = features.get("AUTH", "").split(), self.server.timeouts.command
        name, password = self.server.username.encode(), self.server.password.encode()
        if "PLAIN" in ways:
            token = base64.b64encode(b"\0" + name + b"\0" + password)
            self._good(self._command(b"AUTH PLAIN " + token, wait))
        elif "LOGIN" in ways:
            self._command(b"AUTH LOGIN", wait)
            self._command(base64.b64encode(name), wait)
            self._good(self._command(base64.b64encode(password), wait))
        else:
            raise Unreachable("The server offers no way to log in that we know.")

    @staticmethod
    def _good(reply: Reply) -> None:
        if reply.code // 100 != 2:
            raise Unreachable(f"{reply.code} {reply.text}"[:200])

    # Bytes

    def _command(self, line: bytes, timeout: float) -> Reply:
        self._write(line + b"\r\n")
        return self._expect(timeout)

    def _expect(self, timeout: float) -> Reply:
        """Return the reply. Raises _Lost for 421: the server is about to hang up."""
        reply = self._reply(timeout)
        if reply.code == 421:
            raise _Lost(f"421 {reply.text}"[:200])
        return reply

    def _reply(self, timeout: float) -> Reply:
        code, texts = 0, list[str]()
        deadline = monotonic() + timeout
        while True:
            found = LINE.fullmatch(self._line(deadline))
            if found is None or (texts and int(found[1]) != code) or len(texts) > 100:
                raise _Lost("The server's answer makes no sense.")
            code = int(found[1])
            texts.append(found[3].decode("utf-8", "replace").strip())
            if found[2] != b"-":
                return Reply(code, "\n".join(texts))

    def _line(self, deadline: float) -> bytes:
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > MOST_REPLY:
                raise _Lost("The server's answer has no end.")
            self._buffer += self._read(deadline)
        line, self._buffer = self._buffer[:end], self._buffer[end + 1 :]
        return line.removesuffix(b"\r")

    def _read(self, deadline: float) -> bytes:
        assert self._socket is not None
        while True:
            try:
                received = self._socket.recv(8192)
            except TimeoutError:
                self.idle()
                if monotonic() > deadline:
                    raise _Lost("The server did not answer in time.") from None
                continue
            except OSError as error:
                raise _Lost(str(error)) from error
            if not received:
                raise _Lost("The server has closed the connection.")
            return received

    def _write(self, data: bytes) -> None:
        assert self._socket is not None
        rest = memoryview(data)
        deadline = monotonic() + self.server.timeouts.block
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except TimeoutError:
                self.idle()
                if monotonic() > deadline:
                    raise _Lost("The server takes no more.") from None
            except OSError as error:
                raise _Lost(str(error)) from error
