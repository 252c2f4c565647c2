"""`hotpapers.base.ids`, under the name that programs import; a module of its own for type checkers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from hotpapers.base import ids

if TYPE_CHECKING:
    from hotpapers.base.ids import ArxivId, NotAnArxivId, PaperMention, abs_url, find, parse

    __all__ = ["ArxivId", "NotAnArxivId", "PaperMention", "abs_url", "find", "parse"]

sys.modules[__name__] = ids
