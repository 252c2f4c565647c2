"""Check a frozen issue against the record from which it was built: its digest covers all batches before it."""

from __future__ import annotations

import hashlib
from typing import Annotated

import msgspec

from hotpapers import model
from hotpapers.store import batches
from hotpapers.store.database import Database


class _RecordPosition(msgspec.Struct):
    """The batch from which an issue was built; see `model.IssueContent`."""

    position: Annotated[int, msgspec.Meta(ge=0, le=model.LARGEST)]
    chain: str


def flaw_of(database: Database, issue: model.Issue) -> str | None:
    """What is wrong with a frozen issue, judging only by its content and the chain of batches; None if nothing is."""
    if hashlib.sha256(issue.content.encode()).hexdigest() != issue.digest:
        return "its digest does not match its content"
    try:
        recorded = msgspec.json.decode(issue.content, type=_RecordPosition)
    except (msgspec.DecodeError, RecursionError):
        return "its content does not say from which batch it was built"
    data = batches.chain_at(database, recorded.position)
    if data is None:
        return f"was built from batch {recorded.position}, which is missing"
    return None if data.hex() == recorded.chain else f"was built from another record: batch {recorded.position} differs"
