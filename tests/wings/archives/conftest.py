"""Records to import into."""

from __future__ import annotations

from tests.ingest.conftest import other_record, record

__all__ = ["other_record", "record"]
