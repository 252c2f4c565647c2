"""An archive read in parts by independent processes, as on Spark: the same record, and missing parts are noticed."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import duckdb
import msgspec
import pytest
import zstandard

from hotpapers.cli import spark_import
from hotpapers.errors import InputError
from hotpapers.ingest import queries
from hotpapers.ingest.archives import ArchiveFile, event_import, file_import, findings, formats, framing, parts
from hotpapers.ingest.archives.event_findings import EventReader, EventRow, end_of
from hotpapers.ingest.archives.findings import FilterJob, FindingsFolder, all_parts
from hotpapers.ingest.archives.findings_import import FindingsImporter
from hotpapers.ingest.archives.imported_file import ALTERED
from hotpapers.ingest.archives.jetstream_filter import key_in
from hotpapers.ingest.archives.line_findings import LineReader, LineRow
from hotpapers.ingest.archives.spark_job import SCHEMAS
from hotpapers.store import Record
from hotpapers.store.paper_names import paper_aliases
from tests.conftest import data
from tests.ingest import random_events
from tests.ingest.archive_helpers import (
    NOW,
    ProgramStopped,
    comments,
    export_lines,
    import_files,
    lines,
    stop_before,
    terms_of,
)
from tests.ingest.test_archives_any_order import files_of
from tests.ingest.test_archives_workers import days


def on_disk(folder: Path, *contents: bytes, end: str = ".jsonl") -> list[ArchiveFile]:
    """Writes the contents to disk, one file each."""
    paths = [folder / f"{number}{end}" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return [spark_import.file_of(str(path), None) for path in paths]


def job_of(kind: str, files: Sequence[ArchiveFile], record: Record | None = None) -> FilterJob:
    """A job for a record and what it knows already, or for an empty one."""
    aliases = list(paper_aliases(record, NOW, 0)) if record else []
    known_keys = list(map(key_in, queries.posts_of(record, "bluesky"))) if record and kind in formats.EVENTS else []
    return FilterJob(kind, files, all_parts(kind, files), aliases, known_keys, NOW)


def write_findings(job: FilterJob, folder: Path) -> Path:
    """Writes the findings of all parts, in random order, each part with its own reader; returns the folder."""
    numbers = random.Random(len(job.parts)).sample(range(len(job.parts)), len(job.parts))
    known_keys = list(job.known)
    ends = [0] * len(job.parts)
    for number in numbers:
        reader = EventReader(job) if job.format in formats.EVENTS else LineReader(job)
        rows: list[EventRow | LineRow] = [*reader.rows(number)]
        if isinstance(rows[-1], EventRow):
            known_keys += rows[-1].keys
            ends[number] = end_of(rows[-1].content)
        write_rows(folder / findings.LINES, number, rows)
    for number in numbers if known_keys else ():
        second_reader = EventReader(job._replace(known=known_keys, ends=ends))
        write_rows(folder / findings.REFERENCES, number, list(second_reader.rows(number)))
    (folder / findings.ABOUT).mkdir(parents=True)
    description = msgspec.json.encode(job.about(references=bool(known_keys)))
    (folder / findings.ABOUT / "part-00000.txt").write_bytes(description + b"\n")
    return folder


_database = duckdb.connect()
_TEXT = {"BINARY": "TEXT", "ARRAY<BINARY>": "TEXT[]", "STRING": "TEXT"}


def write_rows(table: Path, number: int, rows: Iterable[EventRow | LineRow]) -> None:
    """Writes a part's rows as Spark does."""
    table.mkdir(parents=True, exist_ok=True)
    json_file = table / "lines.json"
    json_file.write_bytes(b"".join(msgspec.json.encode(row._asdict()) + b"\n" for row in rows))
    [schema] = {SCHEMAS[type(row)] for row in rows}
    columns = {name: _TEXT.get(type, type) for name, type in (field.split() for field in schema.split(", "))}
    keys = ", [from_base64(key) FOR key IN keys] AS keys" if "keys" in columns else ""
    sql = f"""COPY (SELECT * REPLACE (from_base64(content) AS content{keys})
        FROM read_json(?, format = 'newline_delimited', columns = {columns}))
        TO '{table}/part-{number:05}-made.parquet' (FORMAT parquet)"""
    _database.execute(sql, [str(json_file)])
    json_file.unlink()


def import_findings(record: Record, folder: Path) -> list[str]:
    """Imports a folder of findings; returns, for each file, why it was refused, or an empty string."""
    findings_folder = FindingsFolder(folder)
    importer = FindingsImporter(record, findings_folder, terms_of(findings_folder.about.format), NOW)
    return [result.reason if isinstance(result, InputError) else "" for result in importer.results()]


@pytest.fixture
def small_sizes(monkeypatch: pytest.MonkeyPatch) -> Callable[[random.Random], None]:
    """Makes blocks and parts so small that there are many."""

    def set_sizes(rng: random.Random) -> None:
        monkeypatch.setattr(framing, "BLOCK", rng.choice([300, 700, 5_000, 10**6]))
        monkeypatch.setattr(parts, "PART", rng.choice([300, 3_000]))
        monkeypatch.setattr(parts, "PLAIN_PART", rng.choice([9_000, 30_000, 10**6]))

    return set_sizes


@pytest.mark.long
@pytest.mark.parametrize("seed", range(8))
def test_whatever_the_parts_the_record_is_the_same(
    record: Record, other_record: Record, seed: int, tmp_path: Path, small_sizes: Callable[[random.Random], None]
) -> None:
    rng, content = random.Random(seed), days(seed)
    split = content.index(b"\n", rng.randrange(len(content) - 1000)) + 1
    files = on_disk(tmp_path, content[:split], content[split:])
    import_files(other_record, "jetstream", *files)
    small_sizes(rng)
    rng.shuffle(files)
    assert import_findings(record, write_findings(job_of("jetstream", files), tmp_path / "findings")) == ["", ""]
    assert export_lines(record) == export_lines(other_record)
    assert export_lines(record).count(b'"reaction"') > 100


@pytest.mark.long
@pytest.mark.parametrize("seed", range(12))
def test_in_any_files_and_any_order_too(
    record: Record, other_record: Record, seed: int, tmp_path: Path, small_sizes: Callable[[random.Random], None]
) -> None:
    rng, events = random.Random(seed), random_events.make_events(seed)
    import_files(
        other_record, "jetstream", *on_disk(tmp_path, b"".join(event.line() for event in events), end=".whole")
    )
    small_sizes(rng)
    files = [spark_import.file_of(file, None) for file in files_of(tmp_path, rng, events)]
    assert not any(import_findings(record, write_findings(job_of("jetstream", files), tmp_path / "findings")))
    assert export_lines(record) == export_lines(other_record)


@pytest.mark.parametrize(
    "name",
    ["arxiv-snapshot.jsonl", "car-kettles.car", "eventdata-kettles.jsonl", "hackernews-shapes.jsonl",
     "hackernews-table.parquet", "reddit-dump.jsonl", "x-second.jsonl"],
)  # fmt: skip
@pytest.mark.long
def test_every_format_is_the_same_in_parts(
    record: Record, other_record: Record, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, files = name.partition("-")[0], on_disk(tmp_path, data(f"archives/{name}").read_bytes())
    [expected] = import_files(other_record, kind, *files)
    monkeypatch.setattr(parts, "PLAIN_PART", 700)
    folder = write_findings(job_of(kind, files), tmp_path / "findings")
    [result] = FindingsImporter(record, FindingsFolder(folder), terms_of(kind), NOW).results()
    assert result == expected and export_lines(record) == export_lines(other_record) != b""
    assert (folder / findings.REFERENCES).exists() == (kind in formats.EVENTS)


def test_what_the_record_has_is_referred_to_and_twice_is_once(
    record: Record, other_record: Record, tmp_path: Path
) -> None:
    content = days(3)
    split = content.index(b"\n", len(content) // 2) + 1
    first_file, second_file = on_disk(tmp_path, content[:split], content[split:])
    for store in (record, other_record):
        import_files(store, "jetstream", first_file)
    import_files(other_record, "jetstream", second_file)
    folder = write_findings(job_of("jetstream", [second_file], record), tmp_path / "findings")
    assert import_findings(record, folder) == [""] and export_lines(record) == export_lines(other_record)
    position = record.head.position
    assert import_findings(record, folder) == [""] and record.head.position == position


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["hackernews", "jetstream"])
def test_broken_off_it_goes_on(
    record: Record, other_record: Record, kind: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when mixed with imports of the files themselves."""
    rng = random.Random(seed)
    contents = [days(seed), days(seed + 1)] if kind == "jetstream" else [lines(comments(90)), lines(comments(80, 200))]
    files = on_disk(tmp_path, *contents)
    monkeypatch.setattr(parts, "PLAIN_PART", rng.choice([3_000, 10**6]))
    folder = write_findings(job_of(kind, files), tmp_path / "findings")
    import_files(other_record, kind, *files)
    for module in (event_import, file_import):
        monkeypatch.setattr(module, "MOST_SEEN", rng.choice([5, 20]))
    for _ in range(3):
        with monkeypatch.context() as patch, contextlib.suppress(ProgramStopped):
            stop_before(patch, rng.randrange(1, 6))
            if rng.random() < 0.3:
                import_files(record, kind, *files)
            else:
                import_findings(record, folder)
    assert import_findings(record, folder) == ["", ""]
    assert export_lines(record) == export_lines(other_record)


# ---- missing, duplicated or truncated ------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Findings of two files, in several parts."""
    monkeypatch.setattr(parts, "PLAIN_PART", len(days(5)) // 3)
    return write_findings(job_of("jetstream", on_disk(tmp_path, days(5), days(6))), tmp_path / "findings")


def test_an_absent_or_doubled_part_is_noticed_before_anything_is_written(folder: Path) -> None:
    part = folder / findings.LINES / "part-00001-made.parquet"
    copy = part.with_name("part-00001-again.parquet")
    copy.write_bytes(part.read_bytes())
    with pytest.raises(
        InputError, match=r"lines/part-00001-made\.parquet is not one of the \d parts, or is a duplicate"
    ):
        FindingsFolder(folder)
    copy.unlink()
    part.unlink()
    with pytest.raises(InputError, match=r"1 of \d parts of lines are missing: recreate it"):
        FindingsFolder(folder)


def change_part(folder: Path, table: str, change: str) -> None:
    """Removes or duplicates rows of the first part."""
    part = folder / table / "part-00000-made.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t AS FROM '{part}'")
        connection.execute(f"COPY (SELECT * FROM t WHERE {change}) TO '{part}' (FORMAT parquet)")


@pytest.mark.parametrize("table", [findings.LINES, findings.REFERENCES])
@pytest.mark.parametrize("change", ["number <> 1", "true UNION ALL BY NAME FROM t WHERE number = 1", "kind <> 'end'"])
def test_absent_and_doubled_events_are_noticed_before_anything_is_written(
    record: Record, folder: Path, table: str, change: str
) -> None:
    change_part(folder, table, change)
    with pytest.raises(InputError, match="findings of part 0 are missing or duplicated: recreate "):
        import_findings(record, folder)
    assert record.head.position == 0


@pytest.mark.parametrize("change", ["block <> 1", "true UNION ALL BY NAME FROM t WHERE block = 1", "kind <> 'end'"])
def test_absent_and_doubled_rows_of_lines_are_noticed(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.setattr(framing, "BLOCK", 1_000)
    files = on_disk(tmp_path, lines(comments(90)), lines(comments(80, 200)))
    folder = write_findings(job_of("hackernews", files), tmp_path / "findings")
    change_part(folder, findings.LINES, change)
    first, second = import_findings(record, folder)
    assert "findings of part 0 are missing or duplicated: recreate " in first and second == ""


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "contents"),
    [("jetstream", [days(5), days(6)]), ("hackernews", [lines(comments(9_000)), lines(comments(80, 9_000))])],
)
def test_a_file_that_breaks_off_is_refused_there_and_the_others_go_in(
    record: Record, other_record: Record, tmp_path: Path, kind: str, contents: Sequence[bytes]
) -> None:
    compressed = zstandard.compress(contents[0])
    files = on_disk(tmp_path, compressed[: len(compressed) * 2 // 3], contents[1])
    [reason, other_reason] = import_findings(record, write_findings(job_of(kind, files), tmp_path / "findings"))
    assert reason.startswith("cannot be unpacked: it is truncated; was it copied completely?") and other_reason == ""
    with contextlib.suppress(InputError):
        import_files(other_record, kind, *files)
    assert export_lines(record) == export_lines(other_record)


@pytest.mark.parametrize(("kind", "content"), [("jetstream", days(5)), ("hackernews", lines(comments(90)))])
def test_a_file_that_changed_is_refused(record: Record, tmp_path: Path, kind: str, content: bytes) -> None:
    [file] = on_disk(tmp_path, content)
    job = job_of(kind, [file._replace(altered=lambda: True)])
    [reason] = import_findings(record, write_findings(job, tmp_path / "findings"))
    assert reason.startswith(ALTERED)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "not complete findings"), (b"{}", "not complete findings"), (b"\xff", "not complete findings"),
        (b'{"version":2,"format":"jetstream","files":[],"titles":0,"posts":0,"references":false}', "newer version"),
        (b'{"version":1,"format":"news","files":[],"titles":0,"posts":0,"references":false}', "newer version"),
    ],
)  # fmt: skip
def test_what_is_no_folder_of_findings_is_told(tmp_path: Path, content: bytes | None, reason: str) -> None:
    (tmp_path / findings.ABOUT).mkdir()
    if content is not None:
        (tmp_path / findings.ABOUT / "part-0").write_bytes(content)
    with pytest.raises(InputError, match=reason):
        FindingsFolder(tmp_path)
