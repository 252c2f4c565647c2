"""What posts are never quoted: `[quote]`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hotpapers.base import keys
from hotpapers.base.struct_types import SettingsStruct

_SERVER = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.IGNORECASE)


class QuoteSettings(SettingsStruct):
    """`[quote]`: what is never quoted.

    `block_accounts`: accounts, also by former handles. `block_words`: words and phrases. `block_servers`: hosts,
    including their subdomains.
    """

    block_accounts: tuple[str, ...] = ()
    block_words: tuple[str, ...] = ()
    block_servers: tuple[str, ...] = ()


def quote_problems(quote: QuoteSettings) -> Iterator[tuple[str, str]]:
    """Problems in `[quote]`, as (key, reason and remedy)."""
    for account in quote.block_accounts:
        if not keys.is_key(account):
            yield "block_accounts", f"write accounts as network:id or network:@handle, not {account!r}"
    if not all(word.strip() for word in quote.block_words):
        yield "block_words", "contains an empty word, which matches every post; remove it"
    for server in quote.block_servers:
        if not _SERVER.fullmatch(server):
            yield "block_servers", f"write servers like social.example.org, not {server!r}"
