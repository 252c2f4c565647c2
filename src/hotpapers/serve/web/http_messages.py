"""Requests and replies of the API as plain values: headers, conditions, problems."""

from __future__ import annotations

import gzip
import hashlib
import http
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from hotpapers.base import errors
from hotpapers.publish.query import schemas
from hotpapers.publish.query.openapi import PROBLEM

WORTHWHILE = 1_000
"""Bytes from which a reply is compressed if the client accepts it."""
MAX_PATH_CHARS = 2_000
"""Most characters of path and query together."""

COMMON: tuple[tuple[str, str], ...] = (
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "ETag, Link, Retry-After"),
    ("cache-control", "no-cache"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cross-origin-resource-policy", "cross-origin"),
    ("referrer-policy", "no-referrer"),
    ("vary", "Accept-Encoding"),
    ("x-content-type-options", "nosniff"),
)
"""On every reply. `no-cache`: caches must revalidate each time, so forgotten content disappears at once."""

Headers = tuple[tuple[bytes, bytes], ...]


class ApiRequest(NamedTuple):
    """A request. `headers`: all others by name, in lowercase; `forwarded`: the values of X-Forwarded-For."""

    method: str
    path: str
    query: bytes
    peer: str
    headers: Mapping[bytes, bytes]
    forwarded: tuple[str, ...]

    @property
    def takes_gzip(self) -> bool:
        """Whether the client accepts gzip."""
        return takes_gzip(self.headers.get(b"accept-encoding", b"").decode("latin-1"))

    def has(self, etag: str) -> bool:
        """Whether the client already has this version."""
        return names_tag(self.headers.get(b"if-none-match", b"").decode("latin-1"), etag)


def takes_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header allows gzip (RFC 9110 §12.5.3; weights other than 0 do not matter)."""
    allowed = {}
    for part in header.lower().replace(" ", "").split(","):
        name, _, weight = part.partition(";q=")
        allowed[name] = not weight or weight.strip("0.") != ""
    return allowed.get("gzip", allowed.get("*", False))


def names_tag(header: str, etag: str) -> bool:
    """Whether an If-None-Match header names an ETag (RFC 9110 §13.1.2: weak comparison)."""
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return header.strip() == "*" or etag.removeprefix("W/") in tags


def query_suffix(scope: Mapping[str, Any]) -> str:
    """`?` and the query, escaped for a Location header; empty without a query."""
    query = quote(scope["query_string"], safe="%&=+:,;@!$'()*~/?")
    return f"?{query}" if query else ""


def request_of(scope: Mapping[str, Any]) -> ApiRequest:
    """The request in an ASGI scope, with its path relative to the API's root."""
    headers: dict[bytes, bytes] = {}
    forwarded = []
    for name, value in scope["headers"]:
        if name == b"x-forwarded-for":
            forwarded.append(value.decode("latin-1"))
        else:
            headers[name] = headers[name] + b"," + value if name in headers else value
    path: str = scope["path"]
    peer = scope.get("client")
    return ApiRequest(
        method=scope["method"],
        path=path.removeprefix(scope.get("root_path", "")),
        query=scope["query_string"],
        peer=str(peer[0]) if peer else "",
        headers=headers,
        forwarded=tuple(forwarded),
    )


class ApiReply(NamedTuple):
    """A whole reply. `etag`: empty if it has none."""

    status: int
    headers: Headers
    body: bytes = b""
    etag: str = ""

    @property
    def size(self) -> int:
        return len(self.body) + 2_000


def reply(status: int, headers: Iterable[tuple[str, str]], body: bytes = b"", etag: str = "") -> ApiReply:
    """A reply with the common headers and its length."""
    tag = [("etag", etag)] if etag else []
    length = [] if status in (204, 304) else [("content-length", str(len(body)))]
    all_headers = [*COMMON, *headers, *tag, *length]
    return ApiReply(
        status, tuple((name.encode(), value.encode("latin-1", "replace")) for name, value in all_headers), body, etag
    )


def json_reply(body: bytes, link: str, *, compress: bool) -> ApiReply:
    """A JSON reply, compressed if requested and worthwhile. `link`: the Link header to the next page, or empty."""
    compress = compress and len(body) >= WORTHWHILE
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}{"-gz" if compress else ""}"'
    headers = [("content-type", "application/json")]
    headers += [("link", link)] if link else []
    headers += [("content-encoding", "gzip")] if compress else []
    return reply(200, headers, gzip.compress(body, 6, mtime=0) if compress else body, etag)


PREFLIGHT = reply(
    204,
    [
        ("allow", "GET, HEAD, OPTIONS"),
        ("access-control-allow-methods", "GET, HEAD"),
        ("access-control-allow-headers", "If-None-Match"),
        ("access-control-max-age", "86400"),
    ],
)
"""The reply to a browser's CORS preflight request."""


# ---- problems ----------------------------------------------------------------------------------------------


def problem(status: int, detail: str, headers: Iterable[tuple[str, str]] = ()) -> ApiReply:
    """An error reply in the format of RFC 9457."""
    details = schemas.ProblemDetails(
        type="about:blank", title=http.HTTPStatus(status).phrase, status=status, detail=detail
    )
    return reply(status, [("content-type", PROBLEM), *headers], msgspec.json.encode(details))


def retry_reply(status: int, detail: str, seconds: int) -> ApiReply:
    """An error reply for a request that can be retried after some seconds."""
    return problem(status, detail, [("retry-after", str(seconds))])


def problem_of(error: Exception) -> ApiReply:
    """The reply for an error. Only errors about the request itself are shown to the client."""
    if isinstance(error, errors.NotFound):
        return problem(404, str(error))
    if isinstance(error, errors.UsageError | errors.InputError | errors.IssueError):
        return problem(400, str(error))
    if isinstance(error, errors.StoreError):
        return retry_reply(503, "the store is temporarily unavailable", 10)
    return problem(500, "internal error; see the server's log for details")


def refusal(request: ApiRequest) -> ApiReply | None:
    """The error reply for a request that the API never accepts; None otherwise."""
    if request.method == "OPTIONS":
        return PREFLIGHT
    if request.method not in ("GET", "HEAD"):
        return problem(405, "method not allowed; use GET", [("allow", "GET, HEAD, OPTIONS")])
    if len(request.path) + len(request.query) > MAX_PATH_CHARS:
        return problem(414, f"path and query are longer than {MAX_PATH_CHARS:,} characters")
    if request.headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in request.headers:
        return problem(413, "requests must not have a body")
    return None
