"""The record: every observation, written once, in chained batches, in SQLite or PostgreSQL."""

from hotpapers.record.store import Record, now
from hotpapers.record.view import View
from hotpapers.record.writing import Written

__all__ = ["Record", "View", "Written", "now"]
