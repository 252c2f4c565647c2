"""Every recording that an archive could hold is either imported or listed here with the reason why not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import zstandard

from hotpapers.errors import InputError
from hotpapers.ingest.archives import ImportedFile
from hotpapers.model import Mention, Post, Reaction, Snapshot, Verdict
from hotpapers.store import Record
from tests.ingest.archives_made import set_apart, take_one

ERROR = "an error, not what was asked for"
COUNTED = "counts by the hour, no posts"
NOT_TAKEN = {
    "hackernews/algolia_2019_users_pg.json": "a person, not what they wrote",
    "hackernews/firebase_topstories_first20.json": "numbers alone",
    "hackernews/from-docs/firebase_maxitem.json": "a number alone",
    "hackernews/from-docs/firebase_updates.json": "numbers and names alone",
    "reddit/error_401.json": ERROR,
    "reddit/error_403.json": ERROR,
    "reddit/error_404.json": ERROR,
    "reddit/error_500.json": ERROR,
    "reddit/oauth_token_response.json": "a token",
    "x/from-docs/error_400_invalid_request.json": ERROR,
    "x/from-docs/error_401_unauthorized.json": ERROR,
    "x/from-docs/error_429_too_many_requests.json": ERROR,
    "x/from-docs/error_429_usage_capped.json": ERROR,
    "x/oembed.json": "a post as a page shows it",
    "x/v11_rate_limit_status.json": "limits",
    "x/v2_archive_counts.jsonl": COUNTED,
    "x/v2_counts_recent.json": COUNTED,
}
CUT = "x/v2_stream_with_error.jsonl"
# The only recordings that name papers: posts, mentions, snapshots.
NAMING = {
    "hackernews/algolia_search_AI_points20_2026-08-18.json": (1, 1, 1),
    "hackernews/from-docs/algolia_comment_hit_with_arxiv_link.json": (1, 1, 0),
    "reddit/from-docs/listing_t3_removed_and_crosspost.json": (2, 2, 2),
}


@pytest.fixture
def recordings(shared: Path) -> Path:
    return shared / "recordings"


def of(recordings: Path, network: str) -> list[str]:
    """A network's JSON recordings."""
    files = [*recordings.joinpath(network).rglob("*.json"), *recordings.joinpath(network).rglob("*.jsonl")]
    return sorted(file.relative_to(recordings).as_posix() for file in files)


def as_lines(file: Path) -> bytes:
    """A recording with one object per line, as in an archive."""
    content = file.read_bytes()
    return content if file.suffix == ".jsonl" else json.dumps(json.loads(content)).encode() + b"\n"


@pytest.mark.parametrize(("network", "files"), [("hackernews", 43), ("reddit", 20), ("x", 38)])
def test_every_recording_is_taken_in_or_refused_for_a_reason(
    record: Record, recordings: Path, network: str, files: int
) -> None:
    names, done, refused = of(recordings, network), dict[str, ImportedFile](), list[str]()
    for name in names:
        try:
            done[name] = take_one(record, network, as_lines(recordings / name))
        except InputError:
            refused.append(name)
    assert len(names) == files
    assert refused == [name for name in NOT_TAKEN if name.startswith(f"{network}/")]
    assert not set_apart(record, network) and not any(one.quarantined for one in done.values())
    assert [name for name, one in done.items() if one.cut] == [CUT] * (network == "x")
    naming = {name: (one.posts, one.mentions, one.snapshots) for name, one in done.items() if one.posts}
    assert naming == {name: counts for name, counts in NAMING.items() if name.startswith(f"{network}/")}


JETSTREAM = {"jetstream_v1_golden10.jsonl": 10, "jetstream_v1_same_window_152_events.jsonl": 152}


@pytest.mark.parametrize("name", JETSTREAM)
def test_jetstreams_events(record: Record, recordings: Path, name: str) -> None:
    done = take_one(record, "jetstream", recordings / "bluesky" / "network" / name)
    assert (done.lines, done.quarantined, done.posts) == (JETSTREAM[name], 0, 0)


FRAMES = {
    "local/firehose_session.frames.bin": 33,
    "local/firehose_cursor0_first5.frames.bin": 5,
    "local/firehose_future_cursor.frames.bin": 1,
    "network/relay_firehose_150_frames.u32le.bin.zst": 150,
}


@pytest.mark.parametrize("name", FRAMES)
def test_the_relays_frames(record: Record, recordings: Path, name: str) -> None:
    content = (recordings / "bluesky" / name).read_bytes()
    if name.endswith(".zst"):
        content = zstandard.ZstdDecompressor().stream_reader(content).read()
    done = take_one(record, "firehose", content)
    assert (done.lines, done.quarantined, done.cut) == (FRAMES[name], 0, False)


def test_a_session_of_the_loopback_network(record: Record, recordings: Path) -> None:
    """As the live source reads it: ten mentions, one post deleted, one like withdrawn, an account gone and back."""
    done = take_one(record, "firehose", recordings / "bluesky" / "local" / "firehose_session.frames.bin")
    assert (done.mentions, done.gone, done.snapshots) == (10, 1, 0)
    posts = [row.item.gone for row in record.view().latest(Post)]  # type: ignore[attr-defined]
    assert (len(posts), posts.count("deleted")) == (9, 1)
    reactions = [(row.item.type, row.item.withdrawn) for row in record.view().latest(Reaction)]  # type: ignore[attr-defined]
    assert sorted(reactions) == [("like", False), ("like", True), ("quote", False), ("reply", False), ("repost", False)]
    assert [row.item.judgement for row in record.view().latest(Verdict)] == ["shown"]  # type: ignore[attr-defined]
    assert record.count(Mention) == 10 and record.count(Snapshot) == 0
