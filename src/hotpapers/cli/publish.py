"""`hotpapers publish`: freezes pending issues, writes their files and sends them."""

from __future__ import annotations

from pathlib import Path

import click

from hotpapers.base.errors import require
from hotpapers.cli import common
from hotpapers.cli.terminal import fail_for, print_result
from hotpapers.site import sending


@common.command("""
  hotpapers publish --all --to site --output public
  hotpapers publish 2021-01-14 --to bluesky --preview
  hotpapers publish --all                     (to the channels of hotpapers.toml)""")
@click.argument("dates", nargs=-1, metavar="[DATE]…")
@click.option("--all", "everything", is_flag=True, help="Publish every day with a frozen issue or a listing.")
@click.option("--to", "to", type=click.Choice(sending.EVERY), multiple=True, help="A channel; repeatable.")
@click.option("--preview", is_flag=True, help="Show what would be sent (long messages: as files) without sending it.")
@click.option(
    "--output",
    type=common.FOLDER,
    metavar="DIR",
    help="The output folder; with several channels, one subfolder each. [default: from the settings, else public]",
)
@common.force_option
@common.publication_option
@common.site_options
def publish(
    dates: tuple[str, ...],
    everything: bool,
    to: tuple[str, ...],
    preview: bool,
    output: Path | None,
    force: bool,
    publication: str | None,
    as_json: bool,
    site: common.Site,
) -> None:
    """Publish issues, frozen first if needed.

    Writes only files that have changed, each channel to its own folder. Messages are sent only once.
    """
    require(bool(dates) != everything, "name either days such as 2021-01-14, or add --all")
    name, days, channels, folders = site.publish(
        dates, to, publication=publication, output=output, force=force, preview=preview
    )
    lines = map(sending.summary_line, channels)
    print_result({"publication": name, "days": days, "channels": channels}, lines, as_json)
    if folders:  # few runs have any, and importing what tells of them takes time
        from hotpapers.cli.moderation import report_folders

        report_folders(folders, as_json)
    fail_for(problem for row in channels for problem in row.get("problems", ()))
