"""Check the record: the chain of batches, then every row against its batch's manifest; and a frozen issue against the
chain, which covers all batches from which it was built."""

from __future__ import annotations

import hashlib
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from math import inf
from typing import Annotated, NamedTuple

import msgspec

from hotpapers.base import model
from hotpapers.base.errors import CorruptStore, HotPapersError
from hotpapers.record import batches, commitments, identities, item_checks, manifest, wordless_rows
from hotpapers.record.database import Database, blob_bytes, first_column
from hotpapers.record.item_rows import (
    SPECS,
    KeyedHasher,
    RowOf,
    StoredRow,
    derived_of,
    select_rows,
)
from hotpapers.record.manifest import CHECK, HASH, BatchStamp, Manifest, Pair, RowName
from hotpapers.record.ordered_scan import OrderedScan
from hotpapers.record.record import Record, current_time


class VerifyFinding(NamedTuple):
    """A problem. `what`: damaged, changed, added, removed, unusable, issue, or what a wing checks."""

    what: str
    name: str

    def __str__(self) -> str:
        return f"{self.what}: {self.name}"


class VerifyResult(NamedTuple):
    """The result: problems, number of rows read, how many of them had parts forgotten, number of pruned rows.

    `withheld`: number of rows imported without their words, because of a network's terms. `unchecked`: the parts of
    itself that the database could not check, and why.
    """

    findings: tuple[VerifyFinding, ...]
    rows: int
    forgotten: int
    pruned: int
    withheld: int = 0
    unchecked: str = ""

    @property
    def is_damaged(self) -> bool:
        """Whether the database itself is damaged: reading any value of it may then fail."""
        return any(finding.what == "damaged" for finding in self.findings)


def check_record(database: Database, hasher: KeyedHasher) -> VerifyResult:
    """Check the database itself, then the whole record in one snapshot, in memory bounded by the largest batch."""
    findings = list[VerifyFinding]()
    unchecked = ""
    checked = VerifyResult((), 0, 0, 0)
    try:
        damaged, unchecked = database.full_integrity()
        findings += (VerifyFinding("damaged", text) for text in damaged)
        with database.snapshot():
            checked = _check(database, hasher)
    except CorruptStore as problem:
        findings.append(damage_finding(problem))
    except HotPapersError:
        raise
    except Exception:
        if not findings:
            raise
        # otherwise a value of a wrong type, which is among the findings, broke what read it
    return checked._replace(findings=(*findings, *checked.findings), unchecked=unchecked)


def damage_finding(problem: CorruptStore) -> VerifyFinding:
    """The finding for data that cannot be read at all."""
    return VerifyFinding("damaged", str(problem))


def _check(database: Database, hasher: KeyedHasher) -> VerifyResult:
    chain = _read_chain(database)
    rows = RowVerifier(database, hasher, chain)
    findings = [*chain.findings, *rows.findings(), *check_identities(database, chain), *check_keys(database)]
    pruned = len(chain.pruned)
    return VerifyResult(tuple(findings), rows.read, rows.forgotten, pruned, rows.withheld)


def check_chain(database: Database, seconds: float) -> BatchChain:
    """Recompute each batch's chain value from its manifest and the batch before. Stops after `seconds`."""
    with database.snapshot():
        return _read_chain(database, seconds)


def check_keys(database: Database) -> Iterator[VerifyFinding]:
    """Report the rows that nothing can show, because their key is empty."""
    for row in unusable_rows(database):
        yield VerifyFinding(
            "unusable", f"{name_of(row.label)} (row {row.id} lacks its key; `hotpapers repair` closes it)"
        )


def check_identities(database: Database, chain: BatchChain) -> Iterator[VerifyFinding]:
    """Report identities that no batch added or that are missing, and keys that were forgotten or restored without a
    batch that says so. Any other change to an identity shows in the rows that name it."""
    added = [(first, first + count, since) for since, (first, count) in chain.identities.items() if count]
    spans = iter(sorted([(identities.NO_IDENTITY.number, 1, 0), *added]))
    expected, end, since = next(spans)
    for row in identities.identities_between(database, -(2**63), 2**64):
        while row.number >= end < NO_END:
            yield from _missing_identities(expected, end)
            expected, end, since = next(spans, (NO_END, NO_END, 0))
        if row.number < expected:
            yield VerifyFinding("added", f"identity {row.number}")
            continue
        yield from _missing_identities(expected, row.number)
        expected = row.number + 1
        if row.since != since or not _is_identity_sound(row, chain.erased.get(row.number)):
            yield VerifyFinding("changed", f"identity {row.number}")
    for start, stop in ((expected, end), *((first, stop) for first, stop, _ in spans)):
        yield from _missing_identities(start, stop)


NO_END = 2**63
"""Higher than any number."""


def _missing_identities(first: int, end: int) -> Iterator[VerifyFinding]:
    """The finding for a range of missing identities, if there are any."""
    if first < end < NO_END:
        yield VerifyFinding("removed", f"identity {first}" if end == first + 1 else f"identities {first} to {end - 1}")


def _is_identity_sound(row: identities.IdentityRow, pseudonym: str | None) -> bool:
    if identities.is_paper(row.key) or not (row.key and row.number):
        if bool(row.key) != bool(row.number):
            return False
        return (pseudonym, row.salt, row.commitment) == (None, None, None)
    if pseudonym is None:
        if row.commitment is not None:
            return False
        return row.salt is not None and len(row.salt) == commitments.SALT
    if row.salt is not None or row.key != pseudonym:
        return False
    return row.commitment is not None and len(row.commitment) == HASH


def _read_chain(database: Database, seconds: float = inf) -> BatchChain:
    until = time.monotonic() + seconds
    chain = BatchChain()
    expected = 1
    try:
        before = batches.load_genesis(database)
    except (ValueError, IndexError):  # then the first batch is reported as changed
        before = b""
    for position, at, source, cursor, items, packed, link in database.iterate(
        "SELECT position, at, source, cursor, items, manifest, chain FROM batch ORDER BY position"
    ):
        chain.findings += [
            VerifyFinding("removed", f"batch {gone}") for gone in range(expected, min(position, expected + 100))
        ]
        listed = _unpacked(packed)
        if listed is not None:
            chain.findings += chain.take(position, source, cursor, listed)
        if (
            listed is None
            or items != len(listed)
            or manifest.chain_value(before, position, BatchStamp(at, source, cursor), listed) != blob_bytes(link)
        ):
            chain.findings.append(VerifyFinding("changed", f"batch {position}"))
        before = blob_bytes(link)
        expected = position + 1
        chain.position = position
        if time.monotonic() > until:
            chain.is_whole = False
            break
    if chain.is_whole:
        chain.findings += chain.compare(database)
    return chain


def _unpacked(packed: object) -> Manifest | None:
    try:
        return manifest.unpack(blob_bytes(packed))
    except ValueError:
        return None


class BatchChain:
    """Collects the changes of earlier rows, cursors and tombstones from batches read in order, and the problems found.

    `position`: the last batch read. `closed`: rows, and the batch that closed them. `forgotten`: rows, and the hashes
    of the rest. `erased`: the pseudonyms of forgotten identities, by number. `identities`: each batch's first number
    and their count. `is_whole`: whether all batches were read."""

    def __init__(self) -> None:
        self.findings: list[VerifyFinding] = []
        self.position = 0
        self.is_whole = True
        self.closed: dict[Pair, int] = {}
        self.pruned = set[Pair]()
        self.forgotten: dict[Pair, str] = {}
        self.erased: dict[int, str] = {}
        self.identities: dict[int, tuple[int, int]] = {}
        self._items: dict[int, int] = {}
        self._cursors: dict[str, tuple[str, int]] = {}
        self._tombstones = set[str]()

    def take(self, position: int, source: str, cursor: str | None, listed: Manifest) -> Iterator[VerifyFinding]:
        """Read one batch. Reports changes to rows that do not exist or were closed before."""
        changed_pairs = [*listed.closed, *listed.pruned, *((since, index) for since, index, _ in listed.forgotten)]
        impossible_changes = sum(not 0 <= index < self._items.get(since, 0) for since, index in changed_pairs)
        impossible_changes += sum(pair in self.closed for pair in listed.closed)
        impossible_changes += sum(
            not 0 <= index < self.identities.get(since, (0, 0))[1] for since, index, _ in listed.erased
        )
        if impossible_changes:
            yield VerifyFinding(
                "changed", f"batch {position} (makes impossible changes to {impossible_changes} earlier rows)"
            )
        self._items[position] = len(listed)
        self.identities[position] = listed.identities
        self.closed |= dict.fromkeys(listed.closed, position)
        self.pruned.update(listed.pruned)
        self.forgotten |= {(since, index): remainder_hash for since, index, remainder_hash in listed.forgotten}
        self.erased |= {self.identities.get(since, (0, 0))[0] + index: key for since, index, key in listed.erased}
        self._tombstones.update(listed.tombstones)
        if cursor is not None:
            self._cursors[source] = (cursor, position)

    def compare(self, database: Database) -> Iterator[VerifyFinding]:
        """Report cursors and tombstones that differ from those in the batches."""
        rows = database.rows("SELECT source, cursor, position FROM cursor")
        kept = {source: (cursor, position) for source, cursor, position in rows}
        for source in sorted({*self._cursors, *kept}):
            if self._cursors.get(source) != kept.get(source):
                yield VerifyFinding("changed", f"cursor of {source}")
        marks = set(first_column(database, "SELECT mark FROM tombstone"))
        yield from (VerifyFinding("removed", f"tombstone {mark}") for mark in sorted(self._tombstones - marks))
        yield from (VerifyFinding("added", f"tombstone {mark}") for mark in sorted(marks - self._tombstones))


class RowVerifier:
    """Checks every row against the manifests, batch by batch."""

    def __init__(self, database: Database, hasher: KeyedHasher, chain: BatchChain) -> None:
        self._database = database
        self._hasher = hasher
        self._chain = chain
        self._early_rows = defaultdict[int, list[StoredRow]](list)
        self._networks_without_words = wordless_rows.networks_without_words(database)
        self.read = self.forgotten = self.withheld = 0

    def findings(self) -> Iterator[VerifyFinding]:
        """The rows that were changed, added or removed."""
        scan = OrderedScan(self._database)
        for position, packed in self._database.iterate("SELECT position, manifest FROM batch ORDER BY position"):
            listed = _unpacked(packed)
            if listed is not None:  # otherwise reported by the check of the chain
                yield from self._batch(position, listed, scan.upto(position))
        for row in chain(scan.upto(NO_END), *self._early_rows.values()):
            name = name_of(row.label) if isinstance(row, RowOf) else _damaged_name(row)
            yield VerifyFinding("added", name)

    def _batch(self, position: int, listed: Manifest, rows: Iterable[StoredRow | RowName]) -> Iterator[VerifyFinding]:
        present = {row.name: row for row in self._early_rows.pop(position, [])}
        for row in rows:
            if not isinstance(row, RowOf):
                yield VerifyFinding("changed", f"{_damaged_name(row)} (not in the form in which rows are written)")
            elif row.since > position:
                self._early_rows[row.since].append(row)
            elif row.since < position:
                yield VerifyFinding("added", name_of(row.label))
            else:
                present[row.name] = row
        yield from self._listed(position, listed, present)
        yield from (VerifyFinding("added", name_of(row.label)) for row in present.values())

    def _listed(self, position: int, listed: Manifest, present: dict[RowName, StoredRow]) -> Iterator[VerifyFinding]:
        """Report problems with the rows that a batch lists; removes these rows from `present`."""
        hashes = []
        findings = []
        for index, (kind, number) in enumerate(listed.rows()):
            row = present.pop((kind, number), None)
            is_pruned = (position, index) in self._chain.pruned
            hashes.append(listed.kept.get(index, b"") if row is None else _hash_of(row))
            if row is None and not is_pruned:
                findings.append(VerifyFinding("removed", f"{kind} row {number} of batch {position}"))
            elif row is not None and is_pruned:
                findings.append(VerifyFinding("added", name_of(row.label)))
            elif row is not None and not self._is_sound(row, hashes[-1], listed, (position, index)):
                findings.append(VerifyFinding("changed", name_of(row.label)))
        if not findings and manifest.root_of(hashes) != listed.root:
            findings.append(VerifyFinding("changed", f"the rows of batch {position}"))
        yield from findings

    def _is_sound(self, row: StoredRow, row_hash: bytes, listed: Manifest, where: Pair) -> bool:
        self.read += 1
        try:
            stored = (row_hash[:CHECK], row.origin, row.until)
            origin = listed.origin(where[1])
            expected = (listed.check(where[1]), origin, self._chain.closed.get(where, 0))
            remainder_hash = self._chain.forgotten.get(where)
            if self._is_withheld(row, remainder_hash):
                self.withheld += 1
                return stored == expected
            self.forgotten += row.redacted is not None
            if stored != expected:
                return False
            if remainder_hash is not None or row.redacted is not None:
                return row.redacted is not None and row.remainder_hash == remainder_hash
            if row.derived != derived_of(row, self._hasher):
                return False
            return (row.salt is not None) == bool(row.spec.words)
        except (TypeError, ValueError):  # a damaged file may have bytes in place of text
            return False

    def _is_withheld(self, row: StoredRow, remainder_hash: str | None) -> bool:
        """Whether a row lacks exactly what an export may have withheld."""
        if not self._networks_without_words or row.redacted is None or row.remainder_hash == remainder_hash:
            return False
        return wordless_rows.is_sound(
            row, self._networks_without_words, self._hasher, has_remainder=remainder_hash is not None
        )


def _hash_of(row: StoredRow) -> bytes:
    """A row's hash; empty if damage makes it impossible to compute."""
    try:
        return row.hash
    except (TypeError, ValueError, KeyError):
        return b""


def _damaged_name(row: RowName) -> str:
    kind, number = row
    return f"{kind} row {number}"


def name_of(label: tuple[str | int, ...]) -> str:
    """A row's name for messages, without its time: `tally arxiv:2101.04869 x hot-papers/2`."""
    return " ".join(map(str, label[:-1]))


# ---- frozen issues ---------------------------------------------------------------------------------------


class _RecordPosition(msgspec.Struct):
    """The batch from which an issue was built; see `model.IssueContent`."""

    position: Annotated[int, msgspec.Meta(ge=0, le=model.MAX_INTEGER)]
    chain: str


def flaw_of(database: Database, issue: model.Issue) -> str | None:
    """Finds the flaw of a frozen issue, judging only by its content and the chain of batches. Returns None if there is
    none."""
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


# ---- unusable rows -----------------------------------------------------------------------------------------


def unusable_rows(database: Database) -> list[StoredRow]:
    """The open rows in which a key field is empty: nothing can show them. Imports now refuse such rows."""
    rows = list[StoredRow]()
    for spec in SPECS.values():
        names = item_checks.needed_fields(spec.type)
        empty = " OR ".join(f'"{name}" = {0 if name in spec.identities else chr(39) * 2}' for name in names)
        rows += select_rows(database, spec, f"until = 0 AND ({empty}) ORDER BY id")
    return rows


def close_unusable(record: Record, *, at: int | None = None) -> list[StoredRow]:
    """Close unusable rows in one batch; the closed rows. Frozen issues do not change."""
    with record.batch() as batch:
        rows = unusable_rows(record.database)
        batch.append((), source="repair", at=at or current_time(), close=rows)
    return rows
