"""Items as rows and as hashes: pure functions, one `KindSpec` per kind.

Rows refer to posts, accounts and papers by number (see `identities`). An item's hash is the SHA-256 of its RFC 8785
JSON, with the identity's commitment in place of a post's or account's key. In rows with personal words, that commitment
and each personal word that is not empty are in turn replaced by commitments of the row's own, SHA-256(salt ‖ value). So
a row whose values were forgotten keeps its hash, computed from the stored commitments."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any, Generic, NamedTuple, TypeVar, get_args, get_origin

import msgspec

from hotpapers.base import model
from hotpapers.base.errors import CorruptStore, InputError
from hotpapers.base.papers.categories import archive_of
from hotpapers.record.commitments import canonical_json, make_commitment, sha256
from hotpapers.record.database import Database, Params
from hotpapers.record.identities import (
    Identity,
    Known,
    commitment_of,
    is_paper,
    is_pseudonym,
    key_of,
    pseudonym_of,
    secret_of,
)

_plain_json = msgspec.json.Encoder().encode


class KeyedHasher(NamedTuple):
    """Keyed hashes made with the store's secret: the same for equal texts and keys, and meaningless without it."""

    secret: bytes

    def text_fingerprint(self, text: str) -> int:
        """A signed 53-bit keyed hash, the same for equal messages on all networks; 0 if there is too little text."""
        letters = normalized_text(text)
        return self._number(letters, b"same") if len(letters) >= 24 else 0

    def reaction(self, address: str) -> int:
        """A signed 53-bit keyed hash of a reaction's own address."""
        return self._number(address, b"reaction")

    def tombstone(self, key: str) -> str:
        """The mark by which a forgotten key is recognized and refused: 32 hexadecimal digits."""
        return hashlib.blake2b(key.encode(), key=self.secret, digest_size=16, person=b"tombstone").hexdigest()

    def own_pseudonym(self, key: str, times: int) -> str:
        """The pseudonym of a forgotten account that a publication names as its own; its voice still never counts.
        `times`: how often the account was forgotten before."""
        text = f"{key}\n{times}" if times else key
        digest = hashlib.blake2b(text.encode(), key=self.secret, digest_size=16, person=b"own").hexdigest()
        return pseudonym_of(key, digest)

    def _number(self, text: str, person: bytes) -> int:
        digest = hashlib.blake2b(text.encode(), key=self.secret, digest_size=8, person=person).digest()
        return int.from_bytes(digest, "big", signed=True) >> 11  # every JSON reader represents it exactly


_SMALL = bytes(range(256)).lower()
_SIGNS = bytes(code for code in range(128) if not chr(code).isalnum())
"""For ASCII texts: the characters to delete, and the table that lowercases the others."""
_UNICODE = unicodedata.ucd_3_2_0
"""A fixed version of Unicode, so normalization is the same in every Python version."""


class _Letters(dict[str, bool]):
    """Whether a character is a letter or number; caches each lookup."""

    def __missing__(self, character: str) -> bool:
        self[character] = known = _UNICODE.category(character)[0] in "LN"
        return known


_LETTERS = _Letters()


def normalized_text(text: str) -> str:
    """A message without URLs, spaces, punctuation and case, which is equal for repeated posts of the same message."""
    if "/" in text or not text.isascii():
        text = "".join([word for word in text.split() if "/" not in word or not _is_address(word)])
    if text.isascii():
        return text.encode().translate(_SMALL, _SIGNS).decode()
    normalized = _UNICODE.normalize("NFKC", text)
    return "".join([c for c in normalized if _LETTERS[c]]).casefold()


def _is_address(word: str) -> bool:
    return "://" in word or "/" in word.partition(".")[2]


Derive = Callable[[Any, KeyedHasher, Known], int | str]

Convert = Callable[[Any], Any]
ItemType = type[model.Item]

_DERIVED: dict[ItemType, dict[str, Derive]] = {
    model.Paper: {"archive": lambda p, *_: archive_of(p.categories[0]) if p.categories else ""},
    model.Post: {
        "voice": lambda p, _, known: known[p.account].number,
        "text_fingerprint": lambda p, hasher, _: hasher.text_fingerprint(p.text),
    },
}
"""`voice`: the number of a post's account, which is kept if only the post is forgotten."""
_IDENTITIES = frozenset(("paper", "about", "post", "account", "stable", "subject", "reply_to", "quotes"))


class KindSpec:
    """How one kind is stored. Fields are given by name.

    `identities`: fields with the key of a post, account or paper, which is a number in the table. `persons`: those of
    them that are personal. `committed`: all columns with the number of a post or account. `words`: the other personal
    fields, for which a row has a salt. `salted`: the fields that this salt covers. `converted`: fields with the
    functions that convert a value to the column's and back. `derived`: columns computed from the item. `label`: returns
    the stored values of key and `observed_at`. `named`: returns an item's keys in `identities`. `hashed`: returns an
    item's values and the kind in the order in which they are hashed; `canonical` makes an object of them, which msgspec
    encodes in one go.
    """

    def __init__(self, cls: ItemType) -> None:
        hints = model.field_types(cls)
        self.type = cls
        self.kind = model.kind_of(cls)
        self.fields = cls.__struct_fields__
        # `quotes` of a snapshot is a count
        self.identities = tuple(name for name, hint in hints.items() if name in _IDENTITIES and hint is str)
        self.persons = tuple(name for name in self.identities if name in cls.personal)
        self.committed = (*self.persons, *(["voice"] if cls is model.Post else []))
        self.words = tuple(name for name in self.fields if name in cls.personal and name not in self.identities)
        if self.words:
            self.salted = (*self.persons, *self.words)
        else:
            self.salted = ()
        self.converted = [(name, *functions) for name, hint in hints.items() for functions in _conversions(hint)]
        self.derived = _DERIVED.get(cls, {})
        beside = (*self.derived, *(("salt", "redacted") if self.words else ()))
        self.columns = ("id", *self.fields, *beside, "origin", "since", "until")
        self.label: Callable[[Mapping[str, Any]], tuple[Any, ...]] = itemgetter(*cls.key, "observed_at")
        self.named = _getter(self.identities)
        names = sorted((*self.fields, "kind"))
        self.hashed: Callable[[Mapping[str, Any]], tuple[Any, ...]] = itemgetter(*names)
        self.canonical = msgspec.defstruct(f"{cls.__name__}Canonical", names, gc=False)


def _conversions(hint: Any) -> Iterator[tuple[Convert, Convert]]:
    """How values of a type are stored: lists as canonical JSON, flags as 0 and 1. Fields missing in rows written before
    they existed are NULL in the table, absent from JSON and hash."""
    types = (hint, *get_args(hint))
    if get_origin(hint) is tuple:
        yield _list_text, msgspec.json.Decoder(hint).decode
    if msgspec.UnsetType in types:
        yield (
            lambda value: None if value is msgspec.UNSET else value,
            lambda value: msgspec.UNSET if value is None else value,
        )
    if bool in types:
        yield lambda value: None if value is None else int(value), lambda value: None if value is None else bool(value)


def _list_text(values: tuple[Any, ...]) -> str:
    return canonical_json(values).decode() if values else "[]"


def _getter(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """A function that returns the named attributes of a value as a tuple, for any number of names."""
    if len(names) > 1:
        return attrgetter(*names)
    return (lambda value: (getattr(value, names[0]),)) if names else lambda _: ()


SPECS: dict[ItemType, KindSpec] = {cls: KindSpec(cls) for cls in model.KINDS}
BY_KIND: dict[str, KindSpec] = {spec.kind: spec for spec in SPECS.values()}


def item_hash(
    spec: KindSpec,
    item: model.Item,
    committed: Mapping[str, str],
    salt: bytes | None,
    redacted: Mapping[str, str] | None,
) -> bytes:
    """The 32 bytes of an item's hash. `committed`: the commitments to the keys in it, by field."""
    values = {**msgspec.structs.asdict(item), "kind": spec.kind}
    values |= {name: committed[name] for name in spec.persons}
    if salt is not None:
        for name in spec.salted:
            if values[name]:
                values[name] = make_commitment(salt, values[name])
    if redacted:
        values |= redacted
    return sha256(_plain_json(spec.canonical(*spec.hashed(values))))


class PreparedRow(NamedTuple):
    """An item ready to be written. `row` lacks number, `since` and `until`. `label`: stored key and `observed_at`."""

    label: tuple[Any, ...]
    row: tuple[Any, ...]
    hash: bytes
    item: model.Item


class RowSecrets(NamedTuple):
    """A row's values besides its item: given when a full record is imported, otherwise newly made."""

    salt: bytes | None = None
    redacted: dict[str, str] | None = None
    derived: tuple[int | str, ...] | None = None


def keys_in(items: Iterable[model.Item]) -> set[str]:
    """The keys of all posts, accounts and papers in some items."""
    return set(chain.from_iterable([SPECS[type(item)].named(item) for item in items]))


def stored_values(spec: KindSpec, item: model.Item) -> dict[str, Any]:
    """An item's values by field as its columns store them, but with keys instead of numbers."""
    stored = msgspec.structs.asdict(item)
    for name, convert, _ in spec.converted:
        stored[name] = convert(stored[name])
    return stored


def commitments_in(field: str, named: Sequence[Identity]) -> list[str]:
    """The commitments that hashes cover in place of a field's posts or accounts. Raises InputError for a paper."""
    commitments = [identity.commitment for identity in named]
    if not all(commitments) and any(identity.number and not identity.commitment for identity in named):
        raise InputError(f"{field} is the key of a paper")
    return commitments


def prepare_row(item: model.Item, hasher: KeyedHasher, known: Known, kept: RowSecrets, origin: int = 0) -> PreparedRow:
    """An item's row and hash. `known`: the identities of all keys in it."""
    spec = SPECS[type(item)]
    row = stored_values(spec, item)
    salt = kept.salt if spec.words else None
    named = {name: known[row[name]] for name in spec.identities}
    row |= {name: identity.number for name, identity in named.items()}
    committed = {name: commitments_in(name, [named[name]])[0] for name in spec.persons}
    values = [*row.values(), *(kept.derived or [derive(item, hasher, known) for derive in spec.derived.values()])]
    if spec.words:
        values += (salt, canonical_json(kept.redacted).decode() if kept.redacted else None)
    return PreparedRow(spec.label(row), (*values, origin), item_hash(spec, item, committed, salt, kept.redacted), item)


ItemT_co = TypeVar("ItemT_co", bound=model.Item, covariant=True)


class RowOf(NamedTuple, Generic[ItemT_co]):
    """A row of a kind as read from the database. `committed`: the commitments to the keys in it, by column. `voice`:
    the key of the account as whose voice a post counts. Both are set only if selected with
    `columns_with_commitments`."""

    id: int
    item: ItemT_co
    derived: tuple[int | str, ...]
    salt: bytes | None
    redacted: dict[str, str] | None
    origin: int
    since: int
    until: int
    committed: Mapping[str, str] = {}
    voice: str = ""

    @property
    def spec(self) -> KindSpec:
        """How its kind is stored."""
        return SPECS[type(self.item)]

    @property
    def name(self) -> tuple[str, int]:
        """The row's kind and number."""
        return self.spec.kind, self.id

    @property
    def hash(self) -> bytes:
        """The row's current hash."""
        return item_hash(self.spec, self.item, self.committed, self.salt, self.redacted)

    @property
    def is_forgotten(self) -> bool:
        """Whether the row's own key was forgotten, and all its words with it."""
        return is_pseudonym(getattr(self.item, type(self.item).key[0]))

    @property
    def remainder_hash(self) -> str:
        """The hexadecimal hash of the row's present content, recorded when parts of it are forgotten. It covers
        commitments instead of keys, so it stays valid when these keys are forgotten."""
        values = stored_values(self.spec, self.item) | dict(zip(self.spec.derived, self.derived, strict=True))
        salt = self.salt.hex() if self.salt is not None else None
        return hashlib.sha256(canonical_json([*{**values, **self.committed}.values(), salt, self.redacted])).hexdigest()

    @property
    def label(self) -> tuple[Any, ...]:
        """The item's kind, key and `observed_at`, to refer to it in messages."""
        return (self.spec.kind, *self.spec.label(msgspec.structs.asdict(self.item)))


StoredRow = RowOf[model.Item]
"""A row of any kind."""


def derived_of(row: StoredRow, hasher: KeyedHasher) -> tuple[int | str, ...]:
    """The expected values of a row's derived columns. The voice of a post with nothing forgotten is its account's."""
    if not row.derived:
        return ()
    account = getattr(row.item, "account", "")
    voice = row.derived[0] if row.voice == account else None
    known = {account: Identity(voice if isinstance(voice, int) else -1, "")}
    derivations = row.spec.derived.values()
    return tuple(derive(row.item, hasher, known) for derive in derivations)


@cache
def sql_columns(spec: KindSpec, names: Sequence[str], alias: str) -> str:
    """Columns of a table as SQL, with keys in place of the numbers of identities."""
    columns = ((name, f'{alias}."{name}"') for name in names)
    return ", ".join(key_of(column) if name in spec.identities else column for name, column in columns)


def select_columns(spec: KindSpec, alias: str = "") -> str:
    """The SELECT columns for `read_row`. `alias`: of the table, by default its own name."""
    return sql_columns(spec, spec.columns, alias or spec.kind)


def columns_with_commitments(spec: KindSpec, alias: str = "") -> str:
    """The SELECT columns for `read_with_commitments`: these, and the secrets of the identities that a row names."""
    table = alias or spec.kind
    secrets = [secret_of(f"{table}.{name}") for name in spec.committed]
    voice = [key_of(f"{table}.voice")] if "voice" in spec.committed else []
    return ", ".join([select_columns(spec, table), *secrets, *voice])


_decode_redacted = msgspec.json.Decoder(dict[str, str]).decode


def read_row(spec: KindSpec, row: Sequence[Any]) -> RowOf[Any]:
    """Convert a database row selected by `select_columns`. Raises CorruptStore."""
    try:
        end = 1 + len(spec.fields)
        values = dict(zip(spec.fields, row[1:end], strict=True))
        for name, _, convert in reversed(spec.converted):
            values[name] = convert(values[name])
        derived_end = end + len(spec.derived)
        salt, redacted = row[derived_end:-3] if spec.words else (None, None)
        return RowOf(
            row[0],
            spec.type(**values),
            tuple(row[end:derived_end]),
            memoryview(salt).tobytes() if salt is not None else None,
            _decode_redacted(redacted) if redacted is not None else None,
            *row[-3:],
        )
    except (ValueError, TypeError, RecursionError) as problem:
        raise CorruptStore(f"{spec.kind} row {row[0]} is damaged: {problem}; run `hotpapers verify`") from problem


def select_rows(database: Database, spec: KindSpec, where: str, params: Params = ()) -> Iterator[RowOf[Any]]:
    """The rows of a kind that meet a condition on `t`, which may end in ORDER BY."""
    sql = f"SELECT {select_columns(spec, 't')} FROM {spec.kind} AS t WHERE {where}"
    return (read_row(spec, row) for row in database.iterate(sql, params))


def read_with_commitments(spec: KindSpec, row: Sequence[Any]) -> RowOf[Any]:
    """Reads a row selected by `columns_with_commitments`."""
    count = len(spec.columns)
    read = read_row(spec, row[:count])
    keys = [getattr(read.item, name) for name in spec.persons]
    voice = row[-1] if "voice" in spec.committed else ""
    if any(key is None or is_paper(key) for key in (*keys, voice)):
        raise CorruptStore(f"{spec.kind} row {row[0]} names a missing post or account; run `hotpapers verify`")
    secrets = zip(spec.committed, (*keys, voice), row[count:], strict=False)
    try:
        committed = {name: commitment_of(key, secret) for name, key, secret in secrets}
    except (TypeError, AttributeError) as problem:
        raise CorruptStore(f"{spec.kind} row {row[0]} names a damaged identity; run `hotpapers verify`") from problem
    return read._replace(committed=committed, voice=voice)
