"""The exchange format: a record as lines of JSON, one an item; Parquet and CSV beside it."""

from __future__ import annotations

FORMAT = "hotpapers-record"
VERSION = 1
