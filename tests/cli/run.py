"""Run the program as users do: in this process where that suffices, otherwise in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from click.testing import CliRunner

import hotpapers
from hotpapers import cli
from tests.conftest import DATA, ROOT

PACKAGE = Path(hotpapers.__file__).parents[1]
LINE = "hotpapers: "


class Result(NamedTuple):
    """The result of a command: exit status, standard output, standard error."""

    status: int
    out: str
    err: str

    @property
    def message(self) -> str:
        """The one line on standard error, without the program's name. Checks that nothing was printed."""
        assert self.out == "" and self.err.startswith(LINE) and self.err.count("\n") == 1, self
        return self.err.removeprefix(LINE).rstrip("\n")

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


def run(*args: str | Path, input: bytes | BinaryIO = b"") -> Result:
    """Run a command in this process; one of the lab, if `lab` is its first word."""
    words = [str(arg) for arg in args]
    with CliRunner().isolation(input=input) as (out, err, _):
        status = _run_lab(words[1:]) if words[:1] == ["lab"] else cli.run_command(words)
        sys.stdout.flush()
        sys.stderr.flush()
        return Result(status, out.getvalue().decode(), err.getvalue().decode())


def _run_lab(words: list[str]) -> int:
    from lab.commands import lab  # imports wings, which may be left out

    return cli.run_command(words, lab, "lab")


def good(*args: str | Path, input: bytes = b"") -> str:
    """Run a command that must succeed without complaints; return what it prints."""
    result = run(*args, input=input)
    assert result.status == 0 and not result.err, result
    return result.out


def misuse(*args: str | Path, input: bytes = b"") -> str:
    """Run a command that must be refused as misuse with a one-line message; return that message."""
    result = run(*args, input=input)
    assert result.status == 2, result
    return result.message


def failure(*args: str | Path, input: bytes = b"") -> str:
    """Run a command that must fail with a one-line message; return that message."""
    result = run(*args, input=input)
    assert result.status == 1, result
    return result.message


def command_line(*args: str | Path) -> list[str]:
    """The arguments that start a command in its own process; one of the lab, if `lab` is its first word."""
    module = () if args[:1] == ("lab",) else ("hotpapers",)
    return [sys.executable, "-m", *module, *map(str, args)]


def environment(**variables: str) -> dict[str, str]:
    """The environment for a command's own process."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(PACKAGE), str(ROOT))), **variables}


def run_process(*args: str | Path, **variables: str) -> Result:
    """Run a command in its own process; `more`: extra environment variables."""
    process = subprocess.run(command_line(*args), env=environment(**variables), capture_output=True, check=False)
    return Result(process.returncode, *(as_usual(stream.decode()) for stream in (process.stdout, process.stderr)))


def as_usual(text: str) -> str:
    """A text in which commands begin with `hotpapers`, and not as tests start the program."""
    return re.sub(r"`\S*python\S* -m hotpapers", "`hotpapers", text)


# Each launcher changes its own process, then becomes the command.
_EXEC = "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
_DROP_CAPABILITIES = f"""
import ctypes, os, sys
if os.geteuid() == 0:  # prctl(PR_CAPBSET_DROP) of CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH
    [ctypes.CDLL(None).prctl(24, capability, 0, 0, 0) for capability in (1, 2)]
{_EXEC}"""
_TAKE_TERMINAL = f"""
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
{_EXEC}"""

# On Linux, a child's peak memory starts at that of the process that forked it. So a small process starts the command.
_MEASURE = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[2:])
with open(sys.argv[1], "w") as out:
    out.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(status)"""


def peak_memory_command(out: Path, *args: str | Path) -> list[str]:
    """The arguments for a command that writes its peak resident memory in kB to `out` when it ends."""
    return [sys.executable, "-c", _MEASURE, str(out), *command_line(*args)]


def terminal_command(*args: str | Path) -> list[str]:
    """The arguments for a command whose standard input becomes its controlling terminal, so Ctrl-C works."""
    return [sys.executable, "-c", _TAKE_TERMINAL, *command_line(*args)[1:]]


def run_as_user(*args: str | Path) -> Result:
    """Run a command subject to file permissions, even as root, by dropping the capability to bypass them (Linux)."""
    command = [sys.executable, "-c", _DROP_CAPABILITIES, *command_line(*args)[1:]]
    process = subprocess.run(command, env=environment(), capture_output=True, check=False)
    return Result(process.returncode, *(as_usual(stream.decode()) for stream in (process.stdout, process.stderr)))


def assert_matches_file(name: str, text: str) -> None:
    """Compare output with the expected file in tests/data/cli; HOTPAPERS_REWRITE=1 rewrites the file."""
    file = DATA / "cli" / name
    if os.environ.get("HOTPAPERS_REWRITE"):
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


def replace_all(text: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Replace what differs from run to run. `pairs`: old and new texts; every old one must occur."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text
