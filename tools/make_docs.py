"""Writes the pages of docs/ that come out of the program itself: docs/cli.md, from the commands' own help.

`make docs` runs it; a test fails when the page in docs/ is not what it would write.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "cli.md"

HEAD = """\
# The command line

Each command as it describes itself; `hotpapers COMMAND --help` prints the same. Made by `make docs` from the program's
own help texts: change those, not this page.
"""


def root_command() -> click.Group:
    """The `hotpapers` command with all its subcommands."""
    cli = importlib.import_module("hotpapers.cli")
    groups = [value for value in vars(cli).values() if isinstance(value, click.Group)]
    nested = [id(child) for group in groups for child in group.commands.values()]
    [root] = {id(group): group for group in groups if id(group) not in nested}.values()
    return root


def contexts(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[click.Context]:
    """A context for the command and, in the order of its own help, for each visible command below it."""
    here = click.Context(command, info_name=name, parent=parent, terminal_width=100, max_content_width=100, color=False)
    yield here
    if isinstance(command, click.Group):
        for child_name in command.list_commands(here):
            child = command.get_command(here, child_name)
            if child is not None and not child.hidden:
                yield from contexts(child, child_name, here)


def section(context: click.Context) -> str:
    """One command: a heading and its help, as a terminal 100 wide shows it."""
    text = click.unstyle(context.command.get_help(context))
    return f"\n## {context.command_path}\n\n```text\n{text.strip()}\n```\n"


def page() -> str:
    """The whole of docs/cli.md."""
    return HEAD + "".join(section(context) for context in contexts(root_command(), "hotpapers"))


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"wrote {PAGE.relative_to(ROOT)}\n")
