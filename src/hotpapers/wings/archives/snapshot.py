"""arXiv's own snapshot of its metadata: a JSON line for each paper since 1991.

https://www.kaggle.com/datasets/Cornell-University/arxiv. Authors are a line or a list of names, categories a line or a
list, and `authors_parsed` has [family name, first names, suffix, …]; data sets derived from arXiv's metadata have some
of the fields. A line does not say when the paper was announced.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from hotpapers.base.ids.arxiv import ArxivId
from hotpapers.base.model import Paper
from hotpapers.collect.sources.arxiv import paper_items


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


def read(line: bytes) -> Paper:
    """A line's paper, observed at its last change, or at 0 if the line has no dates. Raises InputError, and the
    decoder's errors."""
    row = _decode(line)
    moments = [at for at in (paper_items.moment(version.created) for version in row.versions) if at is not None]
    changed_at = max(filter(None, (paper_items.moment(row.update_date), *moments)), default=0)
    categories = row.categories.split() if isinstance(row.categories, str) else row.categories
    return paper_items.paper(
        ArxivId(paper_items.identifier(row.id).id, paper_items.latest_version([part.version for part in row.versions])),
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
            yield " ".join(filter(None, (*other_names[:1], family_name, *other_names[1:2])))
    else:
        yield from paper_items.author_names(row.authors) if isinstance(row.authors, str) else row.authors
