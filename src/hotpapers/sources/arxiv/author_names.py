"""Parses authors in arXiv's metadata: one line with commas, affiliations in parentheses, and TeX accents."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hotpapers.sources.arxiv import tex

# "A, B and C", "A, B, and C"; the colon after a collaboration's name starts its members.
_BETWEEN = re.compile(r",(?:\s*and\s)?|\sand\s|(?<=[Cc]ollaboration):|(?<=[Tt]eam):|(?<=[Gg]roup):")
_SUFFIX = re.compile(r"(?:[JS]r\.?|I{2,3}|IV)", re.ASCII)


def authors(line: str) -> tuple[str, ...]:
    """A line's names, in order, without affiliations: `A. Gould (Ohio State), J. Doe, Jr. and C. Roe` → three."""
    result: list[str] = []
    for part in _BETWEEN.split(_without_affiliations(line)):
        name = tex.plain(" ".join(part.split()))
        if result and _SUFFIX.fullmatch(name):
            result[-1] += f" {name}"
        elif name:
            result.append(name)
    return tuple(result)


def _without_affiliations(line: str) -> str:
    """The line without parenthesized parts, however nested; if they are unbalanced, only the parentheses go."""
    names = "".join(_outside(line))
    return names if line.count("(") == line.count(")") else line.replace("(", " ").replace(")", " ")


def _outside(line: str) -> Iterator[str]:
    depth = 0
    for piece in re.split(r"([()])", line):
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth = max(0, depth - 1)
        elif not depth:
            yield piece
