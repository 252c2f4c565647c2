"""From one site's observations, over HTTP, into another site's record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hotpapers.base.keys import own_id
from hotpapers.base.model import DAY, HOUR, KINDS, Measurement, Mention, Post, Snapshot
from hotpapers.jobs.attempts import FAILED_AGAIN
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record
from hotpapers.wings.proof import observations
from tests.issues.made import key
from tests.record import made
from tests.wings.peers.following.sites import FIRST, NAME, Follower, Publisher


@pytest.fixture
def follower(url: str, tmp_path: Path, store_url: str) -> Iterator[Follower]:
    with closing(Follower(tmp_path / "follower", url, store=store_url)) as follower:
        yield follower


def measurements(record: Record) -> dict[tuple[str, str, int], Measurement]:
    items = [row.item for row in record.view().latest(Measurement)]
    return {(item.paper, item.network, item.age): item for item in items}


def test_counts_come_under_the_name_of_the_collector(follower: Follower) -> None:
    outcome = follower.follow(3)
    assert outcome.problems == () and outcome.files == 3 and outcome.counts > 6
    counts = measurements(follower.record)
    assert len(counts) == outcome.counts and {item.source for item in counts.values()} == {"neighbour"}
    day = counts[key(1), "hackernews", 24]
    assert (day.voices, day.likes, day.unread, day.until_at) == (8, 7, 0, FIRST + 24 * 3_600_000_000)
    assert counts[key(2), "bluesky", 6].voices == 3 and (key(21), "bluesky", 72) not in counts
    assert follower.follow(3, 8) == (0, 0, 0, 0, ())
    assert not made.verified(follower.record).findings


def test_no_word_name_or_key_leaves_the_site(publisher: Publisher, follower: Follower) -> None:
    follower.follow(3)
    assert {row.item.post for row in publisher.record.view().latest(Post)} >= {
        "bluesky:1", "hackernews:21"
    }  # fmt: skip
    for file in publisher.files():
        for line in observations.read_packed(file.name, file.read_bytes()):
            assert line.item is not None and type(line.item).__name__ != "Paper"
            assert all(observations.MARK.fullmatch(mark) for mark in observations.marks_in(line.item))
        text = b"".join(observations.remove_marked(file.name, file.read_bytes(), ())[0])
        assert b"Tea cups" not in text and b"by-" not in text
    counts = {kind: follower.record.count(kind) for kind in KINDS}
    assert {kind.__name__ for kind, number in counts.items() if number} == {"Measurement"}


def test_a_site_that_lacks_a_file_for_a_moment_is_soon_read_again(publisher: Publisher, follower: Follower) -> None:
    checkpoint = publisher.public / f"log/{NAME}/1/checkpoint"
    data, at = checkpoint.read_bytes(), FIRST + 3 * DAY + 7 * HOUR
    checkpoint.unlink()
    next_attempt = follower.attempt(at)
    assert (next_attempt.state, next_attempt.seconds) == ("partial", FAILED_AGAIN[0]) and "404" in next_attempt.reason
    checkpoint.write_bytes(data)
    assert follower.attempt(at + HOUR).state == "idle" and follower.record.count(Measurement)


def test_late_observations_come_in_a_later_file(publisher: Publisher, follower: Follower) -> None:
    follower.follow(3)
    files_before = [file.read_bytes() for file in publisher.files()]
    publisher.live(3, Snapshot(post="bluesky:1", likes=40, observed_at=FIRST + 20 * 3_600_000_000))
    publisher.publish(4)
    assert [file.read_bytes() for file in publisher.files()][:3] == files_before
    outcome = follower.follow(4)
    assert (outcome.files, outcome.problems) == (1, ())
    assert measurements(follower.record)[key(1), "bluesky", 24].voices == 41


def test_forgotten_items_are_withdrawn_and_counts_stay(publisher: Publisher, follower: Follower) -> None:
    first_outcome = follower.follow(3)
    counts_before = measurements(follower.record)
    forget_key(publisher.record, "bluesky:by-1")
    publisher.publish(3)
    with follower.peer() as peer:
        marks = [row.item.post for row in peer.view().latest(Mention)]
    outcome = follower.follow(3, 9)
    assert outcome.problems == () and outcome.withdrawn == 2 and outcome.files == 0
    assert measurements(follower.record) == counts_before and len(counts_before) == first_outcome.counts
    with follower.peer() as peer:
        marks_left = [row.item.post for row in peer.view().latest(Mention)]
        assert len(marks_left) == len(marks) and len(set(marks) - set(marks_left)) == 1
    [withdrawn_mark] = set(marks) - set(marks_left)
    site_bytes = b"".join(path.read_bytes() for path in publisher.public.rglob("*") if path.is_file())
    assert own_id(withdrawn_mark).encode() in site_bytes  # in a list, and nowhere else
    lines = [line for file in publisher.files() for line in observations.read_packed(file.name, file.read_bytes())]
    texts = [b"".join(observations.remove_marked(file.name, file.read_bytes(), ())[0]) for file in publisher.files()]
    assert not any(withdrawn_mark.encode() in text for text in texts)
    assert sum(line.item is None for line in lines) == 3


def test_a_later_follower_gets_files_without_withdrawn_lines(
    publisher: Publisher, follower: Follower, tmp_path: Path
) -> None:
    forget_key(publisher.record, "bluesky:1")
    publisher.publish(3)
    assert follower.follow(3).problems == ()
    assert (key(1), "bluesky", 24) not in measurements(follower.record)
    assert measurements(follower.record)[key(1), "hackernews", 24].voices == 8
