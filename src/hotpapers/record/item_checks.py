"""Validate items from outside before they enter the record: bounded, well-formed, storable."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, get_args
from zoneinfo import ZoneInfo

import msgspec

from hotpapers.base import keys, model
from hotpapers.base.networks import all_networks, readable_networks
from hotpapers.base.papers import paper_servers
from hotpapers.base.text import timestamps

_MEASURED = ("age", "voices", "bots", "known", "authors", "counted", "unread")
NEVER_NEGATIVE = frozenset(
    (*model.COUNTS, "place", "places", "n", "edition", "lead", "least_entries", "most_entries")
).union(_MEASURED)
"""Fields that are never negative."""

_KEYS = frozenset(("post", "account", "stable", "subject", "reply_to", "quotes"))
"""Fields that contain the key of a post or account (except `quotes` of a snapshot, which is a count)."""

MAX_KEY_BYTES = 2_000
"""Bytes. PostgreSQL cannot index values of more than 2,691 bytes."""

_INDEXED = _KEYS.union(*(kind.key for kind in model.KINDS))


_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9-]{{0,99}}({model.HISTORY})?")
"""A publication's name, which is used in URLs and paths. Settings do not allow the suffix of retrospective ones."""

_encode = msgspec.json.Encoder(enc_hook=lambda unset: None).encode


def needed_fields(kind: type[model.Item]) -> tuple[str, ...]:
    """The fields of a kind that must not be empty, as rows are found by them. A verdict's `about` may be empty."""
    texts = [name for name, hint in model.field_types(kind).items() if hint is not int and hint != tuple[str, ...]]
    return tuple(name for name in texts if name != "about" and name in (*kind.key, *_NEEDED))


_NEEDED = ("paper", "post", "stable")
_NEEDED_OF = {kind: needed_fields(kind) for kind in model.KINDS}


def check_item(item: model.Item) -> None:
    """Raise ValueError or InputError for an invalid item."""
    for name in _NEEDED_OF[type(item)]:
        if not getattr(item, name):
            raise ValueError(f"{name} is empty")
    check_closed(item)
    if isinstance(item, model.Post) and keys.network_of(item.post) != item.network:
        raise ValueError(f"post {item.post[:60]!r} is not from the network {item.network!r}")
    if isinstance(item, model.Coverage) and item.until_at < item.from_at:
        raise ValueError("coverage ends before it begins")
    if isinstance(item, model.Issue):
        try:
            msgspec.json.decode(item.content, type=model.IssueContent)
        except (ValueError, RecursionError) as problem:
            raise ValueError(f"not the content of an issue: {problem}") from problem


def check_closed(item: model.Item) -> None:
    """Checks an item whose row is closed. It may lack key fields, which older versions accepted."""
    for name in _CHECKED_OF[type(item)]:
        value = getattr(item, name)
        if isinstance(value, int):
            _check_number(name, value)
        elif isinstance(value, str) and value:
            _check_text(name, value)
    if isinstance(item, model.Post) and any(not 0 <= k.start <= k.end <= len(item.text) for k in item.links):
        raise ValueError("a link is outside the text")
    if isinstance(item, model.Publication):
        if not 0 <= item.hour <= 23:
            raise ValueError(f"hour {item.hour} is not between 0 and 23")
        try:
            ZoneInfo(item.zone)
        except (OSError, LookupError) as unknown:
            raise ValueError(f"zone {item.zone[:40]!r} is unknown") from unknown


def _check_number(name: str, value: int) -> None:
    if not -model.MAX_INTEGER <= value <= model.MAX_INTEGER:
        raise ValueError(f"{name} {value} is {'larger than 2^53 - 1' if value > 0 else 'too small'}")
    if value < 0 and name in NEVER_NEGATIVE:
        raise ValueError(f"{name} is negative")


def _check_text(name: str, value: str) -> None:
    if name in _INDEXED and len(value.encode("utf-8", "surrogatepass")) > MAX_KEY_BYTES:
        raise ValueError(f"{name} {value[:60]!r}… is longer than {MAX_KEY_BYTES:,} bytes")
    is_valid, problem = _TEXT_CHECKS.get(name, (bool, ""))
    if not is_valid(value):
        raise ValueError(problem.format(name=name, value=value[:60], networks=", ".join(all_networks())))


_TEXT_CHECKS: dict[str, tuple[Callable[[str], object], str]] = {
    **dict.fromkeys(
        ("paper", "about"),
        (
            paper_servers.is_paper_key,
            "{value!r} is not a paper's key; one looks like arxiv:2101.04869 or doi:10.1101/2024.01.02.573921",
        ),
    ),
    "day": (timestamps.is_day, "{value!r} is not a date such as 2021-01-14"),
    "network": (
        lambda value: value in readable_networks(),
        "network {value!r} is not one of {networks}, nor of an installed wing: `hotpapers wings`",
    ),
    **dict.fromkeys(
        ("publication", "source"), (_NAME.fullmatch, "{name} {value!r}: a name consists of letters, digits and hyphens")
    ),
    **dict.fromkeys(
        _KEYS,
        (
            lambda value: keys.network_of(value) in all_networks() and keys.own_id(value),
            "{name} {value!r} is not the key of a post or account, such as x:1341202937956233217",
        ),
    ),
}
"""The checks of texts, each with the message about an invalid one."""


def _checked(kind: type[model.Item]) -> tuple[str, ...]:
    """The fields of a kind of which not every value of their type is valid."""
    texts = _INDEXED | _TEXT_CHECKS.keys()
    hints = model.field_types(kind)
    return tuple(name for name, hint in hints.items() if name in texts or int in (hint, *get_args(hint)))


_CHECKED_OF = {kind: _checked(kind) for kind in model.KINDS}


def clean_items(items: Iterable[model.Item]) -> list[model.Item]:
    """Items, each cleaned by `clean_item`."""
    given = list(items)
    texts = [_TEXTS_OF[type(item)](item) for item in given]
    return given if _is_storable(texts) else list(map(clean_item, given))  # nearly always true, and faster in one go


_TEXTS_OF = {
    kind: attrgetter(*(name for name, hint in model.field_types(kind).items() if int not in (hint, *get_args(hint))))
    for kind in model.KINDS
}


def clean_item(item: model.Item) -> model.Item:
    """The item with U+0000 and lone surrogates, which some databases cannot store, as U+FFFD; itself if it has none."""
    if _is_storable(item):
        return item
    cleaned = msgspec.structs.replace(item, **{name: _storable(getattr(item, name)) for name in item.__struct_fields__})
    return item if cleaned == item else cleaned


def _is_storable(value: model.Item | Sequence[Any]) -> bool:
    """Whether there is no such character. Also false if the text contains its escape sequence literally."""
    try:
        return b"\\u0000" not in _encode(value)
    except UnicodeEncodeError:
        return False


def _storable(value: object) -> object:
    if isinstance(value, str):
        return model.storable_text(value)
    if isinstance(value, tuple):
        return tuple(map(_storable, value))
    if isinstance(value, model.TextLink):
        return model.TextLink(value.start, value.end, model.storable_text(value.target))
    return value
