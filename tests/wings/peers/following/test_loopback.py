"""Two whole programs on one faulty loopback internet: one polls, and follows the one that reads streams."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from hotpapers.base.model import DAY, HOUR, Measurement
from hotpapers.discussion.engagement.attention import read_engagement
from hotpapers.discussion.engagement.measurement import MeasurementWindow
from hotpapers.issues.collectors import better_counts
from hotpapers.record import Record
from hotpapers.wings.peers.following.follow_job import FollowOutcome
from hotpapers.wings.proof.publication_log import update_log
from lab.comparison.compare import compare_collectors
from lab.comparison.extract import Period, extract_lines
from lab.comparison.facts import nameless, read_facts
from tests.lab.comparison.collectors import KEY, LATER, Week, run_week
from tests.wings.peers.following.sites import Follower, render
from tests.wings.proof.logs import config_in
from tests.wings.proof.test_log import serve_folder
from tests.years.test_years import MEMORY

pytestmark = pytest.mark.long

SMALL = Week(days=2, papers=6, faults=20)
LAST_HOUR_END = SMALL.ends - SMALL.ends % HOUR
"""The end of the last published hour."""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    disk = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="hotpapers-follow-", dir=disk) as name:
        random.seed(SMALL.seed)  # waits between attempts are random
        for streams in (True, False):
            run_week(SMALL, Path(name) / ("stream" if streams else "poll"), streams=streams)
        yield Path(name)


@pytest.fixture(scope="module")
def follower(folder: Path) -> Iterator[tuple[Follower, FollowOutcome]]:
    config = config_in(folder)._replace(observations=True)
    with Record(str(folder / "stream/hotpapers.db"), create=False) as record:
        update_log(record.database, "daily", config, SMALL.ends)
    render(config, folder / "public")
    with (
        serve_folder(folder / "public") as url,
        closing(Follower(folder, url, store=str(folder / "poll/hotpapers.db"))) as follower,
    ):
        follower.time.seconds = SMALL.ends / 1e6
        yield follower, follower.round()


def measurements(record: Record) -> dict[tuple[str, str, int], Measurement]:
    items = [row.item for row in record.view().latest(Measurement)]
    return {(item.paper, item.network, item.age): item for item in items}


def test_its_counts_are_those_of_the_followed_site(folder: Path, follower: tuple[Follower, FollowOutcome]) -> None:
    site, outcome = follower
    assert outcome.problems == () and outcome.files >= 2 and outcome.observations > 200
    own_counts = measurements(site.record)
    with Record(str(folder / "stream/hotpapers.db"), create=False) as record:
        other_counts = {
            (row.paper, row.network, row.age): row
            for row in read_engagement(record.view(LAST_HOUR_END), MeasurementWindow(with_standing=True)) if row.peer
        }  # fmt: skip
    assert own_counts.keys() == other_counts.keys() and len(own_counts) > 50
    for key, item in own_counts.items():
        row = other_counts[key]
        assert (item.reposts, item.likes, item.bots) == (row.reposts, row.likes, row.bots)
        assert 0 <= item.voices - row.voices <= 2, key  # texts shared by two networks: sites publish no texts
    assert sum(own_counts[key].voices == other_counts[key].voices for key in own_counts) > len(own_counts) * 0.9


def test_the_followed_site_s_counts_are_better_from_before_ours_began(follower: tuple[Follower, FollowOutcome]) -> None:
    site, _ = follower
    better = better_counts(site.record.view(LAST_HOUR_END + 8 * HOUR), MeasurementWindow())
    items_used = [item for items in better.values() for item in items]
    assert items_used and all(item.until_at - item.age * HOUR < SMALL.begins + LATER + 6 * HOUR for item in items_used)


def test_a_site_is_compared_with_a_store(folder: Path, follower: tuple[Follower, FollowOutcome]) -> None:
    site, _ = follower
    with site.peer() as peer:
        site_facts = nameless(read_facts(extract_lines(peer, Period(SMALL.begins - DAY, LAST_HOUR_END), KEY), "site"))
    with Record(str(folder / "poll/hotpapers.db"), create=False) as record:
        store_facts = read_facts(extract_lines(record, Period(SMALL.begins - DAY, LAST_HOUR_END), KEY), "store")
    comparison = compare_collectors(store_facts, site_facts)
    assert comparison.counts > 40 and comparison.unexplained == () and comparison.left_out == ()
    assert sum(summary.same for summary in comparison.networks) > comparison.counts // 2
    assert {cause for difference in comparison.differences for cause in difference.causes} <= {
        "rule",
        "coverage",
        "moment",
    }
