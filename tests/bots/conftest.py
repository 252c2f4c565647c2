"""A record in each database in turn; of PostgreSQL one for all tests, emptied in between."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotpapers.store import Record
from tests.conftest import _connect
from tests.store.conftest import database_on


@pytest.fixture(scope="session")
def judging_database(postgres_server: str) -> Iterator[str]:
    with database_on(postgres_server, "judging") as url:
        yield url


@pytest.fixture
def postgres_url(judging_database: str) -> str:
    """The address of an empty PostgreSQL store."""
    with _connect(judging_database) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute("DROP SCHEMA IF EXISTS public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return judging_database


@pytest.fixture
def record(store_url: str) -> Iterator[Record]:
    with Record(store_url) as opened:
        yield opened
