"""A ranking's arithmetic in sentences: every number in them comes from the part."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, UnsetType

from hotpapers.base.model import Entry, Price, PrintedCount, ReferenceSize, ScoreComponent
from hotpapers.base.networks import network_title
from hotpapers.base.text.words import handle_text
from hotpapers.discussion.engagement.measurement import AGES
from hotpapers.issues.ranking import needs_of, rarity_2, words
from hotpapers.issues.ranking.rarity_1 import rarity_millipoints

PART = ScoreComponent(
    network="bluesky", rule="rarity", score=2177, voices=40, papers=4812, atleast=31, among="all", age=24, until=0
)


def sentence(**changes: object) -> str:
    return words.part_sentence(msgspec.structs.replace(PART, **changes))


def test_the_sentence_of_a_part() -> None:
    assert sentence() == (
        "Of 4,812 other papers talked about on Bluesky in 90 days, 31 had 40 people or more after a day: 2,177."
    )
    assert sentence(network="hackernews", among="physics group", age=168) == (
        "Of 4,812 other papers of physics group talked about on Hacker News in 90 days, "
        "31 had 40 people or more after a week: 2,177."
    )
    assert sentence(age=0, network="x", among="cs") == (
        "Of 4,812 other papers of cs listed in the 90 days before, 31 had 40 likes or more: 2,177."
    )
    assert sentence(papers=1, atleast=0, score=301, age=6) == (
        "Of 1 other paper talked about on Bluesky in 90 days, none had 40 people or more after six hours: 301."
    )
    assert sentence(rule="classic", score=1204) == "Reposts and likes on Bluesky, added up: 1,204."


@pytest.mark.parametrize(
    ("voices", "age", "expected"),
    [
        (2, 24, "2 people on Bluesky, too few to score: 0."),
        (1, 6, "1 person on Bluesky, too few to score: 0."),
        (0, 24, "Bluesky: nobody who counts was seen there: 0."),
        (2, 0, "2 likes on Bluesky, too few to score: 0."),
    ],
)
def test_the_sentence_of_few_voices(voices: int, age: int, expected: str) -> None:
    assert sentence(voices=voices, score=0, age=age) == expected
    assert words.part_formula(msgspec.structs.replace(PART, voices=voices, score=0, age=age)) == "0"


def test_three_voices_that_score_nothing_still_say_why() -> None:
    """All others have as many: that is arithmetic, not the rule of three."""
    part = msgspec.structs.replace(PART, voices=3, papers=500, atleast=500, score=0)
    assert words.part_formula(part) == "1000 × log10(501 / 501) = 0"


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_formula_can_be_done_again(a: int, b: int) -> None:
    papers, atleast = max(a, b), min(a, b)
    part = msgspec.structs.replace(PART, papers=papers, atleast=atleast, score=rarity_millipoints(papers, atleast))
    left, _, result = words.part_formula(part).replace(",", "").partition(" = ")
    above, below = left.removeprefix("1000 × log10(").removesuffix(")").split(" / ")
    assert rarity_millipoints(int(above) - 1, int(below) - 1) == int(result) == part.score


def test_a_handle_has_an_at_sign_unless_it_is_an_address() -> None:
    assert handle_text("ada.example") == "@ada.example"
    assert handle_text("https://blog.example/feed.xml") == "blog.example/feed.xml"
    assert not handle_text("")


def test_every_network_has_a_name() -> None:
    assert network_title("hackernews") == "Hacker News"
    assert network_title("elsewhere") == "elsewhere"


def test_counts_and_units() -> None:
    assert words.count_phrase(1, "person") == "1 person" and words.count_phrase(2, "person") == "2 people"
    assert words.count_phrase(2, words.COUNTED_PERSON) == "2 people who count"
    assert words.count_phrase(1204, "like") == "1,204 likes"
    assert words.count_phrase(60, "repost or like") == "60 reposts and likes"


def test_notes_on_the_methods_of_tallies() -> None:
    assert "several times too high" in words.method_note("hot-papers/2")
    assert words.method_note("hot-papers/1")
    assert words.method_note("hot-papers/3") == words.method_note("other/2") == words.method_note("") == ""


@pytest.mark.parametrize(
    ("known", "expected", "formula"),
    [
        (0, "Without regulars, there are no points: −90.", "no more than 0"),
        (1, "One regular is not enough for points: −90.", "no more than 0"),
        (
            2, "With 2 regulars, a score is at most 480, 240 for each: −90.",
            "no more than 240 × 2",
        ),
    ],
)  # fmt: skip
def test_the_sentence_of_what_known_voices_vouch_for(known: int, expected: str, formula: str) -> None:
    assert sentence(rule=rarity_2.RULE, voices=known, score=-90) == expected
    assert words.part_formula(msgspec.structs.replace(PART, rule=rarity_2.RULE, voices=known, score=-90)) == formula


@pytest.mark.parametrize(
    ("counted_as", "known", "voices", "amount"),
    [
        ("likes", UNSET, 74, "74 likes for one post"),
        ("reposts", UNSET, 1, "1 repost for one post"),
        ("voices", 3, 6, "6 people who count, 3 of them regulars,"),
        ("voices", 6, 6, "6 regulars"),
        ("voices", 0, 0, "0 regulars"),
        ("voices", UNSET, 12, "12 people"),
        (UNSET, UNSET, 12, "12 people who count"),
    ],
)  # fmt: skip
def test_what_a_part_counted(
    counted_as: str | UnsetType, known: int | UnsetType, voices: int, amount: str
) -> None:  # fmt: skip
    part = msgspec.structs.replace(PART, rule=rarity_2.COUNTED, counted_as=counted_as, known=known, voices=voices)
    assert words.counted_amount(part) == amount


def test_a_part_says_what_it_counted_before_what_it_is_compared_with() -> None:
    text = sentence(rule=rarity_2.COUNTED, counted_as="voices", known=3, voices=6)
    assert text.startswith("6 people who count, 3 of them regulars, on Bluesky. Of ")
    assert " talked about there in " in text and "had 6 or more after a day" in text
    part = msgspec.structs.replace(PART, rule=rarity_2.CAPPED, voices=4, score=80)
    assert words.part_sentence(part, with_formula=True).endswith("each adds at most 20 points: 20 × 4 = 80.")


def test_the_sentence_of_a_capped_part() -> None:
    capped = sentence(rule=rarity_2.CAPPED, voices=4, score=80)
    assert capped.endswith("4 people who count or more after a day; but each adds at most 20 points: 80.")
    assert words.part_formula(msgspec.structs.replace(PART, rule=rarity_2.CAPPED, voices=4, score=80)) == "20 × 4 = 80"


def test_two_voices_with_a_score_are_compared() -> None:
    """The rule of three is only for parts that score nothing."""
    assert sentence(voices=2, score=7).endswith("31 had 2 people or more after a day: 7.")


def test_without_another_paper_there_is_nothing_to_compare_with() -> None:
    expected = "40 people on Bluesky, and no other paper there yet to compare with: 0."
    assert sentence(papers=0, atleast=0, score=0) == expected


YOUNG = ReferenceSize(network="bluesky", age=24, papers=16, days=1, young=True)


def test_places_of_a_young_record() -> None:
    compared = "The order is rough until there are 500 papers of 90 days to compare with; so far, 16 papers of one day."
    below = " Below the threshold of 500, but until then the best are shown anyway."
    assert words.why_provisional(YOUNG, 500, 500, is_line=False) == compared
    assert words.why_provisional(YOUNG, 499, 500, is_line=False) == compared + below
    assert words.why_provisional(YOUNG, 0, 0, is_line=False).endswith("of 1, but until then the best are shown anyway.")
    assert words.why_provisional(YOUNG, 499, 500, is_line=True) == (
        f"{compared}{below.removesuffix('.')}, those without two regulars in a line each."
    )
    assert words.provisional_note(YOUNG) == "compared with 16 papers of one day, so the order is rough"
    nothing = msgspec.structs.replace(YOUNG, papers=0)
    assert words.provisional_note(nothing) == "compared with no papers, so the order is rough"
    many_days = msgspec.structs.replace(YOUNG, papers=1, days=84)
    assert words.provisional_note(many_days) == "compared with 1 paper of 90 days, so the order is rough"
    for settled in (msgspec.UNSET, msgspec.structs.replace(YOUNG, young=False)):
        assert words.provisional_note(settled) == words.why_provisional(settled, 1, 500, is_line=False) == ""


def priced(price: Price | msgspec.UnsetType, score: int = 500, known: int | msgspec.UnsetType = msgspec.UNSET) -> str:
    """The sentence for an entry of a publication with a threshold of 500."""
    count = PrintedCount(network="x", voices=3, reposts=0, likes=3, until=0, known=known)
    entry = Entry(
        place=1, paper="arxiv:2405.00001", score=score, voices=3, tied=False, classic_rank=1, announced_at=0,
        counts=(count,), parts=(), metadata="", posts=(), price=price,
    )  # fmt: skip
    return words.price_sentence(entry, 500)


def test_what_a_place_would_have_cost() -> None:
    assert priced(msgspec.UNSET) == priced(Price(accounts=0, known=0)) == ""
    assert priced(Price(accounts=None, known=3)).startswith("No number of accounts")
    assert priced(Price(accounts=1, known=0)).startswith("Faking this score would take about 1 account. The record is")
    known = priced(Price(accounts=1204, known=3))
    assert known.startswith("Faking this score would take about 1,204 accounts, at least 3 of them regulars")
    below = "A place below the threshold would take about 3 accounts"
    assert priced(Price(accounts=3, known=0), 499).startswith(f"{below}. The record is too young")
    assert priced(Price(accounts=3, known=0), 0, known=1) == f"{below}, none of them a regular."
    assert priced(Price(accounts=3, known=2), 0, known=2).startswith(f"{below}, at least 2 of them regulars;")


def test_whose_voices_a_count_has() -> None:
    counted = PrintedCount(network="x", voices=41, reposts=1, likes=1204, until=0)
    assert words.voices_of(counted) == "41 people"
    measured = msgspec.structs.replace(counted, known=30, authors=2)
    assert words.voices_of(measured) == "41 people, 30 regulars, 2 authors"
    nobody = msgspec.structs.replace(measured, known=0, authors=1)
    assert words.voices_of(nobody) == "41 people, no regulars, 1 author"
    assert words.voices_of(msgspec.structs.replace(measured, voices=0, authors=0)) == "nobody seen"
    assert words.voices_of(msgspec.structs.replace(measured, voices=0, authors=1)) == "nobody else, 1 author"


def test_standing_is_measured_for_the_ranking_that_asks_for_it() -> None:
    assert needs_of("rarity/2") == (AGES[1:], True)
    assert needs_of("rarity/1") == needs_of("classic/1") == (AGES, False)
