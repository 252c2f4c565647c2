"""Whose counts an issue uses, and that it says so."""

from __future__ import annotations

import msgspec

from hotpapers.base.model import DAY as DAY_LENGTH
from hotpapers.base.model import HOUR, CoverageState, Item, Measurement, WitnessedCounts
from hotpapers.base.network_terms import TERMS
from hotpapers.discussion.engagement.measurement import MeasurementWindow
from hotpapers.discussion.engagement.standing.queries import relearn_standing
from hotpapers.issues import repository
from hotpapers.issues.collectors import better_counts
from hotpapers.issues.explain import explain_entry, text_of
from hotpapers.issues.freeze import FrozenIssue
from hotpapers.issues.repository import attention_history
from hotpapers.publish.view import phrases
from hotpapers.record import Record
from tests.issues.made import DAILY, DAY, background, frozen, key, moment, paper, posts_about, read, write
from tests.issues.test_freeze_vouched import VOUCHED, weeks_ago
from tests.record import made

START = moment(DAY)
NEXT = "2024-05-08"


def measurement(number: int, voices: int, age: int = 24, source: str = "neighbour", **fields: object) -> Measurement:
    values: dict[str, object] = {
        "network": "bluesky", "until_at": START + age * HOUR, "reposts": 1, "likes": voices - 1, "bots": 0,
        "known": None, "authors": 0, "counted": voices, "unread": 0, "observed_at": START + 30 * HOUR,
    }  # fmt: skip
    return Measurement(source=source, paper=key(number), age=age, voices=voices, **(values | fields))  # type: ignore[arg-type]


def fill(record: Record, *items: Item, state: CoverageState = "refused", hours: int = 20) -> None:
    """Papers 1 and 2, announced at midnight, and how Bluesky was read on their first day."""
    write(
        record, background(), read("bluesky", START - 40 * DAY_LENGTH, START),
        paper(1), posts_about(1, 14, START + 2 * HOUR), paper(2),
        read("bluesky", START, START + hours * HOUR, state, "why"),
        read("bluesky", START + hours * HOUR, START + 31 * HOUR), items,
    )  # fmt: skip


def issue(record: Record) -> FrozenIssue:
    """The issue that closes 32 hours after the announcement."""
    return frozen(record, DAILY, NEXT)


def counts(record: Record) -> dict[int, tuple[int, str]]:
    """Each paper's voices and who counted them; empty for us."""
    content = issue(record).content
    return {
        int(entry.paper.rpartition(".")[2]): (count.voices, count.collector or "")
        for entry in (*content.entries, *content.ongoing)
        for count in entry.counts
    }


def test_the_other_site_s_count_is_used_where_we_were_blind(store_url: str) -> None:
    with Record(store_url) as record:
        fill(record, measurement(1, 30), measurement(2, 40))
        assert counts(record) == {1: (30, "neighbour"), 2: (40, "neighbour")}
        assert not made.verified(record).findings


def test_a_site_that_knows_nobody_vouches_for_nothing(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        fill(record, *weeks_ago(), measurement(1, 30), measurement(2, 40, known=5))
        relearn_standing(record.database)
        content = frozen(record, VOUCHED, NEXT).content
        known = {entry.paper: (entry.score > 0, entry.counts[0].known) for entry in content.entries}
        assert known == {key(2): (True, 5)}
        assert not made.verified(record).findings


def test_our_count_is_used_where_we_read_the_network(store_url: str) -> None:
    with Record(store_url) as record:
        fill(record, measurement(1, 30), measurement(2, 40), state="complete")
        assert counts(record) == {1: (14, "")}


def test_short_gaps_are_no_blindness(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        fill(record, measurement(1, 30), hours=1)
        assert counts(record) == {1: (14, "")}


def test_of_several_counts_the_site_s_that_read_most(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        fill(
            record, measurement(1, 30, unread=5 * HOUR), measurement(1, 20, source="another", unread=HOUR),
            measurement(1, 90, source="blinder", unread=21 * HOUR), measurement(2, 50, source="b"),
            measurement(2, 40, source="a"),
        )  # fmt: skip
        assert counts(record) == {1: (20, "another"), 2: (40, "a")}


def test_a_count_of_another_moment_is_left_alone(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        fill(record, measurement(1, 30, until_at=START + 25 * HOUR), measurement(2, 40, until_at=START))
        assert counts(record) == {1: (14, "")}


def test_explain_says_whose_counts_they_are(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        fill(record, measurement(1, 30))
        issue(record)
        published = repository.RecordIssueReader(record, TERMS).issue("daily", NEXT)
        text = "\n".join(text_of(explain_entry(published, key(1))))
        assert "Bluesky counts here come from neighbour, which could read the network when this site could not." in text
        assert "Bluesky: only in part (why); counts from neighbour are used where they read more." in text
        view = record.view(START + 32 * HOUR)
        assert {row.voices for row in attention_history(view, DAILY, [key(1)], ())[key(1)]} == {
            14
        }  # our own counts are still there


def test_an_issue_names_sites_with_the_same_counts(store_url: str) -> None:
    with Record(store_url) as record:
        fill(record, measurement(1, 13), measurement(1, 30, source="third"), *paper(3),
             *posts_about(3, 20, START + HOUR), measurement(3, 20), measurement(3, 21, source="third"),
             measurement(3, 90, source="blind", unread=9 * HOUR), measurement(2, 40, age=6),
             state="complete")  # fmt: skip
        content = issue(record).content
        assert content.witnessed == WitnessedCounts(collectors=("neighbour", "third"), counts=2, close=1)
        published = repository.RecordIssueReader(record, TERMS).issue("daily", NEXT)
        assert "1 of 2 counts witnessed by 3 collectors" in phrases.facts(published)
        assert phrases.notes(published) == (
            "Counts in this issue also made by neighbour and third, who read the same networks: 2, of "
            "which 1 agrees within a tenth.",
        )
        assert not made.verified(record).findings


def test_a_site_whose_count_is_used_does_not_witness_it(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        fill(record, measurement(1, 30))
        assert issue(record).content.witnessed is msgspec.UNSET


def test_a_later_count_of_the_other_site_is_for_another_edition(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        fill(record, measurement(1, 30))
        issue_before = issue(record)
        record.append([measurement(1, 35, observed_at=START + 31 * HOUR)], source="follow/neighbour")
        assert not made.verified(record).findings
        assert issue_before.content.entries[0].voices == 30


def test_others_counts_of_papers_too_old_to_compare_with_are_left_out(store_url: str) -> None:
    """They count for 90 days after the announcement, as ours do, whether or not we have posts about the paper."""
    days = {4: "2024-01-15", 5: "2024-01-15", 6: "2024-03-15"}
    end = {number: moment(day) + 24 * HOUR for number, day in days.items()}
    with Record(store_url) as record:
        fill(
            record, *(item for number, day in days.items() for item in paper(number, day)),
            *posts_about(5, 14, moment(days[5]) + HOUR),
            *(measurement(number, 70, until_at=end[number]) for number in days),
        )  # fmt: skip
        peers = issue(record).content.peers
        assert [dict(peer.counts).get(70) for peer in peers if (peer.network, peer.age) == ("bluesky", 24)] == [1]
        better = better_counts(record.view(START + 32 * HOUR), MeasurementWindow())
        assert set(better) == {key(6)}, "nor do they take memory"
