"""Registers the wing's formats, site files and importer."""

from __future__ import annotations

import re

from hotpapers.base.wings import Wing, load_lazily
from hotpapers.cli.hooks import Importers
from hotpapers.keep.hooks import FileFormat, FolderFormat
from hotpapers.publish.page_hooks import SiteFiles

WING = Wing(
    "tables",
    "Tables for research, the record as a Parquet file, and a page that compares fields.",
    hooks=(
        FileFormat(
            "parquet",
            re.compile(
                rb"PAR1(?:(?!publication).)*+publication(?:(?!observed_at).)*+observed_at(?:(?!line).)*+line", re.DOTALL
            ),
            load_lazily("hotpapers.wings.tables.parquet:parquet"),
            is_whole=True,
            is_binary=True,
        ),
        FolderFormat(
            "tables",
            "a folder of Parquet tables for research, without words and names",
            load_lazily("hotpapers.wings.tables.commands:export"),
        ),
        SiteFiles(load_lazily("hotpapers.wings.tables.field_pages:FieldsPart")),
        Importers(
            {"parquet": ("hotpapers.wings.tables.commands:import_parquet", "Import the Parquet file of an export.")}
        ),
    ),
)
