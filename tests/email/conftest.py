"""Stores for the tests of mailing: one of each database for a whole file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.store.conftest import database_on


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def module_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an empty store for the tests of one file, in each database in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('store') / 'hotpapers.db'}"
    else:
        with database_on(request.getfixturevalue("postgres_server"), "mailing") as url:
            yield url
