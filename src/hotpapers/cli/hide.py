"""`hotpapers hide`: hides a post or account on all pages."""

from __future__ import annotations

import click

from hotpapers.base.model.keys import parse_key
from hotpapers.cli import common
from hotpapers.cli.folder_reports import folder_results, report_folders
from hotpapers.cli.terminal import show


@common.command("""
  hotpapers hide x:1341202937956233217 --reason "reported as abusive"
  hotpapers hide https://x.com/i/status/1341202937956233217 --reason "reported as abusive"
  hotpapers hide x:@somebody --undo --reason mistaken""")
@click.argument("key", metavar="POST|ACCOUNT")
@click.option("--reason", required=True, metavar="TEXT", help="The reason, kept with the verdict.")
@click.option("--undo", is_flag=True, help="Show it again.")
@common.json_option
@common.store_options
def hide(key: str, reason: str, undo: bool, as_json: bool, site: common.Site) -> None:
    """Hide a post or account on all pages.

    POST may be its address. What is hidden still counts. Published folders are rendered again.
    """
    folders, key = site.hide(key, reason, undo=undo), parse_key(key)
    value = {"key": key, "judgement": "shown" if undo else "hidden", "folders": folder_results(folders)}
    show(value, [f"{key}: {'shown again' if undo else 'hidden'}"], as_json)
    report_folders(folders, as_json)
