"""`hotpapers hide`: hides a post or account on all pages."""

from __future__ import annotations

import click
import msgspec

from hotpapers import model
from hotpapers.cli import common
from hotpapers.cli.publish import folder_results, report_folders
from hotpapers.cli.terminal import show
from hotpapers.deliver.export_site import export_again
from hotpapers.engagement.queries import is_recorded
from hotpapers.errors import NotFound
from hotpapers.model.keys import parse_key
from hotpapers.moderation.bots.bot_names import accounts_of
from hotpapers.store import now


@common.command("""
  hotpapers hide x:1341202937956233217 --reason "reported as abusive"
  hotpapers hide https://x.com/i/status/1341202937956233217 --reason "reported as abusive"
  hotpapers hide x:@somebody --undo --reason mistaken""")
@click.argument("key", metavar="POST|ACCOUNT")
@click.option("--reason", required=True, metavar="TEXT", help="The reason, kept with the verdict.")
@click.option("--undo", is_flag=True, help="Show it again.")
@common.json_option
@common.store_options
def hide(key: str, reason: str, undo: bool, as_json: bool, context: common.CommandContext) -> None:
    """Hide a post or account on all pages.

    POST may be its address. What is hidden still counts. Published folders are rendered again.
    """
    common.require(bool(reason.strip()), "missing reason: add --reason '…'")
    key = parse_key(key)
    with common.open_record(context) as record:
        subjects = [subject for subject in accounts_of(record.view(), [key])[key] if is_recorded(record, subject)]
        if not subjects:
            raise NotFound(f"{key}: no such post or account in the record")
        verdict = model.Verdict(
            subject=key, about="", rule="hide", judgement="shown" if undo else "hidden", version=1,
            reason=reason.strip(), observed_at=now(),
        )  # fmt: skip
        verdicts = [msgspec.structs.replace(verdict, subject=subject) for subject in subjects]
        record.append(verdicts, source="operator")
        folders = export_again(record, context.site_config, context.terms)
    value = {"key": key, "judgement": verdict.judgement, "folders": folder_results(folders)}
    show(value, [f"{key}: {'shown again' if undo else 'hidden'}"], as_json)
    report_folders(folders, as_json)
