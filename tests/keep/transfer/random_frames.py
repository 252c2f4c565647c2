"""Zstandard files of random frames."""

from __future__ import annotations

import zstandard
from hypothesis import strategies as st

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
