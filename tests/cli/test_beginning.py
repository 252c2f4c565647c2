"""What `run` prints when it starts."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.jobs import queries as jobs_queries
from hotpapers.publish.schedule.due import ExpectedIssue
from hotpapers.record import Record
from hotpapers.site.run_notices import first_notices, reading_notices
from tests.base.http.server import answer, serving
from tests.cli.run import environment
from tests.issues.made import moment

AT = moment("2024-05-07T05:59")
ZONES = {"daily": "Europe/Zurich", "weekly": "UTC"}
SOURCES = ("arxiv", "bluesky", "hackernews")


def test_people_are_told_what_is_read_and_when_the_first_issue_appears() -> None:
    firsts = [
        ExpectedIssue("daily", "2024-05-07", moment("2024-05-07T06:00")),
        ExpectedIssue("weekly", "2024-05-06", AT),
    ]
    notices = [*reading_notices(SOURCES, SOURCES, 7, AT), *first_notices(firsts, ZONES, AT)]
    assert [notice.sentence for notice in notices] == [
        "Reading arxiv, bluesky, hackernews until stopped (Ctrl-C).",
        "First, it reads back posts since 2024-04-30, as far as each network allows.",
        "The first issue of daily, for 2024-05-07, appears on Tuesday 2024-05-07 at 08:00 Europe/Zurich.",
        "The first issue of weekly, for 2024-05-06, appears as soon as that is done.",
    ]


def test_of_what_was_read_before_nothing_is_read_back() -> None:
    def text(new: tuple[str, ...], days: int) -> str:
        return "\n".join(notice.sentence for notice in reading_notices(SOURCES, new, days, AT))

    assert "First, it reads back posts from bluesky since 2024-04-30" in text(("bluesky",), 7)
    assert "First" not in text((), 7) + text(SOURCES, 0)


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    """The settings of a site that reads one network without posts."""
    off = "".join(f"[source.{name}]\non = false\n" for name in ("arxiv", "bluesky", "hackernews", "huggingface"))
    with serving() as server:
        server.on("/lobsters/domains/arxiv.org.json", answer(200, b"[]"))
        lobsters = f'[source.lobsters]\nbase = "{server.base}/lobsters"\n'
        config_file = tmp_path / "hotpapers.toml"
        config_file.write_text(f'contact = "a@made.example"\n[[publication]]\nname = "daily"\n{off}{lobsters}')
        yield config_file


@pytest.mark.long
def test_programs_are_told_it_as_events(config: Path) -> None:
    config.write_text(config.read_text() + '[run]\nlog = "json"\n')
    command = [sys.executable, "-m", "hotpapers", "run", "--config", str(config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment(), cwd=config.parent) as process:
        assert process.stderr is not None
        events: dict[str, dict[str, str]] = {}
        try:
            while "read back" not in events:
                event = json.loads(process.stderr.readline())
                events[event["event"]] = event
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert events["reading back"]["sources"] == "lobsters"
    assert events["read back"]["job"].partition("/")[0] == "lobsters"
    assert events["first issue"]["publication"] == "daily"


@pytest.mark.long
def test_on_a_terminal_it_is_told_in_sentences(config: Path) -> None:
    command = [sys.executable, "-m", "hotpapers", "run", "--config", str(config)]
    reader, writer = pty.openpty()
    with subprocess.Popen(command, stderr=writer, env=environment(), cwd=config.parent) as process:
        os.close(writer)
        output = b""
        try:
            while b"hotpapers status" not in output:
                output += os.read(reader, 4096)
            wait_until_read(config.with_name("hotpapers.db"))
        finally:
            process.send_signal(signal.SIGTERM)
            output += remaining_output(reader)
        assert process.wait(30) == 0
    assert b"Reading lobsters until stopped (Ctrl-C)." in output
    assert b"The first issue of daily" in output
    assert output.count(b"issue of daily") == 1, "the next issue is the first one"
    assert not GLUED.search(output)


GLUED = re.compile(rb"%[^\r\n]*20\d\d-\d\d-\d\d \d\d:")
"""A line of the log on the line of a progress bar."""


@pytest.mark.long
def test_a_log_line_is_not_glued_to_the_progress_bar(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRESS)
    reader, writer = pty.openpty()
    with subprocess.Popen([sys.executable, str(program)], stderr=writer, stdout=writer, env=environment()) as process:
        os.close(writer)
        output = remaining_output(reader)
        assert process.wait(30) == 0
    assert not GLUED.search(output)
    for line in (b"event", b"a line of output", b"hotpapers: an error"):
        before, _, after = output.partition(line)
        assert before.rpartition(b"\r\x1b[K")[2].count(b"%") == 0, "the bar was erased"
        assert b"reading" in after, "and drawn again"


PROGRESS = """
from hotpapers.base import logs
from hotpapers.cli.terminal import LogStream, print_error, print_line, progress_bar

logs.start_logging("text", LogStream())
with progress_bar("reading", 3) as step:
    step(1)
    logs.log_event("event", job="bluesky")
    print_line("a line of output")
    print_error("an error")
    step(1)
logs.log_event("afterwards")
"""


def wait_until_read(store: Path) -> None:
    """Wait until the network's past has been read."""
    deadline = time.monotonic() + 60
    while True:
        with Record(str(store)) as record:
            if jobs_queries.load_state(record, "lobsters").back_at is not None:
                return
        assert time.monotonic() < deadline
        time.sleep(0.05)


def remaining_output(terminal: int) -> bytes:
    """The remaining output, until the terminal closes."""
    output = b""
    try:
        while piece := os.read(terminal, 4096):
            output += piece
    except OSError:  # the other end is closed
        pass
    os.close(terminal)
    return output
