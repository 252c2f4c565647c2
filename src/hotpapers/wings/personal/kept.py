"""What is made of frozen issues, kept while the program runs, by the record that they are from: issue readers change
with each batch, the papers of a frozen issue do not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from hotpapers.base.model import IssueReader
from hotpapers.issues.repository import RecordIssueReader

MAX_KEPT = 500
"""Values of a kind that are kept of one record."""
_KEPT: WeakKeyDictionary[object, dict[tuple[str, ...], Any]] = WeakKeyDictionary()

Value = TypeVar("Value")


def kept(
    reader: IssueReader,
    kind: str,
    publication: str,
    days: Sequence[str],
    make: Callable[[], Value],
    most: int = MAX_KEPT,
) -> Value:
    """What was made of the latest editions of some days' issues, or is now."""
    owner = reader.record if isinstance(reader, RecordIssueReader) else reader
    digests = (reader.issue_header(publication, day).digest for day in days)
    values, key = _KEPT.setdefault(owner, {}), (kind, publication, *days, *digests)
    if key in values:
        known: Value = values.pop(key)
        values[key] = known  # as the latest
        return known
    value = values[key] = make()
    same_kind = [other for other in values if other[0] == kind]
    if len(same_kind) > most:
        del values[same_kind[0]]
    return value
