"""Runs a workflow's steps on this machine as GitHub does: with the same shell, environment and order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import hotpapers
from tests.conftest import ROOT
from tests.wings.hosting import gh

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


class Step(NamedTuple):
    """How a step ended: success or failure, its exit status, and its output."""

    outcome: str
    status: int
    output: str


class JobResult(NamedTuple):
    """How a job ended: its steps by name, and their outputs by `id.name`."""

    steps: dict[str, Step]
    outputs: dict[str, str]

    @property
    def failed_steps(self) -> list[str]:
        return [name for name, step in self.steps.items() if step.outcome == "failure"]


class Machine:
    """A runner: one folder with the repository's files, another with GitHub's releases. `installed`: where programs
    are that the run installs; without it, the checkout's are used."""

    def __init__(self, folder: Path, releases: Path, installed: Path | None = None) -> None:
        self.folder, self.releases, self._installed = folder, releases, installed
        self._temp, self._programs = folder.parent / "temp", folder.parent / "programs"
        for path in (self._temp, self._programs, releases):
            path.mkdir(exist_ok=True)
        self._program("gh", "tests.wings.hosting.gh")
        if not installed:
            self._program("hotpapers", "hotpapers")

    def _program(self, name: str, module: str) -> None:
        """Creates a command of this name that runs one of our modules."""
        file = self._programs / name
        file.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {module} "$@"\n')
        file.chmod(0o755)

    def run(self, job: Mapping[str, Any], context: Mapping[str, str], *names: str, **environment: str) -> JobResult:
        """Runs a job's script steps in order, as their conditions allow; or only the named ones."""
        result = JobResult({}, {})
        values = dict(context)
        for step in job["steps"]:
            if "run" in step and (step["name"] in names if names else self._is_wanted(step, result, values)):
                step_result = self._step(step, values, result, environment)
                result.steps[step["name"]] = step_result
                if "id" in step:
                    values[f"steps.{step['id']}.outcome"] = step_result.outcome
        return result

    @staticmethod
    def _is_wanted(step: Mapping[str, Any], result: JobResult, values: Mapping[str, str]) -> bool:
        """GitHub's own rule, for the conditions in the workflow."""
        condition = EXPRESSION.sub(r"\1", str(step.get("if", "success()")))
        is_successful = not any(
            step_result.outcome == "failure" for name, step_result in result.steps.items() if name != "Collect, freeze"
        )  # continue-on-error
        conditions = {
            "success()": is_successful,
            "github.event_name == 'workflow_dispatch'": is_successful
            and values["github.event_name"] == "workflow_dispatch",
            "!cancelled()": True,
            "!cancelled() && steps.begin.outcome == 'success'": values.get("steps.begin.outcome") == "success",
            "!cancelled() && steps.pack.outcome == 'success'": values.get("steps.pack.outcome") == "success",
        }
        return conditions[condition]

    def _step(
        self, step: Mapping[str, Any], values: dict[str, str], result: JobResult, extra: Mapping[str, str]
    ) -> Step:
        output = self._temp / "output"
        output.write_text("")
        step_environment = {
            name: EXPRESSION.sub(lambda m: _value(values, m[1]), str(text))
            for name, text in step.get("env", {}).items()
        }
        script = self._temp / "step.sh"
        script.write_text(step["run"])
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        process = subprocess.run(
            shell, cwd=self.folder,
            env=self._environment() | step_environment | dict(extra) | {"GITHUB_OUTPUT": str(output)},
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        for line in output.read_text().splitlines():
            name, _, value = line.partition("=")
            result.outputs[f"{step['id']}.{name}"] = values[f"steps.{step['id']}.outputs.{name}"] = value
        outcome = "failure" if process.returncode else "success"
        return Step(outcome, process.returncode, process.stdout + process.stderr)

    def _environment(self) -> dict[str, str]:
        # libfaketime's: tests are also tried at other hours and dates
        clock = {name: text for name, text in os.environ.items() if name.startswith(("FAKETIME", "LD_PRELOAD"))}
        return clock | {
            "PATH": ":".join(map(str, filter(None, (self._programs, self._installed, os.environ["PATH"])))),
            "PYTHONPATH": str(ROOT) if self._installed else f"{Path(hotpapers.__file__).parents[1]}:{ROOT}",
            "HOME": str(self._temp), "RUNNER_TEMP": str(self._temp), "GH_FOLDER": str(self.releases),
            "GITHUB_REPOSITORY": gh.REPOSITORY.removeprefix("repos/"), "LANG": "C.UTF-8",
        }  # fmt: skip


def _value(values: Mapping[str, str], name: str) -> str:
    """A value by its name; the outputs of steps that did not run are empty."""
    return values.get(name, "") if name.startswith("steps.store.") else values[name]
