"""What `run` prints when it starts."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotpapers.cli.run import sentences
from hotpapers.jobs import queries as jobs_queries
from hotpapers.schedule.first_issue import FirstIssue
from hotpapers.store import Record
from tests.cli.run import environment
from tests.http.server import answer, serving
from tests.issues.made import moment

AT = moment("2024-05-07T05:59")
ZONES = {"daily": "Europe/Zurich", "weekly": "UTC"}
SOURCES = ("arxiv", "bluesky", "hackernews")


def test_people_are_told_what_is_read_and_when_the_first_issue_appears() -> None:
    firsts = [FirstIssue("daily", "2024-05-07", moment("2024-05-07T06:00")), FirstIssue("weekly", "2024-05-06", AT)]
    assert list(sentences(SOURCES, SOURCES, 7, firsts, ZONES, AT)) == [
        "Reading arxiv, bluesky, hackernews until stopped (Ctrl-C).",
        "First, it reads back posts since 2024-04-30, as far as each network allows.",
        "The first issue of daily, for 2024-05-07, appears on Tuesday 2024-05-07 at 08:00 Europe/Zurich.",
        "The first issue of weekly, for 2024-05-06, appears as soon as that is done.",
        "To see how it is going, run `hotpapers status` in another window.",
    ]


def test_of_what_was_read_before_nothing_is_read_back() -> None:
    text = "\n".join(sentences(SOURCES, ("bluesky",), 7, (), ZONES, AT))
    assert "First, it reads back posts from bluesky since 2024-04-30" in text
    assert "First" not in "\n".join(sentences(SOURCES, (), 7, (), ZONES, AT))
    assert "First" not in "\n".join(sentences(SOURCES, SOURCES, 0, (), ZONES, AT))


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
