"""Limits of settings: part of their types, so that errors and docs/reference/settings.md name the same ones; and the
checks of settings that name a file, a folder, an address or a category."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin
from urllib.parse import urlsplit

from msgspec import Meta

from hotpapers.base.model import MAX_INTEGER
from hotpapers.base.papers.categories import (
    ALL_OF_ARXIV,
    categories_of,
    fields_of_arxiv,
    servers_with_keys,
    slug_of,
)
from hotpapers.base.suggestions import did_you_mean, letters_of, list_choices, nearest_names

AnyNumber = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
"""A whole number without a limit that matters."""
AtLeastOne = Annotated[int, Meta(ge=1)]
"""With 0 seconds between rounds, servers would be asked without a pause; 0 parts would read nothing."""
MAX_NAME_CHARS = 64
Name = Annotated[str, Meta(max_length=MAX_NAME_CHARS)]


def limit_of(hint: Any) -> str:
    """The limit in a type, such as `0 to 10`; empty if it has none."""
    if get_origin(hint) is not Annotated:
        return next(filter(None, map(limit_of, get_args(hint))), "")
    meta: Meta = hint.__metadata__[0]
    if meta.max_length is not None:
        return f"up to {meta.max_length:,} characters"
    if meta.le is None or meta.le == MAX_INTEGER:
        return f"{meta.ge:,} or more"
    return f"{meta.ge:,} to {meta.le:,}".removesuffix(".0")


# ---- paths and addresses -----------------------------------------------------------------------------


_API = re.compile(r"(?:https|http)://[^\s/?#\"<>@]+(?:/[^\s?#\"<>]*)?")
_APP = re.compile(r"(?:https://|http://(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/]))[^\s?#\"<>]*/")
"""The public address of the app: https, unless it is on this machine, since people send it data."""
BASE_REMEDY = "write a full address that begins with https:// and ends with /, such as https://papers.example/"


def path_problem(path: str) -> str:
    """Why this path is unusable; empty if it is usable."""
    if "\0" in path:
        return f"{path!r} contains a null byte; remove it"
    try:
        Path(path).expanduser()
    except RuntimeError:
        return f"{path!r} is not a path: there is no such home folder; write the full path"
    return ""


def is_address(url: str) -> bool:
    """Whether host and port of an address can be read: brackets must be around an IPv6 address, a port below 65,536."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def is_app_address(base: str) -> bool:
    """Whether the app's public address is usable, or empty."""
    return not base or (_APP.fullmatch(base) is not None and is_address(base))


def model_problems(url: str, model: str, key: str) -> Iterator[tuple[str, str]]:
    """Problems with a model on a server, whose API has this address, as (key, reason and remedy)."""
    if not url:
        for name, value in (("model", model), ("key", key)):
            if value:
                yield name, "has no effect without a url; set url to the API's address, or remove it"
        return
    if not (_API.fullmatch(url) and is_address(url)):
        yield "url", "write a full address, such as http://127.0.0.1:11434/v1"
    if not model.strip():
        yield "model", "is missing; write the model's name on that server"


# ---- categories -----------------------------------------------------------


_SHORT = 4
"""A subject that is so short resembles many others: nothing is guessed from its spelling."""


def category_problem(category: str, allowed: Collection[str] = ()) -> str:
    """What is wrong with a name for a field of arXiv, and which one may be meant; empty if it is among those that are
    allowed, by default all."""
    allowed = allowed or {*fields_of_arxiv(), ALL_OF_ARXIV}
    if category in allowed:
        return ""
    elsewhere = category.lower().replace(".", ": ", 1)
    is_elsewhere = is_with_server(elsewhere) and not papers_problem(elsewhere)
    hint = f'a publication names it as papers = ["{elsewhere}"]' if is_elsewhere else _hint(category, allowed)
    return f"{category!r} is not an arXiv category or archive; {hint}"


def is_with_server(text: str) -> bool:
    """Whether a field is written as in `papers`: with its server, or as a server besides arXiv."""
    server, colon, _ = text.partition(":")
    return server.strip() in servers_with_keys() or bool(colon)


def papers_problem(text: str) -> str:
    """What is wrong with `server: category` or `server`, and what may be meant; empty if there is such a field."""
    name, category = [part.strip() for part in text.partition(":")[::2]]
    if name not in (ALL_OF_ARXIV, *servers_with_keys()):
        if text in fields_of_arxiv():
            return f"{text!r} is no server: write {ALL_OF_ARXIV}: {text}"
        names = sorted((ALL_OF_ARXIV, *servers_with_keys()))
        return f"{name!r} is no server: {list_choices(name, names)}"
    if not category:
        return f"{text!r} names no category: write {name} alone for all of it" if ":" in text else ""
    if name == ALL_OF_ARXIV:
        return category_problem(category, fields_of_arxiv())
    slugs = categories_of(name)
    if slug_of(category) in slugs:
        return ""
    if not slugs:
        return f"{name} has no category {category!r}: write {name} alone"
    return f"{name} has no category {category!r}: {list_choices(slug_of(category), slugs)}"


def _hint(category: str, allowed: Collection[str]) -> str:
    archive, _, subject = category.strip().lower().partition(".")
    subjects = sorted(name.partition(".")[2] for name in allowed if name.startswith(f"{archive}."))
    guesses = nearest_names(category, allowed)
    is_other_spelling = any(letters_of(name) == letters_of(category) for name in guesses)
    if subjects and subject and len(subject) <= _SHORT and not is_other_spelling:
        swapped = [name for name in subjects if sorted(name.lower()) == sorted(subject)]
        return f"did you mean {archive}.{swapped[0]}?" if swapped else f"{archive} has {', '.join(subjects)}"
    return did_you_mean(category, allowed) or "write a category like cs.LG, or an archive like astro-ph"
