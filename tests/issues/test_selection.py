"""Which papers an issue holds while there is little to compare them with, and that it says so; frozen and verified."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base import model
from hotpapers.base.model import HOUR, Issue, IssueContent, Publication, ReferenceSize, VoiceHistogram
from hotpapers.issues import build, freeze, selection
from hotpapers.issues.explain import explain_entry
from hotpapers.issues.freeze import check_issue
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.view import phrases
from hotpapers.record.commitments import canonical_json
from hotpapers.record.issue_contents import decode_content
from hotpapers.record.record import Record
from tests.issues.made import (
    DAILY,
    DAY,
    background,
    frozen,
    issue,
    key,
    moment,
    numbers,
    paper,
    posts_about,
    write,
)

TODAY = moment(DAY)
TEN = msgspec.structs.replace(DAILY, least_entries=10)


@pytest.fixture
def record(store_url: str) -> Iterator[Record]:
    with Record(store_url) as opened:
        yield opened


def day_one(record: Record, papers: int = 14, day: str = DAY) -> None:
    """A record of one day's papers, with 1, 2, 3 … voices in their first hour."""
    for number in range(1, papers + 1):
        write(record, paper(number, day), posts_about(number, number, moment(day) + HOUR))


def test_a_young_record_shows_the_ten_best(record: Record) -> None:
    day_one(record)
    content = issue(record, TEN)
    assert numbers(content.entries) == [14, 13, 12, 11, 10, 9, 8, 7, 6, 5]
    assert [entry.score >= 1000 for entry in content.entries] == [True] + [False] * 9
    assert (content.choice, content.considered) == ("least/5", 14)
    assert content.compared == ReferenceSize(network="bluesky", age=6, papers=12, days=1, young=True)


def test_papers_of_fewer_than_three_voices_are_not_shown(record: Record) -> None:
    day_one(record, 5)
    assert numbers(issue(record, TEN).entries) == [5, 4, 3]


def test_none_are_shown_below_the_threshold_where_none_are_wanted(record: Record) -> None:
    day_one(record)
    content = issue(record, msgspec.structs.replace(TEN, least_entries=0))
    assert numbers(content.entries) == [14]
    assert content.compared and content.compared.young


def test_more_than_ten_reach_the_threshold(record: Record) -> None:
    day_one(record)
    content = issue(record, msgspec.structs.replace(TEN, threshold=1))
    assert len(content.entries) == 11


def test_with_nothing_to_compare_more_voices_stand_first(record: Record) -> None:
    """Three papers of the last hours: none is old enough to compare with, so all score 0."""
    for number, voices in ((1, 3), (2, 9), (3, 5)):
        at = moment(f"{DAY}T04:00")
        write(record, paper(number, at=at), posts_about(number, voices, at + HOUR))
    content = issue(record, TEN)
    assert [(entry.score, entry.voices) for entry in content.entries] == [(0, 9), (0, 5), (0, 3)]
    assert content.compared == ReferenceSize(network="", age=0, papers=0, days=0, young=True)


def test_only_papers_that_the_publication_is_about(record: Record) -> None:
    day_one(record, 4)
    write(record, paper(90, category="hep-th"), posts_about(90, 40, TODAY + HOUR))
    assert numbers(issue(record, msgspec.structs.replace(TEN, categories=("cs",))).entries) == [4, 3]


def test_what_an_earlier_issue_held_is_not_shown_again(record: Record) -> None:
    day_one(record, 12, "2024-05-06")
    first = frozen(record, TEN, "2024-05-06")
    assert len(first.content.entries) == 10
    write(record, paper(50), posts_about(50, 4, TODAY + HOUR))
    assert numbers(issue(record, TEN).entries) == [50]


def test_with_enough_to_compare_the_threshold_alone_decides(record: Record) -> None:
    """500 papers, the first announced 83 days earlier; with one fewer, the ten best are shown."""
    for first, day in ((1000, "2024-02-14"), (2000, "2024-02-15"), (3000, "2024-03-15"), (4000, "2024-04-15")):
        write(record, background(day, first=first))
    last = background("2024-04-30", first=5000)
    write(record, last[: 98 * 5])
    write(record, paper(1), posts_about(1, 4, moment(f"{DAY}T05:00")))
    content = issue(record, TEN)
    assert content.compared == ReferenceSize(network="bluesky", age=6, papers=499, days=84, young=True)
    assert numbers(content.entries)[0] == 1
    write(record, last[98 * 5 : 99 * 5])
    again = freeze.freeze_issue(record, TEN, DAY, again=True, reason="more is known", at=TODAY + 48 * HOUR).content
    assert again.compared == ReferenceSize(network="bluesky", age=6, papers=500, days=84, young=False)
    assert again.entries == ()


@pytest.mark.parametrize("least", [msgspec.UNSET, 0, 10])
def test_a_young_issue_verifies(record: Record, least: int) -> None:
    day_one(record)
    result = frozen(record, msgspec.structs.replace(DAILY, least_entries=least))
    row = record.view().latest(Issue)[0].item
    assert list(check_issue(record, row)) == []
    assert decode_content(row.content, IssueContent) == result.content


def test_what_was_frozen_before_rules_had_names_verifies_and_is_the_same(record: Record) -> None:
    """Its bytes name no rule, days or comparison; and publications of that time want no minimum of entries."""
    day_one(record)
    before = build.build_issue(
        record, build.IssueRecipe(DAILY, DAY, 1, record.head.position, choice=selection.THRESHOLD_1)
    )
    text = canonical_json(before.content).decode()
    assert not any(f'"{name}"' in text for name in ("choice", "compared", "days", "least_entries"))
    freeze.save_issue(record, before, TODAY + 48 * HOUR)
    assert numbers(before.content.entries) == [14]
    row = record.view().latest(Issue)[0].item
    assert list(check_issue(record, row)) == []


def test_a_rule_that_is_not_known_is_a_finding(record: Record) -> None:
    day_one(record)
    content = msgspec.structs.replace(issue(record, TEN), choice="most/7")
    text = canonical_json(content).decode()
    item = Issue(publication="daily", day=DAY, edition=1, digest=build.digest_of(content), content=text, observed_at=0)
    assert [str(finding) for finding in check_issue(record, item)] == [
        "issue: daily 2024-05-07 edition 1: cannot be rebuilt: its papers were chosen by 'most/7', which this version "
        "does not know; update hotpapers"
    ]


def test_a_ranking_that_is_not_known_is_a_finding(record: Record) -> None:
    day_one(record)
    publication = msgspec.structs.replace(DAILY, ranking="rarity/9")
    content = msgspec.structs.replace(issue(record, TEN), publication=publication)
    text = canonical_json(content).decode()
    item = Issue(publication="daily", day=DAY, edition=1, digest=build.digest_of(content), content=text, observed_at=0)
    [finding] = check_issue(record, item)
    assert "cannot be rebuilt: rarity/9: no such ranking" in str(finding)


def test_an_entry_that_was_moved_into_a_young_issue_is_found(record: Record) -> None:
    day_one(record)
    content = issue(record, TEN)
    forged = msgspec.structs.replace(content, entries=content.entries[:9])
    text = canonical_json(forged).decode()
    item = Issue(publication="daily", day=DAY, edition=1, digest=build.digest_of(forged), content=text, observed_at=0)
    assert any("entries[arxiv:2405.00005]" in str(finding) for finding in check_issue(record, item))


def test_a_ranking_that_compares_nothing_is_never_young(record: Record) -> None:
    day_one(record)
    content = issue(record, msgspec.structs.replace(TEN, ranking="classic/1", threshold=9))
    assert (len(content.entries), content.compared) == (5, msgspec.UNSET)


def test_the_arithmetic_says_that_places_are_provisional(record: Record) -> None:
    day_one(record)
    frozen(record, TEN)
    young = RecordIssueReader(record).issue("daily", DAY)
    assert "compared with 12 papers of one day, so the order is rough" in phrases.facts(young)
    explanation = explain_entry(young, key(5))
    assert explanation.sentences == (
        "Of 11 other papers talked about on Bluesky in one day, 9 had 5 people or more after six hours: 79.",
    )
    assert explanation.notes[0] == (
        "The order is rough until there are 500 papers of 90 days to compare with; so far, 12 papers of one day. Below "
        "the threshold of 1,000, but until then the best are shown anyway."
    )
    assert explain_entry(young, key(14)).notes[0].endswith("; so far, 12 papers of one day.")


def test_a_publication_of_before_keeps_its_hash(record: Record) -> None:
    write(record, DAILY, msgspec.structs.replace(TEN, publication="ten"))
    rows = record.view().latest(Publication)
    publications = {row.item.publication: row.item for row in rows}
    assert publications["daily"].least_entries is msgspec.UNSET and publications["ten"].least_entries == 10
    assert b"least_entries" not in canonical_json(publications["daily"])


@pytest.mark.long
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["bluesky", "reddit"]), st.sampled_from([6, 24]), st.sampled_from(["cs", "math"]),
            st.dictionaries(st.integers(1, 9), st.integers(1, 400)), st.integers(0, 90),
        ),
        unique_by=lambda row: row[:3],
    )
)  # fmt: skip
def test_what_is_compared_is_some_reference_and_the_largest(
    some: list[tuple[str, int, str, dict[int, int], int]],
) -> None:
    peers = [
        VoiceHistogram(network=network, age=age, archive=archive, counts=tuple(sorted(counts.items())), days=days)
        for network, age, archive, counts, days in some
    ]
    reference = selection.reference_size(DAILY, peers)
    assert reference
    places = {(peer.network, peer.age) for peer in peers}
    sizes = {where: sum(_papers(peer) for peer in peers if (peer.network, peer.age) == where) for where in places}
    assert reference.papers == sizes.get((reference.network, reference.age), 0)
    if reference.young:
        assert reference.papers == max(sizes.values(), default=0)
    else:
        assert reference.papers >= 500 and reference.days >= 84


def _papers(histogram: VoiceHistogram) -> int:
    return sum(n for voices, n in histogram.counts if voices >= 3)


def test_a_listing_says_nothing_of_it() -> None:
    listing = Publication(publication="hot", title="Hot", window="listing", observed_at=0)
    assert selection.least_papers(listing, msgspec.UNSET) == 0
    assert "least_entries" not in msgspec.to_builtins(listing)
    assert model.IssueContent.__struct_fields__[-12:] == (
        "choice",
        "compared",
        "quoting",
        "counting",
        "period",
        "read_from",
        "retrospective",
        "witnessed",
        "until_at",
        "further",
        "servers",
        "announced_on",
    )


@pytest.mark.parametrize(
    ("papers", "days", "young"),
    [(499, 84, True), (500, 83, True), (500, 84, False), (501, 84, False), (500, 85, False), (9000, 90, False),
     (0, 90, True), (9000, 0, True)],
)  # fmt: skip
def test_a_reference_is_young_until_it_has_500_papers_of_84_days(papers: int, days: int, young: bool) -> None:
    assert selection.is_young(papers, days) is young


def test_of_how_many_days_a_reference_is_may_be_unknown() -> None:
    histogram = VoiceHistogram(network="bluesky", age=24, archive="cs", counts=((3, 600),))
    reference = selection.reference_size(DAILY, [histogram])
    assert reference == ReferenceSize(network="bluesky", age=24, papers=600, days=0, young=True)
