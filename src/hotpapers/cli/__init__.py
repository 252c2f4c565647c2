"""The command line: parse, wire, print.

Commands are imported only when they are called; this file imports nothing heavy but click, which keeps help fast.

Exit status: 0 success, 1 failure, 2 misuse, 130 stopped by Ctrl-C, 141 when the reader of our output has closed it.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from hotpapers import __version__
from hotpapers.cli.terminal import print_error
from hotpapers.errors import HotPapersError, UsageError

NAME = "hotpapers"
COLLECT = 100_000
"""New objects after which the garbage collector looks for cycles. Rows and pages are many and form none; with Python's
default of 700, collection takes a tenth of the time of publishing a day."""
ASKED_BY_SHELL = "_HOTPAPERS_COMPLETE"
"""The environment variable with which a shell's completion script asks for completions."""
LASTING = (["run"], ["collect"], ["serve"], ["mcp"])
"""Commands that run for months: they keep Python's default for the garbage collector."""

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("init:init", "Create a commented hotpapers.toml and an empty store."),
    "demo": ("demo:demo", "Build a demo: five issues of real papers and a made-up week."),
    "run": ("run:run", "Collect, freeze and publish on schedule until stopped."),
    "scheduled": ("scheduled:scheduled", "Record the start and end of a scheduled run."),
    "collect": ("collect:collect", "Read networks into the record."),
    "follow": ("following:follow", "Import the observations that another site publishes."),
    "import": ("import_files:import_", "Import listings, exports or archives of networks."),
    "issue": ("issue:issue", "Freeze an issue and print it."),
    "history": ("history:history", "Freeze the issues that a past period would have had."),
    "publish": ("publish:publish", "Freeze pending issues and publish them."),
    "mail": ("mail:mail", "Manage mail subscribers and check the mail setup."),
    "mcp": ("mcp:mcp", "Serve issues, papers and search to language models (MCP)."),
    "serve": ("serve:serve", "Serve the site as a web app."),
    "feed-generator": ("feed_generator:feed_generator", "Register a publication's custom feed on Bluesky."),
    "explain": ("explain:explain", "Explain how a paper's rank was calculated."),
    "evaluate": ("evaluate:evaluate", "Measure how well rankings and forecasts perform."),
    "compare": ("compare:compare", "Compare the counts of two collectors and explain each difference."),
    "verify": ("verify:verify", "Check the store and rebuild issues from the record."),
    "log": ("log:log", "Show the transparency log of each publication, and manage its key."),
    "witness": ("witness:witness", "Run a witness that cosigns the checkpoints of logs, until stopped."),
    "search": ("search:search", "Search papers by words, authors, categories and dates."),
    "find": ("find:find", "Find the papers mentioned in a text."),
    "export": ("export:export", "Export the record."),
    "hide": ("hide:hide", "Hide a post or account on all pages."),
    "reports": ("reports:reports", "List the reports that readers sent with the app's forms."),
    "judge": ("judge:judge", "Show whether an account counts as a bot or as a paper's author, and why."),
    "quarantine": ("quarantine:quarantine", "List payloads that could not be parsed, or show one."),
    "reprocess": ("reprocess:reprocess", "Reparse a source's raw payloads with this version."),
    "repair": ("repair:repair", "Close rows with an empty key."),
    "forget": ("forget:forget", "Permanently delete a post or account."),
    "prune": ("prune:prune", "Delete data that no issue or comparison needs."),
    "backup": ("backup:backup", "Back up the store to a file, or restore one."),
    "status": ("status:status", "Show the contents of the store, the state of its jobs, and whether it is sound."),
    "completion": ("completion:completion", "Print a shell completion script."),
}
"""Each command: where it is defined, and its line in the list of commands, which is also the first line of its help."""


RESUMES = frozenset({"run", "collect", "follow", "import", "history", "publish", "reprocess"})
"""Commands that resume where they were interrupted; the others start over, or have nothing to resume."""


class LazyGroup(click.Group):
    """A group that imports its commands only when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order in which a new user needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(f"hotpapers.cli.{module}"), name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The requested command; for a mistyped name, the error suggests similar ones."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"No such command: {args[0]!r}.{_meant(args[0])}")
        return super().resolve_command(ctx, args)


def _meant(typed: str) -> str:
    import difflib

    close = difflib.get_close_matches(typed, COMMANDS, 3, 0.51)
    return f" Did you mean {' or '.join(close)}?" if close else ""


@click.command(
    cls=LazyGroup,
    epilog="Start with `hotpapers demo`. `hotpapers COMMAND --help` has examples for each.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, message="hotpapers %(version)s")
def root() -> None:
    """Publish a daily issue of the research people talk about: a five-minute read that anyone can verify."""


def main() -> NoReturn:
    """The program `hotpapers`."""
    gc.freeze()  # imported modules stay to the end: the collector need not scan them, least of all at exit
    if sys.argv[1:2] not in LASTING:
        gc.set_threshold(COLLECT)
    status = run_command(sys.argv[1:])
    if "duckdb" not in sys.modules:  # its binding prints whatever is not collected
        gc.freeze()  # the command's own objects end with the process: no need to collect them
    sys.exit(status)


def run_command(args: Sequence[str]) -> int:
    """Runs a command and returns its exit status. Errors are printed; with `--debug` all but click's own are raised."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that lacks a character shows a question mark
            stream.reconfigure(errors="replace")
    try:
        status = _invoke(args)
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except BrokenPipeError:
        _leave_pipe()
        return 141
    except (click.Abort, KeyboardInterrupt):
        return _interrupted(args)
    except click.ClickException as misuse:
        misuse.show()
        return misuse.exit_code
    except Exception as problem:
        if _follows_interrupt(problem):
            return _interrupted(args)
        if "--debug" in args:
            raise
        return _explain(problem)


def _interrupted(args: Sequence[str]) -> int:
    click.echo(err=True)  # the terminal shows ^C on the current line
    if args and args[0] in RESUMES:
        print_error("interrupted; finished work is kept. Run the same command again to resume.")
    else:
        print_error("interrupted")
    return 130


def _follows_interrupt(problem: BaseException | None) -> bool:
    """Whether Ctrl-C caused it: an interrupted driver may fail while cleaning up, and raise that error instead."""
    while problem and not isinstance(problem, KeyboardInterrupt):
        problem = problem.__cause__ or problem.__context__
    return problem is not None


def _invoke(args: Sequence[str]) -> int:
    instruction = os.environ.get(ASKED_BY_SHELL)
    if instruction:
        from click.shell_completion import shell_complete

        return shell_complete(root, {}, NAME, ASKED_BY_SHELL, instruction)
    try:
        with root.make_context(NAME, list(args)) as context:
            root.invoke(context)
        return 0
    except click.exceptions.Exit as early_exit:
        return early_exit.exit_code


def _explain(problem: Exception) -> int:
    if isinstance(problem, HotPapersError):
        print_error(str(problem))
        return 2 if isinstance(problem, UsageError) else 1
    if isinstance(problem, OSError):
        prefix = f"{problem.filename}: " if problem.filename else ""
        print_error(f"{prefix}{problem.strerror or problem}")
        return 1
    name = type(problem).__name__
    print_error(f"internal error: {name}: {problem}\nRun the same command with --debug and report what it prints.")
    return 1


def _leave_pipe() -> None:
    """The reader has closed our output: nothing more may be written, not even by Python at exit."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(devnull, stream.fileno())
        except (AttributeError, OSError, ValueError):
            continue  # closed, or not a file
