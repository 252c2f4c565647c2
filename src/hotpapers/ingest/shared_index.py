"""The index of paper names, shared by all jobs of a process."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from hotpapers.ids.mentions.paper_index import PaperAlias, PaperIndex
from hotpapers.ids.timestamps import is_over
from hotpapers.model import HOUR, Item
from hotpapers.store import Record
from hotpapers.store.paper_names import load_names, named_by

AGAIN = 6 * HOUR
"""Microseconds between full reloads: other processes add papers too, and old ones are dropped."""


class SharedPaperIndex:
    """The names of the last half year's papers, for all threads. `read_at`: when `names` was loaded, if it was."""

    def __init__(self, names: PaperIndex | None = None, read_at: int | None = None) -> None:
        self.names = PaperIndex() if names is None else names
        self._read_at = read_at
        self._lock = threading.Lock()
        self._new_aliases: list[PaperAlias] = []

    def look(self, record: Record, at: int) -> None:
        """Reloads all names from the record if the last load is too old. The first caller does it; the others wait."""
        with self._lock:
            if self._read_at is None or is_over(self._read_at, AGAIN, at):
                self._new_aliases.clear()
                self.names.replace(load_names(record, at))
                self.names.learn(self._new_aliases)  # names added meanwhile may not have been in the record yet
                self._read_at = at

    def learn(self, items: Iterable[Item]) -> None:
        """Adds names that were just read."""
        aliases = list(named_by(items))
        if aliases:
            self._new_aliases += aliases
            self.names.learn(aliases)
