"""`hotpapers backup`: copies the store into one file, and puts such a copy back."""

from __future__ import annotations

from pathlib import Path

import click

from hotpapers.cli import common
from hotpapers.cli.terminal import count, show
from hotpapers.store import Record
from hotpapers.transfer import backup as copies


@common.command("""
  hotpapers backup hotpapers-2026-11-20.db
  hotpapers backup hotpapers-2026-11-20.db --restore --replace""")
@click.argument("file", metavar="FILE", type=common.FILE)
@click.option("--restore", is_flag=True, help="Restore the store from FILE.")
@click.option("--replace", is_flag=True, help="With --restore: replace a store that is not empty.")
@click.option(
    "--as-backed-up",
    is_flag=True,
    help="With --restore: proceed although nothing tells who was forgotten or unsubscribed since.",
)
@common.json_option
@common.store_options
def backup(
    file: Path, restore: bool, replace: bool, as_backed_up: bool, as_json: bool, home: common.CommandContext
) -> None:
    """Back up the store to a file, or restore one.

    Safe while other processes read and write. The backup is itself a store (SQLite, also for a PostgreSQL store). A
    restore forgets again whatever was forgotten since, and keeps unsubscribed addresses out: it learns both from the
    store that it replaces or from the file beside it (hotpapers.db.forgotten). Without either, it refuses.
    """
    common.need(restore or not replace, "--replace goes with --restore")
    common.need(restore or not as_backed_up, "--as-backed-up goes with --restore")
    common.need(not common.is_store_file(file, home), f"{file}: is the store itself; name another file")
    if restore:
        result = copies.restore(file, home.store, replace=replace, as_backed_up=as_backed_up)
        _tell_restored(file, result, as_json)
        return
    _check_target(file)
    with common.open_record(home) as record:
        position = copies.backup(record, file)
    value = {"backup": str(file), "position": position}
    show(value, [f"{file}: the record up to batch {position:,}"], as_json)


def _check_target(file: Path) -> None:
    """Raises NotAStore rather than write over a file that is no backup."""
    if file.exists() and file.stat().st_size:
        with Record(str(file), create=False):
            pass


def _tell_restored(file: Path, result: copies.RestoreResult, as_json: bool) -> None:
    lines = [f"restored: the record up to batch {result.position:,}"]
    if result.lost_batches:
        lines.append(f"the store that was replaced had {count(result.lost_batches, 'later batch', 'later batches')}")
    if result.forgotten_again:
        lines.append(f"forgotten again: {result.forgotten_again:,}")
    show({"restored": str(file), **result._asdict()}, lines, as_json)
