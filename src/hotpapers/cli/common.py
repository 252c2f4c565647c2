"""Options shared by several commands."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from hotpapers.base import logs
from hotpapers.cli.terminal import LogStream, NumberRange, print_error, print_note, progress_bar
from hotpapers.site.site import Site

Command = TypeVar("Command", bound=Callable[..., Any])
C = TypeVar("C", bound=click.Command)
FILE = click.Path(path_type=Path, dir_okay=False, readable=False)
FILE_OR_FOLDER = click.Path(path_type=Path, readable=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


def add_examples(lines: str) -> Callable[[C], C]:
    """Ends a command's help with examples, one per line."""

    def with_examples(command: C) -> C:
        head = "Examples:" if lines.count("\n") > 1 else "Example:"
        command.epilog = f"\b\n{head}{lines}"
        return command

    return with_examples


def command(lines: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Makes a command whose help ends with these examples."""
    return lambda function: add_examples(lines)(click.command()(function))


debug_option = click.option("--debug", is_flag=True, expose_value=False, help="Show a traceback on errors.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
force_option = click.option(
    "--force",
    is_flag=True,
    help="Write even over files that this program did not write.",
)


publication_option = click.option("--publication", metavar="NAME", help="The publication. [default: the first]")
edition_option = click.option(
    "--edition",
    type=NumberRange(1, 9999),
    metavar="N",
    help="An earlier edition of a corrected issue. [default: the latest]",
)


def store_options(command: Command) -> Callable[..., Any]:
    """`--store`, `--config` and `--debug`; the command gets the `Site`, which is closed at its end."""

    @wraps(command)
    def with_site(*args: Any, store: str | None, config: Path | None, **arguments: Any) -> Any:
        with Site.open(config, store) as site:
            site.progress = progress_bar
            site.warn = print_error
            if site.settings.run.log == "text" and sys.stderr is not None and sys.stderr.isatty():
                site.speak = print_note
            return command(*args, site=site, **arguments)

    return where_options(debug_option(with_site))


def site_options(command: Command) -> Callable[..., Any]:
    """`--json`, and the options of `store_options`."""
    return json_option(store_options(command))


def where_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--store` and `--config` alone, for a command that may need no store: see `Site.open`."""
    configured: Callable[..., Any] = click.option(
        "--config",
        type=FILE_OR_FOLDER,
        metavar="FILE",
        help="The settings file. [default: hotpapers.toml in the current folder, unless --store names another store]",
    )(command)
    return click.option(
        "--store",
        type=click.Path(readable=False),
        metavar="STORE",
        help="A path, sqlite:////absolute/path or postgresql://… [default: from the settings, else hotpapers.db]",
    )(configured)


logs.DEFAULT_STREAM = LogStream()
