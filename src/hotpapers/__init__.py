"""Hot Papers: every day, the research that people talk about, in an issue that can be read and trusted.

`hotpapers.open(store)` and `hotpapers.find(text)` are the library (docs/reference/library.md); it is loaded when it is
asked for,
so that the command line starts at once. `__init__.pyi` says the same to type checkers.
"""

from __future__ import annotations

import importlib

__version__ = "1.0.0.dev0"

_LIBRARY = ("Library", "find", "open")


def __getattr__(name: str) -> object:
    if name in _LIBRARY:
        return getattr(importlib.import_module("hotpapers.library"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_LIBRARY])
