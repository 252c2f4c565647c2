"""What the wing hooks into the core."""

from __future__ import annotations

from hotpapers.base.wings import FolderFormat, Wing, loading

WING = Wing(
    "tables",
    "Tables for research.",
    exporters={
        "tables": FolderFormat(
            "a folder of Parquet tables for research, without words and names",
            loading("hotpapers.wings.tables.commands:export"),
        )
    },
)
