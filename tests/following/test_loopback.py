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

from hotpapers import logs
from hotpapers.comparison.compare import compare_collectors
from hotpapers.comparison.extract import Period, extract_lines
from hotpapers.comparison.facts import nameless, read_facts
from hotpapers.engagement.attention import read_engagement
from hotpapers.engagement.measurement import MeasurementWindow
from hotpapers.following.follow_job import FollowOutcome
from hotpapers.issues.collectors import better_counts
from hotpapers.model import DAY, HOUR, Measurement
from hotpapers.store import Record
from hotpapers.transparency.publication_log import update_log
from tests.cli.test_log import served
from tests.comparison.collectors import KEY, LATER, Week, lived
from tests.following.sites import Follower, render
from tests.transparency.logs import config_in
from tests.years.test_years import MEMORY

pytestmark = pytest.mark.long

SMALL = Week(days=2, papers=6, faults=20)
OVER = SMALL.ends - SMALL.ends % HOUR
"""The end of the last published hour."""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    handlers, propagate = list(logs.LOG.handlers), logs.LOG.propagate
    disk = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="hotpapers-follow-", dir=disk) as name:
        random.seed(SMALL.seed)  # waits between attempts are random
        for streams in (True, False):
            lived(SMALL, Path(name) / ("stream" if streams else "poll"), streams=streams)
        yield Path(name)
    logs.LOG.handlers[:], logs.LOG.propagate = handlers, propagate


@pytest.fixture(scope="module")
def follower(folder: Path) -> Iterator[tuple[Follower, FollowOutcome]]:
    config = config_in(folder)._replace(observations=True)
    with Record(str(folder / "stream/hotpapers.db"), create=False) as record:
        update_log(record.database, "daily", config, SMALL.ends)
    render(config, folder / "public")
    with (
        served(folder / "public") as url,
        closing(Follower(folder, url, store=str(folder / "poll/hotpapers.db"))) as follower,
    ):
        follower.time.seconds = SMALL.ends / 1e6
        yield follower, follower.round()


def measured(record: Record) -> dict[tuple[str, str, int], Measurement]:
    items = [row.item for row in record.view().latest(Measurement)]
    return {(one.paper, one.network, one.age): one for one in items if isinstance(one, Measurement)}


def test_it_counts_what_the_other_one_counts(folder: Path, follower: tuple[Follower, FollowOutcome]) -> None:
    site, outcome = follower
    assert outcome.problems == () and outcome.files >= 2 and outcome.observations > 200
    found = measured(site.record)
    with Record(str(folder / "stream/hotpapers.db"), create=False) as record:
        counted = {
            (one.paper, one.network, one.age): one
            for one in read_engagement(record.view(OVER), MeasurementWindow(with_standing=True)) if one.peer
        }  # fmt: skip
    assert found.keys() == counted.keys() and len(found) > 50
    for where, item in found.items():
        there = counted[where]
        assert (item.reposts, item.likes, item.bots) == (there.reposts, there.likes, there.bots)
        assert 0 <= item.voices - there.voices <= 2, where  # texts shared by two networks: sites publish no texts
    assert sum(found[where].voices == counted[where].voices for where in found) > len(found) * 0.9


def test_it_is_better_where_ours_had_not_begun(follower: tuple[Follower, FollowOutcome]) -> None:
    site, _ = follower
    better = better_counts(site.record.view(OVER + 8 * HOUR), MeasurementWindow())
    chosen = [item for items in better.values() for item in items]
    assert chosen and all(item.until_at - item.age * HOUR < SMALL.begins + LATER + 6 * HOUR for item in chosen)


def test_a_site_is_compared_with_a_store(folder: Path, follower: tuple[Follower, FollowOutcome]) -> None:
    site, _ = follower
    with site.peer() as peer:
        theirs = nameless(read_facts(extract_lines(peer, Period(SMALL.begins - DAY, OVER), KEY), "site"))
    with Record(str(folder / "poll/hotpapers.db"), create=False) as record:
        ours = read_facts(extract_lines(record, Period(SMALL.begins - DAY, OVER), KEY), "store")
    comparison = compare_collectors(ours, theirs)
    assert comparison.counts > 40 and comparison.unexplained == () and comparison.left_out == ()
    assert sum(summary.same for summary in comparison.networks) > comparison.counts // 2
    assert {cause for one in comparison.differences for cause in one.causes} <= {"rule", "coverage", "moment"}
