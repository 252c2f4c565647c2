"""Fixtures shared by the HTTP tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.base.http.server import FakeTime, Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    """A real server on 127.0.0.1."""
    with serving() as result:
        yield result


@pytest.fixture
def time() -> FakeTime:
    """A clock that moves only when slept on."""
    return FakeTime()
