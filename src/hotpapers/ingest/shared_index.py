"""The names of papers, one set for all jobs of a process."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from hotpapers.ids.mentions.paper_index import PaperAlias, PaperIndex
from hotpapers.model import HOUR, Item
from hotpapers.store import Record
from hotpapers.store.paper_names import load_names, named_by

AGAIN = 6 * HOUR
"""Microseconds after which all names are read anew: other processes bring papers too, and old ones are let go."""


class SharedPaperIndex:
    """What names the papers of the last half year; for all threads. `read_at`: when `names` were read, if they were."""

    def __init__(self, names: PaperIndex | None = None, read_at: int | None = None) -> None:
        self.names = names or PaperIndex()
        self._read_at = read_at
        self._lock = threading.Lock()
        self._lately: list[PaperAlias] = []

    def look(self, record: Record, at: int) -> None:
        """Reads all names from the record, if that was long ago. Whoever comes first does it, the others wait."""
        with self._lock:
            if self._read_at is None or at - self._read_at >= AGAIN:
                self._lately.clear()
                self.names.replace(load_names(record, at))
                self.names.learn(self._lately)  # what came meanwhile may not have been in the record yet
                self._read_at = at

    def learn(self, items: Iterable[Item]) -> None:
        """Takes in what was just read."""
        named = list(named_by(items))
        if named:
            self._lately += named
            self.names.learn(named)
