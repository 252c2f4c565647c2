"""Compressed content: frames found without decompressing, content truncated anywhere, parts of files."""

from __future__ import annotations

import gzip
import io
from typing import cast

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base.errors import InputError
from hotpapers.keep.transfer.packed import MAX_WINDOW_BYTES, open_unpacked
from tests.keep.transfer.random_frames import archives


def as_raw(content: bytes) -> io.RawIOBase:
    return cast("io.RawIOBase", io.BytesIO(content))


def unpacked(packed: bytes) -> bytes:
    with open_unpacked(as_raw(packed), "made.zst", None, MAX_WINDOW_BYTES) as stream:
        return stream.read()


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


def test_what_is_not_packed_after_a_frame_is_refused() -> None:
    with pytest.raises(InputError, match="cannot be unpacked"):
        unpacked(zstandard.compress(b"kettle" * 1000) + b"not packed at all")


@pytest.mark.long
@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_what_says_little_and_unpacks_to_much_takes_little_at_a_time(pack: object) -> None:
    packed = pack(bytes(2**26))  # type: ignore[operator]
    with open_unpacked(as_raw(packed), "bomb", None, MAX_WINDOW_BYTES) as stream:
        assert sum(len(block) for block in iter(lambda: stream.read1(2**20), b"")) == 2**26
