"""Fixtures of the API and its queries, whose export the wing is."""

from __future__ import annotations

from tests.publish.query.conftest import any_session, sample_session, session
from tests.serve.conftest import app, make_api, sample_store

__all__ = ["any_session", "app", "make_api", "sample_session", "sample_store", "session"]
