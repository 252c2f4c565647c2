"""Internal addresses are never requested, however they are written, unless a setting names them."""

from __future__ import annotations

import socket
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import NetError, RequestRefused, SettingsError
from hotpapers.base.http.address_guard import HTTP, AddressGuard, is_inside, onward_from, read_address
from tests.base.http.server import Server, answer, client

INSIDE = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.88.99.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "233.252.0.1", "240.0.0.1",
    "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::1",
    "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "128.84.21.199", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "192.167.0.1",
    "223.255.255.255", "2606:4700::6810:84e5", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_inside(address: str) -> None:
    assert is_inside(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_open(address: str) -> None:
    assert not is_inside(address)


@given(st.ip_addresses(v=4))
def test_an_address_is_as_inside_as_the_one_it_holds(address: Any) -> None:
    assert is_inside(f"::ffff:{address}") == is_inside(str(address))
    assert is_inside(f"64:ff9b::{address}") == is_inside(str(address))


# Each leads to 127.0.0.1 or to this machine; all are really resolved.
DISGUISES = [
    "127.0.0.1", "localhost", "LOCALHOST", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001",
    "127.1", "127.0.1", "0.0.0.0", "0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:0001]", "[::127.0.0.1]",
]  # fmt: skip


@pytest.mark.parametrize("host", DISGUISES)
def test_disguises_are_refused_before_anything_is_sent(host: str, server: Server) -> None:
    server.on("/", answer(200, b"inside"))
    with client() as http, pytest.raises(RequestRefused):
        http.get(f"http://{host}:{server.port}/")
    assert not server.requests


@pytest.mark.parametrize("host", [host for host in DISGUISES if host != "127.0.0.1"])
def test_naming_one_address_names_no_other(host: str, server: Server) -> None:
    server.on("/", answer(200, b"inside"))
    with client(server) as http, pytest.raises(RequestRefused):
        http.get(f"http://{host}:{server.port}/")
    assert not server.requests


def test_naming_a_host_names_one_port() -> None:
    with client(base_addresses=["http://127.0.0.1:1"]) as http, pytest.raises(RequestRefused, match="internal address"):
        http.get("http://127.0.0.1:2/")


def test_a_named_host_may_be_inside_for_every_scheme_of_its_port() -> None:
    guard = AddressGuard(
        ["http://localhost:8080/base", "wss://127.0.0.1/", "ws://[::1]:9/"], resolve=socket.getaddrinfo
    )
    assert "127.0.0.1" in guard.checked("localhost", 8080)
    assert guard.checked("127.0.0.1", 443) == ("127.0.0.1",)
    assert guard.checked("::1", 9) == ("::1",)
    for host, port in (("localhost", 80), ("127.0.0.1", 80), ("::1", 10)):
        with pytest.raises(RequestRefused):
            guard.checked(host, port)


@pytest.mark.parametrize("address", ["", "127.0.0.1", "ftp://host/", "http://", "http://[::1", "http:///path"])
def test_a_base_address_that_is_none(address: str) -> None:
    with pytest.raises(SettingsError):
        AddressGuard([address], resolve=socket.getaddrinfo)


def resolver_of(*addresses: str) -> Any:
    """A resolver that always gives the same answer."""

    def resolve(host: str, port: int, **more: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    return resolve


def test_one_inside_address_among_others_refuses_the_name() -> None:
    guard = AddressGuard([], resolver_of("8.8.8.8", "10.0.0.1"))
    with pytest.raises(RequestRefused, match=r"10\.0\.0\.1"):
        guard.checked("two.example", 443)
    assert AddressGuard([], resolver_of("8.8.8.8", "8.8.8.8", "1.1.1.1")).checked("a.example", 80) == (
        "8.8.8.8",
        "1.1.1.1",
    )


def test_a_name_is_looked_up_once_and_that_answer_is_used(server: Server) -> None:
    """DNS rebinding: a second lookup would lead elsewhere, but there is none."""
    hosts: list[str] = []

    def resolve(host: str, port: int, **more: object) -> Any:
        hosts.append(host)
        return resolver_of("127.0.0.1" if len(hosts) == 1 else "10.9.9.9")(host, port)

    server.on("/", answer(200, b"here"))
    base = f"http://rebinding.example:{server.port}"
    with client(base_addresses=[base], resolve=resolve) as http:
        assert http.get(f"{base}/").body == b"here"
        assert http.get(f"{base}/").body == b"here"  # over the same connection
    assert hosts == ["rebinding.example"]
    assert server.requests[0].headers["host"] == f"rebinding.example:{server.port}"


def test_the_next_address_is_tried_when_one_does_not_answer(server: Server) -> None:
    server.on("/", answer(200, b"second"))
    base = f"http://two.example:{server.port}"
    with client(base_addresses=[base], resolve=resolver_of("127.0.0.2", "127.0.0.1")) as http:
        assert http.get(f"{base}/").body == b"second"


@pytest.mark.parametrize("resolver", [resolver_of(), None])
def test_a_name_without_address_is_tried_three_times(resolver: Any) -> None:
    hosts: list[str] = []

    def resolve(host: str, port: int, **more: object) -> Any:
        hosts.append(host)
        if resolver is None:
            raise socket.gaierror(-2, "Name or service not known")
        return resolver(host, port)

    with client(resolve=resolve) as http, pytest.raises(NetError, match="no address") as excinfo:
        http.get("https://nowhere.example/")
    assert not isinstance(excinfo.value, RequestRefused)
    assert len(hosts) == 3


@pytest.mark.parametrize("host", ["a..example", "." + "x" * 70 + ".example"])
def test_what_is_no_name_of_a_host(host: str) -> None:
    with pytest.raises(RequestRefused):
        AddressGuard([], resolve=socket.getaddrinfo).checked(host, 80)


# ---- as text -----------------------------------------------------------------------------------------

NO_ADDRESS = [
    "file:///etc/passwd", "ftp://host/", "gopher://host/", "data:text/plain,x", "javascript:alert(1)", "//host/",
    "/path", "http:///", "https://", "http://user@host/", "http://user:word@host/", "http://:word@host/",
    "http://host:99999999/", "http://host:x/", "http://[::1/", "ws://host/",
]  # fmt: skip


@pytest.mark.parametrize("text", ["", " ", "http://a\nb/", "http://a/\x00", "http://" + "a" * 70_000, *NO_ADDRESS])
def test_what_is_no_address_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(RequestRefused) as excinfo:
        read_address(text, HTTP)
    assert excinfo.value.reason == "not an http:// or https:// address without user and password"


@given(st.text(alphabet=st.sampled_from("http://s[]:@?#%.-\\ a1é\x7f中\ud800"), max_size=40))
def test_reading_an_address_raises_nothing_but_refused(text: str) -> None:
    for attempt in (text, f"http://{text}", f"https://a.example/{text}"):
        try:
            url = read_address(attempt, HTTP)
        except RequestRefused:
            continue
        assert url.scheme in HTTP and url.raw_host and not url.userinfo and not url.fragment


@given(st.text(alphabet=st.sampled_from("http://s[]:@?#%.-\\ a1é\x7f中\ud800/"), max_size=40))
def test_following_a_redirect_raises_nothing_but_ours(location: str) -> None:
    try:
        url = onward_from(httpx2.URL("https://a.example/b/c?d"), location)
    except NetError:
        return
    assert url.scheme == "https" and url.raw_host


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/x?y=1", "https://a.example/x?y=1"),
        ("x", "https://a.example/b/x"),
        ("//b.example/z", "https://b.example/z"),
        ("https://b.example:8443/#part", "https://b.example:8443/"),
        ("?q", "https://a.example/b/c?q"),
        ("/caf%C3%A9 au lait", "https://a.example/caf%C3%A9%20au%20lait"),
    ],
)
def test_where_redirects_lead(location: str, expected: str) -> None:
    assert str(onward_from(httpx2.URL("https://a.example/b/c?d"), location)) == expected
