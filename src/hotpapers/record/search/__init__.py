"""Searching the record: papers, and what people wrote of them.

    search(record, query)         papers by words, authors, categories, days: see `grammar` for what a query may say
    search_posts(record, query)   posts by their words, in any language
    bring_up(record)              brings the index up to the last batch, as searching does: a program that runs for long
                                  does it now and then, so that no reader waits

What is found are plain values (`answers`). Files, in the order in which a query goes through them: `grammar`, `words`
(the words of a text), `index` (its tables; `sqlite` and `postgres`: each database's way), `filling`, `finding`,
`showing` (where the words stand).
"""

from hotpapers.record.search.answers import Found, FoundPosts, Hit, PostHit, Shown, Spans
from hotpapers.record.search.filling import behind, catch_up, outstanding
from hotpapers.record.search.finding import bring_up, search, search_posts

__all__ = [
    "Found",
    "FoundPosts",
    "Hit",
    "PostHit",
    "Shown",
    "Spans",
    "behind",
    "bring_up",
    "catch_up",
    "outstanding",
    "search",
    "search_posts",
]
