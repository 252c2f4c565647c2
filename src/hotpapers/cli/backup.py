"""`hotpapers backup`: backs up the store to a file, and restores it."""

from __future__ import annotations

from pathlib import Path

import click

from hotpapers.base.errors import require
from hotpapers.cli import common
from hotpapers.cli.terminal import show
from hotpapers.issues.ranking.words import count_noun
from hotpapers.keep.transfer import backup as copies
from hotpapers.record import Record


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
@click.option("--force", is_flag=True, help="Replace FILE even if it is another store.")
@common.json_option
@common.store_options
def backup(
    file: Path,
    restore: bool,
    replace: bool,
    as_backed_up: bool,
    force: bool,
    as_json: bool,
    site: common.Site,
) -> None:
    """Back up the store to a file, or restore one.

    Safe while other processes read and write. The backup is a SQLite store, even of a PostgreSQL store. A restore
    forgets again what was forgotten since the backup, and keeps unsubscribed addresses off the lists. It learns of them
    from the store that it replaces or the file beside it (hotpapers.db.forgotten), and refuses if both are missing.
    """
    require(restore or not replace, "--replace needs --restore")
    require(restore or not as_backed_up, "--as-backed-up needs --restore")
    require(not site.is_store_file(file), f"{file}: is the store itself; name another file")
    if restore:
        result = copies.restore(file, site.store, replace=replace, as_backed_up=as_backed_up)
        _print_restored(file, result, as_json)
        return
    with site.opened() as record:
        if file.exists() and file.stat().st_size and not force:
            _check_owner(file, record)
        position = copies.backup(record, file)
    value = {"backup": str(file), "position": position}
    show(value, [f"{file}: the record up to batch {position:,}"], as_json)


def _check_owner(file: Path, record: Record) -> None:
    """Raises HotPapersError rather than overwrite anything that is not a backup of this store."""
    with Record(str(file), create=False) as backed_up:
        require(
            backed_up.secret() == record.secret(),
            f"{file}: is another store, not a backup of this one; name another file, or add --force to replace it",
        )


def _print_restored(file: Path, result: copies.RestoreResult, as_json: bool) -> None:
    lines = [f"restored: the record up to batch {result.position:,}"]
    if result.lost_batches:
        lines.append(f"lost with the replaced store: {count_noun(result.lost_batches, 'later batch', 'later batches')}")
    if result.forgotten_again:
        lines.append(f"forgotten again: {result.forgotten_again:,}")
    if result.aside:
        lines.append(f"the store that was there was moved to {result.aside}; delete it when you no longer need it")
    show({"restored": str(file), **result._asdict()}, lines, as_json)
