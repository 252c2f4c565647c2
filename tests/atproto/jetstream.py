"""A Jetstream beside the network: what its relay sends, as JSON from any moment on.

Jetstream itself is a program in Go that comes in no package; its format is small: https://github.com/bluesky-social/jetstream
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import libipld
import msgspec
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from hotpapers.collect.sources.bluesky import schemas

COLLECTIONS = (schemas.POST, schemas.LIKE, schemas.REPOST)
TICK = 0.05
"""Seconds between two looks for new events, and between two attempts to reach the relay."""


class _Event(NamedTuple):
    time: int
    collection: str
    text: str


class Jetstream:
    """All events of a relay since it began. Their times are those of their arrival, and rise, as Jetstream's do."""

    def __init__(self, relay: str) -> None:
        self._relay, self._seq, self._events = relay, 0, list[_Event]()
        self.stop = threading.Event()

    def read(self) -> None:
        """Read the relay until told to stop, also after it was restarted."""
        while not self.stop.wait(TICK):
            with suppress(OSError, WebSocketException), connect(f"{self._relay}?cursor={self._seq}") as relay:
                while not self.stop.is_set():
                    with suppress(TimeoutError):
                        self._add(bytes(relay.recv(TICK)))  # type: ignore[arg-type]

    def _add(self, message: bytes) -> None:
        header, body = libipld.decode_dag_cbor_multi(message)
        for event in _events(header.get("t"), body):
            moment = max(time.time_ns() // 1000, self._events[-1].time + 1 if self._events else 0)
            text = msgspec.json.encode(event | {"time_us": moment}).decode()
            self._events.append(_Event(moment, event.get("commit", {}).get("collection", ""), text))
        self._seq = body.get("seq") or self._seq

    def send(self, listener: ServerConnection) -> None:
        """Send a listener the requested collections, and all account events, from its cursor on."""
        query = parse_qs(urlsplit(listener.request.path if listener.request else "").query)
        wanted, since = {"", *query["wantedCollections"]}, int(query.get("cursor", ["0"])[0])
        sent = 0
        with suppress(WebSocketException):
            while not self.stop.wait(TICK):
                new, sent = self._events[sent:], len(self._events)
                for event in new:
                    if event.time >= since and event.collection in wanted:
                        listener.send(event.text)
                with suppress(TimeoutError):
                    listener.recv(0)  # notices that it has left


def _events(kind: str | None, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A frame's events: commits to some collections, and all account events."""
    if kind == "#account":
        yield {"did": body["did"], "kind": "account", "account": body}
    if kind != "#commit":
        return
    blocks = libipld.decode_car(body["blocks"])[1] if body["blocks"] else {}
    for op in body["ops"]:
        collection, _, rkey = op["path"].partition("/")
        if collection not in COLLECTIONS:
            continue
        commit = {"rev": body["rev"], "operation": op["action"], "collection": collection, "rkey": rkey}
        if op["action"] != "delete":
            commit |= {"record": _plain(blocks[op["cid"]]), "cid": libipld.encode_cid(op["cid"])}
        yield {"did": body["repo"], "kind": "commit", "commit": commit}


def _plain(value: Any) -> Any:
    """A record in its JSON form: links as objects with `$link`."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return {"$link": libipld.encode_cid(value)} if isinstance(value, bytes) else value


@contextmanager
def running_jetstream(relay: str) -> Iterator[str]:
    """A Jetstream of a relay until the block ends: its address."""
    jetstream = Jetstream(relay)
    with serve(jetstream.send, "127.0.0.1", 0) as server:
        threads = [threading.Thread(target=target, daemon=True) for target in (jetstream.read, server.serve_forever)]
        for thread in threads:
            thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            jetstream.stop.set()
            server.shutdown()
            for thread in threads:
                thread.join(5)
