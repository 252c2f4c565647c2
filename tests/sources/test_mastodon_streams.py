"""Mastodon's event streams: followed between rounds, where a server allows it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from hotpapers.errors import (
    HotPapersError,
    NetError,
    PartiallyRead,
    RequestRefused,
    RetryLater,
    Stopped,
)
from hotpapers.model import Mention, PayloadPage, Post, RawPayload
from hotpapers.sources import mastodon
from hotpapers.sources.mastodon import PAGE, MastodonServer, MastodonSettings, MastodonSource, events
from tests.sources.cases import AT
from tests.sources.net import ScriptedClient
from tests.sources.test_mastodon import AWAY, BASE, EDITED, OTHER, items, keys, moment_of, said, status, tag

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
        self, lines: Iterable[Line], *, known: Iterable[str] = (), polled: bytes | HotPapersError | None = None,
        server: MastodonServer = SERVER, every: int = 60, pace: float = 0.1,
    ) -> None:  # fmt: skip
        settings = MastodonSettings(servers=(server,), every=every)
        self.source = MastodonSource(settings, {f"mastodon:{uri}" for uri in known})
        table = {tag(): said() if polled is None else polled, server.stream: list(lines)}
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
        return [seen.kind for page in self.pages for seen in page.payloads]


def test_it_listens_after_asking_until_it_is_time_to_ask_again() -> None:
    heard = Round([*update(1), None, *update(2), None, None, *update(3)], polled=said(status(0)))
    assert keys(heard.pages) == [status(n)["uri"] for n in range(3)] and heard.problem is None
    [poll, stream] = heard.http.requests
    assert (stream.method, stream.url) == ("LINES", HASHTAG)
    assert stream.headers == poll.headers == {"authorization": "Bearer t0ken"}
    assert heard.pages[-1].next_at == heard.http.now(), "and asks again at once"
    papers = {item.paper for item in items(heard.source, heard.pages) if isinstance(item, Mention)}
    assert papers == {"arxiv:2609.01234"}


def test_what_it_hears_moves_no_cursor() -> None:
    heard = Round([*update(1), None, None, None], polled=said(status(0)))
    cursors = [page.cursor for page in heard.pages]
    assert json.loads(cursors[0] or "") == {f"{BASE}/tag/arxiv": moment_of(status(0)["id"])} and not any(cursors[1:])


def test_pages_come_at_most_once_a_second_and_as_heartbeats() -> None:
    many = [line for n in range(30) for line in update(n)]
    heard = Round([*many, b":thump", None, None, None], pace=0.01)
    sizes = [len(page.payloads) for page in heard.pages]
    assert sum(sizes) == 30 and len(sizes) < 8 and sizes.count(0) >= 2


@pytest.mark.parametrize(
    "problem", [*(RequestRefused("no", code) for code in (401, 404, 405, 410)), RetryLater(60, "busy")]
)
def test_where_it_may_not_listen_asking_must_do(problem: HotPapersError) -> None:
    heard = Round([problem], polled=said(status(0)))
    assert keys(heard.pages) == [status(0)["uri"]] and heard.problem is None
    assert heard.pages[-1].next_at is None


def test_a_stream_that_breaks_off_loses_nothing_that_it_told() -> None:
    heard = Round([*update(1), NetError("reset")], pace=0.01)
    assert keys(heard.pages) == [status(1)["uri"]] and heard.pages[-1].next_at is None
    heard = Round(update(1), pace=0.01)
    assert keys(heard.pages) == [status(1)["uri"]] and heard.pages[-1].next_at is None


def test_it_listens_also_where_asking_failed_and_tells_that_at_the_end() -> None:
    heard = Round([*update(1), None, None, None], polled=RequestRefused("no", 401))
    assert keys(heard.pages) == [status(1)["uri"]] and isinstance(heard.problem, RequestRefused)


def test_being_told_to_stop_stops() -> None:
    assert isinstance(Round([*update(1), Stopped()]).problem, Stopped)


def test_edits_of_tracked_posts_come_as_edits() -> None:
    said_twice = [*update(1, "status.update", **EDITED), *update(2, "status.update", uri=AWAY, **EDITED)]
    heard = Round([*said_twice, None], known=[status(1)["uri"], AWAY])
    assert heard.kinds == ["home", "edit", "post", "edit"]
    assert Round([*said_twice, None]).kinds == ["home", "post"]


def test_a_deleted_post_is_gone_if_it_is_tracked_and_its_own_server_says_so() -> None:
    away = status(2, uri=f"{OTHER}/users/b/statuses/5")
    told = [line for n in (1, 2, 3) for line in event("delete", str(status(n)["id"]).encode())]
    polled = said(status(1), away, status(3))
    heard = Round([*told, *told, None], known=[status(1)["uri"], away["uri"]], polled=polled)
    gone = [seen for page in heard.pages for seen in page.payloads if seen.kind == "gone"]
    assert [seen.key for seen in gone] == [status(1)["uri"]]
    [post] = heard.source.read(gone[0])
    assert isinstance(post, Post) and post.gone == "deleted"


def test_it_remembers_so_many_posts_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mastodon, "REMEMBERED", 2)
    told = [line for n in (1, 3) for line in event("delete", str(status(n)["id"]).encode())]
    uris = [status(n)["uri"] for n in (1, 2, 3)]
    heard = Round([*told, None], known=uris, polled=said(*(status(n) for n in (1, 2, 3))))
    assert [seen.key for page in heard.pages for seen in page.payloads if seen.kind == "gone"] == [uris[2]]


def test_other_events_and_nonsense_stop_nothing() -> None:
    lines = [
        *event("notification", b"{}"), *event("filters_changed", b"undefined"), *event("delete", b"\xff"),
        *event("update", b"["), *event("update", b"[" * 100_000), *update(1, visibility="direct"), *update(2), None,
    ]  # fmt: skip
    heard = Round(lines)
    assert heard.kinds == ["post", "post", "home"]
    assert [key[:10] for key in keys(heard.pages)][:2] == ["unreadable"] * 2


def test_the_public_timeline_is_listened_to_before_a_hashtag() -> None:
    server = MastodonServer(base=BASE, tags=("maths & moss",), streaming=STREAMING)
    assert server.stream == f"{STREAMING}/api/v1/streaming/hashtag?tag=maths+%26+moss"
    both = MastodonServer(base=BASE, public=True, streaming=STREAMING)
    assert both.stream == f"{STREAMING}/api/v1/streaming/public"


def test_of_several_servers_the_first_is_listened_to() -> None:
    first = MastodonServer(base=OTHER, streaming=OTHER)
    second = MastodonServer(base=BASE, streaming=STREAMING)
    source = MastodonSource(MastodonSettings(servers=(first, second)))
    http = ScriptedClient(lambda url: said())
    list(source.pages(http, None))
    assert [request.url for request in http.requests if request.method == "LINES"] == [first.stream]
    assert len([url for url in http.asked if f"limit={PAGE}" in url]) == 2


def test_one_of_several_servers_that_fails_makes_the_reading_partial() -> None:
    servers = (MastodonServer(base=OTHER), MastodonServer(base=BASE))
    http = ScriptedClient({tag(base=OTHER): RequestRefused("other.example: no", 401), tag(): said(status(1))})
    pages: list[PayloadPage] = []
    with pytest.raises(PartiallyRead, match=r"^1 of 2 could not be read; other\.example: no$"):
        pages.extend(MastodonSource(MastodonSettings(servers=servers)).pages(http, None))
    assert http.asked == [tag(base=OTHER), tag()]


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
    assert [one.name for one in events(lines) if one] == RECORDED[name]
    server = MastodonServer(base="http://localhost:3000", streaming="http://localhost:4000")
    source = MastodonSource(MastodonSettings(servers=(server,)))
    uris = {seen.key for seen in _heard(source, lines)}
    tracked = MastodonSource(source.settings, {f"mastodon:{uri}" for uri in uris})
    heard = _heard(tracked, lines)
    for seen in heard:
        list(tracked.read(seen))
    if "delete" in RECORDED[name]:
        assert [seen.kind for seen in heard] == ["home", "home", "edit", "gone"] and len(uris) == 1
        edit = heard[2]
        assert [item.text for item in tracked.read(edit) if isinstance(item, Post)]


def _heard(source: MastodonSource, lines: Iterable[bytes | None]) -> list[RawPayload]:
    server = source.settings.servers[0]
    return [seen for one in events(lines) if one for seen in source._event_payloads(one, server, AT)]
