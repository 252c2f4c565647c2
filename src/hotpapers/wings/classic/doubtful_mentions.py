"""Doubts about imported listings: posts that quote the title of another paper than the one they are listed under.

The listing is kept as it was published; a verdict marks the mention as doubtful, and pages and rankings respect it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import msgspec

from hotpapers.base.model import Item, Mention, Paper, Post, Verdict, typed_key
from hotpapers.base.papers.mentions.paper_index import PaperIndex
from hotpapers.base.papers.mentions.title_mismatch import other_title
from hotpapers.base.papers.mentions.title_words import split_words
from hotpapers.record.as_of import AsOfView
from hotpapers.record.paper_names import KEPT, load_names
from hotpapers.record.record import Record
from hotpapers.wings.classic import queries

SOURCE = "words"
"""The source of the batch, and the rule."""


def judge_listed_posts(record: Record) -> None:
    """Writes new verdicts on doubtful listed posts, and mentions of the papers that their words name instead. Papers
    stored since the last call may be among these, so it is worth calling again."""
    view = record.view()
    papers = queries.papers_of_listed(view)
    if not papers:
        return
    first, last = queries.listings_observed(view)
    names = load_names(record, last + KEPT, first - KEPT)
    known = view.by_key(Paper, chain.from_iterable(papers.values()))
    new = [
        item
        for post in view.items(Post, f"t.post IN ({queries.LISTED})")
        if len(about := papers.get(post.post, ())) == 1
        for paper in about
        for item in _doubt(post, paper, known[paper].title if paper in known else "", names)
        if not _is_recorded(view, item)
    ]
    if new:
        record.append(new, source=SOURCE)


def _doubt(post: Post, paper: str, title: str, names: PaperIndex) -> Iterator[Item]:
    other = other_title(post.text, split_words(title), names)
    if other is None:
        return
    yield Verdict(
        subject=post.post,
        about=paper,
        rule=SOURCE,
        judgement="doubtful",
        version=1,
        reason=f"its words are the title of {other or 'another paper'}",
        observed_at=post.observed_at,
    )
    if other:
        yield Mention(post=post.post, paper=other, form="title", found_in="text", observed_at=post.observed_at)


def _is_recorded(view: AsOfView, item: Item) -> bool:
    """Whether the record's latest observation is the same except for its moment."""
    row = view.latest_row(*typed_key(item))
    return row is not None and msgspec.structs.replace(row.item, observed_at=item.observed_at) == item
