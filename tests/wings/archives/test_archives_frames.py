"""Where Zstandard files can be split: where their frames begin."""

from __future__ import annotations

from pathlib import Path

import pytest
import zstandard
from hypothesis import given

from hotpapers.wings.archives.parts import open_range, zstd_frames
from tests.keep.transfer.random_frames import archives


@given(archives)
def test_frames_are_where_they_were_put(
    tmp_path_factory: pytest.TempPathFactory, archive: list[tuple[bytes, bytes]]
) -> None:
    file = tmp_path_factory.mktemp("frames") / "made.zst"
    file.write_bytes(b"".join(packed for _, packed in archive))
    places = [sum(len(packed) for _, packed in archive[:n]) for n in range(len(archive))]
    assert zstd_frames(str(file), 1) == places
    for n, place in enumerate(places):
        with open_range(str(file), place, 0, plain=False) as stream:
            assert stream.read() == b"".join(content for content, _ in archive[n:])
    assert zstd_frames(str(file), 2**30) == [0]


def test_frames_that_break_off_are_no_place_to_cut(tmp_path: Path) -> None:
    first, second = zstandard.compress(b"kettle" * 1000), zstandard.compress(b"spoon" * 1000)
    (tmp_path / "cut.zst").write_bytes(first + second + first[:-3])
    assert zstd_frames(str(tmp_path / "cut.zst"), 1) == [0, len(first), len(first) + len(second)]
    (tmp_path / "odd.zst").write_bytes(first + b"not packed at all")
    assert zstd_frames(str(tmp_path / "odd.zst"), 1) == [0, len(first)]
