"""Shared by arXiv's formats: identifiers, texts, timestamps, lines of authors, and the paper made from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from hotpapers import announcement_days as days
from hotpapers.errors import InputError
from hotpapers.ids import arxiv, timestamps
from hotpapers.ids.arxiv import ArxivId
from hotpapers.model import LARGEST, Paper, distinct, storable
from hotpapers.sources.arxiv import tex


def identifier(text: str) -> ArxivId:
    """The identifier in `oai:arXiv.org:2101.04869v2`, in `http://arxiv.org/abs/…` or on its own. Raises InputError."""
    return arxiv.parse(text.strip().removeprefix("oai:arXiv.org:"))


def latest_version(names: Sequence[str]) -> int | None:
    """The number of the last of a paper's versions, which are named `v1`, `v2` …; None if it has none."""
    number = names[-1].removeprefix("v") if names else ""
    return int(number) if number.isascii() and number.isdigit() else None


def clean_text(text: str | None) -> str:
    """A text as one line: whitespace collapsed, TeX letters as Unicode, no characters that a database cannot store."""
    return storable(tex.plain(" ".join((text or "").split())))


def moment(text: str | None) -> int | None:
    """Microseconds UTC of `2026-04-12T22:59:06Z`, `2023-10-13` or `Thu, 12 Oct 2023 12:07:05 GMT`; None without text.

    Raises InputError.
    """
    if not text or not text.strip():
        return None
    parsed = timestamps.parse(text)
    if parsed is None:
        raise InputError(f"not a date: {text[:60]!r}")
    return timestamps.whole_seconds(parsed)


def day_of(text: str | None) -> date:
    """The New York date of a feed's `pubDate`, which is midnight of the announcement day there. Raises InputError."""
    at = moment(text)
    if at is None or not 0 <= at <= LARGEST:
        raise InputError("arXiv's feed: a date is missing or impossible")
    return days.date_at(at)


def paper(
    arxiv_id: ArxivId,
    at: int,
    *,
    title: str,
    authors: Iterable[str],
    categories: Iterable[str],
    abstract: str | None = "",
    comment: str | None = "",
    doi: str | None = "",
    journal: str | None = "",
    **dates: Any,
) -> Paper:
    """A paper's metadata as seen at a moment. Raises InputError if the title is missing."""
    if not clean_text(title):
        raise InputError(f"{arxiv_id.id}: a paper without a title")
    return Paper(
        paper=arxiv.key(arxiv_id.id),
        title=clean_text(title),
        authors=tuple(name for name in map(clean_text, authors) if name),
        abstract=clean_text(abstract),
        categories=distinct(storable(category) for category in categories if category),
        version=arxiv_id.version,
        comment=clean_text(comment),
        doi=clean_text(doi),
        journal=clean_text(journal),
        observed_at=at,
        **dates,
    )


# ---- authors ---------------------------------------------------------------------------------------------

# "A, B and C", "A, B, and C"; the colon after a collaboration's name starts its members.
_BETWEEN = re.compile(r",(?:\s*and\s)?|\sand\s|(?<=[Cc]ollaboration):|(?<=[Tt]eam):|(?<=[Gg]roup):")
_SUFFIX = re.compile(r"(?:[JS]r\.?|I{2,3}|IV)", re.ASCII)


def author_names(line: str) -> tuple[str, ...]:
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
