"""Reads the files of a folder of observations and outcomes. An invalid row is refused with its line number."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import IO, Annotated, Any, NamedTuple, TypeVar

import msgspec

from hotpapers.base.errors import InputError
from lab.json_lines import decode_lines

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
Rating = Annotated[float, msgspec.Meta(ge=0, le=100)]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=2**32)]
YEARS = range(1991, 2100)
"""From the start of arXiv until well after this program is likely to be used."""


def _check_years(*moments: date | None) -> None:
    for moment in moments:
        if moment is not None and moment.year not in YEARS:
            raise ValueError(f"{moment.isoformat()} is not between the years {YEARS[0]} and {YEARS[-1]}")


class ListedPaper(msgspec.Struct, frozen=True):
    """A paper in an issue of the archive, with its counts on X about a day later (Japan time)."""

    arxiv_id: str
    issue: date
    rank: Count
    retweets: Count
    favorites: Count
    observed_at_tz_unknown: Annotated[datetime, msgspec.Meta(tz=False)]
    categories: str
    title: str

    def __post_init__(self) -> None:
        _check_years(self.issue, self.observed_at_tz_unknown)


class CitationRow(msgspec.Struct, frozen=True):
    """A paper at a venue with its citations on the day `as_of`. `arxiv_id`: None if it was not matched."""

    arxiv_id: str | None
    venue: str
    year: str
    title: str | None
    citations: Count
    as_of: date

    def __post_init__(self) -> None:
        _check_years(self.as_of)


class DecisionRow(msgspec.Struct, frozen=True):
    """A paper submitted to a venue: its status, and its reviewers' mean rating if known."""

    arxiv_id: str | None
    venue: str
    year: str
    status: str | None
    rating_avg: Rating | None


class UpvoteCount(msgspec.Struct, frozen=True):
    """A paper's upvotes on Hugging Face at a moment. `date`: the daily page that showed it, None in a feed; `t_ok`:
    whether the count is really from `observed_at`."""

    id: str
    upvotes: Count
    observed_at: Annotated[datetime, msgspec.Meta(tz=True)]
    t_ok: bool
    date: date | None

    def __post_init__(self) -> None:
        _check_years(self.observed_at, self.date)


class TitledPaper(msgspec.Struct, frozen=True):
    """A paper that was on Hugging Face, with its title."""

    id: str
    title: str


class StoryCounts(msgspec.Struct, frozen=True):
    """A story on Hacker News that links a paper. `created`: seconds since 1970 UTC; `obs`: moment (None for a final
    count), points, comments, place on the front page."""

    arxiv_id: str | None
    created: Seconds | None
    obs: Annotated[list[tuple[Seconds | None, Count, int | None, int | None]], msgspec.Meta(min_length=1)]


class AuthoredPaper(msgspec.Struct, frozen=True):
    """A paper on arXiv with its authors; empty if they are unknown."""

    id: str
    authors: list[str]


class EvaluationFiles(NamedTuple):
    """All rows of the folder; from arXiv's metadata, only the number of authors, by id."""

    listed: list[ListedPaper]
    citations: list[CitationRow]
    decisions: list[DecisionRow]
    upvotes: list[UpvoteCount]
    upvoted: list[TitledPaper]
    stories: list[StoryCounts]
    authors: dict[str, int]


Row = TypeVar("Row", bound=msgspec.Struct)
Opener = Callable[[str], AbstractContextManager[IO[bytes]]]
"""Opens a file of the folder by name, decompressed; raises InputError if it cannot be read."""


def read_files(open_file: Opener) -> EvaluationFiles:
    """Read everything that outcomes are measured on. Raises InputError, with the line, for a file that is missing,
    empty or malformed."""
    papers = json_rows(open_file, "arxiv-metadata.jsonl.zst", AuthoredPaper)
    return EvaluationFiles(
        listed=_all_rows(open_file, "archive-attention.csv", ListedPaper),
        citations=_all_rows(open_file, "outcomes.csv", CitationRow),
        decisions=_all_rows(open_file, "venues.csv", DecisionRow),
        upvotes=_all_rows(open_file, "hf-daily.jsonl.zst", UpvoteCount),
        upvoted=_all_rows(open_file, "hf-papers.jsonl.zst", TitledPaper),
        stories=_all_rows(open_file, "hn-arxiv.jsonl.zst", StoryCounts),
        authors={paper.id: len(paper.authors) for paper in papers if paper.authors},
    )


def _all_rows(open_file: Opener, name: str, kind: type[Row]) -> list[Row]:
    rows = list((csv_rows if name.endswith(".csv") else json_rows)(open_file, name, kind))
    if not rows:
        raise InputError("has no rows", file=name)
    return rows


def csv_rows(open_file: Opener, name: str, kind: type[Row]) -> Iterator[Row]:
    """The rows of a CSV file with a header, an empty field as None. Raises InputError."""
    with open_file(name) as stream:
        reader = csv.DictReader(io.TextIOWrapper(stream, "utf-8-sig", newline=""), strict=True)
        try:
            columns = set(kind.__struct_fields__)
            if missing_columns := columns - set(reader.fieldnames or ()):
                raise InputError(f"missing columns: {', '.join(sorted(missing_columns))}", file=name, line=1)
            for row in reader:
                yield _converted({field: row[field] or None for field in columns}, kind, name, reader.line_num)
        except (csv.Error, UnicodeError) as problem:
            raise InputError(f"is not CSV in UTF-8: {problem}", file=name, line=reader.line_num + 1) from problem


def _converted(row: dict[str, Any], kind: type[Row], name: str, line: int) -> Row:
    try:
        return msgspec.convert(row, kind, strict=False)
    except msgspec.ValidationError as problem:
        raise InputError(str(problem), file=name, line=line) from problem


def json_rows(open_file: Opener, name: str, kind: type[Row]) -> Iterator[Row]:
    """The rows of a file of JSON lines. Raises InputError."""
    with open_file(name) as stream:
        yield from decode_lines(stream, kind, name)
