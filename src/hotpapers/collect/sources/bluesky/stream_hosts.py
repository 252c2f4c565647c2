"""The hosts of Jetstream's two versions: addresses, cursors, compression.

https://github.com/bluesky-social/jetstream, lexicons/network/bsky/jetstream/subscribeEvents.json
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlencode, urlsplit

import zstandard

from hotpapers.base.errors import RequestRefused
from hotpapers.base.model import HttpClient

SECOND_VERSION = "/xrpc/network.bsky.jetstream.subscribeEvents"
"""How the address of a host that speaks Jetstream 2 ends."""
FIRST_MOMENT = 10**15
"""Smaller cursors are a host's own sequence numbers, which mean nothing to any other; the others, µs UTC."""
DICTIONARY = b"\x37\xa4\x30\xec"
"""How a Zstandard dictionary begins (RFC 8878); its number follows, in four bytes."""
MAX_FRAME_BYTES = 2**22
REFUSED = 400
"""The status for a cursor that is too old, and for a dictionary that was replaced."""


def sequence_cursor(url: str, seq: int, moment: int) -> str:
    """The cursor after an event: that of one host, and the moment for all others."""
    return f"{urlsplit(url).netloc}#{seq}:{moment}" if seq else str(moment)


def sequence_for(url: str, cursor: str | None) -> int | None:
    """The sequence number in a cursor, if this host gave it."""
    host, _, seq = (cursor or "").rpartition(":")[0].rpartition("#")
    return int(seq) if host == urlsplit(url).netloc and seq.isascii() and seq.isdigit() and len(seq) < 16 else None


def host_messages(
    http: HttpClient, host: str, collections: Sequence[str], cursor: str | None, since: int
) -> Iterator[bytes | None]:
    """A host's messages from a cursor on; by time, and without compression, if it no longer has the cursor or the
    dictionary. `since`: a moment a little before, for hosts that did not give the cursor."""
    url = host.rstrip("/")
    if not url.endswith(SECOND_VERSION):
        names = [("wantedCollections", collection) for collection in collections]
        yield from http.messages(f"{url}/subscribe?{urlencode([*names, ('cursor', str(since))])}")
        return
    # No kinds: "commit" alone would hide that accounts were deleted and repositories replaced
    names = [("collections", collection) for collection in collections]
    dictionary = _dictionary(http, url)
    number = [("zstdDictionary", str(dictionary.number))] if dictionary else []
    position = sequence_for(url, cursor) or since
    try:
        sent = http.messages(f"{url}?{urlencode([*names, *number, ('cursor', str(position))])}")
        yield from map(dictionary.decompress, sent) if dictionary else sent
    except RequestRefused as refusal:
        if refusal.status != REFUSED:
            raise
        yield from http.messages(f"{url}?{urlencode([*names, ('cursor', str(since))])}")


class StreamDictionary:
    """A dictionary with which a host compresses messages. Raises ZstdError if it is none."""

    def __init__(self, body: bytes) -> None:
        dictionary = zstandard.ZstdCompressionDict(body)
        self.number = dictionary.dict_id()
        self._decompress = zstandard.ZstdDecompressor(dict_data=dictionary).decompress

    def decompress(self, message: bytes | None) -> bytes | None:
        """A message; one that is damaged or too large stays as it is, and is unreadable."""
        try:
            if message and zstandard.frame_content_size(message) <= MAX_FRAME_BYTES:
                return self._decompress(message, max_output_size=MAX_FRAME_BYTES)
        except zstandard.ZstdError:
            pass
        return message


def _dictionary(http: HttpClient, url: str) -> StreamDictionary | None:
    """The dictionary that a host uses now; None if it has none that can be used."""
    address = url.replace("ws", "http", 1).removesuffix("subscribeEvents") + "getZstdDictionary"
    try:
        body = http.get(address).body
        return StreamDictionary(body) if body.startswith(DICTIONARY) else None
    except (RequestRefused, zstandard.ZstdError):
        return None
