"""A test network, if `make test-atproto` has set one up: its folder is in HOTPAPERS_TEST_ATPROTO."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.atproto.network import Network, running_network
from tests.atproto.site import Site
from tests.database_servers import DatabaseServers, Missing, running_servers

MakeSite = Callable[..., Site]


@pytest.fixture(scope="session")
def home() -> Path:
    """The folder that `setup` made. If it is named, it must exist."""
    path = os.environ.get("HOTPAPERS_TEST_ATPROTO")
    if not path:
        pytest.skip("no AT Protocol network is set up for tests: `make test-atproto` does it, and runs them")
    folder = Path(path).resolve()
    if not (folder / "ready").is_file():
        pytest.fail(f"HOTPAPERS_TEST_ATPROTO: {folder} is not set up; run tests/atproto/setup")
    return folder


@pytest.fixture(scope="session")
def partners(home: Path) -> Iterator[DatabaseServers]:
    """A PostgreSQL and a Redis for the network alone."""
    try:
        with running_servers() as servers:
            yield servers
    except Missing as problem:
        pytest.skip(f"the network's own view cannot run: {problem}")


@pytest.fixture(scope="session")
def network(home: Path, partners: DatabaseServers) -> Iterator[Network]:
    """A network with its own view, which counts."""
    with running_network(home, partners) as result:
        yield result


@pytest.fixture
def site_of(tmp_path: Path) -> MakeSite:
    """Makes sites: site_of(network, mode="stream")."""
    numbers = count(1)

    def make(network: Network, **settings: str) -> Site:
        folder = tmp_path / f"site{next(numbers)}"
        folder.mkdir()
        return Site(folder, network, **settings)

    return make
