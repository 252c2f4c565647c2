"""The shelf: frozen issues and their papers as channels see them, read from the record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

from hotpapers import model
from hotpapers.errors import NoSuch
from hotpapers.issue import posts
from hotpapers.issue.freeze import editions, frozen_days
from hotpapers.issue.listing import listed_places, listing_of, places_of
from hotpapers.model import IssueContent, Paper, Place, Post, Publication, Quotation, ShelfIssue
from hotpapers.record.items import Row
from hotpapers.record.store import Record
from hotpapers.record.view import View


class _Named(msgspec.Struct, frozen=True):
    paper: str


class _Held(msgspec.Struct, frozen=True):
    """The papers of an issue's content; the rest of it is passed over."""

    entries: tuple[_Named, ...]
    still: tuple[_Named, ...]


_read_held = msgspec.json.Decoder(_Held).decode


class RecordShelf:
    """A `model.Shelf` over a record. It holds what it has read, so open a new one to see later changes."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._now = record.view()
        self._held: dict[tuple[str, str], _Held] | None = None
        self._appearances: dict[str, list[tuple[str, str]]] | None = None
        self._withheld: frozenset[str] | None = None
        self._read = lru_cache(maxsize=64)(self._issue)

    def publications(self) -> Sequence[Publication]:
        """Every publication, by name."""
        rows = self._now.latest(Publication)
        return [row.item for row in rows if isinstance(row.item, Publication)]

    def days(self, publication: str) -> Sequence[str]:
        """The days of a publication's frozen issues, ascending."""
        return frozen_days(self._record, publication)

    def issue(self, publication: str, day: str, edition: int | None = None) -> ShelfIssue:
        """One frozen issue, its latest edition by default. Raises NoSuch."""
        return self._read(publication, day, edition)

    def volumes(self, publication: str) -> Mapping[str, int]:
        """How many entries the issue of each frozen day has."""
        return {day: len(held.entries) for (name, day), held in self._index().items() if name == publication}

    def appearances(self, paper: str) -> Sequence[tuple[str, str]]:
        """(publication, day) of every issue that holds the paper, also as still talked about, ascending."""
        if self._appearances is None:
            self._appearances = defaultdict(list)
            for where, held in self._index().items():
                for key in model.distinct(entry.paper for entry in (*held.entries, *held.still)):
                    self._appearances[key].append(where)
        return self._appearances.get(paper, [])

    def _index(self) -> dict[tuple[str, str], _Held]:
        """What the latest edition of every issue holds."""
        if self._held is None:
            sql = 'SELECT publication, "day", content FROM issue WHERE until = 0 ORDER BY publication, "day", edition'
            found = self._record.database.iterate(sql)
            self._held = {(publication, day): _read_held(content) for publication, day, content in found}
        return self._held

    def _issue(self, publication: str, day: str, edition: int | None) -> ShelfIssue:
        all_editions = editions(self._record, publication, day)
        chosen = [one for one in all_editions if edition is None or one.content.edition == edition]
        if not chosen:
            raise NoSuch(f"{publication} {day}: no frozen issue{f' of edition {edition}' if edition else ''}")
        frozen = chosen[-1]
        view = self._record.view(frozen.content.cut, frozen.content.position)
        is_listed = frozen.content.publication.window == "listing"
        places = {p.paper: p for p in places_of(listed_places(view, publication, day))} if is_listed else {}
        return ShelfIssue(
            content=frozen.content, digest=frozen.digest, frozen_at=frozen.frozen_at,
            papers=self._papers(view, frozen.content, places), posts=self._posts(view, frozen.content, places),
            listing=listing_of(view, publication, day) if is_listed else None, places=places,
            editions=tuple(one.digest for one in all_editions),
        )  # fmt: skip

    def _papers(self, view: View, content: IssueContent, places: dict[str, Place]) -> dict[str, Paper]:
        keys = model.distinct(entry.paper for entry in (*content.entries, *content.still))
        marks = ", ".join("?" * len(keys))
        rows = view.latest(Paper, f"t.paper IN ({marks})", keys) if keys else []
        known = {row.item.paper: row.item for row in rows if isinstance(row.item, Paper)}
        return {key: _as_printed(known.get(key), places.get(key), key) for key in keys}

    def _posts(self, view: View, content: IssueContent, places: dict[str, Place]) -> dict[str, tuple[Quotation, ...]]:
        if places:
            listed = posts.listed_under(view, list(places.values()))
            return {paper: self._allowed(rows) for paper, rows in listed.items()}
        shown = posts.listed(self._now, content.publication.publication, content.day, content.edition)
        entries = [*content.entries, *content.still]
        return {entry.paper: self._allowed(shown.get(n, [])) for n, entry in enumerate(entries, 1)}

    def _allowed(self, rows: Sequence[Row]) -> tuple[Quotation, ...]:
        withheld = self.withheld()
        return tuple(
            Quotation(post=row.item, hash=row.hash.hex())
            for row in rows
            if isinstance(row.item, Post) and not row.is_forgotten and row.item.post not in withheld
        )

    def withheld(self) -> frozenset[str]:
        """Posts that are not to be shown now, whatever an issue once showed: gone, hidden, or of a hidden account."""
        if self._withheld is None:
            self._withheld = posts.withheld(self._now)
        return self._withheld


def _as_printed(known: Paper | None, place: Place | None, key: str) -> Paper:
    """A listing's own title, authors, abstract and categories, with the record's other metadata."""
    if place is None:
        return known or Paper(paper=key, title=key, observed_at=0)
    base = known or Paper(paper=key, title="", observed_at=place.observed_at)
    title, abstract = " ".join(place.title.split()), " ".join(place.abstract.split())
    return msgspec.structs.replace(
        base, title=title, authors=place.authors, abstract=abstract or base.abstract, categories=place.categories
    )
