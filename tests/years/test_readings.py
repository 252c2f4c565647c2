"""Breaks of 1, 2 and 4 days from and to each weekday, and a site's first fortnight: what issues say about reading."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.base import logs
from hotpapers.base.model import DAY, HOUR
from tests.loopback.clock import moment
from tests.years.fault_plan import Span
from tests.years.newcomer import Start, run_site
from tests.years.readings import errors_of

MONDAY = "2026-03-16"
PAPERS = 20


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    handlers, propagate = list(logs.LOG.handlers), logs.LOG.propagate
    yield tmp_path / "site"
    logs.LOG.handlers[:], logs.LOG.propagate = handlers, propagate


@pytest.mark.long
@pytest.mark.parametrize("days", [1, 2, 4])
@pytest.mark.parametrize("weekday", range(7))
def test_a_break_is_told(weekday: int, days: int, folder: Path) -> None:
    start = moment(MONDAY) - 3 * DAY + weekday * DAY + 10 * HOUR
    stop = start + 3 * DAY
    again = stop + days * DAY + 3 * HOUR
    end = again + 4 * DAY
    script = Start(weekday, start).script(PAPERS)
    run_site(folder, script, start, stop)
    store = run_site(folder, script, again, end)
    assert errors_of(store, script, [Span(start, stop), Span(again, end)]) == []


@pytest.mark.long
@pytest.mark.parametrize("hour", [6, 19])
def test_the_first_fortnight_of_a_site_claims_nothing_from_before_it(hour: int, folder: Path) -> None:
    start = moment(MONDAY) + DAY + hour * HOUR
    end = start + 14 * DAY
    script = Start(hour, start).script(PAPERS)
    store = run_site(folder, script, start, end)
    assert errors_of(store, script, [Span(start, end)]) == []
