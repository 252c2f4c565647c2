"""`hotpapers backup`: backs up the store to a file, and restores it."""

from __future__ import annotations

from pathlib import Path

import click

from hotpapers.cli import common
from hotpapers.cli.terminal import show
from hotpapers.ranking.words import count_noun
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
    help="With --restore: restore even if nothing records who was forgotten or unsubscribed since the backup.",
)
@common.json_option
@common.store_options
def backup(
    file: Path, restore: bool, replace: bool, as_backed_up: bool, as_json: bool, context: common.CommandContext
) -> None:
    """Back up the store to a file, or restore one.

    Safe while other processes read and write. The backup is a SQLite store, even of a PostgreSQL store. A restore
    forgets again what was forgotten since the backup, and keeps unsubscribed addresses off the lists. It learns of them
    from the store that it replaces or the file beside it (hotpapers.db.forgotten), and refuses if both are missing.
    """
    common.require(restore or not replace, "--replace needs --restore")
    common.require(restore or not as_backed_up, "--as-backed-up needs --restore")
    common.require(not common.is_store_file(file, context), f"{file}: is the store itself; name another file")
    if restore:
        result = copies.restore(file, context.store, replace=replace, as_backed_up=as_backed_up)
        _print_restored(file, result, as_json)
        return
    if file.exists() and file.stat().st_size:  # raise rather than overwrite anything that is not a backup
        with Record(str(file), create=False):
            pass
    with common.open_record(context) as record:
        position = copies.backup(record, file)
    value = {"backup": str(file), "position": position}
    show(value, [f"{file}: the record up to batch {position:,}"], as_json)


def _print_restored(file: Path, result: copies.RestoreResult, as_json: bool) -> None:
    lines = [f"restored: the record up to batch {result.position:,}"]
    if result.lost_batches:
        lines.append(f"lost with the replaced store: {count_noun(result.lost_batches, 'later batch', 'later batches')}")
    if result.forgotten_again:
        lines.append(f"forgotten again: {result.forgotten_again:,}")
    if result.aside:
        lines.append(f"the store that was there was moved to {result.aside}; delete it when you no longer need it")
    show({"restored": str(file), **result._asdict()}, lines, as_json)
