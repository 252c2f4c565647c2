"""Read remote files: from object stores through fsspec, from web servers with our own client.

Web servers are asked for some megabytes at a time (RFC 9110 §14), by the client that refuses internal addresses. fsspec
is never used for web addresses.
"""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from hotpapers.base.errors import InputError, NetError, UsageError
from hotpapers.base.ids import timestamps
from hotpapers.base.model import HttpClient, Response
from hotpapers.keep.transfer.packed import BLOCK, ChunkStream

ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
WEB = ("http", "https")
STORES = {
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "hdfs": "pyarrow",
    "memory": "fsspec",
}
"""URL schemes of object stores, and the package that each needs."""
PIECE = 8_000_000
"""Bytes per request, below our client's limit for responses."""
RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", re.ASCII)
DATES = ("LastModified", "mtime", "updated", "last_modified", "created")
MARKS = ("ETag", "etag", "generation", "md5Hash", "size", *DATES)
"""Metadata that shows whether a file has changed."""


class RemoteFile(NamedTuple):
    """A file and its metadata: `size` in bytes, `changed_at` in µs UTC or None. `open`: opens its bytes. `altered`:
    whether it has changed since; always False for files whose reading raises InputError in that case."""

    name: str
    size: int
    changed_at: int | None
    open: Callable[[], io.RawIOBase]
    altered: Callable[[], bool] = bool


def is_remote(file: str) -> bool:
    """Whether a file's name is a URL."""
    return ADDRESS.match(file) is not None


def remote_file(address: str, web: Callable[[], HttpClient]) -> RemoteFile:
    """The file at a URL. `web`: opens a client. Raises InputError, and UsageError if a library is missing."""
    scheme = address.partition("://")[0].lower()
    if scheme in WEB:
        return _on_the_web(address, web())
    if scheme not in STORES or "::" in address:
        known = ", ".join(f"{name}://" for name in (*WEB, *STORES))
        raise UsageError(f"{name_of(address)}: unsupported URL; use one of {known}")
    return _in_a_store(address, STORES[scheme])


def name_of(address: str) -> str:
    """A URL for messages: without user, password and query, which may be secret."""
    try:
        parts = urlsplit(address)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return address.partition("?")[0].partition("@")[2] or address.partition("?")[0]
    return f"{parts.scheme}://{host}{parts.path}"


# ---- object stores -----------------------------------------------------------------------------------


def _in_a_store(address: str, package: str) -> RemoteFile:
    name = name_of(address)
    try:
        from fsspec.core import url_to_fs  # an optional dependency
    except ImportError as missing:
        raise UsageError(f"{name}: needs the extra remote: pip install 'hotpapers[remote]'") from missing
    try:
        store, path = url_to_fs(address)
    except ImportError as missing:
        raise UsageError(f"{name}: needs {package}: pip install {package}") from missing
    known = _call(name, lambda: store.info(path))
    if known.get("type") == "directory":
        raise InputError("is a folder; name the files in it", file=name)
    marks = _marks(known)

    def altered() -> bool:
        store.invalidate_cache()
        return _marks(_call(name, lambda: store.info(path))) != marks

    def opened() -> io.RawIOBase:
        return ChunkStream(stored_chunks(name, lambda: store.open(path, "rb", block_size=PIECE)))

    return RemoteFile(name, int(known.get("size") or 0), _changed_at(known), opened, altered)


def _marks(known: Mapping[str, Any]) -> list[str]:
    return [str(known.get(mark)) for mark in MARKS]


def _changed_at(known: Mapping[str, Any]) -> int | None:
    for date in map(known.get, DATES):
        if isinstance(date, datetime.datetime):
            return timestamps.from_datetime(date if date.tzinfo else date.replace(tzinfo=datetime.UTC))
        if isinstance(date, int | float):
            return int(date * 1_000_000)
        if isinstance(date, str) and (at := timestamps.parse_iso(date)) is not None:
            return at
    return None


def _call(name: str, ask: Callable[[], Any]) -> Any:
    """Call a library whose errors have no common base class. Raises InputError."""
    try:
        return ask()
    except FileNotFoundError as problem:
        raise InputError("cannot be read: no such file", file=name) from problem
    except Exception as problem:
        reason = " ".join(str(problem).split())[:200] or type(problem).__name__
        raise InputError(f"cannot be read: {reason}", file=name) from problem


def stored_chunks(name: str, open_file: Callable[[], Any]) -> Iterator[bytes]:
    """The content of a file opened with fsspec. Raises InputError."""
    with closing(_call(name, open_file)) as file:
        while chunk := _call(name, lambda: file.read(BLOCK)):
            yield chunk


# ---- the web -----------------------------------------------------------------------------------------


def _on_the_web(address: str, http: HttpClient) -> RemoteFile:
    name = name_of(address)
    first = _piece(http, address, name, 0)
    if first.status == 416:
        return RemoteFile(name, 0, None, lambda: ChunkStream(iter(())))
    start, _, size = _range(first, name)
    if start:
        raise InputError("the server sent another part of the file than requested", file=name)
    date = first.headers.get("last-modified", "")
    return RemoteFile(name, size, _web_date(date), lambda: ChunkStream(_pieces(http, address, first)))


def _web_date(text: str) -> int | None:
    try:
        return timestamps.from_datetime(parsedate_to_datetime(text))
    except (ValueError, TypeError, OverflowError):
        return None


def _piece(http: HttpClient, address: str, name: str, start: int) -> Response:
    """Request the next bytes from an offset. Raises InputError."""
    headers = {"range": f"bytes={start}-{start + PIECE - 1}", "accept-encoding": "identity"}
    try:
        answer = http.get(address, headers=headers, accept=(416,))
    except NetError as problem:
        hint = "; the server does not support range requests: download it first" if "more than" in str(problem) else ""
        reason = str(problem).removeprefix(f"{name}: ")
        raise InputError(f"cannot be read: {reason}{hint}", file=name) from problem
    if answer.status not in (206, 416) and start:
        raise InputError("the server does not support range requests: download it first", file=name)
    return answer


def _range(answer: Response, name: str) -> tuple[int, int, int]:
    """(start, end, total size) of the bytes in a response. Raises InputError."""
    if answer.status != 206:  # a small file, sent whole
        return 0, len(answer.body), len(answer.body)
    match = RANGE.fullmatch(answer.headers.get("content-range", ""))
    if match is None or not answer.body or int(match[2]) + 1 - int(match[1]) != len(answer.body):
        raise InputError("the server does not say which part of the file it sent", file=name)
    return int(match[1]), int(match[2]) + 1, int(match[3])


def _tag(answer: Response) -> tuple[str, ...]:
    return tuple(answer.headers.get(header, "") for header in ("etag", "last-modified"))


def _pieces(http: HttpClient, address: str, first: Response) -> Iterator[bytes]:
    """A file on a web server, piece by piece, all of the same version. Raises InputError."""
    name = name_of(address)
    _, end, size = _range(first, name)
    yield first.body
    while end < size:
        answer = _piece(http, address, name, end)
        start, after, whole = _range(answer, name) if answer.status == 206 else (0, 0, 0)
        if _tag(answer) != _tag(first) or (start, whole) != (end, size):
            raise InputError("was changed while being read; import it again when nobody is writing to it", file=name)
        end = after
        yield answer.body
