"""An API over the sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from hotpapers.store import Record
from hotpapers.web.api import ApiApp, ApiConfig, ApiRoute
from tests.query import made

Opened = Callable[..., Starlette]


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the sample; read-only."""
    return made.sample_store(tmp_path_factory)


@pytest.fixture(scope="session")
def opened(sample_store: Path) -> Iterator[Opened]:
    """Makes an API over the sample or another store."""
    apps: list[ApiApp] = []

    def make(store: str | Path = sample_store, **operator: object) -> Starlette:
        route = ApiRoute(lambda: Record(str(store), create=False), ApiConfig(**{"rate": 0, **operator}))  # type: ignore[arg-type]
        apps.append(route.api)
        return Starlette(routes=[route])

    yield make
    for app in apps:
        app.close()


@pytest.fixture(scope="session")
def app(opened: Opened) -> Starlette:
    """The API over the sample, without a rate limit."""
    return opened()
