"""Rooms through Apprise, against a real server: what arrives, what each answer means, and that no address leaks."""

from __future__ import annotations

import json
import logging
import socket
import sys
from collections.abc import Iterator

import pytest

from hotpapers.base.durations import format_duration
from hotpapers.base.errors import NetError, RequestRefused, RetryLater, SettingsError, UsageError
from hotpapers.wings.announce.announcement import build_announcement
from hotpapers.wings.announce.apprise_client import MAX_MESSAGE_CHARS, RETRY_SECONDS, AppriseClient
from hotpapers.wings.announce.chat import JOINER, room_message
from tests.base.http.server import Play, Server, answer, raw, serving
from tests.wings.announce.samples import FULL, FULL_READER, HOSTILE_READER, SITE_CONFIG

SECRET = "3ccdd113474722377935511fc85d3dd4"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as http_server:
        yield http_server


def room(server: Server, kind: str = "json") -> AppriseClient:
    """A room on this machine. JSON: Apprise's own format for posting a message to any server."""
    at = f"127.0.0.1:{server.port}"
    urls = {"json": f"json://{at}/{SECRET}", "mmost": f"mmost://{at}/{SECRET}", "toot": f"toot://{SECRET}@{at}"}
    return AppriseClient(urls[kind], "chat 1: url", SITE_CONFIG.base)


# ---- what a room is ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "service", "text_format", "fits"),
    [
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general", "Slack", "plain", 1500),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "Discord", "markdown", 1500),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", "Telegram", "plain", 1500),
        ("toot://token@social.example", "Mastodon", "plain", 500),
        ("matrix://user:pass@matrix.example/#room", "Matrix", "plain", 1500),
        ("rocket://user:pass@rocket.example/#room", "Rocket.Chat", "markdown", 1000),
        ("mailto://user:pass@mail.example", "E-Mail", "plain", 1500),
    ],
)
def test_each_service_has_its_format_and_its_length(url: str, service: str, text_format: str, fits: int) -> None:
    client_of_url = AppriseClient(url, "chat 1: url", home="")
    assert (client_of_url.service, client_of_url.text_format) == (service, text_format)
    assert client_of_url.fits("x" * fits) and not client_of_url.fits("x" * (fits + 1))


def test_html_messages_are_measured_as_html() -> None:
    telegram = AppriseClient("tgram://123456789:abcdefg_hijklmnop/12315544/", "chat 1: url", home="")
    assert telegram.fits("&" * 800) and not telegram.fits("&" * 1400)


@pytest.mark.parametrize("url", ["nonsense://hush", "slack://", "://", "toot://"])
def test_an_address_that_apprise_does_not_understand(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^chat 2: url: Apprise does not recognize this address") as error_of:
        AppriseClient(url, "chat 2: url", home="")
    assert "hush" not in str(error_of.value)


def test_without_apprise_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(UsageError, match=r"pip install 'hotpapers\[announce\]'"):
        AppriseClient("json://127.0.0.1", "chat 1: url", home="")


# ---- what arrives ------------------------------------------------------------------------------------------


def test_a_message_arrives_as_it_was_written(server: Server) -> None:
    server.on(f"/hooks/{SECRET}", answer(200, b"ok"))
    server.on("/api/v1/statuses", answer(200, b'{"id": "1"}', content_type="application/json"))
    for kind in ("mmost", "toot"):
        issue_announcement = build_announcement(FULL_READER.issue("daily", FULL), SITE_CONFIG)
        target_room = room(server, kind)
        text = room_message(issue_announcement, target_room)
        target_room.send(text)
        request_body = json.loads(server.requests[-1].body)
        assert request_body.get("text", request_body.get("status")) == text and len(text) <= MAX_MESSAGE_CHARS
        assert "github" not in server.requests[-1].body.decode()  # no one else's picture


def test_hostile_titles_reach_a_room_as_text(server: Server) -> None:
    server.on("/api/v1/statuses", answer(200, b'{"id": "1"}', content_type="application/json"))
    target_room = room(server, "toot")
    target_room.send(
        room_message(build_announcement(HOSTILE_READER.issue("daily", "2021-02-01"), SITE_CONFIG), target_room)
    )
    status_text = json.loads(server.requests[-1].body)["status"]
    assert (
        f"@{JOINER}everyone <{JOINER}!channel> <{JOINER}@{JOINER}U123>" in status_text
        and "@everyone" not in status_text
    )


# ---- errors -------------------------------------------------------------------------------------------------


@pytest.fixture
def log() -> Iterator[list[str]]:
    """What the program's own log would receive at its most verbose level."""
    messages: list[str] = []
    handler = logging.Handler(logging.DEBUG)
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield messages
    root.removeHandler(handler)
    root.setLevel(level)


def error_of(target_room: AppriseClient, log: list[str]) -> NetError:
    """The error raised by sending; neither it nor the log contains the address."""
    with pytest.raises(NetError) as error:
        target_room.send("hello")
    assert SECRET not in "".join([str(error.value), *log]) and "127.0.0.1" not in str(error.value)
    return error.value


@pytest.mark.parametrize(
    ("play", "error", "expected"),
    [
        (answer(429), RetryLater, f"JSON answered 429: try again in {format_duration(RETRY_SECONDS)}"),
        (answer(408), RetryLater, f"JSON answered 408: try again in {format_duration(RETRY_SECONDS)}"),
        (answer(502), RetryLater, f"JSON answered 502: try again in {format_duration(RETRY_SECONDS)}"),
        (answer(503), RetryLater, f"JSON answered 503: try again in {format_duration(RETRY_SECONDS)}"),
        (answer(521), RetryLater, f"JSON answered 521: try again in {format_duration(RETRY_SECONDS)}"),
        (answer(425), RetryLater, f"JSON answered 425: try again in {format_duration(RETRY_SECONDS)}"),
        (answer(403), RequestRefused, "JSON answered 403"),
        (answer(404), RequestRefused, "JSON answered 404"),
        (answer(302, location="http://127.0.0.1:1/"), RequestRefused, "JSON answered 302"),
        (answer(500), NetError, "JSON answered 500"),
        (raw(b""), NetError, "JSON did not confirm the message"),
        (raw(b"nonsense"), NetError, "JSON did not confirm the message"),
    ],
)
def test_each_answer_has_its_error(
    server: Server, play: Play, error: type[NetError], expected: str, log: list[str]
) -> None:
    server.on(f"/{SECRET}", play)
    problem = error_of(room(server), log)
    assert type(problem) is error and str(problem) == expected
    assert len(server.requests) == 1
    if error is NetError:
        assert problem.tries == 1


def test_rooms_that_took_a_message_do_not_get_it_again_if_one_is_busy(server: Server, log: list[str]) -> None:
    server.on(f"/hooks/{SECRET}", answer(200, b"ok"), answer(429))
    problem = error_of(
        AppriseClient(f"mmost://127.0.0.1:{server.port}/{SECRET}?channels=one,two", "chat 1: url", home=""), log
    )
    assert (type(problem), str(problem), problem.tries) == (NetError, "Mattermost answered 429", 1)
    assert [json.loads(request.body)["channel"] for request in server.requests] == ["one", "two"]


def test_a_room_that_does_not_speak_tls_has_no_message(server: Server, log: list[str]) -> None:
    problem = error_of(AppriseClient(f"jsons://127.0.0.1:{server.port}/{SECRET}", "chat 1: url", home=""), log)
    assert (type(problem), str(problem), problem.tries) == (NetError, "JSON could not be reached", 0)


def test_an_unreachable_room_has_no_message(log: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    problem = error_of(AppriseClient(f"json://127.0.0.1:{port}/{SECRET}", "chat 1: url", home=""), log)
    assert (type(problem), str(problem), problem.tries) == (NetError, "JSON could not be reached", 0)


@pytest.mark.parametrize(
    ("address", "login", "play"),
    [
        ("matrix://ada:{}@127.0.0.1:{}/!a:b", "/_matrix/client/v3/login", answer(503)),
        ("rocket://ada:{}@127.0.0.1:{}/#a", "/api/v1/login", answer(503)),
        ("rocket://ada:{}@127.0.0.1:{}/#a", "/api/v1/login", answer(200, b"{}")),
    ],
)
def test_a_room_that_lets_nobody_in_has_no_message(
    server: Server, address: str, login: str, play: Play, log: list[str]
) -> None:
    server.on(login, play)
    problem = error_of(AppriseClient(address.format(SECRET, server.port), "chat 1: url", home=""), log)
    assert isinstance(problem, RetryLater) or problem.tries == 0


@pytest.mark.parametrize(
    "text", ["On error=404 pages", "Failed to authenticate: tea", "Connection refused\n\nerror=503"]
)
def test_words_of_a_message_are_no_reason(server: Server, text: str, log: list[str]) -> None:
    server.on(f"/{SECRET}", raw(b""))
    with pytest.raises(NetError) as error:
        room(server).send(text)
    assert (str(error.value), error.value.tries) == ("JSON did not confirm the message", 1)


def test_a_failing_service_is_a_network_error(server: Server, monkeypatch: pytest.MonkeyPatch, log: list[str]) -> None:
    target_room = room(server)

    def fail(**_: object) -> bool:
        raise ZeroDivisionError(SECRET)

    monkeypatch.setattr(target_room._plugin, "notify", fail)
    assert error_of(target_room, log).tries == 1


def test_apprises_log_is_left_as_it_was(server: Server) -> None:
    server.on(f"/{SECRET}", answer(200))
    log = logging.getLogger("apprise")
    settings_before = (log.level, list(log.handlers))
    room(server).send("hello")
    assert (log.level, list(log.handlers)) == settings_before and not log.propagate
