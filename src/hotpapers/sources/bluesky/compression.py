"""Jetstream's own compression: each message a frame of zstd, with a dictionary that both sides have.

The dictionary is a file of the Jetstream project. https://github.com/bluesky-social/jetstream · RFC 8878
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import zstandard

from hotpapers.errors import InputError, SettingsError

LONGEST = 8_000_000
"""Bytes of an unpacked message, as of one that came unpacked."""
MAGIC = b"\x28\xb5\x2f\xfd"
"""How a frame of zstd begins, and no JSON."""


def load_decompressor(file: str) -> Callable[[bytes], bytes]:
    """What unpacks messages, from the dictionary's file. Raises SettingsError where there is no such file."""
    try:
        dictionary = Path(file).read_bytes()
    except OSError as problem:
        raise SettingsError(
            f"source.bluesky.dictionary: {file}: {problem.strerror}; name Jetstream's zstd_dictionary, or nothing"
        ) from problem
    decompressor = zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(dictionary))
    return lambda message: decompress(decompressor, message)


def decompress(decompressor: zstandard.ZstdDecompressor, message: bytes) -> bytes:
    """A message as it was; one that is not packed as it is. Raises InputError for what is damaged or far too long."""
    if not message.startswith(MAGIC):
        return message
    try:
        if zstandard.frame_content_size(message) > LONGEST:
            raise InputError(f"a message of more than {LONGEST:,} bytes")
        return decompressor.decompress(message, max_output_size=LONGEST)
    except (zstandard.ZstdError, MemoryError) as problem:
        raise InputError(f"a message that cannot be unpacked: {problem}") from None
