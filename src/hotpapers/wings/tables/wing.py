"""What the wing hooks into the core."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hotpapers.base.wings import FolderFormat, Wing

if TYPE_CHECKING:
    from pathlib import Path

    from hotpapers.record import Record


def _export(record: Record, folder: Path, force: bool) -> Iterable[str]:
    from hotpapers.wings.tables.commands import export

    return export(record, folder, force=force)


WING = Wing(
    "tables",
    "Tables for research.",
    exporters={"tables": FolderFormat("a folder of Parquet tables for research, without words and names", _export)},
)
