"""Accounts that Bridgy Fed made on one network for people on the other: aliases of these people's own accounts.

Only the bridge gives out names under `brid.gy`, so a name there shows whose copy an account is:

* `@ada.bsky.social@bsky.brid.gy` on the fediverse has the Bluesky account's DID in its address;
* `ada.example.social.ap.brid.gy` on Bluesky is `@ada@example.social`, and `ada.example.web.brid.gy` is the website that
  is `@ada.example@web.brid.gy` on the fediverse. Each `_` and `~` is `-` in the copy's handle.

A copy that got a handle of the owner's own domain cannot be distinguished from an account whose owner only claims to be
one. It stays a voice of its own. https://fed.brid.gy/docs#translate
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from hotpapers.base.keys import is_at_home, network_of
from hotpapers.base.model import Alias
from hotpapers.base.networks import AT_PROTOCOL, FEDERATED
from hotpapers.discussion.moderation.queries import ShownAccount

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
