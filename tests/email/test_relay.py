"""The relay: a real server on loopback, in the open, by STARTTLS and encrypted from the start; and its faults."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from hotpapers.deliver.email import smtp as relays
from hotpapers.deliver.email.smtp import SmtpClient, dotted
from hotpapers.deliver.email.smtp_replies import Accepted, Deferred, OutcomeUnknown, Rejected
from hotpapers.errors import RetryLater
from tests.conftest import data
from tests.email.made import office, relay_at
from tests.email.server import HANG_UP, Box, serving

LETTER = b"Subject: x\r\n\r\nHello\r\n.\r\n..two\r\n"
HOST = "paper.example"


@pytest.fixture
def of_server() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(data("net", "paper.example.pem"))
    return context


@pytest.fixture
def of_client() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=data("net", "paper.example.pem"))


@pytest.fixture
def box() -> Iterator[Box]:
    with serving() as running:
        yield running


@contextmanager
def closing(made: SmtpClient) -> Iterator[SmtpClient]:
    try:
        yield made
    finally:
        made.close()


def why(made: SmtpClient) -> str:
    """Why a relay cannot be used."""
    with pytest.raises(RetryLater) as caught:
        made.ready()
    assert caught.value.seconds == relays.AGAIN
    return caught.value.reason


# ---- letters -------------------------------------------------------------------------------------------


def test_letters_arrive_as_they_are_over_one_connection(box: Box) -> None:
    with closing(relay_at(office(box.port, bounces="bounces@owls.example"))) as made:
        assert made.hand_over("a@moth.example", LETTER) == Accepted("250 2.0.0 queued as 1")
        assert made.hand_over("b@moth.example", LETTER) == Accepted("250 2.0.0 queued as 2")
    assert [one.data for one in box.mails] == [LETTER, LETTER]
    assert box.recipients == ["a@moth.example", "b@moth.example"]
    assert {one.sender for one in box.mails} == {"bounces@owls.example"}
    assert box.connections == 1


def test_a_connection_carries_so_many_letters(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "LETTERS", 2)
    with closing(relay_at(office(box.port))) as made:
        for n in range(5):
            made.hand_over(f"a{n}@moth.example", LETTER)
    assert (len(box.mails), box.connections) == (5, 3)


def test_what_is_refused_disturbs_no_other(box: Box) -> None:
    box.on("b@moth.example", "550 5.1.1 no such user")
    box.on("c@moth.example", "450 4.2.1 not now")
    box.on("DATA", "250 fine", "554 5.7.1 spam")
    with closing(relay_at(office(box.port))) as made:
        found = [made.hand_over(f"{name}@moth.example", LETTER) for name in "abcde"]
    assert found == [
        Accepted("250 fine"), Rejected("550 5.1.1", gone=True), Deferred("450 4.2.1"), Rejected("554 5.7.1"),
        Accepted("250 2.0.0 queued as 2"),
    ]  # fmt: skip
    assert box.recipients == ["a@moth.example", "e@moth.example"] and box.connections == 1


def test_what_is_said_of_us_ends_the_connection(box: Box) -> None:
    box.on("MAIL", "550 5.7.1 we do not know you")
    with closing(relay_at(office(box.port))) as made:
        assert made.hand_over("a@moth.example", LETTER) == Deferred("550 5.7.1", everybody=True)
        assert isinstance(made.hand_over("a@moth.example", LETTER), Accepted)
    assert box.connections == 2


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "BEGIN"])
def test_a_relay_that_hangs_up_before_the_letter_does_not_have_it(box: Box, step: str) -> None:
    box.on(step, HANG_UP)
    with closing(relay_at(office(box.port))) as made:
        outcome = made.hand_over("a@moth.example", LETTER)
        assert isinstance(outcome, Deferred) and outcome.everybody
        assert isinstance(made.hand_over("a@moth.example", LETTER), Accepted)
    assert len(box.mails) == 1


def test_of_a_relay_that_hangs_up_after_the_letter_nobody_knows(box: Box) -> None:
    box.on("DATA", HANG_UP)
    with closing(relay_at(office(box.port))) as made:
        assert isinstance(made.hand_over("a@moth.example", LETTER), OutcomeUnknown)
        assert isinstance(made.hand_over("b@moth.example", LETTER), Accepted)
    assert box.recipients == ["a@moth.example", "b@moth.example"]


def test_a_relay_that_cannot_begin_anew_is_left(box: Box) -> None:
    box.on("RCPT", "550 5.1.1 none", "550 5.1.1 none")
    box.on("RSET", "500 what?", HANG_UP)
    with closing(relay_at(office(box.port))) as made:
        for name in "abc":
            made.hand_over(f"{name}@moth.example", LETTER)
    assert (box.recipients, box.connections) == (["c@moth.example"], 3)


def test_a_relay_that_slept_is_asked_whether_it_is_there(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "IDLE", 0.0)
    box.on("NOOP", "250 fine", "421 closing", HANG_UP)
    with closing(relay_at(office(box.port))) as made:
        for n in range(4):
            assert isinstance(made.hand_over(f"a{n}@moth.example", LETTER), Accepted)
    assert box.connections == 3


def test_a_letter_that_is_too_large_is_refused_alone() -> None:
    with serving(data_size_limit=100) as box, closing(relay_at(office(box.port))) as made:
        assert made.hand_over("a@moth.example", b"x" * 200) == Rejected("552")
        assert isinstance(made.hand_over("a@moth.example", LETTER), Accepted)


def test_dots_at_the_start_of_lines_are_doubled() -> None:
    assert dotted(b".a\r\n.\r\nb") == b"..a\r\n..\r\nb\r\n.\r\n"
    assert dotted(b"a\r\n") == b"a\r\n.\r\n"


# ---- encryption and passwords --------------------------------------------------------------------------


def test_starttls_with_a_checked_certificate(of_server: ssl.SSLContext, of_client: ssl.SSLContext) -> None:
    with serving(of_server, require_starttls=True, password="hush") as box:
        there = office(box.port, relay=HOST, user="papers", password="hush")
        with closing(relay_at(there, of_client)) as made:
            assert isinstance(made.hand_over("a@moth.example", LETTER), Accepted)
    [mail] = box.mails
    assert mail.secure and mail.user == "papers" and mail.data == LETTER


def test_tls_from_the_start(of_server: ssl.SSLContext, of_client: ssl.SSLContext) -> None:
    with serving(of_server, implicit=True) as box:
        there = office(box.port, relay=HOST, tls="implicit")
        with closing(relay_at(there, of_client)) as made:
            assert isinstance(made.hand_over("a@moth.example", LETTER), Accepted)
    assert box.recipients == ["a@moth.example"]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_relay_with_another_name_or_authority_gets_nothing(of_server: ssl.SSLContext, tls: str) -> None:
    trusting = ssl.create_default_context(cafile=data("net", "paper.example.pem"))
    with serving(of_server, implicit=tls == "implicit") as box:
        for relay, context in ((HOST, None), ("elsewhere.example", trusting)):
            made = relay_at(office(box.port, relay=relay, tls=tls), context)
            assert "certificate verify failed" in why(made).lower()
    assert not box.mails


def test_in_the_open_nothing_goes_to_another_machine(box: Box) -> None:
    made = relay_at(office(box.port, relay=HOST))
    assert why(made) == f"{HOST}, port {box.port}: offers no STARTTLS, and in the open no letter is sent"


def test_a_wrong_password_is_not_told(of_server: ssl.SSLContext, of_client: ssl.SSLContext) -> None:
    with serving(of_server, password="right") as box:
        made = relay_at(office(box.port, relay=HOST, user="papers", password="wrong-hush"), of_client)
        said = why(made)
    assert said == f"{HOST}, port {box.port}: does not accept user and password (535)"


# ---- relays that are none ------------------------------------------------------------------------------


@contextmanager
def saying(*lines: bytes) -> Iterator[int]:
    """A server that says these lines, whatever it hears; its port."""
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
    ("lines", "said"),
    [
        ((b"",), "broke off, or gave a reply that is none"),
        ((b"HTTP/1.1 400 Bad Request\r\n",), "broke off, or gave a reply that is none"),
        ((b"220 " + b"x" * 5000 + b"\r\n",), "broke off, or gave a reply that is none"),
        ((b"220-x\r\n" * 101,), "gave a reply that does not end"),
        ((b"554 go away \x1b[31m now\r\n",), "554 go away [31m now"),
        ((b"220 fine\r\n", b"500 what?\r\n", b"500 what?\r\n"), "500 what?"),
    ],
    ids=range(6),
)
def test_a_relay_that_speaks_another_language(lines: tuple[bytes, ...], said: str) -> None:
    with saying(*lines) as port:
        assert why(SmtpClient(office(port))).endswith(said)


def test_a_relay_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert "refused" in why(SmtpClient(office(port))).lower()
    made = SmtpClient(office(port), dial=_no_dial)
    assert why(made) == f"127.0.0.1, port {port}: OSError"
    made.close()


def _no_dial(address: tuple[str, int], timeout: float) -> socket.socket:
    raise OSError


def test_a_connection_that_is_closed_says_so(box: Box) -> None:
    made = relay_at(office(box.port))
    made.ready()
    connection = made._connection
    assert connection is not None
    connection.close()
    assert isinstance(made.hand_over("a@moth.example", LETTER), Deferred)
    assert isinstance(made.hand_over("a@moth.example", LETTER), Accepted)
    made.close()
