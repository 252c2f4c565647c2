"""The relay's own stream, converted event by event to lines of Jetstream's JSON.

A frame is two values in DAG-CBOR: a header and a body; a commit includes its records as a CAR file.
https://atproto.com/specs/event-stream · https://atproto.com/specs/sync · https://ipld.io/specs/transport/car/carv1/
"""

from __future__ import annotations

import base64
import datetime
from collections.abc import Container, Iterator
from typing import Any, BinaryIO

import libipld
import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.ids import timestamps
from hotpapers.wings.archives.conversion import problem_line
from hotpapers.wings.archives.format import UNREADABLE

CID = (b"\x01\x71\x12\x20", b"\x01\x55\x12\x20")
"""How a CID begins: version 1, DAG-CBOR or raw, SHA-256. The decoder does not distinguish CIDs from other bytes."""
MAX_FRAME_BYTES = 2**24
"""Maximum bytes of a frame: three times what the network allows."""
CUT = b'{"problem":"an incomplete frame'
"""The line for a last frame that breaks off: an incomplete line."""


class _Op(msgspec.Struct):
    action: str
    path: str
    cid: bytes | None = None


class _Commit(msgspec.Struct):
    repo: str
    rev: str
    time: str
    ops: list[_Op]
    blocks: bytes = b""


class _Account(msgspec.Struct):
    did: str
    time: str
    active: bool


def event_lines(stream: BinaryIO, collections: Container[str]) -> Iterator[bytes]:
    """The events in frames, each of which is preceded by its length (four bytes, little-endian), as lines. Raises
    InputError if no frame can begin at a position, as what follows is unreadable too."""
    offset = 0
    while head := stream.read(4):
        length = int.from_bytes(head, "little")
        if len(head) == 4 and not 0 < length <= MAX_FRAME_BYTES:
            raise InputError(f"no frame at byte {offset:,}: impossible length {length:,}")
        message = stream.read(length) if len(head) == 4 else b""
        if len(head) < 4 or len(message) < length:
            yield CUT
            return
        offset += 4 + length
        try:
            yield from (line + b"\n" for line in events(message, collections))
        except UNREADABLE as problem:
            yield problem_line(str(problem), frame=message) + b"\n"


def events(message: bytes, collections: Container[str]) -> list[bytes]:
    """A frame's events as Jetstream's JSON: commits to some collections, and all account events. What the relay tells
    its listeners is no event. Raises one of UNREADABLE for an invalid frame."""
    parts = libipld.decode_dag_cbor_multi(message)
    if len(parts) != 2 or not all(isinstance(part, dict) for part in parts):
        raise InputError("a frame that is not a header and a body")
    header, body = parts
    if header.get("t") == "#account":
        account = msgspec.convert(body, _Account)
        return [_json(account.did, account.time, "account", body)]
    if header.get("t") != "#commit":
        return []
    commit = msgspec.convert(body, _Commit)
    operations = [op for op in commit.ops if op.path.partition("/")[0] in collections]
    blocks = libipld.decode_car(commit.blocks)[1] if operations and commit.blocks else {}
    changes = (_change(op, commit.rev, blocks) for op in operations)
    return [_json(commit.repo, commit.time, "commit", change) for change in changes if change is not None]


def _change(op: _Op, rev: str, blocks: dict[bytes, Any]) -> dict[str, Any] | None:
    """One operation of a commit; None if the commit was too large to include its records."""
    collection, _, rkey = op.path.partition("/")
    change = {"rev": rev, "operation": op.action, "collection": collection, "rkey": rkey}
    if op.action == "delete":
        return change
    if op.cid is None or op.cid not in blocks:
        return None
    return change | {"record": plain(blocks[op.cid]), "cid": libipld.encode_cid(op.cid)}


def _json(did: str, time: str, kind: str, value: Any) -> bytes:
    return msgspec.json.encode({"did": did, "time_us": microseconds(time), "kind": kind, kind: value})


def microseconds(time: str) -> int:
    """The µs of a time such as 2026-07-04T14:38:07.517Z; one without a zone is UTC, not local time."""
    return timestamps.from_datetime(datetime.datetime.fromisoformat(time))


def plain(value: Any) -> Any:
    """A record in its JSON form: links and bytes as objects with `$link` and `$bytes`."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, bytes):
        return value
    if len(value) == 36 and value.startswith(CID):
        return {"$link": libipld.encode_cid(value)}
    return {"$bytes": base64.b64encode(value).decode().rstrip("=")}
