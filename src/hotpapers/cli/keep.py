"""Commands that keep a store in order: hide, forget, prune, backup, status."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from hotpapers import model
from hotpapers.cli import common
from hotpapers.errors import NoSuch, UsageError
from hotpapers.publish.press import press_again
from hotpapers.record import Record, now
from hotpapers.record import backup as copies
from hotpapers.record import forget as forgetting
from hotpapers.record import prune as pruning
from hotpapers.record import status as reporting
from hotpapers.record.verify import check_chain


@click.command(
    epilog="""\b
Examples:
  hotpapers hide x:1341202937956233217 --reason "reported as abusive"
  hotpapers hide x:@somebody --undo --reason "mistaken" """
)
@click.argument("key", metavar="POST|ACCOUNT")
@click.option("--reason", required=True, metavar="TEXT", help="Why; kept with the verdict.")
@click.option("--undo", is_flag=True, help="Show it again.")
@common.store_options
def hide(key: str, reason: str, undo: bool, store: str | None, config: Path | None, debug: bool) -> None:
    """Keep a post or an account off all pages; it still counts. Rendered folders are made anew."""
    with common.open_record(store, config) as record:
        if not _known(record, key):
            raise NoSuch(f"{key}: the record knows no such post or account; write it as network:id")
        verdict = model.Verdict(
            subject=key, about="", rule="hide", judgement="shown" if undo else "hidden", version=1, reason=reason,
            observed_at=now(),
        )  # fmt: skip
        record.write([verdict], source="operator")
        _press_again(record, config)
    click.echo(f"{key}: {'shown again' if undo else 'hidden'}")


def _known(record: Record, key: str) -> bool:
    return bool(record.database.rows("SELECT 1 FROM post WHERE post = ? OR account = ? LIMIT 1", (key, key)))


def _press_again(record: Record, config: Path | None) -> None:
    for folder in press_again(record, common.load_settings(config).contact):
        click.echo(f"rendered anew: {folder}")


@click.command(
    epilog="""\b
Examples:
  hotpapers forget x:1341202937956233217
  hotpapers forget x:@somebody --yes"""
)
@click.argument("keys", metavar="POST|ACCOUNT…", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@common.store_options
def forget(keys: tuple[str, ...], yes: bool, store: str | None, config: Path | None, debug: bool) -> None:
    """Erase posts, or accounts with all their posts, from every byte of the store, for good.

    Totals stay, issues still verify, and what was forgotten is refused when it comes again. Rendered folders are made
    anew. Backups and exports made before are named: they are out of reach.
    """
    if not yes:
        click.confirm(f"Erase {', '.join(keys)} for good?", abort=True)
    with common.open_record(store, config) as record:
        for key in keys:
            done = forgetting.forget(record, key)
            click.echo(f"{key}: forgotten, {done.rows:,} rows, {done.originals:,} originals")
        _press_again(record, config)
        for copy in forgetting.copies(record):
            click.echo(f"out of reach: {copy}")


@click.command(
    epilog="""\b
Example:
  hotpapers prune --store hotpapers.db"""
)
@common.json_option
@common.store_options
def prune(as_json: bool, store: str | None, config: Path | None, debug: bool) -> None:
    """Drop raw originals whose time is over, and old snapshots that no issue and no comparison needs.

    No frozen issue changes.
    """
    with common.open_record(store, config) as record:
        done = pruning.prune(record)
    if as_json:
        common.print_json(done)
    else:
        click.echo(f"{done.snapshots:,} snapshots and {done.originals:,} originals dropped")


@click.command(
    epilog="""\b
Examples:
  hotpapers backup hotpapers-2026-11-20.db
  hotpapers backup hotpapers-2026-11-20.db --restore --replace"""
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--restore", is_flag=True, help="Put the backup in the store's place instead.")
@click.option("--replace", is_flag=True, help="With --restore: even if the store holds a record.")
@common.store_options
def backup(file: Path, restore: bool, replace: bool, store: str | None, config: Path | None, debug: bool) -> None:
    """Copy the store into one file while others read and write, or put such a copy back.

    The copy is a store itself (SQLite, also of a PostgreSQL store). What was forgotten after it was made is forgotten
    again when it is put back.
    """
    if restore:
        found = store or common.load_settings(config).store
        done = copies.restore(file, found, replace=replace)
        click.echo(f"restored: the record up to batch {done.position:,}")
        if done.lost_batches:
            click.echo(f"the store that was replaced had {done.lost_batches:,} later batches; they are gone")
        if done.forgotten_again:
            click.echo(f"forgotten again: {done.forgotten_again:,}")
        return
    if replace:
        raise UsageError("--replace goes with --restore")
    with common.open_record(store, config) as record:
        position = copies.backup(record, file)
    click.echo(f"{file}: the record up to batch {position:,}")


@click.command(
    epilog="""\b
Examples:
  hotpapers status
  hotpapers status --json | jq .size"""
)
@common.json_option
@common.store_options
def status(as_json: bool, store: str | None, config: Path | None, debug: bool) -> None:
    """Say what is in the store and whether it is sound. Exit status 1 if it is not."""
    with common.open_record(store, config) as record:
        found = reporting.status(record)
        damaged = [*record.database.integrity(), *map(str, check_chain(record.database).findings)]
    if as_json:
        common.print_json({**found._asdict(), "sound": not damaged, "damaged": damaged})
    else:
        _print_status(found, damaged)
    if damaged:
        raise click.exceptions.Exit(1)


def _print_status(found: reporting.Status, damaged: list[str]) -> None:
    click.echo(f"store      {found.store} ({found.database}, schema {found.schema}, {_size(found.size)})")
    click.echo(f"record     {found.batches:,} batches, {sum(found.items.values()):,} items")
    for kind, count in found.items.items():
        if count:
            click.echo(f"           {count:>10,} {kind}")
    click.echo(f"issues     {found.issues:,} frozen, of {found.publications:,} publications")
    if found.last_at:
        click.echo(
            f"last       {datetime.datetime.fromtimestamp(found.last_at / 1e6, datetime.UTC):%Y-%m-%d %H:%M} UTC"
        )
    click.echo(f"raw        {found.raw:,} originals kept, {found.quarantine:,} in quarantine")
    click.echo(f"forgotten  {found.forgotten:,} rows have parts forgotten")
    if found.year_forecast is not None:
        click.echo(f"forecast   {_size(found.year_forecast)} after a year like this")
    click.echo("sound      yes" if not damaged else "sound      NO")
    for problem in damaged:
        click.echo(f"           {problem}")


def _size(count: int) -> str:
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.2f} GB"
