"""Sessions on stores of queries."""

from __future__ import annotations

from tests.publish.query.conftest import sample_session, sample_store, session

__all__ = ["sample_session", "sample_store", "session"]
