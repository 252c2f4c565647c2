"""`hotpapers prune`: deletes raw payloads and snapshots that nothing needs."""

from __future__ import annotations

import click

from hotpapers.cli import common
from hotpapers.cli.terminal import count, echo, print_json
from hotpapers.privacy import retention as pruning


@click.command(
    epilog="""\b
Example:
  hotpapers prune --store hotpapers.db"""
)
@common.json_option
@common.store_options
def prune(as_json: bool, home: common.CommandContext) -> None:
    """Delete data that no issue or comparison needs.

    Deletes expired raw payloads and old snapshots. No frozen issue changes.
    """
    with common.open_record(home) as record:
        result = pruning.prune(record)
    if as_json:
        print_json(result)
    else:
        echo(f"{count(result.snapshots, 'snapshot')} and {count(result.originals, 'original')} dropped")
