"""Mastodon and servers that speak its API: hashtag and public timelines of the servers that the operator names.

A post is the same post on every server; its counts are those of its home server, which is asked for them.
https://docs.joinmastodon.org/methods/timelines/ · https://docs.joinmastodon.org/entities/Status/
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from urllib.parse import urlsplit

import msgspec

from hotpapers.errors import InputError, NetError
from hotpapers.model import Account, Item, Net, Page, Post, Seen, Snapshot
from hotpapers.sources.matching import decoded, gone_post, mentions_of, moment, own_id, unreadable
from hotpapers.sources.text import plain

NETWORK = "mastodon"
PAGE = 40
MOST_PAGES = 50
GONE = (404, 410)
PUBLIC = ("public", "unlisted")
OVERLAP = 3_600_000 << 16
"""An hour of Mastodon's identifiers, which hashtags are read again: posts of other servers arrive late."""
_SNOWFLAKE = re.compile(r"[0-9]{17,19}")
_HOME = re.compile(r"(https?://[\w.:-]+)/(?:users/[^/?#]+|ap/users/[0-9]+)/statuses/([0-9]{1,19})")
"""Only Mastodon's own addresses hold the id by which its API knows a post: elsewhere a 404 would say nothing."""


class MastodonServer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A server to read. `base`: its address. `tags`: which hashtags; `public`: its public timeline too. `token`: the
    operator's own, where the server shows these only to its users."""

    base: str
    tags: tuple[str, ...] = ("arxiv",)
    public: bool = False
    token: str = ""


class MastodonSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`servers`: none by default. `every`: seconds between rounds."""

    servers: tuple[MastodonServer, ...] = ()
    every: int = 300


class _Account(msgspec.Struct):
    url: str | None = ""
    uri: str | None = ""
    acct: str = ""
    display_name: str | None = ""
    note: str | None = ""
    bot: bool | None = False
    noindex: bool | None = False
    limited: bool | None = False
    suspended: bool | None = False


class _Card(msgspec.Struct):
    url: str | None = ""


class _Quoted(msgspec.Struct):
    uri: str = ""


class _Quote(msgspec.Struct):
    quoted_status: _Quoted | None = None


class _Status(msgspec.Struct):
    uri: str
    created_at: datetime.datetime
    account: _Account
    content: str | None = ""
    visibility: str = "public"
    sensitive: bool | None = False
    spoiler_text: str | None = ""
    language: str | None = None
    replies_count: int | None = None
    reblogs_count: int | None = None
    favourites_count: int | None = None
    quotes_count: int | None = None
    card: _Card | None = None
    quote: _Quote | None = None


class _Listed(msgspec.Struct):
    id: str
    uri: str
    visibility: str = "public"
    reblog: msgspec.Raw = msgspec.Raw(b"null")


class Mastodon:
    """The connector. The cursor holds, for each timeline, the newest id that was read there."""

    name = NETWORK

    def __init__(self, settings: MastodonSettings, known: Container[str] = ()) -> None:
        self.settings, self.known = settings, known
        self.every = settings.every
        self.reach: int | None = None

    def pages(self, net: Net, cursor: str | None) -> Iterator[Page]:
        """What is new in each timeline. One that fails does not keep the others from being read; it is told last."""
        newest = msgspec.json.decode(cursor, type=dict[str, str]) if cursor else {}
        failed: NetError | None = None
        for server in self.settings.servers:
            for path in [*(f"tag/{tag}" for tag in server.tags), *(["public"] if server.public else [])]:
                try:
                    yield from self._timeline(net, server, path, newest)
                except NetError as problem:
                    failed = problem
        if failed is not None:
            raise failed

    def _timeline(self, net: Net, server: MastodonServer, path: str, newest: dict[str, str]) -> Iterator[Page]:
        """The page after the last one that was read, until one is not full; at first the newest page alone."""
        name = f"{server.base}/{path}"
        headers = {"authorization": f"Bearer {server.token}"} if server.token else {}
        known = newest.get(name, "")
        after = _a_little_before(known) if path != "public" else known
        for _ in range(MOST_PAGES):
            params = {"limit": str(PAGE)} | ({"min_id": after} if after else {})
            answer = net.get(f"{server.base}/api/v1/timelines/{path}", params=params, headers=headers)
            raw = decoded(answer, list[msgspec.Raw])
            listed = [own_id(one, _Listed) for one in raw]
            reached = max([after, *(one.id for one in listed if one)], key=_age)
            newest[name] = max(newest.get(name, ""), reached, key=_age)
            seen = [_seen(one, bytes(body), server.base, answer.at) for one, body in zip(listed, raw, strict=True)]
            yield Page([one for one in seen if one], msgspec.json.encode(newest).decode())
            if not known or len(raw) < PAGE or reached == after:
                return
            after = reached

    def counts(self, net: Net, keys: Sequence[str]) -> Iterator[Page]:
        """Each post as its home server has it now, or that it is gone. A server that fails is not asked again."""
        failed: dict[str, NetError] = {}
        for key in keys:
            home = _HOME.fullmatch(key.removeprefix(f"{NETWORK}:"))
            if home is None or home[1] in failed:
                continue
            try:
                answer = net.get(f"{home[1]}/api/v1/statuses/{home[2]}", accept=GONE)
            except NetError as problem:
                failed[home[1]] = problem
                continue
            yield Page([Seen("gone" if answer.status in GONE else "home", home[0], answer.body, answer.at)])
        if failed:
            raise next(iter(failed.values()))

    def read(self, seen: Seen) -> Iterable[Item]:
        """A public post with its papers, its counts if its home server told them; that it is gone."""
        if seen.kind == "gone":
            return [gone_post(NETWORK, f"{NETWORK}:{seen.key}", seen.at, "deleted")]
        status = msgspec.json.decode(seen.body, type=_Status)
        if status.uri != seen.key:
            raise InputError(f"{status.uri[:200]} stands where {seen.key[:200]} was asked for")
        if status.visibility not in PUBLIC:
            return []
        key = f"{NETWORK}:{status.uri}"
        text, links = plain(status.content or "")
        card = [status.card.url] if status.card and status.card.url else []
        mentions = mentions_of(key, seen.at, text, [*links, *card])
        if not mentions:
            return []
        who = _account(status.account, seen.at)
        quoted = status.quote.quoted_status.uri if status.quote and status.quote.quoted_status else ""
        post = Post(
            post=key, network=NETWORK, account=who.account, created_at=moment(status.created_at), text=text,
            links=links, lang=status.language or "und", handle=who.handle, name=who.name,
            quotes=f"{NETWORK}:{quoted}" if quoted else "", limits=_limits(status), observed_at=seen.at,
        )  # fmt: skip
        return [post, who, *mentions, *([_snapshot(key, status, seen.at)] if seen.kind == "home" else [])]


def _age(id: str) -> tuple[int, str]:
    """Identifiers grow: by their number on Mastodon, by their letters where all have the same length."""
    return len(id), id


def _a_little_before(id: str) -> str:
    return str(max(1, int(id) - OVERLAP)) if _SNOWFLAKE.fullmatch(id) else id


def _seen(listed: _Listed | None, body: bytes, base: str, at: int) -> Seen | None:
    """A timeline's entry; of a boost the original. Only its home server's counts are to be believed."""
    if listed is None:
        return Seen("post", unreadable(body), body, at)
    if bytes(listed.reblog) != b"null":
        return _seen(own_id(listed.reblog, _Listed), bytes(listed.reblog), base, at)
    if listed.visibility not in PUBLIC:
        return None
    at_home = urlsplit(listed.uri).netloc == urlsplit(base).netloc
    return Seen("home" if at_home else "post", listed.uri, body, at)


def _account(said: _Account, at: int) -> Account:
    """Who wrote it. A name without its server is one of the server at which the account's own address is."""
    address = said.uri or said.url
    if not address:
        raise InputError("an account without an address")
    handle = said.acct if "@" in said.acct else f"{said.acct}@{urlsplit(address).netloc}"
    return Account(
        account=f"{NETWORK}:{address}", handle=handle, name=said.display_name or "", automated=bool(said.bot),
        observed_at=at,
    )  # fmt: skip


def _limits(status: _Status) -> tuple[str, ...]:
    """Why a post may not be quoted, as its author or servers have it."""
    account = status.account
    said = {
        "sensitive": status.sensitive,
        "content warning": bool(status.spoiler_text),
        "noindex": account.noindex,
        "limited": account.limited,
        "suspended": account.suspended,
        "nobot": "#nobot" in plain(account.note or "")[0].casefold(),
    }
    return tuple(name for name, holds in said.items() if holds)


def _snapshot(key: str, status: _Status, at: int) -> Snapshot:
    return Snapshot(
        post=key, reposts=status.reblogs_count, likes=status.favourites_count, replies=status.replies_count,
        quotes=status.quotes_count, observed_at=at,
    )  # fmt: skip
