"""Named mutants: `python -m tools.mutants [NAME …]` makes each change that tools/mutants.toml lists, in a copy of the
checkout, and runs the test named there. Each must fail; one that passes survived.

`--find` runs all tests of the file or folder named, and prints which one fails first.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "tools" / "mutants.toml"
COPIED = ("src", "tests", "docs", "tools", "pyproject.toml", "Makefile", "README.md", "CHANGELOG.md", "CONTRIBUTING.md")
SETTINGS = {"CI": "1", "HOTPAPERS_TEST_EXAMPLES": "20", "HOTPAPERS_TEST_UNSHRUNK": "1"}
"""`CI`: property tests use the same examples in each run, and failing ones are not shrunk."""
PATIENCE = 180.0
"""Seconds after which a mutant counts as one that hangs, which kills it."""
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.M)


class Mutant(NamedTuple):
    """A change of one place in a file below src/hotpapers, and the test that notices it."""

    name: str
    file: str
    old: str
    new: str
    why: str
    test: str

    def apply(self, folder: Path) -> str:
        """Changes the file in a copy of the checkout; returns its text as it was."""
        file = folder / "src" / "hotpapers" / self.file
        text = file.read_text("utf-8")
        if text.count(self.old) != 1:
            raise SystemExit(f"{self.name}: {self.file} has {self.old!r} {text.count(self.old)} times, not once")
        file.write_text(text.replace(self.old, self.new), "utf-8")
        return text

    def restore(self, folder: Path, text: str) -> None:
        """Undoes the change."""
        (folder / "src" / "hotpapers" / self.file).write_text(text, "utf-8")


class Verdict(NamedTuple):
    """How a mutant ended. `killer`: the first test that failed; empty if none did."""

    mutant: Mutant
    killer: str
    seconds: float


def mutants() -> list[Mutant]:
    """The mutants of the table."""
    return [Mutant(name=name, **fields) for name, fields in tomllib.loads(TABLE.read_text("utf-8")).items()]


def try_one(mutant: Mutant, folder: Path, python: str, *, is_search: bool) -> Verdict:
    """Runs the tests of a mutant in its copy."""
    text = mutant.apply(folder)
    began = time.monotonic()
    test = mutant.test.partition("::")[0] if is_search else mutant.test
    command = [python, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", "--no-header", test]
    try:
        done = subprocess.run(
            [*command, "-k", "not postgres"], cwd=folder, env=os.environ | SETTINGS | {"PYTHONPATH": "src"},
            capture_output=True, text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
        failed = _FAILED.search(done.stdout)
        killer = failed[1] if failed else "" if done.returncode == 0 else "(not run)"
    except subprocess.TimeoutExpired:
        killer = "(hangs)"
    finally:
        mutant.restore(folder, text)
    return Verdict(mutant, killer, time.monotonic() - began)


def try_all(chosen: Sequence[Mutant], workers: int, python: str, *, is_search: bool) -> Iterator[Verdict]:
    """The verdicts, in order, from as many copies of the checkout as there are workers."""
    with tempfile.TemporaryDirectory(prefix="hotpapers-mutants-") as base:
        folders: Queue[Path] = Queue()
        for number in range(workers):
            folders.put(copy_to(Path(base) / str(number)))

        def run(mutant: Mutant) -> Verdict:
            folder = folders.get()
            try:
                return try_one(mutant, folder, python, is_search=is_search)
            finally:
                folders.put(folder)

        with ThreadPoolExecutor(workers) as pool:
            yield from pool.map(run, chosen)


def copy_to(folder: Path) -> Path:
    """A copy of the checkout, without compiled files, which a change within the same second would leave valid."""
    folder.mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".ruff_cache"))
        else:
            shutil.copy2(ROOT / name, folder / name)
    return folder


def main(words: Sequence[str]) -> None:
    """Prints a line for each mutant, and how many were killed; exits with status 1 if one survived."""
    reader = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__.partition("\n")[0])
    reader.add_argument("names", nargs="*", metavar="NAME", help="only these mutants")
    reader.add_argument("--workers", type=int, default=2, help="how many to try at once")
    reader.add_argument("--find", action="store_true", help="find the test that fails first")
    options = reader.parse_args(words)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    known = mutants()
    chosen = [mutant for mutant in known if not options.names or mutant.name in options.names]
    began, survivors = time.monotonic(), []
    for verdict in try_all(chosen, options.workers, sys.executable, is_search=options.find):
        survivors += [] if verdict.killer else [verdict.mutant.name]
        end = f"KILLED by {verdict.killer}" if verdict.killer else "SURVIVED"
        print(f"{verdict.mutant.name:<26} {end}  ({verdict.seconds:.0f} s)", flush=True)
    killed = len(chosen) - len(survivors)
    print(f"{killed} of {len(chosen)} killed in {time.monotonic() - began:.0f} s", *survivors)
    if survivors:
        raise SystemExit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
