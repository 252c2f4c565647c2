"""Papers named in any text: the names in `__all__`, which are imported on first use (docs/reference/ids.md)."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hotpapers.base.errors import NotAnArxivId
    from hotpapers.base.papers.arxiv import ArxivId, abs_url, parse
    from hotpapers.base.papers.mentions import PaperMention, find
    from hotpapers.base.papers.mentions.server_mentions import FoundPaper, find_papers

__all__ = ["ArxivId", "FoundPaper", "NotAnArxivId", "PaperMention", "abs_url", "find", "find_papers", "parse"]

_MODULES = {
    "find": "mentions",
    "PaperMention": "mentions",
    "find_papers": "mentions.server_mentions",
    "FoundPaper": "mentions.server_mentions",
}


def __getattr__(name: str) -> object:
    if name in __all__:
        module = f"hotpapers.base.papers.{_MODULES.get(name, 'arxiv')}"
        return getattr(importlib.import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
