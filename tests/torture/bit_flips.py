"""Flip single bits of a store, as a bad disk or bad memory would."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw

from hotpapers.base import model
from hotpapers.base.errors import StoreError
from hotpapers.issues import freeze
from hotpapers.issues import queries as issues_queries
from hotpapers.record import Record
from tests.cli.run import run
from tests.record import made
from tests.seeds import generator


class BitFlips:
    """Flips one bit of a small store at a time, and counts in `outcomes` how `verify` responds to each."""

    def __init__(self, folder: Path) -> None:
        self.store = folder / "hotpapers.db"
        with Record(str(self.store)) as record:
            made.rich(record)
        connection = apsw.Connection(str(self.store))
        connection.execute("PRAGMA journal_mode = DELETE")  # keep the whole store in one file
        connection.close()
        self.intact_store = self.store.read_bytes()
        self.outcomes: Counter[str] = Counter()
        self._expected_items = self._read()

    def flip(self, count: int, seed: int) -> None:
        """Try this many bits, half of them in nonzero bytes, since most of a small store's pages are empty."""
        rng, nonzero_bytes = generator(seed), [n for n, byte in enumerate(self.intact_store) if byte]
        bits = rng.sample(range(len(self.intact_store) * 8), count - count // 2)
        bits += [8 * position + rng.randrange(8) for position in rng.sample(nonzero_bytes, count // 2)]
        for bit in bits:
            self._write(bit)
            self.outcomes[self._outcome(bit)] += 1

    def _write(self, bit: int) -> None:
        damaged = bytearray(self.intact_store)
        damaged[bit // 8] ^= 1 << bit % 8
        for file in self.store.parent.glob(self.store.name + "-*"):
            file.unlink()
        self.store.write_bytes(damaged)

    def _outcome(self, bit: int) -> str:
        result = run("verify", "--all", "--store", self.store)
        assert "internal error" not in result.err, (bit, result.err)
        if result.status:
            assert result.out or result.err, bit
            return "named"
        assert self._read() == self._expected_items, f"bit {bit} changed what is read, but `verify` did not report it"
        return "harmless"

    def _read(self) -> list[Any]:
        """Read all items of the record and the issues, through the program's ordinary functions."""
        try:
            with Record(str(self.store), create=False) as record:
                rows = [(row.item, row.redacted) for kind in model.KINDS for row in record.view().iterate(kind)]
                return [*rows, *_issues(record)]
        except StoreError as problem:
            return [problem]


def _issues(record: Record) -> Iterator[object]:
    for row in record.view().iterate(model.Publication):
        assert isinstance(row.item, model.Publication)
        name = row.item.publication
        yield from (freeze.list_editions(record, name, day) for day in issues_queries.frozen_days(record, name))
