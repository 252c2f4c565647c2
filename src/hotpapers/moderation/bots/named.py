"""Who is named: on the shipped list, in the settings, or by itself as automated; names into the record's accounts."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from hotpapers.model import Account
from hotpapers.store.as_of import AsOfView
from hotpapers.store.database import placeholders, slices
from hotpapers.store.item_rows import SPECS


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
        """Its key: by id, else by handle."""
        return f"{self.network}:{self.account or '@' + self.handle}"

    @property
    def reason(self) -> str:
        """Why it is a bot."""
        return (
            f"on the list that comes along, since {self.since}: it posts new papers of {self.posts};"
            f" {self.named_by} names it as a bot of its own"
        )


@cache
def shipped() -> tuple[KnownBot, ...]:
    """The list that comes along with the program: automated accounts whose own operators say that they are."""
    text = (files("hotpapers.moderation.bots") / "bots.csv").read_text("utf-8")
    return tuple(KnownBot(**row) for row in csv.DictReader(text.splitlines()))


def key_of(name: str) -> str:
    """An account's key as people write it, `X:@SomeBody`, as the record has it: handles do not tell case apart."""
    network, _, own = name.strip().partition(":")
    return f"{network.lower()}:{own.lower() if own.startswith('@') else own}"


def accounts_of(view: AsOfView, keys: Iterable[str]) -> dict[str, list[str]]:
    """By key: the accounts that it means. A handle means itself, and whoever has it now."""
    found = {key: [key] for key in keys}
    by_handle = {_handle(key): key for key in found if _handle(key)}
    for account, handle in _with_handles(view, {name.partition(":")[2] for name in by_handle}):
        key = by_handle.get(f"{account.partition(':')[0]}:{handle}")
        if key and account not in found[key]:
            found[key].append(account)
    return found


def _handle(key: str) -> str:
    """`bluesky:@some.body` → `bluesky:some.body`; nothing for a key that is no handle."""
    network, _, own = key.partition(":")
    return f"{network}:{own[1:].lower()}" if own.startswith("@") else ""


def _with_handles(view: AsOfView, handles: Collection[str]) -> Iterator[tuple[str, str]]:
    newest = view.newest(SPECS[Account], "t")
    for some in chunks(handles):
        sql = f"""SELECT t.account, lower(t.handle) FROM account AS t
            WHERE lower(t.handle) IN ({placeholders(some)}) AND {view.visible("t")} AND {newest} ORDER BY 1"""
        yield from view.database.iterate(sql, some)


def seen(view: AsOfView, accounts: Iterable[str]) -> set[str]:
    """Those of the accounts that spoke, reacted, or were named by their network."""
    found: set[str] = set()
    for some in chunks(accounts):
        for table in ("post", "reaction", "account"):
            sql = f"SELECT DISTINCT t.account FROM {table} AS t WHERE t.account IN ({placeholders(some)})"
            found.update(row[0] for row in view.database.iterate(f"{sql} AND {view.visible('t')}", some))
    return found


def automated(view: AsOfView) -> list[str]:
    """The accounts that say of themselves, as observed last, that they are automated."""
    sql = f"""SELECT t.account FROM account AS t
        WHERE t.automated = 1 AND {view.visible("t")} AND {view.newest(SPECS[Account], "t")} ORDER BY 1"""
    return [row[0] for row in view.database.iterate(sql)]


# ---- many keys at once ----------------------------------------------------------------------------------


def chunks(keys: Iterable[str]) -> Iterator[Sequence[str]]:
    """The keys, each once and in order, so many at once."""
    return slices(sorted(set(keys)))
