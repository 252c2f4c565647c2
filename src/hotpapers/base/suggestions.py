"""Suggests existing names similar to one that does not exist."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

from hotpapers.base.installed import settings_tables
from hotpapers.base.networks import all_networks

MAX_SUGGESTIONS = 3
"""The most names that are suggested."""
CUTOFF = 0.6
"""How similar a name must be in spelling, from 0 to 1."""
_SEPARATORS = re.compile(r"[\W_]+")
_SYNONYMS = (
    {"on", "enabled", "enable", "active", "disabled", "off"},
    {"urls", "feeds", "addresses"},
    {"servers", "instances", "hosts", "hostnames"},
    {"token", "apikey", "key", "bearer", "bearertoken", "accesstoken"},
    {"clientsecret", "secret"},
    {"zone", "timezone", "tz"},
    {"hour", "time"},
    {"categories", "topics", "fields", "subjects"},
    {"include", "keywords", "words"},
    {"every", "interval", "period"},
    {"base", "url", "address", "website"},
    {"output", "folder", "directory", "path"},
    {"contact", "email", "mail"},
    {"site", "html", "web"},
    {"markdown", "md"},
)
"""Names for the same thing, without separators: other programs' words and ours."""


def did_you_mean(word: str, known: Collection[str], cutoff: float = CUTOFF) -> str:
    """`did you mean cs.CL?`; empty if nothing known is similar."""
    names = nearest_names(word, known, cutoff)
    return f"did you mean {' or '.join(names)}?" if names else ""


def list_choices(word: str, known: Collection[str]) -> str:
    """All known names, and the one that was probably meant: `daily, weekly; did you mean daily?`"""
    return "; ".join(filter(None, (", ".join(known), did_you_mean(word, known))))


def nearest_names(word: str, known: Collection[str], cutoff: float = CUTOFF, similar: int = 1) -> list[str]:
    """The known names that were most probably meant, best first: other case or separators, then a synonym, then the
    last part of one name, then similar spellings, at most `similar`."""
    typed = letters_of(word)
    if not typed:
        return []
    groups = [*_SYNONYMS]
    groups += [{letters_of(network.name), *network.synonyms} for network in all_networks().values()]
    groups += [{letters_of(table.name), *table.synonyms} for table in settings_tables()]
    rules = (
        lambda name: letters_of(name) == typed,
        lambda name: any(typed in group and letters_of(name) in group for group in groups),
        lambda name: letters_of(re.split(r"[./]", name)[-1]) == typed,
        lambda name: len(typed) > 2 and letters_of(re.split(r"[./-]", name)[0]) == typed,
    )
    for is_meant in rules:
        if names := sorted(filter(is_meant, known)):
            return names[:MAX_SUGGESTIONS]
    by_lower = {name.casefold(): name for name in known}
    return [by_lower[name] for name in difflib.get_close_matches(word.casefold(), by_lower, similar, cutoff)]


def letters_of(word: str) -> str:
    """`hacker-news`, `Hacker News` → `hackernews`."""
    return _SEPARATORS.sub("", word.casefold())
