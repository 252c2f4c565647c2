"""Helpers for the tests of search: made-up papers and posts, and what is found."""

from __future__ import annotations

from itertools import count
from typing import Any

from hotpapers import model
from hotpapers.search import search, search_posts
from hotpapers.store import Record
from tests.store.made import AT

_numbers = count(1)


def paper(title: str, abstract: str = "", authors: tuple[str, ...] = (), n: int = 0, **more: Any) -> model.Paper:
    """A paper with a new key, or the n-th."""
    key = f"arxiv:2103.{n or next(_numbers):05}"
    said = {"categories": ("cs.LG",), "observed_at": AT, **more}
    return model.Paper(paper=key, title=title, abstract=abstract, authors=authors, **said)


def post(text: str, n: int = 0, at: int = AT, **more: Any) -> model.Post:
    """A post with a new key, or the n-th."""
    key = f"bluesky:at://did:plc:invented/app.bsky.feed.post/3kinvented{n or next(_numbers):05}"
    said = {"post": key, "network": "bluesky", "account": "bluesky:did:plc:invented", "handle": "ada.example.social"}
    return model.Post(**{**said, "text": text, "created_at": at, "observed_at": at, **more})


def about(*said: model.Item, paper: str = "arxiv:2103.00001") -> list[model.Item]:
    """The items, with a mention of the paper for each post among them."""
    posts = [one for one in said if isinstance(one, model.Post)]
    mentions = [model.Mention(post=one.post, paper=paper, form="abs", observed_at=one.observed_at) for one in posts]
    return [*said, *mentions]


def titles(record: Record, query: str, **more: Any) -> list[str]:
    """The titles of the papers found."""
    return [hit.title for hit in search(record, query, **more).papers]


def texts(record: Record, query: str) -> list[str]:
    """The texts of the posts found."""
    return [hit.text for hit in search_posts(record, query).posts]
