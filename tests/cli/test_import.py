"""`import`: what each format brings in, that importing twice adds nothing, and one refused file among several."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard
from msgspec.structs import replace

from hotpapers.base.errors import InputError
from hotpapers.keep.transfer import packed, streams
from hotpapers.wings.classic import format as classic
from hotpapers.wings.tables import parquet
from tests.cli.run import command_line, environment, good, misuse, peak_memory_command, run
from tests.wings.classic import classic_issues


def items(store: Path) -> dict[str, int]:
    figures: dict[str, int] = run("status", "--json", "--store", store).json["items"]
    return {kind: number for kind, number in figures.items() if number}


# ---- classic -------------------------------------------------------------------------------------------


def test_a_listing_goes_in_once(tmp_path: Path) -> None:
    file, store = classic_issues.file(tmp_path), tmp_path / "s.db"
    assert good("import", "classic", file, "--store", store) == "1 listing with 3 places: 1 new\n"
    counts = items(store)
    assert counts == {
        "paper": 3, "listing": 1, "place": 3, "shown": 3, "account": 3, "post": 3, "mention": 3, "tally": 3,
        "publication": 1,
    }  # fmt: skip
    assert good("import", "classic", file, "--store", store) == "1 listing with 3 places: 1 known\n"
    assert items(store) == counts


def test_standard_input_is_a_file_too(tmp_path: Path) -> None:
    output = good("import", "classic", "-", "--store", tmp_path / "s.db", input=classic_issues.text().encode())
    assert output == "1 listing with 3 places: 1 new\n"


def test_other_counts_are_a_later_observation(store: Path, tmp_path: Path) -> None:
    file = classic_issues.file(tmp_path, "2021-03-02", ((812, 1204), (41, 33), (51, 0)))
    output = good("import", "classic", file, "--store", store)
    assert output == (
        f"{file}: 2021-03-02 was imported before with other text or counts; kept as a later observation\n"
        "1 listing with 3 places: 1 later\n"
    )


def test_mojibake_is_repaired_and_reported(tmp_path: Path) -> None:
    file = tmp_path / "broken.md"
    file.write_bytes(classic_issues.text().encode().decode("mac_roman").encode())
    output = good("import", "classic", file, "--store", tmp_path / "s.db")
    assert output == f"{file}: was UTF-8 misread as Mac Roman; repaired\n1 listing with 3 places: 1 new\n"
    assert "1 known" in good("import", "classic", classic_issues.file(tmp_path), "--store", tmp_path / "s.db")


def test_an_unknown_category_is_kept_and_flagged(tmp_path: Path) -> None:
    file = tmp_path / "odd.md"
    file.write_text(classic_issues.text().replace("stat.ML", "stat.TEA"), "utf-8")
    output = good("import", "classic", file, "--store", tmp_path / "s.db")
    assert f"{file}: #3: unknown category stat.TEA, kept\n" in output
    assert good("export", "--records", "--store", tmp_path / "s.db").count('"stat.TEA"') == 6


def test_one_post_with_two_names_in_one_issue(tmp_path: Path) -> None:
    """Both names are kept as shown, and published again."""
    first, second, third = classic_issues.issue().items
    renamed_item = replace(second, posts=(replace(first.posts[0], name="Somebody Else"),))
    issue = replace(classic_issues.issue(), items=(first, renamed_item, third))
    text = classic.render_classic(issue, escape=True)
    good("import", "classic", "-", "--store", tmp_path / "s.db", input=text.encode())
    good("publish", "--all", "--to", "classic", "--output", tmp_path / "out", "--store", tmp_path / "s.db")
    assert (tmp_path / "out" / "2021-03-02---Hot-Papers.md").read_text("utf-8") == text


def test_packed_files_are_unpacked(tmp_path: Path) -> None:
    packed_file = tmp_path / "issue.md.zst"
    packed_file.write_bytes(zstandard.compress(classic_issues.text().encode()))
    assert "1 new" in good("import", "classic", packed_file, "--store", tmp_path / "s.db")


def test_json_has_every_figure_by_name(store: Path, tmp_path: Path) -> None:
    known_file, missing_file = classic_issues.file(tmp_path), tmp_path / "missing.md"
    result = run("import", "classic", known_file, missing_file, "--json", "--store", store)
    assert result.status == 1
    assert result.json == {
        "imported": [
            {
                "file": str(known_file),
                "state": "known",
                "day": "2021-03-02",
                "places": 3,
                "repaired": False,
                "notes": [],
            }
        ],
        "refused": [{"file": str(missing_file), "line": None, "reason": "cannot be read: No such file or directory"}],
    }
    assert result.err == f"hotpapers: refused {missing_file}: cannot be read: No such file or directory\n"


def test_one_refused_file_does_not_stop_the_others(tmp_path: Path) -> None:
    bad = tmp_path / "bad.md"
    bad.write_text(classic_issues.text("2021-03-05").replace("retweets: 51", "retweets: -51"), "utf-8")
    good_ones = [classic_issues.file(tmp_path, day) for day in ("2021-03-04", "2021-03-06")]
    result = run("import", "classic", good_ones[0], bad, tmp_path, good_ones[1], "--store", tmp_path / "s.db")
    assert (result.status, result.out) == (1, "2 listings with 6 places: 2 new\n")
    assert result.err.splitlines() == [
        f"hotpapers: refused {bad}:56: a negative count",
        f"hotpapers: refused {tmp_path}: cannot be read: Is a directory; name the files in it, such as {tmp_path}/*",
    ]


def test_what_was_forgotten_stays_out(store: Path, tmp_path: Path) -> None:
    good("forget", f"x:{classic_issues.post(100).id}", "--yes", "--store", store)
    file = classic_issues.file(tmp_path, "2021-03-02", ((812, 1204), (41, 33), (51, 0)))
    output = good("import", "classic", file, "--store", store)
    assert "were not imported" in output


# ---- JSONL and Parquet ---------------------------------------------------------------------------------


@pytest.fixture
def records_file(store: Path) -> Path:
    """The observations, as JSONL."""
    file = store.parent / "records.jsonl"
    good("export", "--records", "--output", file, "--store", store)
    return file


def test_records_go_in_once(records_file: Path, tmp_path: Path) -> None:
    store = tmp_path / "new.db"
    count = records_file.read_bytes().count(b"\n") - len(("header", "end"))
    assert good("import", "jsonl", records_file, "--store", store) == f"{count} items added, 0 already present\n"
    assert good("import", "jsonl", records_file, "--store", store) == f"0 items added, {count} already present\n"
    output = good("import", "jsonl", records_file, records_file, "--store", store)
    assert output == f"{records_file}: 0 items added, {count} already present\n" * 2
    figures = run("import", "jsonl", records_file, "--json", "--store", store).json
    assert figures["imported"][0]["known"] == count and figures["imported"][0]["file"] == str(records_file)


def test_other_words_of_a_known_moment_are_kept_later(records_file: Path, tmp_path: Path) -> None:
    good("import", "jsonl", records_file, "--store", tmp_path / "new.db")
    content = records_file.read_bytes().replace(b'"likes":33', b'"likes":34')
    output = good("import", "jsonl", "-", "--store", tmp_path / "new.db", input=content)
    assert "3 items with other values for a known moment; kept as later observations\n" in output


def test_records_of_what_was_forgotten_stay_out(store: Path, records_file: Path) -> None:
    good("forget", f"x:{classic_issues.post(100).id}", "--yes", "--store", store)
    output = good("import", "jsonl", records_file, "--store", store)
    assert re.search(r"^\d+ items skipped: forgotten in this store$", output, re.M)
    assert classic_issues.post(100).id not in good("export", "--records", "--store", store)


def test_a_full_export_comes_back_batch_for_batch(store: Path, tmp_path: Path) -> None:
    good("issue", "2021-03-03", "--store", store)
    good("export", "--output", tmp_path / "full.jsonl.zst", "--store", store)
    output = good("import", "jsonl", tmp_path / "full.jsonl.zst", "--store", tmp_path / "new.db")
    assert output == "4 batches restored unchanged, including issues\n"
    assert (
        good("import", "jsonl", tmp_path / "full.jsonl.zst", "--store", tmp_path / "new.db")
        == "4 batches already present\n"
    )
    assert good("verify", "--all", "--store", tmp_path / "new.db").startswith("verified: 1 issue rebuilt, ")
    other_output = good("import", "jsonl", tmp_path / "full.jsonl.zst", "--store", _other_store(tmp_path))
    assert other_output.endswith("1 issue skipped: based on another store's batches\n")


def _other_store(folder: Path) -> Path:
    good("import", "classic", classic_issues.file(folder, "2021-05-05"), "--store", folder / "other.db")
    return folder / "other.db"


def test_several_frames_are_one_file(records_file: Path, tmp_path: Path) -> None:
    lines = records_file.read_bytes().splitlines(keepends=True)
    packed_file = tmp_path / "several.jsonl.zst"
    packed_file.write_bytes(b"".join(zstandard.compress(b"".join(lines[n : n + 20])) for n in range(0, len(lines), 20)))
    assert (
        good("import", "jsonl", packed_file, "--store", tmp_path / "a.db")
        == f"{len(lines) - 2} items added, 0 already present\n"
    )


def test_parquet_from_a_file_from_a_pipe_and_packed(store: Path, tmp_path: Path) -> None:
    table = tmp_path / "records*[1]?.parquet"  # a file name, not a pattern
    (tmp_path / "records2.parquet").write_bytes(b"another file")
    good("export", "--format", "parquet", "--records", "--output", table, "--store", store)
    packed_file = tmp_path / "records.parquet.zst"
    packed_file.write_bytes(zstandard.compress(table.read_bytes()))
    outputs = {"file": good("import", "parquet", table, "--store", tmp_path / "a.db"),
            "packed": good("import", "parquet", packed_file, "--store", tmp_path / "b.db"),
            "pipe": good("import", "parquet", "-", "--store", tmp_path / "c.db", input=table.read_bytes())}  # fmt: skip
    assert len(set(outputs.values())) == 1 and "items added, 0 already present" in outputs["file"]


def test_parquet_without_its_library_says_how_to_get_it(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    message = "Parquet needs DuckDB: pip install 'hotpapers[parquet]'"
    assert misuse("export", "--format", "parquet", "--store", store) == message


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    result = run("import", "parquet", tmp_path / "no.parquet", "--store", tmp_path / "s.db")
    assert result.err == f"hotpapers: refused {tmp_path / 'no.parquet'}: cannot be read: No such file or directory\n"
    with pytest.raises(InputError, match=r"no\.parquet: no such file"):
        list(parquet.parquet_lines(str(tmp_path / "no.parquet"), name=""))


def test_no_store_is_made_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    result = run("import", "classic", classic_issues.file(tmp_path), "--store", tmp_path / "no" / "s.db")
    assert result.status == 2
    assert result.message == f"{tmp_path / 'no'}: no such folder for the store; create it first"


# ---- packed and broken files ---------------------------------------------------------------------------


def test_a_packed_file_that_breaks_off(records_file: Path, tmp_path: Path) -> None:
    packed_file = tmp_path / "cut.jsonl.zst"
    packed_file.write_bytes(zstandard.compress(records_file.read_bytes())[:-20])
    result = run("import", "jsonl", packed_file, "--store", tmp_path / "a.db")
    assert (result.status, result.out) == (1, "")
    assert (
        result.err
        == f"hotpapers: refused {packed_file}: cannot be unpacked: it is truncated; was it copied completely?\n"
    )


def test_a_packed_file_with_other_bytes_in_it(records_file: Path, tmp_path: Path) -> None:
    content = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(records_file.read_bytes()))
    content[len(content) // 2] ^= 0xFF
    (tmp_path / "broken.jsonl.zst").write_bytes(bytes(content))
    result = run("import", "jsonl", tmp_path / "broken.jsonl.zst", "--store", tmp_path / "a.db")
    assert result.status == 1 and result.err.startswith(f"hotpapers: refused {tmp_path / 'broken.jsonl.zst'}:")


def test_what_only_begins_as_if_it_were_packed(tmp_path: Path) -> None:
    file = tmp_path / "odd.jsonl"
    file.write_bytes(b"\x28\xb5\x2f\xfd" + b"\xff" * 100)
    result = run("import", "jsonl", file, "--store", tmp_path / "a.db")
    assert result.status == 1 and result.err.startswith(f"hotpapers: refused {file}: cannot be unpacked: ")


@pytest.mark.long
def test_a_packed_bomb_is_stopped_by_its_first_line(tmp_path: Path) -> None:
    """Four gigabytes of zeros in under 1 MB, read by a process with limited memory."""
    bomb = tmp_path / "bomb.jsonl.zst"
    with bomb.open("wb") as out, zstandard.ZstdCompressor(level=1).stream_writer(out) as packed:
        block = bytes(2**24)
        for _ in range(256):
            packed.write(block)
    assert bomb.stat().st_size < 2**20
    command = peak_memory_command(tmp_path / "peak", "import", "jsonl", bomb, "--store", tmp_path / "a.db")
    process = subprocess.run(command, env=environment(), capture_output=True, check=False)
    assert process.returncode == 1 and b":1: a line longer than " in process.stderr
    assert int((tmp_path / "peak").read_text()) < 400_000


def test_a_closed_standard_input_is_said(tmp_path: Path) -> None:
    line = " ".join([*command_line("import", "jsonl", "-", "--store", tmp_path / "s.db"), "<&-"])
    process = subprocess.run(["sh", "-c", line], env=environment(), capture_output=True, text=True, check=False)
    assert process.returncode == 1 and process.stderr == "hotpapers: refused standard input: is closed\n"


def test_no_standard_input_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputError, match="standard input: is closed"), streams.open_input("-"):
        pass


def test_a_file_that_fails_in_the_midst_is_named() -> None:
    """The file system fails in the middle of a file."""

    class FailingFile(io.RawIOBase):
        def readinto(self, buffer: object) -> int:
            raise OSError(5, "Input/output error")

    stream = io.BufferedReader(packed.CountedInput(FailingFile(), "tape.md", None))
    with pytest.raises(InputError, match=r"tape\.md: cannot be read: Input/output error"):
        stream.read()
