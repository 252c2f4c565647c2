"""Processes that write, read and are killed. Run as `python -m tests.record.workers ROLE STORE …`; prints JSON."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from itertools import count

import apsw

from hotpapers.base import model
from hotpapers.record import Record
from hotpapers.record.batches import cursor_of
from tests.parsing import parse_all
from tests.record import made
from tests.record.made import AT

FEW = 9
"""The number of items in a batch that `cover` makes."""


def cover(source: int, batch: int) -> list[model.Item]:
    """The items of one batch that nobody else writes."""
    return [
        model.Coverage(network="x", from_at=AT + n, until_at=AT + n + 1, state="complete", observed_at=AT + n)
        for n in range(source * 10**6 + batch * FEW, source * 10**6 + (batch + 1) * FEW)
    ]


def shared(batch: int) -> list[model.Item]:
    """Items that all writers write."""
    return [made.later(item, batch) for item in made.EVERY if not isinstance(item, model.Issue)]


def write(store: str, source: str, batches: str) -> None:
    """Be one of several writers: append own and shared batches, with random pauses."""
    dice = random.Random(int(source))
    with Record(store) as record:
        for batch in range(int(batches)):
            time.sleep(dice.random() * 0.004)
            record.append(cover(int(source), batch), source=f"writer {source}", cursor=str(batch))
            record.append(shared(batch), source="shared")


def read(store: str, batches: str) -> None:
    """Be a reader: check that batches are always whole and positions never go back."""
    last = looks = 0
    with Record(store) as record:
        while last < int(batches):
            view = record.view()
            assert view.position >= last, "positions go back"
            last = view.position
            rows = view.database.rows(f"SELECT count(*) FROM coverage AS t WHERE {view.visible('t')}")
            assert rows[0][0] == FEW * last, "a batch in parts"
            looks += 1
    print(json.dumps(looks))


# ---- killed ----------------------------------------------------------------------------------------------


def steps(record: Record) -> list[Callable[[int], object]]:
    """What the job does in turn: append items, ingest raw payloads, reprocess them, import a listing."""

    def listing(n: int) -> object:
        return made.listing(record, made.LISTINGS[n // 4 % len(made.LISTINGS)], f"copy-{n}")

    def raw_payloads(n: int) -> object:
        payloads = [
            model.RawPayload("counts", f"{n}", json.dumps({"post": f"x:{n}", "likes": k}).encode(), AT + k)
            for k in (0, 1)
        ]
        return record.ingest(parse_all(made.counts_of, payloads), source="counts")

    return [
        lambda n: record.append([*cover(0, n), *shared(n)], source="job"),
        raw_payloads,
        lambda n: record.reprocess("counts", made.better_counts_of),
        listing,
    ]


def job(store: str, length: int) -> None:
    """Do all steps from the last finished one on; note each one when it is done."""
    with Record(store) as record:
        cursor = cursor_of(record.database, "job done")
        for n in range(int(cursor) + 1 if cursor else 0, length):
            steps(record)[n % 4](n)
            record.append([], source="job done", cursor=str(n))


def kill(store: str, rounds: str, seed: str) -> None:
    """Start the job and kill it at a random moment, `rounds` times; check after each kill. Then let it finish.

    Prints how often it was killed, and the job's final length.
    """
    dice = random.Random(int(seed))
    killed = 0
    for _ in range(int(rounds)):
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                job(store, 10**9)
            os._exit(0)
        time.sleep(dice.random() * 0.06)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        killed += os.WIFSIGNALED(status)
        with Record(store) as record:
            assert record.database.integrity().damaged == ()
            findings = made.verified(record).findings
            assert not findings, findings
            length = int(cursor_of(record.database, "job done") or 0) + 9
    job(store, length)
    print(json.dumps([killed, length]))


def migrate(store: str) -> None:
    """Open a store, killed before its first statement, again before its second, and so on until it opens. Prints how
    often it was killed."""
    killed = 0
    while _is_killed_opening(store, killed):
        killed += 1
    print(killed)


def _is_killed_opening(store: str, statements: int) -> bool:
    """Whether a process that opens a store is killed after so many statements."""
    child = os.fork()
    if child == 0:
        try:
            apsw.connection_hooks.append(lambda connection: _kill_after(connection, statements))
            Record(store, create=False).database.close()
        finally:
            os._exit(int(sys.exc_info()[0] is not None))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL)
    return status != 0


def _kill_after(connection: apsw.Connection, statements: int) -> None:
    numbers = count()

    def trace(*_: object) -> bool:
        if next(numbers) == statements:
            os.kill(os.getpid(), signal.SIGKILL)
        return True

    connection.exec_trace = trace


ROLES: dict[str, Callable[..., None]] = {"write": write, "read": read, "kill": kill, "migrate": migrate}

if __name__ == "__main__":
    ROLES[sys.argv[1]](*sys.argv[2:])
