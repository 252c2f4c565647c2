"""Importing archives: unreadable lines go to quarantine; files of another kind are refused, with a hint."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from contextlib import nullcontext
from pathlib import Path

import pytest

from hotpapers.base.errors import InputError
from hotpapers.base.network_terms import TERMS
from hotpapers.record import Record
from hotpapers.record.raw_archive import MIN_UNREADABLE_TIME
from hotpapers.wings.archives import file_import, framing, parts
from hotpapers.wings.archives.cli import commands as command
from hotpapers.wings.archives.file_import import import_archives
from hotpapers.wings.archives.workers import Workers
from tests.collect.sources import bluesky_events as bluesky
from tests.conftest import data
from tests.wings.archives.archive_helpers import (
    DAY_START,
    NOW,
    PAPER_URL,
    bluesky_day,
    file,
    import_files,
    import_one,
    lines,
    quarantine_of,
)


def test_what_cannot_be_read_is_kept_a_while_from_now_on_with_its_reason(record: Record) -> None:
    content = data("archives/reddit-dump.jsonl").read_bytes()
    result = import_one(record, "reddit", content)
    rows = quarantine_of(record, "reddit")
    assert result.quarantined == len(rows) == 3
    assert {row.seen_at for row in rows} == {NOW} and {row.keep_until for row in rows} == {NOW + MIN_UNREADABLE_TIME}
    assert rows[0].reason == "InputError: not a submission or comment: 't9_zzaa05'"


def test_what_the_source_cannot_read_is_set_apart_too(record: Record) -> None:
    bad_event = bluesky.create(bluesky.ANNA, {"text": 5, "why": "arxiv.org/abs/2606.01000"}, time=DAY_START)
    event = bluesky.create(bluesky.ANNA, bluesky.post("arxiv.org/abs/2606.01000"), time=DAY_START)
    assert import_one(record, "jetstream", lines([bad_event, event])).quarantined == 1
    assert quarantine_of(record, "bluesky")[0].seen_at == NOW


def test_an_entry_that_would_be_read_by_itself_is_set_apart_all_the_same(record: Record) -> None:
    page = {"data": [{"id": "1500000000000000001"}, {"id": "ten", "action": "none"}]}
    assert import_one(record, "x", json.dumps(page).encode()).quarantined == 1
    assert quarantine_of(record, "x")[0].reason == "InputError: cannot be read"


def test_a_line_without_end_is_passed_over_and_bounded(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "MAX_LINE_BYTES", 2_000)
    monkeypatch.setattr(framing, "BLOCK", 300)
    events = list(bluesky_day(1))
    result = import_one(record, "jetstream", lines([events[0], b'{"did":"' + b"x" * 10_000, events[2]]))
    assert (result.lines, result.posts, result.reactions, result.quarantined, result.cut) == (3, 1, 1, 1, False)
    assert import_one(record, "jetstream", lines(events)[: len(events[0]) + 1] + b'{"did":"' + b"x" * 10_000).posts == 0


@pytest.mark.parametrize(
    ("content", "description"),
    [
        (b"<!doctype html>\n<p>busy</p>", "a page of HTML or XML"),
        (b"BZh91AY&SY", "bzip2: unpack it first (bzcat FILE | hotpapers import FORMAT -)"),
        (b"\xfd7zXZ\x00", "xz: unpack it first (xzcat FILE | hotpapers import FORMAT -)"),
        (b"PK\x03\x04", "a zip file: unpack it first"),
        (
            b"a.jsonl".ljust(257, b"\0") + b"ustar\0\n",
            "a tar file: unpack it first (tar -xOf FILE | hotpapers import FORMAT -)",
        ),
        (b":\xa2eroots\x81\xd8*", "an AT Protocol repository: hotpapers import car"),
        (b"SQLite format 3\x00", "a SQLite database"),
        (b'---\ntitle: Hot Papers 2021-01-14', "an issue in Markdown: hotpapers import classic"),
        (b"window.YTD.tweets.part0 = [\n", "X's archive of a user's own posts, which is not supported"),
        (b'{\n "id": 7\n}', "JSON spread over several lines: put each object on a line of its own (jq -c)"),
        (b"id,by,time\n7,cup,8\n", "a CSV table: convert its rows to lines of JSON first"),
        (b"just words\n", "something other than lines of JSON"),
        (b'{"kind":"post","observed_at":7}\n', "lines written by `hotpapers export`: hotpapers import jsonl"),
        (b'{"did":"did:plc:x","time_us":5,"kind":"commit"}\n', "Jetstream events: hotpapers import jetstream"),
        (b'{"subreddit":"kettles","created_utc":5}\n', "Reddit submissions or comments: hotpapers import reddit"),
        (b'{"id_str":"7","text":"","user":{}}\n', "posts of X's API 1.1, which jq converts: hotpapers docs imports"),
        (b'{"objectID":null,"title":""}\n', "JSON in an unknown format"),
        (b"[1, 2]\n", "JSON in an unknown format"),
        (b"\xfe{\n", "something other than lines of JSON"),
        (
            b"\xff\xfe{\x00\n",
            "UTF-16: convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8 FILE | hotpapers import FORMAT -)",
        ),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_is_refused_and_told_what_it_looks_like(
    record: Record, content: bytes, description: str
) -> None:
    with pytest.raises(InputError) as excinfo:
        import_one(record, "hackernews", content)
    reason = str(excinfo.value)
    assert reason.startswith("archive.jsonl: not in the format hackernews: none of its lines can be read (")
    assert reason.endswith(f"; it looks like {description}")
    assert record.head.position == 0 and not quarantine_of(record, "hackernews")


@pytest.mark.parametrize("form", ["tar", "zip"])
def test_archives_that_have_files_as_they_are_lose_no_line(record: Record, form: str) -> None:
    post = b'{"id":"15000000000000000%02d","text":"arxiv.org/abs/2202.01111","author_id":"7"}'
    files = {f"{name}.jsonl": lines([post % (10 * name + n) for n in range(9)]) for name in (1, 2)}
    packed = io.BytesIO()
    if form == "zip":
        with zipfile.ZipFile(packed, "w") as zip_file:
            for name, data in files.items():
                zip_file.writestr(name, data)
    else:
        with tarfile.open(fileobj=packed, mode="w") as tar_file:
            for name, data in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tar_file.addfile(member, io.BytesIO(data))
    with pytest.raises(InputError, match=f"it looks like a {form} file: unpack it first"):
        import_one(record, "x", packed.getvalue())
    assert record.head.position == 0


def test_a_hundred_lines_that_cannot_be_read_are_enough(record: Record) -> None:
    bad_lines = [b"line %d" % n for n in range(200)]
    with pytest.raises(InputError, match="none of its first 100 lines can be read"):
        import_one(record, "x", lines(bad_lines))
    assert not quarantine_of(record, "x")
    good_line = b'{"id":"1500000000000000001","text":"arxiv.org/abs/2202.01111","author_id":"7"}'
    result = import_one(record, "x", lines([*bad_lines[:99], good_line, *bad_lines]))
    assert (result.posts, result.quarantined, result.lines) == (1, 299, 300)


@pytest.mark.parametrize("size", [2_000, 10**9], ids=["several parts", "one part"])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_hundred_unreadable_lines_at_the_beginning_of_events_are_enough_whatever_the_parts(
    record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int, size: int
) -> None:
    monkeypatch.setattr(framing, "BLOCK", 3_000)
    monkeypatch.setattr(parts, "PLAIN_PART", size)
    path = tmp_path / "junk.jsonl"
    path.write_bytes(lines([b'{"junk":%d}' % n for n in range(300)] + list(bluesky_day(3))))
    archive = command.file_of(str(path), None, int)
    with Workers(workers) if workers > 1 else nullcontext() as pool:
        importer = import_archives(record, "jetstream", [archive], TERMS["bluesky"], NOW, pool=pool)
        [result] = importer
    assert isinstance(result, InputError) and "none of its first 100 lines can be read" in result.reason
    assert record.head.position == 0


def test_an_empty_file_is_no_mistake(record: Record) -> None:
    for content in (b"", b"\n \n"):
        result = import_one(record, "reddit", content)
        assert (result.lines, result.whole, result.cut) == (0, False, False)


def test_a_long_one_counts_for_its_own_file(record: Record) -> None:
    good, long = lines([bluesky.create(bluesky.ANNA, bluesky.post("weather"), time=DAY_START)]), b'{"did": "x%s\n'
    files = file(good, "a"), file(good + long % (b"y" * 70_000), "b")
    assert [done.quarantined for done in import_files(record, "jetstream", *files)] == [0, 1]


def test_a_last_line_that_breaks_off_waits_for_its_end_also_in_a_full_batch(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_import, "MAX_BATCH_READ_BYTES", 1)
    comment = b'{"id":%d,"by":"cup","type":"comment","parent":1,"time":1767300000,"text":"%s"}\n'
    first, last = (comment % (90_000_000 + n, PAPER_URL.format(1000 + n).encode()) for n in (1, 2))
    broken_off = import_one(record, "hackernews", first + last[:50])
    assert broken_off.cut and not broken_off.quarantined
    assert import_one(record, "hackernews", first + last).lines == 2 and not quarantine_of(record, "hackernews")
