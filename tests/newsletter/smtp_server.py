"""An SMTP server that writes down each message before it says 250, and misbehaves as it is told to."""

import contextlib
import socket
import ssl
import threading
from dataclasses import dataclass, field


@dataclass
class Faults:
    """What goes wrong. Replies are whole lines without their end, such as `550 5.1.1 No such user`."""

    mail: dict[str, str] = field(default_factory=dict)  # by sender
    rcpt: dict[str, str] = field(default_factory=dict)  # by recipient
    data: dict[str, str] = field(default_factory=dict)  # by recipient
    dot: dict[str, str] = field(default_factory=dict)  # by recipient; not recorded
    hang_up: set[str] = field(default_factory=set)  # by recipient: reads the text and closes without a word
    hang_up_before: set[str] = field(default_factory=set)  # by recipient: closes at RCPT, once
    silent_dot: set[str] = field(default_factory=set)  # by recipient: reads the text and says nothing
    banner: str | None = "220 test ESMTP"  # None: never says anything
    closing_after: int = 0  # says 421 to MAIL after so many messages on one connection
    takes_empty: bool = False  # answers 354 to DATA although nobody was accepted
    limit: tuple[int, str] | None = None  # (so many messages, then this reply to RCPT)


class Server:
    """Listens on a free port of this machine until it is closed."""

    def __init__(self, *, pipelining=True, context=None, starttls=False, faults=None, record=None, keep=True):
        self.pipelining, self.context, self.starttls = pipelining, context, starttls
        self.faults = faults or Faults()
        self.messages: list[tuple[str, bytes]] = []
        self.commands: list[str] = []
        self.groups: list[bytes] = []  # what arrived in one read
        self.seen: dict[str, list[bytes]] = {}  # every text that was read, taken or not
        self.after = None  # what a test wants done after each message, by the sender
        self.connections = 0
        self.hello = "250-test"
        self.auth = ""
        self._record, self._keep = record, keep
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for conversation in list(self._open):
            with contextlib.suppress(OSError):
                conversation.shutdown(socket.SHUT_RDWR)

    @property
    def recipients(self):
        return [recipient for recipient, _ in self.messages]

    def _accept(self):
        while True:
            try:
                conversation, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._safely, args=[conversation], daemon=True).start()

    def _safely(self, conversation):
        self._open.add(conversation)
        conversation.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # each reply is one line, and waited for
        with contextlib.suppress(OSError, ssl.SSLError, _HangUp), contextlib.ExitStack() as stack:
            stack.callback(self._open.discard, conversation)
            if self.context and not self.starttls:
                conversation = self.context.wrap_socket(conversation, server_side=True)
            stack.callback(conversation.close)
            _Conversation(self, conversation).run()

    def record(self, recipient, text):
        with self._lock:
            if self._keep:
                self.messages.append((recipient, text))
            if self._record:
                self._record(recipient, text)


class _HangUp(Exception):
    pass


class _Conversation:
    def __init__(self, server, connection):
        self.server, self.faults = server, server.faults
        self.connection = connection
        self.buffer = b""
        self.taken = 0

    def say(self, line):
        self.connection.sendall(line.encode() + b"\r\n")

    def fill(self):
        received = self.connection.recv(65536)
        if not received:
            raise _HangUp
        if self.server._keep and len(received) < 2000:
            self.server.groups.append(received)
        self.buffer += received

    def line(self):
        while b"\r\n" not in self.buffer:
            self.fill()
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line.decode("latin-1")

    def text(self):
        while (end := self.buffer.find(b"\r\n.\r\n")) < 0:
            if self.buffer.startswith(b".\r\n"):
                self.buffer = self.buffer[3:]
                return b""
            self.fill()
        text, self.buffer = self.buffer[: end + 2], self.buffer[end + 5 :]
        return text

    def run(self):
        if self.faults.banner is None:
            while True:
                self.fill()
        self.say(self.faults.banner)
        if not self.faults.banner.startswith("2"):
            return
        sender, recipient = None, None
        while True:
            line = self.line()
            verb = line.split(" ", 1)[0].upper()
            if self.server._keep:
                self.server.commands.append(line)
            if verb in {"EHLO", "HELO"}:
                self.greet(verb)
            elif verb == "STARTTLS":
                self.say("220 go")
                self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
            elif verb == "AUTH":
                self.say("235 ok")
            elif verb == "MAIL":
                if self.faults.closing_after and self.taken >= self.faults.closing_after:
                    self.say("421 4.7.0 Enough for one connection")
                    return
                answer = self.faults.mail.get(line[11:-1])
                sender = None if answer else line
                recipient = None
                self.say(answer or "250 2.1.0 Ok")
            elif verb == "RCPT":
                named = line[9:-1]
                if named in self.faults.hang_up_before:
                    self.faults.hang_up_before.discard(named)
                    return
                answer = self.faults.rcpt.get(named)
                if self.faults.limit and len(self.server.messages) >= self.faults.limit[0]:
                    answer = self.faults.limit[1]
                if sender is None:
                    answer = "503 5.5.1 MAIL first"
                recipient = None if answer else named
                self.say(answer or "250 2.1.5 Ok")
            elif verb == "DATA":
                self.take(recipient)
                sender = recipient = None
            elif verb == "RSET":
                sender = recipient = None
                self.say("250 2.0.0 Ok")
            elif verb == "QUIT":
                self.say("221 2.0.0 Bye")
                return
            else:
                self.say("502 5.5.2 What?")

    def greet(self, verb):
        if verb == "HELO":
            self.say("250 test")
            return
        offers = ["test"]
        if self.server.pipelining:
            offers.append("PIPELINING")
        if self.server.starttls and not isinstance(self.connection, ssl.SSLSocket):
            offers.append("STARTTLS")
        if self.server.auth:
            offers.append(f"AUTH {self.server.auth}")
        for offer in offers[:-1]:
            self.say(f"250-{offer}")
        self.say(f"250 {offers[-1]}")

    def take(self, recipient):
        faults = self.faults
        if recipient in faults.data:
            self.say(faults.data[recipient])
            return
        if recipient is None and not faults.takes_empty:
            self.say("554 5.5.1 No valid recipients")
            return
        self.say("354 Go ahead")
        text = self.text()
        if self.server._keep:
            self.server.seen.setdefault(recipient, []).append(text)
        if recipient is None:
            self.say("554 5.5.1 No valid recipients")
        elif recipient in faults.hang_up:
            faults.hang_up.discard(recipient)
            raise _HangUp
        elif recipient in faults.silent_dot:
            while True:
                self.fill()
        elif recipient in faults.dot:
            self.say(faults.dot[recipient])
        else:
            self.server.record(recipient, text)
            self.taken += 1
            self.say("250 2.0.0 Ok: queued")
