"""Replies as plain values, and the parts of a request that decide about them: headers, conditions, compression,
refusals. One place for methods, failures and their log."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from hotpapers.base import errors
from hotpapers.base.logs import log_event
from hotpapers.jobs.isolation import log_defect
from hotpapers.publish.render.templating import POLICY

LEVEL, WORTHWHILE = 6, 1_000
"""The compression level, and the bytes from which a reply is compressed if the client accepts it."""
HTML, TEXT = "text/html; charset=utf-8", "text/plain; charset=utf-8"

# ---- headers -----------------------------------------------------------------------------------------------

FRAMES = "frame-ancestors 'none'"
COMMON = {
    "content-security-policy": f"default-src 'none'; {FRAMES}",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}
"""On every reply, unless one of those below says otherwise. `no-cache`: caches must revalidate each time, so forgotten
content disappears immediately."""
PAGE = COMMON | {
    "content-security-policy": f"{POLICY}; {FRAMES}",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
}
"""On the pages of the site."""
OPEN = COMMON | {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "ETag, Link, Retry-After",
    "cross-origin-resource-policy": "cross-origin",
}
"""On replies that pages of other sites may read."""
PRIVATE = COMMON | {"cache-control": "no-store"}
"""On replies for one client or for the operator."""
CLOSE = {"connection": "close"}
"""Ends the connection after the reply."""

Headers = tuple[tuple[bytes, bytes], ...]
_OF_BODIES = (b"content-length", b"content-type", b"content-encoding", b"link")


def retry_after(seconds: int) -> dict[str, str]:
    """The header that says when to come again; none for 0."""
    return {"retry-after": str(seconds)} if seconds else {}


# ---- replies -----------------------------------------------------------------------------------------------


class Reply(msgspec.Struct, frozen=True):
    """A whole reply, and the app that sends it. `etag`: empty if it has none."""

    status: int
    headers: Headers
    body: bytes = b""
    etag: str = ""

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return len(self.body) + 2_000

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it, without its body to a HEAD request; or *not modified* to a client that has it already."""
        status = self.status
        headers = self.headers
        body = b"" if scope["method"] == "HEAD" else self.body
        if self.etag and names_tag(header_of(scope, b"if-none-match"), self.etag):
            status = 304
            headers = tuple(pair for pair in headers if pair[0] not in _OF_BODIES)
            body = b""
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def build_reply(status: int, headers: Mapping[str, str], body: bytes = b"", etag: str = "") -> Reply:
    """A reply with these headers and its length."""
    names = {**headers, **({"etag": etag} if etag else {})}
    if status not in (204, 304):
        names["content-length"] = str(len(body))
    pairs = tuple((name.encode(), value.encode("latin-1", "replace")) for name, value in names.items())
    return Reply(status, pairs, body, etag)


def tagged_reply(headers: Mapping[str, str], body: bytes, *, compress: bool) -> Reply:
    """A reply with an ETag; compressed, which needs another tag (RFC 9110 §8.8.1), if that is worthwhile."""
    etag = hashlib.sha256(body).hexdigest()[:32]
    headers = {**headers, "vary": "Accept-Encoding"}
    if compress and len(body) >= WORTHWHILE:
        etag = f"{etag}-gzip"
        headers["content-encoding"] = "gzip"
        body = gzip.compress(body, LEVEL, mtime=0)
    return build_reply(200, headers, body, f'"{etag}"')


def text_reply(status: int, text: str, headers: Mapping[str, str]) -> Reply:
    """A line of text."""
    return build_reply(status, {**headers, "content-type": TEXT}, f"{text}\n".encode())


class StreamAborted(Exception):
    """A stream failed after it had started. The connection is closed, so the client notices."""


class Refused(Exception):
    """A request that is not carried out. Not one of the program's errors, as it affects only this request. `detail`:
    why; `wait`: seconds after which it may be repeated, or 0."""

    def __init__(self, status: int, detail: str, wait: int = 0) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.wait = wait


# ---- requests ----------------------------------------------------------------------------------------------


def header_of(scope: Scope, name: bytes) -> str:
    """The values of a header, in lowercase, separated by commas; empty if it is missing."""
    return ",".join([value.decode("latin-1") for header, value in scope["headers"] if header == name])


def takes_gzip(scope: Scope) -> bool:
    """Whether the client accepts gzip (RFC 9110 §12.5.3; weights other than 0 do not matter)."""
    header = header_of(scope, b"accept-encoding")
    if not header:
        return False
    allowed = {}
    for part in header.lower().replace(" ", "").split(","):
        name, _, weight = part.partition(";q=")
        allowed[name] = not weight or weight.strip("0.") != ""
    return allowed.get("gzip", allowed.get("*", False))


def has_body(scope: Scope) -> bool:
    """Whether a request has a body."""
    return header_of(scope, b"content-length") not in ("", "0") or header_of(scope, b"transfer-encoding") != ""


def names_tag(header: str, etag: str) -> bool:
    """Whether an If-None-Match header names an ETag (RFC 9110 §13.1.2: weak comparison)."""
    if not header:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return header.strip() == "*" or etag.removeprefix("W/") in tags


def query_suffix(scope: Mapping[str, Any]) -> str:
    """`?` and the query, escaped for a Location header; empty without a query."""
    query = quote(scope["query_string"], safe="%&=+:,;@!$'()*~/?")
    return f"?{query}" if query else ""


def content_type(request: Request) -> str:
    """The type of a request's body, without parameters."""
    return header_of(request.scope, b"content-type").partition(";")[0].strip().lower()


async def read_body(request: Request, most: int) -> bytes:
    """A request's body, cut off once it is longer than `most` bytes. Raises ClientDisconnect."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            break
    return bytes(body)


# ---- requests that a function answers ----------------------------------------------------------------


READ = ("GET", "HEAD")
UNAVAILABLE = "the store is temporarily unavailable"
DEFECT = "internal error; see the server's log for details"

Answer = Callable[[Request], Awaitable[ASGIApp]]
"""Returns an app that sends the reply. Raises Refused, or one of the program's errors."""
RefusalFormat = Callable[[Refused, Mapping[str, str]], Reply]
"""Makes a refusal's reply with further headers."""


def plain_refusal(refused: Refused, headers: Mapping[str, str]) -> Reply:
    """A refusal as a line of text."""
    return text_reply(refused.status, refused.detail, {**COMMON, **headers})


class Responder:
    """The app behind a route. `refuse`: formats a refusal for this part of the app. `methods`: those that are answered;
    any, if there are none."""

    def __init__(self, answer: Answer, refuse: RefusalFormat = plain_refusal, methods: tuple[str, ...] = READ) -> None:
        self._answer = answer
        self._refuse = refuse
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        headers = dict[str, str]()
        answer: ASGIApp
        try:
            if self._methods and request.method not in self._methods:
                headers["allow"] = ", ".join(self._methods)
                raise Refused(405, f"method not allowed; use {self._methods[0]}")
            answer = await self._answer(request)
        except Exception as problem:
            refused = refused_by(problem, scope)
            if refused.status == 413:  # what follows is not read
                headers |= CLOSE
            answer = self._refuse(refused, {**headers, **retry_after(refused.wait)})
        await answer(scope, receive, send)


def refused_by(problem: Exception, scope: Scope) -> Refused:
    """The refusal that reports a failure to a client: in detail only for errors about the request itself. Others are
    logged."""
    if isinstance(problem, Refused):
        return problem
    if isinstance(problem, errors.NotFound):
        return Refused(404, str(problem))
    if isinstance(problem, errors.UsageError | errors.InputError | errors.IssueError):
        return Refused(400, str(problem))
    if isinstance(problem, errors.StoreError):
        log_event("unavailable", level=logging.ERROR, path=scope["path"][:200], reason=problem)
        return Refused(503, UNAVAILABLE, 10)
    if isinstance(problem, ClientDisconnect):
        return Refused(400, "incomplete")
    log_defect("serve", problem)
    return Refused(500, DEFECT)


def not_found(detail: str, refuse: RefusalFormat = plain_refusal) -> Responder:
    """404 for unknown paths."""

    async def answer(request: Request) -> Reply:
        raise Refused(404, detail)

    return Responder(answer, refuse, ())


def health_reply(state: Mapping[str, object]) -> Reply:
    """The reply of the health endpoint for monitors; 503 unless its `ok` is true."""
    body = json.dumps(state).encode()
    return build_reply(200 if state["ok"] else 503, PRIVATE | {"content-type": "application/json"}, body)
