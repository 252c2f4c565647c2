"""`hotpapers publish`: freezes pending issues, writes their files and sends them. Also reports on folders that another
command rendered again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from hotpapers.cli import common, sending
from hotpapers.cli.issue import freeze_day, report_newer
from hotpapers.cli.terminal import bar, echo, fail_for, print_error, show
from hotpapers.deliver.export_site import RerenderedFolder, export_site
from hotpapers.errors import LogError, NotFound, UsageError
from hotpapers.issues import freeze
from hotpapers.issues import queries as issues_queries
from hotpapers.model import Publication, is_retrospective
from hotpapers.store import Record, now
from hotpapers.transparency.log_files import publications
from hotpapers.transparency.publication_log import update_log


@common.command("""
  hotpapers publish --all --to site --output public
  hotpapers publish 2021-01-14 --to mailing --preview
  hotpapers publish --all                     (to the channels of hotpapers.toml)""")
@click.argument("dates", nargs=-1, metavar="[DATE]…")
@click.option("--all", "everything", is_flag=True, help="Publish every day with a frozen issue or a listing.")
@click.option("--to", "to", type=click.Choice(sending.EVERY), multiple=True, help="A channel; repeatable.")
@click.option("--preview", is_flag=True, help="Show what would be sent (mail: as files) without sending it.")
@click.option(
    "--output",
    type=common.FOLDER,
    metavar="DIR",
    help="The output folder; with several channels, one subfolder each. [default: from the settings, else public]",
)
@common.publication_option
@common.json_option
@common.store_options
def publish(
    dates: tuple[str, ...], everything: bool, to: tuple[str, ...], preview: bool, output: Path | None,
    publication: str | None, as_json: bool, context: common.CommandContext,
) -> None:  # fmt: skip
    """Freeze pending issues and publish them.

    Writes only files that have changed, each channel to its own folder. Messages are sent only once.
    """
    common.require(bool(dates) != everything, "missing dates: name days such as 2021-01-14, or add --all")
    if is_retrospective(publication or ""):
        common.require(output is not None, f"{publication}: name a separate folder with --output")
        common.require(
            {*to} <= common.AFTERWARDS,
            f"{publication}: issues made afterwards can only be published to site or markdown",
        )
        to = to or ("site",)
    selected_channels = sending.selected_channels(to, everything=everything, preview=preview)
    with common.open_record(context, publications=True) as record:
        chosen_publication = freeze.publication_of(record, publication)
        name = chosen_publication.publication
        targets = common.targets(context, name, selected_channels.files, output) if selected_channels.writes else []
        days = _days(record, chosen_publication, dates)
        _freeze_all(record, chosen_publication, days, context)
        warnings = update_logs(record, [name], context)
        report, site_warnings = write_channels(record, name, days, targets, context)
        if preview:
            folder = output or context.folder / "preview"
            report += sending.previews(record, context, name, days, selected_channels.senders, folder)
        else:
            report += [sending.deliver(record, context, name, days, channel) for channel in selected_channels.senders]
    for warning in (*warnings, *site_warnings):
        print_error(warning)
    show({"publication": name, "days": days, "channels": report}, map(sending.summary_line, report), as_json)
    fail_for(problem for row in report for problem in row.get("problems", ()))


def write_channels(
    record: Record, name: str, days: Sequence[str], targets: Iterable[tuple[str, Path]], context: common.CommandContext
) -> tuple[list[dict[str, Any]], list[str]]:
    """Writes issues to the folders of channels; returns what each channel did, and warnings about nearly full sites."""
    report, warnings = [], []
    for channel, folder in targets:
        counts = export_site(
            record, name, days, channel, folder, context.site_config_of(name), context.terms, context.store
        )
        report.append({"channel": channel, "output": str(folder), "files": counts.files, "changed": counts.changed})
        warnings += [counts.warning] if counts.warning else []
    return report, warnings


def update_logs(record: Record, names: Sequence[str], context: common.CommandContext) -> list[str]:
    """Updates the logs of publications; returns problems, which do not stop issues from being published. The logs
    of the record's other publications, which the settings may have had once, get no new observations, only withdrawals.
    """
    try:
        if config := context.log_config:
            for name in names:
                update_log(record.database, name, config, now())
            known = {publication.publication for publication in record.view().items(Publication)}
            for name in known.intersection(publications(config.folder)).difference(names):
                update_log(record.database, name, config._replace(observations=False), now())
    except (LogError, UsageError, OSError) as problem:
        return [f"published without the log: {problem}"]
    return []


def _days(record: Record, publication: Publication, dates: Sequence[str]) -> list[str]:
    if dates:
        return sorted({freeze.check_day(day) for day in dates})
    days = {
        *issues_queries.frozen_days(record, publication.publication),
        *issues_queries.listed_days(record, publication.publication),
    }
    if not days:
        raise NotFound(
            f"{publication.publication}: nothing to publish yet; `hotpapers issue --publication "
            f"{publication.publication}` freezes a first issue"
        )
    return sorted(days)


def _freeze_all(record: Record, publication: Publication, days: Sequence[str], context: common.CommandContext) -> None:
    newer = []
    with bar("Freezing", len(days)) as progress:
        for day in days:
            frozen = freeze_day(record, publication, day, context)
            if freeze.newer_listing(record, frozen):
                newer.append(day)
            progress(1)
    if newer:
        report_newer(newer)


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
