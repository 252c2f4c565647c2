"""Named bots: on the shipped list, in the settings, or self-declared; and which accounts in the record the names
mean."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from hotpapers.issues.moderation.bots import queries
from hotpapers.record.as_of import AsOfView


class KnownBot(NamedTuple):
    """A bot on the shipped list. `account`: the network's own id, empty if only its `handle` is known; `posts`: the
    category whose new papers it posts; `named_by`: the project whose operator says that it is a bot; `since`: the day
    on which it was added."""

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
    """The shipped list: automated accounts declared as such by their own operators."""
    text = (files("hotpapers.issues.moderation.bots") / "bots.csv").read_text("utf-8")
    return tuple(KnownBot(**row) for row in csv.DictReader(text.splitlines()))


def accounts_of(view: AsOfView, keys: Iterable[str]) -> dict[str, list[str]]:
    """By key: the accounts that it means. A handle means itself and whichever account has it now."""
    keys_of = {key: [key] for key in keys}
    by_handle = {_handle(key): key for key in keys_of if _handle(key)}
    for account, handle in queries.accounts_with_handles(view, {name.partition(":")[2] for name in by_handle}):
        key = by_handle.get(f"{account.partition(':')[0]}:{handle}")
        if key and account not in keys_of[key]:
            keys_of[key].append(account)
    return keys_of


def _handle(key: str) -> str:
    """`bluesky:@some.body` → `bluesky:some.body`; empty for a key that is not a handle."""
    network, _, id = key.partition(":")
    return f"{network}:{id[1:].lower()}" if id.startswith("@") else ""
