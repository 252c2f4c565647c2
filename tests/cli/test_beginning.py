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
    said = "\n".join(sentences(SOURCES, ("bluesky",), 7, (), ZONES, AT))
    assert "First, it reads back posts from bluesky since 2024-04-30" in said
    assert "First" not in "\n".join(sentences(SOURCES, (), 7, (), ZONES, AT))
    assert "First" not in "\n".join(sentences(SOURCES, SOURCES, 0, (), ZONES, AT))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """The settings of a site that reads one network without posts."""
    off = "".join(f"[source.{name}]\non = false\n" for name in ("arxiv", "bluesky", "hackernews", "huggingface"))
    with serving() as server:
        server.on("/lobsters/domains/arxiv.org.json", answer(200, b"[]"))
        lobsters = f'[source.lobsters]\nbase = "{server.base}/lobsters"\n'
        file = tmp_path / "hotpapers.toml"
        file.write_text(f'contact = "a@made.example"\n[[publication]]\nname = "daily"\n{off}{lobsters}')
        yield file


@pytest.mark.long
def test_programs_are_told_it_as_events(home: Path) -> None:
    home.write_text(home.read_text() + '[run]\nlog = "json"\n')
    command = [sys.executable, "-m", "hotpapers", "run", "--config", str(home)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment(), cwd=home.parent) as process:
        assert process.stderr is not None
        told: dict[str, dict[str, str]] = {}
        try:
            while "read back" not in told:
                event = json.loads(process.stderr.readline())
                told[event["event"]] = event
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert told["reading back"]["sources"] == "lobsters"
    assert told["read back"]["job"].partition("/")[0] == "lobsters"
    assert told["first issue"]["publication"] == "daily"


@pytest.mark.long
def test_on_a_terminal_it_is_told_in_sentences(home: Path) -> None:
    command = [sys.executable, "-m", "hotpapers", "run", "--config", str(home)]
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stderr=theirs, env=environment(), cwd=home.parent) as process:
        os.close(theirs)
        said = b""
        try:
            while b"hotpapers status" not in said:
                said += os.read(ours, 4096)
            wait_until_read(home.with_name("hotpapers.db"))
        finally:
            process.send_signal(signal.SIGTERM)
            said += rest(ours)
        assert process.wait(30) == 0
    assert b"Reading lobsters until stopped (Ctrl-C)." in said
    assert b"The first issue of daily" in said


def wait_until_read(store: Path) -> None:
    """Wait until the network's past has been read."""
    deadline = time.monotonic() + 60
    while True:
        with Record(str(store)) as record:
            if jobs_queries.load_state(record, "lobsters").back_at is not None:
                return
        assert time.monotonic() < deadline
        time.sleep(0.05)


def rest(terminal: int) -> bytes:
    """The remaining output, until the terminal closes."""
    said = b""
    try:
        while more := os.read(terminal, 4096):
            said += more
    except OSError:  # the other end is closed
        pass
    os.close(terminal)
    return said
