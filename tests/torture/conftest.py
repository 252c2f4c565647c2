"""Fixtures of the torture tests: each test reports what it did, and a table is printed at the end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.seeds import replay_line
from tests.torture.table import NAME, Report, Row, lines, merge_rows


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """Collects what a test did."""
    return Report(request.node.user_properties)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table, and for each failure the line that repeats it."""
    stats = terminalreporter.stats
    test_reports = [*stats.get("passed", ()), *stats.get("failed", ())]
    properties = [pair for test_report in test_reports for pair in test_report.user_properties]
    rows = [Row(*value) for name, value in properties if name == NAME]
    if rows:
        terminalreporter.section("torture")
        for line in lines(merge_rows(rows)):
            terminalreporter.line(line)
    for failure in stats.get("failed", ()):
        name = failure.nodeid.rpartition("::")[2].partition("[")[0]
        terminalreporter.line(replay_line("torture", f"-k {name}"))
