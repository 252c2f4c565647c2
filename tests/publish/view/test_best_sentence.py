"""The best sentence about a paper: a stranger's before the author's own, with words beyond the title."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.model import Paper, Post, Quotation
from hotpapers.base.text.clean_text import one_line
from hotpapers.publish.view.best_sentence import MAX_CHARS, best_sentence

PAPER = Paper(
    paper="arxiv:2603.00001", title="Small Models, Long Lunches", authors=("Lin Fernhollow", "Ada Brewster"),
    abstract="We pause training whenever power is expensive.", observed_at=0,
)  # fmt: skip


def post(text: str, name: str = "Bo Underhill", lang: str = "en", handle: str = "bo.example") -> Quotation:
    item = Post(
        post=f"bluesky:{name}", network="bluesky", account="a", created_at=0, text=text, name=name, handle=handle,
        lang=lang, observed_at=0,
    )  # fmt: skip
    return Quotation(post=item, hash=name)


@pytest.mark.parametrize(
    ("posts", "expected"),
    [
        ([], None),
        ([post("Small Models, Long Lunches")], None),
        ([post("New paper! Check this out")], None),
        ([post("Does it melt in the rain?\nAnd who mends it?")], "Does it melt in the rain? And who mends it?"),
        (
            [post("Depreciation falls from 58 to 31 percent with owned machines.", "Lin Fernhollow"),
             post("Our cluster did this by accident for a whole winter.")],
            "Our cluster did this by accident for a whole winter.",
        ),
        (
            [post("Depreciation halves the saving with owned machines.", "Lin Fernhollow"), post("Small Models!")],
            "Depreciation halves the saving with owned machines.",
        ),
        (
            [post("Unser Rechner stand deshalb jeden Mittag still.", lang="de"),
             post("Our machine stood still every noon for it.", "Cy Oak")],
            "Our machine stood still every noon for it.",
        ),
        (
            [post("Wow. The queue ate all benefits within three weeks here! arxiv.org/abs/2603.00001 #arxiv")],
            "The queue ate all benefits within three weeks here!",
        ),
        (
            [post("Great stuff.\nThe queue ate all benefits within three weeks. Nobody had measured that.")],
            "The queue ate all benefits within three weeks. Nobody had measured that.",
        ),
    ],
)  # fmt: skip
def test_which_sentence_is_quoted(posts: list[Quotation], expected: str | None) -> None:
    result = best_sentence(posts, PAPER)
    assert (result and result.text) == expected
    if result:
        assert result.is_author == (result.quotation.post.name == "Lin Fernhollow")


@given(st.text(max_size=400))
def test_every_word_stands_in_the_post(text: str) -> None:
    result = best_sentence([post(text)], PAPER)
    if result:
        assert len(result.text) <= MAX_CHARS
        assert result.text.removesuffix("…") in one_line(text)


def test_a_long_sentence_is_cut_at_a_word() -> None:
    result = best_sentence([post("The queue was " + "remarkably long and measured in every building, " * 9)], PAPER)
    assert result is not None and result.text.endswith("…") and len(result.text) <= MAX_CHARS
