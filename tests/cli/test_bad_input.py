"""Bad input is refused with its file, line and reason. None of it is imported, and little memory is used."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from hotpapers.base.model import MAX_INTEGER
from tests.cli.run import environment, good, peak_memory_command, run
from tests.wings.classic import classic_issues

RESIDENT = 400_000
"""The memory in kB that a command may use, whatever its input."""
GIGABYTE = 2**30


def refusal(format_: str, file: Path) -> tuple[int | None, str]:
    """The line and the reason of a refused file. Checks that the store stays empty."""
    store = file.parent / "refused.db"
    result = run("import", format_, file, "--json", "--store", store)
    [problem] = result.json["refused"]
    line = f":{problem['line']}" if problem["line"] is not None else ""
    assert result.status == 1 and result.json["imported"] == [] and problem["file"] == str(file)
    assert result.err == f"hotpapers: refused {file}{line}: {problem['reason']}\n"
    assert sum(run("status", "--json", "--store", store).json["items"].values()) == 0
    return problem["line"], problem["reason"]


# ---- classic -------------------------------------------------------------------------------------------

CLASSIC_FILE = classic_issues.text().encode()
LINES = CLASSIC_FILE.split(b"\n")


def line_of(part: bytes) -> int:
    """The number of the first line that contains these bytes."""
    return CLASSIC_FILE[: CLASSIC_FILE.index(part)].count(b"\n") + 1


def edit(old: bytes, new: bytes) -> bytes:
    assert old in CLASSIC_FILE
    return CLASSIC_FILE.replace(old, new, 1)


CLASSIC: list[tuple[str, bytes, int | None, str]] = [
    ("nothing", b"", None, "the file is empty"),
    ("not UTF-8", edit("Čeněk".encode(), b"\xc8en\xeck"), line_of(b"Brewster"), "not UTF-8"),
    ("another format", b"# Notes\n\nto my aunt\n", 1, "expected '---', found '# Notes'"),
    ("cut in a line", CLASSIC_FILE[:700], CLASSIC_FILE[:700].count(b"\n") + 1, "the file ends in the middle of a line"),
    ("cut after a line", b"\n".join(LINES[:21]) + b"\n", 21, "the file ends"),
    ("a number twice", edit(b"# 2. Kettle", b"# 1. Kettle"), line_of(b"# 2. "), "expected item 2, found item 1: a duplicate"),  # noqa: E501
    ("a paper twice", CLASSIC_FILE.replace(b"2103.90002", b"2103.90001"), None, "2103.90001 is listed twice"),
    ("no date", CLASSIC_FILE.replace(b"2021-03-02", b"2021-02-30"), 2, "2021-02-30 is not a date"),
    ("no moment", edit(b"03/02/2021 23:15:09", b"03/02/2021 24:15:09"), line_of(b"- retweets"), "not a valid time"),
    ("a negative count", edit(b"favorites: 1204", b"favorites: -4"), line_of(b"- retweets"), "a negative count"),
    ("a huge count", edit(b"retweets: 812", b"retweets: %d" % (MAX_INTEGER + 1)), line_of(b"- retweets"), "a count above 9,007,199,254,740,991"),  # noqa: E501
    ("an endless count", edit(b"retweets: 812", b"retweets: " + b"9" * 5000), line_of(b"- retweets"), "count"),
    ("no id", CLASSIC_FILE.replace(b"2103.90001", b"2113.90001"), line_of(b"- links"), "not an arXiv identifier"),
    ("HTML", edit(b"We boil", b"We <b>boil</b>"), line_of(b"We boil"), "expected text, found HTML: '<b>boil</b>"),
    ("a script", edit(b"Ada Brewster", b"<script>alert(1)</script>"), line_of(b"Ada"), "expected text, found HTML"),
    ("an escape", edit(b"We boil", b"We \x1b[31mboil"), line_of(b"We boil"), "a character that is not allowed in this format: U+001B"),  # noqa: E501
    ("a long line", edit(b"We boil", b"We boil" * 200_000), line_of(b"We boil"), "a line longer than 1,048,576"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "line", "reason"), [case[1:] for case in CLASSIC], ids=[case[0] for case in CLASSIC])
def test_a_classic_file_that_is_none(tmp_path: Path, data: bytes, line: int | None, reason: str) -> None:
    file = tmp_path / "issue.md"
    file.write_bytes(data)
    number, message = refusal("classic", file)
    assert number == line and reason in message
    assert len(message) < 300 and message.isprintable()


def test_the_largest_count_goes_in(tmp_path: Path) -> None:
    counts = ((MAX_INTEGER, 0), (0, 51))
    file, out = classic_issues.file(tmp_path, "2021-03-02", counts), tmp_path / "out"
    good("import", "classic", file, "--store", tmp_path / "s.db")
    good("publish", "--all", "--to", "classic", "--output", out, "--store", tmp_path / "s.db")
    assert (out / file.name).read_bytes() == file.read_bytes()


# ---- JSONL ---------------------------------------------------------------------------------------------


@pytest.fixture
def records(store: Path) -> list[dict[str, Any]]:
    """The lines of an export of the observations."""
    return [json.loads(line) for line in good("export", "--records", "--store", store).splitlines()]


def first_record(records: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(line for line in records if line["kind"] == kind)


def records_refusal(folder: Path, records: list[dict[str, Any]]) -> tuple[int | None, str]:
    file = folder / "records.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in records), "utf-8")
    return refusal("jsonl", file)


Change = Callable[[dict[str, Any]], object]
RECORDS: list[tuple[str, Change, str]] = [
    ("tally", lambda line: line.update(likes=-1), "negative"),
    ("tally", lambda line: line.update(likes=MAX_INTEGER + 1), "2^53 - 1"),
    ("tally", lambda line: line.update(likes=10**30), ""),
    ("tally", lambda line: line.update(likes=1.5), "`int`"),
    ("tally", lambda line: line.update(likes="7"), "`int`"),
    ("tally", lambda line: line.pop("likes"), "`likes`"),
    ("tally", lambda line: line.update(paper="2103.90001"), "2103.90001"),
    ("tally", lambda line: line.update(paper="arxiv:2113.90001"), "2113.90001"),
    ("tally", lambda line: line.update(retweets=7), "`retweets`"),
    ("tally", lambda line: line.update(observed_at=MAX_INTEGER + 1), "2^53 - 1"),
    ("place", lambda line: line.update(place=-1), "negative"),
    ("place", lambda line: line.update(day="2021-02-30"), "2021-02-30"),
    ("listing", lambda line: line.update(day="yesterday"), "yesterday"),
    ("post", lambda line: line.update(post="no key"), "no key"),
    ("publication", lambda line: line.update(window="hourly"), "hourly"),
    ("publication", lambda line: line.update(hour=24), "24"),
    ("publication", lambda line: line.update(zone="Mars/Base"), "Mars/Base"),
    ("post", lambda line: line.update(kind="poem"), "poem"),
    ("post", lambda line: line.update(kind=7), "not an object with a kind"),
]


@pytest.mark.parametrize(("kind", "change", "reason"), RECORDS, ids=[f"{k} {n}" for n, (k, _, _) in enumerate(RECORDS)])
def test_a_line_that_is_no_item(
    tmp_path: Path, records: list[dict[str, Any]], kind: str, change: Change, reason: str
) -> None:
    line = first_record(records, kind)
    expected = records.index(line) + 1
    change(line)
    line_number, message = records_refusal(tmp_path, records)
    assert line_number == expected and reason in message
    assert len(message) < 400 and message.isprintable()


def test_what_is_no_export(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    assert records_refusal(tmp_path, [])[1].startswith("not in the exchange format: ")
    assert records_refusal(tmp_path, records[1:])[0] == 1
    newer_header = {**records[0], "version": 99}
    assert records_refusal(tmp_path, [newer_header]) == (1, "version 99 of the format is not supported, only version 1")
    other_header = {**records[0], "format": "somebody-elses"}
    assert records_refusal(tmp_path, [other_header])[0] == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\n", "not JSON"), (b"{\n", "not JSON"), (b"[]\n", "not an object"), (b"7\n", "not an object"),
        (b'{"kind":"post"', "not JSON"), (b"[" * 100_000 + b"\n", "not JSON"), (b"NaN\n", "not JSON"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_json(tmp_path: Path, records: list[dict[str, Any]], data: bytes, reason: str) -> None:
    file = tmp_path / "records.jsonl"
    file.write_bytes("".join(json.dumps(line) + "\n" for line in records[:5]).encode() + data)
    line, message = refusal("jsonl", file)
    assert line == 6 and message.startswith(reason)


def test_an_export_that_was_cut_off_or_changed(store: Path, tmp_path: Path) -> None:
    good("issue", "--store", store)
    lines = good("export", "--store", store).encode().splitlines(keepends=True)
    file = tmp_path / "full.jsonl"
    for data in (lines[: len(lines) // 2], lines[:-3]):
        file.write_bytes(b"".join(data))
        result = run("import", "jsonl", file, "--store", tmp_path / "new.db")
        assert result.status == 1 and result.err.startswith(f"hotpapers: refused {file}:")
        assert re.fullmatch(rf"{file}: \d+ batch(es)? restored, up to the refused line\n", result.out)
    index = next(n for n, line in enumerate(lines) if b'"tally"' in line)
    file.write_bytes(b"".join([*lines[:index], lines[index].replace(b'"likes":', b'"likes":1'), *lines[index + 1 :]]))
    result = run("import", "jsonl", file, "--store", tmp_path / "other.db")
    assert result.status == 1 and "To import changed items, export with --records." in result.err
    # Everything before it was imported, and the good file adds the rest.
    file.write_bytes(b"".join(lines))
    for name in ("new.db", "other.db"):
        good("import", "jsonl", file, "--store", tmp_path / name)
        assert good("verify", "--all", "--store", tmp_path / name) == good("verify", "--all", "--store", store)


def test_a_table_that_is_none(tmp_path: Path) -> None:
    file = tmp_path / "notes.parquet"
    file.write_text("PAR1 and nothing else")
    line, message = refusal("parquet", file)
    assert line is None and message.startswith("not a Parquet export: ")


def test_a_table_from_a_pipe_that_is_none(tmp_path: Path) -> None:
    result = run("import", "parquet", "-", "--store", tmp_path / "s.db", input=b"PAR1 and nothing else")
    assert result.status == 1 and result.err.startswith("hotpapers: refused standard input: not a Parquet export: ")
    assert "/hotpapers-" not in result.err  # the temporary file doesn't concern the reader


def test_a_table_of_others(tmp_path: Path) -> None:
    import duckdb

    file = tmp_path / "others.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 1 AS a) TO '{file}' (FORMAT parquet)")
    assert refusal("parquet", file)[1].startswith("not a Parquet export: ")


# ---- a line of a gigabyte ------------------------------------------------------------------------------


def feed(peak: Path, *args: str | Path, start: bytes, block: bytes, size: int) -> tuple[int, str, int, int]:
    """Feed a command through a pipe. Returns exit status, standard error, peak memory in kB (through the file `peak`),
    and the number of bytes it read."""
    command, pipe = peak_memory_command(peak, *args), subprocess.PIPE
    child = subprocess.Popen(command, env=environment(), stdin=pipe, stdout=subprocess.DEVNULL, stderr=pipe)
    assert child.stdin is not None and child.stderr is not None
    size_read = 0
    with suppress(BrokenPipeError):  # the command has read enough
        child.stdin.write(start)
        while size_read < size:
            size_read += child.stdin.write(block)
        child.stdin.close()
    err = child.stderr.read().decode()
    for pipe_end in (child.stdin, child.stderr):
        with suppress(BrokenPipeError):
            pipe_end.close()
    return child.wait(), err, int(peak.read_text()), size_read


@pytest.mark.long
def test_a_gigabyte_of_one_line_as_a_classic_file(tmp_path: Path) -> None:
    start = CLASSIC_FILE[: CLASSIC_FILE.index(b"We boil")]
    status, err, resident, size_read = feed(
        tmp_path / "peak", "import", "classic", "-", "--store", tmp_path / "s.db",
        start=start, block=b"kettle " * 150_000, size=GIGABYTE,
    )  # fmt: skip
    line = start.count(b"\n") + 1
    assert status == 1
    assert err == f"hotpapers: refused standard input:{line}: a line longer than 1,048,576\n"
    assert resident < RESIDENT and size_read < GIGABYTE // 8


@pytest.mark.long
def test_a_gigabyte_of_one_line_as_jsonl(tmp_path: Path) -> None:
    header = b'{"kind":"header","format":"hotpapers-record","version":1,"full":false}\n'
    status, err, resident, size_read = feed(
        tmp_path / "peak", "import", "jsonl", "-", "--store", tmp_path / "s.db",
        start=header + b'{"kind":"post","text":"', block=b"kettle " * 150_000, size=GIGABYTE,
    )  # fmt: skip
    assert status == 1 and err.startswith("hotpapers: refused standard input:2: a line longer than ")
    assert resident < RESIDENT and size_read < GIGABYTE // 8


@pytest.mark.long
def test_a_very_long_line_is_searched_through(tmp_path: Path) -> None:
    """A sparse file: a quarter of a gigabyte of zeros, then a paper."""
    file = tmp_path / "sparse.txt"
    with file.open("wb") as out:
        out.seek(GIGABYTE // 4)
        out.write(b" arXiv:2101.04869\n")
    command = peak_memory_command(tmp_path / "peak", "find", file)
    process = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert (process.returncode, process.stdout) == (0, f"2101.04869  prose at {GIGABYTE // 4 + 1}\n")
    assert int((tmp_path / "peak").read_text()) < RESIDENT
