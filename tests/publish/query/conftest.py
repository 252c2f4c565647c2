"""Query sessions on stores with known answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.publish.query import QuerySession
from hotpapers.record import Record
from tests.publish.query import query_stores


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the sample; read-only."""
    return query_stores.sample_store(tmp_path_factory)


@pytest.fixture
def sample_session(sample_store: Path) -> Iterator[QuerySession]:
    """A session on the sample."""
    with Record(str(sample_store), create=False) as record:
        yield QuerySession(record)


@pytest.fixture
def session(sqlite_url: str) -> Iterator[QuerySession]:
    """A session on a made-up day of posts."""
    with Record(sqlite_url) as record:
        query_stores.add_talk(record)
        yield QuerySession(record)


@pytest.fixture
def any_session(store_url: str) -> Iterator[QuerySession]:
    """A session on the made-up day, in each database in turn, for tests that write."""
    with Record(store_url) as record:
        query_stores.add_talk(record)
        yield QuerySession(record)


@pytest.fixture(scope="module")
def talk_session(module_url: str) -> Iterator[QuerySession]:
    """A session on the made-up day, in each database in turn, shared by a file's read-only tests."""
    with Record(module_url) as record:
        query_stores.add_talk(record)
        yield QuerySession(record)
