"""A made-up folder of observations and outcomes, with enough papers for every kind of table."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import zstandard

Table = list[dict[str, Any]]
FIRST = date(2020, 9, 1)
PER_DAY = 5
DAYS = 20


def paper_id(number: int) -> str:
    """A made-up paper's id."""
    return f"2008.{number:05}"


def listed_row(number: int) -> dict[str, Any]:
    """A row of the archive: each has more favorites and fewer retweets than the last. Every five share a day."""
    day = FIRST + timedelta(days=number // PER_DAY)
    return {
        "arxiv_id": paper_id(number), "issue": day.isoformat(), "rank": 1 + number % PER_DAY, "retweets": 500 - number,
        "favorites": 50 + number, "observed_at_tz_unknown": f"{day + timedelta(days=1)}T09:00:00",
        "categories": "cs.LG stat.ML" if number % 2 else "hep-th", "n_embedded_tweets": 0, "tweet_handles": "",
        "title": f"Paper {'x' * (number % 7)}",
    }  # fmt: skip


def citation_row(number: int) -> dict[str, Any]:
    """A paper's citations: more favorites, more citations."""
    return {
        "arxiv_id": paper_id(number), "source": "made up", "venue": "acl", "year": 2021, "status": "Long",
        "title": "Paper", "citations": 10 * number, "as_of": "2025-06-02", "id_via": "", "in_archive": 1,
        "in_hf_daily": 0,
    }  # fmt: skip


def decision_row(number: int) -> dict[str, Any]:
    """A decision: the better half is accepted, and ratings follow the number."""
    good = number >= PER_DAY * DAYS // 2
    return {
        "arxiv_id": paper_id(number), "venue": "iclr", "year": 2021, "status": "Poster" if good else "Reject",
        "award": "", "rating_avg": number / 10, "title": "Paper", "as_of": "2025-04-25", "in_archive": 1,
    }  # fmt: skip


def upvote_row(number: int) -> dict[str, Any]:
    """A paper of a daily page: fewer upvotes with each number, so more upvotes mean fewer citations."""
    day = FIRST + timedelta(days=number // PER_DAY)
    return {
        "id": paper_id(number), "date": day.isoformat(), "upvotes": 200 - number, "comments": None,
        "observed_at": f"{day}T10:00:00Z", "t_ok": True, "src": "made up",
    }  # fmt: skip


def story_row(number: int) -> dict[str, Any]:
    """A story from the day after the issue: more favorites, more points."""
    at = 1_599_700_000 + number * 86_400
    return {
        "arxiv_id": paper_id(number), "hn_id": number, "title": "Paper", "url": "", "author": "", "created": at,
        "obs": [[at + 60, 5, None, 3], [at + 3600, 10 + number, None, 3]], "src": "made up",
    }  # fmt: skip


def tables() -> dict[str, Table]:
    """The rows of every file."""
    numbers = range(PER_DAY * DAYS)
    return {
        "archive-attention.csv": [listed_row(n) for n in numbers],
        "outcomes.csv": [citation_row(n) for n in numbers],
        "venues.csv": [decision_row(n) for n in numbers],
        "hf-daily.jsonl.zst": [upvote_row(n) for n in numbers],
        "hf-papers.jsonl.zst": [{"id": paper_id(n), "title": f"Paper {n}"} for n in numbers],
        "hn-arxiv.jsonl.zst": [story_row(n) for n in range(30)],
        "arxiv-metadata.jsonl.zst": [{"id": paper_id(n), "authors": ["A"] * (1 + n % 9)} for n in numbers],
    }


def write(folder: Path, tables_by_name: Mapping[str, Table]) -> Path:
    """Writes these files into a folder."""
    folder.mkdir(exist_ok=True)
    for name, rows in tables_by_name.items():
        if name.endswith(".csv"):
            write_csv(folder / name, rows)
        else:
            write_lines(folder / name, (json.dumps(row) for row in rows))
    return folder


def write_csv(file: Path, rows: Table) -> None:
    """A CSV file with a header."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_lines(file: Path, lines: Iterable[str]) -> None:
    """Compressed lines."""
    file.write_bytes(zstandard.compress("".join(f"{line}\n" for line in lines).encode()))


def folder(path: Path, change: Callable[[dict[str, Table]], None] = lambda tables: None) -> Path:
    """The whole folder, changed before it is written."""
    tables_by_name = tables()
    change(tables_by_name)
    return write(path, tables_by_name)
