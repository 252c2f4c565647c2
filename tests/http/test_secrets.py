"""No error and no log contains a secret."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import pytest

from hotpapers.errors import NetError, RequestRefused
from hotpapers.http import PoliteHttpClient
from tests.http.server import Play, Server, answer, client, raw, request_error

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
