"""Desks at the stores of `made`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hotpapers.query import QuerySession
from hotpapers.store import Record
from tests.conftest import _connect
from tests.query import made
from tests.store.conftest import database_on


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the sample; nothing may change it."""
    path = tmp_path_factory.mktemp("sample") / "sample.db"
    with Record(str(path)) as record:
        made.sample(record)
    return path


@pytest.fixture
def sampled(sample_store: Path) -> Iterator[QuerySession]:
    """A desk at the sample."""
    with Record(str(sample_store), create=False) as record:
        yield QuerySession(record)


@pytest.fixture
def session(sqlite_url: str) -> Iterator[QuerySession]:
    """A desk at a day of talk."""
    with Record(sqlite_url) as record:
        made.talked(record)
        yield QuerySession(record)


@pytest.fixture
def any_desk(store_url: str) -> Iterator[QuerySession]:
    """The same in each database in turn, for tests that write."""
    with Record(store_url) as record:
        made.talked(record)
        yield QuerySession(record)


@pytest.fixture(scope="session")
def postgres_database(postgres_server: str) -> Iterator[str]:
    """The address of a database for all tests of this process."""
    with database_on(postgres_server, "answers") as url:
        yield url


@pytest.fixture
def postgres_url(postgres_database: str) -> str:
    """The address of an empty PostgreSQL store."""
    with _connect(postgres_database) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute("DROP SCHEMA IF EXISTS public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return postgres_database


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def talk_desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuerySession]:
    """The same in each database in turn, once for all tests of a file that only read."""
    with ExitStack() as kept:
        if request.param == "sqlite":
            url = str(tmp_path_factory.mktemp("talk") / "talk.db")
        else:
            url = kept.enter_context(database_on(request.getfixturevalue("postgres_server"), "talk"))
        record = kept.enter_context(Record(url))
        made.talked(record)
        yield QuerySession(record)
