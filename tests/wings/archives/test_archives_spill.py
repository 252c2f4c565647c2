"""Sorting on disk, and files in parts."""

from __future__ import annotations

import errno
import os
import pickle
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import FullStore
from hotpapers.record import Record
from hotpapers.record.leftovers import remove_unfinished
from hotpapers.wings.archives import parts, spill
from hotpapers.wings.archives.framing import ANYWAY, line_blocks
from hotpapers.wings.archives.parts import open_part, parts_of
from hotpapers.wings.archives.spill import KnownMarks, SpilledEvent, merge_events, write_events
from tests.wings.archives.test_archives_any_order import COMPRESSORS


def made_up_event(at: int, rank: int, content: bytes) -> SpilledEvent:
    """What an event asks for depends on its content alone."""
    return SpilledEvent(at, rank, content, sum(content) % 7 - 1, 0)


events = st.lists(st.builds(made_up_event, st.integers(0, 9), st.integers(-1, 3), st.binary(max_size=20)))


@given(st.lists(events, max_size=12), st.sets(st.integers(0, 5)), st.integers(-1, 5))
def test_parts_come_together_in_order_and_each_event_once(
    tmp_path_factory: pytest.TempPathFactory, parts_events: list[list[SpilledEvent]], known: set[int], after: int
) -> None:
    folder = tmp_path_factory.mktemp("spill")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spill, "MAX_SORTED_BYTES", 4 * spill.LARGE)
        patch.setattr(spill, "MAX_OPEN", 3)
        paths = [path for part_events in parts_events for path in write_events(folder, part_events)]
        assert sorted(paths) == sorted(str(path) for path in folder.iterdir())
        result = list(merge_events(paths, folder, lambda needed, content: needed == ANYWAY or needed in known, after))
    assert [event[:3] for event in result] == sorted(
        {
            event[:3]
            for part_events in parts_events
            for event in part_events
            if event.needed_mark in {ANYWAY, *known} and event.at > after
        }
    )
    assert set(result) <= {event for part_events in parts_events for event in part_events}
    assert not list(folder.iterdir())


def test_a_part_without_events_takes_no_room(tmp_path: Path) -> None:
    assert write_events(tmp_path, []) == [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("number", "raised"),
    [(errno.ENOSPC, FullStore), (errno.EDQUOT, FullStore), (errno.EIO, OSError), (errno.EFBIG, OSError)],
)
def test_only_a_disk_or_quota_without_room_is_full(
    number: int, raised: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(pickle, "dump", fail)
    with pytest.raises(raised) as failure:
        write_events(tmp_path, [made_up_event(1, 0, b"x")])
    assert failure.type is raised


def test_what_is_known_is_known_and_little_else() -> None:
    rng, marks = random.Random(3), KnownMarks()
    numbers = [rng.getrandbits(32) for _ in range(50_000)]
    marks.add(numbers)
    assert all(number in marks for number in numbers)
    assert sum(rng.getrandbits(32) in marks for _ in range(50_000)) < 100


@pytest.mark.parametrize("compress", COMPRESSORS)
@pytest.mark.parametrize("size", [1, 50, 400, 3_000, 10**6])
def test_each_line_is_in_one_part(compress: object, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng, file = random.Random(size), tmp_path / "lines"
    lines = [b"%d " % n + b"x" * rng.choice([0, 3, 300, 1_500]) for n in range(60)]
    file.write_bytes(compress(b"\n".join(lines)))  # type: ignore[operator]
    monkeypatch.setattr(parts, "PART", size)
    monkeypatch.setattr(parts, "PLAIN_PART", max(size, 20))
    result: list[bytes] = []
    sizes: list[int] = []
    for part in parts_of(0, str(file), "lines", in_lines=True):
        with open_part(part, sizes.append) as stream:
            result += [line for block in line_blocks(stream) for line in block.data.split(b"\n") if line]
    assert result == lines and sum(sizes) == file.stat().st_size
    assert len(parts_of(0, str(file), "lines", in_lines=False)) == 1


def test_what_a_killed_import_left_is_removed_and_what_is_in_use_is_not(record: Record) -> None:
    if record.database.name != "sqlite":
        pytest.skip("its folder is the system's")
    parent = Path(record.database.where).absolute().parent
    old_folder = parent / f"{spill.PREFIX}left"
    old_folder.mkdir()
    (old_folder / "run").write_bytes(b"x")
    with spill.spill_folder(record, staging="") as folder_1, spill.spill_folder(record, staging="") as folder_2:
        os.utime(folder_1, (1, 1))
        assert remove_unfinished(record.database) == sorted(map(str, (folder_1, folder_2)))
        assert folder_1.exists() and folder_2.exists() and not old_folder.exists()
        assert os.stat(folder_1).st_mode & 0o077 == 0
    assert not list(parent.glob(f"{spill.PREFIX}*"))
