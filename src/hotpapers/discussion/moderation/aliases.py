"""Writes aliases: a bridge's copies of accounts, and accounts known by their handle alone. What counts as one voice,
`engagement/attention.py` says.

An alias is stored because handles may be forgotten later, and an issue must still rebuild as it was. It is as old as
the later of the two accounts, and a written alias stays.
"""

from __future__ import annotations

from collections.abc import Iterator

from hotpapers.base.model import Alias
from hotpapers.discussion.moderation import accounts_by_handle, bridged_accounts, queries
from hotpapers.record import AsOfView, Record, current_time, is_pseudonym, last_written_at, read_meta, write_meta

SOURCE = "bridges"
"""The source of the batch, and the key under which the store keeps the last examined batch."""


def join_accounts(record: Record, at: int | None = None) -> None:
    """Writes aliases, if accounts were stored since the last call. `at`: the moment of the batch, µs UTC, by default
    now."""
    view = record.view()
    last_batch = int(read_meta(record.database, SOURCE) or 0)
    if last_batch == view.position:
        return
    if queries.has_accounts_after(view, last_batch if last_batch < view.position else 0):  # or a backup was restored
        by_account = {alias.account: alias for alias in _aliases(view)}
        known = queries.with_alias(view, sorted(by_account))
        new = [alias for account, alias in by_account.items() if account not in known]
        if new:
            record.append(new, source=SOURCE, at=max(at or current_time(), last_written_at(record.database)))
    with record.database.write():
        write_meta(record.database, SOURCE, str(view.position))


def _aliases(view: AsOfView) -> Iterator[Alias]:
    named = queries.accounts_named(view, f"%{bridged_accounts.BRIDGE}")
    copies = [account for account in named if not is_pseudonym(account.key)]
    is_by_handle = queries.has_accounts_between(view, *accounts_by_handle.KEYS)
    is_needed = is_by_handle or any(map(bridged_accounts.is_on_bluesky, copies))
    accounts = list(queries.accounts_named(view, "%@%")) if is_needed else []
    yield from bridged_accounts.bridge_aliases(copies, accounts)
    yield from accounts_by_handle.handle_aliases(accounts)
