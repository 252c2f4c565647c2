"""What the tests of this room share: where they tell what they did, and the table at the end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.torture.table import NAME, Row, Telling, lines, summed


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Telling:
    """Where a test tells what it did."""
    return Telling(request.node.user_properties)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The table."""
    reports = [one for outcome in ("passed", "failed") for one in terminalreporter.stats.get(outcome, ())]
    properties = [pair for one in reports for pair in one.user_properties]
    rows = [Row(*value) for name, value in properties if name == NAME]
    if rows:
        terminalreporter.section("torture")
        for line in lines(summed(rows)):
            terminalreporter.line(line)
