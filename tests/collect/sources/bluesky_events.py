"""Made-up events of Bluesky's stream."""

from __future__ import annotations

import json
from typing import Any

ANNA = "did:plc:madeupaaaaaaaaaaaaaaaaaa"
BERT = "did:plc:madeupbbbbbbbbbbbbbbbbbb"
_DIGITS = "234567abcdefghijklmnopqrstuvwxyz"


def tid(when: int) -> str:
    """The key of a record created at a given moment."""
    return "".join(_DIGITS[(when << 10) >> 5 * n & 31] for n in range(12, -1, -1))


def at_uri(did: str, when: int, collection: str = "app.bsky.feed.post") -> str:
    return f"at://{did}/{collection}/{tid(when)}"


def post(text: str, **more: Any) -> dict[str, Any]:
    return {"$type": "app.bsky.feed.post", "createdAt": "2026-01-01T00:00:00.000Z", "text": text} | more


def create(
    did: str, record: dict[str, Any] | None, *, collection: str = "app.bsky.feed.post", rkey: str = "", time: int = 0
) -> bytes:
    """A Jetstream event that creates a record, or deletes it if `record` is None."""
    operation = "delete" if record is None else "create"
    commit: dict[str, Any] = {
        "rev": tid(time), "operation": operation, "collection": collection, "rkey": rkey or tid(max(time, 0)),
    }  # fmt: skip
    commit |= {} if record is None else {"record": record, "cid": "bafyrei"}
    return json.dumps({"did": did, "time_us": time, "kind": "commit", "commit": commit}).encode()


def reaction_event(did: str, uri: str, *, kind: str = "like", time: int = 0) -> bytes:
    """A like or a repost."""
    return create(did, {"subject": {"cid": "bafyrei", "uri": uri}}, collection=f"app.bsky.feed.{kind}", time=time)


def account(did: str, *, active: bool, time: int = 0, status: str = "deactivated") -> bytes:
    content = {"active": active, "did": did, "seq": 1, "time": "2026-01-01T00:00:00.000Z"}
    content |= {} if active else {"status": status}
    return json.dumps({"did": did, "time_us": time, "kind": "account", "account": content}).encode()
