"""Bluesky's history from its archive: days, deletions, what it costs, and what happens when it breaks off."""

from __future__ import annotations

import signal
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import libipld
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import InputError
from hotpapers.base.model import Item, Post, Reaction, Verdict
from hotpapers.record import Record
from hotpapers.record.verify import check_record
from hotpapers.wings.archives.replay.block_events import BlockEvents, Period
from hotpapers.wings.archives.replay.block_spool import BlockSpool, SpoolOrigin
from hotpapers.wings.archives.replay.segment_blocks import ArchivedRow, rows_of
from hotpapers.wings.archives.replay.settings import JetstreamSettings, jetstream_problems
from tests.cli.run import Result, run
from tests.collect.sources import bluesky_events as bluesky
from tests.collect.sources.bluesky_events import at_uri, tid
from tests.seeds import generator
from tests.wings.archives.archive_helpers import PAPER_URL, export_lines, import_one
from tests.wings.archives.archive_helpers import lines as joined
from tests.wings.archives.history_server import (
    ACCOUNT,
    COLLECTED,
    CREATE,
    DAY,
    DELETE,
    FOLLOW,
    IDENTITY,
    JUNE_2023,
    KEY,
    LIKE,
    POST,
    SECOND,
    SYNC,
    UPDATE,
    MadeArchive,
    Row,
    did,
    encoded,
    post,
    serving,
)

LIVE = COLLECTED + 10 * DAY
"""Since then the archive witnesses what happens."""


def papers(count: int, step: int = DAY // 4) -> list[Row]:
    """Posts that name papers, from June 2023 on, among others and among follows, repository by repository."""
    rows: list[Row] = []
    for n in range(count):
        at = JUNE_2023 + n * step
        rows += [
            post(n % 7, f"Read {PAPER_URL.format(1000 + n)}", at),
            post(n % 7, "Nothing but weather", at + SECOND),
            Row(CREATE, COLLECTED, did(n % 7), FOLLOW, tid(at), {"subject": did(3)}, tid(COLLECTED)),
        ]
    return sorted(rows, key=lambda row: row.did)


def later() -> list[Row]:
    """What the archive witnessed: deletions, an edit, an account that goes, a post that comes again, news."""
    uri = at_uri(did(0), JUNE_2023)
    edited = bluesky.post(f"What I meant: {PAPER_URL.format(1500)}")
    return [
        Row(IDENTITY, LIVE, did(0), record={"did": did(0), "handle": "anna.example"}),
        Row(DELETE, LIVE + SECOND, did(1), POST, tid(JUNE_2023 + DAY // 4), rev=tid(LIVE + SECOND)),
        Row(UPDATE, LIVE + 2 * SECOND, did(2), POST, tid(JUNE_2023 + DAY // 2), edited, tid(LIVE + 2 * SECOND)),
        Row(CREATE, LIVE + 3 * SECOND, did(6), LIKE, tid(LIVE + 3 * SECOND), {"subject": {"uri": uri, "cid": "b"}}),
        Row(ACCOUNT, LIVE + 4 * SECOND, did(3), record={"active": False, "status": "deleted", "did": did(3), "seq": 9}),
        Row(CREATE, LIVE + 5 * SECOND, did(4), POST, tid(LIVE + 5 * SECOND), bluesky.post(PAPER_URL.format(1600))),
    ]


class Importer:
    """Imports from a made-up archive into a store in a folder."""

    def __init__(self, folder: Path, address: str, key: str = KEY) -> None:
        self.folder, self.store = folder, folder / "hotpapers.db"
        settings = f'store = "{self.store}"\n[jetstream]\nhost = "{address}"\nkey = "{key}"\n'
        (folder / "hotpapers.toml").write_text(settings, "utf-8")

    def arguments(self, *more: str, since: str = "2023-06-01") -> list[str]:
        spool = ["--folder", str(self.folder / "blocks"), "--config", str(self.folder / "hotpapers.toml")]
        return ["import", "bluesky", "--since", since, *spool, *more]

    def __call__(self, *more: str, since: str = "2023-06-01") -> Result:
        return run(*self.arguments("--yes", *more, since=since))

    def items(self, *kinds: type[Item]) -> list[Any]:
        with Record(str(self.store)) as record:
            assert not check_record(record.database, record.hasher).findings
            return [row.item for kind in kinds for row in record.view().latest(kind)]

    def lines(self) -> Counter[bytes]:
        with Record(str(self.store)) as record:
            return Counter(export_lines(record).splitlines())


# ---- what is imported ------------------------------------------------------------------------------------


def test_every_post_is_of_its_own_day_and_what_was_deleted_since_is_gone(tmp_path: Path) -> None:
    with serving(MadeArchive([*papers(30), *later()])) as address:
        importer = Importer(tmp_path, address)
        result = importer()
    assert result.status == 0, result.err
    posts: list[Post] = importer.items(Post)
    days = {item.post.rpartition("/")[2]: item.created_at for item in posts if not item.gone}
    assert all(tid(at) == key for key, at in days.items()) and len(days) == 30
    assert [item.post for item in posts if item.gone] == [f"bluesky:{at_uri(did(1), JUNE_2023 + DAY // 4)}"]
    assert {item.text for item in posts if item.created_at == JUNE_2023 + DAY // 2} == {
        f"What I meant: {PAPER_URL.format(1500)}"
    }
    network = [(item.subject, item.judgement) for item in importer.items(Verdict) if item.rule == "network"]
    assert network == [(f"bluesky:{did(3)}", "hidden")]
    assert importer.items(Reaction) == []


def test_a_period_is_imported_alone_with_its_deletions(tmp_path: Path) -> None:
    with serving(MadeArchive([*papers(30), *later()])) as address:
        importer = Importer(tmp_path, address)
        assert importer("--until", "2023-06-03").status == 0
    posts: list[Post] = importer.items(Post)
    assert {item.created_at // DAY for item in posts} == {JUNE_2023 // DAY, JUNE_2023 // DAY + 1}
    assert sum(bool(item.gone) for item in posts) == 1


def test_likes_and_reposts_are_imported_if_they_are_asked_for(tmp_path: Path) -> None:
    at = JUNE_2023 + DAY
    rows = [
        *papers(2),
        Row(CREATE, COLLECTED, did(5), LIKE, tid(at), {"subject": {"uri": at_uri(did(0), JUNE_2023), "cid": "b"}}),
        Row(DELETE, LIVE, did(5), LIKE, tid(at)),
    ]
    with serving(MadeArchive(rows)) as address:
        importer = Importer(tmp_path, address)
        assert importer("--reactions").status == 0
    with Record(str(importer.store)) as record:
        reactions = [line for line in export_lines(record).splitlines() if b'"kind":"reaction"' in line]
    assert [b'"withdrawn":true' in line for line in reactions] == [False, True]
    assert f'"observed_at":{at}'.encode() in reactions[0] and f'"observed_at":{LIVE}'.encode() in reactions[1]


def test_a_record_that_comes_again_is_alive_and_a_replaced_repository_has_only_what_came(tmp_path: Path) -> None:
    again = tid(LIVE + 9 * SECOND)
    first, second, third = (JUNE_2023 + n * DAY for n in range(3))
    rows = [
        *(post(0, PAPER_URL.format(1000 + n), at) for n, at in enumerate((first, second, third))),
        post(1, PAPER_URL.format(1100), first),
        Row(DELETE, LIVE, did(1), POST, tid(first), rev=tid(LIVE)),
        Row(CREATE, LIVE, did(1), POST, tid(first), bluesky.post(f"Again: {PAPER_URL.format(1100)}"), tid(LIVE)),
        Row(SYNC, LIVE + 9 * SECOND, did(0), record={"did": did(0), "rev": again}, rev=again),
        Row(CREATE, LIVE + 9 * SECOND, did(0), POST, tid(third), bluesky.post(PAPER_URL.format(1002)), again),
        post(2, "later", LIVE + 100 * SECOND)._replace(witnessed_at=LIVE + 100 * SECOND),
        post(2, PAPER_URL.format(1200), LIVE + 101 * SECOND)._replace(witnessed_at=LIVE + 101 * SECOND),
    ]
    for per_block in (2, 50):  # also where a block or a segment ends in between
        folder = tmp_path / str(per_block)
        folder.mkdir()
        with serving(MadeArchive(rows, per_block=per_block, per_segment=2)) as address:
            importer = Importer(folder, address)
            assert importer().status == 0
        gone = {item.post.partition(":")[2]: bool(item.gone) for item in importer.items(Post)}
        assert gone == {
            at_uri(did(0), first): True, at_uri(did(0), second): True, at_uri(did(0), third): False,
            at_uri(did(1), first): False, at_uri(did(2), LIVE + 101 * SECOND): False,
        }  # fmt: skip


@pytest.mark.parametrize("per_block", [2, 200])
@pytest.mark.parametrize("text", ["", "Again: "])
def test_a_post_that_is_put_back_is_alive_whatever_it_says_and_however_late(
    tmp_path: Path, text: str, per_block: int
) -> None:
    kept, lost = tid(JUNE_2023), tid(JUNE_2023 + DAY)
    soon, late = LIVE + SECOND, LIVE + 99 * SECOND
    weather = [
        Row(CREATE, at, did(9), POST, tid(at), bluesky.post("weather"), tid(at)) for at in range(soon, late, 2 * SECOND)
    ]
    rows = [
        *(post(n, PAPER_URL.format(1000), JUNE_2023) for n in (1, 2)), post(1, PAPER_URL.format(1000), JUNE_2023 + DAY),
        *(Row(DELETE, LIVE, did(n), POST, key, rev=tid(LIVE)) for n, key in ((1, kept), (1, lost), (2, kept))),
        Row(CREATE, soon, did(1), POST, kept, bluesky.post(text + PAPER_URL.format(1000)), tid(soon)),
        *weather,
        Row(CREATE, late, did(2), POST, kept, bluesky.post(text + PAPER_URL.format(1000)), tid(late)),
    ]  # fmt: skip
    with serving(MadeArchive(rows, per_block=per_block, per_segment=2)) as address:
        importer = Importer(tmp_path, address)
        assert importer().status == 0
    posts: list[Post] = importer.items(Post)
    assert {(item.post.partition(":")[2], bool(item.gone), item.observed_at) for item in posts} == {
        (at_uri(did(1), JUNE_2023), False, soon + 1), (at_uri(did(1), JUNE_2023 + DAY), True, LIVE),
        (at_uri(did(2), JUNE_2023), False, late + 1),
    }  # fmt: skip


def test_a_post_that_is_edited_and_edited_back_says_what_it_said(tmp_path: Path) -> None:
    texts = [f"{word} {PAPER_URL.format(1000)}" for word in ("What I meant:", "Read")]
    edits = [
        Row(UPDATE, at, did(1), POST, tid(JUNE_2023), bluesky.post(text), tid(at))
        for at, text in zip((LIVE, LIVE + SECOND), texts, strict=True)
    ]
    with serving(MadeArchive([post(1, texts[-1], JUNE_2023), *edits])) as address:
        importer = Importer(tmp_path, address)
        assert importer().status == 0
    [kept] = importer.items(Post)
    assert (kept.text, kept.observed_at) == (texts[-1], LIVE + SECOND)


def test_what_live_reading_saw_stays_as_it_is(tmp_path: Path) -> None:
    rows = papers(12)
    lines = [
        bluesky.create(row.did, row.record, rkey=row.rkey, time=JUNE_2023 + n * DAY // 4 + 3 * SECOND)
        for n, row in enumerate(row for row in rows if "Read" in str(row.record))
    ]
    with serving(MadeArchive(rows)) as address:
        importer = Importer(tmp_path, address)
        with Record(str(importer.store)) as record:
            import_one(record, "jetstream", joined(lines))
        before = importer.lines()
        assert importer().status == 0
    assert importer.lines() == before


# ---- what it costs ---------------------------------------------------------------------------------------


def test_bytes_are_told_before_anything_is_paid(tmp_path: Path) -> None:
    archive = MadeArchive(papers(40), per_block=16)
    with serving(archive) as address:
        importer = Importer(tmp_path, address)
        announced = run(*importer.arguments())
        assert announced.status != 0 and "--yes" in announced.err and "to download, of 2 segments" in announced.out
        assert not archive.served and set(archive.requests) == {"planSnapshot", "listSegments"}
        archive.sent = 0
        assert importer().status == 0
        size = sum(len(segment.file()) for segment in archive.segments)
        assert archive.sent < 1.5 * size
        sent, served = archive.sent, archive.served.copy()
        again = importer()
        assert archive.served == served and archive.sent < sent + 4_000
    assert "about 0 B to download" in again.out and "read by an earlier import" in again.out
    assert set(served.values()) == {1}


def test_only_blocks_and_segments_of_the_plan_are_downloaded(tmp_path: Path) -> None:
    follows = [Row(CREATE, COLLECTED, did(n % 5), FOLLOW, tid(JUNE_2023 + n), {"subject": did(1)}) for n in range(64)]
    archive = MadeArchive([*follows[:40], *papers(1), *follows[40:], *later()], whole_from=0.75)
    with serving(archive) as address:
        importer = Importer(tmp_path, address)
        assert importer().status == 0
    assert sum(archive.served.values()) < sum(len(segment.blocks) for segment in archive.segments) / 2
    assert len([item for item in importer.items(Post) if not item.gone]) == 3


def test_what_was_witnessed_before_the_period_is_not_downloaded(tmp_path: Path) -> None:
    archive = MadeArchive([*papers(40), *later()], per_segment=2)
    with serving(archive) as address:
        importer = Importer(tmp_path, address)
        assert importer(since="2026-08-05").status == 0
    assert {name for name, _ in archive.served} == {archive.segments[-1].name}
    assert [item.created_at // DAY for item in importer.items(Post) if not item.gone] == [LIVE // DAY]


@pytest.mark.parametrize("key", ["", "another"])
def test_without_its_key_nothing_is_read_and_the_key_is_not_told(tmp_path: Path, key: str) -> None:
    with serving(MadeArchive(papers(2))) as address:
        result = Importer(tmp_path, address, key)()
    assert result.status != 0 and "401" in result.err and (not key or key not in result.err)


def test_blocks_of_another_archive_or_period_are_not_taken_for_its_own(tmp_path: Path) -> None:
    with serving(MadeArchive(papers(2))) as address:
        importer = Importer(tmp_path, address)
        assert importer().status == 0
        other = importer(since="2023-06-02")
    assert other.status != 0 and "another archive or period" in other.err


# ---- an archive that fails ---------------------------------------------------------------------------------


@pytest.mark.parametrize("faults", [[500], [0], [0, 0, 503], [-1]])
def test_a_fault_costs_no_block_and_doubles_none(tmp_path: Path, faults: list[int]) -> None:
    rows = [*papers(30), *later()]
    with serving(MadeArchive(rows)) as address:
        expected = Importer(tmp_path, address)
        assert expected().status == 0
    folder = tmp_path / "other"
    folder.mkdir()
    archive = MadeArchive(rows)
    archive.faults = [200] * 3 + faults
    with serving(archive) as address:
        importer = Importer(folder, address)
        for _ in range(3):
            if importer().status == 0:
                break
    assert importer.lines() == expected.lines()


def test_compaction_between_two_runs_changes_nothing(tmp_path: Path) -> None:
    rows = papers(30)
    archive = MadeArchive([*rows, *later()])
    archive.faults = [200] * 4 + [403]
    with serving(archive) as address:
        importer = Importer(tmp_path, address)
        assert importer().status != 0
        dead = [row for row in rows if row.rkey == tid(JUNE_2023 + DAY // 4)]
        archive.compact(dead)
        assert importer().status == 0
    assert len([item for item in importer.items(Post) if not item.gone]) == 30


def test_broken_records_go_to_quarantine_and_the_others_are_imported(tmp_path: Path) -> None:
    bad = [
        Row(CREATE, COLLECTED, did(1), POST, tid(JUNE_2023), b"\xff\xff" + PAPER_URL.encode()),
        Row(CREATE, COLLECTED, did(1), POST, tid(JUNE_2023 + 1), libipld.encode_dag_cbor([1, 2])),
        Row(ACCOUNT, LIVE, did(1), record=b"\xff"),
        Row(99, LIVE, did(1), POST, "x"),
    ]
    with serving(MadeArchive([*bad, *papers(3)])) as address:
        importer = Importer(tmp_path, address)
        result = importer()
    assert result.status == 0 and "unreadable" in result.out
    assert len(importer.items(Post)) == 3


def test_a_block_that_was_torn_is_there_once(tmp_path: Path) -> None:
    """Killed between a block's lines and the note that they are complete, or within the note."""
    origin = SpoolOrigin("https://archive.example", 0, 1, (POST,))
    spool = BlockSpool(tmp_path, origin)
    spool.add("seg_0.jss", 0, [b"one\n"])
    size = spool.path("seg_0.jss").stat().st_size
    for torn in (b"half of a frame", zstandard.compress(b"two\n")):
        with spool.path("seg_0.jss").open("ab") as file:
            file.write(torn)
        with (tmp_path / "blocks").open("ab") as progress:
            progress.write(b"seg_0.jss 1 9")
        again = BlockSpool(tmp_path, origin)
        assert again.done == {"seg_0.jss": {0}} and again.path("seg_0.jss").stat().st_size == size
    again.add("seg_0.jss", 1, [b"two\n"])
    assert list(BlockSpool(tmp_path, origin).lines("seg_0.jss")) == [b"one\n", b"two\n"]


# ---- blocks ------------------------------------------------------------------------------------------------


def _rows(rows: Sequence[Row]) -> list[ArchivedRow]:
    return list(rows_of(encoded(list(enumerate(rows, 1)))))


@given(st.lists(st.builds(
    Row, st.integers(0, 255), st.integers(-(2**63), 2**63 - 1), st.text(max_size=9), st.text(max_size=9),
    st.text(max_size=9), st.binary(max_size=9), st.text(max_size=9),
), max_size=20))  # fmt: skip
def test_a_block_is_read_as_it_was_written(rows: list[Row]) -> None:
    assert [
        (row.kind, row.witnessed_at, row.collection, row.did, row.rkey, row.rev, row.payload) for row in _rows(rows)
    ] == [(row.kind, row.witnessed_at, row.collection, row.did, row.rkey, row.rev, row.payload) for row in rows]


@given(st.binary(max_size=300), st.data())
def test_a_damaged_block_is_refused_whole(noise: bytes, data: st.DataObject) -> None:
    whole = zstandard.decompress(encoded(list(enumerate(papers(3), 1))))
    cut = data.draw(st.integers(0, len(whole) - 1))
    bodies = [whole[:cut], whole + noise + b"x", struct.pack("<I", 2**32 - 1) + noise]
    for frame in (noise, *(zstandard.compress(body) for body in bodies)):
        with pytest.raises(InputError):
            list(rows_of(frame))


def test_a_bomb_is_refused() -> None:
    with pytest.raises(InputError):
        list(rows_of(zstandard.compress(b"\0" * 2**29)))


@given(st.integers(1_668_643_200_000_000, COLLECTED), st.integers(0, 400 * DAY))
def test_every_row_is_at_its_own_moment(created: int, later: int) -> None:
    witnessed = max(created, COLLECTED) + later
    row = ArchivedRow(CREATE, witnessed, POST, did(1), tid(created), "", libipld.encode_dag_cbor(bluesky.post("x")))
    [line] = BlockEvents([POST], Period(0, 2**62)).lines([row])
    assert f'"time_us":{created}'.encode() in line


# ---- kills ---------------------------------------------------------------------------------------------------


def start(importer: Importer) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "hotpapers", *importer.arguments("--yes")]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ends(process: subprocess.Popen[bytes], within: float) -> bool:
    try:
        return process.wait(within) is not None
    except subprocess.TimeoutExpired:
        return False


@pytest.mark.long
def test_twenty_kills_leave_no_gap_and_no_double(tmp_path: Path) -> None:
    rows = [*papers(150, step=DAY // 20), *later()]
    with serving(MadeArchive(rows, per_block=6)) as address:
        expected = Importer(tmp_path, address)
        began = time.monotonic()
        assert start(expected).wait() == 0
        whole = time.monotonic() - began
    folder = tmp_path / "killed"
    folder.mkdir()
    archive = MadeArchive(rows, per_block=6)
    rng, kills = generator(7), 0
    with serving(archive) as address:
        importer = Importer(folder, address)
        while kills < 20:
            process = start(importer)
            if ends(process, rng.uniform(0.35, 1.0) * whole):
                (folder / "blocks" / "blocks").unlink()  # all was there: download and import it again
                continue
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
        assert start(importer).wait() == 0
    assert importer.lines() == expected.lines()
    assert kills == 20


@pytest.mark.parametrize(
    "host", ["", "archive.example", "ftp://archive.example", "https://archive.example/x", "http://["]
)
def test_an_archive_has_an_address(host: str) -> None:
    assert [key for key, _ in jetstream_problems(JetstreamSettings(host=host))] == ["host"]
    assert not list(jetstream_problems(JetstreamSettings(host="http://archive.example:8080/")))
