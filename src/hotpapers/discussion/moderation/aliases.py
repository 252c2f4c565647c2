"""Writes aliases: a bridge's copies of accounts, and accounts known by their handle alone. What counts as one voice,
`engagement/attention.py` says.

An alias is stored because handles may be forgotten later, and an issue must still rebuild as it was. It is as old as
the later of the two accounts, and a written alias stays.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from hotpapers.base.keys import handle_key, is_at_home, network_of
from hotpapers.base.model import Alias
from hotpapers.base.networks import AT_PROTOCOL, FEDERATED
from hotpapers.discussion.moderation import queries
from hotpapers.discussion.moderation.queries import ShownAccount
from hotpapers.record import AsOfView, Record, current_time, is_pseudonym, last_written_at, read_meta, save_meta

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
    save_meta(record.database, SOURCE, str(view.position))


def _aliases(view: AsOfView) -> Iterator[Alias]:
    named = queries.accounts_named(view, f"%{BRIDGE}")
    copies = [account for account in named if not is_pseudonym(account.key)]
    is_by_handle = queries.has_accounts_between(view, *KEYS_BY_HANDLE)
    is_needed = is_by_handle or any(map(is_on_bluesky, copies))
    accounts = list(queries.accounts_named(view, "%@%")) if is_needed else []
    yield from bridge_aliases(copies, accounts)
    yield from handle_aliases(accounts)


# ---- accounts known by their handle ------------------------------------------------------------------

# Some servers leave out the address of an account that another server keeps. Where it cannot be derived from the post's
# address, the account is recorded under its handle, such as `mastodon:@ada@example.social`; as soon as a server gives
# the address, both are one person.

KEYS_BY_HANDLE = f"{FEDERATED}:@", f"{FEDERATED}:A"
"""The keys of accounts known by their handle are from the first of these on and before the second."""


def handle_aliases(accounts: Iterable[ShownAccount]) -> Iterator[Alias]:
    """The alias of each account on the fediverse known by its handle: the one with the same handle and an address. Of
    several accounts with that handle, the first known has it: servers may give the handle of a deleted account to
    somebody else."""
    by_handle: dict[str, ShownAccount] = {}
    with_address: dict[str, ShownAccount] = {}
    for account in sorted(accounts, key=lambda account: (account.at, account.key)):
        if account.key.startswith(KEYS_BY_HANDLE[0]):
            by_handle.setdefault(account.key, account)
        elif is_at_home(account.key, account.handle):
            with_address.setdefault(handle_key(FEDERATED, account.handle), account)
    for key, account in by_handle.items():
        if original := with_address.get(key):
            observed_at = max(account.at, original.at)
            yield Alias(account=key, stable=original.key, observed_at=observed_at)


# ---- a bridge's copies -------------------------------------------------------------------------------

# Bridgy Fed makes accounts on one network for people on the other. Only the bridge gives out names under `brid.gy`, so
# a name there shows whose copy an account is:
#
# * `@ada.bsky.social@bsky.brid.gy` on the fediverse has the Bluesky account's DID in its address;
# * `ada.example.social.ap.brid.gy` on Bluesky is `@ada@example.social`, and `ada.example.web.brid.gy` is the website
#   that is `@ada.example@web.brid.gy` on the fediverse. Each `_` and `~` is `-` in the copy's handle.
#
# A copy that got a handle of the owner's own domain cannot be distinguished from an account whose owner only claims to
# be one. It stays a voice of its own. https://fed.brid.gy/docs#translate

BRIDGE = ".brid.gy"
"""How the bridge's own handles on Bluesky end."""
_OF_BLUESKY = re.compile(rf"{FEDERATED}:https://bsky\.brid\.gy/ap/(did:(?:plc|web):[\w.:%-]+)", re.ASCII)
_ON_NEITHER = ("web.brid.gy", "nostr.brid.gy")
"""Where the fediverse has its own copies of those who are on neither network."""
_AS_HYPHEN = str.maketrans("_~", "--")


def bridge_aliases(copies: Iterable[ShownAccount], originals: Iterable[ShownAccount]) -> Iterator[Alias]:
    """The alias of each copy. A copy on Bluesky has none if accounts with several handles may be its original."""
    on_bluesky = defaultdict(list)
    for copy in copies:
        if is_on_bluesky(copy):
            on_bluesky[copy.handle].append(copy)
        elif match := _OF_BLUESKY.fullmatch(copy.key):
            yield Alias(account=copy.key, stable=f"{AT_PROTOCOL}:{match[1]}", observed_at=copy.at)
    for handle, original in _originals(on_bluesky, originals).items():
        for copy in on_bluesky[handle]:
            observed_at = max(copy.at, original.at)
            yield Alias(account=copy.key, stable=original.key, observed_at=observed_at)


def _originals(handles: Mapping[str, object], accounts: Iterable[ShownAccount]) -> dict[str, ShownAccount]:
    """By a copy's handle, its original: of several accounts with the same handle, the one known first."""
    candidates = defaultdict(list)
    for account in accounts:
        if (handle := handle_on_bluesky(account)) in handles:
            candidates[handle].append(account)
    return {
        handle: min(some, key=lambda account: (account.at, account.key))
        for handle, some in candidates.items()
        if len({account.handle for account in some}) == 1
    }


def handle_on_bluesky(account: ShownAccount) -> str:
    """The handle that the bridge gives a fediverse account on Bluesky. Empty if unknown: servers other than the
    handle's own may claim any handle for their accounts."""
    if not is_at_home(account.key, account.handle):
        return ""
    user, _, server = account.handle.partition("@")
    name = f"{user.translate(_AS_HYPHEN)}.{server}"
    return name if server in _ON_NEITHER else f"{name}.ap{BRIDGE}"


def is_on_bluesky(account: ShownAccount) -> bool:
    """Whether an account is the bridge's copy on Bluesky."""
    return network_of(account.key) == AT_PROTOCOL and account.handle.endswith(BRIDGE)
