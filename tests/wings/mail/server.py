"""A real mail server on 127.0.0.1 that keeps what it receives and does what a test scripts, including faults."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, NamedTuple

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Play = str | Callable[[], str]
"""A reply in place of the usual one; `hang up` closes the connection; a function is called and returns either."""
HANG_UP = "hang up"


class Mail(NamedTuple):
    """An accepted message. `secure`: whether it came encrypted; `user`: the user the sender logged in as."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    secure: bool
    user: str

    @property
    def message(self) -> EmailMessage:
        """The message, parsed by the standard library."""
        message = message_from_bytes(self.data, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message


class Box:
    """What a server received, and what it does at each step: the scripted plays in order, then the usual reply."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.plays: dict[str, list[Play]] = {}
        self.connections = 0
        self.port = 0

    def on(self, step: str, *plays: Play) -> None:
        """Scripts a step: STARTTLS, MAIL, RCPT, BEGIN (of a message), DATA (after the message), RSET, NOOP, or an
        address."""
        self.plays[step] = list(plays)

    @property
    def recipients(self) -> list[str]:
        """The recipients of accepted mail, in order."""
        return [mail.recipients[0] for mail in self.mails]

    def _next(self, server: SMTP, *steps: str) -> str | None:
        for step in steps:
            if self.plays.get(step):
                play = self.plays[step].pop(0)
                reply = play() if callable(play) else play
                if reply == HANG_UP:
                    assert isinstance(server.transport, asyncio.WriteTransport)
                    server.transport.abort()
                return reply
        return None

    # ---- what aiosmtpd calls ---------------------------------------------------------------------------

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self._next(server, "MAIL")
        if reply is None or reply.startswith("250"):
            envelope.mail_from = address
        return reply or "250 2.1.0 fine"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self._next(server, address, "RCPT")
        if reply is None or reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply or "250 2.1.5 fine"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        data = envelope.original_content
        assert isinstance(data, bytes) and envelope.mail_from is not None
        auth: Any = session.auth_data
        user = auth.login.decode() if isinstance(auth, LoginPassword) else ""
        mail = Mail(envelope.mail_from, tuple(envelope.rcpt_tos), data, session.ssl is not None, user)
        self.mails.append(mail)  # first, because a test may wait for what a play does
        reply = self._next(server, "DATA")
        if reply and reply != HANG_UP and not reply.startswith("250"):
            self.mails.remove(mail)
        return reply or f"250 2.0.0 queued as {len(self.mails)}"

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return self._next(server, "RSET") or "250 fine"

    async def handle_NOOP(self, server: SMTP, session: Session, envelope: Envelope, arg: str) -> str:  # noqa: N802
        return self._next(server, "NOOP") or "250 fine"


class _Server(SMTP):
    """aiosmtpd's server, extended to run plays before a message begins."""

    def __init__(self, box: Box, **options: Any) -> None:
        self._box = box
        super().__init__(box, **options)

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802
        reply = self._box._next(self, "STARTTLS")
        await (self.push(reply) if reply else super().smtp_STARTTLS(arg))

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        reply = self._box._next(self, "BEGIN")
        if reply is None:
            await super().smtp_DATA(arg)
        elif reply != HANG_UP:
            await self.push(reply)


@contextmanager
def serving(
    context: ssl.SSLContext | None = None, *, implicit: bool = False, password: str = "", **options: Any
) -> Iterator[Box]:
    """Runs a server until the block ends. `context`: for STARTTLS, or for TLS from the start; `password`: for the user
    `papers`, who must then log in."""
    box = Box()

    def authenticate(server: object, session: object, envelope: object, mechanism: str, data: object) -> AuthResult:
        is_valid = isinstance(data, LoginPassword) and data == LoginPassword(b"papers", password.encode())
        return AuthResult(success=is_valid, handled=is_valid, auth_data=data)

    def create_server() -> _Server:
        tls = None if implicit else context
        login_options: dict[str, Any] = {"authenticator": authenticate, "auth_required": True} if password else {}
        server = _Server(
            box, hostname="mail.paper.example", tls_context=tls, ident="tests", timeout=30, **login_options, **options
        )
        servers.append(server)
        return server

    servers: list[_Server] = []
    ready, loop = threading.Event(), asyncio.new_event_loop()

    async def run() -> None:
        server = await loop.create_server(create_server, "127.0.0.1", 0, ssl=context if implicit else None)
        box.port = server.sockets[0].getsockname()[1]
        stop = asyncio.Event()
        stops.append(lambda: loop.call_soon_threadsafe(stop.set))
        ready.set()
        await stop.wait()
        server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in servers:
            if isinstance(connection.transport, asyncio.WriteTransport):
                connection.transport.abort()  # a closing one may wait for the other end, in TLS for half a minute
        await asyncio.sleep(0.01)  # connections are lost in the loop's next rounds

    stops: list[Callable[[], object]] = []
    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield box
    finally:
        stops[0]()
        thread.join(10)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
