"""arXiv's own snapshot of its metadata (https://www.kaggle.com/datasets/Cornell-University/arxiv): one paper per line.

Authors are a line or a list of names, categories a line or a list, and `authors_parsed` has [family name, first names,
suffix, …]; data sets derived from arXiv's metadata have some of the fields. A line does not say when the paper was
announced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.model import DAY, Item, Paper, RawPayload
from hotpapers.base.papers import arxiv
from hotpapers.base.papers.arxiv import ArxivId
from hotpapers.base.text import timestamps
from hotpapers.collect.pipeline import SNAPSHOT
from hotpapers.collect.sources.arxiv import paper_items
from hotpapers.wings.archives.format import FIRST_PAPER, ArchiveFormat

_paper = msgspec.json.Decoder(Paper).decode


class ArxivArchive(ArchiveFormat):
    """Papers. One without a change date, as in others' lists, counts as seen when the file was made."""

    network = "arxiv"
    takes_all = True

    def take(self, line: bytes) -> Sequence[RawPayload]:
        """The paper on a line."""
        paper = paper_of(line)
        at = paper.observed_at or self._target.seen_at
        if not FIRST_PAPER <= at <= self._target.now + DAY:
            raise InputError(f"{paper.paper}: impossible change date {timestamps.day_of(at)}")
        body = msgspec.json.encode(paper)
        seen_at = min(at, self._target.now)
        return [RawPayload(SNAPSHOT, arxiv.from_key(paper.paper), body, seen_at)]

    def read(self, payload: RawPayload) -> Iterable[Item]:
        """The paper as it was then."""
        return [msgspec.structs.replace(_paper(payload.body), observed_at=payload.at)]


class SnapshotVersion(msgspec.Struct):
    """A version: `v1`, and when it was submitted."""

    version: str
    created: str = ""


class SnapshotPaper(msgspec.Struct, rename={"journal": "journal-ref"}):
    """A line. `update_date`: the day of its last change."""

    id: str
    title: str
    authors: str | list[str] = ""
    authors_parsed: list[list[str]] = []
    categories: str | list[str] = ""
    abstract: str | None = None
    comments: str | None = None
    comment: str | None = None
    doi: str | None = None
    journal: str | None = None
    versions: list[SnapshotVersion] = []
    update_date: str | None = None


_decode = msgspec.json.Decoder(SnapshotPaper).decode


def paper_of(line: bytes) -> Paper:
    """A line's paper, observed at its last change, or at 0 if the line has no dates. Raises InputError, and the
    decoder's errors."""
    row = _decode(line)
    version_moments = (paper_items.parse_moment(version.created) for version in row.versions)
    moments = [at for at in version_moments if at is not None]
    moment = paper_items.parse_moment(row.update_date)
    changed_at = max(filter(None, (moment, *moments)), default=0)
    categories = row.categories.split() if isinstance(row.categories, str) else row.categories
    return paper_items.build_paper(
        ArxivId(
            paper_items.parse_identifier(row.id).id, paper_items.latest_version([part.version for part in row.versions])
        ),
        changed_at,
        title=row.title,
        authors=_authors(row),
        categories=categories,
        abstract=row.abstract,
        comment=row.comments or row.comment,
        doi=row.doi,
        journal=row.journal,
        published_at=moments[0] if moments else None,
        updated_at=moments[-1] if moments else None,
    )


def _authors(row: SnapshotPaper) -> Iterator[str]:
    if row.authors_parsed:
        for family_name, *other_names in filter(None, row.authors_parsed):
            ordered_names = (*other_names[:1], family_name, *other_names[1:2])
            yield " ".join(filter(None, ordered_names))
    else:
        yield from paper_items.author_names(row.authors) if isinstance(row.authors, str) else row.authors
