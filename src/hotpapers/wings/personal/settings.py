"""The tables `[[reader]]` of hotpapers.toml: people who get each day's papers in their own order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated

import msgspec

from hotpapers.base.settings.limits import Name, path_problem
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.base.text.domains import is_mail_address
from hotpapers.base.wings import SettingsTable

_FEED = re.compile(r".*[^/]\.(atom|xml)", re.DOTALL)


class ReaderSettings(SettingsStruct):
    """`[[reader]]`.

    `name`: your name for the reader. `publication`: whose days are ordered. `stars`: the file of what the reader
    starred, as `for-me --stars` reads it. `feed`: the Atom file to write; whoever knows its address can read it, so on
    a web server give it a name that nobody guesses. `mail`: the address that gets each day, once; needs `[mailing]`.
    `papers`: the number of papers of a day.
    """

    name: Name
    publication: str
    stars: str
    feed: str = ""
    mail: str = ""
    papers: Annotated[int, msgspec.Meta(ge=1, le=200)] = 20


def reader_problems(tables: Sequence[ReaderSettings]) -> Iterator[tuple[str, str]]:
    """Problems in the `[[reader]]` tables, as (key, reason and remedy)."""
    names = [table.name for table in tables]
    feeds = [table.feed for table in tables if table.feed]
    for number, table in enumerate(tables, 1):
        label = f"reader {table.name!r}" if table.name else f"reader {number}"
        if not (table.name.isprintable() and table.name.strip()):
            yield f"{label}: name", "write a name"
        if table.name in names[: number - 1]:
            yield f"{label}: name", "is taken by an earlier table; names must differ"
        if not table.stars:
            yield f"{label}: stars", 'name a file, such as "stars/ada.bib"'
        for key, path in (("stars", table.stars), ("feed", table.feed)):
            if problem := path_problem(path):
                yield f"{label}: {key}", problem
        yield from _delivery_problems(table, label, feeds)


def _delivery_problems(table: ReaderSettings, label: str, feeds: Sequence[str]) -> Iterator[tuple[str, str]]:
    if bool(table.feed) == bool(table.mail):
        yield f"{label}: feed", "write either feed or mail; somebody who wants both has two tables"
    if table.feed and not _FEED.fullmatch(table.feed):
        yield f"{label}: feed", "write the path of a file that ends with .atom or .xml"
    if feeds.count(table.feed) > 1:
        yield f"{label}: feed", "is another reader's, too; each needs a file of its own"
    if table.mail and not is_mail_address(table.mail):
        yield f"{label}: mail", f"{table.mail!r} is not a mail address; write it like ada@example.org"


TABLE = SettingsTable("reader", tuple[ReaderSettings, ...], (), reader_problems)
