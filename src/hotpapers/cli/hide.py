"""`hotpapers hide`: hides posts and accounts on all pages."""

from __future__ import annotations

from typing import Any

import click

from hotpapers import model
from hotpapers.cli import common
from hotpapers.cli.terminal import echo, print_error, print_json
from hotpapers.deliver.export_site import RerenderedFolder, export_again
from hotpapers.errors import NotFound, UsageError
from hotpapers.store import now


def key_of(text: str) -> str:
    """The key of a post or account as people write it: handles do not tell case apart. Raises UsageError."""
    network, _, own = text.strip().partition(":")
    network = network.lower()
    if network not in model.NETWORKS or not own:
        raise UsageError(
            f"{text}: not a post or account; write it as network:id, such as x:1341202937956233217 or x:@somebody"
        )
    return f"{network}:{own.lower() if own.startswith('@') else own}"


@click.command(
    epilog="""\b
Examples:
  hotpapers hide x:1341202937956233217 --reason "reported as abusive"
  hotpapers hide x:@somebody --undo --reason "mistaken" """
)
@click.argument("key", metavar="POST|ACCOUNT")
@click.option("--reason", required=True, metavar="TEXT", help="The reason, kept with the verdict.")
@click.option("--undo", is_flag=True, help="Show it again.")
@common.json_option
@common.store_options
def hide(key: str, reason: str, undo: bool, as_json: bool, home: common.CommandContext) -> None:
    """Hide a post or account on all pages.

    It still counts. Published folders are rendered again.
    """
    common.need(bool(reason.strip()), "missing reason: add --reason '…'")
    key = key_of(key)
    with common.open_record(home) as record:
        if not record.database.rows("SELECT 1 FROM post WHERE post = ? OR account = ? LIMIT 1", (key, key)):
            raise NotFound(f"{key}: no such post or account in the record")
        verdict = model.Verdict(
            subject=key, about="", rule="hide", judgement="shown" if undo else "hidden", version=1,
            reason=reason.strip(), observed_at=now(),
        )  # fmt: skip
        record.append([verdict], source="operator")
        folders = export_again(record, home.site_config, home.terms)
    if as_json:
        print_json({"key": key, "judgement": verdict.judgement, "folders": folder_results(folders)})
    else:
        echo(f"{key}: {'shown again' if undo else 'hidden'}")
    report_folders(folders, as_json)


def folder_results(folders: list[RerenderedFolder]) -> list[dict[str, Any]]:
    """Rendered folders as JSON."""
    return [{"folder": str(one.folder), "channel": one.channel, "rendered": one.rendered} for one in folders]


def report_folders(folders: list[RerenderedFolder], as_json: bool) -> None:
    """Prints what was rendered again; exit status 1 where a folder that is there could not be."""
    for one in folders:
        if not one.is_ours:
            print_error(f"{one.folder}: {one.reason}, of which this store is a copy; run the same command there")
        elif not one.rendered:
            print_error(
                f"{one.folder}: {one.reason}; if its {one.channel} pages are elsewhere now, publish there again"
            )
        elif not as_json:
            echo(f"rendered again: {one.folder}")
    if any(one.is_ours and not one.rendered and one.folder.is_dir() for one in folders):
        raise click.exceptions.Exit(1)
