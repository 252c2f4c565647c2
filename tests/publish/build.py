"""A shelf of plain values, and made-up issues to put on it: what channels and the app are tested with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from hotpapers.errors import NoSuch
from hotpapers.model import (
    Count,
    Entry,
    IssueContent,
    Listing,
    Paper,
    Part,
    Post,
    Publication,
    Quotation,
    Reading,
    ShelfIssue,
)

NOON = 1_610_625_600_000_000
"""2021-01-14 12:00 UTC, in µs."""
LISTED = Publication(observed_at=0, publication="hot-papers", title="Hot Papers", window="listing", posts=10)
OWN = Publication(observed_at=0, publication="daily", title="The Daily Dozen", threshold=1500)


class PlainShelf:
    """The protocol `Shelf` over issues in memory: all editions of every day, the first first."""

    def __init__(self, publications: Iterable[Publication], issues: Iterable[ShelfIssue]) -> None:
        self._publications = tuple(publications)
        self._editions: dict[tuple[str, str], list[ShelfIssue]] = {}
        for issue in issues:
            key = (issue.content.publication.publication, issue.content.day)
            self._editions.setdefault(key, []).append(issue)
        self._papers: dict[str, list[tuple[str, str]]] = {}
        for key, editions in sorted(self._editions.items()):
            content = editions[-1].content
            for entry in (*content.entries, *content.still):
                self._papers.setdefault(entry.paper, []).append(key)

    def publications(self) -> Sequence[Publication]:
        """Every publication, by name."""
        return self._publications

    def days(self, publication: str) -> Sequence[str]:
        """The days of a publication's frozen issues, ascending."""
        return sorted(day for name, day in self._editions if name == publication)

    def issue(self, publication: str, day: str, edition: int | None = None) -> ShelfIssue:
        """One frozen issue, its latest edition by default. Raises NoSuch."""
        editions = self._editions.get((publication, day), [])
        number = len(editions) if edition is None else edition
        if not 1 <= number <= len(editions):
            raise NoSuch(f"{publication} {day}: no such issue")
        digests = tuple(one.digest for one in editions)
        return msgspec.structs.replace(editions[number - 1], editions=digests)

    def volumes(self, publication: str) -> Mapping[str, int]:
        return {day: len(self.issue(publication, day).content.entries) for day in self.days(publication)}

    def appearances(self, paper: str) -> Sequence[tuple[str, str]]:
        """(publication, day) of every issue that holds the paper, ascending."""
        return self._papers.get(paper, ())


class Placed(NamedTuple):
    """An entry with what is shown of it."""

    entry: Entry
    paper: Paper
    posts: tuple[Quotation, ...]


def paper(id: str, title: str, abstract: str = "", **more: object) -> Paper:
    """A paper's metadata, by its bare id."""
    values = {"authors": ("Tansy Overquill",), "categories": ("cs.LG",), **more}
    return msgspec.convert(
        {"kind": "paper", "observed_at": NOON, "paper": f"arxiv:{id}", "title": title, "abstract": abstract, **values},
        Paper,
    )


def post(id: str, text: str, network: str = "x", **more: object) -> Quotation:
    """A post as it may be shown, by the network's own id."""
    values = {"account": f"{network}:@quill", "created_at": NOON, "handle": "quill", "name": "Quill Marrowby", **more}
    made = msgspec.convert(
        {"kind": "post", "observed_at": NOON, "post": f"{network}:{id}", "network": network, "text": text, **values},
        Post,
    )
    return Quotation(post=made, hash=hashlib.sha256(id.encode()).hexdigest())


def listed(place: int, shown: Paper, reposts: int, likes: int, then: int, score: int, *posts: Quotation) -> Placed:
    """A place of a listing with its tally; `score` in millipoints of 999 other papers."""
    count = Count(network="x", voices=likes, reposts=reposts, likes=likes, until=NOON, method="hot-papers/2")
    atleast = round(1000 / 10 ** (score / 1000)) - 1
    part = Part(
        network="x", rule="rarity", score=score, voices=likes, papers=999, atleast=atleast,
        among="cs", age=0, until=NOON,
    )  # fmt: skip
    return _placed(place, shown, (count,), (part,), then, posts)


def heard(place: int, shown: Paper, counts: Sequence[Count], parts: Sequence[Part], *posts: Quotation) -> Placed:
    """An entry of a publication of our own."""
    return _placed(place, shown, tuple(counts), tuple(parts), place, posts)


def _placed(
    place: int,
    shown: Paper,
    counts: tuple[Count, ...],
    parts: tuple[Part, ...],
    then: int,
    posts: tuple[Quotation, ...],
) -> Placed:
    entry = Entry(
        place=place, paper=shown.paper, score=sum(part.score for part in parts), level=False, then=then,
        voices=sum(part.voices for part in parts), announced_at=0, counts=counts, parts=parts, metadata="",
        posts=tuple(quotation.hash for quotation in posts),
    )  # fmt: skip
    return Placed(entry, shown, posts)


def issue(
    publication: Publication,
    day: str,
    entries: Sequence[Placed],
    still: Sequence[Placed] = (),
    edition: int = 1,
    announced: int | None = None,
    readings: tuple[Reading, ...] = (),
    reason: str = "",
) -> ShelfIssue:
    """A frozen issue; its digest is made of its name."""
    content = IssueContent(
        publication=publication, day=day, edition=edition, from_at=NOON, cut=NOON, position=7,
        ranking=publication.ranking, announced=announced, considered=len(entries), readings=readings, earlier=(),
        entries=tuple(one.entry for one in entries), still=tuple(one.entry for one in still), peers=(),
        replaces="" if edition == 1 else "earlier", reason=reason,
    )  # fmt: skip
    listing = Listing(
        observed_at=NOON, publication=publication.publication, day=day, made=f"{day}T21:00:00", lead=0,
        places=len(entries), file="",
    )  # fmt: skip
    return ShelfIssue(
        content=content,
        digest=hashlib.sha256(f"{publication.publication} {day} {edition}".encode()).hexdigest(),
        frozen_at=NOON + edition * 60_000_000,
        papers={one.entry.paper: one.paper for one in (*entries, *still)},
        posts={one.entry.paper: one.posts for one in (*entries, *still)},
        listing=listing if publication.window == "listing" else None,
        places={},
        editions=(),
    )
