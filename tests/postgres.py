"""PostgreSQL for tests: a server, and any number of databases on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.database_servers import Missing, postgres_programs, postgres_url, running_postgres, scratch_folder

NAME = "HOTPAPERS_TEST_POSTGRES"
"""The environment variable with the address of a server; if it is set, the server must work."""
USUAL = ("postgresql:///test", "postgresql://127.0.0.1:5432/test")
"""Where to look for a server if none is given and none can be started."""

_numbers = count(1)


@contextmanager
def server(parent: Path | None) -> Iterator[str]:
    """The address of a server on which databases can be created: the given one, one that we start, or a usual one.

    The one that we start has its own folder in `parent` and does not sync to disk. Skips the test if there is none.
    """
    given_url = os.environ.get(NAME)
    if given_url:
        yield _first((given_url,))
        return
    try:
        bin = postgres_programs()
        with scratch_folder(parent) as folder, running_postgres(bin, folder) as port:
            yield postgres_url(port)
    except Missing as problem:
        yield _first(USUAL, str(problem))


@contextmanager
def database_on(server: str, template: str = "") -> Iterator[str]:
    """The address of a new database, empty or a copy of `template`; dropped afterwards."""
    name = f"hotpapers_test_{os.getpid()}_{next(_numbers)}"
    with connect(server) as connection:
        if template:
            _copy_database(connection, urlsplit(template).path.lstrip("/"), name)
        else:
            _create_database(connection, name)
        # No test stops the server itself, so commits need not be synced to disk.
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    yield with_database(server, name)
    with connect(server) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def connect(url: str) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection that commits each statement."""
    return psycopg.connect(url, autocommit=True, connect_timeout=3)


def with_database(url: str, name: str) -> str:
    """The URL of another database on the same server."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}/{name}{query}"


def _create_database(connection: psycopg.Connection[tuple[Any, ...]], name: str) -> None:
    """Create an empty database, sorted by language if the server can, which exposes keys without COLLATE "C"."""
    plain = f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'"
    try:
        connection.execute(plain + " LOCALE_PROVIDER icu ICU_LOCALE 'en-US'")
    except psycopg.Error:  # before version 15, or built without ICU
        connection.execute(plain)


def _copy_database(connection: psycopg.Connection[tuple[Any, ...]], template: str, name: str) -> None:
    """Copy a database by copying its files: faster for many small tables, and the only way before version 15."""
    plain = f'CREATE DATABASE "{name}" TEMPLATE "{template}"'
    try:
        connection.execute(plain + " STRATEGY FILE_COPY")
    except psycopg.errors.SyntaxError:
        connection.execute(plain)


def _first(candidates: tuple[str, ...], *reasons: str) -> str:
    """The first address that works. Fails if the given one does not; skips the test if no other one does."""
    reasons_found = list(reasons)
    for url in candidates:
        reason = _why_not(url)
        if reason is None:
            return url
        reasons_found.append(f"{url}: {reason}")
    message = "no PostgreSQL server for tests: " + "; ".join(reasons_found)
    if os.environ.get(NAME):
        pytest.fail(message)
    pytest.skip(message)


def _why_not(url: str) -> str | None:
    """Why no database can be created at this address; None if one can."""
    try:
        with connect(url) as connection:
            row = connection.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.Error as error:
        return " ".join(str(error).split())
    return None if row and row[0] else "this user may not create databases"
