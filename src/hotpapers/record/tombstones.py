"""Tombstones: recognize forgotten posts and people without storing who they were.

A tombstone is a keyed mark of a key (`x:1341…`, `x:@handle`), or of a name by which other people's texts refer to a
key: a handle, a post's number. Items with a forgotten key are refused, but a reply to a forgotten post only loses its
reference. In others' texts, forgotten names are blacked out character by character, so links keep their places; links
to them are dropped.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from typing import NamedTuple
from urllib.parse import unquote

import msgspec

from hotpapers.base import model
from hotpapers.base.keys import author_in, handle_key, network_of, own_id
from hotpapers.base.papers import arxiv
from hotpapers.base.text.patterns import lazy_pattern
from hotpapers.record import identities
from hotpapers.record.database import Database, first_value
from hotpapers.record.item_rows import SPECS, KeyedHasher

BLACK = "\u2588"
MIN_POST_DIGITS = 7
"""The shortest post number that counts as a name; shorter ones match too much else."""

MAX_TOMBSTONE_CHARS = 300


class _NameForms(NamedTuple):
    """Patterns of names. `word`: names joined by punctuation. `segment`: one piece of it. `profile`: the URL of an
    account on a fediverse server: its host and the account's name or number."""

    word: re.Pattern[str]
    segment: re.Pattern[str]
    profile: re.Pattern[str]


def _name_forms(flags: re.RegexFlag, segment: str) -> _NameForms:
    profile = r"(?<![\w.-])(?:[\w-]++\.)++[\w-]++(?::[0-9]++)?/(?:@|users/|ap/users/)[\w-]++(?:\.[\w-]++)*+(?![\w@-])"
    return _NameForms(
        lazy_pattern(r"[\w-](?:[\w.@:-]*[\w-])?", flags),
        lazy_pattern(rf"[.@:]+|-+|{segment}", flags),
        lazy_pattern(profile, flags),
    )


# East Asian words stand beside names without spaces.
_EAST_ASIAN = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_FORMS = (_name_forms(re.ASCII, r"\w+"), _name_forms(re.UNICODE, rf"[{_EAST_ASIAN}]+|[^\W{_EAST_ASIAN}]+"))
"""Names in ASCII, and names in any letters."""
_MENTION = lazy_pattern(r"@[\w.-]+")
_PIECE = lazy_pattern(r"[A-Za-z0-9_]+")
REPLY = "reply"
"""The limit of a reply whose post was forgotten: it is not quoted, like any reply to somebody else."""
_ADDRESSES = 3
"""How many levels of URLs nested in URLs are unescaped."""
_SEGMENTS = 13
"""The most consecutive pieces of a word, including punctuation, tried as a name: did:plc:…, a.long.domain.name."""
_TELLING = lazy_pattern(r"[^\W\d_]+[0-9_.@:-]|[0-9_.@:-]+[^\W\d_]|.{8}", re.DOTALL)
"""A name without @, / or = before it counts only if it is not a plain word."""
_UNSPACED = lazy_pattern(r"\S+")
_JSON = r"(?:\\+u[0-9A-Fa-f]{4})+|\\+/"
_JSON_ESCAPE = lazy_pattern(_JSON)
_ESCAPE = lazy_pattern(
    rf"(?:%[0-9A-Fa-f]{{2}})+|&(?:#[0-9]{{1,7}};?|#[xX][0-9A-Fa-f]{{1,6}};?|[A-Za-z][A-Za-z0-9]{{1,31}};)|{_JSON}"
)
_LABEL = lazy_pattern(r"(?<![\w-])xn--[a-z0-9-]{1,59}")
"""A part of a host name in letters other than ASCII, as the DNS has it (RFC 5890)."""

Known = Callable[[str], bool]
"""Whether a name, in lowercase, is forgotten."""
Span = tuple[int, int]
"""A part of a text, in code points: `text[start:end]`."""


def names_of(key: str) -> Iterator[str]:
    """The names by which texts and URLs refer to a key: in lowercase, and folded."""
    yield from model.without_duplicates(form for name in _plain_names(key) for form in (name, fold_text(name)))


def names_of_all(keys: Iterable[str]) -> frozenset[str]:
    """The names of several keys."""
    return frozenset(name for key in keys for name in names_of(key))


def _plain_names(key: str) -> Iterator[str]:
    own = own_id(key).lower()
    if own.startswith("@"):
        yield own[1:]
        name, _, server = own[1:].partition("@")
        yield from (f"{server}/@{name}", f"{server}/users/{name}") if server else ()
        return
    if any(forms.profile.fullmatch(address := own.partition("://")[2]) for forms in _FORMS):
        yield address
    for name in model.without_duplicates((own, own.rpartition("/")[2])):
        if len(name) >= MIN_POST_DIGITS and not arxiv.is_key(arxiv.key(name)):
            yield name


def all_tombstones(database: Database) -> list[tuple[str, int]]:
    """All tombstones, as (mark, when it was forgotten, µs UTC)."""
    return database.rows("SELECT mark, at FROM tombstone")


def forgotten_at(database: Database, hasher: KeyedHasher, key: str) -> int:
    """When a key was forgotten, µs UTC. Its tombstone must exist."""
    return int(first_value(database, "SELECT at FROM tombstone WHERE mark = ?", (hasher.tombstone(key),)))


def found_in(text: str, known: Known, *, anywhere: bool = False) -> Iterator[Span]:
    """The spans of the longest known names in a text, in code points; for a word with an escaped name (`%40ada`,
    `&#64;ada`), the span of the whole word. `anywhere`: plain words count too."""
    plain = list(_plainly_in(text, known, _FORMS[0], anywhere))
    yield from plain
    if text.isascii() and not _may_be_hidden(text):
        return
    for part in _UNSPACED.finditer(text):
        if _may_be_hidden(part[0]) or not part[0].isascii():
            spans = {(part.start() + start, part.start() + end) for start, end in _hidden_in(part[0], known, anywhere)}
            yield from sorted(spans.difference(plain))


def _may_be_hidden(text: str) -> bool:
    """Whether a text in ASCII may have names that are escaped or in letters other than ASCII."""
    if any(sign in text for sign in "%&\\"):
        return True
    return "xn--" in text.lower()


def _hidden_in(part: str, known: Known, anywhere: bool) -> Iterator[Span]:
    """The spans of names in a word that are not written plainly."""
    if (decoded := unescape_text(part)) != part:
        if any(_folded_in(fold_text(decoded), known, anywhere)):
            yield 0, len(part)
        return
    text, places = _folded_places(part)
    if text == part.lower() and text.isascii():
        return
    for start, end in _folded_in(text, known, anywhere):
        yield places[start][0], places[end - 1][1]


def _folded_in(text: str, known: Known, anywhere: bool) -> Iterator[Span]:
    for forms in _FORMS[:1] if text.isascii() else _FORMS:
        yield from _plainly_in(text, known, forms, anywhere)


def unescape_text(text: str) -> str:
    """A text with the escapes of URLs, HTML and JSON decoded, repeatedly, because URLs may be nested in URLs."""
    for _ in range(_ADDRESSES):
        if not any(sign in text for sign in "%&\\"):
            break
        text = _ESCAPE.sub(_unescaped_part, text)
    return text


def _unescaped_part(escape: re.Match[str]) -> str:
    text = escape[0]
    if text[0] == "\\":
        if text[-1] == "/":
            return "/"
        return bytes.fromhex(re.sub(r"\\+u", "", text)).decode("utf-16-be", "replace")
    return unquote(text) if text[0] == "%" else html.unescape(text)


def fold_text(text: str) -> str:
    """A text in the form in which names are compared: without case, compatible forms of letters (NFKC), characters that
    are not seen, and with host names in letters."""
    if not text.isascii():
        signs = unicodedata.normalize("NFKC", text)
        text = "".join(sign for sign in signs if not _is_unseen(sign))
    text = text.casefold()
    return _LABEL.sub(_in_letters, text) if "xn--" in text else text


def _folded_places(text: str) -> tuple[str, list[Span]]:
    """A text as `fold_text`, and for each of its characters where it comes from."""
    clusters: list[Span] = []
    for place, sign in enumerate(text):
        if clusters and unicodedata.combining(sign):
            clusters[-1] = clusters[-1][0], place + 1
        else:
            clusters.append((place, place + 1))
    pieces = [(sign, place) for place in clusters for sign in fold_text(text[slice(*place)])]
    whole = "".join(sign for sign, _ in pieces)
    letters = list[str]()
    places = list[Span]()
    at = 0
    for label in _LABEL.finditer(whole):
        letters += [whole[at : label.start()], name := _in_letters(label)]
        places += [place for _, place in pieces[at : label.start()]]
        places += [(pieces[label.start()][1][0], pieces[label.end() - 1][1][1])] * len(name)
        at = label.end()
    return "".join([*letters, whole[at:]]), places + [place for _, place in pieces[at:]]


def _in_letters(label: re.Match[str]) -> str:
    try:
        return fold_text(label[0][4:].encode().decode("punycode").replace("xn--", ""))
    except (UnicodeError, ValueError, OverflowError):
        return label[0]


def _is_unseen(sign: str) -> bool:
    """Whether a character is a format character or a variation selector."""
    if unicodedata.category(sign) == "Cf":
        return True
    return "\ufe00" <= sign <= "\ufe0f" or sign == "\u034f"


def _plainly_in(text: str, known: Known, forms: _NameForms, anywhere: bool) -> Iterator[Span]:
    for profile in forms.profile.finditer(text):
        if known(profile[0].lower()):
            yield profile.span()
    for word in forms.word.finditer(text):
        strong = anywhere or text[max(word.start() - 1, 0) : word.start()] in ("@", "/", "=")
        pieces = forms.segment.findall(word[0])
        starts = list(accumulate(map(len, pieces), initial=word.start()))
        at = 0
        while at < len(pieces):
            after = _longest(pieces, at, known, strong or (at > 0 and pieces[at - 1].endswith("@")))
            if after:
                yield starts[at], starts[after]
            at = after or at + 1


def _longest(pieces: list[str], at: int, known: Known, strong: bool) -> int:
    """The end of the longest known name that starts at a piece; 0 if there is none."""
    for after in range(min(at + _SEGMENTS, len(pieces)), at, -1):
        name = "".join(pieces[at:after]).lower()
        if len(name) <= MAX_TOMBSTONE_CHARS and (strong or _TELLING.search(name)) and known(name):
            return after
    return 0


def redact_item(item: model.Item, known: Known) -> model.Item:
    """A post or account with known names of others blacked out; itself if there are none."""
    if isinstance(item, model.Post):
        links = tuple(link for link in item.links if not any(found_in(link.target, known)))
        blackened_text = _blackened(_without_mentions(item, links), known)
        text = blackened_text
        name = _blackened(item.name, known)
        if (text, name, len(links)) != (item.text, item.name, len(item.links)):
            return msgspec.structs.replace(item, text=text, name=name, links=links)
    elif isinstance(item, model.Account) and (name := _blackened(item.name, known)) != item.name:
        return msgspec.structs.replace(item, name=name)
    return item


def without_references(item: model.Item, is_forgotten: Known) -> model.Item:
    """A post that does not name forgotten posts as those that it replies to or quotes; itself if it names none."""
    if not isinstance(item, model.Post):
        return item
    if item.quotes and is_forgotten(item.quotes):
        item = msgspec.structs.replace(item, quotes="")
    if item.reply_to and is_forgotten(item.reply_to):
        limits = tuple(sorted({*item.limits, REPLY}))
        item = msgspec.structs.replace(item, reply_to="", limits=limits)
    return item


def _without_mentions(post: model.Post, links: tuple[model.TextLink, ...]) -> str:
    """A post's text with names blacked out whose links were dropped: only the link of `@ann` gives her server."""
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
    """Whether a raw payload contains a known name in its key or body."""
    return any(found_in(_text_of(key, body), known, anywhere=True))


def _text_of(key: str, body: bytes) -> str:
    """A raw payload's key and body, with the escapes of JSON resolved."""
    return _JSON_ESCAPE.sub(_unescaped_part, f"{key} {body.decode('utf-8', 'replace')}")


def keys_of(item: model.Item) -> list[str]:
    """The keys of the posts and accounts that an item is by or about."""
    keys = [getattr(item, name) for name in SPECS[type(item)].persons]
    if isinstance(item, model.Post):
        keys += author_keys(item)
    if isinstance(item, model.Account):
        keys.append(orphan_key(item.account))
        keys += [handle_key(network_of(item.account), item.handle)] if item.handle else []
    return list(filter(None, keys))


def author_keys(post: model.Post) -> list[str]:
    """The key of a post's author, and that of the author's handle."""
    return [post.account, *([handle_key(post.network, post.handle)] if post.handle else [])]


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
        """Whether an item is by or about a forgotten account or post, or about a later post of such an account whose
        key says so."""
        if not self.known:
            return False
        return any(map(self.names, keys_of(item)))

    def refused(self, keys: Iterable[str]) -> frozenset[str]:
        """The keys among these that were forgotten, or whose author was. Each is looked up once."""
        return frozenset(filter(self.names, set(keys)))

    def names(self, key: str) -> bool:
        """Whether a key was forgotten, or is that of a post and contains its author's, which was."""
        if not self.known:
            return False
        return self.holds(key) or (bool(author := author_in(key)) and self.holds(author))

    def redacted(self, item: model.Item) -> model.Item:
        """The item with forgotten names blacked out, and without references to forgotten posts."""
        return redact_item(without_references(item, self.names), self.holds_name) if self.known else item

    def named_in(self, key: str, body: bytes) -> bool:
        """Whether a raw payload contains a forgotten name."""
        return named_in(key, body, self.holds_name)


NOTHING_FORGOTTEN = Tombstones(KeyedHasher(b""), frozenset())
FEW = 100


class ForgottenNames:
    """The names to forget now, and optionally the tombstones of names forgotten before."""

    def __init__(self, names: frozenset[str], tombstones: Tombstones | None = None) -> None:
        self.names = names
        self.tombstones = tombstones
        pieces = {name: max(_PIECE.findall(name), key=len, default="") for name in names}
        self._pieces = frozenset(pieces.values()) - {""}
        self._wordless = [name for name, piece in pieces.items() if not piece]

    def __call__(self, name: str, /) -> bool:
        """Whether a name is one of them."""
        if name in self.names:
            return True
        return self.tombstones is not None and self.tombstones.holds_name(name)

    def may_stand_in(self, text: str) -> bool:
        """A quick check whether a text may contain one of them."""
        if self.tombstones is not None:
            return True
        text = fold_text(unescape_text(text))
        if len(self.names) > FEW:  # texts contain names as whole pieces
            if not self._pieces.isdisjoint(_PIECE.findall(text)):
                return True
            return any(name in text for name in self._wordless)
        return any(name in text for name in self.names)

    def stand_in(self, text: str) -> bool:
        """Whether a text contains one of them."""
        return self.may_stand_in(text) and any(found_in(text, self))

    def named_in(self, key: str, body: bytes) -> bool:
        """Whether a raw payload contains one of them."""
        return self.may_stand_in(_text_of(key, body)) and named_in(key, body, self)


def name_mark(hasher: KeyedHasher, name: str) -> str:
    """The tombstone of a name, the same for all networks."""
    return hasher.tombstone(f"name:{name}")


def orphan_key(account: str) -> str:
    """The key for the tombstone of an account known only by forgotten posts: its later posts are accepted, but not
    account items."""
    return f"lonely:{account}"


def marks_of(hasher: KeyedHasher, keys: Iterable[str], names: Iterable[str], orphans: Iterable[str]) -> set[str]:
    """The tombstones of keys, names, and accounts known only by forgotten posts."""
    name_marks = (name_mark(hasher, name) for name in names)
    return {
        *map(hasher.tombstone, keys),
        *map(hasher.tombstone, map(orphan_key, orphans)),
        *name_marks,
    }


def count(database: Database) -> int:
    """The number of tombstones, which only grows."""
    return int(first_value(database, "SELECT count(*) FROM tombstone"))


def load(database: Database, hasher: KeyedHasher) -> Tombstones:
    """The tombstones of a store."""
    return Tombstones(hasher, frozenset(mark for mark, _ in all_tombstones(database)))


# ---- the accounts that publications name as their own ------------------------------------------------------


def pseudonyms_of(database: Database, hasher: KeyedHasher, account: str) -> list[str]:
    """The pseudonyms under which an account was forgotten: more than one if it posted again afterwards, as an account
    may that was forgotten only with its single post."""
    taken: list[str] = []
    while (name := hasher.own_pseudonym(account, len(taken))) in identities.find_identities(database, [name]):
        taken.append(name)
    return taken


def voices_of(database: Database, hasher: KeyedHasher, accounts: Iterable[str]) -> tuple[int, ...]:
    """The numbers of accounts, including forgotten ones."""
    keys = {key for account in accounts for key in (account, *pseudonyms_of(database, hasher, account))}
    known = identities.find_identities(database, keys)
    numbers = (known[key].number for key in keys & known.keys())
    return tuple(sorted(numbers))
