"""Shared by arXiv's formats: identifiers, texts, timestamps, lines of authors, and the paper made from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from msgspec import UNSET

from hotpapers.base.errors import InputError
from hotpapers.base.model import MAX_INTEGER, Paper, storable_text, without_duplicates
from hotpapers.base.papers import arxiv
from hotpapers.base.papers.arxiv import ArxivId
from hotpapers.base.papers.arxiv import calendar as days
from hotpapers.base.text import person_names, timestamps
from hotpapers.base.text.tex_letters import without_tex
from hotpapers.collect.sources.arxiv.withdrawn import says_withdrawn


def parse_identifier(text: str) -> ArxivId:
    """The identifier in `oai:arXiv.org:2101.04869v2`, in `http://arxiv.org/abs/…` or on its own. Raises InputError."""
    return arxiv.parse(text.strip().removeprefix("oai:arXiv.org:"))


def latest_version(names: Sequence[str]) -> int | None:
    """The number of the last of a paper's versions, which are named `v1`, `v2` …; None if it has none."""
    number = names[-1].removeprefix("v") if names else ""
    return int(number) if number.isascii() and number.isdigit() else None


def clean_text(text: str | None) -> str:
    """A text as one line: whitespace collapsed, TeX letters as Unicode, no characters that a database cannot store."""
    return storable_text(without_tex(" ".join((text or "").split())))


def parse_moment(text: str | None) -> int | None:
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
    at = parse_moment(text)
    if at is None or not 0 <= at <= MAX_INTEGER:
        raise InputError("arXiv's feed: a date is missing or impossible")
    return days.date_at(at)


def build_paper(
    arxiv_id: ArxivId,
    at: int,
    *,
    title: str,
    authors: Iterable[str],
    categories: Iterable[str],
    abstract: str | None,
    comment: str | None = "",
    doi: str | None,
    journal: str | None,
    is_withdrawn: bool = False,
    **dates: Any,
) -> Paper:
    """A paper's metadata as seen at a moment. `is_withdrawn`: the format says so; otherwise comment and abstract
    decide. Raises InputError if the title is missing."""
    if not clean_text(title):
        raise InputError(f"{arxiv_id.id}: a paper without a title")
    return Paper(
        paper=arxiv.key(arxiv_id.id),
        title=clean_text(title),
        authors=tuple(name for name in map(clean_text, authors) if is_name(name)),
        abstract=clean_text(abstract),
        categories=without_duplicates(storable_text(category) for category in categories if category),
        version=arxiv_id.version,
        comment=clean_text(comment),
        doi=clean_text(doi),
        journal=clean_text(journal),
        withdrawn=is_withdrawn or says_withdrawn(comment or "", abstract or "", arxiv_id.id) or UNSET,
        observed_at=at,
        **dates,
    )


# ---- authors ---------------------------------------------------------------------------------------------


def is_name(text: str) -> bool:
    """Whether a text has a letter: arXiv gives the colon between a team and its members as an author of its own."""
    return any(character.isalpha() for character in text)


# "A, B and C", "A, B, and C"; the colon after a collaboration's name starts its members.
_BETWEEN = re.compile(r",(?:\s*and\s)?|(\sand\s)|(?<=[Cc]ollaboration):|(?<=[Tt]eam):|(?<=[Gg]roup):")


_ET_AL = re.compile(r"(?:^|[\s,]+)(?:et\s+al(?:ii)?\b\.?|and\s+others\b).*|^others\Z", re.IGNORECASE)
"""Words for further authors: no person."""


def author_names(line: str) -> tuple[str, ...]:
    """A line's names, in order, without affiliations: `A. Gould (Ohio State), J. Doe, Jr. and C. Roe` → three."""
    result: list[str] = []
    pieces = [None, *_BETWEEN.split(_without_affiliations(line))]
    for between, part in zip(pieces[::2], pieces[1::2], strict=True):
        name = _ET_AL.sub("", without_tex(" ".join((part or "").split())))
        if result and person_names.is_suffix(name):
            result[-1] += f" {name}"
        elif result and between and person_names.is_split_group(result[-1], name):
            result[-1] += f" and {name}"
        elif name:
            result.append(name)
    return tuple(result)


def _without_affiliations(line: str) -> str:
    """The line without parenthesized parts, however nested; if they are unbalanced, only the parentheses go."""
    if line.count("(") != line.count(")"):
        return line.replace("(", " ").replace(")", " ")
    depth = 0
    names = ""
    for piece in re.split(r"([()])", line):
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth = max(0, depth - 1)
        elif not depth:
            names += piece
    return names
