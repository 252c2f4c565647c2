"""The parameters of every query. The API's document, the tools' schemas and their validation are generated from these.

A list's next page is requested with a cursor: an opaque string that says where the last page ended. It holds a key, not
an offset, so new rows don't shift pages, and it stays valid as long as the record does.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from hotpapers.base.errors import InputError, UsageError
from hotpapers.base.model import MAX_INTEGER
from hotpapers.base.networks import network_names
from hotpapers.base.struct_types import Value
from hotpapers.base.untrusted_json import decode_json

MAX_CURSOR_CHARS = 600
"""Most characters of a cursor."""
MAX_KEY_BYTES = 380
"""Most bytes of a post's key in a cursor, as JSON. Servers choose the keys of their posts, so some are longer."""

Key = tuple[Any, ...]
"""Texts and numbers by which a page orders its rows."""


def cursor_of(kind: str, *key: str | int) -> str:
    """The cursor for what comes after a key, on pages of this kind."""
    encoded = base64.urlsafe_b64encode(msgspec.json.encode([kind, *key]))
    return encoded.rstrip(b"=").decode()


def key_start(key: str) -> str:
    """A post's key for a cursor; of one that is too long, the beginning."""
    key = key[:MAX_KEY_BYTES]
    while len(msgspec.json.encode(key)) > MAX_KEY_BYTES:
        key = key[:-1]
    return key


def key_of(cursor: str, kind: str, *types: type) -> Key | None:
    """The key in a cursor; None without a cursor. Raises UsageError if no page of this kind issued it."""
    if not cursor:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        key = decode_json(base64.b64decode(padded, altchars=b"-_", validate=True), list[Any])
    except (UnicodeEncodeError, binascii.Error, InputError):
        key = []
    has_form = [type(part) for part in key] == [str, *types] and key[0] == kind
    if not (has_form and all(map(_is_storable, key)) and cursor == cursor_of(*key)):
        raise UsageError("cursor: invalid; use `next` or the Link header from an answer to the same query")
    return tuple(key[1:])


def _is_storable(part: str | int) -> bool:
    """Whether a database can compare it with what it stores."""
    return "\0" not in part if isinstance(part, str) else abs(part) <= MAX_INTEGER


MAX_PAGE_ROWS = 100
"""Most rows per page."""

Publication = Annotated[
    str, Meta(pattern="^[A-Za-z0-9-]{0,64}$", description="A publication's name; optional if there is only one")
]
Day = Annotated[
    str,
    Meta(
        pattern="^(?:latest|[0-9]{4}-[0-9]{2}-[0-9]{2})$",
        description="A day such as 2021-01-14, or `latest`",
    ),
]
Edition = Annotated[int, Meta(ge=0, le=9999, description="An edition number; 0: the latest")]
Paper = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=300,
        description="A paper's identifier, such as 2101.04869, hep-th/9901001 or 10.1101/2024.01.02.573921; a key "
        "(arxiv:2101.04869) or the address of the paper's page also works",
    ),
]
Limit = Annotated[int, Meta(ge=1, le=MAX_PAGE_ROWS, description="Most results to return")]
Cursor = Annotated[
    str,
    Meta(
        max_length=MAX_CURSOR_CHARS,
        description="`next` from an answer to the same query; empty: start at the beginning",
    ),
]
if TYPE_CHECKING:
    NetworkName = str
else:
    NetworkName = Literal[("", *network_names())]
OneNetwork = Annotated[NetworkName, Meta(description="Only from this network; empty: from all")]
Query = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=1000,
        description='Words, "phrases", author:name, title:word, category:cs.LG, '
        "date:2026-11, from:2026-11 to:2027, -without, this OR that",
    ),
]


class Params(Value, forbid_unknown_fields=True):
    """Base of all parameters: unknown ones are rejected."""


class NoParams(Params):
    """A query without parameters."""


class IssuesParams(Params):
    """A publication's issues, page by page."""

    publication: Publication = ""
    limit: Limit = 20
    cursor: Cursor = ""


class IssueParams(Params):
    """One issue."""

    publication: Publication = ""
    day: Day = "latest"
    edition: Edition = 0


Period = Annotated[
    str,
    Meta(
        pattern="^(?:week|month|year|all|[0-9]{4}(?:-W?[0-9]{2})?)$",
        description="2026-W47, 2026-11, 2026 or all; or the latest week, month or year",
    ),
]


class TopParams(Params):
    """The top of a period."""

    publication: Publication = ""
    period: Period = "week"


class PaperParams(Params):
    """One paper."""

    paper: Paper


class PostsParams(Params):
    """Posts about a paper, or their counts, page by page."""

    paper: Paper
    network: OneNetwork = ""
    limit: Limit = 20
    cursor: Cursor = ""


class ConversationParams(Params):
    """The conversations about a paper, with some of their posts."""

    paper: Paper
    posts: Annotated[int, Meta(ge=1, le=500, description="Most posts to return of all conversations")] = 100


class EntryParams(Params):
    """A paper's entry in an issue; `latest` is the latest issue that contains it."""

    paper: Paper
    publication: Publication = ""
    day: Day = "latest"
    edition: Edition = 0


class SearchParams(Params):
    """A search for papers, page by page."""

    q: Query
    limit: Limit = 20
    cursor: Cursor = ""


# ---- checked -----------------------------------------------------------------------------------------------

_MISSING = re.compile(r"Object missing required field `(\w+)`")
Kind = TypeVar("Kind", bound=Params)


def check_params(cls: type[Kind], values: Mapping[str, Any], *, as_text: bool = False) -> Kind:
    """Validate a query's parameters. `as_text`: numbers are given as text. Raises UsageError.

    In JSON, 2.0 is an integer (JSON Schema 2020-12, validation §6.1.1), and null stands for a parameter not given.
    """
    given = {name: _without_end(whole_number(value)) for name, value in values.items() if value is not None}
    for name in given.keys() - set(cls.__struct_fields__):
        valid_names = ", ".join(cls.__struct_fields__) or "none"
        raise UsageError(f"{name[:60]}: no such parameter; valid parameters: {valid_names}")
    try:
        return msgspec.convert(given, cls, strict=not as_text)
    except msgspec.ValidationError as error:
        raise UsageError(_explain(str(error), cls)) from error


def whole_number(value: Any) -> Any:
    """A float that is a whole number as an integer; anything else unchanged."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _without_end(value: Any) -> Any:
    """A text without line breaks at its end, which `$` in a pattern lets pass; anything else unchanged."""
    return value.rstrip("\n") if isinstance(value, str) else value


def _explain(error: str, cls: type[Params]) -> str:
    """What is wrong: the parameter's name first, then the values it takes."""
    if match := _MISSING.fullmatch(error):
        return f"{match[1]}: is missing"
    name = re.split(r"\W", error.rpartition(" - at `$.")[2])[0]  # the path is last: the error may quote the value
    kinds = msgspec.json.schema(cls)["$defs"][cls.__name__]["properties"]
    return f"{name}: must be {_values_of(kinds.get(name, {}))}"


def _values_of(kind: Mapping[str, Any]) -> str:
    """The values that a parameter takes, according to its JSON Schema."""
    match kind:
        case {"enum": values}:
            return f"one of {', '.join(map(str, filter(None, values)))}"
        case {"type": "integer", "minimum": least, "maximum": most}:
            return f"a whole number from {least:,} to {most:,}"
        case {"type": "array", "items": items, "maxItems": most}:
            return f"a list of at most {most:,}, each {_values_of(items)}"
        case {"type": "string", "maxLength": most} if "pattern" not in kind:
            return f"text of {kind.get('minLength', 0)} to {most:,} characters"
    text = " ".join(kind.get("description", "of another type").split())
    return text[0].lower() + text[1:]
