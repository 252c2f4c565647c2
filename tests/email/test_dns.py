"""The DNS client against a server on loopback, and against answers that are none."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.deliver.email import dns
from hotpapers.deliver.email.dns import DnsResolver, question, read_answer, server_of, system_servers
from hotpapers.errors import NetError, UsageError
from tests.email.nameserver import NameServer, Spoil, naming

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
    with naming(ZONE) as running:
        yield running


def resolver(server: NameServer, wait: float = 5.0) -> DnsResolver:
    return DnsResolver([("127.0.0.1", server.port)], wait)


def test_what_a_name_says(server: NameServer) -> None:
    asked = resolver(server)
    assert asked.texts("owls.example") == ("v=spf1 -all", "x" * 600 + "ä")
    assert asked.texts("OWLS.example.") == asked.texts("owls.example")
    assert asked.addresses("owls.example") == ("192.0.2.1", "192.0.2.2", "2001:db8::1")
    assert asked.exchangers("owls.example") == ("mail.owls.example", "")


def test_what_is_not_there_says_nothing(server: NameServer) -> None:
    assert resolver(server).texts("empty.owls.example") == () == resolver(server).texts("none.owls.example")


def test_what_is_too_large_for_a_datagram_comes_by_tcp(server: NameServer) -> None:
    assert resolver(server).texts("large.owls.example") == ("y" * 3000,)
    assert [one.way for one in server.asked] == ["udp", "tcp"]


def test_an_answer_to_something_else_is_passed_over(server: NameServer) -> None:
    server.spoil = lambda answer: [b"", bytes([answer[0] ^ 1]) + answer[1:], answer]
    assert resolver(server).texts("owls.example")[0] == "v=spf1 -all"


SPOILED: dict[str, tuple[Spoil, str]] = {
    "silence": (lambda answer: [], "timed out"),
    "failure": (lambda answer: [answer[:3] + b"\x82" + answer[4:]], "answered with code 2"),
    "half": (lambda answer: [answer[: len(answer) // 2]], "an answer that"),
    "a question": (lambda answer: [answer[:2] + b"\x01" + answer[3:]], "an answer to something else"),
    "another name": (lambda answer: [answer.replace(b"owls", b"cats")], "an answer to something else"),
}


@pytest.mark.parametrize("what", SPOILED)
def test_a_server_that_does_not_answer(server: NameServer, what: str) -> None:
    server.spoil, said = SPOILED[what]
    with pytest.raises(NetError, match=f"^owls.example: its records cannot be read: {said}"):
        resolver(server, 0.05).texts("owls.example")
    assert len(server.asked) == dns.TRIES


def test_a_server_that_babbles_is_not_heard_for_ever(server: NameServer) -> None:
    server.spoil = lambda answer: [b"??"] * 50
    with pytest.raises(NetError, match="no answer"):
        resolver(server, 0.0).texts("owls.example")


def test_another_server_is_asked(server: NameServer) -> None:
    asked = DnsResolver([("127.0.0.1", 1), ("127.0.0.1", server.port)], 0.2)
    assert asked.addresses("owls.example")[0] == "192.0.2.1"


def test_tcp_that_breaks_off(server: NameServer) -> None:
    server.most = 0
    server.broken = True
    with pytest.raises(NetError, match="cannot be read"):
        resolver(server, 0.2).texts("owls.example")
    server.tcp.close()
    with pytest.raises(NetError, match="cannot be read"):
        resolver(server, 0.2).texts("owls.example")


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64 + ".example", "a." * 130, "ä.example"])
def test_what_is_no_name_is_not_asked(name: str) -> None:
    with pytest.raises(NetError, match="cannot be read"):
        DnsResolver([("127.0.0.1", 1)], 0.1).texts(name)


# ---- the wire ------------------------------------------------------------------------------------------

ASKED = question(7, "owls.example", dns.TXT)
HEAD = struct.pack("!6H", 7, 0x8180, 1, 1, 0, 0) + ASKED[12 : 12 + 18]


def record(kind: int, value: bytes, name: bytes = b"\xc0\x0c", size: int | None = None) -> bytes:
    return name + struct.pack("!HHIH", kind, 1, 0, len(value) if size is None else size) + value


@pytest.mark.parametrize(
    "data",
    [
        b"", ASKED, HEAD, HEAD + record(16, b"\x05ab", size=900), HEAD + record(1, b"abc"), HEAD + record(28, b"abc"),
        HEAD + record(16, b"", name=b"\xc0\x1e"), HEAD + record(16, b"", name=b"\x40"), HEAD + b"\x01a" * 300,
        HEAD + record(15, b"\0\x0a\xc0"), HEAD + record(15, b""), HEAD + b"\xc0",
    ],
    ids=range(12),
)  # fmt: skip
def test_an_answer_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"answer|name|address"):
        for kind in (dns.TXT, dns.A, dns.AAAA, dns.MX):
            read_answer(data, ASKED, kind)


@given(st.binary(max_size=200), st.sampled_from([dns.TXT, dns.A, dns.AAAA, dns.MX]))
def test_any_answer_is_read_or_refused(data: bytes, kind: int) -> None:
    for whole in (data, HEAD + data, HEAD[:6] + b"\xff\xff" + HEAD[8:] + data):
        try:
            found = read_answer(whole, ASKED, kind)
        except ValueError:
            continue
        assert all(isinstance(value, str) for value in found.values)


# ---- which servers -------------------------------------------------------------------------------------


def test_the_resolvers_of_this_machine(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("# comment\nsearch example\nnameserver 192.0.2.53\nnameserver 2001:db8::53\nnameserver\n")
    assert system_servers(file) == (("192.0.2.53", 53), ("2001:db8::53", 53))
    assert system_servers(tmp_path / "none") == (("127.0.0.1", 53),)
    assert DnsResolver()._servers


def test_a_resolver_as_people_write_it() -> None:
    assert server_of("9.9.9.9") == ("9.9.9.9", 53)
    assert server_of("127.0.0.1:5353") == ("127.0.0.1", 5353)
    assert server_of("::1") == ("::1", 53) and server_of("[::1]:54") == ("::1", 54)
    for wrong in ("", "dns.example", "127.0.0.1:x", "1.2.3"):
        with pytest.raises(UsageError, match=r"no resolver; write its IP address, such as 127\.0\.0\.1:53"):
            server_of(wrong)


def test_a_resolver_may_have_a_newer_address() -> None:
    with pytest.raises(NetError):
        DnsResolver([("::1", 1)], 0.1).texts("owls.example")
