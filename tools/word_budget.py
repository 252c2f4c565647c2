"""Counts the words of the pages, and holds them to a budget: `python -m tools.word_budget`, part of `make check`.

Words are what white space separates, as `wc -w` counts them. The budget may only fall, or rise with a line in
docs/development/decisions/0071-words-are-counted.md that says for what.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from tools.make_docs import DOCS, all_pages

CORE, ALL, BESIDE = 26_625, 36_125, 7_670
"""The most words of the core's pages in docs/, of all in docs/, and of those beside the code: lab, bench, tests."""


def words_of(pages: Iterable[Path]) -> int:
    """The words of some pages."""
    return sum(len(page.read_text("utf-8").split()) for page in pages)


def measured() -> tuple[int, int, int]:
    """The words of the core's pages, of all in docs/, and of those beside the code."""
    docs = sorted(DOCS.rglob("*.md"))
    beside = [page for page in all_pages() if page not in docs and page.parent != DOCS.parent]
    return words_of(page for page in docs if page.parent != DOCS / "wings"), words_of(docs), words_of(beside)


def main() -> None:
    """Prints the figures; exits with status 1 if one is above its budget."""
    budgets = (CORE, ALL, BESIDE)
    figures = measured()
    for count, budget, what in zip(figures, budgets, ("docs", "docs with wings", "pages beside the code"), strict=True):
        print(f"{count:,} words of {what} (budget {budget:,})")
    if any(count > budget for count, budget in zip(figures, budgets, strict=True)):
        sys.exit("above the budget: say less, or raise it in tools/word_budget.py with a line in a decision note")


if __name__ == "__main__":
    main()
