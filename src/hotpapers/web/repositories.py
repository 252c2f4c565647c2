"""The issue reader from which an app shows pages: the same object as long as what it shows does not change."""

from __future__ import annotations

from collections.abc import Callable

from hotpapers import terms
from hotpapers.errors import StoreError
from hotpapers.issues.page_changes import PageChangeCounter
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.store import Record


class FreshIssueReader:
    """Call it to get the current issue reader: the same object as long as no process writes or forgets anything in the
    record that it shows.

    Each issue reader has its own connection, as it may be used in a different thread from the one that calls this."""

    def __init__(self, open_record: Callable[[], Record], allowed: terms.Table = terms.TERMS) -> None:
        self._open, self._allowed = open_record, allowed
        self._watch: tuple[Record, PageChangeCounter] | None = None
        self._current: tuple[int, Record, RecordIssueReader] | None = None

    def __call__(self) -> RecordIssueReader:
        """The issue reader. Raises StoreError; the next call then opens a new connection."""
        try:
            return self._current_reader()
        except StoreError:
            self.close()
            raise

    def _current_reader(self) -> RecordIssueReader:
        if self._watch is None:
            record = self._open()
            self._watch, self._current = (record, PageChangeCounter(record)), None
        changes = self._watch[1].look()
        if self._current is None or self._current[0] != changes or self._current[1].database.is_lost:
            record = self._open()
            self._current = (changes, record, RecordIssueReader(record, self._allowed))
        return self._current[2]

    def close(self) -> None:
        """Stops watching. The current issue reader may still be in use; its connection is closed with it."""
        if self._watch is not None:
            self._watch[0].database.close()
        self._watch = self._current = None
