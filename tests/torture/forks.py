"""Start processes quickly: a process that has imported everything forks copies of itself, which are then killed.

`python -m tests.torture.forks` reads one JSON command per line: start a process, or report how one ended.
"""

from __future__ import annotations

import ctypes
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Self

from hotpapers import cli, logs
from hotpapers.cli import collect as collect_command
from hotpapers.following import file_intake, measurement
from hotpapers.ingest import make_jobs
from hotpapers.jobs import loop as collect_rounds
from hotpapers.jobs import runner as collect_runner
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Job, JobLoop
from hotpapers.jobs.runner import JobRunner
from hotpapers.schedule import IssueDestination, PublishJob
from hotpapers.store import Record
from tests.conftest import ROOT
from tests.torture.site import HOLD, Given, choices_of, leases_of, patches, site_of, waits

BRIEF = 80_000
"""Duration of a lease where processes do not live longer, µs."""


# ---- in the process that is killed -----------------------------------------------------------------------


def collect(given: Given, hold: int = HOLD) -> None:
    """Collect as `hotpapers collect` does, on the clock of the loopback internet, until stopped."""
    work(given, hold, {}, read=True)


def publish(given: Given, publications: list[str], channels: list[str], folder: str) -> None:
    """Freeze and publish what is due, as `hotpapers run` does."""
    places = [IssueDestination(name, to, Path(folder) / name / to) for name in publications for to in channels]
    work(given, BRIEF, {PublishJob.name: lambda: PublishJob(publications, places)}, read=False)


def work(given: Given, hold: int, more: dict[str, Callable[[], Job]], *, read: bool) -> None:
    """Run each job in a thread of its own until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    ends = [(where, "log_defect", _end) for where in (collect_rounds, collect_runner)]
    for where, name, value in [*patches(given.clock, waits(stop, given.speed)), *ends]:
        assert hasattr(where, name), f"{where} has no {name} any more"
        setattr(where, name, value)
    with Record(given.store):
        pass  # create and migrate the store before threads share it
    with leases_of(given, f"{os.getpid()}:{secrets.token_hex(4)}", tuple(more), hold) as leases:
        site = site_of(given, stop, leases)
        jobs = make_jobs(choices_of(given), site) if read else {}
        for name, make in more.items():
            jobs[name] = partial(_rounds, name, make, site)
        JobRunner(jobs, stop).run()


def _end(job: str, problem: BaseException) -> None:
    """Fail the test for errors that the program would log and retry."""
    traceback.print_exception(problem)
    sys.stderr.flush()
    os._exit(1)


def _rounds(name: str, make: Callable[[], Job], site: Any) -> JobLoop:
    return JobLoop(name, make, site.record, site.leases, site.clock)


def command(*words: str) -> None:
    """Run a command of the program on the real clock."""
    status = cli.run_command(list(words))
    if status:
        raise SystemExit(status)


def follow(*words: str) -> None:
    """Run `hotpapers follow` with small writes, so that it can be killed between any two files and within each."""
    file_intake.CHUNK = measurement.CHUNK = 5
    command("follow", *words)


def run(*words: str) -> None:
    """Run `hotpapers run` in the same way, with short leases: what a killed process held is soon free."""
    file_intake.CHUNK = measurement.CHUNK = 5
    setattr(collect_command, "Leases", partial(Leases, hold=BRIEF))  # noqa: B010
    command("run", *words)


ROLES: dict[str, Callable[..., None]] = {
    "collect": collect, "publish": publish, "command": command, "follow": follow, "run": run,
}  # fmt: skip


def _child(role: str, words: dict[str, Any], log: str) -> None:
    """Take on a role and exit when it ends; output goes to a file."""
    status = 0
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: do not outlive the parent
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for number in (1, 2):
            os.dup2(out, number)
        os.close(0)
        logs.listen("text")
        if "given" in words:
            words["given"] = Given(**words["given"])
        ROLES[role](*words.pop("words", ()), **words)
    except BaseException:
        traceback.print_exc()
        status = 1
    finally:
        sys.stderr.flush()
        os._exit(status)


def serve() -> None:
    """Execute commands until input ends."""
    for line in sys.stdin:
        said = json.loads(line)
        if "ask" in said:
            print(os.waitid(os.P_PID, said["ask"], os.WEXITED | os.WNOHANG | os.WNOWAIT) is None, flush=True)
            continue
        if "wait" in said:
            _, status = os.waitpid(said["wait"], 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            _child(said["role"], said["words"], said["log"])
        print(pid, flush=True)


# ---- in the process of the test --------------------------------------------------------------------------


class Forks:
    """Starts processes. `log`: the file for their output."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._open: set[int] = set()
        path = os.pathsep.join([str(ROOT), *(place for place in sys.path if place)])
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.forks"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": path}, cwd=ROOT,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pid in list(self._open):
            self.kill(pid)
        self._server.communicate()

    def start(self, role: str, **words: Any) -> int:
        """Start a process in a role, and return its id."""
        if "given" in words:
            words["given"] = words["given"]._asdict()
        pid = int(self._say({"role": role, "words": words, "log": str(self.log)}))
        self._open.add(pid)
        return pid

    def kill(self, pid: int, number: int = signal.SIGKILL) -> int:
        """Send a signal that ends a process, and return how it ended."""
        os.kill(pid, number)
        return self.wait(pid)

    def lives(self, pid: int) -> bool:
        """Whether a process is still running."""
        return self._say({"ask": pid}).strip() == "True"

    def wait(self, pid: int) -> int:
        """How a process ended: its exit status, or a negative number for a signal."""
        self._open.discard(pid)
        return int(self._say({"wait": pid}))

    def said(self, most: int = 4000) -> str:
        """The end of the processes' output."""
        return self.log.read_text("utf-8", "replace")[-most:] if self.log.exists() else ""

    def _say(self, words: dict[str, Any]) -> str:
        assert self._server.stdin and self._server.stdout
        self._server.stdin.write(json.dumps(words) + "\n")
        self._server.stdin.flush()
        answer = self._server.stdout.readline()
        assert answer, "who makes the processes is gone"
        return answer


if __name__ == "__main__":
    serve()
