"""Who is named: on the shipped list, in the settings, or by itself as automated; names into the record's accounts."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from hotpapers.moderation.bots import queries
from hotpapers.store.as_of import AsOfView


class KnownBot(NamedTuple):
    """A bot of the shipped list. `account`: the network's own id of it, empty where only its `handle` is known;
    `posts`: the category whose new papers it posts; `named_by`: the project whose operator names it as a bot; `since`:
    the day on which it came to the list."""

    network: str
    account: str
    handle: str
    posts: str
    named_by: str
    since: str

    @property
    def key(self) -> str:
        return f"{self.network}:{self.account or '@' + self.handle}"

    @property
    def reason(self) -> str:
        return (
            f"on the list that comes along, since {self.since}: it posts new papers of {self.posts};"
            f" {self.named_by} names it as a bot of its own"
        )


@cache
def shipped_bots() -> tuple[KnownBot, ...]:
    """The list that comes along with the program: automated accounts whose own operators say that they are."""
    text = (files("hotpapers.moderation.bots") / "bots.csv").read_text("utf-8")
    return tuple(KnownBot(**row) for row in csv.DictReader(text.splitlines()))


def accounts_of(view: AsOfView, keys: Iterable[str]) -> dict[str, list[str]]:
    """By key: the accounts that it means. A handle means itself, and whoever has it now."""
    keys_of = {key: [key] for key in keys}
    by_handle = {_handle(key): key for key in keys_of if _handle(key)}
    for account, handle in queries.accounts_with_handles(view, {name.partition(":")[2] for name in by_handle}):
        key = by_handle.get(f"{account.partition(':')[0]}:{handle}")
        if key and account not in keys_of[key]:
            keys_of[key].append(account)
    return keys_of


def _handle(key: str) -> str:
    """`bluesky:@some.body` → `bluesky:some.body`; nothing for a key that is no handle."""
    network, _, own = key.partition(":")
    return f"{network}:{own[1:].lower()}" if own.startswith("@") else ""
