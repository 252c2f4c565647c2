"""The app with an API over the sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hotpapers.publish.view.site_config import NOBODY
from hotpapers.record import Record
from hotpapers.serve.api import Api
from hotpapers.serve.app import SiteApp
from hotpapers.serve.backend import Backend, ServeConfig
from hotpapers.serve.page_cache import CurrentPages
from tests.publish.query import query_stores
from tests.publish.render.sample import LISTED_READER

ApiFactory = Callable[..., SiteApp]


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of the sample; read-only."""
    return query_stores.sample_store(tmp_path_factory)


@pytest.fixture(scope="session")
def make_api(sample_store: Path) -> Iterator[ApiFactory]:
    """Makes an API over the sample or another store."""
    backends: list[Backend] = []

    def make(store: str | Path = sample_store, **config: object) -> SiteApp:
        serve_config = ServeConfig(**{"rate": 0, "base": "https://papers.example/", **config})  # type: ignore[arg-type]
        backends.append(Backend(lambda: Record(str(store), create=False), serve_config))
        return SiteApp(CurrentPages(lambda: LISTED_READER, "hot-papers", NOBODY), api=Api(backends[-1]))

    yield make
    for backend in backends:
        backend.close()


@pytest.fixture(scope="session")
def app(make_api: ApiFactory) -> SiteApp:
    """The API over the sample, without a rate limit."""
    return make_api()
