"""The command line: parse, wire, print.

Commands are loaded when they are called; this file imports click and nothing else of weight, so that help is quick.

Exit status: 0 done, 1 failed, 2 misuse, 130 stopped by Ctrl-C, 141 when the reader of our output went away.
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
"""New objects after which the collector looks for cycles: rows and pages are many and make none, and looking after each
700, as Python does, takes a tenth of the time of publishing a day."""
ASKED_BY_SHELL = "_HOTPAPERS_COMPLETE"
"""The environment variable by which a shell's completion script asks for what may come next."""
LASTING = (["run"], ["collect"], ["serve"], ["mcp"])
"""Commands that go on for months: in them the collector looks as often as Python has it."""

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("init:init", "Create a commented hotpapers.toml and an empty store."),
    "demo": ("demo:demo", "Build five issues of real papers, and a made-up week of today."),
    "run": ("run:run", "Collect, freeze and publish on schedule until stopped."),
    "scheduled": ("scheduled:scheduled", "Record the start and end of a scheduled run."),
    "collect": ("collect:collect", "Read networks into the record."),
    "follow": ("following:follow", "Take in what another instance publishes of its observations."),
    "import": ("import_files:import_", "Import files."),
    "issue": ("issue:issue", "Freeze an issue and print it."),
    "history": ("history:history", "Freeze the issues that a past period would have had."),
    "publish": ("publish:publish", "Freeze pending issues and publish them."),
    "mail": ("mail:mail", "Manage mail subscribers and check the mail setup."),
    "mcp": ("mcp:mcp", "Serve issues, papers and search to language models (MCP)."),
    "serve": ("serve:serve", "Serve the site as a web app."),
    "feed-generator": ("feed_generator:feed_generator", "Register a publication's custom feed on Bluesky."),
    "explain": ("explain:explain", "Explain a paper's rank in arithmetic."),
    "evaluate": ("evaluate:evaluate", "Measure how well rankings and forecasts do."),
    "compare": ("compare:compare", "Compare what two collectors counted, with the cause of each difference."),
    "verify": ("verify:verify", "Check the store and rebuild issues from the record."),
    "log": ("log:log", "Show the transparency log of each publication, and manage its key."),
    "witness": ("witness:witness", "Cosign the checkpoints of logs, as a witness, until stopped."),
    "search": ("search:search", "Search papers by words, authors, categories and dates."),
    "find": ("find:find", "Print the papers mentioned in any text."),
    "export": ("export:export", "Export the record."),
    "hide": ("hide:hide", "Hide a post or account on all pages."),
    "reports": ("reports:reports", "List what readers reported in the app's forms."),
    "judge": ("judge:judge", "Show whether an account counts as a bot or as a paper's author, and why."),
    "quarantine": ("quarantine:quarantine", "List payloads that could not be parsed, or show one."),
    "reprocess": ("reprocess:reprocess", "Parse a source's raw payloads again with this version."),
    "repair": ("repair:repair", "Close rows with an empty key."),
    "forget": ("forget:forget", "Permanently delete a post or account."),
    "prune": ("prune:prune", "Delete data that no issue or comparison needs."),
    "backup": ("backup:backup", "Back up the store to a file, or restore one."),
    "status": ("status:status", "Show what is in the store, the state of its jobs, and whether it is sound."),
    "completion": ("completion:completion", "Print a shell completion script."),
}
"""Each command: where it is defined, and its one line in the help, which is also the first of its own help."""


RESUMES = frozenset({"run", "collect", "follow", "import", "history", "publish", "reprocess"})
"""Commands that go on where they were interrupted; others begin anew, or did nothing that must be resumed."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of a first day's use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(f"hotpapers.cli.{module}"), name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is asked for; a mistyped one is named with what was probably meant."""
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
    """Every day, the research that people talk about, in an issue that can be read in five minutes and trusted."""


def main() -> NoReturn:
    """The program `hotpapers`."""
    gc.freeze()  # what was imported stays to the end: the collector need not walk it, least of all on the way out
    if sys.argv[1:2] not in LASTING:
        gc.set_threshold(COLLECT)
    status = run_command(sys.argv[1:])
    if "duckdb" not in sys.modules:  # whose binding prints all that is not collected
        gc.freeze()  # nor what the command made: it goes with the process
    sys.exit(status)


def run_command(args: Sequence[str]) -> int:
    """Runs a command; its exit status. Errors are printed; with `--debug` those that say nothing of input escape."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that lacks a letter shows a question mark
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
    click.echo(err=True)  # the terminal shows ^C on the line
    if args and args[0] in RESUMES:
        print_error("interrupted; finished work is kept, and the same command resumes from there.")
    else:
        print_error("interrupted.")
    return 130


def _follows_interrupt(problem: BaseException | None) -> bool:
    """Whether Ctrl-C led to it: a driver that is interrupted may fail while it tidies up, and raises that instead."""
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
    except click.exceptions.Exit as done:
        return done.exit_code


def _explain(problem: Exception) -> int:
    if isinstance(problem, HotPapersError):
        print_error(str(problem))
        return 2 if isinstance(problem, UsageError) else 1
    if isinstance(problem, OSError):
        where = f"{problem.filename}: " if problem.filename else ""
        print_error(f"{where}{problem.strerror or problem}")
        return 1
    kind = type(problem).__name__
    print_error(f"internal error: {kind}: {problem}\nAdd --debug to the same command and report what it prints.")
    return 1


def _leave_pipe() -> None:
    """Whoever read our output has seen enough: nothing more is written, not even by Python at its end."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(devnull, stream.fileno())
        except (AttributeError, OSError, ValueError):
            continue  # closed, or no file at all
