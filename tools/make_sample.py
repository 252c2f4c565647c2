"""Writes the sample that `hotpapers demo` shows: src/hotpapers/site/demo/sample.jsonl.zst, a full export.

It contains only facts: ids, titles, authors, categories, counts and times of the 81 papers of five issues, the ids and
days of the posts they showed (no handles, names or texts), one sentence of our own per paper (sample_summaries.json),
and the bare counts of the other issues, with which rarity compares.

    python tools/make_sample.py ISSUES_FOLDER ATTENTION_CSV

The folder contains the five classic issues; the table has the columns arxiv_id, issue, retweets, favorites and
observed_at_tz_unknown (Japan time). Salts and the secret are new each time, so each run gives other hashes.
"""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import zstandard

from hotpapers.base import model
from hotpapers.base.papers import arxiv
from hotpapers.keep.transfer.jsonl import exporter
from hotpapers.record import Record
from hotpapers.wings.classic import format as classic
from hotpapers.wings.classic import importing as classic_import

HERE = Path(__file__).parent
SAMPLE = HERE.parent / "src" / "hotpapers" / "site" / "demo" / "sample.jsonl.zst"
MADE_AT = 1_790_000_000_000_000  # a moment for the sample's own batches


def facts(issue: classic.ClassicIssue, summaries: dict[str, str]) -> Iterator[model.Item]:
    """An issue's items, without other people's sentences, names and handles."""
    for item in classic_import.items_of(issue, "sample"):
        match item:
            case model.Place():
                yield msgspec.structs.replace(item, abstract="")
            case model.Paper():
                summary = summaries[arxiv.from_key(item.paper)]
                yield msgspec.structs.replace(item, abstract="", summary=summary)
            case model.Post():
                yield msgspec.structs.replace(item, account="", handle="", name="", text="", links=())
            case model.Account():
                continue
            case _:
                yield item


def figures(table: Path, without: set[str]) -> Iterator[model.Tally]:
    """The bare counts of the issues that are not in the sample."""
    with table.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            if row["issue"] not in without:
                yield model.Tally(
                    paper=arxiv.key(row["arxiv_id"]), network="x",
                    method=classic_import.method_of(row["issue"]),
                    reposts=int(row["retweets"]),
                    likes=int(row["favorites"]), observed_at=_moment(row["observed_at_tz_unknown"]),
                )  # fmt: skip


def _moment(printed: str) -> int:
    return classic.printed_moment(printed.strip().replace(" ", "T")[:19])


def main(folder: Path, table: Path) -> None:
    """Build the sample's store and export it."""
    summaries = json.loads((HERE / "sample_summaries.json").read_text("utf-8"))
    issues = [classic.parse_classic(classic.decode_file(file.read_bytes())[0]) for file in sorted(folder.iterdir())]
    with tempfile.TemporaryDirectory() as scratch, Record(str(Path(scratch) / "sample.db")) as record:
        publication = msgspec.structs.replace(classic_import.HOT_PAPERS, observed_at=MADE_AT)
        record.append([publication], source="sample", at=MADE_AT)
        record.append(figures(table, {issue.date for issue in issues}), source="sample", at=MADE_AT)
        for issue in issues:
            record.append(facts(issue, summaries), source="sample", at=MADE_AT)
        lines = b"".join(exporter.record_lines(record))
    SAMPLE.write_bytes(zstandard.ZstdCompressor(level=19).compress(lines))
    print(f"{SAMPLE.name}: {len(lines.splitlines()):,} lines, {SAMPLE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
