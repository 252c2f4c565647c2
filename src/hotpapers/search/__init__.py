"""Searching the record: papers, and what people wrote of them.

    search(record, query)         papers by words, authors, categories, days: `query_parser` has what a query may say
    search_posts(record, query)   posts by their words, in any language
    bring_up(record)              brings the index up to the last batch, as searching does: a program that runs for long
                                  does it now and then, so that no reader waits

What is found are plain values (`results`). Files, in the order in which a query goes through them: `query_parser`,
`tokenizer` (the words of a text), `index` (its tables; `sqlite` and `postgres`: each database's way), `indexing`,
`papers` and `posts`, `highlights` (where the words stand).
"""

from __future__ import annotations

from hotpapers.search.indexing import behind, catch_up, outstanding
from hotpapers.search.papers import search, search_posts, update_index
from hotpapers.search.results import HighlightSpans, PaperHit, PaperResults, PostHit, PostResults, SearchHitIssue

__all__ = [
    "HighlightSpans",
    "PaperHit",
    "PaperResults",
    "PostHit",
    "PostResults",
    "SearchHitIssue",
    "behind",
    "catch_up",
    "outstanding",
    "search",
    "search_posts",
    "update_index",
]
