"""A record in each database in turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotpapers.record import Record


@pytest.fixture
def record(store_url: str) -> Iterator[Record]:
    with Record(store_url) as record:
        yield record
