"""A site that lists or sends too much: memory, disk, time and requests are limited, and the site is named."""

from __future__ import annotations

import time

import pytest

from hotpapers.base.model import HOUR
from hotpapers.wings.peers.following import file_intake, follow_job
from hotpapers.wings.peers.following.file_intake import FetchedAmount
from hotpapers.wings.proof import entries, log_files
from hotpapers.wings.proof.publication_log import start_next_log
from tests.wings.peers.following.sites import (
    FIRST,
    NAME,
    Follower,
    Publisher,
    alarm_kinds,
    day_file,
    forge,
    lines_in,
    received_days,
)


@pytest.mark.parametrize("limit", ["MAX_IN_ROUND", "MAX_IN_DAY"])
@pytest.mark.parametrize("amount", [FetchedAmount(2, 10**9, 10**9), FetchedAmount(10**9, 10**9, 1),
                                  FetchedAmount(10**9, 1, 10**9)])  # fmt: skip
def test_a_site_that_lists_too_much_fills_no_disk(
    publisher: Publisher, follower: Follower, monkeypatch: pytest.MonkeyPatch, limit: str, amount: FetchedAmount
) -> None:
    monkeypatch.setattr(file_intake, limit, amount)
    expected_days = 2 if amount.files == 2 else 1
    [problem] = follower.follow(3).problems
    assert problem.startswith(f"neighbour: lists more than the {amount} fetched per ")
    assert len(received_days(follower)) == expected_days and alarm_kinds(follower) == [], "it is no lie, and no alarm"
    if limit == "MAX_IN_DAY":
        follower.follow(3, 9)
        assert len(received_days(follower)) == expected_days
    follower.follow(4)
    follower.follow(5)
    assert received_days(follower) == {"06", "07", "08"}


def test_a_leaf_that_is_longer_than_any_is_refused(publisher: Publisher, follower: Follower) -> None:
    forge(publisher, [b"\x09" * 257], {})
    [problem] = follower.follow(3).problems
    assert problem.endswith(": has a leaf of more than 256 bytes")


def test_a_log_of_files_that_are_not_there_is_not_asked_for_all_of_them_in_a_round(
    publisher: Publisher, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_intake, "MAX_IN_ROUND", FetchedAmount(2, 10**9, 10**9))
    monkeypatch.setattr(file_intake, "MAX_IN_DAY", FetchedAmount(3, 10**9, 10**9))
    lines = lines_in(publisher.files()[0])
    files = [day_file(0, lines, part) for part in range(1, 6)]
    forge(publisher, [leaf for leaf, _, _ in files], {})
    for hour in (7, 8):
        limit, *withheld = follower.follow(3, hour).problems
        assert len(withheld) == 2 and limit.endswith("fetched per round; the rest waits for the next one")
    forge(publisher, [leaf for leaf, _, _ in files], {name: data for _, name, data in files})
    assert follower.follow(3, 9).files == 2, "what was not there does not use up the day's amount"


@pytest.mark.long
def test_a_log_of_long_overlapping_files_costs_little_time(
    publisher: Publisher, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log may list ten times as many: one round would take minutes, every ten minutes."""
    monkeypatch.setattr(file_intake, "MAX_IN_ROUND", FetchedAmount(1, 10**9, 10**9))
    last = FIRST // HOUR + 71
    files = [entries.ObservedFile(1, 0, last - n % 2_000, 2 + n // 2_000, bytes(32)) for n in range(100_000)]
    forge(publisher, [entries.observation_entry(file) for file in files], {})
    start = time.process_time()
    outcome = follower.follow(3)
    assert time.process_time() - start < 8
    assert sum("is in no log" in problem for problem in outcome.problems) == 2_000


@pytest.mark.long
@pytest.mark.parametrize(
    ("leaf", "reason"),
    [
        (b"\x09" * 257, "has a leaf of more than 256 bytes"),
        (b"", "do not match its checkpoint: 5,000,000 in a bundle of 256"),
    ],
)
def test_after_a_bundle_that_would_fill_the_memory_no_further_one_is_read(
    publisher: Publisher, follower: Follower, leaf: bytes, reason: str
) -> None:
    forge(publisher, [leaf] * 300, {})
    first, second = sorted((publisher.public / f"log/{NAME}/1/tile/entries").rglob("*[0-9]"))
    if not leaf:
        first.write_bytes(bytes(10_000_000))
    second.unlink()
    [problem] = follower.follow(3).problems
    assert problem.endswith(reason)


def test_the_leaves_of_all_logs_together_are_limited(
    publisher: Publisher, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_next_log(NAME, publisher.config)
    publisher.live(3)
    publisher.publish(4)
    first, second = (len(log.entries) for log in log_files.read_logs(publisher.config.folder / NAME))
    monkeypatch.setattr(follow_job, "MAX_LEAVES", first + second - 1)
    [problem] = follower.follow(4).problems
    assert problem.endswith(f"/log/daily/2: has {second} leaves, of which only {second - 1} would be read")
    assert received_days(follower) == {"06", "07", "08"}
    monkeypatch.setattr(follow_job, "MAX_LEAVES", first + second)
    assert follower.follow(4, 9).problems == () and received_days(follower) == {"06", "07", "08", "09"}
