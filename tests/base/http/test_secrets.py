"""No error and no log contains a secret."""

from __future__ import annotations

import html
import json
import re
import traceback
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import NetError, RequestRefused
from hotpapers.base.http import PoliteHttpClient
from hotpapers.base.http.redact_errors import SecretRedactor, public_url
from tests.base.http.server import Play, Server, answer, client, raw, request_error

# ---- secrets -----------------------------------------------------------------------------------------

SECRET = "s3cr3t/+ tok3n"
FORMS = ["s3cr3t/+ tok3n", "s3cr3t/%2B%20tok3n", "s3cr3t%2F%2B%20tok3n", "s3cr3t%2F%2B+tok3n"]


def leaks(error: BaseException) -> bool:
    """Whether anything that would be printed, logged or stored contains part of the secret."""
    text = "".join(traceback.format_exception(error)) + repr(error) + str(error) + repr(error.args)
    # the traceback includes the test's own source lines: only values matter
    values = "\n".join(line for line in text.splitlines() if not line.startswith("    "))
    return "s3cr3t" in values or "tok3n" in values


REQUESTS: dict[str, Callable[[PoliteHttpClient, str], object]] = {
    "get": lambda http, url: http.get(url + "?key=s3cr3t", headers={"Authorization": f"Bearer {SECRET}"}),
    "post": lambda http, url: http.post(url, form={"key": SECRET}, headers={"Authorization": f"Bearer {SECRET}"}),
    "lines": lambda http, url: list(http.lines(url + "?key=s3cr3t", headers={"Authorization": f"Bearer {SECRET}"})),
    "messages": lambda http, url: list(http.messages(url.replace("http", "ws", 1), headers={"X-Key": SECRET})),
}


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize(
    "play",
    [
        *(raw(f"HTTP/1.1 {form}\r\n\r\n".encode()) for form in FORMS),
        answer(401),
        answer(404),
        answer(429),
        answer(500),
        answer(302, location=f"ftp://{SECRET}@127.0.0.1/"),
        answer(302, location="http://10.0.0.1/s3cr3t%2F%2B%20tok3n"),
        raw(b"", rudely=True),
    ],
)
def test_no_error_holds_a_secret(server: Server, play: Play, name: str) -> None:
    server.on("/s3cr3t/%2B%20tok3n/path", play)
    with client(server, secrets=["", SECRET]) as http, pytest.raises(NetError) as excinfo:
        REQUESTS[name](http, server.base + "/s3cr3t/%2B%20tok3n/path")
    assert not leaks(excinfo.value)
    assert "127.0.0.1" in str(excinfo.value) or "10.0.0.1" in str(excinfo.value)


@pytest.mark.parametrize("value", ["Bearer abc\n", "Bearer \x00", "Bearer é", "Bearer …"])
def test_a_header_that_cannot_be_sent_is_named_and_not_shown(server: Server, value: str) -> None:
    with client(server) as http:
        error = request_error(http, server.base + "/", headers={"Authorization": value})
    assert "authorization" in str(error) and "Bearer" not in str(error)
    assert not server.requests


def test_a_password_in_an_address_is_refused_and_not_shown(server: Server) -> None:
    with client(server) as http:
        error = request_error(http, f"http://me:pass@127.0.0.1:{server.port}/")
    assert isinstance(error, RequestRefused) and "pass@" not in str(error) and "me:" not in str(error)


def test_nothing_is_printed_and_nothing_is_logged(
    server: Server, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    server.on("/s3cr3t", answer(401, set_cookie="s3cr3t"))
    with caplog.at_level("DEBUG"), client(server) as http:
        for send in REQUESTS.values():
            with pytest.raises(NetError):
                send(http, server.base + "/s3cr3t")
    assert len(server.requests) == len(REQUESTS)
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


# ---- secret addresses ------------------------------------------------------------------------------------

TOKEN = st.text(st.sampled_from("aZ09é日 +/%:=&~.-_\"'\\"), min_size=12, max_size=30).map(lambda text: f"x7{text}7x")
ESCAPES: dict[str, Callable[[str], str]] = {
    "as it is": str, "quoted": lambda text: quote(text, safe=""), "with slashes": quote, "plus": quote_plus,
    "lower": lambda text: re.sub("%..", lambda octet: octet[0].lower(), quote(text, safe="")),
    "twice": lambda text: quote(quote(text, safe=""), safe=""), "JSON": lambda text: json.dumps(text)[1:-1],
    "HTML": html.escape, "Python": lambda text: repr(text)[1:-1],
    "Latin-1": lambda text: text.encode().decode("latin1"),
}  # fmt: skip
ADDRESSES = (
    "https://hooks.example/{}", "https://hooks.example/a/{}/b", "https://hooks.example/in?key={}&v=1",
    "https://hooks.example:443/{}", "https://hooks.example:8443/in/{}", "http://hooks.example:80?{}",
    "HTTPS://Hooks.Example/{}", "https://me:{}@hooks.example/", "https://{}@hooks.example/", "https://hooks.example/#{}",
    "https://hooks.example/in;key={}", "https://bücher.example/{}", "https://xn--bcher-kva.example./{}?x={}",
    "  https://hooks.example/{}\n", "https://hooks.example//{}/../c?x={}#{}", "wss://[2606:4700::1]:9/{}",
)  # fmt: skip


@given(st.sampled_from(ADDRESSES), TOKEN, st.sampled_from(["quoted", "lower"]), st.sampled_from(sorted(ESCAPES)))
def test_no_form_of_an_address_shows_its_token(address: str, token: str, written: str, shown: str) -> None:
    setting = address.replace("{}", ESCAPES[written](token))
    redact, form = SecretRedactor([setting]), ESCAPES[shown](token)
    url = httpx2.URL(setting.strip())
    for text in (setting, str(url), public_url(url), url.raw_path.decode(), form, ESCAPES[shown](setting.strip())):
        redacted = redact(f"cannot send to {text}: 404 Not Found")
        assert not any(" ".join(escape(token).split()) in redacted for escape in ESCAPES.values()), redacted
        assert redacted.startswith("cannot send to ") and redacted.endswith(": 404 Not Found")


@pytest.mark.parametrize("host", ["x7token7x.hooks.example", "X7token7X.Hooks.Example", "x7tökén7x.hooks.example"])
def test_an_address_may_have_its_token_in_the_host(host: str) -> None:
    redact, url = SecretRedactor([f"https://{host}:443/"]), httpx2.URL(f"https://{host}/")
    for text in (host, host.lower(), url.host, url.raw_host.decode(), public_url(url)):
        assert redact(f"{text} port 443: no such name").endswith("[secret] port 443: no such name".removeprefix(" "))


def test_short_and_common_parts_of_an_address_stay() -> None:
    redact = SecretRedactor(["https://hooks.example/v1/in?on=1"])
    assert redact("the server on port 1 answered 401 in v1") == "the server on port 1 answered 401 in v1"


FORMS_OF_ADDRESSES = ("/in/{}", "/in?key={}", "/in?a=1&key={}#{}", "/{}/../{}")


@pytest.mark.parametrize("form", FORMS_OF_ADDRESSES)
@pytest.mark.parametrize("host", ["127.0.0.1", "LOCALHOST"])
@pytest.mark.parametrize("play", [answer(404), answer(500), raw(b""), raw(b"HTTP/1.1 s3cr3t/+ tok3n\r\n\r\n")])
def test_no_error_shows_the_token_of_a_secret_address(server: Server, play: Play, host: str, form: str) -> None:
    url = f"HTTP://{host}:{server.port}{form.replace('{}', 's3cr3t%2F%2b%20tok3n')}"
    server.on(httpx2.URL(url).path, play)
    with client(server, secrets=[url], base_addresses=[url]) as http, pytest.raises(NetError) as excinfo:
        http.post(url, body=b"{}")
    assert not leaks(excinfo.value)
