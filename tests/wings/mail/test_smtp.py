"""The relay client against a real server on loopback: plain, STARTTLS, TLS from the start; and the server's faults."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from hotpapers.base.errors import NetError, RetryLater
from hotpapers.wings.mail import smtp as relays
from hotpapers.wings.mail.smtp import SmtpClient, dot_stuffed
from hotpapers.wings.mail.smtp_replies import RETRY_SECONDS, Deferred, OutcomeUnknown, Rejected
from tests.base.http.test_tls_handshakes import PATIENCE, RECORD, STALLS, stalling
from tests.conftest import data
from tests.wings.mail.samples import mail_config, relay_at
from tests.wings.mail.server import HANG_UP, Box, serving

MESSAGE = b"Subject: x\r\n\r\nHello\r\n.\r\n..two\r\n"
HOST = "paper.example"


@pytest.fixture
def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(data("net", "paper.example.pem"))
    return context


@pytest.fixture
def client_context() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=data("net", "paper.example.pem"))


@pytest.fixture
def box() -> Iterator[Box]:
    with serving() as mail_server:
        yield mail_server


@contextmanager
def closing(smtp_client: SmtpClient) -> Iterator[SmtpClient]:
    try:
        yield smtp_client
    finally:
        smtp_client.close()


def error_of(smtp_client: SmtpClient) -> str:
    """Why a relay cannot be used."""
    with pytest.raises(RetryLater) as error:
        smtp_client.ready()
    assert error.value.seconds == RETRY_SECONDS
    return error.value.reason


def failure_of(smtp_client: SmtpClient, address: str, message: bytes = MESSAGE) -> NetError:
    """Why a message cannot be handed over."""
    with pytest.raises(NetError) as error:
        smtp_client.hand_over(address, message)
    return error.value


# ---- messages -------------------------------------------------------------------------------------------


def test_messages_arrive_as_they_are_over_one_connection(box: Box) -> None:
    with closing(relay_at(mail_config(box.port, bounces="bounces@owls.example"))) as smtp_client:
        assert smtp_client.hand_over("a@moth.example", MESSAGE) == "250 2.0.0 queued as 1"
        assert smtp_client.hand_over("b@moth.example", MESSAGE) == "250 2.0.0 queued as 2"
    assert [mail.data for mail in box.mails] == [MESSAGE, MESSAGE]
    assert box.recipients == ["a@moth.example", "b@moth.example"]
    assert {mail.sender for mail in box.mails} == {"bounces@owls.example"}
    assert box.connections == 1


def test_a_connection_carries_so_many_messages(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "MESSAGES_PER_CONNECTION", 2)
    with closing(relay_at(mail_config(box.port))) as smtp_client:
        for n in range(5):
            smtp_client.hand_over(f"a{n}@moth.example", MESSAGE)
    assert (len(box.mails), box.connections) == (5, 3)


def test_a_refused_message_disturbs_no_other(box: Box) -> None:
    box.on("b@moth.example", "550 5.1.1 no such user")
    box.on("c@moth.example", "450 4.2.1 not now")
    box.on("DATA", "250 fine", "554 5.7.1 spam")
    with closing(relay_at(mail_config(box.port))) as smtp_client:
        assert smtp_client.hand_over("a@moth.example", MESSAGE) == "250 fine"
        refusals = [failure_of(smtp_client, f"{name}@moth.example") for name in "bcd"]
        assert smtp_client.hand_over("e@moth.example", MESSAGE) == "250 2.0.0 queued as 2"
    assert [(type(refused), vars(refused)) for refused in refusals] == [
        (type(expected), vars(expected))
        for expected in (Rejected("550 5.1.1", no_such_address=True), Deferred("450 4.2.1"), Rejected("554 5.7.1"))
    ]
    assert box.recipients == ["a@moth.example", "e@moth.example"] and box.connections == 1


def test_a_refusal_of_the_sender_ends_the_connection(box: Box) -> None:
    box.on("MAIL", "550 5.7.1 we do not know you")
    with closing(relay_at(mail_config(box.port))) as smtp_client:
        assert vars(failure_of(smtp_client, "a@moth.example")) == vars(RetryLater(RETRY_SECONDS, "550 5.7.1"))
        assert smtp_client.hand_over("a@moth.example", MESSAGE)
    assert box.connections == 2


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "BEGIN"])
def test_a_relay_that_hangs_up_before_the_message_does_not_have_it(box: Box, step: str) -> None:
    box.on(step, HANG_UP)
    with closing(relay_at(mail_config(box.port))) as smtp_client:
        assert isinstance(failure_of(smtp_client, "a@moth.example"), RetryLater)
        assert smtp_client.hand_over("a@moth.example", MESSAGE)
    assert len(box.mails) == 1


@pytest.mark.parametrize("end", [HANG_UP, "421 4.7.0 enough of one connection"])
@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
def test_a_relay_that_ends_a_used_connection_gets_a_new_one_at_once(box: Box, step: str, end: str) -> None:
    box.on(step, "250 fine", "250 fine", end)
    with closing(relay_at(mail_config(box.port))) as smtp_client:
        for name in "abcd":
            assert smtp_client.hand_over(f"{name}@moth.example", MESSAGE)
    assert [address[0] for address in box.recipients] == list("abcd") and box.connections == 2


def test_a_relay_that_ends_the_new_one_too_is_left_alone(box: Box) -> None:
    box.on("MAIL", "250 fine", "421 4.7.0 busy", "421 4.7.0 busy")
    with closing(relay_at(mail_config(box.port))) as smtp_client:
        assert smtp_client.hand_over("a@moth.example", MESSAGE)
        assert vars(failure_of(smtp_client, "b@moth.example")) == vars(RetryLater(RETRY_SECONDS, "421 4.7.0"))
    assert box.connections == 2


def test_a_relay_that_hangs_up_after_the_message_leaves_the_outcome_unknown(box: Box) -> None:
    box.on("DATA", HANG_UP)
    with closing(relay_at(mail_config(box.port))) as smtp_client:
        assert isinstance(failure_of(smtp_client, "a@moth.example"), OutcomeUnknown)
        assert smtp_client.hand_over("b@moth.example", MESSAGE)
    assert box.recipients == ["a@moth.example", "b@moth.example"]


def test_a_relay_that_cannot_reset_gets_a_new_connection(box: Box) -> None:
    box.on("RCPT", "550 5.1.1 none", "550 5.1.1 none")
    box.on("RSET", "500 what?", HANG_UP)
    with closing(relay_at(mail_config(box.port))) as smtp_client:
        for name in "ab":
            assert isinstance(failure_of(smtp_client, f"{name}@moth.example"), Rejected)
        smtp_client.hand_over("c@moth.example", MESSAGE)
    assert (box.recipients, box.connections) == (["c@moth.example"], 3)


def test_a_reply_to_a_message_that_is_none_leaves_the_outcome_unknown(box: Box) -> None:
    box.on("DATA", "what?")
    with closing(relay_at(mail_config(box.port))) as smtp_client:
        assert isinstance(failure_of(smtp_client, "a@moth.example"), OutcomeUnknown)


def test_only_the_message_that_is_too_large_is_refused() -> None:
    with serving(data_size_limit=100) as box, closing(relay_at(mail_config(box.port))) as smtp_client:
        assert vars(failure_of(smtp_client, "a@moth.example", b"x" * 200)) == vars(Rejected("552 after DATA"))
        assert smtp_client.hand_over("a@moth.example", MESSAGE)


def test_dots_at_the_start_of_lines_are_doubled() -> None:
    assert dot_stuffed(b".a\r\n.\r\nb") == b"..a\r\n..\r\nb\r\n.\r\n"
    assert dot_stuffed(b"a\r\n") == b"a\r\n.\r\n"


# ---- encryption and passwords --------------------------------------------------------------------------


def test_starttls_with_a_checked_certificate(server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> None:
    with serving(server_context, require_starttls=True, password="hush") as box:
        config = mail_config(box.port, relay=HOST, user="papers", password="hush")
        with closing(relay_at(config, client_context)) as smtp_client:
            assert smtp_client.hand_over("a@moth.example", MESSAGE)
    [mail] = box.mails
    assert mail.secure and mail.user == "papers" and mail.data == MESSAGE


@pytest.mark.parametrize("options", [{"require_starttls": True}, {"auth_require_tls": True}], ids=["mail", "login"])
def test_a_relay_on_this_machine_may_demand_starttls_with_any_certificate(
    server_context: ssl.SSLContext, options: dict[str, bool]
) -> None:
    with serving(server_context, password="hush", **options) as box:
        config = mail_config(box.port, user="papers", password="hush")
        with closing(SmtpClient(config)) as smtp_client:
            assert smtp_client.hand_over("a@moth.example", MESSAGE)
    [mail] = box.mails
    assert mail.secure and mail.user == "papers" and mail.data == MESSAGE


def test_a_relay_on_this_machine_may_do_without_tls(server_context: ssl.SSLContext) -> None:
    with serving(server_context) as box:
        box.on("STARTTLS", "454 4.7.0 TLS not available")
        for name in ("a@moth.example", "b@moth.example"):  # the second one with TLS
            with closing(SmtpClient(mail_config(box.port))) as smtp_client:
                assert smtp_client.hand_over(name, MESSAGE)
    assert [mail.secure for mail in box.mails] == [False, True]


def test_tls_from_the_start(server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> None:
    with serving(server_context, implicit=True) as box:
        config = mail_config(box.port, relay=HOST, tls="implicit")
        with closing(relay_at(config, client_context)) as smtp_client:
            assert smtp_client.hand_over("a@moth.example", MESSAGE)
    assert box.recipients == ["a@moth.example"]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_relay_with_another_name_or_authority_gets_nothing(server_context: ssl.SSLContext, tls: str) -> None:
    trusting_context = ssl.create_default_context(cafile=data("net", "paper.example.pem"))
    with serving(server_context, implicit=tls == "implicit") as box:
        for relay, context in ((HOST, None), ("elsewhere.example", trusting_context)):
            smtp_client = relay_at(mail_config(box.port, relay=relay, tls=tls), context)
            assert "certificate verify failed" in error_of(smtp_client).lower()
    assert not box.mails


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("sent", STALLS.values(), ids=STALLS)
def test_a_relay_whose_handshake_never_ends(tls: str, sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "REPLY", PATIENCE)
    greetings = [b"220 tea\r\n250-tea\r\n250 STARTTLS\r\n220 go on\r\n"] if tls == "starttls" else []
    with stalling(iter([*greetings, *(bytes([byte]) for byte in sent)])) as port:
        began = time.monotonic()
        assert error_of(relay_at(mail_config(port, relay=HOST, tls=tls))).endswith("timed out")
        assert time.monotonic() - began < len(RECORD) * PATIENCE / 20, "long before all was sent"


def test_nothing_goes_to_another_machine_unencrypted(box: Box) -> None:
    smtp_client = relay_at(mail_config(box.port, relay=HOST))
    assert error_of(smtp_client) == f"{HOST}, port {box.port}: does not offer STARTTLS; mail is never sent unencrypted"


@pytest.mark.parametrize("excluded", [["LOGIN"], ["PLAIN"]], ids=["PLAIN", "LOGIN"])
def test_a_password_may_have_any_letters(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, excluded: list[str]
) -> None:
    with serving(server_context, password="grün-и-ключ", auth_exclude_mechanism=excluded) as box:
        config = mail_config(box.port, relay=HOST, user="papers", password="grün-и-ключ")
        with closing(relay_at(config, client_context)) as smtp_client:
            assert smtp_client.hand_over("a@moth.example", MESSAGE)
        client_with_wrong_password = relay_at(
            mail_config(box.port, relay=HOST, user="papers", password="grün"), client_context
        )
        assert error_of(client_with_wrong_password).endswith("does not accept this user and password (535)")
    assert [mail.user for mail in box.mails] == ["papers"]


def test_a_relay_without_a_login_by_password_is_told(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    with serving(server_context, password="hush", auth_exclude_mechanism=["LOGIN", "PLAIN"]) as box:
        config = mail_config(box.port, relay=HOST, user="papers", password="hush")
        assert error_of(relay_at(config, client_context)).endswith("does not offer to log in by PLAIN or LOGIN")


def test_a_wrong_password_is_not_repeated(server_context: ssl.SSLContext, client_context: ssl.SSLContext) -> None:
    with serving(server_context, password="right") as box:
        smtp_client = relay_at(mail_config(box.port, relay=HOST, user="papers", password="wrong-hush"), client_context)
        message = error_of(smtp_client)
    assert message == f"{HOST}, port {box.port}: does not accept this user and password (535)"


# ---- servers that are not relays -----------------------------------------------------------------------


@contextmanager
def serving_lines(*lines: bytes) -> Iterator[int]:
    """A server that sends these lines, whatever it receives; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.settimeout(5)
                for line in lines:
                    connection.sendall(line)
                    if not line or not connection.recv(4096):
                        return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((b"",), "closed the connection or gave an invalid reply"),
        ((b"HTTP/1.1 400 Bad Request\r\n",), "closed the connection or gave an invalid reply"),
        ((b"220 " + b"x" * 5000 + b"\r\n",), "closed the connection or gave an invalid reply"),
        ((b"220-x\r\n" * 101,), "gave an endless reply"),
        ((b"554 go away \x1b[31m now\r\n",), "554 go away [31m now"),
        ((b"220 fine\r\n", b"500 what?\r\n", b"500 what?\r\n"), "500 what?"),
    ],
    ids=range(6),
)
def test_a_server_that_is_no_relay(lines: tuple[bytes, ...], message: str) -> None:
    with serving_lines(*lines) as port:
        assert error_of(SmtpClient(mail_config(port))).endswith(message)


HELLO = b"220 hi\r\n", b"250-hi\r\n250 AUTH PLAIN login\r\n"


@pytest.mark.parametrize(
    "replies",
    [(b"334 \r\n", b"235 welcome\r\n"), (b"504 not this way\r\n", b"334 \r\n", b"334 \r\n", b"235 welcome\r\n")],
)
def test_a_relay_may_ask_for_the_password_again_or_want_another_way(replies: tuple[bytes, ...]) -> None:
    with serving_lines(*HELLO, *replies, b"221 bye\r\n") as port:
        client = SmtpClient(mail_config(port, user="papers", password="hush"))
        client.ready()
        client.close()


def test_a_relay_that_closes_after_a_refusal_has_refused() -> None:
    with serving_lines(*HELLO, b"535 wrong\r\n") as port:
        assert error_of(SmtpClient(mail_config(port, user="papers", password="hush"))).endswith("(535)")


def test_a_relay_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert "refused" in error_of(SmtpClient(mail_config(port))).lower()
    smtp_client = SmtpClient(mail_config(port), dial=_no_dial)
    assert error_of(smtp_client) == f"127.0.0.1, port {port}: OSError"
    smtp_client.close()


def _no_dial(address: tuple[str, int], timeout: float) -> socket.socket:
    raise OSError


def test_a_closed_connection_is_deferred(box: Box) -> None:
    smtp_client = relay_at(mail_config(box.port))
    smtp_client.ready()
    connection = smtp_client._connection
    assert connection is not None
    connection.close()
    assert isinstance(failure_of(smtp_client, "a@moth.example"), RetryLater)
    assert smtp_client.hand_over("a@moth.example", MESSAGE)
    smtp_client.close()
