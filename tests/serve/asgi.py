"""Calls an ASGI app without a server: one request, its whole response."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

from starlette.types import ASGIApp


class Response(NamedTuple):
    """Status, headers, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def plain(self) -> bytes:
        """The body, decompressed."""
        return gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.plain)


def scope_of(
    url: str, method: str = "GET", headers: Mapping[str, str] | Sequence[tuple[str, str]] = (), peer: str = "192.0.2.1"
) -> dict[str, Any]:
    """A request as a server passes it to an app."""
    path, _, query = url.partition("?")
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode("latin-1"), "root_path": "",
        "server": ("a.example", 80), "client": (peer, 5000) if peer else None,
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in pairs],
    }  # fmt: skip


async def fetch(app: ASGIApp, scope: dict[str, Any]) -> Response:
    """The response to a request."""
    messages: list[MutableMapping[str, Any]] = []
    disconnection = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await disconnection.wait()  # the client never disconnects
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        messages.append(message)

    await app(scope, receive, send)
    head, *parts = messages
    headers = [(name.decode(), value.decode("latin-1")) for name, value in head["headers"]]
    assert len(dict(headers)) == len(headers), "a header is sent twice"
    assert not parts[-1].get("more_body") and all(part["more_body"] for part in parts[:-1])
    return Response(head["status"], dict(headers), b"".join(part["body"] for part in parts))


def get(app: ASGIApp, url: str, method: str = "GET", **options: Any) -> Response:
    """The response to a request, in an event loop of its own."""
    return asyncio.run(fetch(app, scope_of(url, method, **options)))
