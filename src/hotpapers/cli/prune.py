"""`hotpapers prune`: deletes raw payloads and snapshots that are no longer needed."""

from __future__ import annotations

from hotpapers.cli import common
from hotpapers.cli.terminal import show
from hotpapers.issues.ranking.words import count_noun
from hotpapers.keep.privacy import retention as pruning


@common.command("""
  hotpapers prune --store hotpapers.db""")
@common.json_option
@common.store_options
def prune(as_json: bool, site: common.Site) -> None:
    """Delete data that no issue or comparison needs.

    Deletes expired raw payloads and old snapshots. No frozen issue changes.
    """
    result = pruning.prune(site.record, allowed=site.terms if site.has_settings else None)
    text = f"{count_noun(result.snapshots, 'snapshot')} and {count_noun(result.raw_payloads, 'raw payload')} deleted"
    show(result, [text], as_json)
