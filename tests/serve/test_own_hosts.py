"""Names of the server and origins of pages: rebinding an own name to an inner address gains a page nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.settings import load
from hotpapers.base.settings.serve import ServeSettings, serve_problems
from hotpapers.serve.app import further_hosts, warn_of_proxy
from hotpapers.serve.own_hosts import OwnHosts, read_host
from tests.serve.asgi import fetch, get, scope_of
from tests.serve.conftest import ApiFactory

PUBLIC, PRIVATE = "https://papers.example/daily/", ""
OTHERS = ("papers.lan", "pages:8000", "[fd00::7]:80")
LOCAL = ["localhost", "LOCALHOST:3", "localhost.", "127.0.0.1", "127.0.0.1:8000", "127.8.9.10", "[::1]", "[::1]:8000",
         "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]"]  # fmt: skip
NAMED = ["papers.lan", "Papers.Lan", "papers.lan.", "papers.lan:8443", "pages", "pages:8000", "pages:1", "[fd00::7]",
         "[FD00:0::7]:9"]  # fmt: skip
BASE = ["papers.example", "PAPERS.example", "papers.example.", "papers.example:443", "papers.example:8000"]
ADDRESSES = ["192.168.1.5", "192.168.1.5:8000", "[fe80::1]", "10.0.0.1"]
WRONG = ["evil.example", "evil.example:8000", "papers.example.evil.example", "localhost.evil.example", "xpapers.lan",
         "127.0.0.1.evil.example", "papers.example..", ".", ":8000", "papers.example,evil.example", "papers.example/",
         "evil@papers.example", "[::1", "[evil.example]", "::1", "papers.example:99999x", "2130706433",
         "0x7f.1"]  # fmt: skip


@pytest.mark.parametrize("base", [PUBLIC, PRIVATE])
@pytest.mark.parametrize("listens_on", ["127.0.0.1", "::1", "0.0.0.0", "::", "192.168.1.5", "fe80::1%eth0"])
def test_hosts(base: str, listens_on: str) -> None:
    hosts, is_inside_only = OwnHosts(base, OTHERS, listens_on), listens_on in ("127.0.0.1", "::1")
    own = {*LOCAL, *NAMED, *(BASE if base else ()), *(() if is_inside_only else ADDRESSES)}
    for host in [*LOCAL, *NAMED, *BASE, *ADDRESSES, *WRONG]:
        refused = hosts.refusal(scope_of("/", headers={"host": host}))
        assert (refused is None) == (host in own), host
        assert refused is None or refused.status == 421
    assert hosts.refusal(scope_of("/")) is None, "browsers always name a host"


def test_addresses_in_messages_are_names_of_the_app(tmp_path: Path) -> None:
    file = tmp_path / "hotpapers.toml"
    file.write_text("""
[[publication]]
name = "daily"
title = "The Daily Dozen"
[mailing]
relay = "127.0.0.1"
address = "papers@owls.example"
base = "https://app.example/"
[[bluesky]]
publication = "daily"
account = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
password = "env:PASSWORD"
feed = "https://feeds.example"
""")
    assert {"app.example", "feeds.example"} <= set(further_hosts(load(file), ""))
    assert "pages.example" in further_hosts(load(file), "https://pages.example/daily/")


@pytest.mark.parametrize(
    ("origin", "host", "is_own"),
    [
        ("https://papers.example", "papers.example", True),
        ("https://papers.example", "pages:8000", True),
        ("https://papers.example:443", "pages:8000", True),
        ("https://PAPERS.example.", "127.0.0.1:8000", True),
        ("https://papers.example:8443", "pages:8000", False),
        ("http://papers.example", "pages:8000", False),
        ("http://papers.example", "papers.example", True),
        ("http://papers.lan", "pages:8000", True),
        ("https://papers.lan", "pages:8000", True),
        ("http://pages:8000", "papers.lan", True),
        ("http://pages", "papers.lan", False),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
        ("http://[::1]:8000", "[0::1]:8000", True),
        ("http://127.0.0.1:3000", "127.0.0.1:8000", False),
        ("http://localhost:8000", "127.0.0.1:8000", False),
        ("https://evil.example", "papers.example", False),
        ("https://papers.example.evil.example", "papers.example", False),
        ("https://papers.example@evil.example", "papers.example", False),
        ("https://papers.example/", "papers.example", False),
        ("file://papers.example", "papers.example", False),
        ("null", "papers.example", False),
        ("https://", "papers.example", False),
        ("https://papers.example, https://evil.example", "papers.example", False),
        ("https://papers.example", None, True),
        ("http://evil.example", None, False),
    ],
)
def test_origins(origin: str, host: str | None, is_own: bool) -> None:
    hosts = OwnHosts(PUBLIC, OTHERS, "127.0.0.1")
    refused = hosts.refusal(scope_of("/", headers={"origin": origin, **({"host": host} if host else {})}))
    assert (refused is None) == is_own
    assert refused is None or refused.status == 403


LABEL = st.text(st.sampled_from("abz09-"), min_size=1, max_size=8)
NAME = st.lists(LABEL, min_size=1, max_size=4).map(".".join)


@given(NAME, st.none() | st.integers(0, 99_999), st.booleans())
def test_a_page_is_answered_only_where_it_has_a_name_of_ours(name: str, port: int | None, dot: bool) -> None:
    """With its own name as host and origin, as after rebinding."""
    host = f"{name}{'.' * dot}{'' if port is None else f':{port}'}"
    scope = scope_of("/", headers={"host": host, "origin": f"http://{host}"})
    is_number = (parsed := read_host(host)) is not None and parsed.ip is not None
    assert is_number or OwnHosts(PUBLIC, OTHERS, "0.0.0.0").refusal(scope) is not None
    assert is_number or OwnHosts(PUBLIC, (name,), "127.0.0.1").refusal(scope) is None


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_headers_are_judged(host: str, origin: str) -> None:
    pairs = [("host", host.encode("utf-8").decode("latin-1")), ("origin", origin.encode("utf-8").decode("latin-1"))]
    refused = OwnHosts(PUBLIC, OTHERS, "127.0.0.1").refusal(scope_of("/", headers=pairs))
    assert refused is None or refused.status in (403, 421)


@pytest.mark.parametrize(
    ("base", "is_public"),
    [
        (PUBLIC, True), ("http://papers.example:8000/", True), ("https://bücher.example/", True),
        ("https://8.8.8.8/", True), ("https://[2606:4700::1]/", True), ("", False), ("http://localhost:8000/", False),
        ("http://127.0.0.1/", False), ("http://192.168.1.5/", False), ("http://[fd00::7]/", False),
        ("http://papers/", False), ("http://papers.lan/", False), ("http://papers.internal./", False),
    ],
)  # fmt: skip
def test_which_base_says_that_a_site_is_public(base: str, is_public: bool, make_api: ApiFactory) -> None:
    """Of another, no page of another site may read what the API answers."""
    app = make_api(base=base)
    for path, method in (("/api/v1/publications", "GET"), ("/api/v1/nothing", "GET"), ("/api/v1/status", "OPTIONS"),
                         ("/api/v1/openapi.json", "HEAD"), ("/api/v1", "GET")):  # fmt: skip
        for _ in range(2):  # the second time, it may be ready
            headers = get(app, path, method, headers={"host": "127.0.0.1"}).headers
            assert (headers.get("access-control-allow-origin") == "*") is is_public
            assert is_public or not [name for name in headers if name.startswith("access-control-")]
            assert headers["cross-origin-resource-policy"] == ("cross-origin" if is_public else "same-origin")


def test_a_name_of_any_letters_is_compared_as_dns_has_it() -> None:
    hosts = OwnHosts("https://bücher.example/", (), "127.0.0.1")
    assert hosts.refusal(scope_of("/", headers={"host": "xn--bcher-kva.example"})) is None


@pytest.mark.parametrize("path", ["/api/v1/publications", "/", "/2021-05-11/", "/nothing", "/api/v1/nothing"])
def test_a_public_site_is_read_by_any_name_and_another_by_its_own(make_api: ApiFactory, path: str) -> None:
    evil = {"host": "evil.example", "origin": "http://evil.example"}
    assert get(make_api(base=PUBLIC), path, headers=evil).status == get(make_api(base=PUBLIC), path).status
    for base in (PRIVATE, "http://papers.lan/"):
        app = make_api(base=base)
        for _ in range(2):
            assert get(app, path, headers={"host": "localhost"}).status in (200, 404)
            assert get(app, path, headers=evil).status == 421
            assert get(app, path, headers={**evil, "host": "localhost"}).status == 403
    refused = asyncio.run(fetch(app, scope_of(path, headers=evil)))
    if path.startswith("/api/"):
        assert refused.json["status"] == 421 and refused.headers["content-type"] == "application/problem+json"


# ---- the setting -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["papers.lan", "papers.lan:8000", "[fd00::7]", "[fd00::7]:80", "192.168.1.5", "pages"])
def test_the_setting_takes_names(host: str) -> None:
    assert not list(serve_problems(ServeSettings(hosts=(host,)))) and read_host(host)


@pytest.mark.parametrize("host", ["", "https://papers.lan", "papers.lan/", "*", "*.lan", "fd00::7", "a b", "me@a.lan"])
def test_the_setting_refuses_what_is_no_name(host: str) -> None:
    [(key, reason)] = serve_problems(ServeSettings(hosts=(host,)))
    assert key == "hosts" and "is no host; write papers.lan" in reason


@pytest.mark.parametrize(
    ("serve", "warns"),
    [
        (ServeSettings(proxies=1), True), (ServeSettings(proxies=1, hosts=("pages",)), False),
        (ServeSettings(proxies=1, base=PUBLIC), False), (ServeSettings(), False),
    ],
)  # fmt: skip
def test_who_has_a_proxy_and_no_name_is_warned(
    caplog: pytest.LogCaptureFixture, serve: ServeSettings, warns: bool
) -> None:
    warn_of_proxy(serve)
    assert ("Set base, or add the name to hosts" in caplog.text) == warns
