"""Which parts of a text are its author's own words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import Paper
from hotpapers.base.papers.mentions import own_words as words
from hotpapers.base.papers.mentions.own_words import common_words, is_bare, own_words, to_words


def titled(title: str, abstract: str = "", authors: tuple[str, ...] = ()) -> Paper:
    return Paper(paper="arxiv:2101.04869", title=title, authors=authors, abstract=abstract, observed_at=0)


KETTLES = titled(
    "Kettles that Whistle: A Study of Émile's Cup",
    "We boil water in forty kettles and listen. None of them whistles before it boils, which we prove.",
    ("Ada Čaj", "Bo Sávio"),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("S\\'avio and Sávio", ["savio", "and", "savio"]),
        ('Schr\\"{o}dinger, $n$-cups', ["schrodinger", "n", "cups"]),
        ("see https://made.up/abs/1 or made.up/abs #tea @cup 2405.00001v2", ["see", "or"]),
        ("[cs.LG] (hep-th): math.NA, tea", ["tea"]),
        ("お茶の論文", ["お茶の論文"]),
        ("", []),
    ],
)
def test_words_without_what_does_not_tell(text: str, expected: list[str]) -> None:
    assert to_words(text) == expected


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Ada Caj, Bo S\\'avio: Kettles that whistle https://made.up/abs/1", ()),
        ("KETTLES THAT WHISTLE! Nobody boiled better", ("nobody", "boiled", "better")),
        ("Look: none of them whistles before it boils", ("look",)),
        ("Look: none of it whistles", ("look", "none", "it", "whistles")),
        ("", ()),
    ],
)
def test_own_words(text: str, own: tuple[str, ...]) -> None:
    assert own_words(text, [KETTLES]).own == own


def test_of_an_unknown_paper_all_words_are_its_author_s_own() -> None:
    assert own_words("Kettles that whistle", [KETTLES, None]).own == ("kettles", "that", "whistle")
    assert not is_bare(own_words("Kettles that whistle", [titled("")]))


def test_a_digest_of_several_papers_is_bare() -> None:
    cups = titled("Cups in a Storm")
    assert is_bare(own_words("Kettles that Whistle; Cups in a Storm", [KETTLES, cups]))
    assert not is_bare(own_words("Kettles that Whistle; Cups in a Storm", [KETTLES]))


def test_a_tenth_of_the_letters_may_be_its_own() -> None:
    text = "x" * 90
    paper = titled(text)
    assert is_bare(own_words(f"{text} {'y' * 10}", [paper]))
    assert not is_bare(own_words(f"{text} {'y' * 11}", [paper]))
    assert is_bare(own_words("https://made.up/abs/1", [paper])), "a card with no word at all"


def test_what_half_of_the_posts_say_is_a_frame() -> None:
    texts = [own_words(f"Hot off the press: Kettles {'nice' if n < 4 else ''}", [KETTLES]) for n in range(10)]
    assert common_words(texts) == {"hot", "off", "the", "press"}
    assert (
        is_bare(texts[9], common_words(texts)) and not is_bare(texts[9]) and not is_bare(texts[0], common_words(texts))
    )
    assert common_words(texts[:9]) == frozenset(), "too few to tell"


@given(st.text(), st.text(), st.text())
def test_own_words_are_words_of_the_text_in_their_order(text: str, title: str, abstract: str) -> None:
    result = own_words(text, [titled(title, abstract)])
    left = iter(result.words)
    assert all(word in left for word in result.own)
    assert not own_words(text, [titled(f"T {text}")]).own


def test_a_long_text_is_looked_at_up_to_a_bound() -> None:
    assert sum(map(len, own_words("kettle " * 10**5, [KETTLES]).words)) <= words.MAX_TEXT_CHARS
