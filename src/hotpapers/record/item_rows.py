"""Items as rows and as hashes: pure functions, one `KindSpec` per kind.

Rows refer to posts, accounts and papers by number (see `identities`). An item's hash is the SHA-256 of its RFC 8785
JSON, with the identity's commitment in place of a post's or account's key. In rows with personal words, that commitment
and each personal word that is not empty are in turn replaced by commitments of the row's own, SHA-256(salt ‖ value). So
a row whose values were forgotten keeps its hash, computed from the stored commitments."""

from __future__ import annotations

import hashlib
import unicodedata
from bisect import bisect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple, get_args, get_origin

import msgspec

from hotpapers.base import model
from hotpapers.base.categories import archive_of
from hotpapers.base.errors import CorruptStore, InputError
from hotpapers.record.commitments import canonical_json, commitment, sha256
from hotpapers.record.identities import Identity, commitment_of, is_paper, is_pseudonym, key_of, pseudonym, secret_of

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

    def own_pseudonym(self, key: str, times: int = 0) -> str:
        """The pseudonym of a forgotten account that a publication names as its own; its voice still never counts.
        `times`: how often the account was forgotten before."""
        text = f"{key}\n{times}" if times else key
        digest = hashlib.blake2b(text.encode(), key=self.secret, digest_size=16, person=b"own").hexdigest()
        return pseudonym(key, digest)

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
    return "".join([c for c in _UNICODE.normalize("NFKC", text) if _LETTERS[c]]).casefold()


def _is_address(word: str) -> bool:
    return "://" in word or "/" in word.partition(".")[2]


Known = Mapping[str, Identity]
"""The identities of keys."""
Derive = Callable[[Any, KeyedHasher, Known], int | str]

_DERIVED: dict[type[model.Item], tuple[tuple[str, Derive], ...]] = {
    model.Paper: (("archive", lambda p, *_: archive_of(p.categories[0]) if p.categories else ""),),
    model.Post: (
        ("voice", lambda p, _, known: known[p.account].number),
        ("text_fingerprint", lambda p, hasher, _: hasher.text_fingerprint(p.text)),
    ),
}
"""`voice`: the number of a post's account, which is kept if only the post is forgotten."""
_IDENTITIES = frozenset(("paper", "about", "post", "account", "stable", "subject", "reply_to"))


class KindSpec(NamedTuple):
    """How one kind is stored. Fields are given by index unless stated otherwise.

    `identities`: fields with the key of a post, account or paper, which is a number in the table. `persons`: those of
    them that are personal. `committed`: names of all columns with the number of a post or account. `words`: the other
    personal fields, for which a row has a salt. `optional`: fields missing in rows written before the field existed:
    NULL in the table, absent from JSON and hash. `stored`: functions that convert a field's value to the column's.
    `label`: returns the stored values of key and `observed_at`. `named`: returns an item's keys in `identities`.
    `sorted_values`: returns its values in the order of their names. In that order, `salted_at`: the values committed to
    with the row's salt; `kind_at`: the place of the kind. `places_of_names`: each identity's place in the row and in
    that order, -1 for a paper. `canonical`: makes an object of these values and the kind, which msgspec encodes in one
    go.
    """

    type: type[model.Item]
    kind: str
    fields: tuple[str, ...]
    key: tuple[int, ...]
    observed: int
    identities: tuple[int, ...]
    persons: tuple[int, ...]
    committed: tuple[str, ...]
    words: tuple[int, ...]
    lists: tuple[int, ...]
    flags: tuple[int, ...]
    optional: tuple[int, ...]
    stored: tuple[tuple[int, Callable[[Any], Any]], ...]
    derived: tuple[tuple[str, Derive], ...]
    columns: tuple[str, ...]
    label: Callable[[Sequence[Any]], tuple[Any, ...]]
    named: Callable[[model.Item], tuple[str, ...]]
    sorted_values: Callable[[model.Item], tuple[Any, ...]]
    places_of_names: tuple[tuple[int, int], ...]
    salted_at: tuple[int, ...]
    kind_at: int
    canonical: Callable[..., msgspec.Struct]


def _spec(cls: type[model.Item]) -> KindSpec:
    fields = cls.__struct_fields__
    hints = model.field_types(cls)
    in_order = sorted(fields)
    derived = _DERIVED.get(cls, ())
    lists = tuple(i for i, name in enumerate(fields) if get_origin(hints[name]) is tuple)
    flags = tuple(i for i, name in enumerate(fields) if hints[name] is bool or bool in get_args(hints[name]))
    optional = tuple(i for i, name in enumerate(fields) if msgspec.UnsetType in get_args(hints[name]))
    key = tuple(fields.index(name) for name in cls.key)
    identities = tuple(
        i for i, name in enumerate(fields) if name in _IDENTITIES or (name, cls) == ("quotes", model.Post)
    )
    persons = tuple(i for i in identities if fields[i] in cls.personal)
    words = tuple(i for i, name in enumerate(fields) if name in cls.personal and i not in identities)
    beside = (*(name for name, _ in derived), *(("salt", "redacted") if words else ()))
    return KindSpec(
        type=cls,
        kind=model.kind_of(cls),
        fields=fields,
        key=key,
        observed=fields.index("observed_at"),
        identities=identities,
        persons=persons,
        committed=(*(fields[i] for i in persons), *(["voice"] if cls is model.Post else [])),
        words=words,
        lists=lists,
        flags=flags,
        optional=optional,
        stored=(*((i, _list_text) for i in lists), *((i, _or_null) for i in optional), *((i, _number) for i in flags)),
        derived=derived,
        columns=("id", *fields, *beside, "origin", "since", "until"),
        label=itemgetter(*key, fields.index("observed_at")),
        named=_getter([fields[i] for i in identities]),
        sorted_values=_getter(in_order),
        places_of_names=tuple((i, in_order.index(fields[i]) if i in persons else -1) for i in identities),
        salted_at=tuple(in_order.index(fields[i]) for i in (*persons, *words) if words),
        kind_at=bisect(in_order, "kind"),
        canonical=msgspec.defstruct(f"{cls.__name__}Canonical", sorted((*fields, "kind")), gc=False),
    )


def _list_text(values: tuple[Any, ...]) -> str:
    return canonical_json(values).decode() if values else "[]"


def _or_null(value: Any) -> Any:
    return None if value is msgspec.UNSET else value


def _number(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _getter(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """A function that returns the named attributes of a value as a tuple, for any number of names."""
    if len(names) > 1:
        return attrgetter(*names)
    return (lambda value: (getattr(value, names[0]),)) if names else lambda _: ()


SPECS: dict[type[model.Item], KindSpec] = {cls: _spec(cls) for cls in model.KINDS}
BY_KIND: dict[str, KindSpec] = {spec.kind: spec for spec in SPECS.values()}


def item_hash(
    spec: KindSpec,
    item: model.Item,
    committed: Mapping[str, str],
    salt: bytes | None,
    redacted: Mapping[str, str] | None = None,
) -> bytes:
    """The 32 bytes of an item's hash. `committed`: the commitments to the keys in it, by field."""
    values = [*spec.sorted_values(item)]
    for i, at in spec.places_of_names:
        if at >= 0:
            values[at] = committed[spec.fields[i]]
    return _hash_of(spec, values, salt, redacted)


def _hash_of(spec: KindSpec, values: list[Any], salt: bytes | None, redacted: Mapping[str, str] | None) -> bytes:
    """An item's hash from values in the order of their names, in which commitments have already replaced keys."""
    if salt is not None:
        for at in spec.salted_at:
            if values[at]:
                values[at] = commitment(salt, values[at])
    for name, kept in redacted.items() if redacted else ():
        if name in spec.fields:
            values[sorted(spec.fields).index(name)] = kept
    values.insert(spec.kind_at, spec.kind)
    return sha256(_plain_json(spec.canonical(*values)))


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


NO_SECRETS = RowSecrets()


def keys_in(items: Iterable[model.Item]) -> set[str]:
    """The keys of all posts, accounts and papers in some items."""
    return set(chain.from_iterable([SPECS[type(item)].named(item) for item in items]))


def stored_values(spec: KindSpec, item: model.Item) -> list[Any]:
    """An item's values as its columns store them, but with keys instead of numbers: lists as canonical JSON, flags as 0
    and 1, absent values as NULL."""
    stored = list(msgspec.structs.astuple(item))
    for i, convert in spec.stored:
        stored[i] = convert(stored[i])
    return stored


def prepare(
    item: model.Item,
    hasher: KeyedHasher,
    known: Known,
    salt: bytes | None,
    origin: int = 0,
    kept: RowSecrets = NO_SECRETS,
) -> PreparedRow:
    """An item's row and hash. `known`: the identities of all keys in it. `salt` is used if the kind has personal words
    and `kept` is not given."""
    spec = SPECS[type(item)]
    if kept is not NO_SECRETS or not spec.words:
        salt = kept.salt
    row, values = stored_values(spec, item), [*spec.sorted_values(item)]
    for i, at in spec.places_of_names:
        identity = known[row[i]]
        row[i] = identity.number
        if at >= 0:
            values[at] = identity.commitment
            if identity.number and not identity.commitment:
                raise InputError(f"{spec.fields[i]} is the key of a paper")
    label = spec.label(row)
    if spec.derived:
        row += kept.derived or [derive(item, hasher, known) for _, derive in spec.derived]
    if spec.words:
        row += (salt, canonical_json(kept.redacted).decode() if kept.redacted else None)
    row.append(origin)
    return PreparedRow(label, tuple(row), _hash_of(spec, values, salt, kept.redacted), item)


class StoredRow(NamedTuple):
    """A row as read from the database. `committed`: the commitments to the keys in it, by column. `voice`: the key of
    the account as whose voice a post counts. Both are set only if selected with `columns_with_commitments`."""

    id: int
    item: model.Item
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
        values = stored_values(self.spec, self.item)
        for i in self.spec.persons:
            values[i] = self.committed[self.spec.fields[i]]
        derived = [
            self.committed.get(name, value) for (name, _), value in zip(self.spec.derived, self.derived, strict=True)
        ]
        salt = self.salt.hex() if self.salt is not None else None
        return hashlib.sha256(canonical_json([*values, *derived, salt, self.redacted])).hexdigest()

    @property
    def label(self) -> tuple[Any, ...]:
        """The item's kind, key and `observed_at`, to refer to it in messages."""
        return (self.spec.kind, *self.spec.label(msgspec.structs.astuple(self.item)))


def derived_of(row: StoredRow, hasher: KeyedHasher) -> tuple[int | str, ...]:
    """The expected values of a row's derived columns. The voice of a post with nothing forgotten is its account's."""
    if not row.derived:
        return ()
    account = getattr(row.item, "account", "")
    voice = row.derived[0] if row.voice == account else None
    known = {account: Identity(voice if isinstance(voice, int) else -1, "")}
    return tuple(derive(row.item, hasher, known) for _, derive in row.spec.derived)


def select_columns(spec: KindSpec, alias: str = "") -> str:
    """The SELECT columns for `read_row`. `alias`: of the table, by default its own name."""
    return _columns_of(spec.kind, alias or spec.kind)


def columns_with_commitments(spec: KindSpec, alias: str = "") -> str:
    """The SELECT columns for `read_with_commitments`: these, and the secrets of the identities that a row names."""
    table = alias or spec.kind
    secrets = [secret_of(f"{table}.{name}") for name in spec.committed]
    voice = [key_of(f"{table}.voice")] if "voice" in spec.committed else []
    return ", ".join([select_columns(spec, table), *secrets, *voice])


@cache
def _columns_of(kind: str, alias: str) -> str:
    named = {BY_KIND[kind].fields[i] for i in BY_KIND[kind].identities}
    columns = BY_KIND[kind].columns
    return ", ".join(key_of(f"{alias}.{name}") if name in named else f'{alias}."{name}"' for name in columns)


_decode_redacted = msgspec.json.Decoder(dict[str, str]).decode
_decode_tuple: dict[type[model.Item], dict[int, Any]] = {
    cls: {i: msgspec.json.Decoder(model.field_types(cls)[spec.fields[i]]) for i in spec.lists}
    for cls, spec in SPECS.items()
}


def read_row(spec: KindSpec, row: Sequence[Any]) -> StoredRow:
    """Convert a database row selected by `select_columns`. Raises CorruptStore."""
    try:
        count = len(spec.fields)
        values = list(row[1 : 1 + count])
        for i, decoder in _decode_tuple[spec.type].items():
            values[i] = decoder.decode(values[i])
        for i in spec.flags:
            values[i] = None if values[i] is None else bool(values[i])
        for i in spec.optional:
            values[i] = msgspec.UNSET if values[i] is None else values[i]
        derived = tuple(row[1 + count : 1 + count + len(spec.derived)])
        salt, redacted = row[1 + count + len(spec.derived) : -3] if spec.words else (None, None)
        item = spec.type(**dict(zip(spec.fields, values, strict=True)))
        return StoredRow(
            row[0],
            item,
            derived,
            memoryview(salt).tobytes() if salt is not None else None,
            _decode_redacted(redacted) if redacted is not None else None,
            *row[-3:],
        )
    except (ValueError, TypeError, RecursionError) as problem:
        raise CorruptStore(f"{spec.kind} row {row[0]} is damaged: {problem}; run `hotpapers verify`") from problem


def read_with_commitments(spec: KindSpec, row: Sequence[Any]) -> StoredRow:
    """Reads a row selected by `columns_with_commitments`."""
    count = len(spec.columns)
    read = read_row(spec, row[:count])
    keys = [getattr(read.item, spec.fields[i]) for i in spec.persons]
    voice = row[-1] if "voice" in spec.committed else ""
    if any(key is None or is_paper(key) for key in (*keys, voice)):
        raise CorruptStore(f"{spec.kind} row {row[0]} names a missing post or account; run `hotpapers verify`")
    secrets = zip(spec.committed, (*keys, voice), row[count:], strict=False)
    try:
        committed = {name: commitment_of(key, secret) for name, key, secret in secrets}
    except (TypeError, AttributeError) as problem:
        raise CorruptStore(f"{spec.kind} row {row[0]} names a damaged identity; run `hotpapers verify`") from problem
    return read._replace(committed=committed, voice=voice)
