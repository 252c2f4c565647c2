"""The relay's frames as Jetstream's JSON, made up and recorded."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from msgspec import MsgspecError

from hotpapers.base.errors import InputError
from hotpapers.base.model import Mention, Post, Reaction, Verdict
from hotpapers.collect.sources.bluesky import schemas
from hotpapers.wings.archives import firehose
from hotpapers.wings.archives.conversion import PROBLEM
from tests.sources.bluesky_events import ANNA, BERT, commit_frame, frame, post, tid
from tests.sources.net import START
from tests.sources.test_bluesky_recorded import FRAMES, JETSTREAM, MANIFEST, EveryPost, count, items_of
from tests.sources.test_bombs import check_bombs

COLLECTIONS = (schemas.POST, schemas.LIKE, schemas.REPOST)
TIME = "2026-01-01T00:00:00.000Z"
PATH = f"app.bsky.feed.post/{tid(START)}"
PAPER = post("arXiv:2609.01234")


@pytest.fixture
def bluesky(shared: Path) -> Path:
    return shared / "recordings" / "bluesky"


def events(*messages: bytes) -> list[bytes]:
    return [body for message in messages for body in firehose.events(message, COLLECTIONS)]


def test_frames_of_every_kind() -> None:
    link = {"$type": "blob", "ref": b"\x01\x55\x12\x20" + bytes(32), "size": 3}
    record = PAPER | {"embed": {"$type": "x", "images": [{"image": link, "raw": b"abc"}]}}
    op = {"action": "create", "path": PATH, "cid": None}
    account, created, deleted = events(
        frame("#account", {"did": ANNA, "time": TIME, "active": False, "status": "deleted", "seq": 1}),
        frame("#identity", {"did": ANNA, "time": TIME, "seq": 2}),
        frame("#info", {"name": "Other"}),
        frame("#commit", {"repo": ANNA, "rev": "r", "seq": 3, "time": TIME, "ops": [op]}),
        commit_frame(ANNA, PATH, record, 4, TIME),
        commit_frame(ANNA, PATH, None, 5, TIME),
        commit_frame(BERT, "app.bsky.graph.follow/3a", {"subject": ANNA}, 6, TIME),
    )
    assert schemas.event(account).account is not None
    assert b'"$link":"bafkrei' in created and b'"$bytes":"YWJj"' in created
    assert b'"operation":"delete"' in deleted


@pytest.mark.parametrize(
    "message",
    [
        frame("#commit", {"repo": ANNA}),
        frame("", {})[:4],
        b"\x81" * 10**5,
        commit_frame(ANNA, PATH, PAPER, 6, "yesterday"),
        b"\x01",
        b"\x01\x02",
    ],
)
def test_frames_that_are_none(message: bytes) -> None:
    with pytest.raises((InputError, MsgspecError, ValueError, RecursionError)):
        events(message)


def test_what_a_relay_tells_its_listeners_is_no_event() -> None:
    assert events(frame("", {"error": "ConsumerTooSlow"}, op=-1), frame("#info", {"name": "OutdatedCursor"})) == []


@pytest.mark.long
def test_no_bomb_keeps_the_decoder_busy() -> None:
    check_bombs("cbor")


def test_a_moment_without_a_zone_is_utc_wherever_the_machine_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        times = [firehose.microseconds(f"2026-07-04T14:38:07.517{zone}") for zone in ("", "Z", "+00:00", "+09:00")]
    finally:
        monkeypatch.undo()
        time.tzset()
    assert times[0] == times[1] == times[2] == times[3] + 9 * 3600 * 1_000_000


# ---- recordings ---------------------------------------------------------------------------------------


def frames(file: Path) -> list[bytes]:
    content = file.read_bytes()
    if file.suffix == ".zst":
        content = zstandard.ZstdDecompressor().stream_reader(content).read()
    frames_read = []
    while content:
        length = int.from_bytes(content[:4], "little")
        frames_read.append(content[4 : 4 + length])
        content = content[4 + length :]
    return frames_read


def test_the_relays_window_and_jetstreams_give_the_same(bluesky: Path) -> None:
    manifest = json.loads(bluesky.joinpath(MANIFEST).read_bytes())
    messages = frames(bluesky / "network/relay_firehose_150_frames.u32le.bin.zst")
    assert len(messages) == manifest["frames"]
    from_relay = [body for message in messages for body in firehose.events(message, EveryPost())]
    lines = (bluesky / JETSTREAM[1]).read_bytes().splitlines()
    from_jetstream = [line for line in lines if b'"kind":"identity"' not in line]
    assert len(lines) == manifest["v1_events"] and len(from_relay) == len(from_jetstream)
    assert sorted(map(content, from_relay)) == sorted(map(content, from_jetstream))
    items = items_of(from_jetstream)
    assert sorted(map(repr, items_of(from_relay))) == sorted(map(repr, items))
    assert (count(items, Reaction), count(items, Verdict), count(items, Post)) == (128, 1, 1)
    assert [item.type for item in items if isinstance(item, Reaction)].count("reply") == 8


def content(event: bytes) -> str:
    """An event without its moment, which differs between servers."""
    return json.dumps(json.loads(event) | {"time_us": 0}, sort_keys=True)


EVENTS = dict(zip(FRAMES, (20, 1, 0, 139), strict=True))


@pytest.mark.parametrize("path", FRAMES)
def test_all_frames_are_read(bluesky: Path, path: str) -> None:
    messages = frames(bluesky / path)
    assert len(messages) == FRAMES[path]
    assert len(events(*messages)) == EVENTS[path]


def test_a_session_of_the_loopback_network(bluesky: Path) -> None:
    messages = frames(bluesky / "local/firehose_session.frames.bin")
    items = items_of(events(*messages))
    posts = [item for item in items if isinstance(item, Post)]
    assert [post.gone for post in posts].count("deleted") == 1
    assert [item.paper for item in items if isinstance(item, Mention)] == [
        f"arxiv:{id}"
        for id in (
            "2210.03629", "hep-th/9711200", "1706.03762", "2501.12948", "2210.03629", "2401.00001", "2305.18601",
            "2305.18602", "cs/0112017", "2312.00752",
        )
    ]  # fmt: skip
    assert [post.limits for post in posts if post.limits] == [("!no-unauthenticated",)]
    reactions = [(item.type, item.withdrawn) for item in items if isinstance(item, Reaction)]
    assert reactions == [
        ("quote", False), ("reply", False), ("like", False), ("like", False), ("repost", False), ("like", True),
    ]  # fmt: skip
    judgements = [item.judgement for item in items if isinstance(item, Verdict)]
    assert judgements == ["shown"] * 3 + ["hidden", "shown"]


@given(st.lists(st.booleans(), max_size=5), st.integers(0, 90))
def test_frames_come_one_after_the_other_and_a_broken_one_does_not(are_sound: list[bool], missing_bytes: int) -> None:
    messages = [commit_frame(ANNA, PATH, PAPER, n, TIME) if sound else b"\xa0" for n, sound in enumerate(are_sound)]
    frames = [len(message).to_bytes(4, "little") + message for message in messages]
    content = b"".join(frames)
    content = content[: max(len(content) - missing_bytes, 0)]
    whole = next((n for n in range(len(frames), 0, -1) if len(b"".join(frames[:n])) <= len(content)), 0)
    lines = list(firehose.event_lines(io.BytesIO(content), COLLECTIONS))
    assert [line.startswith(PROBLEM) for line in lines[:whole]] == [not sound for sound in are_sound[:whole]]
    assert lines[whole:] == ([firehose.CUT] if len(b"".join(frames[:whole])) < len(content) else [])
