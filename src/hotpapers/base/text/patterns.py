"""Regular expressions that are compiled when they are first used: compiling those of all modules takes longer than what
most commands do with them."""

from __future__ import annotations

import re
from typing import Any, cast

_METHODS = ("search", "match", "fullmatch", "finditer", "findall", "split", "sub", "subn")


class LazyPattern:
    """A pattern that compiles itself."""

    def __init__(self, text: str, flags: int) -> None:
        self._source = text, flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(*self._source)
        vars(self).update({method: getattr(compiled, method) for method in _METHODS})
        return getattr(compiled, name)


def lazy_pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """The pattern of a regular expression. Raises re.error when it is first used."""
    return cast("re.Pattern[str]", LazyPattern(text, flags))
