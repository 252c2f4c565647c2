"""Signed JSON: complete, verified as the docs describe, delivered once to receivers that keep ids, even across
crashes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hotpapers.base.errors import NetError, RequestRefused, RetryLater, SettingsError
from hotpapers.base.settings.announce import WebhookSettings
from hotpapers.publish.deliver.send import SenderDestination, send_issue
from hotpapers.publish.view.site_config import NOBODY
from hotpapers.record import Record
from hotpapers.wings.announce.webhook import ID, SIGNATURE, WebhookRequest, WebhookSender, sign_body
from tests.base.http.server import FakeTime, Handler, Play, Server, answer, client, raw, serving
from tests.conftest import ROOT
from tests.deliveries import deliveries
from tests.publish.render.sample import LISTED_READER, OWN_READER
from tests.wings.announce.samples import DAY, HOSTILE_READER, SITE_CONFIG, matches

SECRET = "sixteen owls sit in a tree"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as http_server:
        yield http_server


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    with Record(sqlite_url) as opened_record:
        yield opened_record


def webhook(url: str = "https://receiver.example/issues", secret: str = SECRET) -> WebhookSender:
    return WebhookSender(
        WebhookSettings(name="library", publication="daily", url=url, secret=secret), "webhook 1", SITE_CONFIG
    )


def request_of(hook: WebhookSender, day: str = DAY) -> WebhookRequest:
    [message] = hook.messages(OWN_READER, "daily", day)
    assert message.target == "library" and isinstance(message.payload, WebhookRequest)
    return message.payload


# ---- what is sent ------------------------------------------------------------------------------------------


def test_a_body_is_as_expected() -> None:
    request = request_of(webhook())
    matches("webhook.json", json.dumps(json.loads(str(request)), indent=1, ensure_ascii=False))
    assert json.loads(str(request))["id"] == request.id


def test_the_same_issue_has_the_same_id_and_body_each_time() -> None:
    assert request_of(webhook()) == request_of(webhook())
    other_ids = {request_of(webhook(), day).id for day in OWN_READER.days("daily")}
    [correction] = WebhookSender(
        WebhookSettings(name="library", publication="hot-papers", url="https://a.example/", secret=SECRET), "", NOBODY
    ).messages(LISTED_READER, "hot-papers", DAY)
    assert isinstance(correction.payload, WebhookRequest)
    assert len(other_ids) == 4 and correction.payload.id not in other_ids
    assert json.loads(str(correction.payload))["links"] == {
        "issue": "",
        "papers": {f"arxiv:{id}": f"https://arxiv.org/abs/{id}" for id in ("2101.99901", "2101.99902")},
    }


def test_a_receiver_is_sent_only_its_own_publication() -> None:
    assert list(webhook().messages(LISTED_READER, "hot-papers", DAY)) == []


def test_hostile_texts_are_json() -> None:
    for day in HOSTILE_READER.days("daily"):
        [message] = webhook().messages(HOSTILE_READER, "daily", day)
        assert json.loads(str(message.payload))["issue"]["day"] == day


def test_secrets_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECEIVER", "https://receiver.example/")
    with pytest.raises(SettingsError, match=r"webhook 1: secret: the environment variable NOTHING_THERE is not set"):
        webhook("env:RECEIVER", "env:NOTHING_THERE")
    monkeypatch.setenv("LIBRARY_SECRET", "guess me")
    with pytest.raises(SettingsError, match="webhook 1: secret: use 16 random characters or more") as error:
        webhook("env:RECEIVER", "env:LIBRARY_SECRET")
    assert "guess me" not in str(error.value)
    monkeypatch.setenv("LIBRARY_SECRET", SECRET)
    assert webhook("env:RECEIVER", "env:LIBRARY_SECRET").secret == SECRET


# ---- the signature, as docs/wings/webhook.md checks it -----------------------------------------------------------


@pytest.fixture(scope="module")
def is_genuine() -> Callable[..., bool]:
    page = (ROOT / "docs" / "wings" / "webhook.md").read_text("utf-8")
    [code] = re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)
    names: dict[str, Any] = {}
    exec(code, names)
    function: Callable[..., bool] = names["is_genuine"]
    return function


def test_received_requests_are_genuine(server: Server, time: FakeTime, is_genuine: Callable[..., bool]) -> None:
    url = server.on("/issues", answer(200))
    sender = webhook(url)
    [message] = sender.messages(OWN_READER, "daily", DAY)
    with client(server, time) as http:
        assert sender.send(message, http) == "200"
    [request] = server.requests
    assert request.method == "POST" and request.headers["content-type"] == "application/json"
    assert request.headers[ID] == json.loads(request.body)["id"]
    signature_header = request.headers[SIGNATURE]
    assert is_genuine(SECRET, signature_header, request.body, now=time.seconds)
    assert not is_genuine(SECRET, signature_header, request.body + b" ", now=time.seconds)
    assert not is_genuine(SECRET + "!", signature_header, request.body, now=time.seconds)
    assert not is_genuine(SECRET, signature_header, request.body, now=time.seconds + 301)
    assert not is_genuine(SECRET, signature_header.replace("t=1", "t=2"), request.body, now=time.seconds)
    assert not is_genuine(SECRET, "v1=,t=-1", request.body) and not is_genuine(SECRET, "", request.body)


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


def test_the_signature_is_the_one_of_the_standard() -> None:
    """Against values computed with OpenSSL: printf '1.{}' | openssl dgst -sha256 -hmac key."""
    assert sign_body("key", 1, b"{}") == "t=1,v1=1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224"


# ---- answers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("play", "error", "state"),
    [
        (answer(429, retry_after="90"), RetryLater, "sending"),
        (answer(403, retry_after="90"), RetryLater, "sending"),
        (answer(408), NetError, "sending"),
        (answer(500), NetError, "sending"),
        (raw(b""), NetError, "sending"),
        (answer(404), RequestRefused, "failed"),
        (answer(301, location="/elsewhere"), RequestRefused, "failed"),
    ],
)
def test_refusals_and_delays(server: Server, record: Record, play: Play, error: type[NetError], state: str) -> None:
    sender = webhook(server.on("/issues", play, answer(200)))
    with client(server, secrets=[sender.url, SECRET]) as http:
        result = send_issue(record, SenderDestination(sender, http), OWN_READER, "daily", DAY)
        assert result.sent == 0 and result.waiting == (90 if error is RetryLater else 0)
        [(target, reason)] = result.problems
        assert target == "library" and SECRET not in reason and "/issues" not in reason
        assert deliveries(record, "webhook") == {"library": state}
        result = send_issue(record, SenderDestination(sender, http), OWN_READER, "daily", DAY)
        assert result.sent == (state == "sending")
    ids = {request.headers[ID] for request in server.requests if request.method == "POST"}
    assert len(ids) == 1 and len(server.requests) == (2 if state == "sending" else 1)


@pytest.mark.parametrize(
    "play",
    [
        answer(200, b"broken", content_encoding="gzip"),
        answer(200, b"?", content_encoding="br"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nends early"),
        answer(202, bytes(11_000_000)),
    ],
)
def test_what_a_receiver_says_beside_its_status_does_not_matter(server: Server, record: Record, play: Play) -> None:
    sender = webhook(server.on("/issues", play))
    with client(server) as http:
        for sent in (1, 0):
            result = send_issue(record, SenderDestination(sender, http), OWN_READER, "daily", DAY)
            assert (result.sent, list(result.problems)) == (sent, [])
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "words"), [(200, "answers"), (405, "answers"), (501, "answers"), (307, "redirects GET")]
)
def test_a_trial_says_what_the_receiver_does(server: Server, status: int, words: str) -> None:
    sender = webhook(server.on("/issues", answer(status, b"broken", location="/elsewhere", content_encoding="gzip")))
    with client(server) as http:
        assert f"the receiver {words}" in sender.try_out(http)


def test_a_trial_fails_where_sending_would_wait(server: Server) -> None:
    with client(server) as http, pytest.raises(RetryLater):
        webhook(server.on("/issues", answer(429, retry_after="90"))).try_out(http)


def test_an_inside_address_is_used_only_if_it_is_the_operator_s_own(server: Server) -> None:
    sender = webhook(server.on("/issues", answer(200)))
    [message] = sender.messages(OWN_READER, "daily", DAY)
    with client(None) as http, pytest.raises(RequestRefused, match="internal address"):
        sender.send(message, http)
    with client(server) as http:
        assert sender.send(message, http) == "200"


class Killed(BaseException):
    """The process dies here."""


def test_killed_while_sending_the_receiver_still_has_it_once(server: Server, record: Record) -> None:
    """A receiver that keeps ids, as the docs advise, gets each issue once, wherever the process dies."""
    ids_received: list[str] = []

    def play(handler: Handler) -> None:
        id = handler.headers[ID]
        if id not in ids_received:
            ids_received.append(id)
        answer(200)(handler)

    sender = webhook(server.on("/issues", play))
    with client(server) as http:
        for moment in ("before", "after"):
            with pytest.raises(Killed):
                send_issue(record, SenderDestination(_Killed(sender, moment), http), OWN_READER, "daily", DAY)
        assert send_issue(record, SenderDestination(sender, http), OWN_READER, "daily", DAY).sent == 1
        assert send_issue(record, SenderDestination(sender, http), OWN_READER, "daily", DAY)[:3] == (0, 0, ())
    assert len(ids_received) == 1 and len(server.requests) == 2


class _Killed(WebhookSender):
    def __init__(self, sender: WebhookSender, moment: str) -> None:
        self.__dict__.update(sender.__dict__)
        self._moment = moment

    def send(self, message: Any, http: Any) -> str:
        if self._moment == "after":
            super().send(message, http)
        raise Killed
