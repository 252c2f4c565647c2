"""Posts from before a network's first reading: when they count, what coverage says, when a first issue closes."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from hotpapers.base.model import BEGAN, HISTORY, HOUR, MAX_INTEGER, READ_BACK, Coverage, Issue, Item, Window
from hotpapers.base.model import DAY as DAY_LONG
from hotpapers.discussion.engagement.attention import Engagement, read_engagement
from hotpapers.discussion.engagement.measurement import MeasurementWindow as Measured
from hotpapers.issues.coverage import readings_since_start
from hotpapers.issues.freeze import check_issue
from hotpapers.issues.queries import read_back_at, site_started_at
from hotpapers.issues.ranking_input import CandidateWindow, collect_input
from hotpapers.issues.repository import attention_history
from hotpapers.issues.windows import closing_time
from hotpapers.keep.privacy.retention import prune_record
from hotpapers.record.record import Record
from tests.issues.made import DAILY, DAY, counts, frozen, key, moment, paper, post, posts_about, read, write

MINUTE = HOUR // 60
BEGINS = moment(DAY) + 30 * MINUTE
CUT = moment(DAY) + 8 * HOUR
ANNOUNCED = BEGINS - 73 * HOUR
"""When paper 1 was announced: it reached 72 hours an hour before the site began."""


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    with Record(sqlite_url) as opened:
        opened.database.run("PRAGMA synchronous = OFF")
        yield opened


def mark(network: str, reason: str, at: int) -> Coverage:
    return read(network, at, at, "complete", reason)


def first_read(network: str, since: int, done: int = 20, begins: int = BEGINS) -> list[Item]:
    """A network's first reading, back to `since`; it takes `done` minutes."""
    return [
        mark(network, BEGAN, begins), read(network, since, begins, at=begins + done * MINUTE),
        mark(network, READ_BACK, begins + done * MINUTE),
    ]  # fmt: skip


def counted_post(name: str, made_at: int, observed_at: int, likes: int, counted: int, number: int = 1) -> list[Item]:
    """A post made at a moment, first seen and counted so many minutes after the site began."""
    seen_at = BEGINS + observed_at * MINUTE
    items = [msgspec.structs.replace(item, observed_at=seen_at) for item in post(number, name, made_at)]
    return [*items, counts(name, likes, BEGINS + counted * MINUTE)]


def voices(record: Record, at: int = CUT) -> dict[tuple[str, int], int]:
    rows: list[Engagement] = list(read_engagement(record.view(at), Measured()))
    return {(row.network, row.age): row.voices for row in rows if row.voices}


def test_it_counts_at_the_last_age_that_was_reached(record: Record) -> None:
    write(record, paper(1, at=ANNOUNCED), first_read("bluesky", BEGINS - DAY_LONG))
    write(record, counted_post("bluesky:1", ANNOUNCED + HOUR, 5, 10, 10))
    write(record, counted_post("bluesky:2", ANNOUNCED + 60 * HOUR, 5, 5, 15))
    assert voices(record) == {("bluesky", 72): 2 + 10 + 5}


def test_what_was_said_after_that_age_is_for_the_next_one(record: Record) -> None:
    write(record, paper(1, at=ANNOUNCED), first_read("bluesky", BEGINS - DAY_LONG))
    write(record, counted_post("bluesky:1", ANNOUNCED + HOUR, 5, 10, 10))
    write(record, counted_post("bluesky:2", ANNOUNCED + 72 * HOUR + 30 * MINUTE, 5, 5, 10))
    assert voices(record) == {("bluesky", 72): 11}
    assert voices(record, ANNOUNCED + 168 * HOUR) == {("bluesky", 72): 11, ("bluesky", 168): 17}


def test_counts_that_come_when_all_was_read_back_are_for_the_next_age(record: Record) -> None:
    write(record, paper(1, at=ANNOUNCED), first_read("bluesky", BEGINS - DAY_LONG))
    write(record, counted_post("bluesky:1", ANNOUNCED + HOUR, 5, 10, 10), counts("bluesky:1", 99, BEGINS + 25 * MINUTE))
    write(record, counted_post("bluesky:2", ANNOUNCED + HOUR, 25, 5, 25))
    assert voices(record) == {("bluesky", 72): 11}


def test_an_age_that_is_reached_meanwhile_takes_it(record: Record) -> None:
    """It counts for one age only: the last one reached before it was known."""
    announced = BEGINS - 72 * HOUR + 10 * MINUTE
    write(record, paper(1, at=announced), first_read("bluesky", BEGINS - DAY_LONG))
    write(record, counted_post("bluesky:1", announced + HOUR, 5, 10, 15))
    assert voices(record) == {("bluesky", 72): 11}


def test_curves_count_it_at_the_same_age_as_issues(record: Record) -> None:
    """And at all hours from that age on."""
    announced = BEGINS - 40 * HOUR
    write(record, paper(1, at=announced), first_read("bluesky", BEGINS - 2 * DAY_LONG))
    write(record, counted_post("bluesky:1", announced + HOUR, 5, 10, 10))
    write(record, counted_post("bluesky:2", announced + 30 * HOUR, 5, 5, 10))
    assert voices(record) == {("bluesky", 24): 11}
    [curve] = attention_history(record.view(CUT), DAILY, [key(1)], ()).values()
    assert {row.age: row.voices for row in curve} == {24: 11, 36: 17}


def test_without_the_words_that_it_was_read_back_nothing_counts_late(record: Record) -> None:
    """What a stopped program missed stays unknown for that time, as in issues frozen earlier."""
    write(record, paper(1, at=ANNOUNCED), read("bluesky", BEGINS - DAY_LONG, BEGINS))
    write(record, counted_post("bluesky:1", ANNOUNCED + HOUR, 5, 10, 10))
    assert voices(record) == {}
    write(record, mark("bluesky", BEGAN, BEGINS), mark("bluesky", READ_BACK, BEGINS + 7 * HOUR))
    assert voices(record) == {}, "so late it stands for nothing"


def test_each_network_has_its_own_beginning(record: Record) -> None:
    write(record, paper(1, at=ANNOUNCED), first_read("bluesky", BEGINS - DAY_LONG), mark("mastodon", BEGAN, BEGINS))
    write(
        record,
        counted_post("bluesky:1", ANNOUNCED + HOUR, 5, 10, 10),
        counted_post("mastodon:1", ANNOUNCED + HOUR, 5, 20, 10),
    )
    assert voices(record) == {("bluesky", 72): 11}


def test_nothing_is_compared_with_papers_of_which_only_later_talk_was_read(record: Record) -> None:
    write(record, paper(1, at=ANNOUNCED), paper(2, at=BEGINS - 20 * HOUR))
    write(record, first_read("bluesky", BEGINS - DAY_LONG), first_read("mastodon", BEGINS - 7 * DAY_LONG))
    for number, made_at in ((1, ANNOUNCED + HOUR), (2, BEGINS - 19 * HOUR)):
        for network in ("bluesky", "mastodon"):
            write(record, counted_post(f"{network}:{number}", made_at, 5, 10, 10, number))
    ranking_input = collect_input(
        record.view(CUT),
        DAILY,
        CandidateWindow(BEGINS - 7 * DAY_LONG, earlier_papers=(), with_days=True, end=MAX_INTEGER, vouching_once=True),
        (),
        curves=None,
    )
    assert {(peer.network, peer.age) for peer in ranking_input.peers} == {
        ("bluesky", 6), ("bluesky", 24), ("mastodon", 6), ("mastodon", 24), ("mastodon", 72),
    }  # fmt: skip
    (first,) = (candidate for candidate in ranking_input.candidates if candidate.paper == key(1))
    assert {(row.network, row.voices, row.own) for row in first.attention} == {
        ("bluesky", 11, None), ("mastodon", 11, 11)
    }  # fmt: skip


def test_an_issue_verifies_when_old_counts_were_pruned(store_url: str) -> None:
    """What was read back stands for an age whose moment came before: it is not the latest count at any age."""
    announced = BEGINS - 9 * HOUR
    with Record(store_url) as record:
        write(record, first_read("mastodon", announced), paper(1), posts_about(1, 40, BEGINS))
        for number in range(2, 12):
            name = f"mastodon:{number}"
            write(record, paper(number, at=announced), counted_post(name, announced + HOUR, 5, number, 10, number))
            write(record, [counts(name, 2 * number, announced + hours * HOUR) for hours in (22, 40, 70, 160)])
        frozen(record, day="2024-05-15")
        assert prune_record(record, at=CUT + 500 * DAY_LONG).snapshots
        [issue] = record.view().items(Issue)
        assert list(check_issue(record, issue)) == []


# ---- coverage ------------------------------------------------------------------------------------------------


def states(record: Record, at: int = CUT) -> dict[str, str]:
    return {
        reading.network: reading.state for reading in readings_since_start(record.view(at), DAILY, at - DAY_LONG, ())
    }


def test_the_time_before_the_site_is_no_gap(record: Record) -> None:
    write(record, first_read("hackernews", BEGINS - 7 * DAY_LONG), read("hackernews", BEGINS, CUT))
    write(record, first_read("mastodon", BEGINS - 2 * HOUR), read("mastodon", BEGINS, CUT))
    write(record, mark("x", BEGAN, BEGINS + MINUTE), read("x", BEGINS + MINUTE, CUT))
    assert states(record) == {"hackernews": "complete", "mastodon": "complete", "x": "complete"}


def test_a_gap_after_the_start_is_one(record: Record) -> None:
    write(record, first_read("hackernews", BEGINS - 7 * DAY_LONG), read("hackernews", BEGINS, CUT - 3 * HOUR))
    write(record, mark("x", BEGAN, BEGINS), read("x", BEGINS + 3 * HOUR, CUT))
    write(record, mark("reddit", BEGAN, BEGINS), read("reddit", BEGINS, CUT, "refused", "403"))
    write(record, mark("lobsters", BEGAN, BEGINS))
    assert states(record) == {
        "hackernews": "partial", "lobsters": "unknown", "reddit": "refused", "x": "partial",
    }  # fmt: skip


def test_a_network_that_was_just_read_for_the_first_time_is_complete(record: Record) -> None:
    write(record, mark("x", BEGAN, CUT - 30 * MINUTE), mark("x", READ_BACK, CUT - 29 * MINUTE))
    assert states(record) == {"x": "complete"}


def test_a_network_that_is_added_later_does_not_hide_gaps(record: Record) -> None:
    """The site did not begin then."""
    write(record, read("hackernews", BEGINS - 9 * DAY_LONG, BEGINS - 12 * HOUR))
    write(record, first_read("x", BEGINS), read("x", BEGINS, CUT))
    assert site_started_at(record.view()) is None and read_back_at(record.view()) is None
    assert states(record)["hackernews"] == "partial"


# ---- when a first issue closes -------------------------------------------------------------------------------


@pytest.mark.parametrize("window", ["daily", "weekly", "monthly"])
@pytest.mark.parametrize(
    ("begins", "done", "closes"),
    [
        (-450, 20, 0),  # long before
        (-10, 20, 10),
        (60, 40, 100),  # began an hour after the day's hour
        (-10, 200, 0),  # nothing waits that long
        (13 * 60, 20, 13 * 60 + 20),
        (99 * 60, 20, 0),  # the issue of a day that was already over
    ],
)
def test_a_first_issue_closes_when_all_is_read_back(
    window: Window, begins: int, done: int, closes: int, record: Record
) -> None:
    write(record, first_read("hackernews", BEGINS - DAY_LONG, done, CUT + begins * MINUTE))
    publication = msgspec.structs.replace(DAILY, window=window)
    assert closing_time(record.view(), publication, DAY) == CUT + closes * MINUTE
    afterwards = msgspec.structs.replace(publication, publication=f"{DAILY.publication}{HISTORY}")
    assert closing_time(record.view(), afterwards, DAY) == CUT, "one made from archives waits for no network"
