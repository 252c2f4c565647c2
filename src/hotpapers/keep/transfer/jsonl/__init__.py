"""The exchange format: a record as lines of JSON, one per item.

exporter     a record as lines; lines: their form
reader       checks lines; importer: writes them into a record; redactions: forgets what the other store forgot
"""

from __future__ import annotations

FORMAT = "hotpapers-record"
VERSION = 1
