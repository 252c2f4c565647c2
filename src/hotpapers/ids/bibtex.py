"""Values of BibTeX fields: no text ends its field, its line of TeX or its author. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SPECIAL = re.compile(r"(?<!\\)((?:\\\\)*)([&%#])")
_UNDERSCORE = re.compile(r"(\\\(.{1,1000}?\\\)|\\.|\$[^$]*\$)|_")
"""One outside formulas and escapes; formulas of bounded length, so that any text is searched in linear time."""
_DOLLAR = re.compile(r"(?<!\\)((?:\\\\)*)\$")
_OPEN_END = re.compile(r"(?<!\\)(?:\\\\)*\\\Z")
_AND = re.compile(r"\band\b", re.IGNORECASE)


def value(text: str) -> str:
    """A text on one line, with balanced braces, paired dollar signs, and special characters escaped."""
    text = " ".join(text.split())
    if not _is_balanced(text):
        text = text.replace("{", "").replace("}", "")
    if len(_DOLLAR.findall(text)) % 2:
        text = _DOLLAR.sub(r"\1\\$", text)
    text = _SPECIAL.sub(r"\1\\\2", text)
    return text + " " if _OPEN_END.search(text) else text


def words(text: str) -> str:
    """The same for a field that is typeset: underscores outside formulas are escaped too."""
    return _UNDERSCORE.sub(lambda match: match[1] or r"\_", value(text))


def names(authors: Iterable[str]) -> str:
    """The value for authors. BibTeX ends a name at the word `and`, in any case, except in braces."""
    return " and ".join(_AND.sub(r"{\g<0>}", words(name)) for name in authors)


def _is_balanced(text: str) -> bool:
    depth = 0
    for sign in text:
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            return False
    return depth == 0
