"""The lines of the exchange format, and their reader, which checks them: JSON, the format's structs, items with what a
full export adds to them.

Lines that are not items: header, batch, identity, pruned, delivery_state, note, end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import msgspec
import zstandard

from hotpapers.base import keys, model, untrusted_json
from hotpapers.base.errors import InputError, NotExchange
from hotpapers.base.model import MAX_INTEGER
from hotpapers.base.networks import network_names
from hotpapers.record import item_checks, manifest
from hotpapers.record.commitments import SALT
from hotpapers.record.identities import IdentityRow, is_pseudonym
from hotpapers.record.item_rows import BY_KIND, SPECS, RowSecrets

FORMAT = "hotpapers-record"
VERSION = 1
MAX_LINE_BYTES = 64 * 2**20

T = TypeVar("T", bound=msgspec.Struct)
Value = TypeVar("Value")

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

    @property
    def row(self) -> dict[str, Any]:
        """The fields that a full export adds to an item, not checked; empty if `row` is not an object."""
        row = self.body.get("row")
        return row if isinstance(row, dict) else {}


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
    `manifest.chain_value`.
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


def changes_of(batch: Any) -> dict[str, Any]:
    """Earlier rows and identities that a batch's line or manifest lists, by field."""
    return {name: getattr(batch, name) for name in ("closed", "pruned", "forgotten", "erased", "tombstones")}


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


# ---- read and checked -----------------------------------------------------------------------------------


class ExchangeReader:
    """Reads lines and items. `file`: its name for errors. `withheld`: see `ExchangeHeader`."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.withheld: frozenset[str] = frozenset()
        self._promised = self._full = False
        self._blank = 0

    def read(self, raw: Iterable[bytes]) -> Iterator[NumberedLine]:
        """All lines that are not blank, without the end line."""
        number = 0
        ended = False
        try:
            for number, text in enumerate(raw, 1):
                if text.strip():
                    if ended:
                        raise self.error(number, "a line after the end")
                    line = self._line(number, text)
                    ended = line.kind == "end"
                    if not ended:
                        yield line
                else:
                    self._blank = self._blank or number
                if self._full and self._blank:
                    raise self.error(self._blank, "an empty line, which is not allowed in a full export")
        except (zstandard.ZstdError, EOFError) as problem:
            raise self.error(number + 1, f"cannot be unpacked: {problem}") from problem
        if self._promised and not ended:
            raise self.error(number + 1, "the file is truncated: it has no end line")

    def _line(self, number: int, text: bytes) -> NumberedLine:
        if len(text) > MAX_LINE_BYTES:
            raise self.error(number, f"a line longer than {MAX_LINE_BYTES:,} bytes")
        try:
            body = untrusted_json.decode_json(text, Any)
            if msgspec.json.encode(body) != text.rstrip():  # as this program writes it, no name is repeated
                untrusted_json.refuse_repeated_names(text)
        except (ValueError, InputError, RecursionError) as problem:
            raise self.error(number, f"not JSON: {problem}") from problem
        if not isinstance(body, dict) or not isinstance(body.get("kind"), str):
            raise self.error(number, "not an object with a kind")
        line = NumberedLine(number, body["kind"], body)
        if "lost" in line.row and "redacted" not in line.row:  # its name in exports of earlier builds
            line.row["redacted"] = line.row.pop("lost")
        return line

    def error(self, number: int, reason: str) -> NotExchange:
        """A NotExchange with file and line."""
        reason = "".join([sign if sign.isprintable() else "\ufffd" for sign in reason[:300]])
        return NotExchange(reason, file=self.file, line=number)

    def header(self, line: NumberedLine | None) -> ExchangeHeader:
        """Check and return the header, which is the first line."""
        if line is None or line.kind != "header" or line.body.get("format") != FORMAT:
            raise self.error(1, f"not in the exchange format: the first line is not a header of {FORMAT}")
        if line.body.get("version") != VERSION:
            version = str(line.body.get("version"))[:20]
            raise self.error(1, f"version {version} of the format is not supported, only version {VERSION}")
        header = self.convert(line, ExchangeHeader)
        secret = hex_bytes(header.secret)
        if header.full and len(secret) != 32:
            raise self.error(1, "a full export without its secret")
        self._promised = header.end
        self._full = header.full
        self.withheld = frozenset(header.withheld or ()).intersection(network_names())
        return msgspec.structs.replace(header, secret=secret.hex())

    def convert(self, line: NumberedLine, cls: type[T]) -> T:
        """The line as one of the format's structs."""
        converted: T = self.checked(line.number, msgspec.convert, line.body, cls)
        return converted

    def checked(self, number: int, function: Callable[..., Value], *arguments: Any) -> Value:
        """Calls a function for the content of a line and returns its result. Its errors become those of the line."""
        try:
            return function(*arguments)
        except (ValueError, InputError, RecursionError) as problem:
            raise self.error(number, str(problem)) from problem

    def item(self, line: NumberedLine) -> tuple[model.Item, RowExtras]:
        """The line's item and its `row`."""
        if line.kind not in BY_KIND:
            raise self.error(line.number, f"{line.kind[:40]!r} is not a kind of item")
        return self.checked(line.number, _item_of, line.kind, line.body)

    def kept(self, line: NumberedLine, item: model.Item, beside: RowExtras) -> RowSecrets:
        """The checked secrets from an item's `row` in a full export; its voice is still given by key."""
        spec = SPECS[type(item)]
        salt = hex_bytes(beside.salt) if beside.salt is not None else None
        redacted = beside.redacted or None
        derived = tuple(beside.derived) if beside.derived is not None else None
        is_salt = salt is None or (len(salt) == SALT and salt.hex() == beside.salt and bool(spec.words))
        if redacted is None or derived is None:
            fits = redacted is None and derived is None
        else:
            fits = bool(spec.words) and redacted.keys() <= {*spec.type.personal} and _fit(derived, spec.type)
        if not (is_salt and fits):
            raise self.error(line.number, "the item's row does not fit the item")
        return RowSecrets(salt, redacted, derived)

    def delivery_state(self, line: NumberedLine) -> tuple[str | int, ...]:
        """The line's row, checked like a delivery."""
        values = msgspec.structs.asdict(self.convert(line, DeliveryStateLine))
        at = values.pop("at")
        delivery = model.Delivery(**values | {"state": "sent"}, observed_at=at)
        self.checked(line.number, item_checks.check_item, delivery)
        return (*(model.storable_text(value) if isinstance(value, str) else value for value in values.values()), at)

    def identity(self, line: NumberedLine, number: int, position: int) -> IdentityRow:
        """The line's identity, checked."""
        identity_line = self.convert(line, IdentityLine)
        salt = hex_bytes(identity_line.salt)
        committed = hex_bytes(identity_line.commitment)
        if not set(identity_line.commitment) <= set("0123456789abcdef"):  # hex_bytes also accepts spaces and capitals
            committed = b"?"
        is_key = keys.is_key(identity_line.key)
        is_named = is_key and (is_pseudonym(identity_line.key) or not committed)
        if not is_named or (len(salt), len(committed)) not in ((SALT, 0), (0, manifest.HASH)):
            raise self.error(line.number, "not an identity: a key with its salt, or a pseudonym with its commitment")
        return IdentityRow(number, identity_line.key, salt or None, committed or None, position)


def _item_of(kind: str, body: dict[str, Any]) -> tuple[model.Item, RowExtras]:
    row = body.pop("row", {})
    item: model.Item = msgspec.convert(body, BY_KIND[kind].type)
    beside = msgspec.convert(row, RowExtras)
    (item_checks.check_closed if beside.until else item_checks.check_item)(item)
    return item_checks.clean_item(item), beside


def _fit(derived: Sequence[int | str], kind: type[model.Item]) -> bool:
    """Whether these are the key of a post's voice and the fingerprint of its text, which fits the column."""
    if kind is not model.Post:
        return not derived
    voice, fingerprint = derived if len(derived) == 2 else (0, 0)
    if type(voice) is not str or type(fingerprint) is not int:
        return False
    return -(2**63) <= fingerprint < 2**63
