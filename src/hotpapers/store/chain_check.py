"""What a frozen issue says of the record that it was built from: a published digest binds all batches before it."""

from __future__ import annotations

import hashlib

import msgspec

from hotpapers import model
from hotpapers.store import batches
from hotpapers.store.database import Database


class _RecordPosition(msgspec.Struct):
    """Where an issue's content rests on the record: see `model.IssueContent`."""

    position: int
    chain: str


def flaw_of(database: Database, issue: model.Issue) -> str | None:
    """What is wrong with a frozen issue by its content and the chain of batches alone; None if nothing is."""
    if hashlib.sha256(issue.content.encode()).hexdigest() != issue.digest:
        return "its content does not have its digest"
    try:
        rests_on = msgspec.json.decode(issue.content, type=_RecordPosition)
    except (msgspec.DecodeError, RecursionError):
        return "its content does not say where in the record it rests"
    data = batches.chain_at(database, rests_on.position)
    if data is None:
        return f"rests on batch {rests_on.position}, which is gone"
    return (
        None if data.hex() == rests_on.chain else f"rests on another record: batch {rests_on.position} is not the same"
    )
