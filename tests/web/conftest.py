"""An API over the sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from hotpapers.record import Record
from hotpapers.serve.web.api import ApiApp, ApiConfig, ApiRoute
from tests.query import query_stores

ApiFactory = Callable[..., Starlette]


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the sample; read-only."""
    return query_stores.sample_store(tmp_path_factory)


@pytest.fixture(scope="session")
def make_api(sample_store: Path) -> Iterator[ApiFactory]:
    """Makes an API over the sample or another store."""
    apps: list[ApiApp] = []

    def make(store: str | Path = sample_store, **config: object) -> Starlette:
        route = ApiRoute(lambda: Record(str(store), create=False), ApiConfig(**{"rate": 0, **config}))  # type: ignore[arg-type]
        apps.append(route.api)
        return Starlette(routes=[route])

    yield make
    for app in apps:
        app.close()


@pytest.fixture(scope="session")
def app(make_api: ApiFactory) -> Starlette:
    """The API over the sample, without a rate limit."""
    return make_api()
