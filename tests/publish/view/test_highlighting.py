"""Marks in texts, also in what TeX prints."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.keep.search.highlights import SNIPPET, Highlighter
from hotpapers.keep.search.query_parser import parse_query
from hotpapers.publish.view.highlighting import CLOSE, OPEN, mark_spans
from hotpapers.publish.view.tex import tex_to_markup


def highlighted(text: str, query: str) -> str:
    return tex_to_markup(text, Highlighter(parse_query(query)).title(text))


@pytest.mark.parametrize(
    "text, query, html",
    [
        ("Kettles & tea", "kettle", "<mark>Kettles</mark> &amp; tea"),
        (r"A \emph{kettle} of tea", "kettle tea", "A <mark>kettle</mark> of <mark>tea</mark>"),
        (r"By Schr\"odinger's kettle", "schrodinger", "By <mark>Schrödinger</mark>&#39;s kettle"),
        (r"``Kettle'' -- 100\% tea", "kettle tea", "“<mark>Kettle</mark>” – 100% <mark>tea</mark>"),
        (r"An \unknown{kettle} <b>", "kettle", "An <mark>kettle</mark> &lt;b&gt;"),
        (f"A kettle{OPEN}<i>{CLOSE}", "kettle", f"A kettle{OPEN}&lt;i&gt;{CLOSE}"),
    ],
)
def test_marks(text: str, query: str, html: str) -> None:
    assert highlighted(text, query) == html


TEXTS = st.lists(
    st.sampled_from([*"kettle <&~$\\{}%", "\\emph{", "kettle ", "$x$", "\\href{a}{", "``", OPEN, CLOSE])
).map("".join)


@given(TEXTS, st.lists(st.integers(0, 40), max_size=8))
def test_marks_change_nothing_else(text: str, ends: list[int]) -> None:
    ordered = sorted(set(ends))
    spans = list(zip(ordered[::2], ordered[1::2], strict=False))
    for html, plain in (
        (tex_to_markup(text, spans), tex_to_markup(text)),
        (mark_spans(text, spans), mark_spans(text, ())),
    ):
        assert re.sub("</?mark>", "", html) == plain
        assert re.fullmatch("((?!</?mark>).)*(<mark>((?!</?mark>).)*</mark>((?!</?mark>).)*)*", html, re.DOTALL)


def test_a_snippet_cuts_no_formula() -> None:
    formula = r"$\alpha + \beta + \gamma + \delta$"
    for before in range(SNIPPET - 40, SNIPPET + 10):
        text = "k" * before + f" {formula} " + "other words " * 30
        snippet, _ = Highlighter(parse_query("kettle")).snippet(text)
        assert snippet.count("$") in (0, 2), before
    text = "other words " * 40 + f"{formula} {formula} kettle " + "other words " * 40
    snippet, _ = Highlighter(parse_query("kettle")).snippet(text)
    assert snippet.count("$") % 2 == 0
