"""The smaller tables of hotpapers.toml, each with the problems that it may have, as (key, reason and remedy)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from hotpapers.model import keys

Problems = Iterator[tuple[str, str]]


# ---- names of files, folders and addresses ---------------------------------------------------------------


def path_problem(path: str) -> str:
    """Why this path is unusable; empty if it is usable."""
    if "\0" in path:
        return f"{path!r} contains a null byte; remove it."
    try:
        Path(path).expanduser()
    except RuntimeError:
        return f"{path!r} is not a path: there is no such home folder; write the full path."
    return ""


def is_address(url: str) -> bool:
    """Whether host and port of an address can be read: brackets must be around an IPv6 address, a port below 65,536."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


# ---- mail and the app ------------------------------------------------------------------------------------

BASE = re.compile(r"(?:https://|http://(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/]))[^\s?#\"<>]*/")
"""The public address of the app: https, unless it is on this machine, since people send it data."""
BASE_REMEDY = "write a full address that begins with https:// and ends with /, such as https://papers.example/."
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
MAIL_ADDRESS = re.compile(rf"(?=.{{3,254}}\Z)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z]{_LABEL}")
"""A mail address that every server accepts: no quotes, comments or literals (RFC 5321 §4.1.2: dot-string and domain),
within the length limits of §4.5.3.1; domains beyond ASCII as xn--."""


class MailingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[mailing]`.

    `relay`: the mail server that relays your messages; without one, no mail is sent. `port`: its port. `tls`: STARTTLS,
    or TLS from the start. `user`: the user name at the relay; the password is read from the environment variable
    HOTPAPERS_MAIL_PASSWORD or from a file. `password_file`: that file. `address`: the sender's address. `reply_to`,
    `bounces`: where replies and bounces go, if not to `address`. `base`: the public address of `hotpapers serve` for
    confirm and unsubscribe links, if not the one in `[serve]`; without one, both are done by mail. `pace`: messages per
    minute to one domain. `selector`: the relay's DKIM selector, for `mail check`.
    """

    relay: str = ""
    port: int = 587
    tls: Literal["starttls", "implicit"] = "starttls"
    user: str = ""
    password_file: str = ""
    address: str = ""
    reply_to: str = ""
    bounces: str = ""
    base: str = ""
    pace: int = 60
    selector: str = ""


def is_app_address(base: str) -> bool:
    """Whether the app's public address is usable, or empty."""
    return not base or (BASE.fullmatch(base) is not None and is_address(base))


def mailing_problems(mailing: MailingSettings) -> Problems:
    """Problems in `[mailing]`."""
    for key in ("address", "reply_to", "bounces"):
        value = getattr(mailing, key)
        if (value or (key == "address" and mailing.relay)) and not MAIL_ADDRESS.fullmatch(value):
            yield key, f"{value!r} is not a mail address; write it like papers@example.org."
    if not re.fullmatch(r"[A-Za-z0-9.:-]*", mailing.relay):
        yield "relay", f"{mailing.relay!r} is not a host; write it like mail.example.org, and the port as port = 587."
    if not is_app_address(mailing.base):
        yield "base", BASE_REMEDY
    if not re.fullmatch(r"[A-Za-z0-9._-]*", mailing.selector):
        yield "selector", f"{mailing.selector!r} is not a valid DNS name."
    for key, largest in (("port", 65_535), ("pace", 60_000)):
        if not 1 <= getattr(mailing, key) <= largest:
            yield key, f"{getattr(mailing, key)} is out of range; write 1 to {largest}."


class ServeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[serve]`, for `hotpapers serve`.

    `base`: its public address, such as https://papers.example/; pages then link to its forms. `rate`: simple API
    requests per client and minute, 0 for no limit. `proxies`: the number of your own proxies in front of the server
    that set X-Forwarded-For.
    """

    base: str = ""
    rate: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 300
    proxies: Annotated[int, msgspec.Meta(ge=0, le=10)] = 0


# ---- quotations and summaries ----------------------------------------------------------------------------

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


def quote_problems(quote: QuoteSettings) -> Problems:
    """Problems in `[quote]`."""
    for account in quote.block_accounts:
        if not keys.is_key(account):
            yield "block_accounts", f"write accounts as network:id or network:@handle, not {account!r}."
    if not all(word.strip() for word in quote.block_words):
        yield "block_words", "contains an empty word, which matches every post; remove it."
    for server in quote.block_servers:
        if not _SERVER.fullmatch(server):
            yield "block_servers", f"write servers like social.example.org, not {server!r}."


def summary_problems(summary: SummarySettings) -> Problems:
    """Problems in `[summary]`."""
    if not summary.url:
        for key in ("model", "key"):
            if getattr(summary, key):
                yield key, "has no effect without a url; set url to the API's address, or remove it."
        return
    if not (_API.fullmatch(summary.url) and is_address(summary.url)):
        yield "url", "write a full address, such as http://127.0.0.1:11434/v1."
    if not summary.model.strip():
        yield "model", "is missing; write the model's name on that server."


# ---- followed sites and logs -----------------------------------------------------------------------------

_SITE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_SITE = re.compile(r"https?://[^\s/?#@]+/(?:[^\s?#]*/)?")


class FollowSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[follow]]`: another site whose published observations are read.

    `name`: your name for the site. `url`: the site's address, ending with /. `policy`: the key of its log, the
    witnesses, and how many must have cosigned (C2SP tlog-policy); by default the policy that the site gives when it is
    first read.
    """

    name: str
    url: str
    policy: str = ""


def follow_problems(tables: Sequence[FollowSettings]) -> Problems:
    """Problems in the `[[follow]]` tables."""
    names = [table.name for table in tables]
    for number, table in enumerate(tables, 1):
        label = f"follow {table.name!r}" if table.name else f"follow {number}"
        if not _SITE_NAME.fullmatch(table.name):
            yield f"{label}: name", 'use letters, digits and hyphens, at most 64, such as "neighbor".'
        if table.name in names[: number - 1]:
            yield f"{label}: name", "is taken by an earlier table; names must differ."
        if not (_SITE.fullmatch(table.url) and is_address(table.url)):
            yield f"{label}: url", "write a full address that ends with /, such as https://papers.example/daily/."


class TransparencySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[transparency]`: a log of what was published, kept once there is a key, which `hotpapers init` creates.

    `key`: the file of the private key. `folder`: where the logs are kept. `policy`: the witnesses that are asked to
    cosign, and how many must do so (C2SP tlog-policy). `observations`: whether to publish the observations too, without
    words, names and handles, for others to follow.
    """

    key: str = "hotpapers.key"
    folder: str = "transparency"
    policy: str = ""
    observations: bool = False
