"""The tables of hotpapers.toml on what pages say in other people's words, and in a machine's."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from hotpapers.model import keys

_SERVER = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.IGNORECASE)
_API = re.compile(r"(?:https|http)://[^\s/?#\"<>@]+(?:/[^\s?#\"<>]*)?")


class QuoteSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[quote]`: what is never quoted, whatever it says.

    `block_accounts`: accounts. `block_words`: words and phrases. `block_servers`: hosts, with all below them.
    """

    block_accounts: tuple[str, ...] = ()
    block_words: tuple[str, ...] = ()
    block_servers: tuple[str, ...] = ()


class SummarySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[summary]`: a sentence for each entry by a language model, off unless there is a `url`.

    `url`: where an API like OpenAI's answers, up to /v1, such as http://127.0.0.1:11434/v1. `model`: its name there.
    `key`: your own, or env:NAME; a server of your own may need none.
    """

    url: str = ""
    model: str = ""
    key: str = ""


def quote_problems(quote: QuoteSettings) -> Iterator[tuple[str, str]]:
    """What cannot be used of it, as (key, reason and remedy)."""
    for account in quote.block_accounts:
        if not keys.is_key(account):
            yield "block_accounts", f"write accounts as network:id or network:@handle, not {account!r}."
    if not all(word.strip() for word in quote.block_words):
        yield "block_words", "holds an empty word, which every post has; take it out."
    for server in quote.block_servers:
        if not _SERVER.fullmatch(server):
            yield "block_servers", f"write servers as social.example.org, not {server!r}."


def summary_problems(summary: SummarySettings) -> Iterator[tuple[str, str]]:
    """What cannot be used of it, as (key, reason and remedy)."""
    if not summary.url:
        for key in ("model", "key"):
            if getattr(summary, key):
                yield key, "is of no use without a url; write where the model answers, or take it out."
        return
    if not _API.fullmatch(summary.url):
        yield "url", "write a whole address, such as http://127.0.0.1:11434/v1."
    if not summary.model.strip():
        yield "model", "is missing; write what the server calls it."
