"""The part of `export` that writes tables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hotpapers.base.errors import UsageError
from hotpapers.issues.ranking.words import count_noun
from hotpapers.record import Record, now
from hotpapers.wings.tables.writer import is_own_folder, write_tables


def export(record: Record, folder: Path, force: bool) -> Iterable[str]:
    """Writes the tables; returns the number of rows in each. `force`: also into a folder with other files. Raises
    UsageError."""
    if not force and not is_own_folder(folder):
        raise UsageError(
            f"{folder}: contains files that this command did not write; name another folder, or add --force to write "
            "into this one"
        )
    written = write_tables(record, folder, now())
    rows = [f"{name}: {count_noun(number, 'row')}" for name, number in written.rows.items()]
    return [*rows, f"position {written.position:,}, digest {written.digest}"]
