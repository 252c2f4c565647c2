"""Bluesky's stream: where it resumes, what is kept, and what happens when a server goes blind."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec import MsgspecError

from hotpapers.errors import (
    HotPapersError,
    InputError,
    NetError,
    RequestRefused,
    RetryLater,
    Stopped,
    StreamGap,
)
from hotpapers.model import Item, PayloadPage, Post, RawPayload, Reaction, Verdict
from hotpapers.sources.bluesky import BlueskySettings, BlueskySource
from hotpapers.sources.bluesky.firehose import microseconds
from hotpapers.sources.bluesky.stream import MOST_SEEN, MOST_UNREADABLE, StreamCursor, parse
from tests.sources.bluesky_made import ANNA, BERT, account, at_uri, commit_frame, create, frame, pointing, post, tid
from tests.sources.net import START, Request, ScriptedClient

ONE, TWO, RELAY = "wss://one.example", "wss://two.example", "wss://relay.example/xrpc/x"
PAPER = post("arXiv:2609.01234")
SECOND = 1_000_000
Said = bytes | HotPapersError | None


def source(known: Iterable[str] = (), **settings: Any) -> BlueskySource:
    return BlueskySource(BlueskySettings(**({"jetstream": (ONE, TWO), "relay": RELAY} | settings)), set(known))


class Heard:
    """The result of listening until the script ended."""

    def __init__(
        self, bluesky: BlueskySource, hosts: Mapping[str, Iterable[Said]], cursor: str | None = None, pace: float = 1.0,
        now: int = START,
    ) -> None:  # fmt: skip
        self.http = ScriptedClient(
            lambda url: hosts[url.partition("?")[0].removesuffix("/subscribe")], pace=pace, now=now
        )
        self.pages: list[PayloadPage] = []
        with pytest.raises((NetError, Stopped)) as ended:
            for page in bluesky.pages(self.http, cursor):
                self.pages.append(page)
        self.error: HotPapersError = ended.value

    @property
    def seen(self) -> list[RawPayload]:
        return [seen for page in self.pages for seen in page.payloads]

    @property
    def asked(self) -> list[tuple[str, dict[str, list[str]]]]:
        return [_parts(request) for request in self.http.requests]


def _parts(request: Request) -> tuple[str, dict[str, list[str]]]:
    return request.url.partition("?")[0], parse_qs(urlsplit(request.url).query)


def paper_at(time: int, did: str = ANNA) -> bytes:
    return create(did, PAPER, time=time)


def idle_at(time: int) -> bytes:
    return create(BERT, post("good morning"), time=time)


# ---- requests ------------------------------------------------------------------------------------------


def test_posts_alone_are_asked_for_or_reactions_too_from_a_little_before_the_cursor() -> None:
    heard = Heard(source(), {ONE: [Stopped()]}, str(START))
    cursor = [str(START - 10 * SECOND)]
    assert heard.asked == [(f"{ONE}/subscribe", {"wantedCollections": ["app.bsky.feed.post"], "cursor": cursor})]
    [(_, query)] = Heard(source(mode="stream"), {ONE: [Stopped()]}).asked
    names = ["app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.feed.repost"]
    assert query == {"wantedCollections": names, "cursor": cursor}


def test_what_is_said_before_any_host_answers_is_not_lost() -> None:
    first = Heard(source(), {ONE: [RequestRefused("no")], TWO: [RequestRefused("no")]})
    assert first.pages == [PayloadPage((), str(START))]
    said = [paper_at(START + 5 * SECOND), None, Stopped()]
    later = Heard(source(), {ONE: said}, first.pages[0].cursor, now=START + 3600 * SECOND)
    assert later.asked[0][1]["cursor"] == [str(START - 10 * SECOND)] and len(later.seen) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, StreamCursor()),
        ("", StreamCursor()),
        ("nonsense", StreamCursor()),
        ("1783175888112407", StreamCursor(1783175888112407)),
        ("firehose:127.0.0.1:2583:46:17", StreamCursor(17, "127.0.0.1:2583", 46)),
        ("firehose:bsky.network:0:17", StreamCursor(17, "bsky.network", 0)),
        ("firehose:bsky.network::", StreamCursor(None, "bsky.network")),
        ("firehose:x", StreamCursor(None, "x")),
    ],
)
def test_cursors(text: str | None, expected: StreamCursor) -> None:
    assert parse(text) == expected
    assert parse(str(expected)) == expected


# ---- what is kept --------------------------------------------------------------------------------------


def test_posts_that_name_papers_are_kept_and_the_cursor_is_the_newest_event() -> None:
    said = [paper_at(START), idle_at(START + 5), paper_at(START + 2, BERT), idle_at(START + 3)]
    heard = Heard(source(), {ONE: [*said, None, Stopped()]})
    assert [(seen.kind, seen.key) for seen in heard.seen] == [
        ("post", at_uri(ANNA, START)), ("post", at_uri(BERT, START + 2)),
    ]  # fmt: skip
    assert heard.seen[0].body == said[0] and heard.pages[-1].cursor == str(START + 5)


def test_an_event_of_the_future_does_not_carry_the_cursor_away() -> None:
    heard = Heard(source(), {ONE: [idle_at(START + 10**15), None, Stopped()]})
    assert heard.pages[-1] == PayloadPage([], str(START + SECOND), START + SECOND)


def test_a_server_whose_clock_is_ahead_lacks_nothing_and_takes_no_cursor_along() -> None:
    """By two hours: the time in between is not reported missing, and a cursor from then is not waited for."""
    ahead = [paper_at(START + 7200 * SECOND), None, Stopped()]
    heard = Heard(source(), {ONE: ahead}, str(START - 5 * SECOND))
    assert isinstance(heard.error, Stopped) and len(heard.seen) == 1
    assert int(heard.pages[-1].cursor or 0) <= START + 2 * SECOND
    heard = Heard(source(), {ONE: [paper_at(START), None, Stopped()]}, str(START + 7200 * SECOND))
    assert int(heard.asked[0][1]["cursor"][0]) <= START and int(heard.pages[-1].cursor or 0) <= START + 2 * SECOND


def test_pages_are_bounded_and_a_quiet_stream_has_a_heartbeat() -> None:
    crowd = [paper_at(START + n) for n in range(2 * MOST_SEEN)]
    heard = Heard(source(), {ONE: [*crowd, Stopped()]}, str(START), pace=0)
    assert [len(page.payloads) for page in heard.pages] == [MOST_SEEN, MOST_SEEN]
    heard = Heard(source(silence=0), {ONE: [None] * 4 + [Stopped()]}, str(START))
    assert heard.pages == [PayloadPage([], str(START), START + n * 30 * SECOND) for n in (1, 2, 3, 4)]
    assert isinstance(heard.error, Stopped)
    heard = Heard(source(), {ONE: [idle_at(START + n) for n in range(61)] + [Stopped()]}, str(START))
    assert [page.cursor for page in heard.pages] == [str(START + 29), str(START + 59)]


def test_deletions_of_tracked_posts_alone_are_kept() -> None:
    tracked, other = at_uri(ANNA, START), at_uri(ANNA, START + 1)
    said = [create(ANNA, None, rkey=uri.rpartition("/")[2], time=START) for uri in (tracked, other)]
    heard = Heard(source([f"bluesky:{tracked}"]), {ONE: [*said, None, Stopped()]})
    [gone] = items(heard)
    assert isinstance(gone, Post) and (gone.post, gone.gone, gone.created_at) == (
        f"bluesky:{tracked}",
        "deleted",
        START,
    )


def items(heard: Heard) -> list[Item]:
    reader = source()
    return [item for seen in heard.seen for item in reader.read(seen)]


def test_reactions_to_tracked_posts_and_their_withdrawal() -> None:
    uri, other = at_uri(ANNA, START - 9), at_uri(ANNA, START - 8)
    said = [
        pointing(BERT, uri, time=START),
        pointing(BERT, other, time=START + 1),
        pointing(BERT, uri, kind="repost", time=START + 2),
        create(BERT, None, collection="app.bsky.feed.like", rkey=tid(START), time=START + 3),
        create(BERT, None, collection="app.bsky.feed.like", rkey=tid(START + 1), time=START + 4),
        create(BERT, None, collection="app.bsky.feed.like", rkey=tid(START - 77), time=START + 5),
        create(BERT, {"subject": BERT}, collection="app.bsky.graph.follow", time=START + 6),
    ]
    heard = Heard(source([f"bluesky:{uri}"], mode="stream"), {ONE: [*said, None, Stopped()]})
    assert [
        (item.post, item.account, item.type, item.withdrawn) for item in items(heard) if isinstance(item, Reaction)
    ] == [
        (f"bluesky:{uri}", f"bluesky:{BERT}", "like", False),
        (f"bluesky:{uri}", f"bluesky:{BERT}", "repost", False),
        (f"bluesky:{uri}", f"bluesky:{BERT}", "like", True),
    ]
    assert Heard(source([f"bluesky:{uri}"]), {ONE: [*said, None, Stopped()]}).seen == []


def test_it_remembers_so_many_reactions_and_no_more() -> None:
    uri = at_uri(ANNA, START - 9)
    likes = [pointing(BERT, uri, time=START + n) for n in range(3)]
    unlikes = [create(BERT, None, collection="app.bsky.feed.like", rkey=tid(START + n), time=START) for n in range(3)]
    heard = Heard(source([f"bluesky:{uri}"], mode="stream", remembers=2), {ONE: [*likes, *unlikes, None, Stopped()]})
    assert [seen.kind for seen in heard.seen] == ["reaction"] * 3 + ["withdrawn"] * 2


def test_a_reaction_to_a_post_of_the_same_page_is_kept() -> None:
    """After an outage, a second of ours covers many minutes of the stream: the post is not in the record yet."""
    said = [paper_at(START), pointing(BERT, at_uri(ANNA, START), time=START + 1), account(ANNA, active=False)]
    heard = Heard(source(mode="stream"), {ONE: [*said, None, Stopped()]}, pace=0.1)
    assert [seen.kind for seen in heard.seen] == ["post", "reaction", "account"]


def test_accounts_that_are_tracked_are_hidden_and_shown() -> None:
    said = [account(did, active=active, time=START) for did in (ANNA, BERT) for active in (False, True)]
    said.append(b'{"did":"did:plc:x","time_us":1,"kind":"identity","identity":{"did":"did:plc:x","seq":1}}')
    heard = Heard(source([f"bluesky:{ANNA}"]), {ONE: [*said, None, Stopped()]})
    assert [(item.subject, item.judgement, item.reason) for item in items(heard) if isinstance(item, Verdict)] == [
        (f"bluesky:{ANNA}", "hidden", "deactivated"), (f"bluesky:{ANNA}", "shown", "active"),
    ]  # fmt: skip


def test_nonsense_is_set_apart_and_stops_nothing_unless_there_is_nothing_else() -> None:
    broken = create(ANNA, {"text": 7, "about": "arXiv:2609.01234"}, time=START)
    harmless = create(ANNA, {"text": 7}, time=START)
    deep = b'{"did":"d","time_us":1,"commit":{"operation":"create","collection":"c","rkey":"r","record":' + b"[" * 10**5
    said = [b"", b"{", b"\xff\xff", b"[]", deep, broken, harmless, paper_at(START)]
    heard = Heard(source(), {ONE: [*said, None, Stopped()]})
    assert [seen.kind for seen in heard.seen] == ["unreadable"] * 5 + ["post", "post"]
    assert [seen.body for seen in heard.seen[:5]] == said[:5]
    heard = Heard(source(jetstream=(ONE,)), {ONE: [b"?"] * (MOST_UNREADABLE + 1)}, pace=0)
    assert isinstance(heard.error, NetError) and "unreadable messages in a row" in str(heard.error)


def test_nobody_can_stop_the_listener_by_reactions_that_are_nonsense() -> None:
    """A server passes on whatever somebody writes, hundreds of records in a row."""
    uri = at_uri(ANNA, START - 9)
    like = "app.bsky.feed.like"
    nonsense = [create(BERT, {"subject": n}, collection=like, time=START + n) for n in range(MOST_UNREADABLE + 1)]
    said: list[Said] = [*nonsense, pointing(BERT, uri, time=START + 999), None, Stopped()]
    heard = Heard(source([f"bluesky:{uri}"], mode="stream"), {ONE: said, TWO: said}, pace=0)
    assert isinstance(heard.error, Stopped) and [seen.kind for seen in heard.seen] == ["reaction"]


# ---- how far it was read -------------------------------------------------------------------------------


def test_a_page_says_up_to_when_the_network_was_read_also_while_a_backlog_is_told() -> None:
    hour = 3600 * SECOND
    behind = [paper_at(START - hour + n * SECOND, BERT) for n in range(3)]
    heard = Heard(source(), {ONE: [*behind, paper_at(START), Stopped()]}, str(START - hour))
    assert [page.until for page in heard.pages] == [*(START - hour + n * SECOND for n in range(3)), START]


def test_nothing_is_read_before_the_first_event_nor_by_hearing_again_what_was_heard() -> None:
    since = START - 100 * SECOND
    assert [page.until for page in Heard(source(), {ONE: [None, Stopped()]}, str(since)).pages] == [since]
    assert [page.until for page in Heard(source(), {ONE: [None, Stopped()]}).pages] == [None, START]
    again: list[Said] = [paper_at(since - 9 * SECOND), paper_at(since - 8 * SECOND), Stopped()]
    assert {page.until for page in Heard(source(), {ONE: again}, str(since)).pages} == {since}
    [page] = Heard(source(), {ONE: [None, Stopped()]}, str(START + 10**12)).pages
    assert page.until == START


def test_silence_says_that_all_was_read_only_where_it_is_usual() -> None:
    quiet: list[Said] = [idle_at(START - 50 * SECOND), None, Stopped()]
    [page] = Heard(source(), {ONE: quiet}, str(START - 60 * SECOND)).pages
    assert page.until == START - 50 * SECOND
    [page] = Heard(source(silence=0), {ONE: quiet}, str(START - 60 * SECOND)).pages
    assert page.until == START + 31 * SECOND


# ---- servers that fail ---------------------------------------------------------------------------------


def test_the_next_host_goes_on_where_the_first_one_stopped() -> None:
    first = [idle_at(START), paper_at(START + SECOND), None, NetError("reset")]
    heard = Heard(source(), {ONE: first, TWO: [paper_at(START + 2 * SECOND), None, Stopped()]})
    assert [url for url, _ in heard.asked] == [f"{ONE}/subscribe", f"{TWO}/subscribe"]
    assert heard.asked[1][1]["cursor"] == [str(START - 9 * SECOND)] and len(heard.seen) == 2


def test_a_host_that_says_nothing_is_left_and_so_is_the_last_one() -> None:
    accounts: list[Said] = [account(BERT, active=True, time=START + n) for n in range(70)]
    heard = Heard(source(), {ONE: [None, None, paper_at(START)], TWO: accounts})
    assert [url for url, _ in heard.asked] == [f"{ONE}/subscribe", f"{TWO}/subscribe"]
    assert "no event for 60 s" in str(heard.error)
    assert heard.seen == []


def test_a_host_that_stays_behind_is_left_but_not_one_that_catches_up() -> None:
    hour = 3600 * SECOND
    behind = [idle_at(START - hour + n * SECOND) for n in range(200)]
    heard = Heard(source(jetstream=(ONE,)), {ONE: behind})
    assert "don't catch up" in str(heard.error)
    catching = [idle_at(START - hour + 20 * n * SECOND) for n in range(200)]
    heard = Heard(source(jetstream=(ONE,)), {ONE: [*catching, Stopped()]})
    assert isinstance(heard.error, Stopped)


def test_what_no_host_has_any_more_is_said_and_passed_over() -> None:
    old = START - 86_400 * SECOND
    hosts = {ONE: [idle_at(START - 100 * SECOND)], TWO: [idle_at(START - 200 * SECOND)]}
    heard = Heard(source(), hosts, str(old))
    assert heard.pages == [PayloadPage((), str(START - 200 * SECOND))] and "86200 s are missing" in str(heard.error)
    assert isinstance(heard.error, StreamGap) and heard.error.missing == (old, START - 200 * SECOND)
    heard = Heard(source(), {ONE: hosts[ONE], TWO: [idle_at(old), None, Stopped()]}, str(old))
    assert isinstance(heard.error, Stopped) and heard.pages[-1].cursor == str(old)
    heard = Heard(source(), {ONE: hosts[ONE], TWO: [idle_at(old), None, NetError("reset")]}, str(old))
    assert str(heard.error) != "" and heard.pages[-1].cursor == str(old)


def test_of_several_errors_the_one_that_is_soonest_tried_again_is_told() -> None:
    heard = Heard(source(), {ONE: [RequestRefused("no")], TWO: [RetryLater(60, "busy")]})
    assert isinstance(heard.error, RetryLater)
    assert "ended the stream" in str(Heard(source(), {ONE: [], TWO: []}).error)


# ---- the firehose --------------------------------------------------------------------------------------

TIME = "2026-01-01T00:00:00.000Z"
PATH = f"app.bsky.feed.post/{tid(START)}"


def firehose(*said: Said, cursor: str | None = None, **settings: Any) -> Heard:
    return Heard(source(transport="firehose", **settings), {RELAY: [*said, Stopped()]}, cursor)


def test_the_firehose_tells_the_same_and_is_resumed_by_its_own_number() -> None:
    other = commit_frame(BERT, "app.bsky.graph.follow/3a", {"subject": ANNA}, 8, TIME)
    heard = firehose(commit_frame(ANNA, PATH, PAPER, 7, TIME), other, None, cursor="firehose:relay.example:5:17")
    assert heard.asked == [(RELAY, {"cursor": ["5"]})]
    assert [(seen.kind, seen.key) for seen in heard.seen] == [("post", at_uri(ANNA, START))]
    assert heard.pages[-1].cursor == f"firehose:relay.example:8:{START}"
    again = Heard(source(), {ONE: [paper_at(START), None, Stopped()]})
    assert list(source().read(again.seen[0]._replace(at=0))) == list(source().read(heard.seen[0]._replace(at=0)))


@pytest.mark.parametrize(
    "cursor", ["1783175888112407", "firehose:other.example:5:17", None, "firehose:relay.example::17"]
)
def test_anothers_number_means_nothing_to_a_relay(cursor: str | None) -> None:
    assert firehose(cursor=cursor).asked == [(RELAY, {})]


def test_a_relay_is_not_believed_to_have_told_what_was_said_before_it_was_heard() -> None:
    said = commit_frame(ANNA, PATH, PAPER, 7, TIME)
    before = START - 3600 * SECOND
    for cursor in (str(before), f"firehose:other.example:5:{before}", f"firehose:relay.example::{before}"):
        heard = firehose(said, cursor=cursor)
        assert isinstance(heard.error, StreamGap) and heard.error.missing == (START - 3600 * SECOND, START)
        assert heard.pages == [PayloadPage((), str(START))]
    assert [seen.kind for seen in firehose(said, None, cursor=str(START)).seen] == ["post"]


def test_jetstream_goes_on_from_a_firehoses_moment() -> None:
    [(_, query)] = Heard(source(), {ONE: [Stopped()]}, f"firehose:relay.example:5:{START}").asked
    assert query["cursor"] == [str(START - 10 * SECOND)]


def test_a_relay_that_does_not_know_our_number_is_heard_from_its_newest_on() -> None:
    said = frame("", {"error": "FutureCursor", "message": "Cursor in the future."}, op=-1)
    heard = firehose(said, cursor="firehose:relay.example:5:17")
    assert heard.pages == [PayloadPage((), f"firehose:relay.example::{START + SECOND}")] and "FutureCursor" in str(
        heard.error
    )
    assert isinstance(heard.error, StreamGap) and heard.error.missing == (17, START + SECOND)


def test_a_relay_that_forgot_what_came_next_is_heard_from_its_oldest_on() -> None:
    said = frame("#info", {"name": "OutdatedCursor"})
    heard = firehose(said, cursor="firehose:relay.example:5:17")
    assert heard.pages == [PayloadPage((), "firehose:relay.example:0:17")] and "no longer has" in str(heard.error)
    assert isinstance(heard.error, StreamGap) and heard.error.missing == (17, START + SECOND)
    untimed = firehose(said, cursor="firehose:relay.example:5:").error
    assert isinstance(untimed, StreamGap) and untimed.missing is None
    heard = firehose(said, commit_frame(ANNA, PATH, PAPER, 7, TIME), cursor="firehose:relay.example:0:17")
    assert [seen.kind for seen in heard.seen] == ["post"]


def test_other_errors_of_a_relay_end_the_round() -> None:
    heard = firehose(frame("", {"error": "ConsumerTooSlow"}, op=-1), cursor=str(START))
    assert heard.pages == [] and "ConsumerTooSlow" in str(heard.error)


def test_frames_of_every_kind_and_frames_that_are_none() -> None:
    link = {"$type": "blob", "ref": b"\x01\x55\x12\x20" + bytes(32), "size": 3}
    rich = PAPER | {"embed": {"$type": "x", "images": [{"image": link, "raw": b"abc"}]}}
    large = {"repo": ANNA, "rev": "r", "seq": 3, "time": TIME, "ops": [{"action": "create", "path": PATH, "cid": None}]}
    said = [
        frame("#account", {"did": ANNA, "time": TIME, "active": False, "status": "deleted", "seq": 1}),
        frame("#identity", {"did": ANNA, "time": TIME, "seq": 2}),
        frame("#info", {"name": "Other"}),
        frame("#commit", large),
        commit_frame(ANNA, PATH, rich, 4, TIME),
        commit_frame(ANNA, PATH, None, 5, TIME),
        frame("#commit", {"repo": ANNA}),
        frame("", {})[:4],
        b"\x81" * 10**5,
        commit_frame(ANNA, PATH, PAPER, 6, "yesterday"),
        b"\x01",
        b"\x01\x02",
    ]
    known = f"bluesky:{ANNA}"
    heard = Heard(source([known], transport="firehose"), {RELAY: [*said, None, Stopped()]}, pace=0)
    assert [seen.kind for seen in heard.seen] == ["account", "post", "gone"] + ["unreadable"] * 6
    assert b'"$link":"bafkrei' in heard.seen[1].body and b'"$bytes":"YWJj"' in heard.seen[1].body
    for seen in heard.seen[3:]:
        with pytest.raises((InputError, MsgspecError)):
            list(source().read(seen))


def test_a_moment_without_a_zone_is_utc_wherever_the_machine_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        told = [microseconds(f"2026-07-04T14:38:07.517{zone}") for zone in ("", "Z", "+00:00", "+09:00")]
    finally:
        monkeypatch.undo()
        time.tzset()
    assert told[0] == told[1] == told[2] == told[3] + 9 * 3600 * 1_000_000
