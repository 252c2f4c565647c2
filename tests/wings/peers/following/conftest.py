"""A site with three days of data, and one that follows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from tests.wings.peers.following.sites import Follower, Publisher
from tests.wings.proof.test_log import serve_folder


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Publisher]:
    with closing(Publisher(tmp_path / "publisher")) as publisher:
        for day in range(3):
            publisher.live(day)
        publisher.publish(3)
        yield publisher


@pytest.fixture
def url(publisher: Publisher) -> Iterator[str]:
    with serve_folder(publisher.public) as url:
        yield url


@pytest.fixture
def follower(url: str, tmp_path: Path, sqlite_url: str) -> Iterator[Follower]:
    with closing(Follower(tmp_path / "follower", url, store=sqlite_url)) as follower:
        yield follower
