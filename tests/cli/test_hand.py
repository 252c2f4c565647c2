"""`export` and `backup`: handing out a whole record and restoring it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import zstandard

from hotpapers.base.errors import StoreError
from hotpapers.base.file_modes import temporary_files
from hotpapers.keep.transfer import streams
from tests.cli.run import failure, good, misuse, run, run_as_user
from tests.disks import small_disk
from tests.wings.classic import classic_issues


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


# ---- export --------------------------------------------------------------------------------------------


def test_an_export_is_lines_of_json_and_stable(store: Path) -> None:
    output = good("export", "--store", store)
    assert good("export", "--format", "jsonl", "--store", store) == output
    header, *rest = lines(output)
    assert header["kind"] == "header" and header["full"] is True
    assert sum(line["kind"] == "batch" for line in rest) == 3


def test_records_alone_hold_no_batches_no_issues_and_no_secret(demo: Path) -> None:
    output = good("export", "--records", "--store", demo)
    header, *rest = lines(output)
    assert (header["kind"], header["format"], header["full"], header["secret"]) == (
        "header",
        "hotpapers-record",
        False,
        "",
    )
    assert rest.pop() == {"kind": "end"}
    kinds = {line["kind"] for line in rest}
    assert kinds == {"paper", "listing", "place", "shown", "post", "mention", "tally", "publication"}
    assert good("export", "--records", "--store", demo) == output


def test_an_output_file_is_whole_and_packed_by_its_name(store: Path, tmp_path: Path) -> None:
    export = good("export", "--store", store)
    good("export", "--output", tmp_path / "a.jsonl", "--store", store)
    good("export", "--output", tmp_path / "a.jsonl.zst", "--store", store)
    assert (tmp_path / "a.jsonl").read_text("utf-8") == export
    content = (tmp_path / "a.jsonl.zst").read_bytes()
    assert zstandard.ZstdDecompressor().decompressobj().decompress(content).decode() == export
    assert not list(tmp_path.glob("*.part"))


def import_unlisted_posts(folder: Path, store: Path) -> Path:
    """The store with a post on X and one on Bluesky that are in no listing."""
    header = {"kind": "header", "format": "hotpapers-record", "version": 1, "full": False}
    posts = [
        {"kind": "post", "observed_at": 1, "post": f"{network}:77", "network": network, "account": f"{network}:7",
         "created_at": 1, "text": f"Whispered on {network}", "handle": "whisperer"}
        for network in ("x", "bluesky")
    ]  # fmt: skip
    file = folder / "posts.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in [header, *posts]), "utf-8")
    good("import", "jsonl", file, "--store", store)
    return file


WITHHELD_MESSAGE = (
    "hotpapers: 1 row exported without words and names, as required by the terms of X (Twitter); "
    "--all-words includes them\n"
)


@pytest.mark.parametrize("records", [[], ["--records"]])
def test_an_export_keeps_back_what_the_terms_want(store: Path, tmp_path: Path, records: list[str]) -> None:
    import_unlisted_posts(tmp_path, store)
    result = run("export", *records, "--store", store)
    assert (result.status, result.err) == (0, WITHHELD_MESSAGE)
    assert "Whispered on bluesky" in result.out and "Whispered on x" not in result.out
    assert '"post":"x:77"' in result.out and "Kettle 100 is out" in result.out
    assert "Whispered on x" in good("export", *records, "--all-words", "--store", store)
    file_result = run("export", *records, "--output", tmp_path / "a.jsonl", "--store", store)
    assert (file_result.err, (tmp_path / "a.jsonl").read_text("utf-8")) == (WITHHELD_MESSAGE, result.out)
    parquet_result = run(
        "export", *records, "--format", "parquet", "--output", tmp_path / "a.parquet", "--store", store
    )
    assert parquet_result.err == WITHHELD_MESSAGE


def test_what_was_kept_back_verifies_where_it_is_taken_in(store: Path, tmp_path: Path) -> None:
    import_unlisted_posts(tmp_path, store)
    good("issue", "2021-03-02", "--store", store)
    run("export", "--output", tmp_path / "a.jsonl", "--store", store)
    good("import", "jsonl", tmp_path / "a.jsonl", "--store", tmp_path / "new.db")
    output = good("verify", "--all", "--store", tmp_path / "new.db")
    assert output.startswith("verified, 1 row without words: 1 issue rebuilt, ")
    assert run("verify", "--all", "--json", "--store", tmp_path / "new.db").json["withheld"] == 1
    result = run("export", "--all-words", "--store", tmp_path / "new.db")
    assert result.out == (tmp_path / "a.jsonl").read_text("utf-8") and not result.err


def test_what_an_export_keeps_back_is_a_setting(store: Path, tmp_path: Path) -> None:
    import_unlisted_posts(tmp_path, store)
    file = tmp_path / "other.toml"
    file.write_text('[terms.x]\nexported = "facts"\n[terms.bluesky]\nexported = "ids"\n')
    result = run("export", "--records", "--store", store, "--config", file)
    assert result.err == WITHHELD_MESSAGE.replace("X (Twitter)", "Bluesky")
    assert "Whispered on x" in result.out and "Whispered on bluesky" not in result.out


def test_a_backup_is_whole_whatever_the_terms(store: Path, tmp_path: Path) -> None:
    import_unlisted_posts(tmp_path, store)
    good("backup", tmp_path / "copy.db", "--store", store)
    assert "Whispered on x" in good("export", "--all-words", "--store", tmp_path / "copy.db")


def test_csv_lists_the_entries_of_every_issue(demo: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(good("export", "--format", "csv", "--store", demo))))
    assert len(rows) == 81
    [leader] = [row for row in rows if (row["day"], row["place"]) == ("2021-05-11", "1")]
    assert leader == {
        "publication": "hot-papers", "day": "2021-05-11", "edition": "1", "place": "1", "classic_rank": "1",
        "paper": "2105.04026", "score": "2010", "voices": "439", "reposts": "5214", "likes": "439",
        "title": "The Modern Mathematics of Deep Learning",
        "authors": "Julius Berner; Philipp Grohs; Gitta Kutyniok; Philipp Petersen", "categories": "cs.LG stat.ML",
        "digest": leader["digest"],
    }  # fmt: skip
    assert run("issue", "2021-05-11", "--json", "--store", demo).json["digest"] == leader["digest"]


def test_bibtex_has_every_paper_once(demo: Path) -> None:
    output = good("export", "--format", "bibtex", "--store", demo)
    assert output.count("@misc{") == 81
    assert output.count("  eprint = {2105.04026},\n") == 1


def test_misuse_of_export_says_what_goes(store: Path, tmp_path: Path) -> None:
    assert misuse("export", "--format", "csv", "--records", "--store", store) == (
        "--records works only with --format jsonl or parquet"
    )
    assert misuse("export", "--format", "bibtex", "--all-words", "--store", store) == (
        "--all-words works only with --format jsonl or parquet"
    )
    assert misuse("export", "--output", store, "--store", store) == f"{store}: is the store itself; name another file"
    assert "is the store itself" in misuse("export", "--output", f"{store}.forgotten", "--store", store)
    assert misuse("export", "--output", tmp_path / "no" / "a", "--store", store) == (
        f"{tmp_path / 'no' / 'a'}: cannot be written: No such file or directory"
    )
    assert "no such store" in misuse("export", "--store", tmp_path / "no.db")


def test_an_export_in_whose_midst_somebody_was_forgotten_says_so(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"half"
        [part] = temporary_files(tmp_path, "copy")
        part.unlink()  # as `forget` does

    with pytest.raises(StoreError, match=r"a\.jsonl: not written, because `hotpapers forget` ran meanwhile"):
        streams.write_file(tmp_path / "a.jsonl", chunks())
    assert not list(tmp_path.iterdir())


def test_a_device_or_pipe_is_written_to_and_never_replaced(store: Path, tmp_path: Path) -> None:
    """The superuser could replace /dev/null with a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as reader:
        content = reader.submit(pipe.read_bytes)
        good("export", "--output", pipe, "--store", store)
        assert content.result(30).decode() == good("export", "--store", store)
    assert misuse("backup", pipe, "--store", store) == f"{pipe}: is not a file; name another one"
    streams.require_writable(pipe, own=re.compile(b"x"), force=False)
    assert pipe.is_fifo() and not list(tmp_path.glob("pipe?*"))


def test_a_disk_that_is_full_leaves_the_file_as_it_was(store: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "2m") as disk:
        good("export", "--output", disk / "a.jsonl", "--store", store)
        before = (disk / "a.jsonl").read_bytes()
        (disk / "others").write_bytes(bytes(shutil.disk_usage(disk).free - 4096))
        message = failure("export", "--output", disk / "a.jsonl", "--store", store)
        assert message == f"{disk / 'a.jsonl'}: cannot be written: No space left on device"
        assert (disk / "a.jsonl").read_bytes() == before
        assert {path.name for path in disk.iterdir()} == {"a.jsonl", "others"}


def test_forgetting_names_exports_and_backups_that_were_made(store: Path, tmp_path: Path) -> None:
    good("export", "--store", store)
    good("export", "--format", "parquet", "--output", tmp_path / "a.parquet", "--store", store)
    good("export", "--format", "csv", "--store", store)
    good("backup", tmp_path / "a.db", "--store", store)
    output = good("forget", f"x:{classic_issues.post(100).id}", "--yes", "--store", store)
    assert output.splitlines()[1:] == [
        f"out of reach: backup {(tmp_path / 'a.db').resolve()}",
        f"out of reach: export {(tmp_path / 'a.parquet').resolve()}",
        "out of reach: export to standard output",
    ]


# ---- backup --------------------------------------------------------------------------------------------


def test_a_backup_is_a_store_itself(demo: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    position = run("status", "--json", "--store", demo).json["batches"]
    assert good("backup", copy, "--store", demo) == f"{copy}: the record up to batch {position}\n"
    assert good("verify", "--all", "--store", copy) == good("verify", "--all", "--store", demo)
    result = run("backup", copy, "--json", "--store", demo)
    assert result.json == {"backup": str(copy), "position": position}


def test_a_backup_is_put_back(store: Path, tmp_path: Path) -> None:
    copy, new = tmp_path / "copy.db", tmp_path / "new.db"
    good("backup", copy, "--store", store)
    assert good("backup", copy, "--restore", "--as-backed-up", "--store", new) == "restored: the record up to batch 3\n"
    assert good("export", "--records", "--store", new) == good("export", "--records", "--store", store)


def test_a_store_with_a_record_is_replaced_only_when_told(store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    good("backup", copy, "--store", store)
    good("import", "classic", classic_issues.file(tmp_path, "2021-04-04"), "--store", store)
    text = misuse("backup", copy, "--restore", "--store", store)
    assert text == f"{store}: contains a record of 4 batches; add --replace to replace it by the backup"
    text = good("backup", copy, "--restore", "--replace", "--store", store)
    assert text == "restored: the record up to batch 3\nlost with the replaced store: 1 batch\n"
    assert run("status", "--json", "--store", store).json["items"]["listing"] == 3


def test_all_of_another_record_is_lost(store: Path, tmp_path: Path) -> None:
    copy, other = tmp_path / "copy.db", tmp_path / "other.db"
    good("backup", copy, "--store", store)
    good("import", "classic", classic_issues.file(tmp_path, "2021-04-04"), "--store", other)
    text = good("backup", copy, "--restore", "--replace", "--as-backed-up", "--store", other)
    assert text == "restored: the record up to batch 3\nlost with the replaced store: 1 batch\n"


def test_batches_that_only_the_replaced_store_had_are_lost_whatever_their_number(store: Path, tmp_path: Path) -> None:
    before, after = tmp_path / "before.db", tmp_path / "after.db"
    good("backup", before, "--store", store)
    for day in ("2021-04-04", "2021-04-05"):
        good("import", "classic", classic_issues.file(tmp_path, day), "--store", store)
    good("backup", after, "--store", store)
    good("backup", before, "--restore", "--replace", "--store", store)
    good("import", "classic", classic_issues.file(tmp_path, "2021-04-06"), "--store", store)
    assert "lost with the replaced store: 1 batch\n" in good(
        "backup", after, "--restore", "--replace", "--store", store
    )


def test_a_backup_with_batches_that_the_store_lacks_is_kept(store: Path, tmp_path: Path) -> None:
    before, after = tmp_path / "before.db", tmp_path / "after.db"
    good("backup", before, "--store", store)
    good("import", "classic", classic_issues.file(tmp_path, "2021-04-04"), "--store", store)
    good("backup", after, "--store", store)
    good("backup", before, "--restore", "--replace", "--store", store)
    refused = misuse("backup", after, "--store", store)
    assert refused == f"{after}: has 1 batch that this store lacks; name another file, or add --force to replace it"
    assert run("status", "--json", "--store", after).json["batches"] == 4
    good("backup", after, "--force", "--store", store)
    good("backup", after, "--store", store)


def test_what_was_forgotten_is_forgotten_again(store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    good("backup", copy, "--store", store)
    good("forget", f"x:{classic_issues.post(100).id}", "--yes", "--store", store)
    output = good("backup", copy, "--restore", "--replace", "--store", store)
    assert "forgotten again: 1\n" in output
    assert classic_issues.post(100).id not in good("export", "--records", "--store", store)
    report = run("backup", copy, "--restore", "--replace", "--json", "--store", store).json
    assert report["restored"] == str(copy) and report["forgotten_again"] == 1


def test_misuse_of_backup_says_what_goes(store: Path, tmp_path: Path) -> None:
    assert misuse("backup", tmp_path / "a.db", "--replace", "--store", store) == "--replace needs --restore"
    message = misuse("backup", tmp_path / "a.db", "--as-backed-up", "--store", store)
    assert message == "--as-backed-up needs --restore"
    assert misuse("backup", store, "--store", store) == f"{store}: is the store itself; name another file"
    assert misuse("backup", store, "--restore", "--store", store) == f"{store}: is the store itself; name another file"
    assert (
        misuse("backup", tmp_path / "no.db", "--restore", "--store", store) == f"{tmp_path / 'no.db'}: no such backup"
    )
    assert misuse("backup", tmp_path / "no" / "a.db", "--store", store).endswith(
        "no such folder for the backup; create it first"
    )


@pytest.mark.parametrize("options", [[], ["--restore"]])
def test_a_file_of_others_is_neither_written_over_nor_put_back(store: Path, tmp_path: Path, options: list[str]) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear aunt,\n" * 200)
    message = failure("backup", letter, *options, "--store", store)
    assert message == f"{letter}: not a Hot Papers store (not a SQLite file)"
    assert letter.read_text() == "Dear aunt,\n" * 200


def test_a_backup_that_cannot_be_written(store: Path, tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    folder.chmod(0o500)
    result = run_as_user("backup", folder / "a.db", "--store", store)
    assert result.status == 1 and result.message.startswith(str(folder / "a.db"))
    folder.chmod(0o700)
