"""The command that closes rows which nothing can use: repair."""

from __future__ import annotations

import click

from hotpapers.cli import common
from hotpapers.cli.terminal import count, print_json, say
from hotpapers.store import repair as repairing
from hotpapers.store.verify import name_of


@click.command(
    epilog="""\b
Examples:
  hotpapers verify --all
  hotpapers repair"""
)
@common.json_option
@common.store_options
def repair(as_json: bool, home: common.CommandContext) -> None:
    """Close rows that nothing can use, because their key is empty.

    `status` and `verify` name them. They stay in the record as closed, so it verifies as before, and no frozen issue
    changes. A damaged store is not repaired by this: restore a backup.
    """
    with common.open_record(home) as record:
        rows = repairing.close_unusable(record)
    if as_json:
        print_json({"closed": [{"kind": row.label[0], "number": row.id} for row in rows]})
        return
    for row in rows:
        say(f"closed: {name_of(row.label)} (row {row.id})")
    say(f"{count(len(rows), 'row')} closed" if rows else "nothing to repair")
