"""Helpers for the tests of search: made-up papers and posts, and what a search finds."""

from __future__ import annotations

from itertools import count
from typing import Any

from hotpapers.base import model
from hotpapers.base.keys import own_id
from hotpapers.keep.search import search_papers, search_posts
from hotpapers.record import Record
from tests.record.made import AT

_numbers = count(1)


def paper(title: str, abstract: str = "", authors: tuple[str, ...] = (), n: int = 0, **fields: Any) -> model.Paper:
    """A paper with a new key, or the n-th."""
    key = f"arxiv:2103.{n or next(_numbers):05}"
    values = {"categories": ("cs.LG",), "observed_at": AT, **fields}
    return model.Paper(paper=key, title=title, abstract=abstract, authors=authors, **values)


def post(text: str, n: int = 0, at: int = AT, account: str = "bluesky:did:plc:invented", **fields: Any) -> model.Post:
    """A post with a new key, or the n-th."""
    did = own_id(account) if "did:" in account else "did:plc:invented"
    key = f"bluesky:at://{did}/app.bsky.feed.post/3kinvented{n or next(_numbers):05}"
    values = {"post": key, "network": "bluesky", "account": account, "handle": "ada.example.social"}
    return model.Post(**{**values, "text": text, "created_at": at, "observed_at": at, **fields})


def with_mentions(*items: model.Item, paper: str = "arxiv:2103.00001") -> list[model.Item]:
    """The items, with a mention of the paper for each post among them."""
    posts = [item for item in items if isinstance(item, model.Post)]
    mentions = [model.Mention(post=post.post, paper=paper, form="abs", observed_at=post.observed_at) for post in posts]
    return [*items, *mentions]


def titles(record: Record, query: str, **options: Any) -> list[str]:
    """The titles of the papers found."""
    return [hit.title for hit in search_papers(record, query, **options).papers]


def texts(record: Record, query: str) -> list[str]:
    """The texts of the posts found."""
    return [hit.text for hit in search_posts(record, query).posts]
