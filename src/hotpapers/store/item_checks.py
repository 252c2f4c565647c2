"""What an item from outside must be before it enters the record: bounded, well-formed, storable."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from typing import get_type_hints
from zoneinfo import ZoneInfo

import msgspec

from hotpapers import model
from hotpapers.ids import arxiv
from hotpapers.model import keys

_MEASURED = ("age", "voices", "bots", "known", "authors", "counted", "unread")
NEVER_NEGATIVE = frozenset((*model.COUNTS, "place", "places", "n", "edition", "lead", "least_entries")).union(_MEASURED)
"""Fields that are never negative."""

_KEYS = frozenset(("post", "account", "stable", "subject", "reply_to", "quotes"))
"""Fields that hold a post's or an account's key (in a snapshot `quotes` is a count)."""

_READ = (*model.NETWORKS, "arxiv")
"""What stands as a network: where people talk, and in coverage also arXiv itself."""

_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9-]{{0,99}}({model.HISTORY})?")
"""A publication's name: it stands in addresses and paths. The settings know none that is made afterwards."""

_encode = msgspec.json.Encoder().encode


def needed(kind: type[model.Item]) -> tuple[str, ...]:
    """The fields of a kind that must not be empty: by them its rows are found. A verdict may be about no paper."""
    texts = [name for name, hint in get_type_hints(kind).items() if hint is not int and hint != tuple[str, ...]]
    return tuple(name for name in texts if name != "about" and (name in kind.key or name in _NEEDED))


_NEEDED = ("paper", "post", "stable")
_NEEDED_OF = {kind: needed(kind) for kind in model.KINDS}


def check(item: model.Item) -> None:
    """Raises ValueError or InputError for an item that no program should have written."""
    for name in _NEEDED_OF[type(item)]:
        if not getattr(item, name):
            raise ValueError(f"{name} is empty")
    check_closed(item)
    if isinstance(item, model.Post) and keys.network_of(item.post) != item.network:
        raise ValueError(f"post {item.post[:60]!r} is none of the network {item.network!r}")
    if isinstance(item, model.Coverage) and item.until_at < item.from_at:
        raise ValueError("coverage ends before it begins")


def check_closed(item: model.Item) -> None:
    """The same for an item whose row was closed: what older programs let in may lack its key."""
    for name in item.__struct_fields__:
        value = getattr(item, name)
        if isinstance(value, int):
            _check_number(name, value)
        elif isinstance(value, str) and value:
            _check_text(name, value)
    if isinstance(item, model.Post):
        _check_links(item)
    if isinstance(item, model.Publication):
        _check_hours(item)


def _check_number(name: str, value: int) -> None:
    if not -model.LARGEST <= value <= model.LARGEST:
        raise ValueError(f"{name} {value} is larger than 2^53 - 1" if value > 0 else f"{name} {value} is too small")
    if value < 0 and name in NEVER_NEGATIVE:
        raise ValueError(f"{name} is negative")


def _check_text(name: str, value: str) -> None:
    if name == "paper" or (name == "about" and value):
        arxiv.from_key(value)
    elif name == "day" and not _is_day(value):
        raise ValueError(f"{value[:40]!r} is no day such as 2021-01-14")
    elif name in _KEYS and not _is_key(value):
        raise ValueError(f"{name} {value[:60]!r} is no key of a post or account such as x:1341202937956233217")
    elif name == "network" and value not in _READ:
        raise ValueError(f"network {value[:40]!r} is none of {', '.join(model.NETWORKS)}")
    elif name in ("publication", "source") and not _NAME.fullmatch(value):
        raise ValueError(f"{name} {value[:60]!r}: a name has letters, digits and hyphens")


def _is_day(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_key(text: str) -> bool:
    return keys.network_of(text) in model.NETWORKS and bool(keys.own_id(text))


def _check_links(post: model.Post) -> None:
    if any(not 0 <= link.start <= link.end <= len(post.text) for link in post.links):
        raise ValueError("a link outside the text")


def _check_hours(publication: model.Publication) -> None:
    if not 0 <= publication.hour <= 23:
        raise ValueError(f"{publication.hour} is no hour of a day")
    try:
        ZoneInfo(publication.zone)
    except (OSError, LookupError) as problem:
        raise ValueError(f"zone {publication.zone[:40]!r} is unknown") from problem


def cleaned(offers: Iterable[tuple[model.Item, int]]) -> tuple[list[tuple[model.Item, int]], int]:
    """Items with their originals, each as `clean` gives it; how many of them had to be mended."""
    given = list(offers)
    if _is_storable([item for item, _ in given]):  # nearly always, and faster to see at once
        return given, 0
    result = [(clean(item), origin) for item, origin in given]
    return result, sum(item is not before for (item, _), (before, _) in zip(result, given, strict=True))


def clean(item: model.Item) -> model.Item:
    """The item with U+0000 and lone surrogates, which not every database can hold, as U+FFFD; itself if it has none."""
    if _is_storable(item):
        return item
    values = {name: _storable(getattr(item, name)) for name in item.__struct_fields__}
    cleaned = msgspec.structs.replace(item, **values)
    return item if cleaned == item else cleaned


def _is_storable(value: model.Item | list[model.Item]) -> bool:
    """Whether there is no such sign; also false where its escape is written out."""
    try:
        return b"\\u0000" not in _encode(value)
    except UnicodeEncodeError:
        return False


def _storable(value: object) -> object:
    if isinstance(value, str):
        return model.storable(value)
    if isinstance(value, tuple):
        return tuple(map(_storable, value))
    if isinstance(value, model.TextLink):
        return model.TextLink(value.start, value.end, model.storable(value.target))
    return value
