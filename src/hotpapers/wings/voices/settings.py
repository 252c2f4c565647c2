"""The tables `[[voices]]` of hotpapers.toml: whose shared papers are shown beside issues."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import msgspec

from hotpapers.base.errors import SettingsError
from hotpapers.base.settings.announce import publication_problems
from hotpapers.base.settings.limits import path_problem
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.base.wings import SettingsTable
from hotpapers.wings.voices.members import MASTODON_LIST, is_web_list, member_key

if TYPE_CHECKING:
    from hotpapers.site.site import Site

MAX_ACCOUNTS, MAX_LISTS, MAX_TITLE_CHARS = 1_000, 20, 100
"""Accounts and lists of a table, and characters of its title."""


class VoicesSettings(SettingsStruct):
    """`[[voices]]`: people whose shared papers are shown beside issues. No place depends on them.

    `publication`: beside whose issues. `title`: above the papers. `accounts`: handles such as ada.example (Bluesky) and
    ada@moth.example (Mastodon), addresses of blogs' feeds, or network:id. `lists`: addresses of Bluesky lists, starter
    packs and Mastodon lists, and addresses or files of account tables (CSV, as Mastodon exports them) and of blogs
    (OPML). `token`: of a Mastodon account that can read the Mastodon lists, or env:NAME; a secret.
    """

    publication: str
    title: Annotated[str, msgspec.Meta(max_length=MAX_TITLE_CHARS)] = "Shared by people this publication follows"
    accounts: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    token: str = ""


def voices_problems(tables: Sequence[VoicesSettings]) -> Iterator[tuple[str, str]]:
    """Problems in the `[[voices]]` tables, as (key, reason and remedy)."""
    for number, table in enumerate(tables, 1):
        label = f"voices {number}"
        if not (table.accounts or table.lists):
            yield f"{label}: accounts", "name accounts or lists"
        if not (table.title.isprintable() and table.title.strip()):
            yield f"{label}: title", "write a title on one line"
        for account in table.accounts:
            if not member_key(account):
                remedy = "write ada.example, ada@moth.example, a feed's address, or network:id"
                yield f"{label}: accounts", f"{account!r} is not an account; {remedy}"
        for key, values, most in (("accounts", table.accounts, MAX_ACCOUNTS), ("lists", table.lists, MAX_LISTS)):
            if len(values) > most:
                yield f"{label}: {key}", f"name at most {most:,}, or write another table"
        yield from ((f"{label}: lists", problem) for name in table.lists if (problem := _list_problem(name, table)))


def _list_problem(name: str, table: VoicesSettings) -> str:
    if MASTODON_LIST.fullmatch(name) and not table.token:
        return f"{name}: a Mastodon list is read with `token`, of an account whose list it is"
    if is_web_list(name):
        return ""
    if name.startswith(("http:", "https:", "at:")) or not name:
        return f"{name!r} is not the address of a list; copy it from the list's page"
    return path_problem(name)


TABLE = SettingsTable("voices", tuple[VoicesSettings, ...], (), voices_problems)


def check_publications(site: Site) -> None:
    """Raises SettingsError if a table names a publication that the site does not have."""
    for table in site.settings.table(TABLE.name):
        for key, problem in publication_problems(table.publication, site.own_publications):
            raise SettingsError(f"voices: {key}: {problem}")
