"""Stores the findings from some lines of an archive, if they are new.

An archive is about the past: an item is compared not with the record's latest values, but with those at the moment when
the item was observed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from hotpapers.base.errors import FullStore, InputError
from hotpapers.base.grouping import sets_by_key
from hotpapers.base.model import (
    Item,
    Mention,
    Paper,
    Post,
    RawPayload,
    Reaction,
    Snapshot,
    kind_of,
    typed_key,
)
from hotpapers.base.network_terms import admissible_items
from hotpapers.base.untrusted_json import decode_or_mend
from hotpapers.collect.change_filter import ChangeFilter, created_when_seen, is_edit, is_mention
from hotpapers.collect.pipeline import keep_raw_for, with_consequences, without_limited_raw
from hotpapers.collect.sources.batched_requests import EDIT
from hotpapers.collect.sources.decoding import unreadable_key
from hotpapers.record import AsOfView, Record, item_checks
from hotpapers.record.batches import allowed_offers
from hotpapers.record.parsing import ParsedPayload, parse_payload
from hotpapers.wings.archives.format import BROKEN, UNREADABLE, ArchiveFormat, key_of
from hotpapers.wings.archives.imported_file import ArchiveTask
from hotpapers.wings.archives.queries import known_keys

MAX_BATCH_FINDINGS = 5_000
"""Findings after which a batch is stored."""
MAX_BATCH_BYTES = 2**24
"""Bytes of findings after which it is."""
KEPT = 2**16
"""Bytes of an unreadable line or entry to quarantine."""
COUNTED = {Paper: "papers", Post: "posts", Mention: "mentions", Reaction: "reactions", Snapshot: "snapshots"}


class ArchiveBatch:
    """Findings waiting to be stored. `count`, `size`: how many, and the bytes of their bodies. `in_order`: the findings
    are events in order of time, and all events of one moment are in the same batch."""

    def __init__(self, task: ArchiveTask, format: ArchiveFormat, *, in_order: bool = False) -> None:
        self._record = task.record
        self._job = task.job
        self._terms = task.terms
        self._now = task.target.now
        self._format = format
        self._in_order = in_order
        self._payloads: list[RawPayload] = []
        self._items_by_post = defaultdict[str, list[Item]](list)
        self._files: dict[RawPayload, int] = {}
        self._named = defaultdict[int, set[str]](set)
        self._figures = Counter[tuple[int, str]]()
        self.count = self.size = 0

    @property
    def is_full(self) -> bool:
        """Whether it is time to store."""
        return self.count >= MAX_BATCH_FINDINGS or self.size >= MAX_BATCH_BYTES

    def take(self, line: bytes, file: int = 0) -> Exception | None:
        """Adds the findings of a line of a file; an unreadable line for quarantine, with the reason, which is
        returned."""
        problem = None
        try:
            payloads = decode_or_mend(self._format.take, line)
        except UNREADABLE as reason:
            problem = reason
            raw_payload = RawPayload(BROKEN, unreadable_key(line), line.rstrip(b"\r\n"), self._now)
            payloads = [raw_payload]
        self._payloads += payloads
        for payload in payloads if file else ():
            self._files.setdefault(payload, file)
        self.count += len(payloads)
        self.size += sum(len(payload.body) for payload in payloads)
        return problem

    def take_out(self) -> None:
        """Removes the last finding added."""
        self.size -= len(self._payloads.pop().body)
        self.count -= 1

    def store(self, cursor: str | None, stored: str) -> None:
        """Parses all findings and stores the new ones, with the cursor if there is anything to store. `stored`: the
        earlier imports, for FullStore's message."""
        try:
            outcomes = self._only_new(self._read())
            self._format.learned()
            quarantined = ((self._file(outcome), "quarantined") for outcome in outcomes if outcome.problem)
            self._figures.update(quarantined)
            if outcomes:
                self._write(outcomes, cursor)
        except FullStore as problem:
            raise FullStore(
                f"{self._record.database.where}: no room left on the disk; {stored} imported. Free some space and"
                " import the same files again to continue."
            ) from problem
        self._payloads = []
        self._files = {}
        self.count = 0
        self.size = 0

    def figures(self, file: int = 0) -> dict[str, Any]:
        """The numbers of stored items of a file, by the names in `ImportedFile`."""
        named = self._named[file]
        known = set(known_keys(self._record, "paper", "paper", named))
        unknown = len(named) - len(known)
        return {name: figure for (of, name), figure in self._figures.items() if of == file} | {"unknown": unknown}

    def _file(self, outcome: ParsedPayload) -> int:
        return self._files.get(outcome.payload, 0)

    # ---- reading -----------------------------------------------------------------------------------------

    def _read(self) -> list[ParsedPayload]:
        """Parses each finding. That a post is gone counts only for posts in the record or earlier in the batch."""
        only_known = self._format.only_known
        posts = [key_of(self._format, payload) for payload in self._payloads if payload.kind in only_known]
        known = set(known_keys(self._record, "post", "post", posts))
        self._items_by_post.clear()
        outcomes = []
        for payload in self._payloads:
            if payload.kind in only_known and key_of(self._format, payload) not in known:
                continue
            outcome = self._outcome(payload)
            outcomes.append(outcome)
            for item in outcome.items:
                if isinstance(item, Post):
                    known.add(item.post)
                elif is_mention(item):
                    self._items_by_post[item.post].append(item)
                elif is_edit(item):
                    self._items_by_post[item.subject].append(item)
        return outcomes

    def _outcome(self, payload: RawPayload) -> ParsedPayload:
        """A payload parsed. If it is quarantined, it counts as seen now: it is kept from now on, however old the
        archive is."""
        parsed = parse_payload(self._items, payload, self._keep_for(payload))
        outcome = without_limited_raw(parsed, self._terms)
        if not outcome.problem:
            return outcome
        if payload.kind == BROKEN:
            body = payload.body[:KEPT]
        else:
            body = payload.body
        quarantined = payload._replace(body=body, at=self._now)
        if payload in self._files:
            self._files.setdefault(quarantined, self._files[payload])
        return outcome._replace(payload=quarantined, keep_for=self._keep_for(quarantined))

    def _items(self, payload: RawPayload) -> list[Item]:
        if payload.kind == BROKEN:
            self._format.take(payload.body)  # raises again
            raise InputError("cannot be read")
        if self._terms.read == "no":
            return []
        cleaned = map(item_checks.clean_item, self._format.read(payload))
        items = admissible_items(map(created_when_seen, cleaned), self._terms)
        return self._with_consequences(payload, items) if payload.kind == EDIT else items

    def _with_consequences(self, payload: RawPayload, items: Sequence[Item]) -> list[Item]:
        """An edit's items and their consequences, compared with earlier values in the record or this batch. For events,
        the record's observations of the same moment are ignored: they are this very edit, imported earlier."""
        at = payload.at
        before = at - 1 if self._in_order else at
        changes = ChangeFilter(self._record.view(before), believes_dates=True)
        for post in {item.post for item in items if isinstance(item, Post)}:
            changes.learn(item for item in self._items_by_post[post] if item.observed_at <= at)
        return with_consequences(changes, payload, items)

    # ---- writing -----------------------------------------------------------------------------------------

    def _only_new(self, outcomes: Iterable[ParsedPayload]) -> list[ParsedPayload]:
        """The outcomes with only the items that differ from the previous observation with the same key, in the record
        or in another outcome; without empty outcomes."""
        relevant = [outcome for outcome in outcomes if outcome.items or outcome.problem]
        earlier = _EarlierItems(
            self._record, [item for outcome in relevant for item in outcome.items], in_order=self._in_order
        )
        numbers = range(len(relevant))
        for number in numbers if self._in_order else sorted(numbers, key=lambda number: _order(relevant[number].items)):
            items = relevant[number].items
            # An archive without its own moments may be older than it seems: posts that were gone by then stay gone
            is_gone = not self._in_order and any(map(earlier.was_gone, items))
            new_items = [] if is_gone else list(filter(earlier.is_new, items))
            relevant[number] = relevant[number]._replace(items=new_items)
        return [outcome for outcome in relevant if outcome.items or outcome.problem]

    def _write(self, outcomes: Sequence[ParsedPayload], cursor: str | None) -> None:
        distinct_outcomes: dict[RawPayload, ParsedPayload] = {}
        for outcome in outcomes:
            distinct_outcomes.setdefault(outcome.payload, outcome)
        group = list(distinct_outcomes.values())
        has_items = any(outcome.items for outcome in group)
        written = self._record.ingest(
            group, source=self._format.network, job=self._job, cursor=cursor if has_items else None
        )
        self._figures[self._file(outcomes[0]), "refused"] += written.refused
        offers = [(item, self._file(outcome)) for outcome in group for item in outcome.items]
        for item, file in allowed_offers(offers, self._record.forgotten()) if written.refused else offers:
            is_gone = isinstance(item, Post) and item.gone
            if name := "gone" if is_gone else COUNTED.get(type(item)):
                self._figures[file, name] += 1
            if isinstance(item, Mention):
                self._named[file].add(item.paper)

    def _keep_for(self, payload: RawPayload) -> int:
        """Microseconds to keep a raw payload: as long as its network allows, from when it was seen."""
        time = keep_raw_for(self._terms, payload)
        return time if payload.at + time > self._now else 0


def _order(group: Sequence[Item]) -> tuple[int, bool]:
    """By moment; at the same moment, gone posts come first."""
    gone_items = (isinstance(item, Post) and item.gone for item in group)
    is_gone = any(gone_items)
    return (max((item.observed_at for item in group), default=0), not is_gone)


class _EarlierItems:
    """Earlier items, in the record and among those about to be stored. Ask about items in order of time. `in_order`:
    the record's observations of an item's own moment come from the events being imported, so they only count as earlier
    if they equal the item."""

    def __init__(self, record: Record, items: Sequence[Item], *, in_order: bool) -> None:
        self._record = record
        self._position = record.head.position
        self._recorded = _recorded(record, items)
        self._latest: dict[tuple[Any, ...], Item] = {}
        self._in_order = in_order

    def is_new(self, item: Item) -> bool:
        """Whether an item differs from the observation before it. Remembers the item either way."""
        before = self._before(item)
        self._latest[typed_key(item)] = item
        if before is None:
            return True
        return msgspec.structs.replace(before, observed_at=item.observed_at) != item

    def was_gone(self, item: Item) -> bool:
        """Whether an item is a post that was already gone when it was seen."""
        if not isinstance(item, Post) or item.gone:
            return False
        before = self._before(item)
        return isinstance(before, Post) and bool(before.gone)

    def _before(self, item: Item) -> Item | None:
        kind, *key = typed_key(item)
        at = item.observed_at
        earlier = [self._latest.get((kind, *key))]
        if key[0] in self._recorded[kind_of(item)]:
            recorded = self._last(at, kind, key)
            if self._in_order and recorded is not None and recorded.observed_at == at and recorded != item:
                recorded = self._last(at - 1, kind, key)
            earlier.insert(0, recorded)
        return max(filter(None, earlier), key=attrgetter("observed_at"), default=None)

    def _last(self, at: int, kind: type[Item], key: Sequence[Any]) -> Item | None:
        view = AsOfView(self._record.database, at, self._position)
        row = view.latest_row(kind, *key)
        return row.item if row else None


def _recorded(record: Record, items: Iterable[Item]) -> dict[str, set[str]]:
    """By kind, the keys of posts, accounts and so on that the record has rows for. Others need no lookup, and most
    things in an archive are new."""
    keys = sets_by_key(((kind_of(item), item.key[0]), getattr(item, item.key[0])) for item in items)
    return {kind: set(known_keys(record, kind, column, some)) for (kind, column), some in keys.items()}
