"""Used by the tests of authors' names and words: how accurate a rule is on labeled examples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tests.conftest import ROOT, data


class Figures(NamedTuple):
    """How many examples there are, how many are an author's, how many the rule finds, and how many are both."""

    examples: int
    true: int
    matches: int
    correct: int

    @property
    def precision(self) -> float:
        return self.correct / self.matches

    @property
    def recall(self) -> float:
        return self.correct / self.true


def rows(name: str) -> list[list[str]]:
    """The columns of each line: lot, kind, whether it is an author's, and what the rule sees."""
    lines = data("moderation", name).read_text("utf-8").splitlines()
    return [line.replace("\\n", "\n").split("\t") for line in lines]


def figures(outcomes: Iterable[tuple[bool, bool]]) -> Figures:
    """From pairs of the truth and what the rule says."""
    pairs = list(outcomes)
    return Figures(
        len(pairs),
        sum(is_true for is_true, _ in pairs),
        sum(is_match for _, is_match in pairs),
        sum(is_true and is_match for is_true, is_match in pairs),
    )


def documented_figures(name: str) -> list[Figures]:
    """The figures in docs/explanation/authors.md, in lines that begin with a name, in order."""
    text = (ROOT / "docs" / "explanation" / "authors.md").read_text("utf-8")
    rows_in_docs: Sequence[Sequence[str]] = re.findall(rf"\| {name}, .+ \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|", text)
    return [Figures(*map(int, row)) for row in rows_in_docs]
