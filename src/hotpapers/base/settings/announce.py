"""Tables of hotpapers.toml: chat rooms, webhooks and Bluesky accounts where each issue is announced.

Addresses and passwords may be written in the file or read from the environment: `env:NAME`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

from hotpapers.base import keys
from hotpapers.base.errors import SettingsError
from hotpapers.base.installed import hooks_of
from hotpapers.base.model import without_duplicates
from hotpapers.base.networks import AT_PROTOCOL, network_names
from hotpapers.base.settings.limits import Name, is_address
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.base.suggestions import list_choices
from hotpapers.base.text.patterns import lazy_pattern
from hotpapers.base.wings import Problems, SendingChannel

MIN_SECRET_CHARS = 16
"""Minimum number of characters of a secret, against guessing."""

NAME = lazy_pattern(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
"""The names of publications, rooms and receivers."""
_ENVIRONMENT = lazy_pattern(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_ROOM = lazy_pattern(r"[A-Za-z][A-Za-z0-9+.-]*://.+")
_HOST = lazy_pattern(r"https?://[^\s/?#\"<>@]+")
_WEB = lazy_pattern(r"https?://[^\s/?#\"<>@]+(?:[/?][^\s#\"<>]*)?")
_SERVICE = lazy_pattern(r"https://[A-Za-z0-9.-]+|http://localhost:\d{1,5}")
_DID = lazy_pattern(r"did:(?:plc:[a-z2-7]{24}|web:[A-Za-z0-9.%-]+)")
_HANDLE = lazy_pattern(r"@?([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")


class ChatSettings(SettingsStruct):
    """One `[[chat]]`.

    `name`: your name for the room; keep it if the address changes. `publication`: the publication to announce. `url`:
    the room's address in Apprise's format, or env:NAME; a secret. `members`: names of authors, and accounts such as
    bluesky:did:plc:…, whose papers are highlighted.
    """

    name: Name
    publication: str
    url: str
    members: tuple[str, ...] = ()


class WebhookSettings(SettingsStruct):
    """One `[[webhook]]`.

    `name`: your name for the receiver. `publication`: the publication whose issues it gets. `url`: its address, or
    env:NAME. `secret`: the secret for the signature, 16 characters or more, or env:NAME.
    """

    name: Name
    publication: str
    url: str
    secret: str


class BlueskyAccount(SettingsStruct):
    """One `[[bluesky]]`: an account of the publication's own. Its posts, and reactions to them, are never counted.

    `publication`: the publication that it announces. `account`: its DID, such as did:plc:…. `password`: an app
    password, or env:NAME. `host`: the server to sign in to. `thread`: whether to post each issue as a thread.
    `documents`: whether to publish each issue as a document of the account, if `[publish]` has a `base`. `feed`: the
    public address of `hotpapers serve`, which serves a custom feed of the posts that issues show.
    """

    publication: str
    account: str
    password: str = ""
    host: str = "https://bsky.social"
    thread: bool = True
    documents: bool = True
    feed: str = ""

    def makes_documents(self, base: str) -> bool:
        """Whether issues become documents: not without a password, nor without `base`, the site's public address."""
        return bool(self.documents and self.password and base)


AnnounceTables = tuple[Sequence[ChatSettings], Sequence[WebhookSettings], Sequence[BlueskyAccount]]
"""All tables of this module, as they are in the settings."""


def read_secret(value: str, key: str) -> str:
    """A setting's value, read from the environment if it is `env:NAME`. Raises SettingsError, which never shows it."""
    variable = _ENVIRONMENT.fullmatch(value)
    if variable is None:
        return value
    setting = os.environ.get(variable[1], "")
    if not setting.strip():
        raise SettingsError(
            f"{key}: the environment variable {variable[1]} is not set; set it, or write the value here"
        )
    return setting.strip()


def own_accounts(tables: Sequence[BlueskyAccount], publication: str) -> tuple[str, ...]:
    """The keys of the accounts that are a publication's own."""
    return without_duplicates(f"{AT_PROTOCOL}:{table.account}" for table in tables if table.publication == publication)


# ---- problems, as (key, reason and remedy) -------------------------------------------------------------


def problems(tables: AnnounceTables, publications: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Problems in these tables, as (key, reason and remedy). `publications`: the names of all publications."""
    sent = {channel.name for channel in hooks_of(SendingChannel)}
    by_name: dict[str, Sequence[Any]] = dict(zip(_PROBLEMS, tables, strict=True))
    for name, given in by_name.items():
        if given and name not in sent:
            yield name, "no wing that is installed sends it: `hotpapers wings` lists those that are; delete its tables"
    for name, given in by_name.items():
        for number, table in enumerate(given, 1):
            table_problems = chain(
                _PROBLEMS[name](table, given[: number - 1]), publication_problems(table.publication, publications)
            )
            yield from ((f"{name} {number}: {key}", problem) for key, problem in table_problems)


def publication_problems(name: str, publications: Sequence[str]) -> Problems:
    """The problem of a table that names a publication which the file does not have."""
    if name not in publications:
        known = list_choices(name, publications) or "no publication"
        yield "publication", f"{name!r} is not in this file, which has {known}"


def _name_problems(name: str, earlier: Sequence[ChatSettings | WebhookSettings]) -> Problems:
    if not NAME.fullmatch(name):
        yield "name", 'use letters, digits and hyphens, such as "our-lab"'
    if name in [table.name for table in earlier]:
        yield "name", "is taken by an earlier table; names must differ"


def _chat_problems(chat: ChatSettings, earlier: Sequence[ChatSettings]) -> Problems:
    if not (_ROOM.fullmatch(chat.url) or _ENVIRONMENT.fullmatch(chat.url)):
        yield "url", 'write the room\'s address in Apprise\'s format, such as "slack://…", or "env:NAME"'
    for member in chat.members:
        if not member.strip():
            yield "members", "contains an empty name; remove it"
        if keys.network_of(member) in network_names() and ":" in member and not keys.is_key(member):
            yield "members", f"write accounts as network:id or network:@handle, not {member!r}"
    yield from _name_problems(chat.name, earlier)


def _webhook_problems(webhook: WebhookSettings, earlier: Sequence[WebhookSettings]) -> Problems:
    if not ((_WEB.fullmatch(webhook.url) and is_address(webhook.url)) or _ENVIRONMENT.fullmatch(webhook.url)):
        yield "url", 'write a full address, such as "https://receiver.example/issues", or "env:NAME"'
    if not _ENVIRONMENT.fullmatch(webhook.secret) and len(webhook.secret) < MIN_SECRET_CHARS:
        yield "secret", f'write {MIN_SECRET_CHARS} random characters or more, or "env:NAME"'
    yield from _name_problems(webhook.name, earlier)


def own_problem(account: str) -> str:
    """What is wrong with an account that a publication names as its own; empty if nothing is."""
    if not keys.is_key(account):
        return f"write accounts as network:id, not {account!r}"
    id = keys.own_id(account)
    if keys.network_of(account) == AT_PROTOCOL and not id.startswith("did:"):
        return f"{account!r}: {_did_problem(id)}"
    return ""


def _did_problem(account: str) -> str:
    """What is wrong with an account on Bluesky that should be a DID; empty if nothing is."""
    if _DID.fullmatch(account):
        return ""
    handle = _HANDLE.fullmatch(account)
    lookup = handle and f"; https://bsky.social/xrpc/com.atproto.identity.resolveHandle?handle={handle[1]} gives it"
    return f"write its DID, which stays when its handle changes{lookup or ''}"


def _account_problems(account: BlueskyAccount, earlier: Sequence[BlueskyAccount]) -> Problems:
    if problem := _did_problem(account.account):
        yield "account", problem
    if (account.publication, account.account) in [(other.publication, other.account) for other in earlier]:
        yield "account", "already has a table for this publication"
    if account.thread and not account.password.strip():
        yield "password", 'is missing; create an app password in Bluesky\'s settings, and write it or "env:NAME"'
    if not (_HOST.fullmatch(account.host) and is_address(account.host)):
        yield "host", 'write it like "https://bsky.social", without a path'
    if account.feed and not _SERVICE.fullmatch(account.feed):
        yield "feed", 'write the public address of `hotpapers serve`, such as "https://papers.example", without a path'


_PROBLEMS: dict[str, Callable[[Any, Any], Problems]] = {
    "chat": _chat_problems,
    "webhook": _webhook_problems,
    AT_PROTOCOL: _account_problems,
}
"""What is wrong with a table of each kind itself, given those before it."""
