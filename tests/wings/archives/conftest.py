"""Records to import into."""

from __future__ import annotations

from tests.collect.conftest import other_record, record

__all__ = ["other_record", "record"]
