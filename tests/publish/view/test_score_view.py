"""A score that readers can follow: a sentence, a table that adds up, formulas."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hotpapers.base.model import PrintedCount, ScoreComponent
from hotpapers.issues.ranking import words
from hotpapers.publish.view import glance, score_view, shares
from tests.publish.render.sample import OWN_READER

ISSUE = OWN_READER.issue("daily", "2021-01-14")


def part(network: str, score: int, voices: int, counted_as: str = "voices", **more: object) -> ScoreComponent:
    base = ScoreComponent(
        network=network, rule="counted", score=score, voices=voices, papers=91, atleast=0, among="all", age=24, until=0,
        counted_as=counted_as, known=64,
    )  # fmt: skip
    return replace(base, **more)


def count(network: str, voices: int, known: int = 0) -> PrintedCount:
    return PrintedCount(network=network, voices=voices, reposts=1, likes=2, until=0, known=known, authors=0)


PARTS = (
    part("bluesky", 1964, 128),
    part("hackernews", 0, 0, known=0),
    part("mastodon", 1851, 117, "likes", papers=70, atleast=7),
    part("", -200, 65, rule="vouching", papers=0),
)
ENTRY = replace(
    ISSUE.content.entries[0],
    score=3615,
    parts=PARTS,
    counts=(count("bluesky", 316, 64), count("hackernews", 1), count("mastodon", 152, 1)),
)
VIEW = score_view.score_view(ISSUE, ENTRY, is_ongoing=False)


def test_a_sentence_says_what_it_means() -> None:
    assert VIEW.summary == (
        "More attention than any of 91 other papers on Bluesky and than 63 of 70 other papers on Mastodon; "
        "65 regulars among the people."
    )


def test_the_table_adds_up_by_eye() -> None:
    assert [row.points for row in VIEW.rows] == ["1,964", "1,851", "−200"]
    assert sum(int(row.points.replace(",", "").replace("−", "-")) for row in VIEW.rows) == ENTRY.score
    assert [(row.name, row.shown, row.counted) for row in VIEW.rows] == [
        ("Bluesky", "316 people", "128 people"),
        ("Mastodon", "152 people", "117 likes for one post"),
        ("Limit", "", "65 regulars: at most 15,600 points"),
    ]
    assert VIEW.total == "1,964 + 1,851 − 200 = 3,615"


def test_beside_each_count_are_both_numbers_where_they_differ() -> None:
    notes = [words.counted_note(ENTRY, printed) for printed in ENTRY.counts]
    assert notes == ["128 count", "not counted", "117 count"]
    assert words.counted_note(ENTRY, count("bluesky", 128)) == ""
    assert words.why_counted(ENTRY, ENTRY.counts[0]) == (
        "Counted there: 64 regulars and 64 others, at most one for each."
    )
    assert "does not say who likes a post" in words.why_counted(ENTRY, ENTRY.counts[2])
    assert glance.counts_line(ENTRY) == ("People: Bluesky\u00a0316 (128 count) · Mastodon\u00a0152 (117 count)")


def test_a_listing_shows_what_ranks_it() -> None:
    tally = PrintedCount(network="x", voices=439, reposts=5214, likes=439, until=0, method="hot-papers/2")
    listed = replace(ENTRY, counts=(tally,), parts=(part("x", 2010, 439, "", age=0, rule="rarity"),))
    assert glance.counts_line(listed) == "Likes: X (Twitter)\u00a0439"
    assert glance.main_figure(listed, tally) == 439
    classic = replace(listed, parts=(part("x", 5653, 439, "", age=0, rule="classic"),))
    assert glance.main_figure(classic, tally) == 5653


@pytest.mark.parametrize(("counted_as", "percent"), [("voices", 0), ("likes", 49)])
def test_the_share_of_points_from_people_nobody_can_name(counted_as: str, percent: int) -> None:
    parts = (PARTS[0], replace(PARTS[2], counted_as=counted_as))
    content = replace(ISSUE.content, entries=(replace(ENTRY, parts=parts),))
    assert shares.unnamed_percent(content) == percent
    assert (f"{percent} % of the points" in shares.unnamed_sentence(content)) == bool(percent)
    assert shares.unnamed_sentence(replace(content, entries=())) == ""


def test_papers_still_talked_about_are_numbered_among_themselves() -> None:
    content = replace(ISSUE.content, ongoing=(ENTRY, replace(ENTRY, place=2)))
    ongoing = score_view.score_view(replace(ISSUE, content=content), replace(ENTRY, place=2), is_ongoing=True)
    assert ongoing.places == "2nd of 2 still talked about."


@pytest.mark.parametrize(("papers", "words"), [(1, "the only other paper on Bluesky"), (2, "any of 2 other papers on")])
def test_a_single_other_paper_is_not_any_of_several(papers: int, words: str) -> None:
    entry = replace(ISSUE.content.entries[0], parts=(part("bluesky", 900, 3, papers=papers),))
    assert words in score_view.score_summary(entry)
