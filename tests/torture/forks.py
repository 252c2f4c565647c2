"""Start processes quickly: a process that has imported everything forks copies of itself, which tests then kill.

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

from hotpapers import cli
from hotpapers.base import logs, network_terms
from hotpapers.base.settings import BotSettings
from hotpapers.collect.job_factory import make_jobs
from hotpapers.jobs import loop as loop_module
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Job, JobLoop, JobRunner
from hotpapers.publish.schedule.publishing import IssueDestination, PublishJob
from hotpapers.publish.view.site_config import NOBODY
from hotpapers.record import Record
from hotpapers.site import running
from hotpapers.wings.peers.following import file_intake, follow_job
from tests.conftest import ROOT
from tests.torture.site import LEASE, SiteParameters, chosen_sources_of, make_context, make_leases, make_sleep, patches

SHORT_LEASE = 80_000
"""How long a lease lasts if processes do not run longer, µs."""


# ---- in the process that is killed -----------------------------------------------------------------------


def collect(parameters: SiteParameters, lease: int = LEASE) -> None:
    """Collect as `hotpapers collect` does, by the clock of the loopback internet, until stopped."""
    work(parameters, lease, {}, reads_sources=True)


def publish(parameters: SiteParameters, publications: list[str], channels: list[str], folder: str) -> None:
    """Freeze and publish what is due, as `hotpapers run` does."""
    destinations = [
        IssueDestination(name, channel, Path(folder) / name / channel) for name in publications for channel in channels
    ]
    work(
        parameters,
        SHORT_LEASE,
        {
            PublishJob.name: lambda: PublishJob(
                publications,
                destinations,
                bots=BotSettings(),
                site_config=NOBODY,
                allowed=network_terms.TERMS,
                before_freezing=(),
                read_jobs=(),
                witnesses=None,
                further=(),
            )
        },
        reads_sources=False,
    )


def work(
    parameters: SiteParameters, lease: int, extra_jobs: dict[str, Callable[[], Job]], *, reads_sources: bool
) -> None:
    """Run each job in a thread of its own until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    defect_patches = [(target, "log_defect", _exit_on_defect) for target in (loop_module,)]
    for target, name, value in [*patches(parameters.clock, make_sleep(stop, parameters.speed)), *defect_patches]:
        assert hasattr(target, name), f"{target} no longer has {name}"
        setattr(target, name, value)
    with Record(parameters.store):
        pass  # create and migrate the store before threads share it
    with make_leases(parameters, f"{os.getpid()}:{secrets.token_hex(4)}", lease) as leases:
        site = make_context(parameters, stop, leases)
        jobs = make_jobs(chosen_sources_of(parameters), site) if reads_sources else {}
        for name, make in extra_jobs.items():
            jobs[name] = partial(_job_loop, name, make, site)
        JobRunner(jobs, stop).run()


def _exit_on_defect(job: str, problem: BaseException) -> None:
    """Fail the test for errors that the program would log and retry."""
    traceback.print_exception(problem)
    sys.stderr.flush()
    os._exit(1)


def _job_loop(name: str, make: Callable[[], Job], site: Any) -> JobLoop:
    return JobLoop(name, make, site.record, site.leases, site.clock)


def run_command(*arguments: str) -> None:
    """Run a command of the program by the real clock."""
    status = cli.run_command(list(arguments))
    if status:
        raise SystemExit(status)


def follow(*arguments: str) -> None:
    """Run `hotpapers follow` with small writes, so that it can be killed between any two files and within each."""
    file_intake.CHUNK = follow_job.CHUNK = 5
    run_command("follow", *arguments)


def run(*arguments: str) -> None:
    """Run `hotpapers run` in the same way, with short leases, so that the work of a killed process is soon free."""
    file_intake.CHUNK = follow_job.CHUNK = 5
    setattr(running, "Leases", partial(Leases, hold=SHORT_LEASE))  # noqa: B010
    run_command("run", *arguments)


ROLES: dict[str, Callable[..., None]] = {
    "collect": collect, "publish": publish, "command": run_command, "follow": follow, "run": run,
}  # fmt: skip


def _child(role: str, options: dict[str, Any], log: str) -> None:
    """Run a role, and exit when it ends; output goes to a file."""
    status = 0
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: do not outlive the parent
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for descriptor in (1, 2):
            os.dup2(out, descriptor)
        os.close(0)
        logs.start_logging("text")
        if "parameters" in options:
            options["parameters"] = SiteParameters(**options["parameters"])
        ROLES[role](*options.pop("arguments", ()), **options)
    except BaseException:
        traceback.print_exc()
        status = 1
    finally:
        sys.stderr.flush()
        os._exit(status)


def serve() -> None:
    """Execute commands until input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        if "is_alive" in request:
            print(os.waitid(os.P_PID, request["is_alive"], os.WEXITED | os.WNOHANG | os.WNOWAIT) is None, flush=True)
            continue
        if "wait" in request:
            _, status = os.waitpid(request["wait"], 0)
            print(os.waitstatus_to_exitcode(status), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            _child(request["role"], request["options"], request["log"])
        print(pid, flush=True)


# ---- in the process of the test --------------------------------------------------------------------------


class Forks:
    """Starts processes. `log`: the file for their output."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._processes: set[int] = set()
        path = os.pathsep.join([str(ROOT), *(folder for folder in sys.path if folder)])
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.forks"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": path}, cwd=ROOT,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for pid in list(self._processes):
            self.kill(pid)
        self._server.communicate()

    def start(self, role: str, **options: Any) -> int:
        """Start a process in a role, and return its id."""
        if "parameters" in options:
            options["parameters"] = options["parameters"]._asdict()
        pid = int(self._request({"role": role, "options": options, "log": str(self.log)}))
        self._processes.add(pid)
        return pid

    def kill(self, pid: int, signal_number: int = signal.SIGKILL) -> int:
        """Send a signal that ends a process, and return how it ended."""
        os.kill(pid, signal_number)
        return self.wait(pid)

    def is_alive(self, pid: int) -> bool:
        """Whether a process is still running."""
        return self._request({"is_alive": pid}).strip() == "True"

    def wait(self, pid: int) -> int:
        """How a process ended: its exit status, or a negative number for a signal."""
        self._processes.discard(pid)
        return int(self._request({"wait": pid}))

    def output(self, length: int = 4000) -> str:
        """The end of the processes' output."""
        return self.log.read_text("utf-8", "replace")[-length:] if self.log.exists() else ""

    def _request(self, request: dict[str, Any]) -> str:
        assert self._server.stdin and self._server.stdout
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        answer = self._server.stdout.readline()
        assert answer, "the server of processes has ended"
        return answer


if __name__ == "__main__":
    serve()
