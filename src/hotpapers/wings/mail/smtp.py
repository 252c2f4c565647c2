"""A connection to the relay, the mail server that sends our messages. RFC 5321, RFC 3207 (STARTTLS), RFC 8314 (TLS).

The connection is encrypted and the relay's certificate checked, unless the relay is this machine. The only file that
imports an SMTP library.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Container
from contextlib import suppress

from hotpapers.base.errors import NetError, RetryLater
from hotpapers.base.http.redact_errors import SecretRedactor
from hotpapers.wings.mail.addresses import domain_of, without_address
from hotpapers.wings.mail.settings import MailConfig
from hotpapers.wings.mail.smtp_replies import RETRY_SECONDS, OutcomeUnknown, Step, refusal_error

CONNECT, REPLY, AFTER_MESSAGE = 20.0, 60.0, 600.0
"""Seconds to connect, for a reply, and for the reply to a whole message (RFC 5321 §4.5.3.2: ten minutes)."""
MESSAGES_PER_CONNECTION = 50
"""Messages sent through one connection: relays close connections that last too long."""
REPLY_LINES, MAX_REPLY_LINE_BYTES = 100, 2048
"""Limits for a reply: its lines, and bytes per line (512 in RFC 5321 §4.5.3.1.5)."""
OK = range(200, 300)
CONTINUE = 334
NUL = "\0"
NO_TLS_NOW = 454
"""The answer to STARTTLS if TLS is not available (RFC 3207 §4)."""


Dial = Callable[[tuple[str, int], float], socket.socket]
"""Like `socket.create_connection`."""


class _Smtp(smtplib.SMTP):
    """smtplib with limits on replies, and with logins in UTF-8 (RFC 4616 §2), which it writes in ASCII."""

    def sign_in(self, user: str, password: str) -> None:
        """Logs in by PLAIN, or else LOGIN. Raises SMTPException."""
        offered = self.esmtp_features.get("auth", "").upper().split()
        secret = _base64(NUL.join(("", user, password)))
        # some relays ask for PLAIN's secret although it came with the command
        ways = {"PLAIN": [f"AUTH PLAIN {secret}", secret], "LOGIN": ["AUTH LOGIN", _base64(user), _base64(password)]}
        refused: Exception | None = None
        for commands in (commands for way, commands in ways.items() if way in offered):
            for command in commands:
                try:
                    code, text = self.docmd(command)
                except OSError as closed:  # some close after a refusal, which says more
                    raise refused or closed from None
                if code in (235, 503):
                    return
                refused = smtplib.SMTPAuthenticationError(code, text)
                if code != CONTINUE:
                    break
        raise refused or smtplib.SMTPException("does not offer to log in by PLAIN or LOGIN")

    def demand(self, command: str, step: Step, accepted: Container[int] = OK) -> None:
        """Sends a command. Raises the refusal for any other reply."""
        code, text = self.docmd(command)
        if code not in accepted:
            raise refusal_error(code, text.decode("utf-8", "replace"), step)

    def getreply(self) -> tuple[int, bytes]:
        """A reply's code and text. Raises SMTPServerDisconnected for an invalid or endless reply."""
        assert self.sock is not None  # sending the command would have failed otherwise
        if self.file is None:
            self.file = self.sock.makefile("rb")
        lines: list[bytes] = []
        while len(lines) < REPLY_LINES:
            line = self.file.readline(MAX_REPLY_LINE_BYTES)
            if len(line) < 4 or not line.endswith(b"\n") or not line[:3].isdigit():
                raise smtplib.SMTPServerDisconnected("closed the connection or gave an invalid reply")
            lines.append(line[4:].strip(b" \t\r\n"))
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(lines)
        raise smtplib.SMTPServerDisconnected("gave an endless reply")


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


class SmtpClient:
    """A client of one relay, for one thread; connects when needed. Close it after use.

    `context`: the authorities to trust, the system's by default. `dial`: like socket.create_connection.
    """

    def __init__(
        self, mail_config: MailConfig, context: ssl.SSLContext | None = None, dial: Dial = socket.create_connection
    ) -> None:
        self._mail_config = mail_config
        self._context = context
        self._dial = dial
        self._redact = SecretRedactor([mail_config.password.value])
        self._connection: _Smtp | None = None
        self._messages = 0

    def close(self) -> None:
        """Closes the connection, with QUIT if the relay still answers."""
        if self._connection is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._connection.quit()
            self._drop()

    def try_out(self) -> str:
        """Connects and logs in, as `ready` does; the finding, in a few words."""
        self.ready()
        return "the relay answers" + (" and accepts the login" if self._mail_config.user else "")

    def ready(self) -> _Smtp:
        """The connection, opened unless it is. Raises RetryLater if the relay cannot be used now."""
        if self._connection is None or self._messages >= MESSAGES_PER_CONNECTION:
            self.close()
            self._messages = 0
            try:
                self._connection = self._connect()
            except (smtplib.SMTPException, OSError, ValueError) as problem:
                raise RetryLater(RETRY_SECONDS, self._describe(problem)) from None
        return self._connection

    def hand_over(self, address: str, message: bytes, begin: Callable[[], bool] = lambda: True) -> str | None:
        """Hands over a message for one address and returns the receipt, which usually names a queue ID. `begin`: called
        once the relay has accepted the recipient, before the message is sent; if it returns False, nothing is sent and
        the result is None. Raises Rejected, Deferred and OutcomeUnknown for this message, RetryLater for any. Receipts
        and errors are without the address."""
        try:
            connection = self._name_recipient_again(address)
            if not begin():
                self._reset()
                return None
            connection.demand("DATA", "message", (354,))
        except NetError as refused:
            self._reset(refused)
            raise
        except (smtplib.SMTPException, OSError) as broken:
            self._drop()
            raise RetryLater(RETRY_SECONDS, without_address(self._describe(broken), address)) from None
        return self._transmit(connection, message, address)

    # ---- one message ----------------------------------------------------------------------------------

    def _name_recipient_again(self, address: str) -> _Smtp:
        """Like `_name_recipient`, on a new connection if the relay closes this one, as some do after a few messages or
        a pause."""
        self.ready()
        is_reused = self._messages > 0
        try:
            return self._name_recipient(address)
        except (RetryLater, smtplib.SMTPException, OSError) as problem:
            is_closed = not isinstance(problem, RetryLater) or problem.reason.startswith("421")  # RFC 5321 §3.8
            if not (is_reused and is_closed):
                raise
            self._drop()
            return self._name_recipient(address)

    def _name_recipient(self, address: str) -> _Smtp:
        """Names sender and recipient. Raises the refusal."""
        connection = self.ready()
        self._messages += 1
        connection.demand(f"MAIL FROM:<{self._mail_config.bounces}>", "sender")
        connection.demand(f"RCPT TO:<{address}>", "recipient")
        return connection

    def _transmit(self, connection: _Smtp, message: bytes, address: str) -> str:
        """Sends the message itself. From its first byte on, only a reply shows whether it was accepted."""
        try:
            assert connection.sock is not None
            connection.sock.settimeout(AFTER_MESSAGE)
            connection.send(dot_stuffed(message))
            code, text = connection.getreply()
            connection.sock.settimeout(REPLY)
        except (smtplib.SMTPException, OSError) as broken:
            self._drop()
            raise OutcomeUnknown(without_address(self._describe(broken), address)) from None
        reply = text.decode("utf-8", "replace")
        if code in OK:
            return without_address(self._redact(f"{code} {reply}"), address)
        refused = refusal_error(code, reply, "message")
        self._reset(refused)
        raise refused

    def _reset(self, refused: NetError | None = None) -> None:
        """Ends a message that was refused, and the connection if the relay accepts none now."""
        if isinstance(refused, RetryLater):
            self.close()
        elif self._connection is not None:
            with suppress(smtplib.SMTPException, OSError):
                if self._connection.rset()[0] in OK:
                    return
            self._drop()

    def _drop(self) -> None:
        connection = self._connection
        self._connection = None
        if connection is not None:
            connection.close()

    # ---- the connection ------------------------------------------------------------------------------

    def _connect(self) -> _Smtp:
        mail_config = self._mail_config
        connection = _Smtp(local_hostname=domain_of(mail_config.address), timeout=REPLY)
        connection.sock = self._dial((mail_config.relay, mail_config.port), CONNECT)
        try:
            connection.sock.settimeout(REPLY)
            if mail_config.tls == "implicit":
                connection.sock = self._encrypt(connection.sock)
            self._greet(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _greet(self, connection: _Smtp) -> None:
        """Exchanges greetings, starts TLS and logs in. Raises SMTPException, OSError."""
        mail_config = self._mail_config
        code, text = connection.getreply()
        if code != 220:
            raise smtplib.SMTPResponseException(code, text)
        connection.ehlo_or_helo_if_needed()
        if mail_config.tls == "starttls" and (connection.has_extn("starttls") or not mail_config.is_local):
            self._start_tls(connection)
        if mail_config.user:
            connection.sign_in(mail_config.user, mail_config.password.value)

    def _start_tls(self, connection: _Smtp) -> None:
        """Starts TLS, and discards the relay's earlier replies in plain text (RFC 3207 §4.2). A relay on this machine
        may do without, but some demand it even there."""
        code = connection.docmd("STARTTLS")[0] if connection.has_extn("starttls") else 0
        if code == NO_TLS_NOW and self._mail_config.is_local:
            return
        if code != 220 or connection.sock is None:
            raise smtplib.SMTPException("does not offer STARTTLS; mail is never sent unencrypted")
        connection.sock = self._encrypt(connection.sock)
        connection.file = None
        connection.ehlo()

    def _encrypt(self, sock: socket.socket) -> ssl.SSLSocket:
        if self._context is None:
            self._context = ssl.create_default_context()
            # nobody can intercept a connection within this machine, whose certificate is rarely for `localhost`
            if self._mail_config.is_local and self._mail_config.tls == "starttls":
                self._context.check_hostname = False
                self._context.verify_mode = ssl.CERT_NONE
        return self._context.wrap_socket(sock, server_hostname=self._mail_config.relay)

    def _describe(self, problem: BaseException) -> str:
        """Describes an error, with the password redacted."""
        if isinstance(problem, smtplib.SMTPAuthenticationError):
            reason = f"does not accept this user and password ({problem.smtp_code})"
        elif isinstance(problem, smtplib.SMTPResponseException):
            text = problem.smtp_error
            reason = f"{problem.smtp_code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
        else:
            reason = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
        problem_text = f"{self._mail_config.relay}, port {self._mail_config.port}: {reason}"
        return self._redact(problem_text)


def dot_stuffed(message: bytes) -> bytes:
    """A message as sent after DATA: lines that begin with a dot get another, and a single dot ends it (RFC 5321
    §4.5.2). Lines already end with CRLF."""
    stuffed = message.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n"
