"""Jetstream 2: frames, filters, cursors that belong to one host, gaps that it tells, compression."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import HotPapersError, NetError, RequestRefused, Stopped, StreamGap
from hotpapers.base.model import Item, PayloadPage, Post, RawPayload, Reaction, Response, Verdict
from hotpapers.collect.sources.bluesky import BlueskySettings, BlueskySource, parse_cursor, schemas
from hotpapers.collect.sources.bluesky.stream_hosts import sequence_cursor, sequence_for
from tests.collect.sources.bluesky_events import ANNA, BERT, at_uri, post, tid
from tests.collect.sources.net import START, ScriptedClient, reply
from tests.collect.sources.test_bluesky_reactions import FakeTracker

PATH = "/xrpc/network.bsky.jetstream.subscribeEvents"
NAME = "network.bsky.jetstream.subscribeEvents"
NEW, MIRROR, OLD = f"wss://new.example{PATH}", f"wss://mirror.example{PATH}", "wss://old.example"
POST, LIKE = "app.bsky.feed.post", "app.bsky.feed.like"
SECOND, HOUR = 1_000_000, 3_600_000_000
Message = bytes | HotPapersError | None
Script = Callable[[Mapping[str, list[str]]], Iterable[Message]]


def stamp(at: int) -> str:
    """A moment as frames have it, with six digits."""
    return datetime.fromtimestamp(at / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % SECOND:06d}Z"


def frame(kind: str, seq: int, did: str, at: int, **content: Any) -> bytes:
    payload = {"$type": f"{NAME}#{kind}", "seq": seq, "did": did, "time": stamp(at), **content}
    return json.dumps({"$type": "message", "payload": payload}, separators=(",", ":")).encode()


def commit(
    seq: int, at: int, record: dict[str, Any] | None, did: str = ANNA, *, rkey: str = "", collection: str = POST
) -> bytes:
    """A creation; a deletion, if `record` is None."""
    content: dict[str, Any] = {"operation": "create", "record": record, "cid": "bafyrei"}
    content = {"operation": "delete"} if record is None else content
    return frame("commit", seq, did, at, rev=tid(at), collection=collection, rkey=rkey or tid(at), **content)


def paper(seq: int, at: int, did: str = ANNA, **more: Any) -> bytes:
    return commit(seq, at, post("arXiv:2609.01234"), did, **more)


def idle(seq: int, at: int) -> bytes:
    return commit(seq, at, post("good morning"), BERT)


INFO = json.dumps({
    "$type": "message", "payload": {"$type": f"{NAME}#info", "name": "OutdatedCursor", "message": "resumed from 7"},
}).encode()  # fmt: skip


class Hosts:
    """Hosts by address; each answers a connection by its parameters. `dictionaries`: what each serves."""

    def __init__(self, dictionaries: Mapping[str, bytes] | None = None, **scripts: Script) -> None:
        self._scripts = scripts
        self._dictionaries = dictionaries or {}
        self.connections: list[tuple[str, dict[str, list[str]]]] = []

    def __call__(self, url: str) -> Any:
        parts = urlsplit(url)
        name = parts.netloc.partition(".")[0]
        if parts.path.endswith("getZstdDictionary"):
            body = self._dictionaries.get(name)
            return reply(200, body) if body else reply(404, b"{}")
        params = parse_qs(parts.query)
        self.connections.append((name, params))
        return self._scripts[name](params)


class Listening:
    """What a source read until the script ended."""

    def __init__(
        self, hosts: Hosts, cursor: str | None, *, order: tuple[str, ...] = (NEW,), tracked: Iterable[str] = (),
        now: int = START, pace: float = 1.0, **settings: Any,
    ) -> None:  # fmt: skip
        self.source = BlueskySource(BlueskySettings(jetstream=order, **settings), FakeTracker(tracked))
        self.pages: list[PayloadPage] = []
        with pytest.raises((NetError, Stopped)) as excinfo:
            for page in self.source.pages(ScriptedClient(hosts, pace=pace, now=now), cursor):
                self.pages.append(page)
        self.error: HotPapersError = excinfo.value

    @property
    def payloads(self) -> list[RawPayload]:
        return [payload for page in self.pages for payload in page.payloads]

    @property
    def items(self) -> list[Item]:
        return [item for payload in self.payloads for item in self.source.read(payload)]


def says(*messages: Message) -> Script:
    return lambda params: messages


# ---- frames --------------------------------------------------------------------------------------------


def test_frames_are_read_as_events_and_kept_as_they_came() -> None:
    uri = at_uri(ANNA, START - 9)
    messages = [
        paper(1, START),
        commit(2, START + 1, {"subject": {"uri": uri}}, BERT, collection=LIKE),
        frame("account", 3, ANNA, START + 2, account={"active": False, "status": "deleted", "did": ANNA, "seq": 7}),
        frame("identity", 4, BERT, START + 3, identity={"did": BERT, "handle": "bert.example"}),
        commit(5, START + 4, None, rkey=tid(START - 9)),
    ]
    hosts = Hosts(new=says(*messages, None, Stopped()))
    listening = Listening(hosts, None, tracked=[f"bluesky:{uri}", f"bluesky:{ANNA}"], mode="stream")
    assert [payload.body for payload in listening.payloads] == [messages[0], messages[1], messages[2], messages[4]]
    (post_item,) = [item for item in listening.items if isinstance(item, Post) and not item.gone]
    assert (post_item.post, post_item.created_at) == (f"bluesky:{at_uri(ANNA, START)}", START)
    assert [item.gone for item in listening.items if isinstance(item, Post)] == ["", "deleted"]
    assert [item.type for item in listening.items if isinstance(item, Reaction)] == ["like"]
    assert [item.reason for item in listening.items if isinstance(item, Verdict)] == ["deleted"]


def test_the_filters_have_their_new_names_and_hide_no_deleted_account() -> None:
    hosts = Hosts(new=says(Stopped()))
    Listening(hosts, str(START), mode="stream")
    [(_, params)] = hosts.connections
    assert params["collections"] == [POST, LIKE, "app.bsky.feed.repost"]
    assert not {"kinds", "wantedCollections", "wantedDids", "zstdDictionary"} & params.keys()


def test_an_error_frame_ends_the_stream_and_the_next_host_goes_on() -> None:
    error = b'{"$type":"error","error":"ConsumerTooSlow","message":"behind"}'
    hosts = Hosts(new=says(paper(1, START), error), mirror=says(paper(9, START + SECOND), None, Stopped()))
    listening = Listening(hosts, None, order=(NEW, MIRROR))
    assert isinstance(listening.error, Stopped) and len(listening.payloads) == 2
    listening = Listening(Hosts(new=says(error)), None)
    assert "ConsumerTooSlow" in str(listening.error)


@given(st.binary(max_size=40) | st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=4))
def test_no_frame_is_more_than_unreadable(content: object) -> None:
    body = b'{"$type":' + (content if isinstance(content, bytes) else json.dumps(content).encode() + b"}")
    listening = Listening(Hosts(new=says(body, paper(2, START), None, Stopped())), None)
    assert isinstance(listening.error, Stopped | NetError) and len(listening.payloads) <= 2


@pytest.mark.parametrize(
    "broken",
    [
        {"seq": "7"}, {"time": "yesterday"}, {"time": ""}, {"did": ""}, {"rkey": 7}, {"account": 7},
        {"operation": None},
    ],
)  # fmt: skip
def test_a_broken_frame_is_set_apart(broken: dict[str, Any]) -> None:
    content = json.loads(paper(1, START))
    content["payload"] |= broken
    body = json.dumps(content).encode()
    listening = Listening(Hosts(new=says(body, paper(2, START), None, Stopped())), None)
    assert [payload.kind for payload in listening.payloads] == ["unreadable", "post"]


def test_an_event_of_the_first_version_cannot_pass_for_one_of_the_second() -> None:
    event = schemas.read_event(b'{"did":"d","time_us":5,"kind":7,"seq":"x","$notice":"n"}')
    assert (event.kind, event.seq) == (7, 0)


# ---- cursors -------------------------------------------------------------------------------------------


def test_a_hosts_number_goes_to_that_host_alone() -> None:
    hosts = Hosts(
        new=says(idle(41, START), paper(42, START + SECOND), None, NetError("reset")),
        mirror=says(paper(900, START + 2 * SECOND), None, NetError("reset")),
        old=says(NetError("reset")),
    )
    listening = Listening(hosts, None, order=(NEW, MIRROR, OLD))
    assert list(dict.fromkeys(page.cursor for page in listening.pages))[1:] == [
        f"new.example#42:{START + SECOND}", f"mirror.example#900:{START + 2 * SECOND}",
    ]  # fmt: skip
    assert [params["cursor"] for _, params in hosts.connections] == [
        [str(START - 10 * SECOND)], [str(START - 9 * SECOND)], [str(START - 8 * SECOND)],
    ]  # fmt: skip
    again = Hosts(new=says(NetError("reset")), mirror=says(NetError("reset")), old=says(NetError("reset")))
    Listening(again, listening.pages[-1].cursor, order=(NEW, MIRROR, OLD), now=START + HOUR)
    sent = dict(again.connections)
    assert sent["mirror"]["cursor"] == ["900"]
    assert sent["new"]["cursor"] == sent["old"]["cursor"] == [str(START - 8 * SECOND)]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 10**15 - 1)), min_size=1, max_size=8),
    st.integers(10**15, 2 * 10**15),
)
def test_no_sequence_number_is_ever_sent_to_another_host(steps: list[tuple[str, int]], moment: int) -> None:
    for host, seq in steps:
        cursor = sequence_cursor(f"wss://{host}.example:8443{PATH}", seq, moment)
        assert parse_cursor(cursor) == moment, "and an older version of the program can read it"
        for other in "abc":
            number = sequence_for(f"wss://{other}.example:8443{PATH}", cursor)
            assert number == (seq if other == host else None)


@pytest.mark.parametrize(
    "cursor", [None, "", "17", "new.example:17", "new.example#x:5", f"new.example#{10**20}:5", "#:"]
)
def test_no_other_cursor_has_a_number(cursor: str | None) -> None:
    assert sequence_for(NEW, cursor) is None


def test_a_relays_number_is_sent_to_nobody() -> None:
    """As earlier versions kept it: where it was, nobody knows, so everything that hosts remember is read."""
    hosts = Hosts(old=says(idle(1, START - 20 * HOUR)))
    Listening(hosts, "firehose:bsky.network:46:17", order=(OLD,))
    [(_, params)] = hosts.connections
    assert START - 24 * HOUR < int(params["cursor"][0]) < START - 23 * HOUR


# ---- what a host no longer has ---------------------------------------------------------------------------


def too_old(params: Mapping[str, list[str]], floor: int) -> Iterable[Message]:
    """A host that refuses a number below its floor, and clamps a moment, as it says in a first frame."""
    if int(params["cursor"][0]) < 10**15:
        return [RequestRefused("answered 400 Bad Request", 400)]
    return [INFO, idle(700, floor), None, Stopped()]


def test_a_number_that_is_too_old_is_followed_by_the_moment_and_the_gap_is_told() -> None:
    hosts = Hosts(new=lambda params: too_old(params, START - 36 * HOUR))
    listening = Listening(hosts, f"new.example#3:{START - 40 * HOUR}")
    assert [int(params["cursor"][0]) < 10**15 for _, params in hosts.connections] == [True, False]
    assert isinstance(listening.error, StreamGap) and listening.error.missing == (START - 40 * HOUR, START - 36 * HOUR)
    assert listening.pages == [PayloadPage((), str(START - 36 * HOUR))]


def test_a_gap_that_the_host_tells_is_told_however_short_it_is() -> None:
    hosts = Hosts(new=says(INFO, idle(700, START - 50 * SECOND)))
    listening = Listening(hosts, f"mirror.example#3:{START - 60 * SECOND}")
    assert isinstance(listening.error, StreamGap) and listening.error.missing == (
        START - 60 * SECOND,
        START - 50 * SECOND,
    )
    hosts = Hosts(new=says(INFO, idle(700, START - 65 * SECOND), None, Stopped()))
    listening = Listening(hosts, f"mirror.example#3:{START - 60 * SECOND}")
    assert isinstance(listening.error, Stopped), "only what was read before is missing"


def test_what_one_host_lacks_is_read_from_another() -> None:
    day_ago = START - 24 * HOUR
    hosts = Hosts(new=says(INFO, idle(700, START - HOUR)), mirror=says(paper(5, day_ago), None, Stopped()))
    listening = Listening(hosts, str(day_ago), order=(NEW, MIRROR))
    assert isinstance(listening.error, Stopped) and len(listening.payloads) == 1


def test_the_first_version_clamps_without_a_word_and_the_gap_is_told_all_the_same() -> None:
    event = {"did": BERT, "time_us": START - 36 * HOUR, "kind": "commit", "cursor": 5}
    event["commit"] = {"rev": "3k", "operation": "create", "collection": POST, "rkey": "3k", "record": post("hi")}
    listening = Listening(Hosts(old=says(json.dumps(event).encode())), str(START - 48 * HOUR), order=(OLD,))
    assert isinstance(listening.error, StreamGap) and listening.error.missing == (START - 48 * HOUR, START - 36 * HOUR)


# ---- repositories that were replaced -----------------------------------------------------------------------


def test_of_a_replaced_repository_what_does_not_come_again_is_gone() -> None:
    kept, lost, others = at_uri(ANNA, START - 9), at_uri(ANNA, START - 8), at_uri(BERT, START - 7)
    tracked = [*(f"bluesky:{uri}" for uri in (kept, lost, others)), f"bluesky:{ANNA}", f"bluesky:{BERT}"]
    messages = [
        frame("sync", 5, ANNA, START, sync={"did": ANNA, "rev": tid(START)}),
        paper(6, START + 5, rkey=tid(START - 9)),
        idle(7, START + 30 * SECOND),
        idle(8, START + 61 * SECOND),
    ]
    listening = Listening(Hosts(new=says(*messages[:3], None, Stopped())), None, tracked=tracked)
    assert [payload.kind for payload in listening.payloads] == ["post"]
    listening = Listening(Hosts(new=says(*messages, None, Stopped())), None, tracked=tracked)
    assert [(payload.kind, payload.key) for payload in listening.payloads] == [("post", kept), ("gone", lost)]
    [removal] = [item for item in listening.items if isinstance(item, Post) and item.gone]
    assert removal.post == f"bluesky:{lost}"


def test_a_stranger_s_repository_is_nobody_s_business() -> None:
    sync = frame("sync", 5, "did:plc:madeupccccccccccccccccc", START, sync={})
    listening = Listening(Hosts(new=says(sync, idle(8, START + 61 * SECOND), None, Stopped())), None)
    assert listening.payloads == []


# ---- compression -----------------------------------------------------------------------------------------


def dictionary(number: int) -> bytes:
    rng = random.Random(number)
    samples: list[bytes | bytearray | memoryview] = [
        paper(rng.randrange(10**6), START + rng.randrange(HOUR)) for _ in range(400)
    ]
    return zstandard.train_dictionary(4_096, samples, dict_id=number).as_bytes()


def packed(body: bytes, dictionary: bytes) -> bytes:
    return zstandard.ZstdCompressor(dict_data=zstandard.ZstdCompressionDict(dictionary)).compress(body)


def test_messages_are_compressed_with_the_dictionary_that_the_host_has_now() -> None:
    for number in (7, 8):  # it rotates
        own = dictionary(number)
        messages = [packed(paper(n, START + n), own) for n in range(3)]
        hosts = Hosts({"new": own}, new=says(*messages, None, Stopped()))
        listening = Listening(hosts, None)
        assert len(listening.payloads) == 3 and listening.payloads[0].body == paper(0, START)
        assert hosts.connections[0][1]["zstdDictionary"] == [str(number)]
        assert sum(map(len, messages)) < sum(len(paper(n, START + n)) for n in range(3)) / 2


def test_a_dictionary_that_was_replaced_in_between_is_done_without() -> None:
    def answer(params: Mapping[str, list[str]]) -> Iterable[Message]:
        if "zstdDictionary" in params:
            return [RequestRefused("answered 400 Bad Request", 400)]
        return [paper(1, START), None, Stopped()]

    listening = Listening(Hosts({"new": dictionary(7)}, new=answer), None)
    assert isinstance(listening.error, Stopped) and len(listening.payloads) == 1


def test_bombs_and_damage_are_unreadable() -> None:
    own = dictionary(7)
    bomb = packed(b" " * 2**23, own)
    messages = [bomb, packed(paper(1, START), dictionary(9)), b"", b"nonsense", packed(paper(2, START), own)]
    listening = Listening(Hosts({"new": own}, new=says(*messages, None, Stopped())), None)
    assert [payload.kind for payload in listening.payloads] == ["unreadable"] * 4 + ["post"]


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", b"\x37\xa4\x30\xec", b"\x37\xa4\x30\xec\x07\0\0\0nonsense"])
def test_what_is_no_dictionary_is_not_used(body: bytes) -> None:
    """Or no host would be read because one answers nonsense."""
    hosts = Hosts({"new": body} if body else None, new=says(paper(1, START), None, Stopped()))
    listening = Listening(hosts, None)
    assert isinstance(listening.error, Stopped) and len(listening.payloads) == 1


def test_a_host_whose_dictionary_cannot_be_had_for_now_is_tried_later() -> None:
    class Down(Hosts):
        def __call__(self, url: str) -> Any:
            return NetError("down") if "getZstdDictionary" in url else super().__call__(url)

    listening = Listening(Down(new=says(paper(1, START))), None)
    assert "down" in str(listening.error)
    assert isinstance(reply(), Response)
