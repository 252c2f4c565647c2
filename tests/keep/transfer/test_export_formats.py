"""Entries as CSV and papers as BibTeX: no text ends its field."""

from __future__ import annotations

import csv
import io

import pytest

from hotpapers.base.model import Paper
from hotpapers.keep.transfer import export_formats
from hotpapers.record import Record
from tests.issues.made import DAILY, DAY, background, counts, frozen, moment, paper, post, write


def test_a_category_is_no_field_and_a_name_no_two_authors() -> None:
    entry = export_formats.bibtex_entry(
        Paper(
            paper="arxiv:2405.00001", title="100% of $x$ in a_b \\", authors=("Ann AND Bob", "Li Na"),
            categories=("cs.LG},\n  note = {evil",), observed_at=0,
        )
    )  # fmt: skip
    assert entry == (
        "@misc{2405.00001,\n  title = {{100\\% of $x$ in a\\_b \\ }},\n  author = {Ann {AND} Bob and Li Na},\n"
        "  year = {2024},\n  eprint = {2405.00001},\n  archivePrefix = {arXiv},\n"
        "  primaryClass = {cs.LG, note = evil},\n  url = {https://arxiv.org/abs/2405.00001}\n}\n\n"
    )


def test_a_category_is_no_formula(sqlite_record: Record) -> None:
    items = [*post(1, "bluesky:1", moment(DAY)), counts("bluesky:1", 90, moment(DAY))]
    write(sqlite_record, [DAILY], background(), paper(1, category="=1+1"), items)
    frozen(sqlite_record)
    text = b"".join(export_formats.EXPORTS["csv"].chunks(sqlite_record)).decode()
    _, *rows = csv.reader(io.StringIO(text, newline=""))
    assert "'=1+1" in rows[0]


FORMULAS = [
    *(f"{sign}1+1" for sign in "=+-@\t\r\n\v\f\x85\u2028＝＋－＠﹢﹣﹦﹫⁺⁼₊−"),
    " =1+1", "\u200b=1+1", "\ufeff＝1+1", "\u3000＠SUM(A1)",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_taken_for_a_formula(text: str) -> None:
    row = export_formats._csv_row((text, 7, "Tea = water + leaves"))
    assert next(csv.reader(io.StringIO(row.decode(), newline=""))) == [f"'{text}", "7", "Tea = water + leaves"]


SPLIT = [
    ("Tea;=1+1", "Tea;'=1+1"),
    ("A. Leaf; ＝1+1", "A. Leaf;' ＝1+1"),
    ('"|@SUM(A1)', """"|'@SUM(A1)"""),
    ("=1\t-1", "'=1\t'-1"),
]


@pytest.mark.parametrize(("text", "escaped"), SPLIT)
def test_no_part_is_taken_for_a_formula_where_another_sign_separates_cells(text: str, escaped: str) -> None:
    assert next(csv.reader(io.StringIO(export_formats._csv_row((text,)).decode(), newline=""))) == [escaped]


@pytest.mark.parametrize("text", ["x; y=1", "Tea; leaves", "a|b", "", " ", "1+1", "Tea", "“=”", "ℝ = R"])
def test_other_text_is_left_alone(text: str) -> None:
    assert next(csv.reader(io.StringIO(export_formats._csv_row((text, 7)).decode(), newline=""))) == [text, "7"]
