"""Read and check the lines of an export: JSON, the format's structs, items with their `row`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec
import zstandard

from hotpapers.base import model
from hotpapers.base.errors import InputError, NotExchange
from hotpapers.base.model.keys import is_key
from hotpapers.base.untrusted_json import refuse_repeated_names
from hotpapers.keep.transfer.jsonl import FORMAT, VERSION
from hotpapers.keep.transfer.jsonl.lines import (
    DeliveryStateLine,
    ExchangeHeader,
    IdentityLine,
    NumberedLine,
    RowExtras,
    hex_bytes,
)
from hotpapers.record import item_checks
from hotpapers.record.commitments import SALT
from hotpapers.record.identities import IdentityRow, is_pseudonym
from hotpapers.record.item_rows import BY_KIND, SPECS, RowSecrets
from hotpapers.record.manifest import HASH

MAX_LINE_BYTES = 64 * 2**20

T = TypeVar("T", bound=msgspec.Struct)


class ExchangeReader:
    """Reads lines and items. `file`: its name for errors. `withheld`: see `ExchangeHeader`."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.withheld: frozenset[str] = frozenset()
        self._promised = self._full = False
        self._blank = 0

    def read(self, raw: Iterable[bytes]) -> Iterator[NumberedLine]:
        """All lines that are not blank, without the end line."""
        number, ended = 0, False
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
            body = msgspec.json.decode(text)
            if msgspec.json.encode(body) != text.rstrip():  # as this program writes it, no name is repeated
                refuse_repeated_names(text)
        except (ValueError, InputError, RecursionError) as problem:
            raise self.error(number, f"not JSON: {problem}") from problem
        if not isinstance(body, dict) or not isinstance(body.get("kind"), str):
            raise self.error(number, "not an object with a kind")
        row = body.get("row")
        if isinstance(row, dict) and "lost" in row and "redacted" not in row:  # its name in exports of earlier builds
            row["redacted"] = row.pop("lost")
        return NumberedLine(number, body["kind"], body)

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
        self._promised, self._full = header.end, header.full
        self.withheld = frozenset(header.withheld or ()).intersection(model.NETWORKS)
        return msgspec.structs.replace(header, secret=secret.hex())

    def convert(self, line: NumberedLine, cls: type[T]) -> T:
        """The line as one of the format's structs."""
        try:
            return msgspec.convert(line.body, cls)
        except (ValueError, RecursionError) as problem:
            raise self.error(line.number, str(problem)) from problem

    def item(self, line: NumberedLine) -> tuple[model.Item, RowExtras]:
        """The line's item and its `row`."""
        if line.kind not in BY_KIND:
            raise self.error(line.number, f"{line.kind[:40]!r} is not a kind of item")
        row = line.body.pop("row", {})
        try:
            item: model.Item = msgspec.convert(line.body, BY_KIND[line.kind].type)
            beside = msgspec.convert(row, RowExtras)
            (item_checks.check_closed if beside.until else item_checks.check)(item)
            return item_checks.clean(item), beside
        except (ValueError, InputError, RecursionError) as problem:
            raise self.error(line.number, str(problem)) from problem

    def kept(self, line: NumberedLine, item: model.Item, beside: RowExtras) -> RowSecrets:
        """The checked secrets from an item's `row` in a full export; its voice is still given by key."""
        spec = SPECS[type(item)]
        salt = hex_bytes(beside.salt) if beside.salt is not None else None
        redacted, derived = beside.redacted or None, tuple(beside.derived) if beside.derived is not None else None
        is_salt = salt is None or (len(salt) == SALT and salt.hex() == beside.salt and bool(spec.words))
        known = is_salt and set(redacted or ()) <= set(type(item).personal)
        if (
            not known
            or (derived is None) is not (redacted is None)
            or (redacted is not None and not spec.words)
            or (derived is not None and not _fits(derived, _MARKS if spec.type is model.Post else ()))
        ):
            raise self.error(line.number, "the item's row does not fit the item")
        return RowSecrets(salt, redacted, derived)

    def delivery_state(self, line: NumberedLine) -> tuple[str | int, ...]:
        """The line's row, checked like a delivery."""
        state_line = self.convert(line, DeliveryStateLine)
        delivery = model.Delivery(
            publication=state_line.publication,
            day=state_line.day,
            edition=state_line.edition,
            channel=state_line.channel,
            target=state_line.target,
            state="sent",
            receipt=state_line.receipt,
            observed_at=state_line.at,
        )
        try:
            item_checks.check(delivery)
        except (ValueError, InputError) as problem:
            raise self.error(line.number, str(problem)) from problem
        whose = (state_line.publication, state_line.day, state_line.edition)
        return (
            *whose,
            *map(model.storable, (state_line.channel, state_line.target, state_line.state, state_line.receipt)),
            state_line.at,
        )

    def identity(self, line: NumberedLine, number: int, position: int) -> IdentityRow:
        """The line's identity, checked."""
        identity_line = self.convert(line, IdentityLine)
        salt, committed = hex_bytes(identity_line.salt), hex_bytes(identity_line.commitment)
        if not set(identity_line.commitment) <= set("0123456789abcdef"):  # hex_bytes also accepts spaces and capitals
            committed = b"?"
        is_named = is_key(identity_line.key) and (is_pseudonym(identity_line.key) or not committed)
        if not is_named or (len(salt), len(committed)) not in ((SALT, 0), (0, HASH)):
            raise self.error(line.number, "not an identity: a key with its salt, or a pseudonym with its commitment")
        return IdentityRow(number, identity_line.key, salt or None, committed or None, position)


_MARKS = (str, int)
"""The types in `derived` of a post with forgotten parts: the key of its voice, and the fingerprint of its text."""


def _fits(derived: Sequence[int | str], usual: Sequence[type]) -> bool:
    """Whether values have the expected types and fit the columns."""
    return [type(value) for value in derived] == list(usual) and all(
        isinstance(value, str) or -(2**63) <= value < 2**63 for value in derived
    )
