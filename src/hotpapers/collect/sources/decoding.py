"""Shared by sources: decoding of responses and of their timestamps."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Callable, Iterable
from types import UnionType
from typing import Annotated, Any, TypeVar, get_args, get_origin
from urllib.parse import urlsplit

import msgspec

from hotpapers.base.errors import InputError, NetError
from hotpapers.base.model import MAX_INTEGER, RawPayload, Response
from hotpapers.base.text import timestamps
from hotpapers.base.untrusted_json import BROKEN, decode_json, without_lone_surrogates

T = TypeVar("T")
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_INTEGER)]
Score = Annotated[int, msgspec.Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)]
Flag = Any
"""A limit that an author or a server set. Whatever isn't false, empty or null sets it: in doubt, a limit holds."""


def microseconds_of(published: datetime.datetime) -> int:
    """Whole seconds as µs UTC. A time without a zone is UTC, never the machine's local time."""
    return timestamps.whole_seconds(timestamps.from_datetime(published))


def decode_response(response: Response, type: type[T]) -> T:
    """A server's decoded JSON. Raises NetError if it is anything else, such as an HTML page."""
    parts = urlsplit(response.url)
    place = f"{parts.netloc}{parts.path}"
    refuse_page(response.body, place)
    try:
        return decode_json(response.body, type)
    except InputError as problem:
        raise NetError(f"{place}: not the expected response: {problem}") from problem


def refuse_page(body: bytes, place: str, missing: str = "not the expected response") -> None:
    """Raises NetError for a page in HTML, with which sites ask people to log in or to prove that they are people."""
    if _PAGE.match(body):
        raise NetError(f"{place}: {missing}, but a web page")


def decode_entry(raw: bytes | msgspec.Raw, type: type[T]) -> T:
    """A decoded entry. An optional field of another type than expected counts as missing, so that it doesn't cost the
    whole entry: servers that speak a network's protocol differ in such fields. Raises msgspec's errors."""
    return entry_decoder(type)(raw)


def entry_decoder(type: type[T], *, strict: bool = True) -> Callable[[bytes | msgspec.Raw], T]:
    """`decode_entry` for many entries of a type. Unless `strict`, a text such as "12" is also a number."""
    decode = msgspec.json.Decoder(type, strict=strict).decode

    def decode_one(raw: bytes | msgspec.Raw) -> T:
        try:
            return decode(raw)
        except BROKEN:
            return decode(_without_misfits(without_lone_surrogates(bytes(raw)), type, strict))

    return decode_one


def decode_or_none(raw: bytes | msgspec.Raw, type: type[T]) -> T | None:
    """The decoded part of an entry that identifies it; None if it cannot be decoded."""
    try:
        return decode_entry(raw, type)
    except BROKEN:
        return None


def decode_entries(
    raws: Iterable[msgspec.Raw], type: type[T], key: Callable[[T], str], kind: str, at: int
) -> list[tuple[T | None, RawPayload]]:
    """Entries, None for those that cannot be decoded, each with its payload of a kind under its key. `type`: the part
    of an entry that has the key."""
    entries = ((decode_or_none(raw, type), bytes(raw)) for raw in raws)
    return [
        (entry, RawPayload(kind, key(entry) if entry else unreadable_key(body), body, at)) for entry, body in entries
    ]


def unreadable_key(raw: bytes | msgspec.Raw) -> str:
    """A key for an entry that cannot be identified: it goes to quarantine instead of being lost."""
    return "unreadable-" + hashlib.sha256(bytes(raw)).hexdigest()[:16]


def _without_misfits(raw: bytes, expected: Any, strict: bool) -> bytes:
    """JSON without the optional fields, and without the elements of lists, that cannot be decoded as expected."""
    if _fits(raw, expected, strict):
        return raw
    for kind in get_args(expected) if get_origin(expected) is UnionType else (expected,):
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and _fits(raw, dict[str, msgspec.Raw], strict):
            return msgspec.json.encode(_fitting_fields(raw, kind, strict))
        if get_origin(kind) is list and _fits(raw, list[msgspec.Raw], strict):
            [element] = get_args(kind)
            raw_values = decode_json(raw, list[msgspec.Raw])
            values = [_without_misfits(bytes(value), element, strict) for value in raw_values]
            return msgspec.json.encode([msgspec.Raw(value) for value in values if _fits(value, element, strict)])
    return raw


def _fitting_fields(raw: bytes, struct: type[msgspec.Struct], strict: bool) -> dict[str, msgspec.Raw]:
    """The fields of an object that a struct has; optional ones only if they fit."""
    given = decode_json(raw, dict[str, msgspec.Raw])
    result = dict[str, msgspec.Raw]()
    for field in msgspec.structs.fields(struct):
        if field.encode_name in given:
            value = _without_misfits(bytes(given[field.encode_name]), field.type, strict)
            if field.required or _fits(value, field.type, strict):
                result[field.encode_name] = msgspec.Raw(value)
    return result


def _fits(raw: bytes, expected: Any, strict: bool) -> bool:
    try:
        msgspec.json.decode(raw, type=expected, strict=strict)
    except BROKEN:
        return False
    return True
