"""Jetstream's own compression: each message is a zstd frame, with a dictionary that both sides have.

The dictionary is a file in the Jetstream project. https://github.com/bluesky-social/jetstream · RFC 8878
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import zstandard

from hotpapers.errors import InputError, SettingsError

LONGEST = 8_000_000
"""Most bytes of a decompressed message, and of one sent uncompressed."""
MAGIC = b"\x28\xb5\x2f\xfd"
"""How a zstd frame begins; JSON never does."""


def load_decompressor(file: str) -> Callable[[bytes], bytes]:
    """A function that decompresses messages, from the dictionary's file. Raises SettingsError if it cannot be read."""
    try:
        dictionary = Path(file).read_bytes()
    except OSError as problem:
        raise SettingsError(
            f"source.bluesky.dictionary: {file}: {problem.strerror}; name Jetstream's zstd_dictionary, or nothing"
        ) from problem
    decompressor = zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(dictionary))
    return lambda message: decompress(decompressor, message)


def decompress(decompressor: zstandard.ZstdDecompressor, message: bytes) -> bytes:
    """A decompressed message; one that is not compressed is returned as it is. Raises InputError if it is damaged or
    too long."""
    if not message.startswith(MAGIC):
        return message
    try:
        if zstandard.frame_content_size(message) > LONGEST:
            raise InputError(f"a message of more than {LONGEST:,} bytes")
        return decompressor.decompress(message, max_output_size=LONGEST)
    except (zstandard.ZstdError, MemoryError) as problem:
        raise InputError(f"a message that cannot be decompressed: {problem}") from None
