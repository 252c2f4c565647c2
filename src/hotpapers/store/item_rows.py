"""Items as rows and as hashes: pure functions, one `KindSpec` a kind.

An item's hash is the SHA-256 of its RFC 8785 JSON, in which every personal value that is not empty stands as a
commitment, SHA-256(salt ‖ value). So a row whose values were forgotten still has its hash, from the commitments kept.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from hotpapers import model
from hotpapers.categories import archive_of
from hotpapers.errors import CorruptStore
from hotpapers.model import keys

SALT = 16
"""Bytes of a row's salt."""

canonical_json = msgspec.json.Encoder(order="sorted").encode
"""RFC 8785 JSON of what this program hashes: ASCII names, strings, integers, no floating point numbers."""

_plain_json = msgspec.json.Encoder().encode


class KeyedHasher(NamedTuple):
    """The store's secret, and what is derived from it: marks that equal persons and texts share and nobody can read."""

    secret: bytes

    def voice(self, account: str) -> int:
        """A signed 53-bit mark of an account, 0 for none; another one stands there when that is forgotten."""
        return self._number(account, b"voice") if account else 0

    def same(self, text: str) -> int:
        """A signed 53-bit mark that equal messages share on every network, 0 where there is too little text."""
        letters = normalized_text(text)
        return self._number(letters, b"same") if len(letters) >= 24 else 0

    def reaction(self, address: str) -> int:
        """A signed 53-bit mark of a reaction's own address."""
        return self._number(address, b"reaction")

    def tombstone(self, key: str) -> str:
        """The mark under which a forgotten key is known and refused: 32 hexadecimal digits."""
        return hashlib.blake2b(key.encode(), key=self.secret, digest_size=16, person=b"tombstone").hexdigest()

    def _number(self, text: str, person: bytes) -> int:
        digest = hashlib.blake2b(text.encode(), key=self.secret, digest_size=8, person=person).digest()
        return int.from_bytes(digest, "big", signed=True) >> 11  # what every JSON reader holds exactly


_SIGNS = re.compile(r"[\W_]+")
_UNICODE = unicodedata.ucd_3_2_0
"""A fixed version of Unicode, so that the same text has the same essence under every Python."""


class _Letters(dict[str, bool]):
    """Whether a character is a letter or a number; each is looked up once."""

    def __missing__(self, character: str) -> bool:
        self[character] = known = _UNICODE.category(character)[0] in "LN"
        return known


_LETTERS = _Letters()


def normalized_text(text: str) -> str:
    """A message without addresses, blanks, signs and case: what is left is alike when it was posted twice."""
    words = "".join([word for word in text.split() if not _is_address(word)])
    if words.isascii():
        return _SIGNS.sub("", words.lower())
    return "".join([c for c in _UNICODE.normalize("NFKC", words) if _LETTERS[c]]).casefold()


def _is_address(word: str) -> bool:
    return "://" in word or "/" in word.partition(".")[2]


def is_pseudonym(key: object) -> bool:
    """Whether a value is a key that stands for one that was forgotten."""
    return isinstance(key, str) and keys.own_id(key).startswith("~")


Derive = Callable[[Any, KeyedHasher], int | str]

_DERIVED: dict[type[model.Item], tuple[tuple[str, Derive], ...]] = {
    model.Paper: (("archive", lambda p, _: archive_of(p.categories[0]) if p.categories else ""),),
    model.Alias: (("voice", lambda a, m: m.voice(a.account)), ("stable_voice", lambda a, m: m.voice(a.stable))),
    model.Post: (("voice", lambda p, m: m.voice(p.account)), ("same", lambda p, m: m.same(p.text))),
    model.Reaction: (("voice", lambda r, m: m.voice(r.account)),),
    model.Verdict: (("voice", lambda v, m: m.voice(v.subject)),),
}


class KindSpec(NamedTuple):
    """How one kind is kept.

    `later`: fields that rows may lack which were written before these were there: NULL in the table, absent from JSON
    and hash. `label`: the values of the key and the moment; `canonical`: the values and the kind, in the order of their
    names, as an object with those names.
    """

    type: type[model.Item]
    kind: str
    fields: tuple[str, ...]
    key: tuple[int, ...]
    observed: int
    personal: tuple[int, ...]
    lists: tuple[int, ...]
    flags: tuple[int, ...]
    later: tuple[int, ...]
    derived: tuple[tuple[str, Derive], ...]
    columns: tuple[str, ...]
    label: Callable[[Sequence[Any]], tuple[Any, ...]]
    canonical: Callable[[Sequence[Any]], msgspec.Struct]


def _spec(cls: type[model.Item]) -> KindSpec:
    fields = cls.__struct_fields__
    hints = get_type_hints(cls)
    derived = _DERIVED.get(cls, ())
    key = tuple(fields.index(name) for name in cls.key)
    return KindSpec(
        type=cls,
        kind=model.kind_of(cls),
        fields=fields,
        key=key,
        observed=fields.index("observed_at"),
        personal=tuple(fields.index(name) for name in cls.personal),
        lists=tuple(i for i, name in enumerate(fields) if get_origin(hints[name]) is tuple),
        flags=tuple(i for i, name in enumerate(fields) if hints[name] is bool),
        later=tuple(i for i, name in enumerate(fields) if msgspec.UnsetType in get_args(hints[name])),
        derived=derived,
        columns=(*fields, *(name for name, _ in derived), "salt", "lost", "origin", "since", "until"),
        label=itemgetter(*key, fields.index("observed_at")),
        canonical=_canonical(cls.__name__, (*fields, "kind")),
    )


def _canonical(name: str, names: Sequence[str]) -> Callable[[Sequence[Any]], msgspec.Struct]:
    """Values in the order of `names` → an object with these names in sorted order: msgspec writes it at once."""
    made = msgspec.defstruct(f"{name}Canonical", sorted(names), gc=False)
    in_order = itemgetter(*(names.index(one) for one in sorted(names)))
    return lambda values: made(*in_order(values))


SPECS: dict[type[model.Item], KindSpec] = {cls: _spec(cls) for cls in model.KINDS}
BY_KIND: dict[str, KindSpec] = {spec.kind: spec for spec in SPECS.values()}


def commitment(salt: bytes, value: Any) -> str:
    """SHA-256(salt ‖ value) in hexadecimal; a value that is not text counts as its canonical JSON."""
    raw = value.encode() if isinstance(value, str) else canonical_json(value)
    return hashlib.sha256(salt + raw).hexdigest()


def item_hash(
    spec: KindSpec, values: Sequence[Any], salt: bytes | None, lost: Mapping[str, str] | None = None
) -> bytes:
    """The 32 bytes of an item's hash from its field values, in the order of `spec.fields`."""
    said = [*values, spec.kind]
    if salt is not None:
        for i in spec.personal:
            if said[i]:
                said[i] = commitment(salt, said[i])
    for name, kept in (lost or {}).items():
        if name in spec.fields:
            said[spec.fields.index(name)] = kept
    return hashlib.sha256(_plain_json(spec.canonical(said))).digest()


class PreparedRow(NamedTuple):
    """An item ready to be written: `row` lacks `since` and `until`, `label` names it in the manifest."""

    label: tuple[Any, ...]
    row: tuple[Any, ...]
    hash: bytes
    item: model.Item


class RowSecrets(NamedTuple):
    """What a row has beside its item: given on import of a whole record, made afresh otherwise."""

    salt: bytes | None
    lost: dict[str, str] | None = None
    derived: tuple[int | str, ...] | None = None


def label_of(spec: KindSpec, values: Sequence[Any]) -> tuple[Any, ...]:
    """The item's kind, key and moment."""
    return (spec.kind, *spec.label(values))


def stored_values(spec: KindSpec, values: Sequence[Any]) -> Sequence[Any]:
    """An item's field values as its columns hold them: lists as canonical JSON, flags as 0 and 1, absent as NULL."""
    if not (spec.lists or spec.flags or spec.later):
        return values
    stored = list(values)
    for i in spec.lists:
        stored[i] = canonical_json(values[i]).decode()
    for i in spec.flags:
        stored[i] = int(values[i])
    for i in spec.later:
        stored[i] = None if values[i] is msgspec.UNSET else values[i]
    return stored


def prepare(
    item: model.Item, marks: KeyedHasher, salt: bytes | None, origin: int = 0, kept: RowSecrets | None = None
) -> PreparedRow:
    """An item with its hash and its row. `salt` is used where the kind has personal fields."""
    spec = SPECS[type(item)]
    values = msgspec.structs.astuple(item)
    lost = kept.lost if kept else None
    if kept:
        salt = kept.salt
    elif not spec.personal:
        salt = None
    derived = kept.derived if kept and kept.derived is not None else tuple([f(item, marks) for _, f in spec.derived])
    lost_json = canonical_json(lost).decode() if lost else None
    row = (*stored_values(spec, values), *derived, salt, lost_json, origin)
    return PreparedRow(label_of(spec, values), row, item_hash(spec, values, salt, lost), item)


def prepare_all(
    offered: Iterable[tuple[model.Item, int, RowSecrets | None]], marks: KeyedHasher
) -> dict[KindSpec, list[PreparedRow]]:
    """Items with (origin, kept) grouped by kind in the order of KINDS, each group sorted by key and moment."""
    groups: dict[type[model.Item], list[PreparedRow]] = {cls: [] for cls in model.KINDS}
    pool, at = b"", 0
    for item, origin, kept in offered:
        if at >= len(pool):
            pool, at = os.urandom(SALT * 512), 0
        groups[type(item)].append(prepare(item, marks, pool[at : at + SALT], origin, kept))
        at += SALT
    return {SPECS[cls]: sorted(group, key=itemgetter(0)) for cls, group in groups.items() if group}


class StoredRow(NamedTuple):
    """A row as read back."""

    id: int
    item: model.Item
    derived: tuple[int | str, ...]
    salt: bytes | None
    lost: dict[str, str] | None
    origin: int
    since: int
    until: int

    @property
    def hash(self) -> bytes:
        """The hash that the row has now."""
        spec = SPECS[type(self.item)]
        return item_hash(spec, msgspec.structs.astuple(self.item), self.salt, self.lost)

    @property
    def is_forgotten(self) -> bool:
        """Whether the row's own key was forgotten, and with it all that it said."""
        return is_pseudonym(getattr(self.item, type(self.item).key[0]))

    @property
    def seal(self) -> str:
        """The hash of all that the row says now, in hexadecimal: kept when parts of it are forgotten."""
        spec = SPECS[type(self.item)]
        values = stored_values(spec, msgspec.structs.astuple(self.item))
        salt = self.salt.hex() if self.salt is not None else None
        return hashlib.sha256(canonical_json([*values, *self.derived, salt, self.lost])).hexdigest()

    @property
    def label(self) -> tuple[Any, ...]:
        """The item's kind, key and moment."""
        return label_of(SPECS[type(self.item)], msgspec.structs.astuple(self.item))


def select_columns(spec: KindSpec, alias: str = "") -> str:
    """The columns that `read_row` takes, for a SELECT."""
    return _columns_of(spec.kind, f"{alias}." if alias else "")


@cache
def _columns_of(kind: str, prefix: str) -> str:
    return ", ".join(f'{prefix}"{name}"' for name in ("id", *BY_KIND[kind].columns))


_decode_lost = msgspec.json.Decoder(dict[str, str]).decode
_decode_tuple: dict[type[model.Item], dict[int, Any]] = {
    cls: {i: msgspec.json.Decoder(get_type_hints(cls)[spec.fields[i]]) for i in spec.lists}
    for cls, spec in SPECS.items()
}


def read_row(spec: KindSpec, row: Sequence[Any]) -> StoredRow:
    """A database row, selected by `select_columns`, as an item and what is kept beside it. Raises CorruptStore."""
    try:
        return _read_row(spec, row)
    except (ValueError, TypeError, RecursionError) as problem:
        raise CorruptStore(f"{spec.kind} row {row[0]} is not as rows are written: {problem}; see `verify`") from problem


def _read_row(spec: KindSpec, row: Sequence[Any]) -> StoredRow:
    count = len(spec.fields)
    values = list(row[1 : 1 + count])
    for i, decoder in _decode_tuple[spec.type].items():
        values[i] = decoder.decode(values[i])
    for i in spec.flags:
        values[i] = bool(values[i])
    for i in spec.later:
        values[i] = msgspec.UNSET if values[i] is None else values[i]
    derived = tuple(row[1 + count : 1 + count + len(spec.derived)])
    salt, lost, origin, since, until = row[1 + count + len(spec.derived) :]
    item = spec.type(**dict(zip(spec.fields, values, strict=True)))
    return StoredRow(
        row[0], item, derived, memoryview(salt).tobytes() if salt is not None else None,
        _decode_lost(lost) if lost is not None else None, origin, since, until,
    )  # fmt: skip
