"""Runs a page's console examples, in order, in an empty folder, and compares their output with the page.

A ```console block has commands (after `$ `), each followed by its output. In the expected output, `…` stands for any
text in a line, or on a line of its own for any number of lines. The folder has the checkout's `docs`, and each
```python block whose first line is `# NAME.py` as that file; `make demo`, `hotpapers` and `python` are the checkout's.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
_BLOCK = re.compile(r"(?<=^```console\n)(.*?)(?=^```$)", re.M | re.S)
_FILE = re.compile(r"^```python\n# (\w+\.py)\n(.*?)^```$", re.M | re.S)
_SCRIPTS = {
    "hotpapers": 'exec {python} -c "from hotpapers.cli import main; main()" "$@"',  # so that it calls itself hotpapers
    "python": 'exec {python} "$@"',
    "make": '[ "$*" = demo ] && exec hotpapers demo; exit 2',
}
_COPY = """if [ "$*" = demo ] && [ /dev/stdout -ef /dev/null ] && [ ! -e hotpapers-demo ]; then
    exec cp -a {demo} hotpapers-demo
fi
"""
"""Runs before `hotpapers` if a demo exists: when nobody sees its output, the demo is just copied."""


class Step(NamedTuple):
    """A command and its expected output lines."""

    command: str
    expected: tuple[str, ...]


def steps_of(block: str) -> list[Step]:
    """The steps of one block."""
    parts = re.split(r"^\$ ", block, flags=re.M)[1:]
    return [Step(lines[0], tuple(lines[1:])) for part in parts if (lines := part.rstrip("\n").split("\n"))]


def steps(page: str) -> list[Step]:
    """The steps of all blocks of a page."""
    return [step for block in _BLOCK.findall(page) for step in steps_of(block)]


def run(page: str, demo: Path | None = None) -> Iterator[tuple[Step, tuple[str, ...]]]:
    """Each step with the lines that its command printed, standard output and standard error combined.

    `demo`: the folder of an existing demo; steps run in a folder next to it. Raises RuntimeError if a page leaves
    files in the checkout, outside of the demo's folder.
    """
    with tempfile.TemporaryDirectory(dir=demo and demo.parent) as scratch:
        home, tools = Path(scratch, "tour"), Path(scratch, "bin")
        home.mkdir()
        (home / "docs").symlink_to(ROOT / "docs")
        for name, code in _FILE.findall(page):
            (home / name).write_text(code, "utf-8")
        environment = _environment(tools, demo)
        for step in steps(page):
            process = subprocess.run(
                ["sh", "-c", step.command], cwd=home, env=environment, check=False, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, timeout=120,
            )  # fmt: skip
            yield (
                step,
                tuple(process.stdout.decode().replace("\r\n", "\n").replace(str(home), "…").rstrip("\n").split("\n")),
            )
        given = {"docs", "hotpapers-demo", *(name for name, _ in _FILE.findall(page))}
        if left := {path.name for path in home.iterdir()} - given:
            raise RuntimeError(f"the page leaves {', '.join(sorted(left))} in the checkout")


def _environment(tools: Path, demo: Path | None) -> dict[str, str]:
    tools.mkdir()
    copy = {"hotpapers": _COPY.replace("{demo}", shlex.quote(str(demo)))} if demo else {}
    for name, text in _SCRIPTS.items():
        script = tools / name
        script.write_text("#!/bin/sh\n" + copy.get(name, "") + text.format(python=shlex.quote(sys.executable)) + "\n")
        script.chmod(0o755)
    paths = {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT / "src")}
    return {**os.environ, **paths, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}


def agrees(expected: tuple[str, ...], printed: tuple[str, ...]) -> bool:
    """Whether a command's output matches the page."""
    patterns = [r"(?:[^\n]*\n)*" if line.strip() == "…" else _line(line) for line in expected or ("",)]
    return re.fullmatch("".join(patterns), "\n".join(printed) + "\n") is not None


def _line(line: str) -> str:
    return "[^\n]*".join(re.escape(part) for part in line.split("…")) + r"\n"


def _timeless(line: str) -> str:
    """A line without what differs between runs: when an issue was frozen, and so its digest."""
    return re.sub(r"Digest `[0-9a-f]{64}`", "Digest `…`", re.sub(r"^Frozen [^,]+ UTC", "Frozen … UTC", line))


def refreshed(page: str) -> str:
    """The page, with output updated to what its commands print now."""
    outcome = iter(list(run(page)))

    def block(match: re.Match[str]) -> str:
        lines: list[str] = []
        for _ in steps_of(match[0]):
            step, output = next(outcome)
            if any(line.startswith("Traceback") for line in output):
                raise RuntimeError(f"{step.command}\n" + "\n".join(output))
            text = step.expected if agrees(step.expected, output) else tuple(map(_timeless, output))
            lines += [f"$ {step.command}", *(text if text != ("",) else ())]
        return "\n".join(lines) + "\n"

    return _BLOCK.sub(block, page)
