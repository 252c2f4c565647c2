"""Settings of followed sites."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from hotpapers.base.settings import Settings
from hotpapers.base.settings.limits import MAX_NAME_CHARS, Name, is_address
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.base.wings import SettingsTable

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_ADDRESS = re.compile(r"https?://[^\s/?#@]+/(?:[^\s?#]*/)?")


class FollowSettings(SettingsStruct):
    """`[[follow]]`: another site whose published observations are read.

    `name`: your name for the site. `url`: the site's address, ending with /. `policy`: the key of its log, the
    witnesses, and how many must have cosigned (C2SP tlog-policy); by default the policy that the site gives when it is
    first read.
    """

    name: Name
    url: str
    policy: str = ""


def follow_problems(tables: Sequence[FollowSettings]) -> Iterator[tuple[str, str]]:
    """Problems in the `[[follow]]` tables, as (key, reason and remedy)."""
    names = [table.name for table in tables]
    for number, table in enumerate(tables, 1):
        label = f"follow {table.name!r}" if table.name else f"follow {number}"
        if not _NAME.fullmatch(table.name) or len(table.name) > MAX_NAME_CHARS:  # `follow --name` is not limited
            yield f"{label}: name", f'use letters, digits and hyphens, at most {MAX_NAME_CHARS}, such as "neighbor"'
        if table.name in names[: number - 1]:
            yield f"{label}: name", "is taken by an earlier table; names must differ"
        if _place_of(table.url) in [_place_of(earlier.url) for earlier in tables[: number - 1]]:
            yield f"{label}: url", "is the address of an earlier table; a site counts once"
        if not (_ADDRESS.fullmatch(table.url) and is_address(table.url)):
            yield f"{label}: url", "write a full address that ends with /, such as https://papers.example/daily/"


def _place_of(url: str) -> str:
    """An address without differences in spelling (RFC 3986, 6.2)."""
    place = unquote(url).partition("://")[2] or url
    host, _, path = place.partition("/")
    return re.sub(r"\.?(?::(?:80|443))?$", "", host.lower()) + posixpath.normpath(f"/{path}")


TABLE = SettingsTable("follow", tuple[FollowSettings, ...], (), follow_problems)


def follow_tables(settings: Settings) -> tuple[FollowSettings, ...]:
    """The `[[follow]]` tables."""
    tables: tuple[FollowSettings, ...] = settings.table(TABLE.name)
    return tables
