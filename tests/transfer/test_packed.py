"""Compressed content: frames found without decompressing, content truncated anywhere, parts of files."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import cast

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import InputError
from hotpapers.keep.transfer.packed import MAX_WINDOW_BYTES, open_range, open_unpacked, zstd_frames

SKIPPED = b"\x5a\x2a\x4d\x18\x05\0\0\0hello"
"""A skippable frame."""

contents = st.one_of(
    st.binary(max_size=300),
    st.integers(0, 200_000).map(bytes),
    st.integers(1, 3).map(lambda n: b"kettles" * 30_000 * n),
)
frames = st.builds(
    lambda content, checksum, size: (
        content,
        zstandard.ZstdCompressor(write_checksum=checksum, write_content_size=size).compress(content),
    ),
    contents, st.booleans(), st.booleans(),
)  # fmt: skip
archives = st.lists(st.one_of(frames, st.just((b"", SKIPPED))), min_size=1, max_size=5)


def as_raw(content: bytes) -> io.RawIOBase:
    return cast("io.RawIOBase", io.BytesIO(content))


def unpacked(packed: bytes) -> bytes:
    with open_unpacked(as_raw(packed), "made.zst", None, MAX_WINDOW_BYTES) as stream:
        return stream.read()


@given(archives)
def test_frames_are_where_they_were_put(
    tmp_path_factory: pytest.TempPathFactory, archive: list[tuple[bytes, bytes]]
) -> None:
    file = tmp_path_factory.mktemp("frames") / "made.zst"
    file.write_bytes(b"".join(packed for _, packed in archive))
    places = [sum(len(packed) for _, packed in archive[:n]) for n in range(len(archive))]
    assert zstd_frames(str(file), 1) == places
    for n, place in enumerate(places):
        with open_range(str(file), place, 0) as stream:
            assert stream.read() == b"".join(content for content, _ in archive[n:])
    assert zstd_frames(str(file), 2**30) == [0]


@given(archives, st.floats(0, 1))
def test_what_breaks_off_is_told_wherever_it_does(archive: list[tuple[bytes, bytes]], where: float) -> None:
    whole = b"".join(packed for _, packed in archive)
    place = 4 + int((len(whole) - 4) * where)
    ends = [sum(len(packed) for _, packed in archive[: n + 1]) for n in range(len(archive))]
    if place in ends:
        assert unpacked(whole[:place]) == b"".join(content for content, _ in archive[: ends.index(place) + 1])
    else:
        with pytest.raises(InputError, match="it is truncated; was it copied completely"):
            unpacked(whole[:place])


def test_frames_that_break_off_are_no_place_to_cut(tmp_path: Path) -> None:
    first, second = zstandard.compress(b"kettle" * 1000), zstandard.compress(b"spoon" * 1000)
    (tmp_path / "cut.zst").write_bytes(first + second + first[:-3])
    assert zstd_frames(str(tmp_path / "cut.zst"), 1) == [0, len(first), len(first) + len(second)]
    (tmp_path / "odd.zst").write_bytes(first + b"not packed at all")
    assert zstd_frames(str(tmp_path / "odd.zst"), 1) == [0, len(first)]
    with pytest.raises(InputError, match="cannot be unpacked"):
        unpacked(first + b"not packed at all")


@pytest.mark.long
@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_what_says_little_and_unpacks_to_much_takes_little_at_a_time(pack: object) -> None:
    packed = pack(bytes(2**26))  # type: ignore[operator]
    with open_unpacked(as_raw(packed), "bomb", None, MAX_WINDOW_BYTES) as stream:
        assert sum(len(block) for block in iter(lambda: stream.read1(2**20), b"")) == 2**26
