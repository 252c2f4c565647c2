"""Hot Papers: a daily issue of the research people talk about, which anyone can verify.

`hotpapers.Site`, `hotpapers.find(text)` and `hotpapers.ids` are the library (docs/reference/library.md). It is imported
on first use, which keeps the command line fast. `__init__.pyi` declares the same for type checkers.
"""

from __future__ import annotations

import importlib

from hotpapers import ids as ids
from hotpapers.base.version import __version__ as __version__

_LIBRARY = {"Site": "hotpapers.site.site", "find": "hotpapers.ids"}


def __getattr__(name: str) -> object:
    if name in _LIBRARY:
        return getattr(importlib.import_module(_LIBRARY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_LIBRARY])
