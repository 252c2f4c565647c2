"""The program is killed (`kill -9`) at any step of sending and restarted: nobody gets an issue twice."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hotpapers.publish.deliver.queries import editions_in_record, state_of
from hotpapers.record import Record
from hotpapers.wings.mail import queries as email_queries
from hotpapers.wings.mail.sender import CLAIM_TIMEOUT
from tests.cli.run import Result, command_line, environment, run
from tests.issues.made import DAY
from tests.wings.mail.samples import fill
from tests.wings.mail.server import Box, serving

NAMES = tuple(f"r{n}@d{n % 3}.example" for n in range(9))
SETTINGS = """
store = "hotpapers.db"
[[publication]]
name = "daily"
title = "The Daily Dozen"
posts = 2
[mailing]
relay = "127.0.0.1"
port = {port}
address = "papers@owls.example"
pace = 60000
"""


@pytest.fixture
def box() -> Iterator[Box]:
    with serving() as mail_server:
        yield mail_server


@pytest.fixture
def home(tmp_path: Path, box: Box) -> Path:
    file = tmp_path / "hotpapers.toml"
    file.write_text(SETTINGS.format(port=box.port))
    with Record(str(tmp_path / "hotpapers.db")) as record:
        fill(record, *NAMES)
    return file


class Program:
    """`hotpapers publish` in its own process, which a server may kill."""

    def __init__(self, home: Path) -> None:
        self.command = command_line("publish", DAY, "--to", "mailing", "--config", home)
        self.process: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Runs it to its end; returns its exit code."""
        with subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
        ) as process:
            self.process = process
            process.communicate(timeout=60)
        return process.returncode

    def kill(self) -> None:
        """Kills it at once, without a chance to clean up."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def kill_then(self, reply: str) -> Callable[[], str]:
        """A play: kills the program, then returns the reply."""

        def kill_and_reply() -> str:
            self.kill()
            return reply

        return kill_and_reply


def run_again(home: Path) -> Result:
    """Runs the same command in this process."""
    return run("publish", DAY, "--to", "mailing", "--config", home)


def expire_claims(home: Path) -> None:
    """Ages all claims past the timeout, after which no message can still be in transit."""
    with Record(str(home.with_name("hotpapers.db"))) as record, record.database.write():
        record.database.run("UPDATE delivery_state SET at = at - ? WHERE state = 'sending'", (CLAIM_TIMEOUT,))


def states(home: Path) -> dict[str, int]:
    with Record(str(home.with_name("hotpapers.db"))) as record:
        return dict(record.database.rows("SELECT state, count(*) FROM delivery_state WHERE edition = 0 GROUP BY state"))


def is_done(home: Path) -> bool:
    with Record(str(home.with_name("hotpapers.db"))) as record:
        return DAY in dict(editions_in_record(record.database, "daily", email_queries.CHANNEL))


@pytest.mark.long
@pytest.mark.parametrize("nth", [1, 9])
@pytest.mark.parametrize("step", ["MAIL", "RCPT"])
def test_killed_before_a_message_is_sent_everybody_gets_it_exactly_once(
    home: Path, box: Box, step: str, nth: int
) -> None:
    program = Program(home)
    box.on(step, *["250 fine"] * (nth - 1), program.kill_then("250 fine"))
    assert program.run() == -signal.SIGKILL and len(box.mails) == nth - 1
    assert run_again(home).status == 0
    assert Counter(box.recipients) == Counter(NAMES) and states(home) == {"sent": 9} and is_done(home)


@pytest.mark.long
@pytest.mark.parametrize("nth", [1, 5])
def test_killed_before_the_relay_answered_the_message_in_its_hands_is_not_sent_again(
    home: Path, box: Box, nth: int
) -> None:
    program = Program(home)
    box.on("DATA", *["250 fine"] * (nth - 1), program.kill_then("250 fine"))
    assert program.run() == -signal.SIGKILL and len(box.mails) == nth
    result = run_again(home)
    assert result.status == 1
    assert result.err == (
        f"hotpapers: mailing {DAY}: 1 not sent (another process is sending it, or was killed while sending it)\n"
    )
    assert states(home) == {"sent": 8, "sending": 1} and not is_done(home)
    expire_claims(home)
    assert run_again(home).status == 0
    assert Counter(box.recipients) == Counter(NAMES) and states(home) == {"sent": 9} and is_done(home)


@pytest.mark.long
def test_killed_again_and_again(home: Path, box: Box) -> None:
    """At each step in turn, until everything is sent."""
    program, kills = Program(home), 0
    steps = ["DATA", "MAIL", "RCPT", "DATA", "DATA"]
    for n, step in enumerate(steps):
        box.on(step, *["250 fine"] * (n % 2), program.kill_then("250 fine"))
        kills += program.run() == -signal.SIGKILL
        box.plays.clear()
        expire_claims(home)
    while program.run():
        expire_claims(home)
    assert kills == len(steps)
    assert Counter(box.recipients) == Counter(NAMES) and states(home) == {"sent": 9} and is_done(home)
    with Record(str(home.with_name("hotpapers.db"))) as record:
        unknown = record.database.rows("SELECT count(*) FROM delivery_state WHERE receipt LIKE ?", ("unknown: %",))
    assert unknown == [(steps.count("DATA"),)]


def test_killed_after_the_relay_answered_the_receipt_is_known(home: Path, box: Box) -> None:
    """Killed when the second message begins: the receipt of the first is already stored."""
    program = Program(home)
    box.on("MAIL", "250 fine", program.kill_then("250 fine"))
    program.run()
    with Record(str(home.with_name("hotpapers.db"))) as record:
        [(mark,)] = record.database.rows("SELECT target FROM delivery_state")
        entry = state_of(record.database, email_queries.message_key("daily", DAY, mark))
        assert entry is not None and (entry.state, entry.receipt) == ("sent", "250 2.0.0 queued as 1")
    assert run_again(home).status == 0 and len(box.mails) == 9


@pytest.mark.long
def test_two_programs_at_once(home: Path, box: Box) -> None:
    command = command_line("publish", DAY, "--to", "mailing", "--config", home)
    processes = [
        subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()) for _ in "ab"
    ]
    for process in processes:
        with process:
            process.communicate(timeout=60)
    expire_claims(home)
    while run_again(home).status:
        expire_claims(home)
    assert Counter(box.recipients) == Counter(NAMES) and states(home) == {"sent": 9} and is_done(home)
