"""Entries as CSV and papers as BibTeX: no text ends its field."""

from __future__ import annotations

import csv
import io

import pytest

from hotpapers.base.model import Notice, Paper
from hotpapers.base.papers.citations import format_bibtex, paper_citation
from hotpapers.keep.transfer import export_formats
from hotpapers.record import Record
from tests.issues.made import DAILY, DAY, background, counts, frozen, moment, paper, post, write
from tests.issues.worlds import emptied


def test_papers_in_bibtex_are_those_of_pages(sqlite_record: Record) -> None:
    items = [*post(1, "bluesky:1", moment(DAY)), counts("bluesky:1", 90, moment(DAY))]
    write(emptied(sqlite_record), [DAILY], background(), paper(1), items)
    frozen(sqlite_record)
    key = "arxiv:2405.00001"
    notice = Notice(paper=key, notice="doi:10.1000/notice", type="retraction", day="2026-07-01", observed_at=1)
    sqlite_record.append([notice], source="crossref")
    text = b"".join(export_formats.EXPORTS["bibtex"].chunks(sqlite_record)).decode()
    stored = sqlite_record.view().item(Paper, key)
    citation = stored and paper_citation(stored, "retracted")
    assert citation and f"{format_bibtex(citation)}\n" in text
    assert text.count("note = {retracted}") == 1


def test_a_category_is_no_formula(sqlite_record: Record) -> None:
    items = [*post(1, "bluesky:1", moment(DAY)), counts("bluesky:1", 90, moment(DAY))]
    write(emptied(sqlite_record), [DAILY], background(), paper(1, category="=1+1"), items)
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
