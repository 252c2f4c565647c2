"""DNS look-ups, against a server on loopback that also misbehaves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotpapers.deliver.email.dns import DnsResolver, server_of
from hotpapers.errors import NetError, UsageError
from tests.deliver.email.nameserver import AlterAnswer, NameServer, serving_dns

ZONE = {
    "owls.example": {
        "TXT": ["v=spf1 -all", "x" * 600 + "ä"], "A": ["192.0.2.1", "192.0.2.2"], "AAAA": ["2001:db8::1"],
        "MX": ["mail.owls.example", ""],
    },
    "empty.owls.example": {},
    "large.owls.example": {"TXT": ["y" * 3000]},
}  # fmt: skip


@pytest.fixture
def server() -> Iterator[NameServer]:
    with serving_dns(ZONE) as name_server:
        yield name_server


def resolver(server: NameServer, wait: float = 5.0) -> DnsResolver:
    return DnsResolver([("127.0.0.1", server.port)], wait)


def test_records_of_a_name(server: NameServer) -> None:
    dns = resolver(server)
    assert dns.texts("owls.example") == ("v=spf1 -all", "x" * 600 + "ä")
    assert dns.texts("OWLS.example.") == dns.texts("owls.example")
    assert dns.addresses("owls.example") == ("192.0.2.1", "192.0.2.2", "2001:db8::1")
    assert dns.exchangers("owls.example") == ("mail.owls.example", "")


def test_missing_records_are_empty(server: NameServer) -> None:
    assert resolver(server).texts("empty.owls.example") == () == resolver(server).texts("none.owls.example")


def test_answers_too_large_for_a_datagram_come_by_tcp(server: NameServer) -> None:
    assert resolver(server).texts("large.owls.example") == ("y" * 3000,)
    assert [query.transport for query in server.queries] == ["udp", "tcp"]


def test_an_answer_to_something_else_is_skipped(server: NameServer) -> None:
    server.alter = lambda answer: [b"", bytes([answer[0] ^ 1]) + answer[1:], answer]
    assert resolver(server).texts("owls.example")[0] == "v=spf1 -all"


ALTERED: dict[str, AlterAnswer] = {
    "silence": lambda answer: [],
    "failure": lambda answer: [answer[:3] + b"\x82" + answer[4:]],
    "half": lambda answer: [answer[: len(answer) // 2]],
    "a question": lambda answer: [answer[:2] + b"\x01" + answer[3:]],
    "another name": lambda answer: [answer.replace(b"owls", b"cats")],
    "babble": lambda answer: [b"??"] * 50,
}


@pytest.mark.parametrize("case", ALTERED)
def test_a_server_that_does_not_answer(server: NameServer, case: str) -> None:
    server.alter = ALTERED[case]
    with pytest.raises(NetError, match=r"^owls\.example: its records cannot be read: ."):
        resolver(server, 0.05).texts("owls.example")


def test_the_next_server_is_queried(server: NameServer) -> None:
    dns = DnsResolver([("127.0.0.1", 1), ("127.0.0.1", server.port)], 0.2)
    assert dns.addresses("owls.example")[0] == "192.0.2.1"


def test_tcp_that_is_cut_off(server: NameServer) -> None:
    server.largest = 0
    server.cut_off = True
    with pytest.raises(NetError, match="cannot be read"):
        resolver(server, 0.2).texts("owls.example")
    server.tcp.close()
    with pytest.raises(NetError, match="cannot be read"):
        resolver(server, 0.2).texts("owls.example")


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64 + ".example", "a." * 130, "ä.example"])
def test_an_invalid_name_is_not_looked_up(name: str) -> None:
    with pytest.raises(NetError, match="cannot be read"):
        DnsResolver([("127.0.0.1", 1)], 0.1).texts(name)


# ---- which servers -------------------------------------------------------------------------------------


def test_a_resolver_as_people_write_it() -> None:
    assert server_of("9.9.9.9") == ("9.9.9.9", 53)
    assert server_of("127.0.0.1:5353") == ("127.0.0.1", 5353)
    assert server_of("::1") == ("::1", 53) and server_of("[::1]:54") == ("::1", 54)
    for wrong_text in ("", "dns.example", "127.0.0.1:x", "1.2.3", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:0"):
        with pytest.raises(UsageError, match=r"not a resolver; write its IP address, such as 127\.0\.0\.1:53"):
            server_of(wrong_text)


def test_a_resolver_may_have_a_newer_address() -> None:
    with pytest.raises(NetError):
        DnsResolver([("::1", 1)], 0.1).texts("owls.example")
