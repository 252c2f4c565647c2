"""The tables of hotpapers.toml that say who is told of each issue: chat rooms, receivers of JSON, accounts on Bluesky.

An address or password may stand in the file, or in the environment: `env:NAME`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

import msgspec

from hotpapers.errors import SettingsError
from hotpapers.model import NETWORKS, distinct, keys

SHORTEST_SECRET = 16
"""Characters of a secret that nobody guesses."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?")
_ENVIRONMENT = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_ROOM = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://.+")
_HOST = re.compile(r"https?://[^\s/?#\"<>@]+")
_WEB = re.compile(r"https?://[^\s/?#\"<>@]+(?:[/?][^\s#\"<>]*)?")
_SERVICE = re.compile(r"https://[A-Za-z0-9.-]+|http://localhost:\d{1,5}")
_DID = re.compile(r"did:(?:plc:[a-z2-7]{24}|web:[A-Za-z0-9.%-]+)")
_HANDLE = re.compile(r"@?([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")


class ChatSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[chat]]`.

    `name`: your name for the room, also when its address changes. `publication`: whose issues it is told of. `url`: its
    address as Apprise writes it, or env:NAME; a secret. `members`: authors' names, and accounts such as
    bluesky:did:plc:…, whose papers are pointed out.
    """

    name: str
    publication: str
    url: str
    members: tuple[str, ...] = ()


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[webhook]]`.

    `name`: your name for the receiver. `publication`: whose issues it is sent. `url`: its address, or env:NAME.
    `secret`: for the signature, 16 characters or more, or env:NAME.
    """

    name: str
    publication: str
    url: str
    secret: str


class BlueskyAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[bluesky]]`: an account of the publication's own. What it posts, and reactions to that, are never counted.

    `publication`: whose issues it tells. `account`: its DID, such as did:plc:…. `password`: an app password, or
    env:NAME. `host`: where it signs in. `thread`: whether each issue becomes a thread. `documents`: whether, with
    `base` in `[publish]`, each issue becomes a document of the account. `feed`: the public address of `hotpapers
    serve`, which makes a feed of the posts that issues show.
    """

    publication: str
    account: str
    password: str = ""
    host: str = "https://bsky.social"
    thread: bool = True
    documents: bool = True
    feed: str = ""

    def makes_documents(self, base: str) -> bool:
        """Whether issues of a site become documents. `base`: its public address, without which they do not; nor do they
        by an account without a password."""
        return bool(self.documents and self.password and base)


AnnounceTables = tuple[Sequence[ChatSettings], Sequence[WebhookSettings], Sequence[BlueskyAccount]]
"""All tables of this file, as the settings have them."""


def secret(value: str, key: str) -> str:
    """A value of the settings, looked up where it stands in the environment. Raises SettingsError, not showing it."""
    named = _ENVIRONMENT.fullmatch(value)
    if named is None:
        return value
    setting = os.environ.get(named[1], "")
    if not setting.strip():
        raise SettingsError(f"{key}: the environment has no {named[1]}; set it, or write the value itself.")
    return setting.strip()


def own_accounts(tables: Sequence[BlueskyAccount], publication: str) -> tuple[str, ...]:
    """The keys of the accounts that are a publication's own."""
    return distinct(f"bluesky:{table.account}" for table in tables if table.publication == publication)


# ---- what is wrong, as (key, reason and remedy) --------------------------------------------------------


def problems(tables: AnnounceTables, publications: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What cannot be used in these tables. `publications`: the names of those that there are."""
    chats, webhooks, accounts = tables
    for number, chat in enumerate(chats, 1):
        others = [chat.name for chat in chats[: number - 1]]
        yield from _within(f"chat {number}", _chat_problems(chat), _shared(chat, others, publications))
    for number, webhook in enumerate(webhooks, 1):
        others = [settings.name for settings in webhooks[: number - 1]]
        yield from _within(f"webhook {number}", _webhook_problems(webhook), _shared(webhook, others, publications))
    for number, account in enumerate(accounts, 1):
        twice = any(
            (account.publication, account.account) == (a.publication, a.account) for a in accounts[: number - 1]
        )
        account_problems = _account_problems(account, twice)
        yield from _within(f"bluesky {number}", account_problems, _publication(account.publication, publications))


Problems = Iterator[tuple[str, str]]


def _within(table: str, *problems: Problems) -> Problems:
    yield from ((f"{table}: {key}", wrong) for some in problems for key, wrong in some)


def _shared(table: ChatSettings | WebhookSettings, others: Sequence[str], publications: Sequence[str]) -> Problems:
    if not _NAME.fullmatch(table.name):
        yield "name", 'write it with letters, digits and hyphens, at most 64, such as "our-lab".'
    if table.name in others:
        yield "name", "is taken by an earlier one; names must differ."
    yield from _publication(table.publication, publications)


def _publication(name: str, publications: Sequence[str]) -> Problems:
    if name not in publications:
        yield "publication", f"{name!r} is none of those in this file: {', '.join(publications) or 'there is none'}."


def _chat_problems(chat: ChatSettings) -> Problems:
    if not (_ROOM.fullmatch(chat.url) or _ENVIRONMENT.fullmatch(chat.url)):
        yield "url", 'write the room\'s address as Apprise has it, such as "slack://…", or "env:NAME".'
    for member in chat.members:
        if not member.strip():
            yield "members", "holds an empty name; take it out."
        if keys.network_of(member) in NETWORKS and ":" in member and not keys.is_key(member):
            yield "members", f"write accounts as network:id or network:@handle, not {member!r}."


def _webhook_problems(webhook: WebhookSettings) -> Problems:
    if not (_WEB.fullmatch(webhook.url) or _ENVIRONMENT.fullmatch(webhook.url)):
        yield "url", 'write a whole address, such as "https://receiver.example/issues", or "env:NAME".'
    if not _ENVIRONMENT.fullmatch(webhook.secret) and len(webhook.secret) < SHORTEST_SECRET:
        yield "secret", f'write {SHORTEST_SECRET} characters or more that nobody guesses, or "env:NAME".'


def _account_problems(account: BlueskyAccount, twice: bool) -> Problems:
    handle = _HANDLE.fullmatch(account.account)
    if not _DID.fullmatch(account.account):
        where = f"https://bsky.social/xrpc/com.atproto.identity.resolveHandle?handle={handle[1]}" if handle else ""
        yield "account", f"write its DID, which stays whatever its name is{f'; {where} tells it' if where else ''}."
    if twice:
        yield "account", "has a table for this publication already."
    if account.thread and not account.password.strip():
        yield "password", 'is missing; make an app password in Bluesky\'s settings, and write it or "env:NAME".'
    if not _HOST.fullmatch(account.host):
        yield "host", 'write it as "https://bsky.social", without a path.'
    if account.feed and not _SERVICE.fullmatch(account.feed):
        yield "feed", 'write where `hotpapers serve` is public, such as "https://papers.example", without a path.'
