"""Search results as plain values: for the command line, pages and programs."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from hotpapers.keep.search.highlights import Spans


class SearchHitIssue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An issue that contains a paper, and the paper's place; 0 if it was still talked about."""

    publication: str
    day: str
    place: int


class HighlightSpans(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the query's words are: start and end in code points; for authors, the author's index comes first."""

    title: Spans
    authors: tuple[tuple[int, int, int], ...]
    snippet: Spans


class PaperHit(NamedTuple):
    """A paper that was found. `score`: higher is better, comparable only within one database, 0 if unranked.

    `day`: when it was first announced, else when it was submitted, else the month of its identifier (2021-03).
    `snippet`: from the abstract, or from the summary. `taken_back`: withdrawn, retracted or removed, else empty.
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
    taken_back: str


class PaperResults(NamedTuple):
    """Papers, best first, or newest first if the query has only authors, categories and days.

    `total`: the number of papers found, a minimum unless `exact`; `next`: the cursor for the next page, None after the
    last. `understood`: the query in words. `parts`: no paper has the words themselves, so they were searched as parts
    of words. `behind`: the number of batches not yet indexed because the store cannot be written now. `meant`: a query
    of nearly the same spelling that finds papers, if this one finds none; else empty.
    """

    papers: tuple[PaperHit, ...] = ()
    total: int = 0
    exact: bool = True
    next: str | None = None
    understood: str = ""
    parts: bool = False
    behind: int = 0
    meant: str = ""


class PostHit(NamedTuple):
    """A post that was found, shown as its network's terms allow.

    `created_at`: µs UTC; `text`: a part of it, if it is long; `spans`: in the text; `papers`: those that it is about.
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
    spans: Spans
    papers: tuple[str, ...]


class PostResults(NamedTuple):
    """Posts, best first. The fields are as in `PaperResults`."""

    posts: tuple[PostHit, ...] = ()
    total: int = 0
    exact: bool = True
    next: str | None = None
    understood: str = ""
    behind: int = 0
