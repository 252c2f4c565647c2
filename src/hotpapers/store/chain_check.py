"""What a frozen issue says of the record that it was built from: a published digest binds all batches before it."""

from __future__ import annotations

import hashlib

import msgspec

from hotpapers import model
from hotpapers.store import batches
from hotpapers.store.database import Database


class _Rest(msgspec.Struct):
    """Where an issue's content rests on the record: see `model.IssueContent`."""

    position: int
    chain: str


def flaw_of(database: Database, issue: model.Issue) -> str | None:
    """What is wrong with a frozen issue by its content and the chain of batches alone; None if nothing is."""
    if hashlib.sha256(issue.content.encode()).hexdigest() != issue.digest:
        return "its content does not have its digest"
    try:
        rest = msgspec.json.decode(issue.content, type=_Rest)
    except (msgspec.DecodeError, RecursionError):
        return "its content does not say where in the record it rests"
    data = batches.chain_at(database, rest.position)
    if data is None:
        return f"rests on batch {rest.position}, which is gone"
    return None if data.hex() == rest.chain else f"rests on another record: batch {rest.position} is not the same"
