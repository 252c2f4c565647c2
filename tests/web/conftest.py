"""An API over the sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from hotpapers.record import Record
from hotpapers.serve.web.api import Api
from hotpapers.serve.web.backend import Backend, ServeConfig
from tests.query import query_stores

ApiFactory = Callable[..., Starlette]


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the sample; read-only."""
    return query_stores.sample_store(tmp_path_factory)


@pytest.fixture(scope="session")
def make_api(sample_store: Path) -> Iterator[ApiFactory]:
    """Makes an API over the sample or another store."""
    backends: list[Backend] = []

    def make(store: str | Path = sample_store, **config: object) -> Starlette:
        serve_config = ServeConfig(**{"rate": 0, **config})  # type: ignore[arg-type]
        backends.append(Backend(lambda: Record(str(store), create=False), serve_config))
        api = Api(backends[-1])
        app = Starlette(routes=api.routes)
        app.state.api = api
        return app

    yield make
    for backend in backends:
        backend.close()


@pytest.fixture(scope="session")
def app(make_api: ApiFactory) -> Starlette:
    """The API over the sample, without a rate limit."""
    return make_api()
