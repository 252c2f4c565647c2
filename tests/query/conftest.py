"""Query sessions on the stores of `made`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.query import QuerySession
from hotpapers.store import Record
from tests.query import made


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the sample; read-only."""
    return made.sample_store(tmp_path_factory)


@pytest.fixture
def sampled(sample_store: Path) -> Iterator[QuerySession]:
    """A session on the sample."""
    with Record(str(sample_store), create=False) as record:
        yield QuerySession(record)


@pytest.fixture
def session(sqlite_url: str) -> Iterator[QuerySession]:
    """A session on a made-up day of posts."""
    with Record(sqlite_url) as record:
        made.talked(record)
        yield QuerySession(record)


@pytest.fixture
def any_desk(store_url: str) -> Iterator[QuerySession]:
    """The same in each database in turn, for tests that write."""
    with Record(store_url) as record:
        made.talked(record)
        yield QuerySession(record)


@pytest.fixture(scope="module")
def talk_desk(module_url: str) -> Iterator[QuerySession]:
    """The same in each database in turn, shared by a file's read-only tests."""
    with Record(module_url) as record:
        made.talked(record)
        yield QuerySession(record)
