"""An archive read in parts by one or more processes: the same record, even if processes are killed."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from hotpapers.base.errors import InputError
from hotpapers.base.papers.mentions.paper_index import NO_NAMES, PaperAlias, PaperIndex
from hotpapers.collect.sources.bluesky import schemas
from hotpapers.record import Record
from hotpapers.wings.archives import framing, jetstream_filter, parts, scan, workers
from hotpapers.wings.archives.event_lines import event_stamp
from hotpapers.wings.archives.file_import import import_archives
from hotpapers.wings.archives.framing import FilteredBlock, Unit, lines_of
from hotpapers.wings.archives.jetstream_filter import JetstreamBlockFilter, PostKeys, key_in
from hotpapers.wings.archives.scan import Progress
from hotpapers.wings.archives.workers import WorkerSetup
from tests.collect.sources import bluesky_events as bluesky
from tests.conftest import data
from tests.disks import small_disk
from tests.wings.archives.archive_helpers import (
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
from tests.wings.archives.test_archives_any_order import compress_frames


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
    with workers.Workers(count) if count > 1 else nullcontext() as pool:
        [result] = import_archives(record, kind, archive_files, terms_of(kind), NOW, pool=pool)
    if isinstance(result, InputError):
        raise result


class FullDecoder(JetstreamBlockFilter):
    """Decodes every line, and finds references with the decoder alone."""

    def filter(self, data: bytes) -> FilteredBlock:
        self._keys, units = [], list(lines_of(data))
        return FilteredBlock(len(units), list(self._kept(units)), self._keys)

    def referring(self, data: bytes, posts: PostKeys) -> Iterator[Unit]:
        for unit in lines_of(data):
            if jetstream_filter._refers(unit.content, posts):
                yield unit._replace(stamp=event_stamp(schemas.read_event(unit.content)))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_parts_the_record_is_the_same(
    record: Record, other_record: Record, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same as if every line were decoded."""
    rng, content = random.Random(seed), days(seed)
    with monkeypatch.context() as patch:
        patch.setattr(scan, "JetstreamBlockFilter", FullDecoder)
        import_with_workers(other_record, "jetstream", content, 1)
    monkeypatch.setattr(framing, "BLOCK", rng.choice([1, 100, 700, 5_000, 40_000, 10**6]))
    monkeypatch.setattr(parts, "PART", rng.choice([100, 3_000]))
    import_with_workers(record, "jetstream", content, 1 + seed % 4 // 3 * rng.randrange(1, 4))
    assert export_lines(record) == export_lines(other_record)
    assert export_lines(record).count(b'"reaction"') > 100


@pytest.mark.long
@pytest.mark.parametrize("name", ["arxiv-snapshot", "hackernews-shapes", "reddit-dump", "x-second"])
def test_every_format_is_the_same_by_several_processes(
    record: Record, other_record: Record, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, kind = data(f"archives/{name}.jsonl").read_bytes(), name.partition("-")[0]
    import_one(other_record, kind, content)
    monkeypatch.setattr(framing, "BLOCK", 500)
    import_with_workers(record, kind, content, 2)
    assert export_lines(record) == export_lines(other_record) != b""


class KillsReader:
    """Stands for a task. The first process that reads it is killed, and each further one up to `times`."""

    def __init__(self, task: Any, marks: Path, times: int = 1) -> None:
        self.task, self.marks, self.times = task, marks, times

    def __reduce__(self) -> tuple[Any, ...]:
        return _task_or_death, (self.task, str(self.marks), self.times)


def _task_or_death(task: Any, marks: str, times: int) -> Any:
    deaths = len(list(Path(marks).iterdir()))
    if deaths < times:
        (Path(marks) / str(deaths)).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def deadly_map(marks: Path, chance: float, rng: random.Random, times: int) -> Callable[..., Any]:
    """`Workers.map`, with some tasks that kill the process that reads them."""
    original_map = workers.Workers.map

    def map_(pool: workers.Workers, work: Any, setup: Any, tasks: Iterable[Any], progress: Any) -> Iterator[Any]:
        deadly = (KillsReader(task, marks, times) if rng.random() < chance else task for task in tasks)
        for task, result in original_map(pool, work, setup, deadly, progress):
            yield (task.task if isinstance(task, KillsReader) else task), result

    return map_


@pytest.mark.long
@pytest.mark.parametrize("kind", ["hackernews", "jetstream"])
def test_what_a_killed_process_had_is_done_again(
    record: Record, other_record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Nothing is doubled or lost, whether it was a block or a part of a file."""
    content = lines(comments(900)) if kind == "hackernews" else days(7, 60)
    import_with_workers(other_record, kind, content, 1)
    path, marks = tmp_path / "lines.jsonl.zst", tmp_path / "marks"
    path.write_bytes(compress_frames(content))
    marks.mkdir()
    monkeypatch.setattr(framing, "BLOCK", 1_000)
    monkeypatch.setattr(parts, "PART", 4_000)
    monkeypatch.setattr(workers.Workers, "map", deadly_map(marks, 0.5, random.Random(7), 3))
    import_with_workers(record, kind, content, 2, str(path))
    assert len(list(marks.iterdir())) == 3 and export_lines(record) == export_lines(other_record)


@pytest.mark.long
def test_a_process_that_always_ends_is_told(record: Record, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers.Workers, "map", deadly_map(tmp_path, 1, random.Random(7), 99))
    original_where = workers._where
    monkeypatch.setattr(workers, "_where", lambda task: original_where(task.task))
    for kind, content in (("jetstream", days(1)), ("hackernews", lines(comments(3)))):
        with pytest.raises(InputError, match=r"ended 5 times at byte 0.*--workers 1"):
            import_with_workers(record, kind, content, 2)


def test_an_error_in_a_process_is_raised_here_after_the_results_before(tmp_path: Path) -> None:
    setup = WorkerSetup("jetstream", NOW, str(tmp_path))
    with workers.Workers(2) as pool:
        results = pool.map(half, setup, iter([4, 2, 3, 6]), int)
        assert [next(results), next(results)] == [(4, 2), (2, 1)]
        with pytest.raises(InputError, match="3 is odd"):
            next(results)


def half(setup: WorkerSetup, number: int, progress: Progress) -> int:
    """Work for a process."""
    if number % 2:
        raise InputError(f"{number} is odd")
    return number // 2


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
    from tests.wings.archives.archive_helpers import import_files

    import_files(record, "jetstream", archive_file._replace(altered=lambda: True))  # type: ignore[attr-defined]


# ---- filters -----------------------------------------------------------------------------------------------


def test_a_post_is_read_for_titles_where_any_are_known() -> None:
    title = "Nine Kettles On A Stove Are Enough"
    line = as_jetstream(bluesky.create(bluesky.ANNA, bluesky.post(f'"{title}"'), time=NOW - DAY)) + b"\n"
    names = PaperIndex([PaperAlias("arxiv:2606.01000", title)])
    assert not JetstreamBlockFilter(NO_NAMES, NOW).filter(line).units
    result = JetstreamBlockFilter(names, NOW).filter(line)
    assert [unit.content for unit in result.units] == [line] and len(result.keys) == 1


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
    assert block_filter.filter(data).units == [] == list(block_filter.referring(data, PostKeys.of([])))
    references = list(block_filter.referring(data, PostKeys.of([key_in(uri)])))
    assert [(unit.number, unit.content) for unit in references] == [(5, like)]


def test_what_is_odd_is_kept(record: Record) -> None:
    [unit] = JetstreamBlockFilter(NO_NAMES, NOW).filter(b"{}\n").units
    assert unit[:5] == (0, 0, 3, b"{}\n", None) and unit.problem
