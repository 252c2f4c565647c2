"""Accounts on the fediverse that are known by their handle alone: aliases of those with the same handle and an address.

Some servers leave out the address of an account that another server keeps. Where it cannot be derived from the post's
address, the account is recorded under its handle, such as `mastodon:@ada@example.social`; as soon as a server gives the
address, both are one person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hotpapers.base.keys import handle_key, is_at_home
from hotpapers.base.model import Alias
from hotpapers.base.networks import FEDERATED
from hotpapers.discussion.moderation.queries import ShownAccount

KEYS = f"{FEDERATED}:@", f"{FEDERATED}:A"
"""The keys of accounts known by their handle are from the first of these on and before the second."""


def handle_aliases(accounts: Iterable[ShownAccount]) -> Iterator[Alias]:
    """The alias of each account known by its handle. Of several accounts with that handle, the first known has it:
    servers may give the handle of a deleted account to somebody else."""
    by_handle: dict[str, ShownAccount] = {}
    with_address: dict[str, ShownAccount] = {}
    for account in sorted(accounts, key=lambda account: (account.at, account.key)):
        if account.key.startswith(KEYS[0]):
            by_handle.setdefault(account.key, account)
        elif is_at_home(account.key, account.handle):
            with_address.setdefault(handle_key(FEDERATED, account.handle), account)
    for key, account in by_handle.items():
        if original := with_address.get(key):
            observed_at = max(account.at, original.at)
            yield Alias(account=key, stable=original.key, observed_at=observed_at)
