"""Checking the record: the chain of batches, then every row against its batch's manifest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from hotpapers.errors import StoreError
from hotpapers.record import manifest
from hotpapers.record.ahead import Ahead, all_ahead
from hotpapers.record.database import Database
from hotpapers.record.items import BY_KIND, SPECS, Marks, Row


class Finding(NamedTuple):
    """Something that is not as it was written. `what`: chain, changed, added, removed or issue."""

    what: str
    name: str

    def __str__(self) -> str:
        return f"{self.what}: {self.name}"


class Chain(NamedTuple):
    """What the batches say: up to which position, which rows were closed or pruned by whom, and what is wrong."""

    position: int
    closed: dict[tuple[int, int], int]
    pruned: frozenset[tuple[int, int]]
    findings: tuple[Finding, ...]


class Checked(NamedTuple):
    """The outcome: what differs, how many rows were read, how many of them had parts forgotten, how many are pruned."""

    findings: tuple[Finding, ...]
    rows: int
    forgotten: int
    pruned: int


def check(database: Database, marks: Marks) -> Checked:
    """Checks the whole record, in memory bounded by the largest batch."""
    chain = check_chain(database)
    rows = RowCheck(database, marks, chain)
    findings = [*chain.findings, *rows.findings()]
    return Checked(tuple(findings), rows.read, rows.forgotten, len(chain.pruned))


def check_chain(database: Database) -> Chain:
    """Recomputes each batch's chain value from its manifest and the batch before."""
    before, expected = manifest.GENESIS, 1
    closed: dict[tuple[int, int], int] = {}
    pruned: set[tuple[int, int]] = set()
    findings: list[Finding] = []
    for position, at, source, cursor, items, blob, chain in database.iterate(
        "SELECT position, at, source, cursor, items, manifest, chain FROM batch ORDER BY position"
    ):
        findings += [Finding("removed", f"batch {gone}") for gone in range(expected, position)]
        try:
            listed = manifest.unpack(bytes(blob))
        except Exception:  # noqa: BLE001  whatever a damaged blob provokes, it is a changed batch
            findings.append(Finding("changed", f"batch {position}"))
        else:
            link = manifest.link(before, position, at, source, cursor, listed)
            if link != bytes(chain) or items != len(listed.labels):
                findings.append(Finding("changed", f"batch {position}"))
            closed |= dict.fromkeys(map(_pair, listed.closed), position)
            pruned |= set(map(_pair, listed.pruned))
        before, expected = bytes(chain), position + 1
    return Chain(expected - 1, closed, frozenset(pruned), tuple(findings))


def _pair(pair: Any) -> tuple[int, int]:
    return (pair[0], pair[1])


class RowCheck:
    """Every row against the manifests, batch by batch."""

    def __init__(self, database: Database, marks: Marks, chain: Chain) -> None:
        self._database, self._marks, self._chain = database, marks, chain
        self.read = self.forgotten = 0

    def findings(self) -> Iterator[Finding]:
        """What was changed, added or removed, by name."""
        ahead = all_ahead(self._database)
        for position, blob in self._database.iterate("SELECT position, manifest FROM batch ORDER BY position"):
            try:
                listed = manifest.unpack(bytes(blob))
            except Exception:  # noqa: BLE001  named by the chain's check
                continue
            yield from self._batch(position, listed, ahead)
        for kind, rows in ahead.items():
            yield from (Finding("added", self._name(kind, row)) for row in rows.rest())

    def _batch(self, position: int, listed: manifest.Manifest, ahead: dict[str, Ahead]) -> Iterator[Finding]:
        present: dict[tuple[Any, ...], Row] = {}
        for kind, rows in ahead.items():
            for row in rows.upto(position):
                if isinstance(row, int):
                    yield Finding("changed", f"{kind} row {row} (cannot be read)")
                elif row.since < position or row.label in present:
                    yield Finding("added", self._name(kind, row))
                else:
                    present[row.label] = row
        for index, label in enumerate(listed.labels):
            row_found = present.pop(tuple(label), None)
            if row_found is None:
                if (position, index) not in self._chain.pruned:
                    yield Finding("removed", name_of(label))
            elif not self._sound(row_found, listed.hash(index), position, index):
                yield Finding("changed", name_of(label))
        yield from (Finding("added", name_of(label)) for label in present)

    def _sound(self, row: Row, expected: bytes, position: int, index: int) -> bool:
        self.read += 1
        self.forgotten += row.lost is not None
        if row.hash != expected or row.until != self._chain.closed.get((position, index), 0):
            return False
        derived = tuple(derive(row.item, self._marks) for _, derive in SPECS[type(row.item)].derived)
        return row.lost is not None or row.derived == derived

    @staticmethod
    def _name(kind: str, row: Row | int) -> str:
        return f"{kind} row {row}" if isinstance(row, int) else name_of(row.label)


def name_of(label: Any) -> str:
    """A row's name for people: `tally arxiv:2101.04869 x hot-papers/2`."""
    spec = BY_KIND.get(label[0])
    if spec is None:
        raise StoreError(f"a manifest names the unknown kind {label[0]!r}")
    return " ".join(str(part) for part in label[:-1])
