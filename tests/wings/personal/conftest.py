"""Fixtures of other packages that tests of readers' own orders share."""

from __future__ import annotations

from tests.cli.conftest import demo, demo_folder
from tests.publish.query.conftest import sample_session, sample_store

__all__ = ["demo", "demo_folder", "sample_session", "sample_store"]
