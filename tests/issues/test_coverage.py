"""How completely networks were read: unknown is never zero, and an issue reports the worst state."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from random import Random
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import DAY as DAY_LONG
from hotpapers.base.model import HOUR, Coverage, CoverageState, NetworkReading, ReadingGap
from hotpapers.base.networks import network_names
from hotpapers.issues.coverage import SEVERITY, UnreadTimes, covered_ranges, reading_of, unread_times
from hotpapers.record import readings
from hotpapers.record.record import Record
from tests.issues.made import DAILY, DAY, background, issue, moment, paper, posts_about, read, write

CUT = moment(DAY) + 8 * HOUR
START = CUT - 24 * HOUR


def hours(start: int, end: int, state: CoverageState = "complete", reason: str = "", observed_at: int = 0) -> Coverage:
    """A reading from `start` to `end`, in hours; observed when it ended, or at `observed_at`."""
    end_at = START + end * HOUR
    return read(
        "bluesky", START + start * HOUR, end_at, state, reason, START + observed_at * HOUR if observed_at else end_at
    )


def expected_reading(*spans: Coverage) -> tuple[str, str, int | None]:
    reading = reading_of("bluesky", spans, START, CUT)
    since = None if reading.since is None else (reading.since - START) // HOUR
    return reading.state, reading.reason, since


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], ("unknown", "not read", None)),
        ([hours(0, 24)], ("complete", "", None)),
        ([hours(-30, 30)], ("complete", "", None)),
        ([hours(0, 10), hours(10, 24)], ("complete", "", None)),
        # an hour between two readings is normal; more is a gap
        ([hours(0, 10), hours(11, 23)], ("complete", "", None)),
        ([hours(0, 10), hours(12, 24)], ("partial", "not read", 10)),
        ([hours(0, 20)], ("partial", "not read", 20)),
        ([hours(0, 24), hours(2, 4, "partial", "slow", 25)], ("partial", "slow", 2)),
        ([hours(-3, 24, "refused", "403")], ("refused", "403", -3)),
        ([hours(0, 2), hours(2, 4, "partial", "slow"), hours(4, 24, "refused", "403")], ("refused", "403", 4)),
        ([hours(0, 2), hours(4, 24, "refused", "403")], ("refused", "403", 4)),
        # read after all: the later reading replaces the refusal
        ([hours(0, 5), hours(5, 8, "refused", "403"), hours(5, 24)], ("complete", "", None)),
        # and a later, worse reading replaces a better one
        ([hours(0, 24, observed_at=24), hours(5, 8, "refused", "403", 26)], ("refused", "403", 5)),
        # observed at the same moment: the worse counts
        ([hours(0, 24, observed_at=24), hours(0, 24, "partial", "slow", 24)], ("partial", "slow", 0)),
        ([hours(0, 24, "partial", "slow", 24), hours(0, 24, observed_at=24)], ("partial", "slow", 0)),
        # an empty interval covers nothing
        ([hours(5, 5, "refused", "403")], ("unknown", "not read", None)),
    ],
)  # fmt: skip
def test_the_worst_state(spans: list[Coverage], expected: tuple[str, str, int | None]) -> None:
    assert expected_reading(*spans) == expected
    assert expected_reading(*reversed(spans)) == expected


spans_drawn = st.lists(
    st.builds(
        lambda a, b, state, observed_at: Coverage(
            network="bluesky", from_at=min(a, b), until_at=max(a, b), state=state, observed_at=observed_at
        ),
        st.integers(-3, 13), st.integers(-3, 13), st.sampled_from(SEVERITY), st.integers(0, 4),
    ),
    max_size=8,
)  # fmt: skip


@given(spans_drawn)
def test_every_moment_is_said_by_the_last_reading_of_it(spans: list[Coverage]) -> None:
    pieces = list(covered_ranges(spans, 0, 10))
    assert [piece.start for piece in pieces] == [0, *(piece.end for piece in pieces)][: len(pieces)]
    assert pieces[-1].end == 10
    for moment_ in range(10):
        candidates = [s for s in spans if s.from_at <= moment_ < s.until_at]
        last = max(candidates, key=lambda s: (s.observed_at, SEVERITY.index(s.state)), default=None)
        (piece,) = [p for p in pieces if p.start <= moment_ < p.end]
        assert (piece.by and (piece.by.observed_at, piece.by.state)) == (last and (last.observed_at, last.state))


# ---- in an issue -----------------------------------------------------------------------------------------------


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    with Record(sqlite_url) as opened:
        opened.database.run("PRAGMA synchronous = OFF")
        yield opened


def states(readings: tuple[NetworkReading, ...]) -> dict[str, str]:
    return {reading.network: reading.state for reading in readings}


def test_what_was_unread_in_ninety_days_depends_on_no_older_readings(record: Record) -> None:
    first, chance = CUT - 90 * DAY_LONG, Random(7)
    for network in network_names():
        for observed_at in range(5):
            start, end = sorted(first + half_hours * HOUR // 2 for half_hours in chance.sample(range(-12, 12), 2))
            write(record, read(network, start, end, chance.choice(get_args(CoverageState)), at=end + observed_at))
    write(record, read("x", first - 9 * DAY_LONG, first - 8 * DAY_LONG))
    everything: dict[str, list[Coverage]] = {network: [] for network in network_names()}
    for span in record.view(CUT).items(Coverage):
        everything[span.network].append(span)
    whole, recent = UnreadTimes(everything), unread_times(record.view(CUT))
    for network in network_names():
        for hour in range(7):
            moments = (network, first + hour * HOUR, first + 8 * HOUR)
            assert recent.of(*moments) == whole.of(*moments)
    assert whole.of("x", first - 9 * DAY_LONG, first - 8 * DAY_LONG) == 0
    assert recent.of("x", first - 9 * DAY_LONG, first - 8 * DAY_LONG) == DAY_LONG, "so old, it is not even loaded"


def test_an_issue_names_every_network_that_was_ever_read_or_heard(record: Record) -> None:
    write(record, background(networks=("mastodon",)), paper(1), posts_about(1, 50, CUT))
    write(record, read("hackernews", CUT - 99 * HOUR, CUT - 90 * HOUR), hours(0, 24), read("arxiv", START, CUT))
    write(record, msgspec.structs.replace(hours(-9, 24, "refused", "403"), network="reddit", observed_at=CUT))
    write(record, read("lobsters", START, CUT, at=CUT + DAY_LONG))
    daily = issue(record)
    assert states(daily.readings) == {
        "bluesky": "complete",
        "mastodon": "unknown",
        "hackernews": "unknown",
        "reddit": "refused",
    }
    refusal = ReadingGap(from_at=START, until_at=CUT, state="refused")
    assert daily.readings[-1] == NetworkReading(
        network="reddit", state="refused", reason="403", since=START - 9 * HOUR, gaps=(refusal,)
    )


def test_a_network_that_was_not_read_has_no_count(record: Record) -> None:
    """Unknown is never zero: the network is named, and the other parts stay the same."""
    write(record, background(), paper(1), posts_about(1, 50, moment(DAY)))
    content = issue(record, msgspec.structs.replace(DAILY, networks=("bluesky", "reddit")))
    assert states(content.readings) == {"bluesky": "unknown", "reddit": "unknown"}
    (entry,) = content.entries
    assert [count.network for count in entry.counts] == [part.network for part in entry.parts] == ["bluesky"]
    everything = issue(record, msgspec.structs.replace(DAILY, publication="all"))
    assert everything.entries == content.entries


def test_a_weekly_issue_says_how_its_week_was_read(record: Record) -> None:
    write(record, paper(1), hours(0, 24))
    assert states(issue(record).readings) == {"bluesky": "complete"}
    weekly = msgspec.structs.replace(DAILY, publication="weekly", window="weekly")
    assert states(issue(record, weekly).readings) == {"bluesky": "partial"}
    write(record, hours(-6 * 24, 0))
    again = msgspec.structs.replace(weekly, publication="weekly-2")
    assert states(issue(record, again).readings) == {"bluesky": "complete"}


def test_which_networks_were_read_is_known_without_reading_all_coverage(sqlite_url: str) -> None:
    """It is asked for each issue and each status, and coverage grows for ever."""
    with Record(sqlite_url) as record:
        write(record, (read("bluesky", n, n + 1, at=n + 1) for n in range(20_000)), read("reddit", 0, 1, at=1))
        steps = count()
        record.database._connection.set_progress_handler(lambda: next(steps) < 0, 1_000)  # type: ignore[attr-defined]
        assert readings.networks_read(record.view()) == {"bluesky", "reddit"}
        assert next(steps) < 20
