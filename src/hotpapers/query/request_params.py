"""What may be asked: the parameters of every question. The API's document, the tools' schemas and the checks of both
are made of these.

Of pages, what comes next is asked for by a cursor: where a page ended, opaque to who asks. By keys and not by numbers,
so what comes in meanwhile shifts nothing; a cursor stays good for as long as the record does.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from hotpapers.errors import InputError, UsageError
from hotpapers.untrusted_json import decode_json

LONGEST = 600
"""Characters of a cursor: a post's key may be long."""

Key = tuple[Any, ...]
"""Texts and numbers, as a page orders its rows by."""


def cursor_of(kind: str, *key: str | int) -> str:
    """The cursor of what comes after a key, on pages of a kind."""
    return base64.urlsafe_b64encode(msgspec.json.encode([kind, *key])).rstrip(b"=").decode()


def key_of(cursor: str, kind: str, *types: type) -> Key | None:
    """The key in a cursor, None where there is no cursor. Raises UsageError for what no page of that kind gave out."""
    if not cursor:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        key = decode_json(base64.b64decode(padded, altchars=b"-_", validate=True), list[Any])
    except (UnicodeEncodeError, binascii.Error, InputError):
        key = []
    right = [type(part) for part in key] == [str, *types] and key[0] == kind
    if not right or cursor != cursor_of(*key):
        raise UsageError("cursor: take it from `next`, or from the header Link, of an answer to the same question")
    return tuple(key[1:])


MOST = 100
"""The most that one page holds."""

Publication = Annotated[
    str, Meta(pattern="^[A-Za-z0-9-]{0,64}$", description="A publication's name; empty: the only one there is")
]
Day = Annotated[
    str, Meta(pattern=r"^(?:latest|\d{4}-\d\d-\d\d)$", description="A day, written 2021-01-14, or `latest`")
]
Edition = Annotated[int, Meta(ge=0, le=9999, description="An edition by its number; 0: the latest")]
Paper = Annotated[
    str,
    Meta(
        min_length=1, max_length=300, description="arXiv's identifier, such as 2101.04869 or hep-th/9901001; a key "
        "(arxiv:2101.04869) and the address of its page will do too",
    ),
]  # fmt: skip
Limit = Annotated[int, Meta(ge=1, le=MOST, description="At most so many")]
Cursor = Annotated[
    str,
    Meta(max_length=LONGEST, description="What an answer to the same question gave as `next`; empty: begin"),
]
Network = Annotated[
    Literal["", "bluesky", "mastodon", "hackernews", "lobsters", "reddit", "x", "huggingface", "feeds"],
    Meta(description="Of this network alone; empty: of all"),
]
Query = Annotated[
    str,
    Meta(
        min_length=1, max_length=1000, description='Words, "phrases", author:name, title:word, category:cs.LG, '
        "date:2026-11, from:2026-11 to:2027, -without, this OR that",
    ),
]  # fmt: skip


class Params(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all: what is not named here is refused."""


class NoParams(Params, frozen=True, kw_only=True):
    """A question without parameters."""


class IssuesParams(Params, frozen=True, kw_only=True):
    """A publication's issues, page by page."""

    publication: Publication = ""
    limit: Limit = 20
    cursor: Cursor = ""


class IssueParams(Params, frozen=True, kw_only=True):
    """One issue."""

    publication: Publication = ""
    day: Day = "latest"
    edition: Edition = 0


class PaperParams(Params, frozen=True, kw_only=True):
    """One paper."""

    paper: Paper


class PostsParams(Params, frozen=True, kw_only=True):
    """Posts about a paper, or their counts, page by page."""

    paper: Paper
    network: Network = ""
    limit: Limit = 20
    cursor: Cursor = ""


class EntryParams(Params, frozen=True, kw_only=True):
    """A paper's place in an issue; `latest` is the latest issue that holds it."""

    paper: Paper
    publication: Publication = ""
    day: Day = "latest"
    edition: Edition = 0


class SearchParams(Params, frozen=True, kw_only=True):
    """A search for papers, page by page."""

    q: Query
    limit: Limit = 20
    cursor: Cursor = ""


class ExportParams(Params, frozen=True, kw_only=True):
    """The record as a whole: what was observed (jsonl), or what issues list."""

    format: Annotated[Literal["jsonl", "csv", "bibtex"], Meta(description="The form it is written in")] = "jsonl"


# ---- checked -----------------------------------------------------------------------------------------------

_FIELD = re.compile(r"Object (?:contains unknown|missing required) field `(.*)`", re.DOTALL)
Kind = TypeVar("Kind", bound=Params)


def check_params(cls: type[Kind], values: Mapping[str, Any], *, as_text: bool = False) -> Kind:
    """The parameters of a question, if they are. `as_text`: numbers are written as text. Raises UsageError."""
    try:
        return msgspec.convert(dict(values), cls, strict=not as_text)
    except msgspec.ValidationError as error:
        raise UsageError(_explain(str(error), cls)) from error


def _explain(error: str, cls: type[Params]) -> str:
    """What is wrong with parameters, the name of the parameter first, and what it takes."""
    reason, _, where = error.partition(" - at `$.")
    match = _FIELD.match(reason)
    if match is None:
        name = where.rstrip("`")
        return f"{name}: takes {_values_of(msgspec.json.schema(cls)['$defs'][cls.__name__]['properties'][name])}"
    if "missing" in reason:
        return f"{match[1]}: is missing"
    known = ", ".join(cls.__struct_fields__) or "none"
    return f"{match[1][:60]}: no such parameter; there are: {known}"


def _values_of(kind: Mapping[str, Any]) -> str:
    """What a parameter takes, by its JSON Schema."""
    if "enum" in kind:
        return f"one of {', '.join(filter(None, kind['enum']))}"
    if kind["type"] == "integer":
        return f"a whole number from {kind['minimum']:,} to {kind['maximum']:,}"
    if "pattern" in kind:
        text = " ".join(kind["description"].split())
        return text[0].lower() + text[1:]
    return f"a text of {kind.get('minLength', 0)} to {kind['maxLength']:,} characters"
