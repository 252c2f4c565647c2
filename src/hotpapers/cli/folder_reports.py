"""Which published folders a command rendered again."""

from __future__ import annotations

from typing import Any

import click

from hotpapers.cli.terminal import echo, print_error
from hotpapers.publish.deliver.export_site import RerenderedFolder


def folder_results(folders: list[RerenderedFolder]) -> list[dict[str, Any]]:
    """The rendered folders, for JSON."""
    return [
        {"folder": str(folder.folder), "channel": folder.channel, "rendered": folder.rendered} for folder in folders
    ]


def report_folders(folders: list[RerenderedFolder], as_json: bool) -> None:
    """Prints which folders were rendered again; exits with status 1 if an existing folder could not be."""
    for folder in folders:
        if not folder.is_own:
            print_error(f"{folder.folder}: {folder.reason}, of which this store is a copy; run the same command there")
        elif not folder.rendered:
            print_error(
                f"{folder.folder}: {folder.reason}; if its {folder.channel} pages have moved, publish them again there"
            )
        elif folder.reason:
            print_error(f"{folder.folder}: {folder.reason}")
    for path in dict.fromkeys(state.folder for state in folders if state.rendered and not as_json):
        echo(f"rendered again: {path}")
    if any(state.is_own and not state.rendered and state.folder.is_dir() for state in folders):
        raise click.exceptions.Exit(1)
