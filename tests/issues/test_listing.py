"""Imported listings: their papers ranked again by favorites among all listed papers; corrected listings."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from hotpapers.base.errors import NotFound
from hotpapers.base.model import HOUR, Listing, Paper, PublishedIssue
from hotpapers.issues import build, freeze
from hotpapers.issues import queries as issues_queries
from hotpapers.issues.explain import explain_entry
from hotpapers.issues.ranking.rarity_1 import rarity_millipoints
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.record.record import Record
from tests.issues.listed import LISTED, Printed, listed, listing
from tests.issues.made import DAY, issue, key, moment, numbers, posts_about, write

SIX = moment(DAY) + 6 * HOUR
LATER = moment(DAY) + 72 * HOUR


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    with Record(sqlite_url) as opened:
        opened.database.run("PRAGMA synchronous = OFF")
        yield opened


def older(
    record: Record, favorites: int = 30, day: str = "2024-03-01", category: str = "cs.LG", first: int = 1000
) -> None:
    """Five hundred papers in another day's listing."""
    printed = {number: (50, favorites) for number in range(first, first + 500)}
    listed(record, printed, day, category=category, posts=0)


def test_all_papers_of_the_listing_are_in_it_whatever_they_score(record: Record) -> None:
    listed(record, {1: (900, 20), 2: (5, 60), 3: (20, 40), 4: (50, 0)})
    table = issue(record, LISTED)
    assert [(e.paper[-1], e.place, e.classic_rank, e.order) for e in table.entries] == [
        ("2", 1, 2, 2),
        ("3", 2, 3, 3),
        ("1", 3, 1, 1),
        ("4", 4, 4, 4),
    ]
    assert [e.score for e in table.entries] == [
        rarity_millipoints(3, 0),
        rarity_millipoints(3, 1),
        rarity_millipoints(3, 2),
        0,
    ]
    assert [(e.parts[0].papers, e.parts[0].own) for e in table.entries] == [(3, 60), (3, 40), (3, 20), (3, 0)]
    assert (table.announced, table.considered, table.readings, table.earlier, table.ongoing) == (None, 4, (), (), ())
    (count,) = table.entries[2].counts
    assert (count.reposts, count.likes, count.voices, count.method, count.until) == (900, 20, 20, "listed/1", SIX)


def test_by_another_ranking_a_listing_has_no_prices_and_says_what_would_swap(record: Record) -> None:
    """Listed papers are not compared at ages, over which accounts could have been spread."""
    older(record)
    listed(record, {1: (10, 40), 2: (40, 35)})
    write(record, msgspec.structs.replace(LISTED, ranking="rarity/2", observed_at=1))
    issue(record, freeze.publication_of(record, "listed"))
    frozen = RecordIssueReader(record).issue("listed", DAY)
    assert [(e.price, e.parts[0].rule) for e in frozen.content.entries] == [
        (msgspec.UNSET, "capped"),
        (msgspec.UNSET, "capped"),
    ]
    explanation = explain_entry(frozen, key(2))
    assert explanation.price == ""
    assert explanation.above and [(swap.now, swap.needed) for swap in explanation.above.swaps] == [(35, 41)]


def test_favorites_are_compared_with_those_of_ninety_days(record: Record) -> None:
    older(record)
    older(record, 99, "2024-01-01", first=2000)
    listed(record, {1: (10, 40), 2: (40, 30)})
    first, second = (entry.parts[0] for entry in issue(record, LISTED).entries)
    assert (first.papers, first.atleast, first.among, first.age, first.own) == (501, 0, "cs", 0, 40)
    assert (second.papers, second.atleast) == (501, 501)


def test_the_cut_is_the_last_moment_of_the_listing(record: Record) -> None:
    listed(record, {1: (10, 40), 2: (10, 40), 3: (10, 40)})
    assert issue(record, LISTED).as_of == SIX + 2


def test_posts_seen_after_the_last_place_are_shown_too(record: Record) -> None:
    """As when one post was seen at one moment under two places, with different words."""
    words, mention, where = listing({1: (10, 40)})[-4], *listing({1: (10, 40)})[-2:]
    listed(record, {1: (10, 40)}, posts=0)
    write(record, *(msgspec.structs.replace(item, observed_at=SIX + 1) for item in (words, mention, where)))
    content = issue(record, LISTED)
    assert (content.as_of, len(content.entries[0].posts)) == (SIX + 1, 1)


def test_a_paper_is_compared_as_what_it_is_not_as_what_was_printed(record: Record) -> None:
    """The record knows its primary archive better."""
    older(record, category="stat.ML")
    listed(record, {1: (10, 60)})
    metadata = Paper(paper=key(1), title="Made-up", categories=("stat.ML", "cs.LG"), observed_at=SIX - 1)
    write(record, metadata, msgspec.structs.replace(metadata, observed_at=SIX + 1))
    listed(record, {2: (10, 45)}, "2024-05-08")
    (part,) = issue(record, LISTED, "2024-05-08").entries[0].parts
    assert (part.among, part.papers) == ("all", 501)
    listed(record, {1: (10, 60), 3: (10, 45)}, later=2)
    write(record, msgspec.structs.replace(metadata, observed_at=SIX + 3))
    first = issue(record, LISTED).entries[0]
    assert (first.archive, first.parts[0].among, first.parts[0].papers) == ("stat", "stat", 500)


def test_of_level_ones_the_id_decides(record: Record) -> None:
    listed(record, {3: (10, 40), 1: (10, 40), 2: (10, 40)})
    content = issue(record, LISTED)
    assert numbers(content.entries) == [1, 2, 3]
    assert [entry.classic_rank for entry in content.entries] == [2, 3, 1]
    assert all(entry.tied for entry in content.entries)


def test_a_listing_that_names_no_paper(record: Record) -> None:
    listed(record, {})
    assert issue(record, LISTED).entries == ()
    assert shelved(record).papers == {}


def test_a_paper_listed_again_under_another_archive_is_not_compared_with_itself(record: Record) -> None:
    """It counts once, by its latest tally, under what is then its primary archive."""
    older(record)
    older(record, category="stat.ML", first=3000)
    listed(record, {1: (10, 45)}, "2024-05-06", category="stat.ML")
    listed(record, {1: (10, 60), 2: (10, 50)})
    first, second = (entry.parts[0] for entry in issue(record, LISTED).entries)
    assert (first.among, first.papers, first.atleast) == ("cs", 501, 0)
    assert (second.among, second.papers, second.atleast) == ("cs", 501, 1)
    (monday,) = issue(record, LISTED, "2024-05-06").entries
    assert (monday.archive, monday.parts[0].among, monday.parts[0].papers) == ("stat", "stat", 500)


def test_talk_on_networks_is_no_part_of_a_listing(record: Record) -> None:
    listed(record, {1: (10, 40), 2: (10, 60)})
    before = issue(record, LISTED)
    write(record, posts_about(1, 5000, moment(DAY)))
    recipe = build.IssueRecipe(LISTED, DAY, 1, record.head.position)
    after = build.build_issue(record, recipe).content
    assert msgspec.structs.replace(after, position=before.position, chain=before.chain) == before


# ---- the same listing once more --------------------------------------------------------------------------------

FIRST: Printed = {1: (50, 40), 2: (40, 45), 3: (10, 60)}


def shelved(record: Record, edition: int | None = None) -> PublishedIssue:
    return RecordIssueReader(record).issue("listed", DAY, edition)


def corrected(record: Record) -> freeze.FrozenIssue:
    return freeze.freeze_issue(record, LISTED, DAY, again=True, reason="the listing was corrected", at=LATER)


def test_a_corrected_listing_is_a_new_edition(record: Record) -> None:
    """It has fewer papers, different counts and fewer posts; nothing of the first one remains."""
    listed(record, FIRST, posts=3)
    first = freeze.freeze_issue(record, LISTED, DAY, at=LATER)
    assert not freeze.newer_listing(record, first)
    listed(record, {3: (10, 70), 2: (40, 35)}, later=1)
    assert freeze.newer_listing(record, first)
    second = corrected(record)
    assert not freeze.newer_listing(record, second)
    assert [(e.paper[-1], e.counts[0].likes, len(e.posts)) for e in first.content.entries] == [
        ("3", 60, 3),
        ("2", 45, 3),
        ("1", 40, 3),
    ]
    assert [(e.paper[-1], e.counts[0].likes, len(e.posts), e.order) for e in second.content.entries] == [
        ("3", 70, 1, 1),
        ("2", 35, 1, 2),
    ]
    now, before = shelved(record), shelved(record, 1)
    assert [q.post.text for q in now.printed[key(3)]] == ["Made-up words 1"]
    assert [len(before.posts[key(n)]) for n in (1, 2, 3)] == [3, 3, 3]
    assert (set(now.places), now.places[key(3)].place, before.places[key(3)].place) == ({key(3), key(2)}, 1, 3)
    assert now.listing is not None
    assert (now.listing.places, now.editions) == (2, (first.digest, second.digest))


def test_places_of_two_files_are_never_mixed(record: Record) -> None:
    """Even if the first file's last place was tallied after the second file's."""
    listed(record, FIRST)
    listed(record, {3: (10, 70), 4: (9, 50)}, later=1)
    assert [(entry.paper, entry.order) for entry in issue(record, LISTED).entries] == [(key(3), 1), (key(4), 2)]


def test_a_day_without_a_listing(record: Record) -> None:
    listed(record, FIRST)
    with pytest.raises(NotFound, match="listed 2024-05-08: no listing for that day"):
        freeze.freeze_issue(record, LISTED, "2024-05-08", at=LATER)
    assert issues_queries.listed_days(record, "listed") == [DAY]
    assert record.count(Listing) == 1
