"""Fixtures of the torture tests: each test reports what it did, and a table is printed at the end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.torture.table import NAME, Row, Telling, lines, summed


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Telling:
    """Collects what a test did."""
    return Telling(request.node.user_properties)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table."""
    reports = [one for outcome in ("passed", "failed") for one in terminalreporter.stats.get(outcome, ())]
    properties = [pair for one in reports for pair in one.user_properties]
    rows = [Row(*value) for name, value in properties if name == NAME]
    if rows:
        terminalreporter.section("torture")
        for line in lines(summed(rows)):
            terminalreporter.line(line)
