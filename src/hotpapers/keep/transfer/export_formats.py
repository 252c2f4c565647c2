"""The formats of exports: lines, and the entries of issues as CSV and BibTeX."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

from hotpapers.base import model
from hotpapers.base.installed import hooks_of
from hotpapers.base.papers import paper_servers
from hotpapers.base.papers.citations import format_bibtex, paper_citation
from hotpapers.keep.hooks import FileFormat
from hotpapers.keep.transfer import queries
from hotpapers.keep.transfer.jsonl import exporter
from hotpapers.record.issue_contents import decode_content
from hotpapers.record.record import Record

ENTRY_COLUMNS = (
    "publication",
    "day",
    "edition",
    "place",
    "classic_rank",
    "paper",
    "score",
    "voices",
    "reposts",
    "likes",
    "title",
    "authors",
    "categories",
    "digest",
)


def _frozen(record: Record) -> Iterator[tuple[str, model.IssueContent]]:
    """(digest, content) of each day's latest edition, ordered by publication and day."""
    for digest, content in queries.last_editions(record.database):
        yield digest, decode_content(content, model.IssueContent)


def _metadata(record: Record, content: model.IssueContent) -> dict[str, model.Paper]:
    view = record.view(content.as_of, content.position)
    keys = [entry.paper for entry in content.listed]
    return view.by_key(model.Paper, keys)


def csv_entries(record: Record, **_: object) -> Iterator[bytes]:
    """Every entry of every issue's latest edition, one row each."""
    yield _csv_row(ENTRY_COLUMNS)
    for digest, content in _frozen(record):
        papers = _metadata(record, content)
        for entry in content.listed:
            paper = papers.get(entry.paper)
            counts = entry.counts
            yield _csv_row(
                (
                    content.publication.publication,
                    content.day,
                    content.edition,
                    entry.place,
                    entry.classic_rank,
                    paper_servers.paper_id(entry.paper),
                    entry.score,
                    entry.voices,
                    model.within_largest(sum(c.reposts for c in counts)),
                    model.within_largest(sum(c.likes for c in counts)),
                    paper.title if paper else "",
                    "; ".join(paper.authors) if paper else "",
                    " ".join(paper.categories) if paper else "",
                    digest,
                )
            )


_SKIPPED = r"[ \u00a0\u3000\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\x00-\x08\x0e-\x1f\x7f]*"
"""Spaces and characters that nobody sees, before a formula."""
_FORMULA = re.compile(rf"{_SKIPPED}(?:[=+\-@\u2212]|[^\S ])")
"""The beginning of a formula, or white space that spreadsheets split or skip: tabs, line breaks."""
_LATER_FORMULA = re.compile(rf"([;|\t\n\r\uff1b\uff5c])(?={_SKIPPED}[=+\-@\u2212])")
"""A formula's beginning after signs at which some spreadsheets begin a new cell, depending on their language."""


def _cell(value: object) -> object:
    """A value, with text escaped so that spreadsheets do not treat it or a part as a formula, as some do even if its
    signs are full-width."""
    if not isinstance(value, str):
        return value
    plain = "".join(narrow if len(narrow := unicodedata.normalize("NFKC", sign)) == 1 else sign for sign in value)
    later = [match.end() for match in _LATER_FORMULA.finditer(plain)]
    pieces = [value[start:end] for start, end in pairwise([0, *later, len(value)])]
    if _FORMULA.match(plain):
        pieces.insert(0, "")
    return "'".join(pieces)


def _csv_row(values: tuple[object, ...]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(map(_cell, values))
    return out.getvalue().encode()


def export_bibtex(record: Record, **_: object) -> Iterator[bytes]:
    """Every paper in an issue, once."""
    view = record.view()
    how_taken_back = view.taken_back()
    keys = set()
    for _digest, content in _frozen(record):
        for key, paper in _metadata(record, content).items():
            if key in keys:
                continue
            keys.add(key)
            if citation := paper_citation(paper, how_taken_back.get(key, "")):
                yield (format_bibtex(citation) + "\n").encode()


EXPORTS = {
    "jsonl": FileFormat(
        "jsonl", re.compile(rb'\{"kind":"header","format":"hotpapers-record",'), exporter.record_lines, is_whole=True
    ),
    "csv": FileFormat("csv", re.compile(",".join(ENTRY_COLUMNS[:5]).encode()), csv_entries),
    "bibtex": FileFormat("bibtex", re.compile(rb"@(?:misc|article)\{[\w.-]+,\n  title = \{\{"), export_bibtex),
    **{format.name: format for format in hooks_of(FileFormat)},
}
"""The formats that are files, also those of wings."""
WHOLE = tuple(name for name, format in EXPORTS.items() if format.is_whole)
"""Formats that contain the record; the others list the papers of issues."""
