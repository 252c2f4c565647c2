"""Finds papers, links and times in text, and writes text for BibTeX: pure functions from text to values.

Programs import this as `hotpapers.ids`, with the names in `__all__`, which are imported on first use
(docs/reference/ids.md).

arxiv        arXiv identifiers and links
mentions     mentions of papers in any text, by link, identifier or title
html_text    HTML as plain text with its links
timestamps   reading and writing timestamps
tex_formulas formulas in a text
tex_letters  TeX's names of letters and signs, and its accents
bibtex       values of BibTeX fields
domains      domains of any letters as in DNS
accents      letters without accents
person_names given name, family name and suffix

Accepts any text, hostile text too. Functions raise only what their docstrings name.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hotpapers.base.errors import NotAnArxivId
    from hotpapers.base.ids.arxiv import ArxivId, abs_url, parse
    from hotpapers.base.ids.mentions import PaperMention, find

__all__ = ["ArxivId", "NotAnArxivId", "PaperMention", "abs_url", "find", "parse"]

_MODULES = {"find": "mentions", "PaperMention": "mentions"}


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(importlib.import_module(f"{__name__}.{_MODULES.get(name, 'arxiv')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
