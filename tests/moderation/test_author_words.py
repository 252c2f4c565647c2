"""Whether a post's words claim the paper: labeled made-up posts, quoted text, and arbitrary text."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.moderation.author_words import claims_paper
from tests.moderation.labeled_examples import Figures, documented_figures, figures, rows

TITLE = "What Our Kettles Know: Learning to Boil from Sound"
ABSTRACT = (
    "We present a kettle that listens to itself and stops in time. In our paper we show that our work generalizes to"
    " cups. We introduce KettleNet, a network of kettles."
)


class LabeledPost(NamedTuple):
    """A post about the paper. `lot` 1 was written with the rule, `lot` 2 after it."""

    lot: str
    lang: str
    is_own: bool
    text: str

    @property
    def claims(self) -> bool:
        return claims_paper(self.text, TITLE, ABSTRACT)


POSTS = [LabeledPost(lot, lang, label == "1", text) for lot, lang, label, text in rows("author_words.tsv")]


def figures_of(posts: list[LabeledPost]) -> Figures:
    return figures((post.is_own, post.claims) for post in posts)


def test_five_hundred_made_up_posts() -> None:
    """The minimum: 97% of the posts found are authors', and 85% of authors' posts are found."""
    all_figures = figures_of(POSTS)
    assert all_figures.examples >= 200 and all_figures.precision >= 0.97 and all_figures.recall >= 0.85
    unseen_figures = figures_of([post for post in POSTS if post.lot == "2"])
    assert unseen_figures.precision >= 0.97 and unseen_figures.recall >= 0.85


@pytest.mark.parametrize("lang", sorted({post.lang for post in POSTS}))
def test_every_language_has_both(lang: str) -> None:
    posts = [post for post in POSTS if post.lang == lang]
    assert {post.is_own for post in posts} == {True, False}
    assert figures_of(posts).precision >= 0.97 and figures_of(posts).recall >= 0.85


def test_the_docs_tell_the_figures() -> None:
    assert documented_figures("words") == [figures_of([post for post in POSTS if post.lot == lot]) for lot in "12"]


def test_no_post_is_claimed_wrongly() -> None:
    assert [post.text for post in POSTS if post.claims and not post.is_own] == []


# ---- whose words -----------------------------------------------------------------------------------------

OWN = "Our new paper on kettles is out"


@pytest.mark.parametrize(
    "text",
    [
        f"“{OWN}”", f'"{OWN}", they write', f"« {OWN} »", f"„{OWN}“", f"RT @tansy: {OWN}", f"> {OWN}\nGood read",
        f"via @tansy: {OWN}", f"The authors say that {OWN}", f"She told me: {OWN}", "「私たちの論文が公開されました」",
    ],
)  # fmt: skip
def test_quoted_claims_do_not_count(text: str) -> None:
    assert claims_paper(OWN) and not claims_paper(text)


def test_own_claims_beside_a_quotation_count() -> None:
    assert claims_paper(f"> Any news on kettles?\nYes! {OWN}")
    assert claims_paper(f"“Kettles are dull.” Not so! {OWN}.")


def test_sentences_of_the_paper_itself_do_not_count() -> None:
    sentence = "In our paper we show that our work generalizes to cups."
    assert claims_paper(sentence) and not claims_paper(sentence, TITLE, ABSTRACT)
    assert not claims_paper(
        "We introduce KettleNet, a network of kettles. In our paper we show that our work", TITLE, ABSTRACT
    )
    title = "Our Paper, Our Kettle"
    assert claims_paper(title) and not claims_paper(f"New: {title} https://arxiv.org/abs/2403.10025", title)
    assert claims_paper(f"Our new paper: {title}", title)


texts = st.text(max_size=200) | st.lists(st.sampled_from([post.text for post in POSTS]), max_size=4).map(" ".join)


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
