"""Mutation score: the share of small changes to a package's code that its tests notice.

.mutation/bin/python tools/mutation.py ranking [issues/selection.py …] [--sample 150] [--seed 1] [--tests tests/issues]

Mutants come from Cosmic Ray (https://cosmic-ray.readthedocs.io/), except for those of annotations, which change
nothing. They are tried one at a time in a copy of the checkout, on one core, with SQLite only, and with the same
examples in property tests. A mutant is killed if a test fails or hangs; survivors are printed as diffs.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome

ROOT = Path(__file__).resolve().parents[1]
SOURCE = Path("src/hotpapers")
COPIED = ("src", "tests", "docs", "tools", "pyproject.toml", "Makefile", "README.md", "CHANGELOG.md", "CONTRIBUTING.md")
SETTINGS = {
    "CI": "1", "HOTPAPERS_TEST_EXAMPLES": "20", "HOTPAPERS_TEST_UNSHRUNK": "1", "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONPATH": "src",
}  # fmt: skip
"""`CI`: property tests use the same examples in each run, and failing ones are not shrunk, which would take longest."""
PATIENCE = 2
"""A mutant hangs if its tests take this many times as long as those of the original code, plus 20 seconds."""


class Score(NamedTuple):
    """The number of mutants, how many of those tried were killed, and the diffs of the survivors."""

    mutants: int
    tried: int
    survivors: tuple[str, ...]

    def __str__(self) -> str:
        kills = self.tried - len(self.survivors)
        return f"{kills} of {self.tried} mutants killed ({kills / self.tried:.0%}), sampled of {self.mutants:,}"


def main(words: Sequence[str]) -> None:
    """Print the score of each package or file."""
    reader = argparse.ArgumentParser(prog="tools/mutation.py", description=__doc__.splitlines()[0])
    reader.add_argument("parts", nargs="+", metavar="PART", help="packages or files below src/hotpapers")
    reader.add_argument("--sample", type=int, default=150, help="number of mutants to try per part")
    reader.add_argument("--seed", type=int, default=1, help="seed for choosing them")
    reader.add_argument("--tests", nargs="+", help="tests to run; by default the folder of the part's package")
    reader.add_argument("--python", default=str(ROOT / ".venv/bin/python"), help="the Python that runs the tests")
    options = reader.parse_args(words)
    os.nice(10)
    with tempfile.TemporaryDirectory(prefix="hotpapers-mutation-") as folder:
        _copy(Path(folder), options.python)
        for part in options.parts:
            tests = options.tests or [f"tests/{Path(part).parts[0]}"]
            command = f"{options.python} -m pytest -x -q -p no:cacheprovider -k 'not postgres' {' '.join(tests)}"
            print(f"{part}: {score(part, command, options.sample, options.seed)}", flush=True)


def _copy(folder: Path, python: str) -> None:
    """Copy the checkout, so that every change is recompiled, even within the same second."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, folder / name)
    os.chdir(folder)
    os.environ.update(SETTINGS)
    command = [python, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", "src", "tests"]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""})


def score(part: str, command: str, sample: int, seed: int) -> Score:
    """Try a sample of a part's mutants."""
    limit = PATIENCE * _seconds(command) + 20
    mutations = list(_mutations(SOURCE / part))
    picks = random.Random(seed).sample(mutations, min(sample, len(mutations)))
    survivors = []
    for number, mutation in enumerate(picks, 1):
        result = mutate_and_test([mutation], command, limit)
        if result.test_outcome == TestOutcome.SURVIVED:
            survivors.append(result.diff)
            print(result.diff, flush=True)
        print(f"  {number}/{len(picks)}, {len(survivors)} left", file=sys.stderr, flush=True)
    return Score(len(mutations), len(picks), tuple(survivors))


def _seconds(command: str) -> float:
    """How long the tests take on the original code, which must pass."""
    start = time.monotonic()
    subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def _mutations(path: Path) -> Iterator[MutationSpec]:
    """Every mutation of a file or folder, in the same order each time."""
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    with use_db(":memory:", WorkDB.Mode.create) as database:
        init(files, database, {})
        mutations = [mutation for item in database.work_items for mutation in item.mutations]
    idle = {str(file): set(_annotations(ast.parse(file.read_text("utf-8")))) for file in files}
    mutations.sort(key=lambda spec: (str(spec.module_path), spec.start_pos, spec.operator_name, spec.occurrence))
    yield from (spec for spec in mutations if not _is_inside(spec, idle[str(spec.module_path)]))


Span = tuple[tuple[int, int], tuple[int, int]]


def _annotations(tree: ast.AST) -> Iterator[Span]:
    """The start and end of each annotation: line (from 1) and column."""
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            inner = getattr(node, name, None)
            if isinstance(inner, ast.expr):
                yield (inner.lineno, inner.col_offset), (inner.end_lineno or 0, inner.end_col_offset or 0)


def _is_inside(mutation: MutationSpec, spans: set[Span]) -> bool:
    return any(start <= tuple(mutation.start_pos) < end for start, end in spans)


if __name__ == "__main__":
    main(sys.argv[1:])
