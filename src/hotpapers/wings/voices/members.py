"""Who is on a list, as keys of accounts: `bluesky:did:…`, `mastodon:@ada@moth.example`, `feeds:https://…`.

Lists are strangers' texts: they are limited on input, and nothing of them is shown.
"""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Iterator
from itertools import islice
from typing import TypeVar

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.keys import is_key, normalize_key
from hotpapers.base.model import HttpClient, storable_text
from hotpapers.base.settings.limits import is_address
from hotpapers.base.text.patterns import lazy_pattern
from hotpapers.base.untrusted_json import decode_json

MAX_MEMBERS = 5_000
"""Accounts of a list that are read."""
MAX_PAGES, PAGE = 50, 100
"""Pages of a Bluesky list, and accounts of each."""
MAX_FIELD_CHARS = 2_000
"""Characters of an account's name or a feed's address."""
_ACTOR, _RECORD = r"(did:[a-z]+:[\w.:-]+|[\w.-]+\.\w+)", r"([\w.~:-]+)"
BLUESKY_LIST = lazy_pattern(
    rf"(?:https?://(?:www\.)?bsky\.app/profile/{_ACTOR}/lists|at://{_ACTOR}/app\.bsky\.graph\.list)/{_RECORD}", re.ASCII
)
STARTER_PACK = lazy_pattern(
    rf"(?:https?://(?:www\.)?bsky\.app/start(?:er-pack)?/{_ACTOR}|at://{_ACTOR}/app\.bsky\.graph\.starterpack)/{_RECORD}",
    re.ASCII,
)
MASTODON_LIST = lazy_pattern(r"(https?://[^/\s]+)/lists/(\d+)", re.ASCII)
_HANDLE = lazy_pattern(r"@?((?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*)", re.ASCII | re.IGNORECASE)
_ADDRESS = lazy_pattern(r"@?(\w[\w.-]*@(?:[\w-]+\.)+[\w-]{2,}(?::\d+)?)")
_SCHEME = lazy_pattern(r"(?:(?:feeds?|rss|itpc|pcast):(?://)?)?(https?)://|(?:feeds?|rss|itpc|pcast)://", re.IGNORECASE)
_APPS = r"(?:[\w-]+\.)?(?:bsky\.app|bsky\.dev|deck\.blue|blacksky\.community)"
_PROFILE = lazy_pattern(rf"(?:https?://{_APPS}/profile/|at://)@?{_ACTOR}/?(?:[?#].*)?", re.ASCII)
"""An account in an app for Bluesky."""
_CLIENTS = r"(?:(?:main\.)?elk\.zone|semaphore\.social)"
_FEDIVERSE_PROFILE = lazy_pattern(
    rf"https?://(?:{_CLIENTS}/)?(?:www\.|m\.)?([\w.-]+\.\w+(?::\d+)?)/(?:(?:web/|deck/)?@|users/)"
    r"(\w[\w.-]*(?:@[\w.-]+\.\w+)?)(?<!\.rss)(?<!\.atom)(?<!\.json)/?(?:[?#].*)?"
)
"""An account on a server or in a client: server and name."""
_ELSEWHERE = frozenset(("youtube.com", "tiktok.com", "medium.com", "substack.com", "odysee.com", "hashnode.com"))
"""Hosts whose names with @ are not of the fediverse."""

Answer = TypeVar("Answer", bound=msgspec.Struct)


class _Subject(msgspec.Struct):
    did: str


class _Item(msgspec.Struct):
    subject: _Subject


class _Page(msgspec.Struct):
    items: list[_Item] = []
    cursor: str = ""


class _PackList(msgspec.Struct):
    uri: str


class _Pack(msgspec.Struct):
    list: _PackList


class _PackAnswer(msgspec.Struct):
    starter_pack: _Pack = msgspec.field(name="starterPack")


class _Account(msgspec.Struct):
    uri: str


def member_key(text: str) -> str:
    """The key of an account as people write it, also by its page; "" if it is none."""
    text = text.strip().removeprefix("acct:")
    if scheme := _SCHEME.match(text):  # `HTTPS://`, `feed://` and `feed:https://` are https
        text = f"{(scheme[1] or 'https').lower()}://{text[scheme.end() :]}"
    if profile := _PROFILE.fullmatch(text):
        return member_key(profile[1])
    if (profile := _FEDIVERSE_PROFILE.fullmatch(text)) and profile[1].lower() not in _ELSEWHERE:
        return member_key(profile[2] if "@" in profile[2] else f"{profile[2]}@{profile[1]}")
    if text.startswith(("http://", "https://")):
        return f"feeds:{text}" if is_address(text) else ""
    if is_key(normalize_key(text)):
        return normalize_key(text)
    if text.startswith("did:"):
        return f"bluesky:{text}"
    for network, form in (("mastodon", _ADDRESS), ("bluesky", _HANDLE)):
        if match := form.fullmatch(text):
            return f"{network}:@{match[1].lower()}"
    return ""


def is_web_list(name: str) -> bool:
    """Whether a list is read over the network."""
    if any(form.fullmatch(name) for form in (BLUESKY_LIST, STARTER_PACK)):
        return True
    return name.startswith(("http://", "https://")) and is_address(name)


def _tidy(name: str) -> str:
    """A list's address as apps share it: without query, fragment and slash at the end if it is one of Bluesky's."""
    bare = re.sub(r"/*(?:[?#].*)?\Z", "", name.strip(), count=1)
    is_bluesky = BLUESKY_LIST.fullmatch(bare) or STARTER_PACK.fullmatch(bare)
    return bare if is_bluesky or MASTODON_LIST.fullmatch(bare) else name


class ListReader:
    """Reads lists. `view`: the address of Bluesky's public view; `token`: for lists of a Mastodon server."""

    def __init__(self, http: HttpClient, view: str, token: str = "") -> None:
        self._http = http
        self._view = view.rstrip("/")
        self._token = token

    def members(self, name: str) -> tuple[str, ...]:
        """The accounts of a list at an address, or behind a Bluesky handle. Raises NetError, InputError."""
        if name.startswith("bluesky:@"):
            return (f"bluesky:{self._did(name.removeprefix('bluesky:@'))}",)
        name = _tidy(name)
        if match := BLUESKY_LIST.fullmatch(name):
            uri = f"at://{self._did(match[1] or match[2])}/app.bsky.graph.list/{match[3]}"
            return tuple(islice(self._of_bluesky(uri), MAX_MEMBERS))
        if match := STARTER_PACK.fullmatch(name):
            actor = match[1] or match[2]
            pack = f"at://{self._did(actor)}/app.bsky.graph.starterpack/{match[3]}"
            answer = self._ask("app.bsky.graph.getStarterPack", _PackAnswer, starterPack=pack)
            return tuple(islice(self._of_bluesky(answer.starter_pack.list.uri), MAX_MEMBERS))
        if (match := MASTODON_LIST.fullmatch(name)) and self._token:
            address = f"{match[1]}/api/v1/lists/{match[2]}/accounts?limit=0"  # all of them
            body = self._http.get(address, headers={"authorization": f"Bearer {self._token}"}).body
            accounts = decode_json(body, list[_Account])
            items = accounts[:MAX_MEMBERS]
            return tuple(f"mastodon:{storable_text(item.uri)}" for item in items)
        response = self._http.get(name)
        landed = _tidy(response.url)
        if landed != name and (BLUESKY_LIST.fullmatch(landed) or STARTER_PACK.fullmatch(landed)):
            return self.members(landed)  # a short address such as go.bsky.app/AbCdEf1
        return members_in(response.body)

    def _did(self, actor: str) -> str:
        if actor.startswith("did:"):
            return actor
        return storable_text(self._ask("com.atproto.identity.resolveHandle", _Subject, handle=actor).did)

    def _of_bluesky(self, uri: str) -> Iterator[str]:
        cursor = ""
        for _ in range(MAX_PAGES):
            more = {"cursor": cursor} if cursor else {}
            page = self._ask("app.bsky.graph.getList", _Page, list=uri, limit=str(PAGE), **more)
            yield from (f"bluesky:{storable_text(item.subject.did)}" for item in page.items)
            cursor = page.cursor
            if not cursor or not page.items:
                return

    def _ask(self, method: str, answer: type[Answer], **params: str) -> Answer:
        return decode_json(self._http.get(f"{self._view}/xrpc/{method}", params=params).body, answer)


def members_in(body: bytes) -> tuple[str, ...]:
    """The accounts in an OPML file, in a table whose first or second column has addresses such as ada@moth.example, or
    in a list of one on each line. Raises InputError."""
    text = _text_of(body)
    names = _feeds_in(text) if _OUTLINE.search(text) else _accounts_in(text)
    members = tuple(dict.fromkeys(islice(filter(None, map(member_key, names)), MAX_MEMBERS)))
    if not members:
        raise InputError("neither a table of accounts (CSV) nor a list of blogs (OPML)")
    return members


_DECLARED = re.compile(
    rb"<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}[\"']((?:utf|us|iso|latin|windows|cp|koi8|mac|gb|big5|euc|shift)[\w.:-]{0,20})[\"']",
    re.I,
)


def _text_of(body: bytes) -> str:
    """A file's text, whatever its encoding: by its first bytes, as XML declares, UTF-8, else Latin-1."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    if b"\0" in body[:2]:
        return body.decode("utf-16-be" if body[:1] == b"\0" else "utf-16-le", "replace")
    declared = _DECLARED.search(body[:1000])
    name = declared[1].decode() if declared else "utf-8"
    for encoding in ("utf-8-sig", name) if name.lower().startswith("utf") else (name, "utf-8-sig"):
        try:
            return body.decode(encoding)
        except (UnicodeError, LookupError):
            continue
    return body.decode("cp1252", "replace")


_HANDLES = lazy_pattern(r"handle|account|actor|user", re.IGNORECASE)
"""In the heading of a column of handles: elsewhere `ada.example` may be a site."""
_BARE_HANDLE = lazy_pattern(r"(?!.*\.bsky\.social\Z)[\w.-]+")
_BULLET = lazy_pattern(r"[-*\u2022]\s+")


def _accounts_in(text: str) -> Iterator[str]:
    """The accounts in the first two columns of a table, or on each line."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or lines[0].lstrip().startswith("<"):
        return
    sign = max(",;\t|", key=lines[0].count)
    if sign not in lines[0]:
        yield from (_BULLET.sub("", line.partition(" #")[0].strip(" \t\"'"), count=1) for line in lines)
        return
    try:
        rows = [row[:2] for row in csv.reader(lines, delimiter=sign)]
    except csv.Error as problem:
        raise InputError(f"not a table of accounts: {problem}") from problem
    of_handles = [number for number, cell in enumerate(rows[0]) if _HANDLES.search(cell)]
    for row in rows:
        cells = enumerate(cell.strip() for cell in row)
        yield from (cell for number, cell in cells if number in of_handles or not _BARE_HANDLE.fullmatch(cell))


_OUTLINE = lazy_pattern(r"<(?:\w{1,20}:)?outline\b", re.IGNORECASE)
_FEED = lazy_pattern(
    r"(?<![\w:-])(?:xml|feed|rss)_?url\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+))", re.IGNORECASE
)
_URL = lazy_pattern(_FEED.pattern.replace("(?:xml|feed|rss)_?", ""), re.IGNORECASE)
_LINK = lazy_pattern(r"\btype\s{0,9}=\s{0,9}[\"'](?:link|include)[\"']", re.IGNORECASE)
_ENTITY = lazy_pattern(r"&#?\w{1,32};")


def _feeds_in(text: str) -> Iterator[str]:
    """The addresses of feeds in OPML as people have it, which is often no XML: stray signs, attributes written twice,
    other texts before or after."""
    if "<!ENTITY" in text:
        raise InputError("not a list of blogs: it declares entities")
    shown = "".join(part.partition("-->")[2] if number else part for number, part in enumerate(text.split("<!--")))
    for outline in _OUTLINE.split(shown)[1:]:
        match = _FEED.search(outline) or (None if _LINK.search(outline) else _URL.search(outline))
        if match:
            address = (match[1] or match[2] or match[3] or "").strip()
        else:
            address = ""
        if len(address) <= MAX_FIELD_CHARS:
            yield _ENTITY.sub(lambda entity: html.unescape(entity[0]), address)
