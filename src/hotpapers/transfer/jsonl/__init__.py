"""The exchange format: a record as lines of JSON, one per item."""

from __future__ import annotations

FORMAT = "hotpapers-record"
VERSION = 1
