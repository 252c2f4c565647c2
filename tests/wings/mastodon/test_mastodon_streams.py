"""Mastodon's event streams: followed between rounds, where a server allows it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from hotpapers.base.errors import (
    HotPapersError,
    NetError,
    PartiallyRead,
    RequestRefused,
    RetryLater,
    Stopped,
)
from hotpapers.base.model import Mention, PayloadPage, Post, RawPayload
from hotpapers.wings.mastodon import source as mastodon
from hotpapers.wings.mastodon.settings import MastodonServer, MastodonSettings
from hotpapers.wings.mastodon.source import MastodonSource, stream_events
from hotpapers.wings.mastodon.timelines import PAGE
from tests.collect.sources.cases import AT
from tests.collect.sources.net import ScriptedClient
from tests.wings.mastodon.test_mastodon import (
    BASE,
    EDITED,
    OTHER,
    REMOTE_URI,
    items,
    keys,
    moment_of,
    response,
    status,
    tag,
)

STREAMING = "https://streaming.example"
SERVER = MastodonServer(base=BASE, token="t0ken", streaming=STREAMING)
HASHTAG = f"{STREAMING}/api/v1/streaming/hashtag?tag=arxiv"
Line = bytes | HotPapersError | None


def event(name: str, data: bytes) -> list[bytes]:
    return [b"event: " + name.encode(), b"data: " + data, b""]


def update(n: int, name: str = "update", **more: Any) -> list[bytes]:
    return event(name, json.dumps(status(n, **more)).encode())


class Round:
    """One round of a source that reads a script of lines."""

    def __init__(
        self, lines: Iterable[Line], *, tracked: Iterable[str] = (), home_answer: bytes | HotPapersError | None = None,
        server: MastodonServer = SERVER, every: int = 60, pace: float = 0.1,
    ) -> None:  # fmt: skip
        settings = MastodonSettings(servers=(server,), every=every)
        self.source = MastodonSource(settings, {f"mastodon:{uri}" for uri in tracked})
        table = {tag(): response() if home_answer is None else home_answer, server.stream: list(lines)}
        self.http = ScriptedClient(lambda url: table[url], pace=pace)
        self.pages: list[PayloadPage] = []
        self.problem: HotPapersError | None = None
        try:
            for page in self.source.pages(self.http, None):
                self.pages.append(page)
        except (NetError, Stopped) as problem:
            self.problem = problem

    @property
    def kinds(self) -> list[str]:
        return [payload.kind for page in self.pages for payload in page.payloads]


def test_it_listens_after_asking_until_it_is_time_to_ask_again() -> None:
    result = Round([*update(1), None, *update(2), None, None, *update(3)], home_answer=response(status(0)))
    assert keys(result.pages) == [status(n)["uri"] for n in range(3)] and result.problem is None
    [poll, stream] = result.http.requests
    assert (stream.method, stream.url) == ("LINES", HASHTAG)
    assert stream.headers == poll.headers == {"authorization": "Bearer t0ken"}
    assert result.pages[-1].next_at == result.http.now(), "so it polls again at once"
    papers = {item.paper for item in items(result.source, result.pages) if isinstance(item, Mention)}
    assert papers == {"arxiv:2609.01234"}


def test_what_it_hears_moves_no_cursor() -> None:
    result = Round([*update(1), None, None, None], home_answer=response(status(0)))
    cursors = [page.cursor for page in result.pages]
    assert json.loads(cursors[0] or "") == {f"{BASE}/tag/arxiv": moment_of(status(0)["id"])} and not any(cursors[1:])


def test_pages_come_at_most_once_a_second_and_as_heartbeats() -> None:
    lines = [line for n in range(30) for line in update(n)]
    result = Round([*lines, b":thump", None, None, None], pace=0.01)
    sizes = [len(page.payloads) for page in result.pages]
    assert sum(sizes) == 30 and len(sizes) < 8 and sizes.count(0) >= 2


@pytest.mark.parametrize(
    "problem", [*(RequestRefused("no", code) for code in (401, 404, 405, 410)), RetryLater(60, "busy")]
)
def test_where_it_may_not_listen_asking_must_do(problem: HotPapersError) -> None:
    result = Round([problem], home_answer=response(status(0)))
    assert keys(result.pages) == [status(0)["uri"]] and result.problem is None
    assert result.pages[-1].next_at is None


def test_a_stream_that_breaks_off_loses_nothing_that_it_told() -> None:
    result = Round([*update(1), NetError("reset")], pace=0.01)
    assert keys(result.pages) == [status(1)["uri"]] and result.pages[-1].next_at is None
    result = Round(update(1), pace=0.01)
    assert keys(result.pages) == [status(1)["uri"]] and result.pages[-1].next_at is None


def test_it_listens_also_where_asking_failed_and_tells_that_at_the_end() -> None:
    result = Round([*update(1), None, None, None], home_answer=RequestRefused("no", 401))
    assert keys(result.pages) == [status(1)["uri"]] and isinstance(result.problem, RequestRefused)


def test_being_told_to_stop_stops() -> None:
    assert isinstance(Round([*update(1), Stopped()]).problem, Stopped)


def test_edits_of_tracked_posts_come_as_edits() -> None:
    edits = [*update(1, "status.update", **EDITED), *update(2, "status.update", uri=REMOTE_URI, **EDITED)]
    result = Round([*edits, None], tracked=[status(1)["uri"], REMOTE_URI])
    assert result.kinds == ["home", "edit", "post", "edit"]
    assert Round([*edits, None]).kinds == ["home", "post"]


def test_a_deleted_post_is_gone_if_it_is_tracked_and_its_own_server_says_so() -> None:
    remote_post = status(2, uri=f"{OTHER}/users/b/statuses/5")
    deletions = [line for n in (1, 2, 3) for line in event("delete", str(status(n)["id"]).encode())]
    home_answer = response(status(1), remote_post, status(3))
    result = Round(
        [*deletions, *deletions, None], tracked=[status(1)["uri"], remote_post["uri"]], home_answer=home_answer
    )
    payloads = [payload for page in result.pages for payload in page.payloads if payload.kind == "gone"]
    assert [payload.key for payload in payloads] == [status(1)["uri"]]
    [post] = result.source.read(payloads[0])
    assert isinstance(post, Post) and post.gone == "deleted"


def test_it_remembers_so_many_posts_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mastodon, "MAX_REMEMBERED_POSTS", 2)
    deletions = [line for n in (1, 3) for line in event("delete", str(status(n)["id"]).encode())]
    uris = [status(n)["uri"] for n in (1, 2, 3)]
    result = Round([*deletions, None], tracked=uris, home_answer=response(*(status(n) for n in (1, 2, 3))))
    assert [payload.key for page in result.pages for payload in page.payloads if payload.kind == "gone"] == [uris[2]]


def test_other_events_and_nonsense_stop_nothing() -> None:
    lines = [
        *event("notification", b"{}"), *event("filters_changed", b"undefined"), *event("delete", b"\xff"),
        *event("update", b"["), *event("update", b"[" * 100_000), *update(1, visibility="direct"), *update(2), None,
    ]  # fmt: skip
    result = Round(lines)
    assert result.kinds == ["post", "post", "home"]
    assert [key[:10] for key in keys(result.pages)][:2] == ["unreadable"] * 2


def test_the_public_timeline_is_listened_to_before_a_hashtag() -> None:
    server = MastodonServer(base=BASE, tags=("maths & moss",), streaming=STREAMING)
    assert server.stream == f"{STREAMING}/api/v1/streaming/hashtag?tag=maths+%26+moss"
    public_server = MastodonServer(base=BASE, public=True, streaming=STREAMING)
    assert public_server.stream == f"{STREAMING}/api/v1/streaming/public"


def test_of_several_servers_the_first_is_listened_to() -> None:
    first = MastodonServer(base=OTHER, streaming=OTHER)
    second = MastodonServer(base=BASE, streaming=STREAMING)
    source = MastodonSource(MastodonSettings(servers=(first, second)))
    http = ScriptedClient(lambda url: response())
    list(source.pages(http, None))
    assert [request.url for request in http.requests if request.method == "LINES"] == [first.stream]
    assert len([url for url in http.urls if f"limit={PAGE}" in url]) == 2


def test_one_of_several_servers_that_fails_makes_the_reading_partial() -> None:
    servers = (MastodonServer(base=OTHER), MastodonServer(base=BASE))
    http = ScriptedClient({tag(base=OTHER): RequestRefused("other.example: no", 401), tag(): response(status(1))})
    pages: list[PayloadPage] = []
    with pytest.raises(PartiallyRead, match=r"^1 of 2 could not be read; other\.example: no$"):
        pages.extend(MastodonSource(MastodonSettings(servers=servers)).pages(http, None))
    assert http.urls == [tag(base=OTHER), tag()]


# ---- recordings ----------------------------------------------------------------------------------------

RECORDED = {
    "stream_direct_conversation.sse": ["conversation"],
    "stream_user_update_notification_statusupdate_delete.sse": [
        "update", "notification", "update", "notification", "status.update", "delete",
    ],
    "stream_user_update_only.sse": ["update"],
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_streams_are_read(shared: Path, name: str) -> None:
    lines = (shared / "recordings" / "mastodon" / name).read_bytes().split(b"\n")
    assert [event.name for event in stream_events(lines) if event] == RECORDED[name]
    server = MastodonServer(base="http://localhost:3000", streaming="http://localhost:4000")
    source = MastodonSource(MastodonSettings(servers=(server,)))
    uris = {payload.key for payload in _payloads(source, lines)}
    source_tracking = MastodonSource(source.settings, {f"mastodon:{uri}" for uri in uris})
    payloads = _payloads(source_tracking, lines)
    for payload in payloads:
        list(source_tracking.read(payload))
    if "delete" in RECORDED[name]:
        assert [payload.kind for payload in payloads] == ["home", "home", "edit", "gone"] and len(uris) == 1
        edit = payloads[2]
        assert [item.text for item in source_tracking.read(edit) if isinstance(item, Post)]


def _payloads(source: MastodonSource, lines: Iterable[bytes | None]) -> list[RawPayload]:
    server = source.settings.servers[0]
    return [payload for event in stream_events(lines) if event for payload in source._event_payloads(event, server, AT)]
