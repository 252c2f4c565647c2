"""Searching the record: papers, and what people wrote about them.

    search(record, query)         papers by words, authors, categories, days: see `query_parser` for the syntax
    search_posts(record, query)   posts by their words, in any language
    latest_posts(record, query)   those recorded last
    make_index(record, …)         the same, or an index for one connection to a store that cannot be written
    update_index(record)          brings the index up to the last batch, as searching does for a few seconds at most

Results are plain values (`results`). Modules, in the order in which a query passes through them: `query_parser`,
`tokenizer` (the words of a text), `index` (its tables, a query as FTS5 wants it, a SELECT by pages), `indexing`,
`papers` and `posts`, `spelling`, `highlights` (where the words are).
"""

from __future__ import annotations

from hotpapers.keep.search.indexing import batches_behind, catch_up, outstanding_rows
from hotpapers.keep.search.papers import latest_posts, make_index, search_papers, search_posts, update_index
from hotpapers.keep.search.results import HighlightSpans, PaperHit, PaperResults, PostHit, PostResults, SearchHitIssue
