"""Tombstones: how the record knows, without remembering them, the posts and people that it has forgotten.

A tombstone is a keyed mark of a key (`x:1341…`, `x:@handle`), or of a name by which a key stands in other people's
words: a handle, a post's number. What carries a key is refused. In what others wrote, a name is blacked out: the
signs keep their places, so that links keep theirs; a link that leads to it is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import NamedTuple
from urllib.parse import unquote

import msgspec

from hotpapers import model
from hotpapers.model.keys import handle_key, network_of, own_id
from hotpapers.store.database import Database
from hotpapers.store.item_rows import KeyedHasher

BLACK = "\u2588"
LEAST = 7
"""A post's number shorter than this is no name: too much else looks like it."""

LONGEST = 300

_WORD = re.compile(r"[A-Za-z0-9_-](?:[A-Za-z0-9_.@:-]*[A-Za-z0-9_-])?")
_SEGMENT = re.compile(r"[.@:]+|-+|[A-Za-z0-9_]+")
_PROFILE = re.compile(
    r"(?<![\w.-])(?:[\w-]++\.)++[\w-]++(?::[0-9]++)?/(?:@|users/|ap/users/)[\w-]++(?:\.[\w-]++)*+(?![\w@-])", re.ASCII
)
"""The address of somebody on a server of the fediverse: its host and their name or number."""
_MENTION = re.compile(r"@[\w.-]+")
_PIECE = re.compile(r"[A-Za-z0-9_]+")
_ADDRESSES = 3
"""So many addresses, each within the next, are read."""
_SEGMENTS = 13
"""Words are tried in runs of up to so many pieces, signs between them counted: did:plc:…, a.long.domain.name."""
_TELLING = re.compile(r"[a-z]+[0-9_.@:-]|[0-9_.@:-]+[a-z]|.{8}", re.DOTALL)
"""A name that stands without @, / or = before it counts only if it is no plain word."""
_UNSPACED = re.compile(r"\S+")
_JSON_ESCAPE = re.compile(r"\\u00([0-7][0-9A-Fa-f])")
_ARXIV = re.compile(r"[0-9]{4}\.[0-9]{4,5}|[a-z.-]+/[0-9]{7}")

Known = Callable[[str], bool]
"""Whether a name, in small letters, is one of somebody or something forgotten."""


def names_of(key: str) -> Iterator[str]:
    """The names by which a key stands in texts and addresses, in small letters."""
    own = own_id(key).lower()
    if own.startswith("@"):
        yield own[1:]
        name, _, server = own[1:].partition("@")
        yield from (f"{server}/@{name}", f"{server}/users/{name}") if server else ()
        return
    if _PROFILE.fullmatch(address := own.partition("://")[2]):
        yield address
    for name in model.distinct((own, own.rpartition("/")[2])):
        if len(name) >= LEAST and not _ARXIV.fullmatch(name):
            yield name


def all_tombstones(database: Database) -> list[tuple[str, int]]:
    """(mark, when it was forgotten, µs UTC) of all that was forgotten."""
    return [(mark, at) for mark, at in database.rows("SELECT mark, at FROM tombstone")]


def forgotten_at(database: Database, hasher: KeyedHasher, key: str) -> int:
    """When a key was forgotten, µs UTC; it must have been."""
    return int(database.rows("SELECT at FROM tombstone WHERE mark = ?", (hasher.tombstone(key),))[0][0])


def found_in(text: str, known: Known, *, anywhere: bool = False) -> Iterator[tuple[int, int]]:
    """Where in a text, in code points, the longest known names stand; of an address that has one in escaped signs
    (`%40ada`), the whole. `anywhere`: plain words count too."""
    yield from _plainly_in(text, known, anywhere)
    for part in _UNSPACED.finditer(text) if "%" in text else ():
        if (plain := unescaped(part[0])) != part[0] and any(_plainly_in(plain, known, anywhere)):
            yield part.span()


def unescaped(text: str) -> str:
    """A text without the escaped signs of addresses, which may be escaped again where one address holds another."""
    for _ in range(_ADDRESSES):
        text = unquote(text) if "%" in text else text
    return text


def _plainly_in(text: str, known: Known, anywhere: bool) -> Iterator[tuple[int, int]]:
    for profile in _PROFILE.finditer(text):
        if known(profile[0].lower()):
            yield profile.span()
    for word in _WORD.finditer(text):
        strong = anywhere or text[max(word.start() - 1, 0) : word.start()] in ("@", "/", "=")
        pieces = _SEGMENT.findall(word[0])
        starts = list(accumulate(map(len, pieces), initial=word.start()))
        at = 0
        while at < len(pieces):
            after = _longest(pieces, at, known, strong or (at > 0 and pieces[at - 1].endswith("@")))
            if after:
                yield starts[at], starts[after]
            at = after or at + 1


def _longest(pieces: list[str], at: int, known: Known, strong: bool) -> int:
    """Where the longest known run from a piece on ends; 0 without any."""
    for after in range(min(at + _SEGMENTS, len(pieces)), at, -1):
        name = "".join(pieces[at:after]).lower()
        if len(name) <= LONGEST and (strong or _TELLING.search(name)) and known(name):
            return after
    return 0


def redacted(item: model.Item, known: Known) -> model.Item:
    """A post or an account without the names of others that are forgotten; itself where there are none."""
    if isinstance(item, model.Post):
        links = tuple(link for link in item.links if not any(found_in(link.target, known)))
        text, name = _blackened(_without_mentions(item, links), known), _blackened(item.name, known)
        if (text, name, len(links)) != (item.text, item.name, len(item.links)):
            return msgspec.structs.replace(item, text=text, name=name, links=links)
    elif isinstance(item, model.Account) and (name := _blackened(item.name, known)) != item.name:
        return msgspec.structs.replace(item, name=name)
    return item


def _without_mentions(post: model.Post, links: tuple[model.TextLink, ...]) -> str:
    """A post's text, in which a name is black that led to somebody: `@ann` says of which server by its link alone."""
    text = post.text
    for link in post.links:
        if link not in links and _MENTION.fullmatch(text, link.start, link.end):
            text = _black(text, link.start + 1, link.end)
    return text


def _blackened(text: str, known: Known) -> str:
    for start, end in found_in(text, known):
        text = _black(text, start, end)
    return text


def _black(text: str, start: int, end: int) -> str:
    return text[:start] + BLACK * (end - start) + text[end:]


def named_in(key: str, body: bytes, known: Known) -> bool:
    """Whether an original, by its key or in its bytes, holds a known name."""
    return any(found_in(_text_of(key, body), known, anywhere=True))


def _text_of(key: str, body: bytes) -> str:
    """An original's key and body, in which JSON may have escaped what stands around a name."""
    return _JSON_ESCAPE.sub(lambda sign: chr(int(sign[1], 16)), f"{key} {body.decode('utf-8', 'replace')}")


class Tombstones(NamedTuple):
    """All tombstones of a store."""

    hasher: KeyedHasher
    known: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.known)

    def holds(self, key: str) -> bool:
        """Whether a key was forgotten."""
        return self.hasher.tombstone(key) in self.known

    def holds_name(self, name: str) -> bool:
        """Whether a name was forgotten."""
        return name_mark(self.hasher, name) in self.known

    def refuses(self, item: model.Item) -> bool:
        """Whether an item is by or about somebody or something that was forgotten."""
        if not self.known:
            return False
        keys = [getattr(item, name) for name in item.personal]
        if isinstance(item, model.Post | model.Account) and item.handle:
            keys.append(handle_key(network_of(item.account), item.handle))
        if isinstance(item, model.Account):
            keys.append(orphan_key(item.account))
        return any(isinstance(key, str) and ":" in key and self.holds(key) for key in keys)

    def redacted(self, item: model.Item) -> model.Item:
        """The item without the names of what was forgotten."""
        return redacted(item, self.holds_name)

    def named_in(self, key: str, body: bytes) -> bool:
        """Whether an original names what was forgotten."""
        return named_in(key, body, self.holds_name)


FEW = 100


class ForgottenNames:
    """Names that are to be forgotten now, and the tombstones of those that were before, if they count too."""

    def __init__(self, names: frozenset[str], tombstones: Tombstones | None = None) -> None:
        self.names, self.tombstones = names, tombstones
        self._pieces = frozenset(max(pieces, key=len) for name in names if (pieces := _PIECE.findall(name)))

    def __call__(self, name: str, /) -> bool:
        """Whether a name is one of them."""
        return name in self.names or (self.tombstones is not None and self.tombstones.holds_name(name))

    def may_stand_in(self, text: str) -> bool:
        """Whether a closer look at a text is worth it."""
        if self.tombstones is not None:
            return True
        text = unescaped(text)
        if len(self.names) > FEW:  # a name stands in a text as whole pieces
            return not self._pieces.isdisjoint([piece.lower() for piece in _PIECE.findall(text)])
        text = text.lower()
        return any(name in text for name in self.names)

    def stand_in(self, text: str) -> bool:
        """Whether one of them stands in a text."""
        return self.may_stand_in(text) and any(found_in(text, self))

    def named_in(self, key: str, body: bytes) -> bool:
        """Whether an original names one of them."""
        return self.may_stand_in(_text_of(key, body)) and named_in(key, body, self)


def name_mark(hasher: KeyedHasher, name: str) -> str:
    """The tombstone of a name, on every network alike."""
    return hasher.tombstone(f"name:{name}")


def orphan_key(account: str) -> str:
    """What stands for an account that was known by forgotten posts alone: it may post again, but is not described."""
    return f"lonely:{account}"


def marks_of(hasher: KeyedHasher, keys: Iterable[str], names: Iterable[str], orphans: Iterable[str]) -> set[str]:
    """The tombstones of keys, names, and accounts that were known by them alone."""
    return {
        *map(hasher.tombstone, keys), *map(hasher.tombstone, map(orphan_key, orphans)),
        *(name_mark(hasher, name) for name in names),
    }  # fmt: skip


def count(database: Database) -> int:
    """How many there are: they only grow."""
    return int(database.rows("SELECT count(*) FROM tombstone")[0][0])


def load(database: Database, hasher: KeyedHasher, before: Tombstones | None = None) -> Tombstones:
    """The tombstones of a store. `before`: as they were when a transaction began; the same number are the same."""
    if before is not None and before.hasher is hasher and len(before.known) == count(database):
        return before
    return Tombstones(hasher, frozenset(mark for mark, _ in all_tombstones(database)))
