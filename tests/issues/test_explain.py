"""Why a paper has its rank: the numbers add up, and the whole text is as expected."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import msgspec
import pytest

from hotpapers.base.errors import NotFound
from hotpapers.base.model import HOUR, Publication, PublishedIssue
from hotpapers.issues import freeze
from hotpapers.issues.explain import ALL_KNOWN, explain_entry, text_of
from hotpapers.issues.ranking.rarity_1 import rarity_millipoints
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.record.record import Record
from tests.conftest import data
from tests.issues.listed import listed
from tests.issues.made import (
    DAILY,
    DAY,
    background,
    frozen,
    judged,
    key,
    moment,
    more_talk,
    paper,
    post,
    posts_about,
    read,
    write,
)
from tests.issues.test_freeze_vouched import ACCOUNTS, VOUCHED, day, weeks_ago

TODAY = moment(DAY)
MONDAY = moment("2024-05-06")


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    with Record(sqlite_url) as opened:
        opened.database.run("PRAGMA synchronous = OFF")
        yield opened


def shelved(record: Record, publication: Publication, day: str = DAY) -> PublishedIssue:
    frozen(record, publication, day)
    return RecordIssueReader(record).issue(publication.publication, day)


@pytest.fixture
def daily(record: Record) -> PublishedIssue:
    """Four entries on three networks, two of them level; an ongoing one, a bot, and a network that refused."""
    write(record, DAILY, background(networks=("bluesky", "mastodon", "hackernews")))
    write(record, paper(9, "2024-05-06", title="The paper of Monday"), posts_about(9, 80, MONDAY))
    frozen(record, DAILY, "2024-05-06")
    write(record, more_talk(9, 95, MONDAY + 20 * HOUR))
    write(
        record,
        paper(1, title="A made-up lemma, and what follows"),
        posts_about(1, 60, TODAY),
        posts_about(1, 12, TODAY, "mastodon"),
    )
    write(
        record,
        paper(2, category="hep-th", title="Strange things"),
        posts_about(2, 40, TODAY),
        posts_about(2, 2, TODAY, "hackernews"),
    )
    write(record, paper(3), posts_about(3, 40, TODAY), post(3, "bluesky:bot", TODAY), judged("bluesky:by-bot", "bot"))
    write(record, paper(4), posts_about(4, 30, TODAY), post(4, "hackernews:4", TODAY))
    cut = TODAY + 8 * HOUR
    write(record, read("reddit", TODAY + 2 * HOUR, cut, "refused", "asked to stop"), read("bluesky", MONDAY, cut))
    return shelved(record, DAILY)


@pytest.fixture
def listing(record: Record) -> PublishedIssue:
    """An imported listing of four papers."""
    printed = {1: (900, 20), 2: (5, 200), 3: (60, 100), 4: (50, 2), 5: (10, 100)}
    return shelved(record, listed(record, printed))


# ---- the arithmetic ------------------------------------------------------------------------------------------


def test_every_number_adds_up_again(daily: PublishedIssue, listing: PublishedIssue) -> None:
    for issue in (daily, listing):
        for entry in (*issue.content.entries, *issue.content.ongoing):
            result = explain_entry(issue, entry.paper)
            assert result.score == entry.score == sum(part.score for part in result.parts)
            assert len(result.parts) == len(result.formulae) == len(result.sentences) == len(entry.counts)
            for part, formula in zip(result.parts, result.formulae, strict=True):
                if part.voices >= 3:
                    above, below = re.findall(r"[\d,]+", formula)[2:4]
                    assert rarity_millipoints(int(above.replace(",", "")) - 1, int(below) - 1) == part.score
                else:
                    assert (part.score, formula) == (0, "0")


def test_the_sum_is_in_the_text(daily: PublishedIssue) -> None:
    """The parts in the printed lines add up to the score."""
    for entry in daily.content.entries:
        lines = list(text_of(explain_entry(daily, entry.paper)))
        column = [int(line[16:24].replace(",", "")) for line in lines if re.match(r"  \S.{13} *[\d,]+   ", line)]
        assert sum(column[:-1]) == column[-1] == entry.score


def test_neighbours_are_those_that_stand_there(daily: PublishedIssue) -> None:
    order = [entry.paper for entry in daily.content.entries]
    assert [name[-1] for name in order] == ["1", "2", "3", "4"]
    for index, name in enumerate(order):
        result = explain_entry(daily, name)
        above, below = result.above, result.below
        assert (above and above.paper) == (order[index - 1] if index else None)
        assert (below and below.paper) == (order[index + 1] if index + 1 < len(order) else None)
    first, second = explain_entry(daily, order[0]), explain_entry(daily, order[1])
    assert first.below is not None
    assert second.above is not None
    assert first.below.swaps == second.above.swaps


def test_a_paper_still_talked_about_is_explained_too(daily: PublishedIssue) -> None:
    item = explain_entry(daily, key(9))
    assert (item.lane, item.place, item.entries, item.above, item.below) == ("ongoing", 1, 1, None, None)


def test_further_voices_that_would_swap_are_taken_to_be_known_ones(record: Record) -> None:
    """Said where voices with standing count for more and further voices could swap entries."""
    write(record, weeks_ago(), day())
    issue = shelved(record, VOUCHED)
    assert [explain_entry(issue, entry.paper).notes[-1:] for entry in issue.content.entries] == [(ALL_KNOWN,)] * 2
    assert any(ALL_KNOWN in line for line in text_of(explain_entry(issue, key(3))))


def test_while_nobody_is_known_nothing_is_said_of_who_they_are(record: Record) -> None:
    write(record, weeks_ago(ACCOUNTS[:50]), day())
    young = shelved(record, VOUCHED)
    assert all(ALL_KNOWN not in explain_entry(young, entry.paper).notes for entry in young.content.entries)
    assert any((to := explain_entry(young, entry.paper).below) and to.swaps for entry in young.content.entries)


def test_a_paper_that_is_not_in_the_issue(daily: PublishedIssue) -> None:
    with pytest.raises(NotFound, match=r"^2405.00099 is not in the issue of 2024-05-07$"):
        explain_entry(daily, key(99))


def test_a_listing_s_method_is_noted(record: Record) -> None:
    """Only if the method is known; the made-up one is not."""
    publication = listed(record, {1: (90, 10)})
    issue = shelved(record, publication)
    assert explain_entry(issue, key(1)).notes == ()
    (entry,) = issue.content.entries
    count = msgspec.structs.replace(entry.counts[0], method="hot-papers/2")
    content = msgspec.structs.replace(issue.content, entries=(msgspec.structs.replace(entry, counts=(count,)),))
    (note,) = explain_entry(msgspec.structs.replace(issue, content=content), key(1)).notes
    assert note.startswith("X (Twitter) counts here are ")
    assert "several times too high" in note


# ---- the text ------------------------------------------------------------------------------------------------


def whole_text(issue: PublishedIssue) -> str:
    papers = [entry.paper for entry in (*issue.content.entries, *issue.content.ongoing)]
    return "\n".join("".join(f"{line}\n" for line in text_of(explain_entry(issue, paper))) for paper in papers)


def check_text(issue: PublishedIssue, name: str) -> None:
    file = data("explain", name)
    if os.environ.get("HOTPAPERS_REWRITE"):
        file.write_text(whole_text(issue), "utf-8")
    assert whole_text(issue) == file.read_text("utf-8")


def test_the_text_of_a_daily_issue(daily: PublishedIssue) -> None:
    check_text(daily, "daily.txt")


def test_the_text_of_a_listing(listing: PublishedIssue) -> None:
    check_text(listing, "listing.txt")


def test_the_text_of_the_classic_rule(record: Record) -> None:
    classic = Publication(publication="listed", title="Old", window="listing", ranking="classic/1", observed_at=1)
    listed(record, {2: (5, 200), 1: (105, 100), 3: (50, 20)})
    write(record, classic)
    issue = shelved(record, freeze.publication_of(record, "listed"))
    assert issue.content.ranking == "classic/1"
    check_text(issue, "classic.txt")


def test_what_decides_between_level_papers_of_no_listing(record: Record) -> None:
    write(record, paper(1), posts_about(1, 40, TODAY), paper(2), posts_about(2, 40, TODAY))
    issue = shelved(record, msgspec.structs.replace(DAILY, ranking="classic/1", threshold=10))
    assert explain_entry(issue, key(2)).notes[:1] == (
        "Tied with a neighbor: the same score. The earlier announcement goes first, then the id.",
    )
