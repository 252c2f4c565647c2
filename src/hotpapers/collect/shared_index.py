"""The index of paper names, shared by all jobs of a process."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from hotpapers.base.ids.mentions.paper_index import PaperAlias, PaperIndex
from hotpapers.base.ids.timestamps import is_over
from hotpapers.base.model import HOUR, Item
from hotpapers.record import Record
from hotpapers.record.paper_names import aliases_between, last_numbers, load_names, named_by

AGAIN = 6 * HOUR
"""Microseconds between full reloads, which drop old papers."""
MAX_NEW_ROWS = 10_000
"""Rows that others may add between two looks for their names to be learned at once. After more, as during an import,
these wait for the next reload."""


class SharedPaperIndex:
    """The names of the last half year's papers, for all threads. `read_at`: when `names` was loaded, if it was."""

    def __init__(self, names: PaperIndex | None = None, read_at: int | None = None) -> None:
        self.names = PaperIndex() if names is None else names
        self._read_at = read_at
        self._lock = threading.Lock()
        self._new_aliases: list[PaperAlias] = []
        self._last_rows: tuple[int, ...] = ()

    def look(self, record: Record, at: int) -> None:
        """Adds the names that other processes have stored since the last look. Reloads all names from the record if the
        last load is too old; the first caller does it, the others wait."""
        with self._lock:
            last_rows = last_numbers(record)
            if self._read_at is None or is_over(self._read_at, AGAIN, at):
                self._new_aliases.clear()
                self.names.replace(load_names(record, at))
                self.names.learn(self._new_aliases)  # names added meanwhile may not have been in the record yet
                self._read_at = at
                self._last_rows = last_rows
            elif self._last_rows and 0 < sum(last_rows) - sum(self._last_rows) <= MAX_NEW_ROWS:
                self._learn(aliases_between(record, self._last_rows, last_rows))
                self._last_rows = last_rows

    def learn(self, items: Iterable[Item]) -> None:
        """Adds names that were just read."""
        self._learn(named_by(items))

    def _learn(self, new_aliases: Iterable[PaperAlias]) -> None:
        aliases = list(new_aliases)
        if aliases:
            self._new_aliases += aliases
            self.names.learn(aliases)
