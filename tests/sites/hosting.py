"""A host without a disk: each run starts from an empty checkout, takes the store back, and deploys the site.

As the workflow of `hotpapers init --github-pages` does, with its commands in the same order.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from hotpapers.base.model import HOUR
from hotpapers.collect.job_factory import IngestContext
from hotpapers.jobs.loop import Clock, JobLoop, JobRunner
from hotpapers.site import running
from tests.cli.run import run
from tests.years.program import Environment, Turn

ASSET = "store.db"
"""What is kept between two runs."""


def scheduled_run(environment: Environment, folder: Path, public: Path) -> str:
    """One run of the workflow. Returns what the commands print. `folder`: what the host keeps; `public`: the site that
    it serves."""
    checkout, kept = folder / "checkout", folder / ASSET
    shutil.rmtree(checkout, ignore_errors=True)
    checkout.mkdir(parents=True)
    settings = Path(shutil.copy(environment.settings, checkout))
    output, texts = checkout / "_site", list[str]()

    def command(*arguments: str | Path) -> int:
        result = run(*arguments, "--config", settings)
        texts.append(f"$ hotpapers {' '.join(map(str, arguments))}\n{result.out}{result.err}")
        return result.status

    if kept.exists():
        assert command("backup", kept, "--restore", "--replace", "--as-backed-up") == 0, texts
    assert command("scheduled", "begin", "--because", "schedule") == 0, texts
    with _once(environment):
        outcome = "failure" if command("run", "--once") else "success"
    end = ("scheduled", "end", "--outcome", outcome, "--base", "https://pages.example/", "--output", output)
    assert command(*end) == 0, texts
    assert command("backup", kept) == 0, texts
    shutil.rmtree(public, ignore_errors=True)
    shutil.copytree(output, public)
    return "".join(texts)


@contextmanager
def _once(environment: Environment) -> Iterator[None]:
    """Put the jobs of a single round on the simulated clock, one at a time."""
    timeline = environment.timeline

    class OneByOne(JobRunner):
        def __init__(self, jobs: Mapping[str, Callable[[], JobLoop]], stop: threading.Event) -> None:
            self._errors: list[BaseException] = []
            turns = {name: Turn(timeline, n, make, self._errors) for n, (name, make) in enumerate(jobs.items())}
            super().__init__(turns, stop)  # type: ignore[arg-type]

        def run(self, *, once: bool = False) -> list[BaseException]:
            timeline.expect(len(self._make), timeline.now() + HOUR)
            problems = super().run(once=once)
            return [*problems, *self._errors]

    def clock(_: IngestContext) -> Clock:
        client = environment.client()
        return Clock(client.now, client.sleep)

    timeline.until = timeline.now() + HOUR
    with patch.object(running, "JobRunner", OneByOne), patch.object(IngestContext, "clock", property(clock)):
        yield


def runs_between(start: int, end: int, every: int) -> Iterator[int]:
    """When a schedule's runs begin: some are up to an hour late."""
    for n, at in enumerate(range(start, end, every)):
        yield at + (n * 7 % 5) * HOUR // 5
