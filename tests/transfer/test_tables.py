"""Entries as CSV and papers as BibTeX: no text ends its field."""

from __future__ import annotations

import csv
import io

from hotpapers.model import Paper
from hotpapers.store import Record
from hotpapers.transfer import tables
from hotpapers.transfer.jsonl.exporter import ExportRequest
from tests.issues.made import DAILY, DAY, background, counts, frozen, moment, paper, post, write


def test_a_category_is_no_field_and_a_name_no_two_authors() -> None:
    entry = tables.bibtex_entry(
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
    text = b"".join(tables.EXPORTS["csv"](sqlite_record, ExportRequest())).decode()
    _, *rows = csv.reader(io.StringIO(text, newline=""))
    assert "'=1+1" in rows[0]
