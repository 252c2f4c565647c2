"""The rows of an archive's blocks as lines of Jetstream's events, each at its own moment.

Whole blocks come: rows of other collections, and of other times, are left out. A record that the archive collected long
after it was made counts from when it was made, as its key says: what is left of that time, not what was seen then.
Edits, deletions and accounts keep the moment when they were witnessed, and so do records that came again, after they
were deleted or their repository was replaced; else they would seem to be older than their deletion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import libipld
import msgspec

from hotpapers.collect.sources.bluesky.parser import FIRST_ACCOUNT, creation_time, record_address
from hotpapers.wings.archives.event_lines import mark_of, problem_line
from hotpapers.wings.archives.format import UNREADABLE
from hotpapers.wings.archives.replay.segment_blocks import ACCOUNT, CREATE, DELETE, SYNC, UPDATE, ArchivedRow
from hotpapers.wings.archives.repository import plain_json
from hotpapers.wings.archives.spill import KnownMarks

OPERATIONS = {CREATE: "create", UPDATE: "update", DELETE: "delete"}
NONSENSE = (*UNREADABLE, TypeError, KeyError, AttributeError)


class Period(NamedTuple):
    """The moments from `since` until before `until`, µs UTC."""

    since: int
    until: int

    def has(self, at: int) -> bool:
        """Whether a moment is in it."""
        return self.since <= at < self.until


class BlockEvents:
    """Converts rows in the archive's order. It remembers what was deleted or replaced, in constant memory: after many
    millions, one other record in ten seems to have come again, too; but nearly all old ones came before."""

    def __init__(self, collections: Iterable[str], period: Period) -> None:
        self._collections = frozenset(collections)
        self._period = period
        self._removed = KnownMarks()

    def learn(self, line: bytes) -> None:
        """Learns from a line what was removed."""
        if b'"delete"' in line or b'"sync"' in line:
            event = msgspec.json.decode(line)
            commit = event.get("commit")
            if event.get("kind") == "sync":
                self._removed.add((mark_of(f"{event['did']} {event['sync']['rev']}"),))
            elif commit and commit["operation"] == "delete":
                self._removed.add((mark_of(record_address(event["did"], commit["collection"], commit["rkey"])),))

    def lines(self, rows: Iterable[ArchivedRow]) -> Iterator[bytes]:
        """The relevant rows as lines; those that cannot be read as lines that say so."""
        for row in rows:
            try:
                event = self._event(row)
                if event is not None:
                    line = msgspec.json.encode(event) + b"\n"
                    self.learn(line)
                    yield line
            except NONSENSE as problem:
                yield problem_line(str(problem), did=row.did, path=f"{row.collection}/{row.rkey}", block=row.payload)

    def _event(self, row: ArchivedRow) -> dict[str, Any] | None:
        if row.kind in OPERATIONS:
            return self._commit(row) if row.collection in self._collections else None
        if row.witnessed_at < self._period.since:
            return None
        if row.kind == SYNC:  # before the records that come again
            sync = {"rev": row.rev}
            return {"did": row.did, "time_us": row.witnessed_at - 1, "kind": "sync", "sync": sync}
        if row.kind == ACCOUNT:
            account: Any = libipld.decode_dag_cbor(row.payload)
            known = {name: account[name] for name in ("active", "status") if name in account}
            return {"did": row.did, "time_us": row.witnessed_at, "kind": "account", "account": known}
        return None

    def _commit(self, row: ArchivedRow) -> dict[str, Any] | None:
        record: Any = None if row.kind == DELETE else plain_json(libipld.decode_dag_cbor(row.payload))
        claimed = record.get("createdAt") if record else ""
        claimed_text = claimed if isinstance(claimed, str) else ""
        created_at = creation_time(row.rkey, claimed_text, row.witnessed_at, row.witnessed_at - FIRST_ACCOUNT)
        if not self._period.has(created_at):
            return None
        at = created_at if row.kind == CREATE else row.witnessed_at
        if row.kind == CREATE and self._came_again(row):
            at = row.witnessed_at + 1
        commit = {"rev": row.rev, "operation": OPERATIONS[row.kind], "collection": row.collection, "rkey": row.rkey}
        content = commit if record is None else commit | {"record": record}
        return {"did": row.did, "time_us": at, "kind": "commit", "commit": content}

    def _came_again(self, row: ArchivedRow) -> bool:
        names = (record_address(row.did, row.collection, row.rkey), f"{row.did} {row.rev}")
        return any(mark_of(name) in self._removed for name in names)
