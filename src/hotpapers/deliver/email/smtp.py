"""The relay: one connection to the mail server that takes letters. RFC 5321, RFC 3207 (STARTTLS), RFC 8314 (TLS).

The connection is encrypted and the relay's certificate is checked, unless the relay is this machine. The only file that
imports an SMTP library.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress

from hotpapers.deliver.email.addresses import domain_of
from hotpapers.deliver.email.config import MailConfig
from hotpapers.deliver.email.smtp_replies import Accepted, Deferred, Outcome, OutcomeUnknown, Rejected, is_refusal
from hotpapers.errors import RetryLater
from hotpapers.http.redact_errors import SecretRedactor

CONNECT, REPLY, AFTER_MESSAGE = 20.0, 60.0, 600.0
"""Seconds to connect, for a reply, for the reply to a whole message (RFC 5321 §4.5.3.2 wants ten minutes there)."""
LETTERS = 50
"""So many letters go through one connection: relays end those that go on for ever."""
IDLE = 5.0
"""After so many seconds without a word a relay is asked whether it is still there."""
REPLY_LINES, LONGEST_LINE = 100, 2048
"""Of a reply: lines, and bytes of one (RFC 5321 §4.5.3.1.5 has 512)."""
AGAIN = 300.0
"""Seconds after which a relay that cannot be used is tried again."""

OK = range(200, 300)


Dial = Callable[[tuple[str, int], float], socket.socket]
"""As `socket.create_connection`."""


class _Smtp(smtplib.SMTP):
    """The protocol, with replies that end."""

    def getreply(self) -> tuple[int, bytes]:
        """A reply's code and text. Raises SMTPServerDisconnected for what is none, or does not end."""
        assert self.sock is not None  # what is asked before would have found it closed
        if self.file is None:
            self.file = self.sock.makefile("rb")
        lines: list[bytes] = []
        while len(lines) < REPLY_LINES:
            line = self.file.readline(LONGEST_LINE)
            if len(line) < 4 or not line.endswith(b"\n") or not line[:3].isdigit():
                raise smtplib.SMTPServerDisconnected("broke off, or gave a reply that is none")
            lines.append(line[4:].strip(b" \t\r\n"))
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(lines)
        raise smtplib.SMTPServerDisconnected("gave a reply that does not end")


class SmtpClient:
    """One relay, for one thread; connects when it is needed. Close it after use.

    `context`: whom to trust, the system's authorities by default. `dial`: as socket.create_connection.
    """

    def __init__(
        self, office: MailConfig, context: ssl.SSLContext | None = None, dial: Dial = socket.create_connection
    ) -> None:
        self._office, self._context, self._dial = office, context, dial
        self._discreet = SecretRedactor([office.password.value] if office.password else [])
        self._connection: smtplib.SMTP | None = None
        self._letters, self._used = 0, 0.0

    def close(self) -> None:
        """Takes leave, if the relay listens."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(smtplib.SMTPException, OSError):
                connection.quit()
            connection.close()

    def ready(self) -> None:
        """Connects, unless that is done already. Raises RetryLater where the relay cannot be used now."""
        if self._connection is not None and self._letters < LETTERS and self._listens(self._connection):
            return
        self.close()
        self._letters, self._used = 0, time.monotonic()
        try:
            self._connection = self._connect()
        except (smtplib.SMTPException, OSError, ValueError) as problem:
            raise RetryLater(AGAIN, self._describe(problem)) from None

    def hand_over(self, address: str, letter: bytes, begin: Callable[[], bool] = lambda: True) -> Outcome | None:
        """Hands a letter over for one address; what became of it. `begin`: called once the relay would take it, before
        it is sent; None where that says no. Raises RetryLater where the relay cannot be used now."""
        self.ready()
        connection = self._connection
        assert connection is not None
        self._letters += 1
        self._used = time.monotonic()
        try:
            problem = self._addressed(connection, address, len(letter))
            if problem is None and not begin():
                self._reset(connection)
                return None
            problem = problem or self._announced(connection)
        except (smtplib.SMTPException, OSError) as broken:
            self._drop()
            return Deferred(self._describe(broken), everybody=True)
        if problem is not None:
            self._reset(connection, problem)
            return problem
        return self._transmit(connection, letter)

    def _listens(self, connection: smtplib.SMTP) -> bool:
        """Whether the relay is still there, after it was let wait for a while."""
        if time.monotonic() - self._used < IDLE:
            return True
        try:
            return connection.noop()[0] in OK
        except (smtplib.SMTPException, OSError):
            return False

    # ---- one letter ----------------------------------------------------------------------------------

    def _addressed(self, connection: smtplib.SMTP, address: str, length: int) -> Deferred | Rejected | None:
        """Names sender and recipient; why that may not be, None when it may."""
        size = f" SIZE={length}" if connection.has_extn("size") else ""
        code, text = connection.docmd("MAIL", f"FROM:<{self._office.bounces}>{size}")
        if code not in OK:
            return is_refusal(code, text.decode("utf-8", "replace"), "sender")
        code, text = connection.docmd("RCPT", f"TO:<{address}>")
        return None if code in OK else is_refusal(code, text.decode("utf-8", "replace"), "recipient")

    def _announced(self, connection: smtplib.SMTP) -> Deferred | Rejected | None:
        """Says that the letter comes; why it may not."""
        code, text = connection.docmd("DATA")
        return None if code == 354 else is_refusal(code, text.decode("utf-8", "replace"), "message")

    def _transmit(self, connection: smtplib.SMTP, letter: bytes) -> Outcome:
        """Sends the letter itself. From its first byte on only a reply tells what became of it."""
        try:
            assert connection.sock is not None
            connection.sock.settimeout(AFTER_MESSAGE)
            connection.send(dotted(letter))
            code, text = connection.getreply()
            connection.sock.settimeout(REPLY)
        except (smtplib.SMTPException, OSError) as broken:
            self._drop()
            return OutcomeUnknown(self._describe(broken))
        reply = text.decode("utf-8", "replace")
        if code in OK:
            return Accepted(self._discreet(f"{code} {reply}"))
        problem = is_refusal(code, reply, "message")
        self._reset(connection, problem)
        return problem

    def _reset(self, connection: smtplib.SMTP, problem: Deferred | Rejected | None = None) -> None:
        if isinstance(problem, Deferred) and problem.everybody:
            self.close()
            return
        try:
            code, _ = connection.rset()
        except (smtplib.SMTPException, OSError):
            code = 0
        if code not in OK:
            self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    # ---- the connection ------------------------------------------------------------------------------

    def _connect(self) -> smtplib.SMTP:
        office = self._office
        connection = _Smtp(local_hostname=domain_of(office.address), timeout=REPLY)
        connection.sock = self._dial((office.relay, office.port), CONNECT)
        try:
            connection.sock.settimeout(REPLY)
            if office.tls == "implicit":
                connection.sock = self._encrypted(connection.sock)
            self._introduced(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _introduced(self, connection: smtplib.SMTP) -> None:
        """Hears the greeting, greets, encrypts, says who we are. Raises SMTPException, OSError."""
        office = self._office
        code, text = connection.getreply()
        if code != 220:
            raise smtplib.SMTPResponseException(code, text)
        connection.ehlo_or_helo_if_needed()
        if office.tls == "starttls" and not office.is_here:
            self._start_tls(connection)
        if office.user:
            connection.login(office.user, office.password.value)

    def _start_tls(self, connection: smtplib.SMTP) -> None:
        """Encrypts; what was said before in the open counts no more (RFC 3207 §4.2)."""
        code = connection.docmd("STARTTLS")[0] if connection.has_extn("starttls") else 0
        if code != 220 or connection.sock is None:
            raise smtplib.SMTPException("offers no STARTTLS, and in the open no letter is sent")
        connection.sock = self._encrypted(connection.sock)
        connection.file = None
        connection.ehlo()

    def _encrypted(self, sock: socket.socket) -> ssl.SSLSocket:
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context.wrap_socket(sock, server_hostname=self._office.relay)

    def _describe(self, problem: BaseException) -> str:
        """What went wrong, without password and address."""
        if isinstance(problem, smtplib.SMTPAuthenticationError):
            reason = f"does not accept user and password ({problem.smtp_code})"
        elif isinstance(problem, smtplib.SMTPResponseException):
            text = problem.smtp_error
            reason = f"{problem.smtp_code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
        else:
            reason = str(problem) or type(problem).__name__
        return self._discreet(f"{self._office.relay}, port {self._office.port}: {reason}")


def dotted(letter: bytes) -> bytes:
    """A message as it goes after DATA: a dot before each line that begins with one, and the dot that ends it
    (RFC 5321 §4.5.2). Lines end with CRLF already."""
    stuffed = letter.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n"
