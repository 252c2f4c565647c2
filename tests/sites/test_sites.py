"""Three of the ten sites, played and judged; and that the judges notice what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.base import logs
from tests.sites.catalog import chosen
from tests.sites.judging import judge
from tests.sites.play import played

pytestmark = pytest.mark.long

TESTED = ("1-group", "2-sky", "6-small")


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    handlers, propagate = list(logs.LOG.handlers), logs.LOG.propagate
    yield
    logs.LOG.handlers[:], logs.LOG.propagate = handlers, propagate


@pytest.mark.parametrize("name", TESTED)
def test_a_site_is_as_the_script_says(name: str, tmp_path: Path) -> None:
    (sites,) = chosen([name])
    with played(sites, tmp_path) as (result,):
        judgments = judge(result)
    assert {judgment: list(map(str, findings)) for judgment, findings in judgments.items() if findings} == {}
