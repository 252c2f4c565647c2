"""The command line: parse, wire, print.

Commands are loaded when they are called; this file imports click and nothing else of weight, so that help is quick.
"""

from __future__ import annotations

import importlib
import sys
from typing import NoReturn

import click

from hotpapers import __version__
from hotpapers.errors import HotPapersError, UsageError

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("start:init", "Write a commented hotpapers.toml and an empty store."),
    "demo": ("start:demo", "Make five issues of real papers, as Markdown and as a site."),
    "import": ("bring:import_", "Take files of others into the record."),
    "issue": ("issues:issue", "Freeze an issue and print it."),
    "publish": ("issues:publish", "Freeze what is not frozen and render it."),
    "serve": ("start:serve", "Serve the site as a web app."),
    "explain": ("issues:explain", "Say why a paper ranks where it does, as arithmetic."),
    "verify": ("issues:verify", "Rebuild issues from the record and compare digests."),
    "find": ("bring:find", "Print the papers named in any text."),
    "export": ("bring:export", "Write the record to standard output."),
    "hide": ("keep:hide", "Keep a post or an account off all pages."),
    "forget": ("keep:forget", "Erase a post or an account from every byte."),
    "prune": ("keep:prune", "Drop what no issue and no comparison needs."),
    "backup": ("keep:backup", "Copy the store into one file, or put such a copy back."),
    "status": ("keep:status", "Say what is in the store and whether it is sound."),
    "completion": ("start:completion", "Print the shell's completion script."),
}
"""Each command: where it is defined, and its one line in the help."""


class Commands(click.Group):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of a first day's use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        found = getattr(importlib.import_module(f"hotpapers.cli.{module}"), name)
        return found if isinstance(found, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.command(
    cls=Commands,
    epilog="Start with `hotpapers demo`. `hotpapers COMMAND --help` has examples for each.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, message="hotpapers %(version)s")
def root() -> None:
    """Every day, what research people are talking about, in an issue that can be read in five minutes and trusted."""


def main() -> NoReturn:
    """Runs a command; exit status 0 done, 1 failed, 2 misuse."""
    try:
        root.main(prog_name="hotpapers", standalone_mode=False)
        status = 0
    except click.exceptions.Exit as done:
        status = done.exit_code
    except click.ClickException as misuse:
        misuse.show()
        status = misuse.exit_code
    except HotPapersError as problem:
        if "--debug" in sys.argv:
            raise
        click.echo(f"hotpapers: {problem}", err=True)
        status = 2 if isinstance(problem, UsageError) else 1
    except (click.Abort, KeyboardInterrupt):
        click.echo(
            "\nhotpapers: stopped; what was finished is kept, and the same command goes on from there.", err=True
        )
        status = 130
    except BrokenPipeError:
        sys.stderr.close()
        status = 141
    sys.exit(status)
