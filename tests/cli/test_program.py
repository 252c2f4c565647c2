"""The program as a whole: help, misuse, errors, exit statuses, pipes, Ctrl-C, terminals."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from hotpapers import cli
from hotpapers.cli import terminal
from hotpapers.cli.import_files import import_
from hotpapers.site.sending import EVERY as EVERY_CHANNEL
from tests.cli.run import Result, command_line, environment, good, run, run_process
from tests.conftest import ROOT
from tests.wings.classic import classic_issues

CONTEXT = click.Context(cli.root_command, info_name="hotpapers")
EVERY_COMMAND = {name: cli.root_command.get_command(CONTEXT, name) for name in cli.root_command.places()}
INTERRUPT_MESSAGE = "\nhotpapers: interrupted; finished work is kept. Run the same command again to resume.\n"


# ---- help ----------------------------------------------------------------------------------------------


def test_help_names_every_command_with_its_line() -> None:
    for words in (("--help-all",), ("help",)):
        output = " ".join(good(*words).split())
        for name, (_, text) in cli.root_command.places().items():
            assert f" {name} {text}" in output


def test_the_short_help_shows_what_people_begin_with() -> None:
    for word in ("--help", "-h"):
        output = good(word)
        headings = [line for line in output.splitlines() if line.endswith(":") and not line.startswith(" ")]
        assert headings == ["Options:", "Begin:", "Publish:", "Read:"]
        assert "`hotpapers --help-all` lists all commands" in " ".join(output.split())


def test_commands_that_people_try() -> None:
    assert good("version") == good("--version")
    assert good("help", "publish") == good("publish", "--help")
    assert "Did you mean publish?" in run("help", "publsh").err


@pytest.mark.parametrize("name", cli.root_command.places())
def test_the_line_in_the_list_is_the_first_of_the_commands_own_help(name: str) -> None:
    command = EVERY_COMMAND[name]
    assert command is not None and command.name == name
    assert (command.help or "").splitlines()[0] == cli.root_command.places()[name][1]
    output = good(name, "--help")
    assert "Example" in output and f"  hotpapers {name}" in output
    assert good(name, "-h") == output


@pytest.mark.parametrize("name", import_.places())
def test_the_line_in_the_list_of_formats_is_the_first_of_its_help(name: str) -> None:
    output = good("import", name, "--help")
    assert f"  {import_.places()[name][1]}\n" in output and f"  hotpapers import {name} " in output
    assert f" {name} {import_.places()[name][1]} " in " ".join(good("import", "--help").split())


def every_command(group: click.Group = cli.root_command) -> Iterator[click.Command]:
    """All commands, and those below them."""
    for name in group.list_commands(CONTEXT):
        command = group.get_command(CONTEXT, name)
        assert command is not None
        yield command
        if isinstance(command, click.Group):
            yield from every_command(command)


def test_every_option_is_used_in_some_test() -> None:
    tests = "".join(file.read_text("utf-8") for file in sorted(Path(__file__).parents[1].rglob("*.py")))
    used_options = set(re.findall(r'"(--?[\w-]+)"', tests))
    for command in every_command():
        options = {name for p in command.params if isinstance(p, click.Option) for name in p.opts}
        assert not options - used_options, command.name


def test_a_command_that_is_none_is_none() -> None:
    assert cli.root_command.get_command(CONTEXT, "bake") is None


def test_the_program_ends_with_the_commands_status(monkeypatch: pytest.MonkeyPatch) -> None:
    for args, status in ((["--version"], 0), (["bake"], 2)):
        monkeypatch.setattr(sys, "argv", ["hotpapers", *args])
        with pytest.raises(SystemExit) as exit:
            cli.main()
        assert exit.value.code == status


def test_the_version() -> None:
    [version] = re.findall(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.M)
    assert good("--version") == f"hotpapers {version}\n"


def test_help_loads_nothing_of_weight() -> None:
    result = run_process("--help", PYTHONPROFILEIMPORTTIME="1")
    modules = {line.rpartition("|")[2].strip() for line in result.err.splitlines() if line.startswith("import time:")}
    assert {"click", "hotpapers.cli"} <= modules
    heavy_modules = {"msgspec", "apsw", "jinja2", "zstandard", "stringzilla", "psycopg", "duckdb", "uvicorn", "asyncio"}
    assert not modules & heavy_modules
    own_modules = {name for name in modules if name.startswith("hotpapers")}
    light = {"cli", "cli.called_as", "cli.terminal", "base", "base.durations", "base.errors", "base.networks", "ids"}
    light |= {"base.installed", "base.version", "base.wings", "keep", "publish", "publish.page_hooks", "site", "serve"}
    light |= {f"{part}.hooks" for part in ("cli", "keep", "publish", "site", "serve")}
    assert own_modules == {"hotpapers", *(f"hotpapers.{name}" for name in light)}


# ---- misuse --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "suggestion"),
    [("stauts", " Did you mean status?"), ("imprt", " Did you mean import or export?"), ("bake-a-cake", "")],
)
def test_a_mistyped_command(command: str, suggestion: str) -> None:
    result = run(command, "--store", "x")
    assert result.status == 2 and not result.out
    assert result.err.endswith(f"Error: No such command: {command!r}.{suggestion}\n")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["status", "--stroe", "x"], "No such option '--stroe'. (Did you mean one of: '--json', '--store'?)"),
        (["--nonsense"], "No such option '--nonsense'."),
        (["status", "--store"], "Option '--store' requires an argument."),
        (["status", "extra"], "Got unexpected extra argument (extra)"),
        (
            ["import", "clasic", "x"],
            "No such format: 'clasic'. Did you mean classic?",
        ),
        (["import", "classic"], "Missing argument 'FILE…'."),
        (["explain"], "Missing argument 'PAPER'."),
        (["serve", "--port", "eighty"], "Invalid value for '--port': 'eighty' is not a valid integer range."),
        (["serve", "--port", "65536"], "65536 is not in the range 0 to 65535."),
        (["publish", "--all", "--to", "pigeon"], f"'pigeon' is not one of {', '.join(map(repr, EVERY_CHANNEL))}."),
        (["completion", "tcsh"], "'tcsh' is not one of 'bash', 'zsh', 'fish'."),
    ],
    ids=" ".join,
)
def test_wrong_words_say_what_is_right(args: list[str], message: str) -> None:
    result = run(*args)
    assert result.status == 2 and not result.out
    assert result.err.endswith(f"{message}\n")


# ---- errors --------------------------------------------------------------------------------------------


@pytest.mark.long
def test_an_error_is_one_line_and_debug_shows_where(tmp_path: Path) -> None:
    missing = tmp_path / "no.db"
    result = run_process("status", "--store", missing)
    assert result.status == 2 and not result.out
    hint = "`hotpapers init` creates one with its settings, `hotpapers import` one from files"
    assert result.message == f"{missing}: no such store; {hint}"
    debug_result = run_process("status", "--store", missing, "--debug")
    assert (
        debug_result.status == 1
        and "Traceback" in debug_result.err
        and "hotpapers.base.errors.NotFound: " in debug_result.err
    )


def test_a_defect_says_that_it_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cli.root_command.core, "status", ("hotpapers.cli.init:gone", ""))
    result = run("status")
    assert result.status == 1 and not result.out
    assert result.err.startswith("hotpapers: internal error: AttributeError: ")
    assert result.err.endswith("\nRun the same command with --debug and report what it prints.\n")
    with pytest.raises(AttributeError):
        run("status", "--debug")


def test_what_the_system_refuses_is_said_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run("init", tmp_path / "file" / "folder")
    assert result == Result(1, "", f"hotpapers: {tmp_path / 'file' / 'folder'}: Not a directory\n")


@pytest.mark.long
def test_a_full_disk_behind_standard_output(store: Path) -> None:
    for args in (["status"], ["export"], ["status", "--json"]):
        with open("/dev/full", "wb") as full:
            process = subprocess.run(
                command_line(*args, "--store", store),
                stdout=full,
                stderr=subprocess.PIPE,
                env=environment(),
                check=False,
            )
        assert (process.returncode, process.stderr) == (1, b"hotpapers: No space left on device\n")


def test_nothing_that_a_terminal_obeys_is_printed(tmp_path: Path) -> None:
    result = run("find", tmp_path / "\x1b]0;owned\x07\x9b31m\u202egpj")
    assert (
        result.err
        == f"hotpapers: {tmp_path}/\ufffd]0;owned\ufffd\ufffd31mgpj: cannot be read: No such file or directory\n"
    )
    assert terminal.strip_controls("a\tb\nc \udc80 \u2066d\u2069 é 急") == "a\tb\nc \ufffd d é 急"


def test_json_obeys_no_terminal_either(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"title": "\x1b[31m \x9b31m \u202egpj \x7f é"}
    terminal.print_json(value)
    output = capsys.readouterr().out
    assert json.loads(output) == value and "é" in output
    assert terminal.strip_controls(output) == output


def test_a_terminal_that_lacks_letters_gets_question_marks(demo: Path) -> None:
    encoding = {"PYTHONIOENCODING": "iso8859-2:strict", "PYTHONUTF8": "0"}
    env = environment(**encoding)
    process = subprocess.run(command_line("issue", "--store", demo), env=env, capture_output=True, check=True)
    assert b"X (Twitter) ? counted 11 May 2021" in process.stdout
    result = run_process("explain", "2105.04026", "--json", "--store", demo, **encoding)
    assert result.json["formulae"] == ["1000 × log10(921 / 9) = 2,010"]


# ---- pipes and signals ---------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["export", "find"])
def test_a_reader_that_has_seen_enough_ends_us_quietly(demo: Path, tmp_path: Path, command: str) -> None:
    (tmp_path / "long.txt").write_text("arXiv:2101.04869\n" * 20_000)
    args: list[str | Path] = ["--store", demo] if command == "export" else [tmp_path / "long.txt"]
    child = subprocess.Popen(
        command_line(command, *args), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    )
    assert child.stdout is not None and child.stderr is not None
    child.stdout.read(10)
    child.stdout.close()
    output = child.stderr.read()
    child.stderr.close()
    assert (child.wait(30), output) == (141, b"")


def test_what_is_left_of_a_broken_pipe(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process: both streams are redirected to nowhere, so later writes can't fail."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as out, (tmp_path / "err").open("w") as err:
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        assert cli.run_command(["export", "--store", str(demo)]) == 141
        print("more", file=out, flush=True)
        print("more", file=err, flush=True)
        monkeypatch.setattr(sys, "stdout", None)
        cli._leave_pipe()
        monkeypatch.undo()
    assert (tmp_path / "err").read_text() == ""


def test_an_interrupt_in_the_midst_of_reading(tmp_path: Path) -> None:
    """In this process: the signal comes during the third read."""

    class InterruptedInput(io.BytesIO):
        blocks = 0

        def readinto1(self, room: object) -> int:
            InterruptedInput.blocks += 1
            if InterruptedInput.blocks == 3:
                signal.raise_signal(signal.SIGINT)
            return super().readinto1(memoryview(room)[:100])  # type: ignore[arg-type]

    result = run(
        "import", "classic", "-", "--store", tmp_path / "s.db", input=InterruptedInput(classic_issues.text().encode())
    )
    assert result == Result(130, "", INTERRUPT_MESSAGE)


def test_what_fails_because_of_ctrl_c_is_ctrl_c(tmp_path: Path) -> None:
    class InterruptedInput(io.BytesIO):
        def readinto1(self, room: object) -> int:  # as drivers do when the answer never comes
            try:
                raise KeyboardInterrupt
            finally:
                raise RuntimeError("a query is still under way")

    result = run("import", "classic", "-", "--store", tmp_path / "s.db", input=InterruptedInput(b"text"))
    assert result == Result(130, "", INTERRUPT_MESSAGE)


def test_a_closed_standard_output_is_no_crash(store: Path) -> None:
    line = " ".join([*command_line("status", "--store", store), ">&-"])
    process = subprocess.run(["sh", "-c", line], env=environment(), capture_output=True, check=False)
    assert (process.returncode, process.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("command", "redirection", "message"),
    [
        (["export"], ">&-", "standard output is closed"), (["mcp"], ">&-", "standard output is closed"),
        (["mcp"], "<&-", "standard input: is closed"), (["mail", "bounce"], "<&-", "standard input: is closed"),
    ],
)  # fmt: skip
def test_a_command_that_needs_a_closed_stream_says_so(
    store: Path, command: list[str], redirection: str, message: str
) -> None:
    line = " ".join([*command_line(*command, "--store", store), redirection])
    process = subprocess.run(["sh", "-c", line], env=environment(), capture_output=True, text=True, check=False)
    assert process.returncode in (1, 2) and process.stderr == f"hotpapers: {message}\n"


def test_ctrl_c_ends_with_130_and_one_line(tmp_path: Path) -> None:
    """Interrupt an import that waits for standard input."""
    child = subprocess.Popen(
        command_line("import", "jsonl", "-", "--store", tmp_path / "s.db"), env=environment(), stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_for(tmp_path / "s.db")
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    assert (child.returncode, out) == (130, "")
    assert err == INTERRUPT_MESSAGE


def wait_for(file: Path) -> None:
    """Wait until a store exists and has its tables."""
    import time

    for _ in range(3000):
        if file.exists() and run("status", "--store", file).status == 0:
            return
        time.sleep(0.01)
    raise AssertionError(f"{file} did not appear")


# ---- terminals -----------------------------------------------------------------------------------------


def terminal_output(*args: str | Path, **variables: str) -> str:
    """The output that a person sees: both streams on one terminal."""
    primary, secondary = pty.openpty()
    child = subprocess.Popen(
        command_line(*args),
        env=environment(**variables),
        stdin=secondary,
        stdout=secondary,
        stderr=secondary,
        close_fds=True,
    )
    os.close(secondary)
    output = b""
    while chunk := _read(primary):
        output += chunk
    os.close(primary)
    assert child.wait(60) == 0
    return output.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the last writer has closed it
        return b""


@pytest.mark.long
def test_progress_is_shown_on_a_terminal_alone(tmp_path: Path) -> None:
    files = classic_issues.files(tmp_path, 3)
    store = tmp_path / "s.db"
    assert run_process("import", "classic", *files, "--store", store).err == ""
    output = terminal_output("import", "classic", *files, "--store", tmp_path / "t.db", TERM="xterm", COLUMNS="80")
    assert "Importing  [" in output and "100%" in output and "3 listings with 15 places: 3 new" in output
    for command in (["publish", "--all", "--to", "classic", "--output", tmp_path / "out"], ["verify", "--all"]):
        output = terminal_output(*command, "--store", tmp_path / "t.db", TERM="xterm", COLUMNS="80")
        assert "100%" in output


@pytest.mark.long
def test_no_color_and_no_bar_where_none_is_wanted(tmp_path: Path) -> None:
    files = classic_issues.files(tmp_path, 2)
    plain_output = terminal_output("import", "classic", *files, "--store", tmp_path / "t.db", TERM="dumb")
    assert plain_output == "2 listings with 10 places: 2 new\r\n"
    color = re.compile(r"\x1b\[[0-9;]*m")
    for store in ("u.db", "v.db"):
        environment = {"NO_COLOR": "1"} if store == "u.db" else {}
        output = terminal_output("import", "classic", *files, "--store", tmp_path / store, TERM="xterm", **environment)
        assert "Importing" in output and not color.search(output)


def test_parquet_is_kept_from_a_terminal(demo: Path) -> None:
    primary, secondary = pty.openpty()
    process = subprocess.run(
        command_line("export", "--format", "parquet", "--store", demo), env=environment(), stdout=secondary,
        stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(secondary)
    os.close(primary)
    assert (
        process.returncode == 2
        and process.stderr == b"hotpapers: refusing to write binary to a terminal; add --output FILE\n"
    )
