"""Bluesky's stream: where it resumes, what is kept, and what happens when a server fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hotpapers.base.errors import (
    HotPapersError,
    NetError,
    RequestRefused,
    RetryLater,
    Stopped,
    StreamGap,
)
from hotpapers.base.model import Item, PayloadPage, Post, RawPayload, Reaction, Verdict
from hotpapers.collect.sources.bluesky import (
    MAX_SEEN_POSTS,
    MAX_UNREADABLE_MESSAGES,
    BlueskySettings,
    BlueskySource,
    parse_cursor,
)
from tests.collect.sources.bluesky_events import ANNA, BERT, account, at_uri, create, post, reaction_event, tid
from tests.collect.sources.net import START, Request, ScriptedClient

FIRST_HOST, SECOND_HOST = "wss://one.example", "wss://two.example"
PAPER = post("arXiv:2609.01234")
SECOND = 1_000_000
Message = bytes | HotPapersError | None


def source(tracked: Iterable[str] = (), **settings: Any) -> BlueskySource:
    return BlueskySource(BlueskySettings(**({"jetstream": (FIRST_HOST, SECOND_HOST)} | settings)), set(tracked))


class StreamResult:
    """The result of listening until the script ended."""

    def __init__(
        self, bluesky: BlueskySource, hosts: Mapping[str, Iterable[Message]], cursor: str | None = None,
        pace: float = 1.0, now: int = START,
    ) -> None:  # fmt: skip
        self.http = ScriptedClient(
            lambda url: hosts[url.partition("?")[0].removesuffix("/subscribe")], pace=pace, now=now
        )
        self.pages: list[PayloadPage] = []
        with pytest.raises((NetError, Stopped)) as excinfo:
            for page in bluesky.pages(self.http, cursor):
                self.pages.append(page)
        self.error: HotPapersError = excinfo.value

    @property
    def payloads(self) -> list[RawPayload]:
        return [payloads for page in self.pages for payloads in page.payloads]

    @property
    def queries(self) -> list[tuple[str, dict[str, list[str]]]]:
        return [_parts(request) for request in self.http.requests]


def _parts(request: Request) -> tuple[str, dict[str, list[str]]]:
    return request.url.partition("?")[0], parse_qs(urlsplit(request.url).query)


def paper_event(time: int, did: str = ANNA) -> bytes:
    return create(did, PAPER, time=time)


def idle_event(time: int) -> bytes:
    return create(BERT, post("good morning"), time=time)


# ---- requests ------------------------------------------------------------------------------------------


def test_posts_alone_are_asked_for_or_reactions_too_from_a_little_before_the_cursor() -> None:
    result = StreamResult(source(), {FIRST_HOST: [Stopped()]}, str(START))
    cursor = [str(START - 10 * SECOND)]
    assert result.queries == [
        (f"{FIRST_HOST}/subscribe", {"wantedCollections": ["app.bsky.feed.post"], "cursor": cursor})
    ]
    [(_, query)] = StreamResult(source(mode="stream"), {FIRST_HOST: [Stopped()]}).queries
    names = ["app.bsky.feed.post", "app.bsky.feed.like", "app.bsky.feed.repost"]
    assert query == {"wantedCollections": names, "cursor": cursor}


def test_what_is_said_before_any_host_answers_is_not_lost() -> None:
    refusal = StreamResult(source(), {FIRST_HOST: [RequestRefused("no")], SECOND_HOST: [RequestRefused("no")]})
    assert refusal.pages == [PayloadPage((), str(START))]
    messages = [paper_event(START + 5 * SECOND), None, Stopped()]
    result = StreamResult(source(), {FIRST_HOST: messages}, refusal.pages[0].cursor, now=START + 3600 * SECOND)
    assert result.queries[0][1]["cursor"] == [str(START - 10 * SECOND)] and len(result.payloads) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("", None),
        ("nonsense", None),
        ("1783175888112407", 1783175888112407),
        ("firehose:127.0.0.1:2583:46:17", 17),
        ("firehose:bsky.network::", None),
        ("firehose:x", None),
    ],
)
def test_cursors_also_those_of_earlier_versions(text: str | None, expected: int | None) -> None:
    assert parse_cursor(text) == expected


# ---- what is kept --------------------------------------------------------------------------------------


def test_posts_that_name_papers_are_kept_and_the_cursor_is_the_newest_event() -> None:
    messages = [paper_event(START), idle_event(START + 5), paper_event(START + 2, BERT), idle_event(START + 3)]
    result = StreamResult(source(), {FIRST_HOST: [*messages, None, Stopped()]})
    assert [(payload.kind, payload.key) for payload in result.payloads] == [
        ("post", at_uri(ANNA, START)), ("post", at_uri(BERT, START + 2)),
    ]  # fmt: skip
    assert result.payloads[0].body == messages[0] and result.pages[-1].cursor == str(START + 5)


def test_an_event_of_the_future_does_not_carry_the_cursor_away() -> None:
    result = StreamResult(source(), {FIRST_HOST: [idle_event(START + 10**15), None, Stopped()]})
    assert result.pages[-1] == PayloadPage([], str(START + SECOND), START + SECOND)


def test_a_server_whose_clock_is_ahead_lacks_nothing_and_takes_no_cursor_along() -> None:
    """Two hours ahead: the time in between is not reported as missing, and a cursor from then is not waited for."""
    messages = [paper_event(START + 7200 * SECOND), None, Stopped()]
    result = StreamResult(source(), {FIRST_HOST: messages}, str(START - 5 * SECOND))
    assert isinstance(result.error, Stopped) and len(result.payloads) == 1
    assert int(result.pages[-1].cursor or 0) <= START + 2 * SECOND
    result = StreamResult(source(), {FIRST_HOST: [paper_event(START), None, Stopped()]}, str(START + 7200 * SECOND))
    assert int(result.queries[0][1]["cursor"][0]) <= START and int(result.pages[-1].cursor or 0) <= START + 2 * SECOND


def test_pages_are_bounded_and_a_quiet_stream_has_a_heartbeat() -> None:
    events = [paper_event(START + n) for n in range(2 * MAX_SEEN_POSTS)]
    result = StreamResult(source(), {FIRST_HOST: [*events, Stopped()]}, str(START), pace=0)
    assert [len(page.payloads) for page in result.pages] == [MAX_SEEN_POSTS, MAX_SEEN_POSTS]
    result = StreamResult(source(silence=0), {FIRST_HOST: [None] * 4 + [Stopped()]}, str(START))
    assert result.pages == [PayloadPage([], str(START), START + n * 30 * SECOND) for n in (1, 2, 3, 4)]
    assert isinstance(result.error, Stopped)
    result = StreamResult(source(), {FIRST_HOST: [idle_event(START + n) for n in range(61)] + [Stopped()]}, str(START))
    assert [page.cursor for page in result.pages] == [str(START + 29), str(START + 59)]


def test_deletions_of_tracked_posts_alone_are_kept() -> None:
    uri, other_uri = at_uri(ANNA, START), at_uri(ANNA, START + 1)
    messages = [create(ANNA, None, rkey=post_uri.rpartition("/")[2], time=START) for post_uri in (uri, other_uri)]
    result = StreamResult(source([f"bluesky:{uri}"]), {FIRST_HOST: [*messages, None, Stopped()]})
    [deleted_post] = items(result)
    assert isinstance(deleted_post, Post) and (deleted_post.post, deleted_post.gone, deleted_post.created_at) == (
        f"bluesky:{uri}",
        "deleted",
        START,
    )


def items(result: StreamResult) -> list[Item]:
    reader = source()
    return [item for payload in result.payloads for item in reader.read(payload)]


def test_reactions_to_tracked_posts_and_their_withdrawal() -> None:
    uri, other_uri = at_uri(ANNA, START - 9), at_uri(ANNA, START - 8)
    messages = [
        reaction_event(BERT, uri, time=START),
        reaction_event(BERT, other_uri, time=START + 1),
        reaction_event(BERT, uri, kind="repost", time=START + 2),
        create(BERT, None, collection="app.bsky.feed.like", rkey=tid(START), time=START + 3),
        create(BERT, None, collection="app.bsky.feed.like", rkey=tid(START + 1), time=START + 4),
        create(BERT, None, collection="app.bsky.feed.like", rkey=tid(START - 77), time=START + 5),
        create(BERT, {"subject": BERT}, collection="app.bsky.graph.follow", time=START + 6),
    ]
    result = StreamResult(source([f"bluesky:{uri}"], mode="stream"), {FIRST_HOST: [*messages, None, Stopped()]})
    assert [
        (item.post, item.account, item.type, item.withdrawn) for item in items(result) if isinstance(item, Reaction)
    ] == [
        (f"bluesky:{uri}", f"bluesky:{BERT}", "like", False),
        (f"bluesky:{uri}", f"bluesky:{BERT}", "repost", False),
        (f"bluesky:{uri}", f"bluesky:{BERT}", "like", True),
    ]
    assert StreamResult(source([f"bluesky:{uri}"]), {FIRST_HOST: [*messages, None, Stopped()]}).payloads == []


def test_it_remembers_so_many_reactions_and_no_more() -> None:
    uri = at_uri(ANNA, START - 9)
    likes = [reaction_event(BERT, uri, time=START + n) for n in range(3)]
    unlikes = [create(BERT, None, collection="app.bsky.feed.like", rkey=tid(START + n), time=START) for n in range(3)]
    result = StreamResult(
        source([f"bluesky:{uri}"], mode="stream", remembers=2), {FIRST_HOST: [*likes, *unlikes, None, Stopped()]}
    )
    assert [payload.kind for payload in result.payloads] == ["reaction"] * 3 + ["withdrawn"] * 2


def test_a_reaction_to_a_post_of_the_same_page_is_kept() -> None:
    """After an outage, one second covers many minutes of the stream, so the post is not in the record yet."""
    messages = [
        paper_event(START),
        reaction_event(BERT, at_uri(ANNA, START), time=START + 1),
        account(ANNA, active=False),
    ]
    result = StreamResult(source(mode="stream"), {FIRST_HOST: [*messages, None, Stopped()]}, pace=0.1)
    assert [payload.kind for payload in result.payloads] == ["post", "reaction", "account"]


def test_accounts_that_are_tracked_are_hidden_and_shown() -> None:
    messages = [account(did, active=active, time=START) for did in (ANNA, BERT) for active in (False, True)]
    messages.append(b'{"did":"did:plc:x","time_us":1,"kind":"identity","identity":{"did":"did:plc:x","seq":1}}')
    result = StreamResult(source([f"bluesky:{ANNA}"]), {FIRST_HOST: [*messages, None, Stopped()]})
    assert [(item.subject, item.judgement, item.reason) for item in items(result) if isinstance(item, Verdict)] == [
        (f"bluesky:{ANNA}", "hidden", "deactivated"), (f"bluesky:{ANNA}", "shown", "active"),
    ]  # fmt: skip


def test_nonsense_is_set_apart_and_stops_nothing_unless_there_is_nothing_else() -> None:
    bad_record = create(ANNA, {"text": 7, "about": "arXiv:2609.01234"}, time=START)
    other_bad_record = create(ANNA, {"text": 7}, time=START)
    deep_message = (
        b'{"did":"d","time_us":1,"commit":{"operation":"create","collection":"c","rkey":"r","record":' + b"[" * 10**5
    )
    messages = [b"", b"{", b"\xff\xff", b"[]", deep_message, bad_record, other_bad_record, paper_event(START)]
    result = StreamResult(source(), {FIRST_HOST: [*messages, None, Stopped()]})
    assert [payload.kind for payload in result.payloads] == ["unreadable"] * 5 + ["post", "post"]
    assert [payload.body for payload in result.payloads[:5]] == messages[:5]
    result = StreamResult(source(jetstream=(FIRST_HOST,)), {FIRST_HOST: [b"?"] * (MAX_UNREADABLE_MESSAGES + 1)}, pace=0)
    assert isinstance(result.error, NetError) and "unreadable messages in a row" in str(result.error)


def test_nobody_can_stop_the_listener_by_reactions_that_are_nonsense() -> None:
    """A server passes on whatever somebody writes, hundreds of records in a row."""
    uri = at_uri(ANNA, START - 9)
    like = "app.bsky.feed.like"
    nonsense = [
        create(BERT, {"subject": n}, collection=like, time=START + n) for n in range(MAX_UNREADABLE_MESSAGES + 1)
    ]
    messages: list[Message] = [*nonsense, reaction_event(BERT, uri, time=START + 999), None, Stopped()]
    result = StreamResult(
        source([f"bluesky:{uri}"], mode="stream"), {FIRST_HOST: messages, SECOND_HOST: messages}, pace=0
    )
    assert isinstance(result.error, Stopped) and [payload.kind for payload in result.payloads] == ["reaction"]


# ---- how far it was read -------------------------------------------------------------------------------


def test_a_page_says_up_to_when_the_network_was_read_also_while_a_backlog_is_told() -> None:
    hour = 3600 * SECOND
    backlog = [paper_event(START - hour + n * SECOND, BERT) for n in range(3)]
    result = StreamResult(source(), {FIRST_HOST: [*backlog, paper_event(START), Stopped()]}, str(START - hour))
    assert [page.until for page in result.pages] == [*(START - hour + n * SECOND for n in range(3)), START]


def test_nothing_is_read_before_the_first_event_nor_by_hearing_again_what_was_heard() -> None:
    since = START - 100 * SECOND
    assert [page.until for page in StreamResult(source(), {FIRST_HOST: [None, Stopped()]}, str(since)).pages] == [since]
    assert [page.until for page in StreamResult(source(), {FIRST_HOST: [None, Stopped()]}).pages] == [None, START]
    messages: list[Message] = [paper_event(since - 9 * SECOND), paper_event(since - 8 * SECOND), Stopped()]
    assert {page.until for page in StreamResult(source(), {FIRST_HOST: messages}, str(since)).pages} == {since}
    [page] = StreamResult(source(), {FIRST_HOST: [None, Stopped()]}, str(START + 10**12)).pages
    assert page.until == START


def test_silence_says_that_all_was_read_only_where_it_is_usual() -> None:
    messages: list[Message] = [idle_event(START - 50 * SECOND), None, Stopped()]
    [page] = StreamResult(source(), {FIRST_HOST: messages}, str(START - 60 * SECOND)).pages
    assert page.until == START - 50 * SECOND
    [page] = StreamResult(source(silence=0), {FIRST_HOST: messages}, str(START - 60 * SECOND)).pages
    assert page.until == START + 31 * SECOND


# ---- servers that fail ---------------------------------------------------------------------------------


def test_the_next_host_goes_on_where_the_first_one_stopped() -> None:
    messages = [idle_event(START), paper_event(START + SECOND), None, NetError("reset")]
    result = StreamResult(
        source(), {FIRST_HOST: messages, SECOND_HOST: [paper_event(START + 2 * SECOND), None, Stopped()]}
    )
    assert [url for url, _ in result.queries] == [f"{FIRST_HOST}/subscribe", f"{SECOND_HOST}/subscribe"]
    assert result.queries[1][1]["cursor"] == [str(START - 9 * SECOND)] and len(result.payloads) == 2


def test_a_host_that_says_nothing_is_left_and_so_is_the_last_one() -> None:
    accounts: list[Message] = [account(BERT, active=True, time=START + n) for n in range(70)]
    result = StreamResult(source(), {FIRST_HOST: [None, None, paper_event(START)], SECOND_HOST: accounts})
    assert [url for url, _ in result.queries] == [f"{FIRST_HOST}/subscribe", f"{SECOND_HOST}/subscribe"]
    assert "no event for 60 s" in str(result.error)
    assert result.payloads == []


def test_a_host_that_stays_behind_is_left_but_not_one_that_catches_up() -> None:
    hour = 3600 * SECOND
    backlog = [idle_event(START - hour + n * SECOND) for n in range(200)]
    result = StreamResult(source(jetstream=(FIRST_HOST,)), {FIRST_HOST: backlog})
    assert "don't catch up" in str(result.error)
    fast_backlog = [idle_event(START - hour + 20 * n * SECOND) for n in range(200)]
    result = StreamResult(source(jetstream=(FIRST_HOST,)), {FIRST_HOST: [*fast_backlog, Stopped()]})
    assert isinstance(result.error, Stopped)


def test_what_no_host_has_any_more_is_said_and_passed_over() -> None:
    day_ago = START - 86_400 * SECOND
    hosts = {FIRST_HOST: [idle_event(START - 100 * SECOND)], SECOND_HOST: [idle_event(START - 200 * SECOND)]}
    result = StreamResult(source(), hosts, str(day_ago))
    assert result.pages == [PayloadPage((), str(START - 200 * SECOND))] and "24 h are missing" in str(result.error)
    assert isinstance(result.error, StreamGap) and result.error.missing == (day_ago, START - 200 * SECOND)
    result = StreamResult(
        source(), {FIRST_HOST: hosts[FIRST_HOST], SECOND_HOST: [idle_event(day_ago), None, Stopped()]}, str(day_ago)
    )
    assert isinstance(result.error, Stopped) and result.pages[-1].cursor == str(day_ago)
    result = StreamResult(
        source(),
        {FIRST_HOST: hosts[FIRST_HOST], SECOND_HOST: [idle_event(day_ago), None, NetError("reset")]},
        str(day_ago),
    )
    assert "reset" in str(result.error) and result.pages[-1].cursor == str(day_ago)


def test_of_several_errors_the_one_that_is_soonest_tried_again_is_told() -> None:
    result = StreamResult(source(), {FIRST_HOST: [RequestRefused("no")], SECOND_HOST: [RetryLater(60, "busy")]})
    assert isinstance(result.error, RetryLater)
    assert "ended the stream" in str(StreamResult(source(), {FIRST_HOST: [], SECOND_HOST: []}).error)
