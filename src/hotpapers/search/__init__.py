"""Searching the record: papers, and what people wrote about them.

    search(record, query)         papers by words, authors, categories, days: see `query_parser` for the syntax
    search_posts(record, query)   posts by their words, in any language
    update_index(record)          brings the index up to the last batch, as searching does; long-running programs do it
                                  now and then, so that no reader has to wait

Results are plain values (`results`). Modules, in the order in which a query passes through them: `query_parser`,
`tokenizer` (the words of a text), `index` (its tables; `sqlite` and `postgres` for each database), `indexing`,
`statement` (the SQL), `documents` (what databases find), `papers` and `posts`, `highlights` (where the words are).
"""

from __future__ import annotations

from hotpapers.search.indexing import behind, catch_up, outstanding
from hotpapers.search.papers import search, search_posts, update_index
from hotpapers.search.results import HighlightSpans, PaperHit, PaperResults, PostHit, PostResults, SearchHitIssue
