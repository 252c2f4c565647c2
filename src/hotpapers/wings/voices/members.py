"""Who is on a list, as keys of accounts: `bluesky:did:…`, `mastodon:@ada@moth.example`, `feeds:https://…`.

Lists are strangers' texts: they are limited on input, and nothing of them is shown.
"""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeVar
from xml.parsers import expat

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.model import HttpClient, storable
from hotpapers.base.model.keys import folded, is_key
from hotpapers.base.settings.limits import is_address
from hotpapers.base.untrusted_json import decode_json

MAX_MEMBERS = 5_000
"""Accounts of a list that are read."""
MAX_PAGES, PAGE = 50, 100
"""Pages of a Bluesky list, and accounts of each."""
MAX_FIELD_CHARS = 2_000
"""Characters of an account's name or a feed's address."""
_ACTOR, _RECORD = r"(did:[a-z]+:[\w.:-]+|[\w.-]+\.\w+)", r"([\w.~:-]+)"
BLUESKY_LIST = re.compile(
    rf"(?:https?://(?:www\.)?bsky\.app/profile/{_ACTOR}/lists|at://{_ACTOR}/app\.bsky\.graph\.list)/{_RECORD}", re.ASCII
)
STARTER_PACK = re.compile(
    rf"(?:https?://(?:www\.)?bsky\.app/start(?:er-pack)?/{_ACTOR}|at://{_ACTOR}/app\.bsky\.graph\.starterpack)/{_RECORD}",
    re.ASCII,
)
MASTODON_LIST = re.compile(r"(https?://[^/\s]+)/lists/(\d+)", re.ASCII)
_HANDLE = re.compile(r"@?((?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*)", re.ASCII | re.IGNORECASE)
_ADDRESS = re.compile(r"@?(\w[\w.-]*@(?:[\w-]+\.)+[\w-]{2,}(?::\d+)?)")


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
    """The key of an account as people write it; "" if it is none."""
    text = text.strip()
    if text.startswith(("http://", "https://")):
        return f"feeds:{text}" if is_address(text) else ""
    if is_key(folded(text)):
        return folded(text)
    if text.startswith("did:"):
        return f"bluesky:{text}"
    for network, form in (("mastodon", _ADDRESS), ("bluesky", _HANDLE)):
        if match := form.fullmatch(text):
            return f"{network}:@{match[1].lower()}"
    return ""


def is_web_list(name: str) -> bool:
    """Whether a list is read over the network."""
    return any(form.fullmatch(name) for form in (BLUESKY_LIST, STARTER_PACK)) or (
        name.startswith(("http://", "https://")) and is_address(name)
    )


def _tidy(name: str) -> str:
    """A list's address as apps share it: without query, fragment and slash at the end if it is one of Bluesky's."""
    bare = re.sub(r"/*(?:[?#].*)?\Z", "", name.strip(), count=1)
    is_bluesky = BLUESKY_LIST.fullmatch(bare) or STARTER_PACK.fullmatch(bare)
    return bare if is_bluesky or MASTODON_LIST.fullmatch(bare) else name


class ListReader:
    """Reads lists. `view`: the address of Bluesky's public view; `token`: for lists of a Mastodon server."""

    def __init__(self, http: HttpClient, view: str, token: str = "") -> None:
        self._http, self._view, self._token = http, view.rstrip("/"), token

    def members(self, name: str) -> tuple[str, ...]:
        """The accounts of a list at an address, or behind a Bluesky handle. Raises NetError, InputError."""
        if name.startswith("bluesky:@"):
            return (f"bluesky:{self._did(name.removeprefix('bluesky:@'))}",)
        name = _tidy(name)
        if match := BLUESKY_LIST.fullmatch(name):
            uri = f"at://{self._did(match[1] or match[2])}/app.bsky.graph.list/{match[3]}"
            return tuple(islice(self._of_bluesky(uri), MAX_MEMBERS))
        if match := STARTER_PACK.fullmatch(name):
            pack = f"at://{self._did(match[1] or match[2])}/app.bsky.graph.starterpack/{match[3]}"
            answer = self._ask("app.bsky.graph.getStarterPack", _PackAnswer, starterPack=pack)
            return tuple(islice(self._of_bluesky(answer.starter_pack.list.uri), MAX_MEMBERS))
        if (match := MASTODON_LIST.fullmatch(name)) and self._token:
            address = f"{match[1]}/api/v1/lists/{match[2]}/accounts?limit=0"  # all of them
            body = self._http.get(address, headers={"authorization": f"Bearer {self._token}"}).body
            accounts = decode_json(body, list[_Account])
            return tuple(f"mastodon:{storable(item.uri)}" for item in accounts[:MAX_MEMBERS])
        response = self._http.get(name)
        landed = _tidy(response.url)
        if landed != name and (BLUESKY_LIST.fullmatch(landed) or STARTER_PACK.fullmatch(landed)):
            return self.members(landed)  # a short address such as go.bsky.app/AbCdEf1
        return members_in(response.body)

    def _did(self, actor: str) -> str:
        if actor.startswith("did:"):
            return actor
        return storable(self._ask("com.atproto.identity.resolveHandle", _Subject, handle=actor).did)

    def _of_bluesky(self, uri: str) -> Iterator[str]:
        cursor = ""
        for _ in range(MAX_PAGES):
            more = {"cursor": cursor} if cursor else {}
            page = self._ask("app.bsky.graph.getList", _Page, list=uri, limit=str(PAGE), **more)
            yield from (f"bluesky:{storable(item.subject.did)}" for item in page.items)
            cursor = page.cursor
            if not cursor or not page.items:
                return

    def _ask(self, method: str, answer: type[Answer], **params: str) -> Answer:
        return decode_json(self._http.get(f"{self._view}/xrpc/{method}", params=params).body, answer)


def members_in(body: bytes) -> tuple[str, ...]:
    """The accounts in an OPML file, or in a table whose first or second column has addresses such as
    ada@moth.example. Raises InputError."""
    body = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    is_xml = body.startswith(b"<")
    names = _feeds_in(body) if is_xml else _addresses_in(body)
    members = tuple(dict.fromkeys(islice(filter(None, map(member_key, names)), MAX_MEMBERS)))
    if not members:
        raise InputError("neither a table of accounts (CSV) nor a list of blogs (OPML)")
    return members


def _addresses_in(body: bytes) -> Iterator[str]:
    try:
        lines = body.decode("utf-8-sig", "replace").splitlines()
        head = lines[0] if lines else ""
        for row in csv.reader(lines, delimiter=max(",;\t|", key=head.count)):
            yield from (cell.strip() for cell in row[:2] if _ADDRESS.fullmatch(cell.strip()))
    except csv.Error as problem:
        raise InputError(f"not a table of accounts: {problem}") from problem


_DECLARED = re.compile(rb"^<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)[\"'][^>]*\?>")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)")
_HTML_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z][A-Za-z0-9]{1,31};)")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def _as_xml(body: bytes) -> bytes:
    """A file as people have them, as XML: undeclared Latin-1, HTML's entities, bare ampersands."""
    declared = _DECLARED.match(body)
    try:
        text = body.decode(declared[1].decode() if declared else "utf-8")
    except (UnicodeDecodeError, LookupError):
        text = body.decode("cp1252", "replace")
    if "<!ENTITY" in text:
        return body  # refused
    named = _HTML_ENTITY.sub(lambda match: html.escape(html.unescape(match[0]), quote=True), _DECLARATION.sub("", text))
    return _BARE_AMPERSAND.sub("&amp;", _CONTROL.sub("", named)).encode("utf-8", "replace")


def _feeds_in(body: bytes) -> Sequence[str]:
    feeds = list[str]()

    def start(name: str, attributes: dict[str, str]) -> None:
        address = next((value for key, value in attributes.items() if key.lower() == "xmlurl"), "").strip()
        if name.lower() == "outline" and address and len(address) <= MAX_FIELD_CHARS:
            feeds.append(address)

    def refuse(*_: object) -> None:
        raise InputError("not a list of blogs: it declares entities")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EntityDeclHandler = start, refuse
    try:
        parser.Parse(_as_xml(body), True)
    except (expat.ExpatError, ValueError, LookupError) as problem:
        raise InputError(f"not a list of blogs (OPML): {problem}") from problem
    return feeds
