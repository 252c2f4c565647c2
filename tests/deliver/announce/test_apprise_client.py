"""Rooms through Apprise, against a real server: what arrives, what each answer means, and that no address leaks."""

from __future__ import annotations

import json
import logging
import socket
import sys
from collections.abc import Iterator

import pytest

from hotpapers.deliver.announce.announcement import announcement
from hotpapers.deliver.announce.apprise_client import LONGEST, RETRY_SECONDS, AppriseClient
from hotpapers.deliver.announce.chat import JOINER, message
from hotpapers.errors import NetError, RequestRefused, RetryLater, SettingsError, UsageError
from tests.deliver.announce.made import FULL, FULL_READER, HOSTILE_READER, SITE_CONFIG
from tests.http.server import Play, Server, answer, raw, serving

SECRET = "3ccdd113474722377935511fc85d3dd4"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


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
def test_each_service_has_its_manner_and_its_length(url: str, service: str, text_format: str, fits: int) -> None:
    found = AppriseClient(url, "chat 1: url")
    assert (found.service, found.text_format) == (service, text_format)
    assert found.fits("x" * fits) and not found.fits("x" * (fits + 1))


def test_what_is_written_as_html_is_measured_as_html() -> None:
    telegram = AppriseClient("tgram://123456789:abcdefg_hijklmnop/12315544/", "chat 1: url")
    assert telegram.fits("&" * 800) and not telegram.fits("&" * 1400)


@pytest.mark.parametrize("url", ["nonsense://hush", "slack://", "://", "toot://"])
def test_an_address_that_apprise_does_not_understand(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^chat 2: url: Apprise does not recognize this address") as refused:
        AppriseClient(url, "chat 2: url")
    assert "hush" not in str(refused.value)


def test_without_apprise_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(UsageError, match=r"pip install 'hotpapers\[announce\]'"):
        AppriseClient("json://127.0.0.1", "chat 1: url")


# ---- what arrives ------------------------------------------------------------------------------------------


def test_a_message_arrives_as_it_was_written(server: Server) -> None:
    server.on(f"/hooks/{SECRET}", answer(200, b"ok"))
    server.on("/api/v1/statuses", answer(200, b'{"id": "1"}', content_type="application/json"))
    for kind in ("mmost", "toot"):
        told = announcement(FULL_READER.issue("daily", FULL), SITE_CONFIG)
        here = room(server, kind)
        text = message(told, here)
        here.send(text)
        said = json.loads(server.requests[-1].body)
        assert said.get("text", said.get("status")) == text and len(text) <= LONGEST
        assert "github" not in server.requests[-1].body.decode()  # no one else's picture


def test_hostile_titles_reach_a_room_as_text(server: Server) -> None:
    server.on("/api/v1/statuses", answer(200, b'{"id": "1"}', content_type="application/json"))
    here = room(server, "toot")
    here.send(message(announcement(HOSTILE_READER.issue("daily", "2021-02-01"), SITE_CONFIG), here))
    said = json.loads(server.requests[-1].body)["status"]
    assert f"@{JOINER}everyone <{JOINER}!channel> <{JOINER}@{JOINER}U123>" in said and "@everyone" not in said


# ---- errors -------------------------------------------------------------------------------------------------


@pytest.fixture
def log() -> Iterator[list[str]]:
    """What the program's own log would receive at its most verbose level."""
    heard: list[str] = []
    handler = logging.Handler(logging.DEBUG)
    handler.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield heard
    root.removeHandler(handler)
    root.setLevel(level)


def refused(here: AppriseClient, log: list[str]) -> NetError:
    """The error raised by sending; neither it nor the log contains the address."""
    with pytest.raises(NetError) as caught:
        here.send("hello")
    assert SECRET not in "".join([str(caught.value), *log]) and "127.0.0.1" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("play", "error", "said"),
    [
        (answer(429), RetryLater, f"JSON answered 429: try again in {RETRY_SECONDS:.0f} s"),
        (answer(408), RetryLater, f"JSON answered 408: try again in {RETRY_SECONDS:.0f} s"),
        (answer(403), RequestRefused, "JSON answered 403"),
        (answer(404), RequestRefused, "JSON answered 404"),
        (answer(302, location="http://127.0.0.1:1/"), RequestRefused, "JSON answered 302"),
        (answer(500), NetError, "JSON answered 500"),
        (raw(b""), NetError, "JSON did not confirm the message"),
        (raw(b"nonsense"), NetError, "JSON did not confirm the message"),
    ],
)
def test_what_an_answer_means(server: Server, play: Play, error: type[NetError], said: str, log: list[str]) -> None:
    server.on(f"/{SECRET}", play)
    found = refused(room(server), log)
    assert type(found) is error and str(found) == said
    assert len(server.requests) == 1
    if error is NetError:
        assert found.tries == 1


def test_rooms_that_took_a_message_do_not_get_it_again_for_one_that_is_busy(server: Server, log: list[str]) -> None:
    server.on(f"/hooks/{SECRET}", answer(200, b"ok"), answer(429))
    found = refused(AppriseClient(f"mmost://127.0.0.1:{server.port}/{SECRET}?channels=one,two", "chat 1: url"), log)
    assert (type(found), str(found), found.tries) == (NetError, "Mattermost answered 429", 1)
    assert [json.loads(asked.body)["channel"] for asked in server.requests] == ["one", "two"]


def test_who_cannot_be_reached_surely_has_nothing(log: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    found = refused(AppriseClient(f"json://127.0.0.1:{port}/{SECRET}", "chat 1: url"), log)
    assert (type(found), str(found), found.tries) == (NetError, "JSON could not be reached", 0)


def test_a_service_that_breaks_is_no_mistake_of_ours(
    server: Server, monkeypatch: pytest.MonkeyPatch, log: list[str]
) -> None:
    here = room(server)

    def breaks(**_: object) -> bool:
        raise ZeroDivisionError(SECRET)

    monkeypatch.setattr(here._plugin, "notify", breaks)
    assert refused(here, log).tries == 1


def test_apprises_log_is_left_as_it_was(server: Server) -> None:
    server.on(f"/{SECRET}", answer(200))
    log = logging.getLogger("apprise")
    before = (log.level, list(log.handlers))
    room(server).send("hello")
    assert (log.level, list(log.handlers)) == before and not log.propagate
