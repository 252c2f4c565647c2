"""The program's log: one line per event, for people or as JSON."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotpapers.base import logs


@pytest.fixture(autouse=True)
def reset_log() -> Iterator[None]:
    yield
    logs.LOG.handlers.clear()
    logs.LOG.propagate = True


def line_of(form: logs.Form, event: str, **fields: object) -> str:
    stream = io.StringIO()
    logs.start_logging(form, stream)
    logs.log_event(event, **fields)  # type: ignore[arg-type]
    return stream.getvalue()


def test_for_people() -> None:
    line = line_of("text", "issue frozen", day="2024-05-07", entries=3, reason="no room left")
    assert line[19:] == '  issue frozen  day=2024-05-07  entries=3  reason="no room left"\n'
    assert line_of("text", "stopped")[19:] == "  stopped\n"


def test_a_field_does_not_replace_the_moment_of_a_line() -> None:
    line = json.loads(line_of("json", "next issue", at="Thursday", day="2024-05-07"))
    assert line["at"] != "Thursday" and line["level"] == "info"
    assert (line["event"], line["day"]) == ("next issue", "2024-05-07")


def test_for_machines() -> None:
    stream = io.StringIO()
    logs.start_logging("json", stream)
    logs.log_event("failing", level=logging.WARNING, job="x", reason=ValueError("ä"))
    fields = json.loads(stream.getvalue())
    del fields["at"]
    assert fields == {"level": "warning", "event": "failing", "job": "x", "reason": "ä"}


@given(st.sampled_from(get_args(logs.Form)), st.text())
def test_whatever_a_network_says_stays_on_its_line(form: logs.Form, text: str) -> None:
    line = line_of(form, "failing", reason=text)
    assert line.count("\n") == 1 and len(line.splitlines()) == 1
    assert "\x1b" not in line
