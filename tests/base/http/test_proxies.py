"""Requests through a real proxy, which alone knows where names lead: pages, forms, lines, websockets, and refusals."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.sync.server import ServerConnection
from websockets.sync.server import serve as serve_websocket

from hotpapers.base.errors import NetError, RequestRefused, SettingsError
from hotpapers.base.http import PoliteHttpClient
from hotpapers.base.http.proxies import FROM_SETTINGS, Proxies
from hotpapers.base.http.redact_errors import hosts_alone
from hotpapers.wings.check.settings_trial import try_settings
from tests.base.http.proxy import RunningProxy, running_proxy
from tests.base.http.server import Server, answer, client, request_error, serving
from tests.base.http.test_streams import running_server
from tests.cli.run import run
from tests.conftest import data

LOGIN = "reading-room:pass-wort-9"
CERTIFICATE = str(data("net", "paper.example.pem"))


def no_names(*_: object, **__: object) -> Any:
    """A machine that looks up nothing but the address of the proxy."""
    if _[0] != "127.0.0.1":
        raise AssertionError(f"{_[0]} was looked up here")
    return [(2, 1, 6, "", ("127.0.0.1", _[1]))]


def through(port: int, *, login: str = "", scheme: str = "http", **more: Any) -> PoliteHttpClient:
    """A client of a proxy, which cannot look up names itself."""
    user = f"{login}@" if login else ""
    proxies = Proxies.configured("", {"HTTPS_PROXY": f"{scheme}://{user}127.0.0.1:{port}", "http_proxy": ""})
    proxies = proxies._replace(http=proxies.https)
    return client(proxies=proxies, resolve=no_names, context=ssl.create_default_context(cafile=CERTIFICATE), **more)


@pytest.fixture(scope="module")
def proxy() -> Iterator[RunningProxy]:
    with running_proxy(login=LOGIN) as running:
        yield running


@pytest.fixture(scope="module")
def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


@pytest.fixture
def tls_server(server_context: ssl.SSLContext) -> Iterator[Server]:
    with serving(server_context) as server:
        yield server


def test_a_page_a_form_and_lines_over_tls(proxy: RunningProxy, tls_server: Server) -> None:
    tls_server.on("/", answer(200, b"a page"))
    tls_server.on("/lines", answer(200, b"one\ntwo\n"))
    base = f"https://paper.example:{tls_server.port}"
    with through(proxy.port, login=LOGIN) as http:
        assert http.get(f"{base}/").body == b"a page"
        assert http.post(f"{base}/", form={"a": "1"}).body == b"a page"
        assert list(http.lines(f"{base}/lines")) == [b"one", b"two"]
    assert f"CONNECT paper.example:{tls_server.port}" in proxy.requests
    for request in tls_server.requests:
        assert "proxy-authorization" not in request.headers, "the proxy's password is not for servers"


def test_a_plain_page_is_asked_of_the_proxy(proxy: RunningProxy, server: Server) -> None:
    server.on("/page", answer(200, b"plain"))
    with through(proxy.port, login=LOGIN) as http:
        assert http.get(f"http://paper.example:{server.port}/page").body == b"plain"
    assert server.requests[0].headers["host"] == f"paper.example:{server.port}"
    assert "proxy-authorization" not in server.requests[0].headers


def echo(connection: ServerConnection) -> None:
    connection.send("first")
    connection.send("second")


@pytest.mark.parametrize("is_encrypted", [True, False])
def test_a_websocket(proxy: RunningProxy, server_context: ssl.SSLContext, *, is_encrypted: bool) -> None:
    context = server_context if is_encrypted else None
    with (
        running_server(serve_websocket(echo, "127.0.0.1", 0, ssl=context)) as port,
        through(proxy.port, login=LOGIN) as http,
    ):
        stream = http.messages(f"{'wss' if is_encrypted else 'ws'}://paper.example:{port}/")
        assert [next(stream), next(stream)] == [b"first", b"second"]
        stream.close()  # type: ignore[attr-defined]


def test_a_proxy_that_is_itself_asked_over_tls(server_context: ssl.SSLContext, tls_server: Server) -> None:
    def names(host: str, port: int, **_: object) -> Any:
        assert host == "mirror.example", "only the proxy is looked up here"
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    tls_server.on("/", answer(200, b"a page"))
    with (
        running_proxy(CERTIFICATE) as proxy,
        running_server(serve_websocket(echo, "127.0.0.1", 0, ssl=server_context)) as port,
    ):
        proxies = Proxies.configured(f"https://mirror.example:{proxy.port}", {})
        context = ssl.create_default_context(cafile=CERTIFICATE)
        with client(proxies=proxies, resolve=names, context=context) as http:
            assert http.get(f"https://paper.example:{tls_server.port}/").body == b"a page"
            stream = http.messages(f"wss://paper.example:{port}/")
            assert next(stream) == b"first"
            stream.close()  # type: ignore[attr-defined]


# ---- what is refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["10.0.0.1", "[fd00::1]", "2130706433", "0x7f.1", "intranet", "printer.local", "db.internal", "169.254.169.254"],
)
def test_inside_names_are_refused_before_the_proxy_hears_of_them(proxy: RunningProxy, host: str) -> None:
    before = len(proxy.requests)
    with through(proxy.port, login=LOGIN) as http:
        for scheme in ("https", "http"):
            assert isinstance(request_error(http, f"{scheme}://{host}/"), RequestRefused)
        with pytest.raises(RequestRefused):
            next(http.messages(f"wss://{host}/"))
    assert len(proxy.requests) == before


def test_a_redirect_cannot_lead_inside_through_the_proxy(proxy: RunningProxy, tls_server: Server) -> None:
    tls_server.on("/", answer(302, location="https://10.0.0.1/"))
    with through(proxy.port, login=LOGIN) as http:
        problem = request_error(http, f"https://paper.example:{tls_server.port}/")
    assert isinstance(problem, RequestRefused) and "internal" in str(problem)


def test_an_own_host_inside_is_reached_through_the_proxy(proxy: RunningProxy, server: Server) -> None:
    server.on("/", answer(200, b"own"))
    base = f"http://papers.internal:{server.port}"
    with through(proxy.port, login=LOGIN, base_addresses=[base]) as http:
        assert http.get(f"{base}/").body == b"own"


@pytest.mark.parametrize(
    ("host", "login", "reason", "is_refusal"),
    [
        ("refused.example", LOGIN, "the proxy answered 403 Forbidden", True),
        ("gone.example", LOGIN, "the proxy answered 502 Bad Gateway", False),
        ("paper.example", "reading-room:wrong-pass", "the proxy answered 407 Proxy Authentication Required", True),
    ],
)
def test_a_proxy_that_opens_no_connection(
    proxy: RunningProxy, host: str, login: str, reason: str, *, is_refusal: bool
) -> None:
    with through(proxy.port, login=login) as http:
        problems = [request_error(http, f"https://{host}/page")]
        with pytest.raises(NetError) as excinfo:
            next(http.messages(f"wss://{host}/page"))
        problems.append(excinfo.value)
    for problem in problems:
        assert str(problem).endswith(f"{host}/page through the proxy http://127.0.0.1:{proxy.port}: {reason}")
        assert isinstance(problem, RequestRefused) == is_refusal
        assert "pass" not in str(problem) and "reading-room" not in str(problem)


def test_a_proxy_that_is_not_there() -> None:
    with through(1, login=LOGIN) as http:
        problem = request_error(http, "https://paper.example/a?token=s")
    expected = "https://paper.example/a through the proxy http://127.0.0.1:1: Connection refused"
    assert (str(problem), problem.tries) == (expected, 0)
    assert hosts_alone(str(problem)) == "https://paper.example: Connection refused", "readers need not know the proxy"


# ---- which proxy ---------------------------------------------------------------------------------------


def proxies_of(url: str, setting: str = "", **environment: str) -> str:
    proxy = Proxies.configured(setting, environment).of(httpx2.URL(url))
    return f"{proxy.origin} {proxy.named}" if proxy else ""


def test_each_scheme_has_its_variable_in_either_case() -> None:
    both = {"HTTPS_PROXY": "http://a.example:3128", "http_proxy": "b.example"}
    assert proxies_of("https://x.example/", **both) == "http://a.example:3128 HTTPS_PROXY"
    assert proxies_of("wss://x.example/", **both) == "http://a.example:3128 HTTPS_PROXY"
    assert proxies_of("http://x.example/", **both) == "http://b.example:80 HTTP_PROXY"
    assert proxies_of("https://x.example/", https_proxy="https://c.example") == "https://c.example:443 HTTPS_PROXY"
    assert proxies_of("https://x.example/") == ""
    assert proxies_of("http://x.example/", HTTP_PROXY="b.example", REQUEST_METHOD="GET") == "", "set by a request"


def test_the_setting_comes_before_the_variables() -> None:
    named = proxies_of("https://x.example/", "http://own.example:8080", HTTPS_PROXY="http://a.example")
    assert named == f"http://own.example:8080 {FROM_SETTINGS}"
    assert proxies_of("http://x.example/", "own.example:8080") == f"http://own.example:8080 {FROM_SETTINGS}"


@pytest.mark.parametrize(
    ("without", "direct", "proxied"),
    [
        ("*", ["https://a.example/"], []),
        ("a.example", ["https://a.example/", "https://b.a.example/"], ["https://ba.example/"]),
        (".a.example, c.example", ["https://b.a.example/", "https://c.example/"], ["https://d.example/"]),
        ("a.example:8443", ["https://a.example:8443/"], ["https://a.example/"]),
        ("10.0.0.0/8 192.0.2.1", ["http://10.1.2.3/", "https://192.0.2.1/"], ["https://192.0.2.2/", "https://10.x/"]),
        ("2001:db8::/32", ["https://[2001:db8::1]/"], ["https://[2001:db9::1]/"]),
        ("", ["http://127.0.0.1:5/", "http://localhost:5/", "http://[::1]/"], ["https://a.example/"]),
    ],
)
def test_hosts_that_are_asked_without_a_proxy(without: str, direct: Sequence[str], proxied: Sequence[str]) -> None:
    for url in direct:
        assert not proxies_of(url, "proxy.example", NO_PROXY=without), url
    for url in proxied:
        assert proxies_of(url, "proxy.example", no_proxy=without), url


@pytest.mark.parametrize("text", ["socks5://proxy.example:1080", "http://", "http://u:secret1@h:99999", "http://h/p"])
def test_what_is_no_proxy(text: str) -> None:
    with pytest.raises(SettingsError, match=r"HTTPS_PROXY: write the address of an HTTP proxy") as excinfo:
        Proxies.configured("", {"HTTPS_PROXY": text})
    assert "secret1" not in str(excinfo.value)


# ---- as operators see it -------------------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    file = tmp_path / "hotpapers.toml"
    file.write_text(
        'contact = "https://library.example.org/"\n[[publication]]\nname = "daily"\n'
        '[source.bluesky]\non = false\n[source.hackernews]\nfirebase = "https://gone.example"\n'
        'algolia = "https://gone.example"\n'
        '[source.lobsters]\nbase = "https://gone.example"\n[source.arxiv]\non = false\n'
        "[source.huggingface]\non = false\n"
    )
    return file


def test_check_and_status_name_the_proxy_and_say_offline_once(
    proxy: RunningProxy, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HTTPS_PROXY", f"http://{LOGIN}@127.0.0.1:{proxy.port}")
    origin = f"http://127.0.0.1:{proxy.port}"
    parts = {part.part: part for part in try_settings(settings, None)}
    assert parts["proxy"][:3] == ("proxy", "works", f"{origin} answers; from HTTPS_PROXY")
    assert parts["network"][1:] == (
        "fails", f"no network can be reached through the proxy {origin}; start it, or correct HTTPS_PROXY", "",
    )  # fmt: skip
    assert parts["hackernews"][1:] == parts["lobsters"][1:] == ("fails", "not reached: see network", "")
    assert run("collect", "--once", "hackernews", "--config", settings).status == 1
    status = run("status", "--config", settings).out
    assert f"proxy      {origin} (from HTTPS_PROXY)\n" in status
    assert f"through the proxy {origin}: the proxy answered 502 Bad Gateway" in status
    assert "pass-wort" not in status


def test_offline_without_a_proxy(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    result = run("check", "--config", settings)
    assert result.out.count("you seem to be offline") == 1
    assert "check the addresses" not in result.out
    assert "name your network's proxy: `hotpapers docs proxies`" in result.out


def test_a_proxy_in_the_settings(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPUS_PROXY", f"http://{LOGIN}@127.0.0.1:1")
    settings.write_text(settings.read_text() + '[run]\nproxy = "env:CAMPUS_PROXY"\n')
    parts = {part.part: part for part in try_settings(settings, None)}
    assert parts["proxy"][:3] == ("proxy", "fails", "http://127.0.0.1:1, from [run] proxy: Connection refused")
    settings.write_text(settings.read_text().replace("env:CAMPUS_PROXY", "socks5://127.0.0.1"))
    assert "[run] proxy: write the address of an HTTP proxy" in run("run", "--once", "--config", settings).err
