"""The lines of the exchange format that are not items: header, batch, identity, pruned, delivery_state, note, end;
and what a full export adds to an item."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from hotpapers.base.model import MAX_INTEGER

Number = Annotated[int, msgspec.Meta(ge=0, le=MAX_INTEGER)]
Moment = Annotated[int, msgspec.Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)]
StorableText = Annotated[str, msgspec.Meta(pattern=r"^[^\0]*$")]
"""Without U+0000, which some databases cannot store."""
NoteName = Annotated[str, msgspec.Meta(pattern=r"^[^\0]*$", max_length=1000)]
NoteText = Annotated[str, msgspec.Meta(pattern=r"^[^\0]*$", max_length=10_000_000)]
TombstoneMark = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}$", max_length=32)]
Pair = tuple[Number, Number]
Remainder = tuple[Number, Number, str]
ErasedIdentity = tuple[Number, Number, StorableText]


class NumberedLine(NamedTuple):
    """A line parsed as JSON, with its number."""

    number: int
    kind: str
    body: dict[str, Any]


class ExchangeHeader(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="header"):
    """The first line. `full`: with batches and issues, and the store's `secret`; protect such a file like the store.

    `end`: the last line is an `end`, so truncated files are detected. `withheld`: networks whose posts and accounts may
    lack their words; absent if there are none.
    """

    format: str
    version: int
    full: bool
    end: bool = False
    secret: str = ""
    withheld: list[str] | msgspec.UnsetType = msgspec.UNSET


class ExchangeLine(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True, omit_defaults=True
):
    """A line after the header that is not an item. Unknown fields are refused, defaults are omitted."""


class ExchangeBatch(ExchangeLine, frozen=True, kw_only=True, tag="batch"):
    """A batch of a full export. The `identities` that it added follow, then its `items`, in the order of its manifest.

    `closed`, `pruned` and `forgotten` give rows of earlier batches by (position, index), forgotten ones with the hash
    of the rest; `erased` gives identities the same way, with their pseudonyms. `tombstones`: marks of keys and names
    that must not come back. Without `kind`, `items` and `chain` it is the header that `chain` covers; see
    `manifest.link`.
    """

    position: Number
    at: Moment
    source: StorableText
    cursor: StorableText | None
    items: Number
    chain: str
    closed: list[Pair]
    pruned: list[Pair]
    identities: Number = 0
    forgotten: list[Remainder] = []
    erased: list[ErasedIdentity] = []
    tombstones: list[TombstoneMark] = []


class IdentityLine(ExchangeLine, frozen=True, kw_only=True, tag="identity"):
    """A post or account that later lines refer to. `salt`: that of its commitment. Once its key is forgotten, `key` is
    a pseudonym, and `commitment` replaces `salt`."""

    key: str
    salt: str = ""
    commitment: str = ""


class PrunedLine(ExchangeLine, frozen=True, kw_only=True, tag="pruned"):
    """The place of a pruned item: the kind that it `was`, and its hash."""

    was: str
    hash: str


class DeliveryStateLine(ExchangeLine, frozen=True, kw_only=True, tag="delivery_state"):
    """The state of an issue's delivery to one target of a channel, after the last batch of a full export. Not an item,
    and not covered by any hash. `at`: since when."""

    publication: str
    day: str
    edition: Number
    channel: str
    target: str
    state: Literal["sending", "sent", "failed"]
    receipt: str = ""
    at: Moment


class NoteLine(ExchangeLine, frozen=True, kw_only=True, tag="note"):
    """What the program noted about issues, such as the digest of a week's topics or the posts of a lane, after the last
    batch of a full export. Not an item, and not covered by any hash."""

    name: NoteName
    value: NoteText


class ExchangeEnd(ExchangeLine, frozen=True, kw_only=True, tag="end"):
    """The last line."""


class RowExtras(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a full export adds to an item, as its `row`.

    `check`: the first digits of the item's hash, to report which line was changed. `salt`: for its commitments.
    `redacted`: the commitments to what was forgotten. `derived`: present with `redacted`; for a post, the key of the
    account as whose voice it counts, and the fingerprint of its text. `until`: the batch that closed it."""

    check: str = ""
    salt: str | None = None
    redacted: dict[str, str] | None = None
    derived: list[int | str] | None = None
    until: Annotated[int, msgspec.Meta(ge=1)] | None = None


CHECK = 8
"""Hexadecimal digits of a line's check; no more than a manifest keeps."""


def has_fields_of(body: dict[str, Any], value: msgspec.Struct, *, in_order: bool = False) -> bool:
    """Whether a line has exactly the fields with which a value is written: hashes cover the fields that are present,
    and with a default filled in or left out, anyone without this program would compute another one. `in_order`: also
    in the same order, for hashes that depend on it."""
    written = msgspec.to_builtins(value)
    return list(body) == list(written) if in_order else body.keys() == written.keys()


def hex_bytes(text: str) -> bytes:
    """The bytes of a hexadecimal text; empty for any other text."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
