"""What counts as words of the pages."""

from __future__ import annotations

from pathlib import Path

from tools.word_budget import measured, words_of


def test_words_are_what_white_space_separates(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One thing\n\n* `a b`: [two\n  words](page.md)\n")
    assert words_of([page, page]) == 2 * 8


def test_pages_of_wings_are_counted_apart() -> None:
    core, every, beside = measured()
    assert 0 < core < every and beside > 0
