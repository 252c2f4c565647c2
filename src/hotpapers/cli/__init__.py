"""The command line: parse, wire, print.

Commands are imported only when they are called; this file imports nothing heavy but click, which keeps help fast.

Exit status: 0 success, 1 failure, 2 misuse, 130 stopped by Ctrl-C, 141 when the reader of our output has closed it.
"""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NoReturn

import click

from hotpapers.base.errors import HotPapersError, UsageError
from hotpapers.base.installed import hooks_of
from hotpapers.base.version import __version__
from hotpapers.base.wings import load_object
from hotpapers.cli.called_as import program_call
from hotpapers.cli.hooks import Commands
from hotpapers.cli.terminal import print_error

NAME = "hotpapers"
COLLECT = 100_000
"""New objects after which the garbage collector looks for cycles. Rows and pages are many and form none; with Python's
default of 700, collection takes a tenth of the time of publishing a day."""
ASKED_BY_SHELL = "_HOTPAPERS_COMPLETE"
"""The environment variable with which a shell's completion script asks for completions."""
WHOLE = "hotpapers.help_all"
"""The note in a context that its help shows all commands."""
_USUAL = gc.get_threshold()

Places = Mapping[str, tuple[str, str]]
"""Commands by name: where each is defined (`module:name`), and its line in the list of commands."""
Sections = Mapping[str, Places]
"""Commands below the headings of the help."""
SECTIONS: Sections = {
    "Begin": {
        "init": ("hotpapers.cli.init:init", "Create a commented hotpapers.toml and an empty store."),
        "demo": ("hotpapers.cli.demo:demo", "Build a demo: five issues of real papers and a made-up week."),
        "docs": ("hotpapers.cli.about:docs", "Show the documentation."),
        "completion": ("hotpapers.cli.about:completion", "Print a shell completion script."),
    },
    "Publish": {
        "run": ("hotpapers.cli.run:run", "Collect, freeze and publish on schedule until stopped."),
        "collect": ("hotpapers.cli.run:collect", "Read networks into the record."),
        "issue": ("hotpapers.cli.issue:issue", "Freeze an issue and print it."),
        "publish": ("hotpapers.cli.publish:publish", "Publish issues, frozen first if needed."),
        "serve": ("hotpapers.cli.serve:serve", "Serve the site as a web app."),
    },
    "Read": {
        "latest": ("hotpapers.cli.issue:latest", "Print the latest issue."),
        "search": ("hotpapers.cli.search:search", "Search papers by words, authors, categories and dates."),
        "explain": ("hotpapers.cli.issue:explain", "Explain how a paper's rank was calculated."),
        "verify": ("hotpapers.cli.verify:verify", "Check the store and rebuild issues from the record."),
        "export": ("hotpapers.cli.export:export", "Export the record."),
    },
    "Moderate": {
        "hide": ("hotpapers.cli.moderation:hide", "Hide a post or account on all pages."),
        "forget": ("hotpapers.cli.moderation:forget", "Permanently delete a post or account."),
        "judge": (
            "hotpapers.cli.moderation:judge",
            "Show whether an account counts as a bot or as a paper's author, and why.",
        ),
    },
    "Maintain": {
        "status": (
            "hotpapers.cli.status:status",
            "Show the contents of the store, the state of its jobs, and whether it is sound.",
        ),
        "backup": ("hotpapers.cli.maintenance:backup", "Back up the store to a file, or restore one."),
        "import": ("hotpapers.cli.import_files:import_", "Import exports, listings or archives of networks."),
        "prune": ("hotpapers.cli.maintenance:prune", "Delete data that no issue or comparison needs."),
        "quarantine": ("hotpapers.cli.maintenance:quarantine", "List payloads that could not be parsed, or show one."),
        "reprocess": ("hotpapers.cli.maintenance:reprocess", "Reparse a source's raw payloads with this version."),
        "repair": ("hotpapers.cli.maintenance:repair", "Close rows with an empty key."),
        "help": ("hotpapers.cli.about:help_", "Show the help of a command, or the list of all."),
        "version": ("hotpapers.cli.about:version", "Print the version."),
        "wings": ("hotpapers.cli.about:wings", "List the features that are installed besides the core."),
    },
}
"""The commands of the core, in the order in which a new user needs them. Their lines are also the first of their
help."""


SHORT = ("Begin", "Publish", "Read")
"""The headings that `--help` shows; `--help-all` shows all."""
NO_SITE = (
    "hotpapers demo --open   shows issues of real papers and a made-up week, without a network",
    "hotpapers init          starts your own publication, in this folder",
    "hotpapers docs          lists the documentation; hotpapers --help, all commands",
)
OWN_SITE = (
    "hotpapers check    tries every source, sender and folder of hotpapers.toml",
    "hotpapers run      reads networks and publishes an issue every day, until stopped",
    "hotpapers status   shows how it is going; hotpapers --help, all commands",
)
"""Printed without a command in a folder with settings; `NO_SITE` is printed in other folders."""
RESUMES = frozenset({"run", "collect", "follow", "import", "history", "publish", "reprocess"})
"""Commands that resume where they were interrupted; the others start over, or have nothing to resume."""


class LazyGroup(click.Group):
    """A group that imports its commands only when they are needed. `sections`: those of the core; `of_wings`: those
    of each wing, which are looked for only if the core has none of that name; `kind`: what they are called; `short`:
    the headings that the help shows, by default all."""

    def __init__(
        self,
        *args: Any,
        sections: Sections,
        of_wings: Callable[[], Iterable[Sections]],
        kind: str,
        short: Collection[str] = (),
        **settings: Any,
    ) -> None:
        super().__init__(*args, **settings)
        self.short = short
        self.sections = sections
        self.of_wings = of_wings
        self.kind = kind
        self.core = {name: place for section in sections.values() for name, place in section.items()}

    def places(self) -> Places:
        """All commands, also of wings."""
        sections = self.all_sections().values()
        return {name: place for section in sections for name, place in section.items()}

    def all_sections(self) -> Sections:
        """The sections of the help: those of the core, with additions by wings, then further ones."""
        whole: dict[str, dict[str, tuple[str, str]]] = {}
        for sections in (self.sections, *self.of_wings()):
            for title, places in sections.items():
                whole.setdefault(title, {}).update(places)
        return whole

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order in which a new user needs them."""
        return list(self.places())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place, _ = self.core.get(cmd_name) or self.places().get(cmd_name, ("", ""))
        command = load_object(place) if place else None
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any."""
        sections = self.all_sections()
        for title in self.short if self.short and not ctx.meta.get(WHOLE) else sections:
            section = sections[title]
            with formatter.section(title):
                formatter.write_dl([(name, text) for name, (_, text) in section.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The requested command; for a mistyped name, the error suggests similar ones."""
        if args and args[0] not in self.core and args[0] not in self.places() and not args[0].startswith("-"):
            meant = _meant(args[0], self.places())
            ctx.fail(f"No such {self.kind}: {args[0]!r}.{meant}")
        return super().resolve_command(ctx, args)


def _meant(typed: str, names: Places) -> str:
    from hotpapers.base.suggestions import nearest_names

    close = nearest_names(typed, names, 0.51, 3)
    return f" Did you mean {' or '.join(close)}?" if close else ""


def _show_whole(context: click.Context, _: click.Parameter, is_asked: bool) -> None:
    if is_asked:
        context.meta[WHOLE] = True
        click.echo(context.get_help())
        context.exit()


@click.command(
    cls=LazyGroup,
    sections=SECTIONS,
    short=SHORT,
    of_wings=lambda: (commands.by_section for commands in hooks_of(Commands)),
    kind="command",
    epilog="Start with `hotpapers demo`. `hotpapers --help-all` lists all commands; `hotpapers COMMAND --help` has "
    "examples; `hotpapers docs`, the documentation.",
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
)
@click.version_option(__version__, message="hotpapers %(version)s")
@click.option(
    "--help-all", is_flag=True, is_eager=True, expose_value=False, callback=_show_whole, help="List all commands."
)
@click.pass_context
def root_command(context: click.Context) -> None:
    """Publish a daily issue of the research people talk about: a five-minute read that anyone can verify."""
    if context.invoked_subcommand is None:
        for line in OWN_SITE if os.path.exists("hotpapers.toml") else NO_SITE:
            click.echo(re.sub(r"\bhotpapers(?= )", lambda _: program_call(), line))


def main() -> NoReturn:
    """The program `hotpapers`."""
    collect_rarely()
    status = run_command(sys.argv[1:])
    if "duckdb" not in sys.modules:  # its binding prints whatever is not collected
        gc.freeze()  # the command's own objects end with the process: no need to collect them
    sys.exit(status)


def collect_rarely() -> None:
    """For commands that end soon: the garbage collector works rarely, and never scans imported modules."""
    gc.freeze()
    gc.set_threshold(COLLECT)


def collect_as_usual() -> None:
    """For commands that run for months: the garbage collector works as often as Python has it."""
    gc.set_threshold(*_USUAL)


def run_command(args: Sequence[str], group: click.Command | None = None, name: str = NAME) -> int:
    """Runs a command and returns its exit status. Errors are printed; with `--debug` all but click's own are raised.
    `group`: of another program, with its name."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that lacks a character shows a question mark
            stream.reconfigure(errors="replace")
    try:
        status = _invoke(args, group or root_command, name)
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
    is_kept = args and args[0] in RESUMES
    print_error(f"interrupted{'; finished work is kept. Run the same command again to resume.' if is_kept else ''}")
    return 130


def _follows_interrupt(problem: BaseException | None) -> bool:
    """Whether Ctrl-C caused it: an interrupted driver may fail while cleaning up, and raise that error instead."""
    while problem and not isinstance(problem, KeyboardInterrupt):
        problem = problem.__cause__ or problem.__context__
    return problem is not None


def _invoke(args: Sequence[str], group: click.Command, name: str) -> int:
    instruction = os.environ.get(ASKED_BY_SHELL)
    if instruction:
        from click.shell_completion import shell_complete

        return shell_complete(group, {}, name, ASKED_BY_SHELL, instruction)
    try:
        with group.make_context(name, list(args)) as context:
            group.invoke(context)
        return 0
    except click.exceptions.Exit as early_exit:
        return early_exit.exit_code


def _explain(problem: Exception) -> int:
    if isinstance(problem, HotPapersError):
        print_error(str(problem))
        return 2 if isinstance(problem, UsageError) else 1
    name = type(problem).__name__
    text = f"internal error: {name}: {problem}\nRun the same command with --debug and report what it prints."
    if isinstance(problem, OSError):
        place = f"{problem.filename}: " if problem.filename else ""
        text = f"{place}{problem.strerror or problem}"
    print_error(text)
    return 1


def _leave_pipe() -> None:
    """The reader has closed our output: nothing more may be written, not even by Python at exit."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(devnull, stream.fileno())
        except (AttributeError, OSError, ValueError):
            continue  # closed, or not a file
