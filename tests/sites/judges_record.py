"""Judges of the record: it verifies, and programs that share no code with ours get every number of every issue from its
exports, also from those of a copy from which much was deleted."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hotpapers.base.model import DAY
from hotpapers.keep.privacy.retention import SNAPSHOTS_AFTER, prune_record
from hotpapers.keep.transfer.jsonl import exporter, importer
from hotpapers.record import Record, current_time
from hotpapers.wings.tables.commands import write_tables
from tests.cli.run import run
from tests.conftest import ROOT
from tests.sites.evidence import Evidence, Finding
from tests.wings.tables.recounts import recounted, rescored

REBUILD = ROOT / "docs" / "examples" / "rebuild.py"
FORGOTTEN = 12
"""How many posts, and how many accounts, the copy is made to forget."""


def verified(evidence: Evidence) -> Iterator[Finding]:
    """`hotpapers verify --all` passes."""
    settings = evidence.played.folder / "hotpapers.toml"
    result = run("verify", "--all", "--config", settings)
    if result.status or not result.out.startswith("verified"):
        yield Finding("", f"verify --all: {(result.out + result.err).strip()[:300]}")


def rebuilt(evidence: Evidence) -> Iterator[Finding]:
    """The program of docs/reference/rebuilding.md rebuilds every issue of an export."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _unequal(evidence.record, Path(folder, "full.jsonl"))


def counted_again(evidence: Evidence) -> Iterator[Finding]:
    """The queries of docs/examples count and score every issue again from the tables for research."""
    yield from _miscounted(evidence.record)


def rebuilt_elsewhere(evidence: Evidence) -> Iterator[Finding]:
    """All that can be done again from a copy of a copy, of which the first forgot much and pruned the rest."""
    with tempfile.TemporaryDirectory() as folder:
        export, first, second = (Path(folder, name) for name in ("full.jsonl", "first.db", "second.db"))
        _export(evidence.record, export)
        keys = _counted_keys(evidence, export)
        if evidence.site.postgres:
            _import(export, first)
        else:
            _do("backup", first, "--store", evidence.played.store)
        _do("forget", "--yes", *keys, "--store", first)
        with Record(str(first), create=False) as record:
            if not prune_record(record, at=current_time() + SNAPSHOTS_AFTER + DAY).snapshots:
                yield Finding("", "no count can be pruned")
            yield from _unequal(record, export)
        _import(export, second)
        with Record(str(second), create=False) as record:
            yield from _unequal(record, export)
            yield from _miscounted(record)


def _do(*command: str | Path) -> None:
    result = run(*command)
    assert not result.status, result


def _export(record: Record, file: Path) -> None:
    with file.open("wb") as out:
        out.writelines(exporter.record_lines(record))


def _import(file: Path, store: Path) -> None:
    with Record(str(store)) as record, file.open("rb") as lines:
        record.database.run("PRAGMA synchronous = OFF")  # each batch would wait for the disk
        importer.import_lines(record, file.name, lines)


def _counted_keys(evidence: Evidence, export: Path) -> list[str]:
    """Posts about papers in issues, and accounts of others of them."""
    papers = {entry.paper for issue in evidence.issues for entry in issue.content.entries}
    mentions = evidence.recorded.mentions
    with export.open("rb") as lines:
        posts = [line for line in map(json.loads, lines) if line["kind"] == "post"]
    counted = {
        post["post"]: post["account"]
        for post in posts
        if post["account"] and "until" not in post["row"] and mentions[post["post"]] & papers
    }
    step = max(len(counted) // (2 * FORGOTTEN), 1)
    chosen = list(counted.items())[::step]
    return [*(post for post, _ in chosen[::2]), *dict.fromkeys(account for _, account in chosen[1::2])]


def _unequal(record: Record, file: Path) -> Iterator[Finding]:
    """What the program says of the record's export, which it leaves in a file, if not that all issues are equal."""
    _export(record, file)
    process = subprocess.run([sys.executable, str(REBUILD), file], capture_output=True, text=True, check=False)
    output = (process.stdout + process.stderr).strip()
    if process.returncode or not output.endswith(" digests equal"):
        yield Finding("", output[:300])


def _miscounted(record: Record) -> Iterator[Finding]:
    """What differs from the record's tables."""
    with tempfile.TemporaryDirectory() as folder:
        write_tables(record, Path(folder), current_time())
        counts, scores = list(recounted(Path(folder))), rescored(Path(folder))
    for count in counts:  # Bluesky names who reacted, which the tables leave out
        if count.printed != count.recounted and (count.network, count.name) != ("bluesky", "voices"):
            yield Finding("", f"{count.paper}: {count.printed} {count.name} on {count.network}, not {count.recounted}")
    for paper, printed, scored in scores:
        if printed != scored:
            yield Finding("", f"{paper}: {printed} points, not {scored}")
