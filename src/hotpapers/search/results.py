"""What was found, as plain values: for the command line, pages and programs alike."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from hotpapers.search.highlights import Span


class SearchHitIssue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An issue that holds a found paper, at which place; 0 where it was still talked about."""

    publication: str
    day: str
    place: int


class HighlightSpans(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the words stand that were asked for: from and before which code point; of authors, of which one (from 0 on)
    before these."""

    title: tuple[Span, ...]
    authors: tuple[tuple[int, int, int], ...]
    snippet: tuple[Span, ...]


class PaperHit(NamedTuple):
    """A paper that was found. `score`: the more the better, of the same database only, 0 where nothing is ranked.

    `day`: when it was announced first; where it never was, its submission, or the month of its identifier (2021-03).
    `snippet`: of the abstract, or of the summary.
    """

    paper: str
    score: float
    day: str
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    snippet: str
    spans: HighlightSpans
    issues: tuple[SearchHitIssue, ...]


class PaperResults(NamedTuple):
    """Papers, best first, or newest first where nothing is asked for but authors, categories and days.

    `total`: how many there are, or at least are where it is not `exact`; `next`: the cursor of those that follow, None
    after the last. `understood`: the query in words. `parts`: no paper has the words, so they were looked for as parts
    of words. `behind`: so many batches are not searched yet, as the store cannot be written now.
    """

    papers: tuple[PaperHit, ...] = ()
    total: int = 0
    exact: bool = True
    next: str | None = None
    understood: str = ""
    parts: bool = False
    behind: int = 0


class PostHit(NamedTuple):
    """A post that was found, shown as its network's terms have it.

    `created_at`: µs UTC; `text`: a part of it, where it is long; `spans`: in the text; `papers`: what it is about.
    """

    post: str
    score: float
    network: str
    created_at: int
    handle: str
    name: str
    lang: str
    rtl: bool
    text: str
    spans: tuple[Span, ...]
    papers: tuple[str, ...]


class PostResults(NamedTuple):
    """Posts, best first. The fields are those of `PaperResults`."""

    posts: tuple[PostHit, ...] = ()
    total: int = 0
    exact: bool = True
    next: str | None = None
    understood: str = ""
    behind: int = 0
