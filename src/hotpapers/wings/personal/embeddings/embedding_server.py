"""The request to a server of embeddings, `/v1/embeddings`, and the check of its answers.

A vector is kept as signed bytes: the largest of its numbers becomes ±127, so that closeness is the same on every
machine. A server may send anything: vectors of other lengths, numbers that are none, or a page.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.http import ClientLimits, bearer_header
from hotpapers.base.model import HttpClient
from hotpapers.base.settings.announce import read_secret
from hotpapers.base.untrusted_json import decode_json
from hotpapers.site.hooks import Trial
from hotpapers.wings.personal.embeddings.queries import MAX_NUMBERS

if TYPE_CHECKING:
    from hotpapers.jobs.connection import OpenClient
    from hotpapers.site.site import Site
    from hotpapers.wings.personal.embeddings.settings import EmbeddingSettings

MAX_BATCH = 32
"""Texts of a request."""
MAX_TEXT_CHARS = 4_000
"""Code points of a text."""
LIMITS = ClientLimits(read=60, whole=60, size=5_000_000, tries=1)
WHOLE_BYTE = 127
TRIED = "On the tones of kettles: which width of the spout makes which tone."


class _Embedding(msgspec.Struct):
    index: int
    embedding: list[float]


class _Answer(msgspec.Struct):
    data: list[_Embedding]


def server_of(table: EmbeddingSettings) -> EmbeddingSettings:
    """The settings with the key itself. Raises SettingsError if it is not in the environment."""
    return msgspec.structs.replace(table, key=read_secret(table.key, "embeddings.key"))


def embed_texts(http: HttpClient, server: EmbeddingSettings, texts: Sequence[str]) -> list[bytes]:
    """The vectors of at most `MAX_BATCH` texts, all of one length. Raises InputError for other answers, NetError."""
    cut = [text[:MAX_TEXT_CHARS] for text in texts]
    body = json.dumps({"model": server.model, "input": cut, "encoding_format": "float"}).encode()
    headers = {"accept": "application/json", "content-type": "application/json", **bearer_header(server.key)}
    url = f"{server.url.rstrip('/')}/embeddings"
    answer = http.post(url, body=body, headers=headers)
    return vectors_in(answer.body, len(texts))


def vectors_in(body: bytes, count: int) -> list[bytes]:
    """The vectors in an answer about so many texts, in their order. Raises InputError."""
    try:
        rows = decode_json(body, _Answer).data
    except InputError as problem:
        raise InputError(f"not an answer of embeddings: {problem}") from problem
    by_index = {row.index: row.embedding for row in rows}
    if len(rows) != count or by_index.keys() != set(range(count)):
        raise InputError(f"{len(rows):,} vectors for {count:,} texts, or not one for each")
    lengths = {len(row) for row in by_index.values()}
    if len(lengths) > 1 or not all(0 < length <= MAX_NUMBERS for length in lengths):
        shown_lengths = (f"{n:,}" for n in sorted(lengths)[:3])
        raise InputError(f"vectors of {', '.join(shown_lengths)} numbers")
    return [_as_bytes(by_index[n]) for n in range(count)]


def _as_bytes(numbers: Sequence[float]) -> bytes:
    largest = max(map(abs, numbers))
    if not all(map(isfinite, numbers)) or not largest:
        raise InputError("a vector without direction, or with numbers beyond all bounds")
    scaled = [round(number / largest * WHOLE_BYTE) for number in numbers]
    return array("b", scaled).tobytes()


def trials(site: Site) -> Iterator[Trial]:
    """For `check`: asks the server for one vector."""
    table = site.settings.table("embeddings")
    if table.url:
        yield Trial("embeddings", partial(_try_out, table), "wings/own-order")


def _try_out(table: EmbeddingSettings, open_client: OpenClient) -> str:
    server = server_of(table)
    with closing(open_client((server.url,), (server.key,))) as client:
        (vector,) = embed_texts(client.http, server, [TRIED])
    return f"{server.model} answers with vectors of {len(vector):,} numbers"
