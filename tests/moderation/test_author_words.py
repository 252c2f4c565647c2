"""Whether a post's words claim the paper: labeled made-up posts, quoted text, and arbitrary text."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.moderation.author_words import claims_paper
from tests.moderation.labelled import Figures, figures, rows, told

TITLE = "What Our Kettles Know: Learning to Boil from Sound"
ABSTRACT = (
    "We present a kettle that listens to itself and stops in time. In our paper we show that our work generalizes to"
    " cups. We introduce KettleNet, a network of kettles."
)


class LabelledPost(NamedTuple):
    """A post about the paper. `lot` 1 was written with the rule, `lot` 2 after it."""

    lot: str
    lang: str
    is_own: bool
    text: str

    @property
    def claims(self) -> bool:
        return claims_paper(self.text, TITLE, ABSTRACT)


POSTS = [LabelledPost(lot, lang, label == "1", text) for lot, lang, label, text in rows("author_words.tsv")]


def measured(posts: list[LabelledPost]) -> Figures:
    return figures((one.is_own, one.claims) for one in posts)


def test_five_hundred_made_up_posts() -> None:
    """The minimum: 97% of the posts found are authors', and 85% of authors' posts are found."""
    everything = measured(POSTS)
    assert everything.examples >= 200 and everything.precision >= 0.97 and everything.recall >= 0.85
    unseen = measured([one for one in POSTS if one.lot == "2"])
    assert unseen.precision >= 0.97 and unseen.recall >= 0.85


@pytest.mark.parametrize("lang", sorted({one.lang for one in POSTS}))
def test_every_language_has_both(lang: str) -> None:
    some = [one for one in POSTS if one.lang == lang]
    assert {one.is_own for one in some} == {True, False}
    assert measured(some).precision >= 0.97 and measured(some).recall >= 0.85


def test_the_docs_tell_the_figures() -> None:
    assert told("words") == [measured([one for one in POSTS if one.lot == lot]) for lot in "12"]


def test_nothing_is_taken_for_somebody_s_own_that_is_not() -> None:
    assert [one.text for one in POSTS if one.claims and not one.is_own] == []


# ---- whose words -----------------------------------------------------------------------------------------

OWN = "Our new paper on kettles is out"


@pytest.mark.parametrize(
    "text",
    [
        f"“{OWN}”", f'"{OWN}", they write', f"« {OWN} »", f"„{OWN}“", f"RT @tansy: {OWN}", f"> {OWN}\nGood read",
        f"via @tansy: {OWN}", f"The authors say that {OWN}", f"She told me: {OWN}", "「私たちの論文が公開されました」",
    ],
)  # fmt: skip
def test_what_is_quoted_is_nobody_s_own(text: str) -> None:
    assert claims_paper(OWN) and not claims_paper(text)


def test_own_words_beside_a_quotation_are_own() -> None:
    assert claims_paper(f"> Any news on kettles?\nYes! {OWN}")
    assert claims_paper(f"“Kettles are dull.” Not so! {OWN}.")


def test_what_stands_in_the_paper_is_the_paper_s() -> None:
    said = "In our paper we show that our work generalizes to cups."
    assert claims_paper(said) and not claims_paper(said, TITLE, ABSTRACT)
    assert not claims_paper(
        "We introduce KettleNet, a network of kettles. In our paper we show that our work", TITLE, ABSTRACT
    )
    title = "Our Paper, Our Kettle"
    assert claims_paper(title) and not claims_paper(f"New: {title} https://arxiv.org/abs/2403.10025", title)
    assert claims_paper(f"Our new paper: {title}", title)


texts = st.text(max_size=200) | st.lists(st.sampled_from([one.text for one in POSTS]), max_size=4).map(" ".join)


@given(texts)
def test_any_text_is_read_and_addresses_change_nothing(text: str) -> None:
    claims = claims_paper(text, TITLE, ABSTRACT)
    assert claims_paper(f"{text}\nhttps://arxiv.org/abs/2403.10025", TITLE, ABSTRACT) == claims


@pytest.mark.parametrize(
    "text",
    ["our " * 40_000, "a." * 80_000, "\"" * 100_001, "we have new " * 10_000, "x" * 100_000, "author " * 20_000,
     "> " * 50_000, "introducing, our " * 9_000, "我们的" * 30_000, "\u0300" * 100_000],
)  # fmt: skip
def test_long_and_hostile_texts_are_read_up_to_a_bound(text: str) -> None:
    assert not claims_paper(f"{text} {OWN}", TITLE, ABSTRACT), "a claim stands at the beginning"
    assert claims_paper(f"{OWN}\n{text}", TITLE, ABSTRACT)
