"""Importing archives: output, packed files, pipes, moments, interruptions, and the terms of networks."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import threading
import time
from contextlib import closing
from pathlib import Path

import apsw
import pytest
import zstandard

from hotpapers.base.model import Post
from hotpapers.base.text import timestamps
from hotpapers.keep.transfer import streams
from hotpapers.record import Record
from hotpapers.wings.archives.parts import LONG_WINDOW
from tests.cli.run import command_line, environment, good, misuse, peak_memory_command, run, run_as_user
from tests.collect.sources import bluesky_events as bluesky
from tests.conftest import data
from tests.wings.archives.archive_helpers import DAY_START, bluesky_day, export_lines, lines


@pytest.fixture
def kettles() -> Path:
    return data("archives/jetstream-kettles.jsonl")


@pytest.fixture
def dump() -> Path:
    return data("archives/hackernews-shapes.jsonl")


def exported_items(store: Path | str) -> bytes:
    with Record(str(store)) as record:
        return export_lines(record)


# ---- output --------------------------------------------------------------------------------------------


def test_one_file_and_the_same_again(kettles: Path, tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    assert good("import", "jetstream", kettles, "--store", store) == (
        "12 lines read; added: 1 post, 1 mention, 3 reactions, 0 snapshots\n"
        "1 post in the record marked as gone\n"
        "1 mentioned paper not in the record\n"
        "1 unreadable; see `hotpapers quarantine`\n"
    )
    assert good("import", "jetstream", kettles, "--store", store) == "read by an earlier import\n"
    assert good("import", "jetstream", "-", "--store", store, input=kettles.read_bytes()) == (
        "12 lines read; added: 0 posts, 0 mentions, 0 reactions, 0 snapshots\n"
        "1 unreadable; see `hotpapers quarantine`\n"
    )
    status = run("status", "--json", "--store", store).json
    assert (status["batches"], status["quarantine"], status["items"]["coverage"]) == (1, 1, 0)
    assert good("verify", "--all", "--store", store).startswith("verified: ")


def test_a_dump_given_again_with_another_moment_is_read_again(dump: Path, tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    good("import", "hackernews", dump, "--store", store)
    command = ("import", "hackernews", dump, "--store", store, "--seen-at", "2026-06-01")
    assert " posts, " in good(*command)
    assert good(*command) == "read by an earlier import\n"
    with Record(str(store)) as record:
        view = record.view(timestamps.start_of_day("2026-06-02"))
        assert len(list(view.items(Post))) == len(list(record.view().items(Post))) > 0


def test_several_files_and_one_that_is_refused(kettles: Path, dump: Path, tmp_path: Path) -> None:
    cut_file = tmp_path / "cut.jsonl"
    cut_file.write_bytes(lines(bluesky_day(2))[:-10])
    result = run("import", "jetstream", kettles, dump, cut_file, "--store", tmp_path / "s.db")
    assert (result.status, result.out.splitlines()) == (1, [
        f"{kettles}: 12 lines read; added: 1 post, 1 mention, 3 reactions, 0 snapshots",
        f"{kettles}: 1 post in the record marked as gone",
        f"{kettles}: 1 mentioned paper not in the record",
        f"{kettles}: 1 unreadable; see `hotpapers quarantine`",
        f"{cut_file}: 10 lines read; added: 2 posts, 2 mentions, 4 reactions, 0 snapshots",
        f"{cut_file}: 2 mentioned papers not in the record",
        f"{cut_file}: the last line is cut off and was skipped",
    ])  # fmt: skip
    assert result.err == (
        f"hotpapers: refused {dump}: not in the format jetstream: none of its lines can be read"
        " (Object missing required field `did`); it looks like Hacker News: hotpapers import hackernews\n"
    )


def test_every_figure_by_name(dump: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing.jsonl"
    result = run(
        "import", "hackernews", dump, missing, "--json", "--seen-at", "2026-01-01", "--store", tmp_path / "s.db"
    )
    assert result.status == 1 and result.json == {
        "imported": [
            {
                "file": str(dump), "whole": False, "lines": 18, "before": 0, "stored_until": 0, "cut": False,
                "papers": 0, "posts": 5, "mentions": 5, "reactions": 0, "snapshots": 2, "gone": 2, "quarantined": 3,
                "refused": 0, "unknown": 5,
            }
        ],
        "refused": [{"file": str(missing), "line": None, "reason": "cannot be read: No such file or directory"}],
    }  # fmt: skip


def test_a_dump_was_made_when_it_is_said_or_else_when_its_file_was(dump: Path, tmp_path: Path) -> None:
    copy = tmp_path / "dump.jsonl"
    copy.write_bytes(dump.read_bytes())
    os.utime(copy, (1_760_000_000, 1_760_000_000))
    good("import", "hackernews", copy, "--store", tmp_path / "a.db")
    assert b'"observed_at":1760000000000000,' in exported_items(tmp_path / "a.db")
    for seen_at, moment in (("2026-01-02", b"1767312000000000"), ("2026-01-02T01:00:00+01:00", b"1767312000000000")):
        store = tmp_path / f"{len(seen_at)}.db"
        good("import", "hackernews", copy, "--seen-at", seen_at, "--store", store)
        assert b'"observed_at":' + moment in exported_items(store) and b"1760000000000000" not in exported_items(store)


@pytest.mark.parametrize("format_", ["jetstream", "car", "classic"])
def test_when_something_was_seen_is_not_asked_where_it_is_known(format_: str, tmp_path: Path) -> None:
    result = run("import", format_, "x.jsonl", "--seen-at", "2026-01-01", "--store", tmp_path / "s.db")
    assert result.status == 2 and "No such option '--seen-at'." in result.err
    assert not (tmp_path / "s.db").exists()


@pytest.mark.parametrize(
    ("day", "reason"), [("soon", "not a date such as 2026-07-01"), ("2199-01-01", "in the future")]
)
def test_a_day_that_is_none(day: str, reason: str, tmp_path: Path) -> None:
    result = run("import", "x", "x.jsonl", "--seen-at", day, "--store", tmp_path / "s.db")
    assert result.status == 2 and reason in result.err


def test_what_was_forgotten_stays_out(kettles: Path, tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    good("import", "jetstream", kettles, "--store", store)
    good("forget", "bluesky:did:plc:madeupteapot0000000000bb", "--yes", "--store", store)
    output = good("import", "jetstream", "-", "--store", store, input=kettles.read_bytes())
    assert "2 items skipped: forgotten in this store\n" in output
    assert "added: 0 posts, 0 mentions, 0 reactions, 0 snapshots" in output


def test_a_network_that_is_not_to_be_read_is_not(cwd: Path, dump: Path) -> None:
    (cwd / "hotpapers.toml").write_text('[terms.hackernews]\nread = "no"\n')
    message = misuse("import", "hackernews", dump)
    assert message == 'hackernews is disabled in your settings: [terms.hackernews] read = "no"'
    (cwd / "hotpapers.toml").write_text("[terms.hackernews]\nkeep = 36500\n")
    good("import", "hackernews", dump, "--seen-at", "2026-01-01")
    assert run("status", "--json").json["raw"] == 5


def test_a_file_that_nobody_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret.jsonl"
    file.write_text("{}")
    file.chmod(0)
    result = run_as_user("import", "reddit", file, "--store", tmp_path / "s.db")
    assert (result.status, result.err) == (1, f"hotpapers: refused {file}: cannot be read: Permission denied\n")


def test_a_folder_that_cannot_be_written_is_named_not_what_was_to_be_in_it(kettles: Path, tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    Record(str(folder / "s.db")).database.close()
    folder.chmod(0o500)
    result = run_as_user("import", "jetstream", kettles, "--store", folder / "s.db")
    folder.chmod(0o700)
    assert result.status == 1 and result.message == f"{folder}: cannot be written: Permission denied"


# ---- packed and piped --------------------------------------------------------------------------------------


@pytest.mark.long
def test_packed_files_and_pipes_are_the_same(tmp_path: Path) -> None:
    content = lines(bluesky_day(30))
    parameters = zstandard.ZstdCompressionParameters(window_log=28, enable_ldm=True, write_content_size=False)
    files = {
        "plain.jsonl": content,
        "gzip.jsonl.gz": gzip.compress(content[:3000]) + gzip.compress(content[3000:]),
        "zstd.jsonl.zst": zstandard.compress(content),
        "long.jsonl.zst": zstandard.ZstdCompressor(compression_params=parameters).compress(content),
    }
    exports = set()
    for name, file_content in files.items():
        (tmp_path / name).write_bytes(file_content)
        output = good("import", "jetstream", tmp_path / name, "--store", tmp_path / f"{name}.db")
        assert output.startswith(f"{len(bluesky_day(30))} lines read; ")
        exports.add(exported_items(tmp_path / f"{name}.db"))
        assert good("import", "jetstream", tmp_path / name, "--store", tmp_path / f"{name}.db").startswith("read by")
    pipe_output = good("import", "jetstream", "-", "--store", tmp_path / "pipe.db", input=files["gzip.jsonl.gz"])
    assert pipe_output.startswith(f"{len(bluesky_day(30))} lines read; ")
    assert {*exports, exported_items(tmp_path / "pipe.db")} == exports and len(exports) == 1


@pytest.mark.long
@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_packed_file_that_breaks_off_is_said_and_what_came_before_is_in(pack: object, tmp_path: Path) -> None:
    content = b"".join(lines(bluesky_day(60, day, edits=False)) for day in range(12))
    packed = pack(content)  # type: ignore[operator]
    file = tmp_path / "cut.jsonl.packed"
    file.write_bytes(packed[: len(packed) * 9 // 10])
    result = run("import", "jetstream", file, "--store", tmp_path / "s.db")
    assert (result.status, result.out) == (1, "")
    assert result.err.startswith(
        f"hotpapers: refused {file}: cannot be unpacked: it is truncated; was it copied completely?; "
    )
    assert result.err.endswith(" lines before that were imported\n")
    assert exported_items(tmp_path / "s.db").count(b'{"kind":"mention"') > 500
    file.write_bytes(packed)
    assert "lines read; added: " in good("import", "jetstream", file, "--store", tmp_path / "s.db")
    (tmp_path / "plain.jsonl").write_bytes(content)
    good("import", "jetstream", tmp_path / "plain.jsonl", "--store", tmp_path / "plain.db")
    assert exported_items(tmp_path / "plain.db") == exported_items(tmp_path / "s.db")


@pytest.mark.parametrize("format_", ["jetstream", "parquet"])
def test_a_pipe_with_a_name_is_read_once(format_: str, kettles: Path, tmp_path: Path) -> None:
    file, pipe, stores = kettles, tmp_path / "pipe", [tmp_path / "a.db", tmp_path / "b.db"]
    if format_ == "parquet":
        good("import", "jetstream", kettles, "--store", tmp_path / "s.db")
        file = tmp_path / "s.parquet"
        good("export", "--format", "parquet", "--output", file, "--store", tmp_path / "s.db")
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(file.read_bytes(),), daemon=True)
    writer.start()
    assert good("import", format_, pipe, "--store", stores[0]) == good("import", format_, file, "--store", stores[1])
    writer.join()
    assert exported_items(stores[0]) == exported_items(stores[1])


def test_jsonl_may_be_gzip_too(kettles: Path, tmp_path: Path) -> None:
    good("import", "jetstream", kettles, "--store", tmp_path / "a.db")
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(exported_items(tmp_path / "a.db")))
    good("import", "jsonl", tmp_path / "a.jsonl.gz", "--store", tmp_path / "b.db")
    assert exported_items(tmp_path / "b.db") == exported_items(tmp_path / "a.db")


def test_more_memory_than_allowed_is_not_taken_for_other_formats(tmp_path: Path) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=28, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    file = tmp_path / "long.jsonl.zst"
    file.write_bytes(packer.compress(b"x" * 2**20) + packer.flush())
    with streams.open_input(str(file), window=LONG_WINDOW) as stream:
        assert len(stream.read()) == 2**20
    result = run("import", "jsonl", file, "--store", tmp_path / "s.db")
    assert result.status == 1 and "cannot be unpacked: " in result.err and "memory" in result.err


# ---- interrupted ---------------------------------------------------------------------------------------------


def write_talk(path: Path, days: int) -> Path:
    """A file with this many days' talk; most of its lines name no paper."""
    noise = bluesky.create(bluesky.BERT, bluesky.post("Nothing but weather " * 20), time=DAY_START) + b"\n"
    with path.open("wb") as out:
        for day in range(days):
            out.write(lines(bluesky_day(60, day, edits=False)))
            out.write(noise * 300)
    return path


@pytest.mark.long
@pytest.mark.parametrize(("sign", "status"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)], ids=str)
def test_stopped_in_the_midst_it_goes_on_and_nothing_is_lost(sign: signal.Signals, status: int, tmp_path: Path) -> None:
    file, store = write_talk(tmp_path / "much.jsonl", 40), tmp_path / "s.db"
    child = subprocess.Popen(
        command_line("import", "jetstream", file, "--store", store), env=environment(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while child.poll() is None and not batches(store):
        time.sleep(0.005)
    child.send_signal(sign)
    out, err = child.communicate(timeout=60)
    assert (child.returncode, out) == (status, "") and "Traceback" not in err
    if sign == signal.SIGINT:
        assert err == "\nhotpapers: interrupted; finished work is kept. Run the same command again to resume.\n"
    assert good("import", "jetstream", file, "--store", store).startswith("resumed after 20")
    good("import", "jetstream", file, "--store", tmp_path / "alone.db")
    assert exported_items(store) == exported_items(tmp_path / "alone.db")
    good("verify", "--all", "--store", store)


def batches(store: Path) -> int:
    try:
        with closing(apsw.Connection(str(store), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
            return int(connection.execute("SELECT count(*) FROM batch").get)
    except apsw.Error:  # it or its tables don't exist yet, or it is locked
        return 0


@pytest.mark.long
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    resident = []
    for days in (5, 60):
        file = write_talk(tmp_path / f"{days}.jsonl", days)
        command = peak_memory_command(
            tmp_path / "peak", "import", "jetstream", file, "--store", tmp_path / f"{days}.db"
        )
        subprocess.run(command, env=environment(), check=True, capture_output=True)
        resident.append(int((tmp_path / "peak").read_text()))
    assert resident[1] < resident[0] + 60_000 and resident[1] < 250_000
