"""`BatchWriter`: what a write transaction knows of the record when it begins, and the one batch that it adds.

    with record.batch() as batch:
        new = [item for item in items if is_new(batch.view, item)]
        batch.append(new, source="…", at=now())

Nobody else writes meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from hotpapers.base import model
from hotpapers.record import batches, identities, item_checks, row_groups, tombstones
from hotpapers.record.as_of import AsOfView
from hotpapers.record.batches import ChainHead, NewRows, Offer, RowChanges, WrittenBatch
from hotpapers.record.database import Database
from hotpapers.record.identities import IdentityLookup, RecentIdentities
from hotpapers.record.item_rows import KeyedHasher, StoredRow
from hotpapers.record.manifest import BatchStamp
from hotpapers.record.parsing import ParsedPayload
from hotpapers.record.raw_archive import RawArchive
from hotpapers.record.tombstones import Tombstones


class BatchWriter:
    """Writes one batch. From `Record.batch`; only while that transaction lasts.

    `forgotten`: the tombstones. `last`: the batch before. `identities`: looks up each key once, as it was before.
    """

    def __init__(
        self, database: Database, hasher: KeyedHasher, forgotten: Tombstones, last: ChainHead, recent: RecentIdentities
    ) -> None:
        self.database, self.hasher, self.forgotten, self.last = database, hasher, forgotten, last
        self.identities = IdentityLookup(database, recent.at(last.chain))
        self._recent = recent

    @property
    def view(self) -> AsOfView:
        """The record as it is now."""
        return AsOfView(self.database, model.MAX_INTEGER, self.last.position)

    def append(
        self,
        items: Iterable[model.Item],
        *,
        source: str,
        at: int,
        cursor: str | None = None,
        close: Sequence[StoredRow] = (),
    ) -> WrittenBatch:
        """Write items that were not parsed from raw payloads, and close the given rows."""
        offers = [(item, 0) for item in item_checks.cleaned(items)]
        return self.write(offers, BatchStamp(at, source, cursor), close)

    def ingest(
        self, parsed: Sequence[ParsedPayload], *, source: str, at: int, job: str = "", cursor: str | None = None
    ) -> WrittenBatch:
        """Write the items of parsed payloads, and the payloads that are kept raw.

        `job`: the name for the batch and its cursor, by default the source's. Unreadable payloads go to quarantine with
        their reason and don't affect the others.
        """
        archive = RawArchive(self.database, self.forgotten, source)
        unreadable = [payload for payload in parsed if payload.problem]
        for payload in unreadable:
            archive.quarantine(payload)
        useful = [payload for payload in parsed if payload.items]
        origins = archive.keep(useful)
        offers = [(item, origin) for payload, origin in zip(useful, origins, strict=True) for item in payload.items]
        written = self.write(offers, BatchStamp(at, job or source, cursor))
        return written._replace(quarantined=len(unreadable))

    def write(self, offers: Sequence[Offer], stamp: BatchStamp, close: Sequence[StoredRow] = ()) -> WrittenBatch:
        """Add the new ones of the offered items, close the given rows, and chain the batch."""
        allowed = _allowed(offers, self.forgotten) if self.forgotten else offers
        # The rows of items, and the identities that they need, which are added here
        groups = row_groups.grouped(allowed)
        tables = ["identity", *(group.spec.kind for group in groups)]
        numbers = identities.next_numbers(self.database, tables) if groups else {}
        keys = row_groups.keys_of(groups)
        enrolled = identities.enroll(self.identities, keys, self.last.position + 1, numbers.get("identity", 0))
        prepared = [row_groups.prepare_group(group, self.hasher, enrolled.known) for group in groups]
        rows = NewRows(prepared, numbers, enrolled, self._recent)
        written = batches.append(self.database, stamp, rows, RowChanges(close=close), self.last)
        return written._replace(refused=len(offers) - len(allowed))


def _allowed(offers: Sequence[Offer], known: Tombstones) -> list[Offer]:
    """The offers that are not by or about anyone forgotten, with forgotten names blacked out and without references to
    forgotten posts. What comes with a later post by a forgotten account is treated in the same way: the post's key
    alone may not say whose it is."""
    forgotten = known.refused(chain.from_iterable(tombstones.keys_of(item) for item, _ in offers))
    posts = (item for item, _ in offers if isinstance(item, model.Post))
    forgotten |= {post.post for post in posts if not forgotten.isdisjoint(tombstones.author_keys(post))}
    without_references = [
        (tombstones.without_references(item, forgotten.__contains__), origin) for item, origin in offers
    ]
    return [
        (tombstones.redacted(item, known.holds_name), origin)
        for item, origin in without_references
        if forgotten.isdisjoint(tombstones.keys_of(item))
    ]
