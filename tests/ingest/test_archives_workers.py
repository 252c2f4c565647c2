"""An archive read in parts by one or more processes: the same record, even if processes are killed."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hotpapers.errors import InputError
from hotpapers.ids.mentions.paper_index import NO_NAMES, PaperAlias, PaperIndex
from hotpapers.ingest.archives import ArchiveImporter, formats, framing, jetstream_filter, parts, workers
from hotpapers.ingest.archives.event_stamps import event_stamp
from hotpapers.ingest.archives.framing import ArchiveBlock, Unit, lines_of
from hotpapers.ingest.archives.jetstream_filter import FilteredEvents, JetstreamBlockFilter, KeptEvent, PostKeys, key_in
from hotpapers.ingest.archives.scan import Progress
from hotpapers.model import Paper
from hotpapers.sources.bluesky import schemas
from hotpapers.store import Record
from tests.conftest import data
from tests.disks import small_disk
from tests.ingest.archive_helpers import (
    DAY,
    NOW,
    as_jetstream,
    bluesky_day,
    comments,
    export_lines,
    file,
    import_one,
    lines,
    terms_of,
    write_archive,
)
from tests.ingest.test_archives_any_order import compress_frames, import_paths
from tests.sources import bluesky_events as bluesky


def days(seed: int, posts: int = 40) -> bytes:
    """Three days of events: most lines as Jetstream writes them, some formatted otherwise, escaped or truncated."""
    rng = random.Random(seed)
    parts = [*bluesky_day(posts), *bluesky_day(posts, 1), *bluesky_day(posts, 2)]
    writers = [as_jetstream] * 8 + [bytes, _escaped, lambda line: line[: rng.randrange(1, len(line))]]
    return lines(rng.choice(writers)(line) for line in parts)


def _escaped(line: bytes) -> bytes:
    return (
        as_jetstream(line)
        .replace(b"at://", b"at:\\/\\/")
        .replace(b"arxiv", b"ar\\u0078iv")
        .replace(b"feed.post/", b"feed.post\\/")
    )


def import_with_workers(record: Record, kind: str, content: bytes, count: int, path: str = "") -> None:
    """Imports content with `count` processes."""
    archive_files = [file(content)._replace(path=path)]
    with ArchiveImporter(record, kind, archive_files, terms_of(kind), NOW, count, record.database.where) as importer:
        [result] = importer.results()
    if isinstance(result, InputError):
        raise result


class FullDecoder(JetstreamBlockFilter):
    """Decodes every line, and finds references with the decoder alone."""

    def filter(self, data: bytes) -> FilteredEvents:
        self._keys, units = [], list(lines_of(data))
        return FilteredEvents(len(units), list(self._kept(units)), self._keys)

    def referring(self, data: bytes, posts: PostKeys) -> Iterator[KeptEvent]:
        for unit in lines_of(data):
            if jetstream_filter._refers(unit.content, posts):
                yield KeptEvent(unit, event_stamp(schemas.event(unit.content)))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_parts_the_record_is_the_same(
    record: Record, other_record: Record, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same as if every line were decoded."""
    rng, content, spec = random.Random(seed), days(seed), formats.EVENTS["jetstream"]
    with monkeypatch.context() as patch:
        full_spec = spec._replace(block_filter=lambda target: FullDecoder(target.names, target.now))
        patch.setitem(formats.EVENTS, "jetstream", full_spec)
        import_with_workers(other_record, "jetstream", content, 1)
    monkeypatch.setattr(framing, "BLOCK", rng.choice([1, 100, 700, 5_000, 40_000, 10**6]))
    monkeypatch.setattr(parts, "PART", rng.choice([100, 3_000]))
    import_with_workers(record, "jetstream", content, 1 + seed % 4 // 3 * rng.randrange(1, 4))
    assert export_lines(record) == export_lines(other_record)
    assert export_lines(record).count(b'"reaction"') > 100


@pytest.mark.long
@pytest.mark.parametrize(
    "name", ["arxiv-snapshot", "eventdata-kettles", "hackernews-shapes", "reddit-dump", "x-second"]
)
def test_every_format_is_the_same_by_several_processes(
    record: Record, other_record: Record, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, kind = data(f"archives/{name}.jsonl").read_bytes(), name.partition("-")[0]
    import_one(other_record, kind, content)
    monkeypatch.setattr(framing, "BLOCK", 500)
    import_with_workers(record, kind, content, 2)
    assert export_lines(record) == export_lines(other_record) != b""


@pytest.mark.long
def test_a_process_that_is_killed_is_started_again(
    record: Record, other_record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, rng = lines(comments(900)), random.Random(7)
    pids: list[int] = []
    import_with_workers(other_record, "hackernews", content, 1)
    monkeypatch.setattr(framing, "BLOCK", 1_000)
    original_ask = workers.WorkerProcess.ask

    def ask_or_kill(process: workers.WorkerProcess, question: object) -> object:
        if process.pid and len(pids) < 8 and rng.random() < 0.3:
            os.kill(process.pid, signal.SIGKILL)
            pids.append(process.pid)
        return original_ask(process, question)

    monkeypatch.setattr(workers.WorkerProcess, "ask", ask_or_kill)
    monkeypatch.setattr(workers, "MOST_STARTS", 30)
    import_with_workers(record, "hackernews", content, 2)
    assert len(pids) == len(set(pids)) == 8 and export_lines(record) == export_lines(other_record)


@pytest.mark.long
def test_a_process_that_is_killed_over_a_part_gets_it_again(
    record: Record, other_record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while reading it: nothing in the part is doubled or lost."""
    content, pids, original_ask = days(7, 60), set[int](), workers.WorkerProcess.ask
    import_with_workers(other_record, "jetstream", content, 1)
    (tmp_path / "days.jsonl.zst").write_bytes(compress_frames(content))
    monkeypatch.setattr(parts, "PART", 4_000)

    def ask_and_kill(process: workers.WorkerProcess, question: object, progress: Progress) -> object:
        def kill(count: int) -> None:
            if len(pids) < 4 and process.pid not in pids:
                pids.add(process.pid)
                os.kill(process.pid, signal.SIGKILL)
            progress(count)

        return original_ask(process, question, kill)

    monkeypatch.setattr(workers.WorkerProcess, "ask", ask_and_kill)
    monkeypatch.setattr(workers.ScanPool, "helps", False)
    monkeypatch.setattr(workers, "MOST_STARTS", 30)
    import_paths(record, [str(tmp_path / "days.jsonl.zst")], 2)
    assert len(pids) == 4 and export_lines(record) == export_lines(other_record)


def test_a_process_that_always_ends_is_told(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_RUN", "raise SystemExit(9)")
    monkeypatch.setattr(workers.ScanPool, "helps", False)
    for kind, content in (("jetstream", days(1)), ("hackernews", lines(comments(3)))):
        with pytest.raises(InputError, match=r"ended 5 times at byte 0.*--workers 1"):
            import_with_workers(record, kind, content, 2)


def run(store: Path, *files: Path, workers: int = 2) -> subprocess.Popen[bytes]:
    """Starts an import in a process of its own."""
    command = [sys.executable, "-m", "hotpapers", "import", "jetstream", *map(str, files), "--store", str(store)]
    return subprocess.Popen(
        [*command, "--workers", str(workers)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def wait(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Its exit status and error output."""
    error = process.communicate()[1].decode()
    return process.returncode, error


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_archive(tmp_path_factory.mktemp("archive"))


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_stopped_at_any_moment_it_goes_on(tmp_path: Path, archive: list[Path], number: signal.Signals) -> None:
    """The program is killed or interrupted again and again; its worker processes end with it."""
    assert wait(run(tmp_path / "whole.db", *archive, workers=1)) == (0, "")
    start = time.monotonic()
    assert wait(run(tmp_path / "first.db", *archive)) == (0, "")
    duration, rng, store = time.monotonic() - start, random.Random(number), tmp_path / "store.db"
    for _ in range(5):
        process = run(store, *archive)
        time.sleep(rng.uniform(0.3, 1.0) * duration)
        process.send_signal(number)
        wait(process)  # returns, as no worker holds its pipes open
    assert wait(run(store, *archive)) == (0, "")
    with Record(str(store)) as record, Record(str(tmp_path / "whole.db")) as other_record:
        assert export_lines(record) == export_lines(other_record) != b""


@pytest.mark.long
def test_a_last_frame_that_breaks_off_is_told_and_read_when_it_is_whole(tmp_path: Path, archive: list[Path]) -> None:
    content, store = archive[0].read_bytes(), tmp_path / "store.db"
    file = tmp_path / "a.jsonl.zst"
    file.write_bytes(content[:-300])
    status, error = wait(run(store, file))
    assert status == 1
    assert "it is truncated; was it copied completely?; " in error and "lines before that were imported" in error
    file.write_bytes(content)
    assert wait(run(store, file)) == wait(run(tmp_path / "whole.db", file, workers=1)) == (0, "")
    with Record(str(store)) as record, Record(str(tmp_path / "whole.db")) as other_record:
        assert export_lines(record) == export_lines(other_record) != b""


@pytest.mark.long
def test_a_full_disk_is_told_and_the_import_goes_on(tmp_path: Path, archive: list[Path]) -> None:
    with small_disk(tmp_path / "disk", "64m") as disk:
        store, ballast = disk / "store.db", disk / "others"
        ballast.write_bytes(bytes(shutil.disk_usage(disk).free - 6 * 2**20))
        status, error = wait(run(store, *archive))
        assert status == 1 and error.startswith(f"hotpapers: {disk}") and "no room left on the disk" in error
        assert error.endswith(("import the same files again.\n", "import the same files again to continue.\n"))
        ballast.unlink()
        assert wait(run(store, *archive)) == wait(run(tmp_path / "whole.db", *archive, workers=1)) == (0, "")
        with Record(str(store)) as record, Record(str(tmp_path / "whole.db")) as other_record:
            assert export_lines(record) == export_lines(other_record) != b""


def test_a_file_that_changes_while_it_is_read_is_told(record: Record) -> None:
    archive_file = file(days(3))
    with pytest.raises(InputError, match="was changed while being read; import it again"):
        import_changed(record, archive_file)
    assert export_lines(record) == b"" or b'"mention"' not in export_lines(record)


def import_changed(record: Record, archive_file: object) -> None:
    """Imports a file that reports a change while it is read."""
    from tests.ingest.archive_helpers import import_files

    import_files(record, "jetstream", archive_file._replace(altered=lambda: True))  # type: ignore[attr-defined]


# ---- filters -----------------------------------------------------------------------------------------------


def test_a_post_is_read_for_titles_where_any_are_known() -> None:
    title = "Nine Kettles On A Stove Are Enough"
    line = as_jetstream(bluesky.create(bluesky.ANNA, bluesky.post(f'"{title}"'), time=NOW - DAY)) + b"\n"
    names = PaperIndex([PaperAlias("arxiv:2606.01000", title)])
    assert not JetstreamBlockFilter(NO_NAMES, NOW).filter(line).events
    result = JetstreamBlockFilter(names, NOW).filter(line)
    assert [event.unit.content for event in result.events] == [line] and len(result.keys) == 1


@pytest.mark.parametrize("rkey", ["3mpnhvcawgs2a", "self", "a-key-that-is-longer-than-any-moment", "12characters"])
def test_a_reference_is_known_by_any_key(rkey: str) -> None:
    uri = f"at://{bluesky.ANNA}/app.bsky.feed.post/{rkey}"
    like = as_jetstream(bluesky.reaction_event(bluesky.BERT, uri, time=NOW - DAY)) + b"\n"
    other_likes = [
        as_jetstream(bluesky.reaction_event(bluesky.BERT, bluesky.at_uri(bluesky.BERT, NOW - DAY - n), time=NOW - DAY))
        for n in range(9)
    ]
    block_filter = JetstreamBlockFilter(NO_NAMES, NOW)
    data = lines(other_likes[:5]) + like + lines(other_likes[5:])
    assert block_filter.filter(data).events == [] == list(block_filter.referring(data, PostKeys.of([])))
    references = list(block_filter.referring(data, PostKeys.of([key_in(uri)])))
    assert [(event.unit.number, event.unit.content) for event in references] == [(5, like)]


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_no_line_passes_for_a_paper_that_was_read(record: Record, end: bytes) -> None:
    paper = Paper(paper="arxiv:2606.09999", title="Kettles", observed_at=NOW - DAY)
    line = (
        b'{"id":"2606.01000","title":"Kettles","categories":"cs.LG","update_date":"2026-06-02","authors":"A. Made"}\n'
    )
    import_with_workers(record, "arxiv", line + b"\0" + msgspec.json.encode(paper) + end, 1)
    assert record.count(Paper) == 1
    assert [row.item.paper for row in record.view().latest(Paper)] == ["arxiv:2606.01000"]  # type: ignore[attr-defined]


def test_what_is_odd_is_kept(record: Record) -> None:
    block = ArchiveBlock(0, 3, b"{}\n", b"{}\n")
    [event] = JetstreamBlockFilter(NO_NAMES, NOW).filter(block.data).events
    assert (event.unit, event.stamp) == (Unit(0, 0, 3, b"{}\n"), None)
