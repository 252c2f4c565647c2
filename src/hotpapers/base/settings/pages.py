"""The tables `[quote]` and `[summary]` of hotpapers.toml: quoted posts, and machine-written summaries."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from hotpapers.base.model import keys
from hotpapers.base.settings.paths import is_address

_SERVER = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.IGNORECASE)
_API = re.compile(r"(?:https|http)://[^\s/?#\"<>@]+(?:/[^\s?#\"<>]*)?")


class QuoteSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[quote]`: what is never quoted.

    `block_accounts`: accounts. `block_words`: words and phrases. `block_servers`: hosts, including their subdomains.
    """

    block_accounts: tuple[str, ...] = ()
    block_words: tuple[str, ...] = ()
    block_servers: tuple[str, ...] = ()


class SummarySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[summary]`: a sentence for each entry, written by a language model; off without a `url`.

    `url`: the address of an OpenAI-compatible API, up to /v1, such as http://127.0.0.1:11434/v1. `model`: the model's
    name there. `key`: your API key, or env:NAME; a server of your own may need none.
    """

    url: str = ""
    model: str = ""
    key: str = ""


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


def summary_problems(summary: SummarySettings) -> Iterator[tuple[str, str]]:
    """Problems in `[summary]`, as (key, reason and remedy)."""
    if not summary.url:
        for key in ("model", "key"):
            if getattr(summary, key):
                yield key, "has no effect without a url; set url to the API's address, or remove it"
        return
    if not (_API.fullmatch(summary.url) and is_address(summary.url)):
        yield "url", "write a full address, such as http://127.0.0.1:11434/v1"
    if not summary.model.strip():
        yield "model", "is missing; write the model's name on that server"
