"""What rooms promise each other: what sources see, what the shelf holds, what channels make of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import msgspec

from hotpapers.model.issues import IssueContent
from hotpapers.model.items import Listing, Paper, Place, Post, Publication


class Seen(NamedTuple):
    """What a network said, untouched: `kind` is post, paper, counts, gone or place; `key` its own id."""

    kind: str
    key: str
    body: bytes
    at: int


class File(NamedTuple):
    """A rendered file: path relative to the output folder, with `/`, and its bytes."""

    path: str
    data: bytes


class Quotation(msgspec.Struct, frozen=True, kw_only=True):
    """A post as a channel may show it: never one that was forgotten, hidden or is gone."""

    post: Post
    hash: str


class ShelfIssue(msgspec.Struct, frozen=True, kw_only=True):
    """A frozen issue as channels see it.

    `papers` gives each entry's metadata as frozen (title, authors, abstract, categories as printed), `posts` what
    may be shown of an entry, both by paper key. `listing` is there for imported listings alone. `editions`: digests
    of all editions, the first first.
    """

    content: IssueContent
    digest: str
    frozen_at: int
    papers: dict[str, Paper]
    posts: dict[str, tuple[Quotation, ...]]
    listing: Listing | None
    places: dict[str, Place]
    editions: tuple[str, ...]


class Shelf(Protocol):
    """The frozen issues and their papers, read-only."""

    def publications(self) -> Sequence[Publication]:
        """Every publication, by name."""

    def days(self, publication: str) -> Sequence[str]:
        """The days of a publication's frozen issues, ascending."""

    def issue(self, publication: str, day: str, edition: int | None = None) -> ShelfIssue:
        """One frozen issue, its latest edition by default. Raises NoSuch."""

    def appearances(self, paper: str) -> Sequence[tuple[str, str]]:
        """(publication, day) of every issue that holds the paper, ascending."""


class Channel(Protocol):
    """Where issues go. `render` is pure: the shelf's issues of some days into files."""

    name: str

    def render(self, shelf: Shelf, publication: str, days: Sequence[str]) -> Iterator[File]:
        """The files of these issues."""
