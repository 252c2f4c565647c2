"""Stores for the record's tests: there are many, so PostgreSQL gets one database a worker and is emptied in between."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hotpapers import model
from hotpapers.privacy.forget import forget
from hotpapers.privacy.retention import prune
from hotpapers.store import Record
from tests.conftest import _connect, _create_database, _with_database
from tests.store import made


@contextmanager
def database_on(server: str, purpose: str) -> Iterator[str]:
    """The address of a new database of this process, dropped afterwards."""
    name = f"hotpapers_test_{purpose}_{os.getpid()}"
    with _connect(server) as connection:
        _create_database(connection, name)
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    yield _with_database(server, name)
    with _connect(server) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def postgres_database(postgres_server: str) -> Iterator[str]:
    """The address of a database for all tests of this process."""
    with database_on(postgres_server, "record") as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def module_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty store for the tests of one file, in each database in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('store') / 'hotpapers.db'}"
    else:
        with database_on(request.getfixturevalue("postgres_server"), "module") as url:
            yield url


@pytest.fixture
def postgres_url(postgres_database: str) -> str:
    """The address of an empty PostgreSQL store."""
    with _connect(postgres_database) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute("DROP SCHEMA IF EXISTS public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return postgres_database


@pytest.fixture
def other_url(request: pytest.FixtureRequest, store_url: str) -> str:
    """The address of an empty store in the other database."""
    other = "sqlite_url" if store_url.startswith("postgresql") else "postgres_url"
    url: str = request.getfixturevalue(other)
    return url


@pytest.fixture(scope="module")
def varied_record(module_url: str) -> Iterator[Record]:
    """A record of all kinds, with closed, forgotten and pruned rows: sound."""
    with Record(module_url) as record:
        made.rich(record)
        old = made.moment("2019-06-03 12:00")
        record.append(
            [model.Snapshot(post="x:1341202937956233217", likes=n, observed_at=old + n) for n in range(2)],
            source="test", at=old,
        )  # fmt: skip
        forget(record, "x:@made_up_taro")  # a whole post
        forget(record, "x:@made_up_bo")  # a name in another's post
        assert prune(record, at=made.moment("2021-03-05 00:00")).snapshots == 1
        checked = made.verified(record)
        assert not checked.findings and checked.forgotten == 3 and checked.pruned == 1
        yield record
