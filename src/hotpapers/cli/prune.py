"""`hotpapers prune`: deletes raw payloads and snapshots that are no longer needed."""

from __future__ import annotations

from hotpapers.cli import common
from hotpapers.cli.terminal import show
from hotpapers.privacy import retention as pruning
from hotpapers.ranking.words import count_noun


@common.command("""
  hotpapers prune --store hotpapers.db""")
@common.json_option
@common.store_options
def prune(as_json: bool, context: common.CommandContext) -> None:
    """Delete data that no issue or comparison needs.

    Deletes expired raw payloads and old snapshots. No frozen issue changes.
    """
    with common.open_record(context) as record:
        result = pruning.prune(record, allowed=context.terms if context.has_settings else None)
    text = f"{count_noun(result.snapshots, 'snapshot')} and {count_noun(result.raw_payloads, 'raw payload')} deleted"
    show(result, [text], as_json)
