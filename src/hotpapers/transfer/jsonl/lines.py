"""The lines of the exchange format that are no items: header, batch, identity, pruned, delivery_state, end; and what a
full export keeps beside an item."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from hotpapers.model import LARGEST

Number = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
Moment = Annotated[int, msgspec.Meta(ge=-LARGEST, le=LARGEST)]
Pair = tuple[Number, Number]
Remainder = tuple[Number, Number, str]
ErasedIdentity = tuple[Number, Number, str]


class NumberedLine(NamedTuple):
    """A line with its number, read as JSON."""

    number: int
    kind: str
    body: dict[str, Any]


class ExchangeHeader(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="header"):
    """The first line. `full`: batches and issues too, with the store's `secret`: treat such a file like the store.

    `end`: the last line is an `end`, so that a file that was cut off is noticed. `withheld`: networks whose posts and
    accounts may stand here without their words; not there where there are none.
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
    """A line after the header that is no item. Fields that are not known are refused, defaults left out."""


class ExchangeBatch(ExchangeLine, frozen=True, kw_only=True, tag="batch"):
    """A batch of a full export; the `identities` that it brought follow, then its `items`, in the order of its
    manifest.

    `closed`, `pruned` and `forgotten` name rows of earlier batches by (position, index), forgotten ones with the hash
    of what is left of them; `erased` names identities so, with their pseudonyms. `tombstones`: marks of what must not
    come back. Without `kind`, `items` and `chain` it is the header that `chain` covers: see
    `manifest.link`.
    """

    position: Number
    at: Moment
    source: str
    cursor: str | None
    items: Number
    chain: str
    closed: list[Pair]
    pruned: list[Pair]
    identities: Number = 0
    forgotten: list[Remainder] = []
    erased: list[ErasedIdentity] = []
    tombstones: list[str] = []


class IdentityLine(ExchangeLine, frozen=True, kw_only=True, tag="identity"):
    """A post or an account that is named from here on. `salt`: of its commitment; once its key is forgotten
    `key` is a pseudonym, and the `commitment` itself stands here."""

    key: str
    salt: str = ""
    commitment: str = ""


class PrunedLine(ExchangeLine, frozen=True, kw_only=True, tag="pruned"):
    """Stands where a pruned item stood: of which kind it `was`, and its hash."""

    was: str
    hash: str


class DeliveryStateLine(ExchangeLine, frozen=True, kw_only=True, tag="delivery_state"):
    """How far an issue has come at one target of a channel, after the last batch of a full export: no item, and in no
    hash. `at`: since when."""

    publication: str
    day: str
    edition: Number
    channel: str
    target: str
    state: Literal["sending", "sent", "failed"]
    receipt: str = ""
    at: Moment


class ExchangeEnd(ExchangeLine, frozen=True, kw_only=True, tag="end"):
    """The last line."""


class RowExtras(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a full export keeps beside an item, as its `row`.

    `check`: how the item's hash begins, so that a changed line can be named. `salt`: of its commitments. `lost`: the
    commitments of what was forgotten; `derived` beside it: of a post the key as whose voice it counts, and the mark of
    its text. `until`: the batch that closed it."""

    check: str = ""
    salt: str | None = None
    lost: dict[str, str] | None = None
    derived: list[int | str] | None = None
    until: int | None = None


CHECK = 8
"""Hexadecimal digits of a line's check, and no more than a manifest keeps."""
