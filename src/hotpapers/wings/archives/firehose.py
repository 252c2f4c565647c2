"""The relay's own stream, converted event by event to Jetstream's format.

A frame is two values in DAG-CBOR: a header and a body; a commit includes its records as a CAR file.
https://atproto.com/specs/event-stream · https://atproto.com/specs/sync · https://ipld.io/specs/transport/car/carv1/
"""

from __future__ import annotations

import base64
import datetime
from collections.abc import Container
from typing import Any, NamedTuple

import libipld
import msgspec

from hotpapers.base.errors import InputError, NetError
from hotpapers.base.ids import timestamps

CID = (b"\x01\x71\x12\x20", b"\x01\x55\x12\x20")
"""How a CID begins: version 1, DAG-CBOR or raw, SHA-256. The decoder does not distinguish CIDs from other bytes."""


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


class FirehoseFrame(NamedTuple):
    """A frame's type, such as `#commit`; its number in the relay's sequence, 0 if it has none; and its body."""

    kind: str
    seq: int
    body: dict[str, Any]


def frame(message: bytes) -> FirehoseFrame:
    """Decode a frame. Raises NetError for an error reported by the relay, InputError, ValueError or RecursionError for
    an invalid frame."""
    parts = libipld.decode_dag_cbor_multi(message)
    if len(parts) != 2 or not all(isinstance(part, dict) for part in parts):
        raise InputError("a frame that is not a header and a body")
    header, body = parts
    if header.get("op") == -1:
        raise NetError(f"the relay says {body.get('error')}: {str(body.get('message', ''))[:200]}")
    kind, seq = str(header.get("t")), body.get("seq")
    if kind == "#info" and body.get("name") == "OutdatedCursor":
        raise NetError("the relay no longer has the events after a cursor")
    return FirehoseFrame(kind, seq if isinstance(seq, int) and seq > 0 else 0, body)


def events(frame: FirehoseFrame, collections: Container[str]) -> list[bytes]:
    """A frame's events as Jetstream's JSON: commits to some collections, and all account events."""
    if frame.kind == "#account":
        account = msgspec.convert(frame.body, _Account)
        return [_json(account.did, account.time, "account", frame.body)]
    if frame.kind != "#commit":
        return []
    commit = msgspec.convert(frame.body, _Commit)
    operations = [op for op in commit.ops if op.path.partition("/")[0] in collections]
    blocks = libipld.decode_car(commit.blocks)[1] if operations and commit.blocks else {}
    return [
        _json(commit.repo, commit.time, "commit", change)
        for op in operations
        if (change := _change(op, commit.rev, blocks)) is not None
    ]


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
