"""The papers near to one, for its page: among all papers announced in the 180 days up to a day, and those of all issues
up to then. Pages depend on issues alone, so they are the same whenever they are made, unless vectors of an embeddings
server put the nearest in order.

Papers that `related` finds are of the whole record, as it is now.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property, lru_cache, partial
from itertools import groupby
from math import isqrt
from operator import mul
from typing import Literal

import msgspec

from hotpapers.base.model import IssueReader, NeighborPaper, Paper, PaperGroup
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.deliver.queries import latest_editions
from hotpapers.record.commitments import sha256
from hotpapers.wings.personal.blocks import SAVING, DatedPaper, VectorBlock, block_of, nearest_in
from hotpapers.wings.personal.embeddings.queries import SavedVectors, saved_vectors
from hotpapers.wings.personal.for_me import papers_of_day, text_of
from hotpapers.wings.personal.kept import (
    MAX_KEPT,
    PREPARING,
    SavedPlace,
    Saving,
    cached_value,
    database_of,
    saved_or_made,
    saving_folder,
    store_of,
)
from hotpapers.wings.personal.own_order import broad_vector_of_text
from hotpapers.wings.personal.topic_groups import topic_groups
from hotpapers.wings.personal.vectors import MAX_RELATED, VERSION, WHOLE, broad_vector_of

MAX_CANDIDATES = 100
"""The nearest papers by words, which are put in order by vectors."""
RECENT_DAYS = 180
MIN_NEAR = 1000
"""The least closeness of a paper that is named as related."""

KNOWN_DAYS = 16
"""Days of which the nearest papers are kept while the program runs."""

BlockKind = Literal["entries", "day"]
_Known = dict[str, tuple[bytes, list[NeighborPaper]]]
"""By paper, those nearest to it, and from what they were found."""
NEAR_SAVING = Saving(f"near 1, words {VERSION}", msgspec.msgpack.encode, partial(msgspec.msgpack.decode, type=_Known))
_read_groups = partial(msgspec.msgpack.decode, type=list[PaperGroup])
GROUPS_SAVING = Saving(f"groups 1, words {VERSION}", msgspec.msgpack.encode, _read_groups)


class Neighbors:
    """The papers of one publication near to others."""

    def __init__(self, reader: IssueReader, publication: str) -> None:
        self._reader = reader
        self._name = publication
        self._days = reader.days(publication)
        self._windows = {item.publication: item.window for item in reader.publications()}
        self._parts = lru_cache(MAX_KEPT)(self._read_parts)
        self._block = lru_cache(MAX_KEPT)(self._read_block)
        self._vectors = saved_vectors(database) if (database := database_of(reader)) else None
        self._folder = saving_folder(reader)
        self._known = lru_cache(KNOWN_DAYS)(lambda place: place.read() or {})

    def near(self, paper: Paper, until: str, day: str = "") -> list[NeighborPaper]:
        """The papers nearest to one, the nearest first, as known with the issue of a day. They are saved with those of
        the issue of another `day`, which has the paper. Raises Refused in an app that still prepares them."""
        PREPARING.get(store_of(self._reader), bool)()
        if self._vectors or not self._folder:
            return self._find(paper, until)
        place = SavedPlace(self._folder, ("near", self._name, day or until), NEAR_SAVING)
        known: _Known = self._known(place)
        state = sha256(self._states[until] + _bytes_of(paper))
        if known.get(paper.paper, (b"",))[0] != state:
            known[paper.paper] = (state, self._find(paper, until))
            place.write(known)
        return known[paper.paper][1]

    @cached_property
    def _states(self) -> Mapping[str, bytes]:
        """By day, a digest of all issues up to it."""
        assert isinstance(self._reader, RecordIssueReader)  # others have no folder
        states = {}
        state = b""
        for day, (_, digest) in sorted(latest_editions(self._reader.record, self._name).items()):
            state = sha256(state + digest.encode())
            states[day] = state
        return states

    def _find(self, paper: Paper, until: str) -> list[NeighborPaper]:
        vector = broad_vector_of_text(text_of(paper))
        best: dict[str, NeighborPaper] = {}
        least = MIN_NEAR
        count = MAX_CANDIDATES if self._vectors else MAX_RELATED
        for kind, days in self._parts(until) if vector.weights else ():
            # Of several days or months, each has at most so many, which may be the same
            most = (count + 1) * (len(days) if kind == "day" else 12)
            near = nearest_in(self._block(kind, days), vector, most, least)
            best |= {
                other.paper: NeighborPaper(other.paper, other.title, other.day, value)
                for value, other in near
                if other.paper != paper.paper
            }
            if len(best) > 10 * count:
                places = sorted(best.values(), key=lambda place: (-place.closeness, place.paper))[:count]
                best = {place.paper: place for place in places}
                least = places[-1].closeness
        ranked = nearest_papers(self._vectors, paper.paper, {other: place.closeness for other, place in best.items()})
        return [best[other]._replace(closeness=value) for other, value in ranked]

    def alike(self, papers: Sequence[Paper]) -> list[PaperGroup]:
        """The groups of papers that are on the same topic, by their places in a sequence."""
        make = partial(topic_groups, papers)
        if not self._folder:
            return make()
        state = sha256(b"\n".join(map(_bytes_of, papers)))
        key = ("groups", self._name, papers[0].paper, state.hex())
        return saved_or_made(self._folder, key, make, GROUPS_SAVING)

    def prepare(self) -> Iterator[None]:
        """Prepares the list of the latest day, a block at a step, the latest first."""
        for kind, days in reversed(self._parts(self._days[-1]) if self._days else ()):
            self._block(kind, days)
            yield

    def _read_parts(self, until: str) -> list[tuple[BlockKind, tuple[str, ...]]]:
        """Earlier entries, then whole days: a whole year or month where all of it is earlier, and months of listings,
        which are short; else by day."""
        since = (date.fromisoformat(until) - timedelta(RECENT_DAYS)).isoformat()
        days = [day for day in self._days if day <= until]

        def run_of(day: str) -> str:
            is_split = day[:7] in (since[:7], until[:7]) or (day > since and self._windows[self._name] != "listing")
            return day[: 4 if day[:4] < since[:4] else 10 if is_split else 7]

        runs = groupby(days, key=run_of)
        return [("day" if run[0] > since else "entries", run) for run in (tuple(run) for _, run in runs)]

    def _entries(self, day: str) -> Iterator[Paper]:
        issue = self._reader.issue(self._name, day)
        return (issue.papers[entry.paper] for entry in issue.content.listed)

    def _read_block(self, kind: BlockKind, days: tuple[str, ...]) -> VectorBlock:
        papers_of = partial(papers_of_day, self._reader, self._name) if kind == "day" else self._entries

        def make() -> VectorBlock:
            texts = ((text_of(paper), day) for day in days for paper in papers_of(day))
            return block_of(
                (DatedPaper(text.paper, text.title, day), broad_vector_of(text.title, text.abstract))
                for text, day in texts
            )

        return cached_value(self._reader, kind, self._name, days, make, saving=SAVING)


def _bytes_of(paper: Paper) -> bytes:
    return f"{paper.title}\n{paper.abstract or paper.summary}".encode("utf-8", "replace")


# ---- closeness by the vectors of an embeddings server -----------------------------------------------------


def nearest_papers(saved: SavedVectors | None, paper: str, by_words: Mapping[str, int]) -> list[tuple[str, int]]:
    """The papers nearest to one, by key, with their closeness in ten-thousandths: of the nearest by words, those
    nearest by vectors."""
    values = by_vectors(saved, paper, dict(_first(by_words, MAX_CANDIDATES)))
    return _first(values, MAX_RELATED)


def _first(values: Mapping[str, int], count: int) -> list[tuple[str, int]]:
    return sorted(values.items(), key=lambda item: (-item[1], item[0]))[:count]


def by_vectors(saved: SavedVectors | None, paper: str, by_words: Mapping[str, int]) -> Mapping[str, int]:
    """How close papers are to one, by key, in ten-thousandths: by vectors, or as `by_words` says if the vector of any
    is missing, since values of both kinds do not compare."""
    vectors = saved.vectors({paper, *by_words}) if saved else {}
    if not any(vectors.get(paper, b"")) or not by_words.keys() <= vectors.keys():
        return by_words
    return {other: vector_cosine(vectors[paper], vectors[other]) for other in by_words}


def vector_cosine(vector: bytes, other: bytes) -> int:
    """The cosine of two vectors of signed bytes in ten-thousandths, 0 at least."""
    first = array("b", vector)
    second = array("b", other)
    product = sum(map(mul, first, second))
    total = sum(map(mul, first, first))
    length = isqrt(total * sum(map(mul, second, second)))
    return max(product * WHOLE // length, 0) if length else 0
