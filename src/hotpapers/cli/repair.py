"""`hotpapers repair`: closes unusable rows."""

from __future__ import annotations

from hotpapers.cli import common
from hotpapers.cli.terminal import show
from hotpapers.issues.ranking.words import count_noun
from hotpapers.record.verify import close_unusable, name_of


@common.command("""
  hotpapers verify --all
  hotpapers repair""")
@common.json_option
@common.store_options
def repair(as_json: bool, site: common.Site) -> None:
    """Close rows with an empty key.

    `status` and `verify` list such rows. They stay in the record but are closed. No frozen issue changes. To fix a
    damaged store, restore a backup instead.
    """
    rows = close_unusable(site.record)
    lines = [f"closed: {name_of(row.label)} (row {row.id})" for row in rows]
    summary = f"{count_noun(len(rows), 'row')} closed" if rows else "nothing to repair"
    value = {"closed": [{"kind": row.label[0], "number": row.id} for row in rows]}
    show(value, [*lines, summary], as_json)
