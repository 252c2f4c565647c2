"""Published folders that a command renders again: how that went, printed or as JSON."""

from typing import Any

import click

from hotpapers.cli.terminal import echo, print_error
from hotpapers.deliver.export_site import RerenderedFolder


def folder_results(folders: list[RerenderedFolder]) -> list[dict[str, Any]]:
    """Rendered folders as JSON."""
    return [
        {"folder": str(folder.folder), "channel": folder.channel, "rendered": folder.rendered} for folder in folders
    ]


def report_folders(folders: list[RerenderedFolder], as_json: bool) -> None:
    """Prints what was rendered again; exit status 1 where a folder that is there could not be."""
    for folder in folders:
        if not folder.is_ours:
            print_error(f"{folder.folder}: {folder.reason}, of which this store is a copy; run the same command there")
        elif not folder.rendered:
            print_error(
                f"{folder.folder}: {folder.reason}; if its {folder.channel} pages are elsewhere now, publish there"
                " again"
            )
        else:
            if not as_json:
                echo(f"rendered again: {folder.folder}")
            if folder.reason:
                print_error(f"{folder.folder}: {folder.reason}")
    if any(state.is_ours and not state.rendered and state.folder.is_dir() for state in folders):
        raise click.exceptions.Exit(1)
