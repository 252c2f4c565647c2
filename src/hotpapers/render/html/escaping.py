"""How templates escape what they are given: as markupsafe does, but most of it needs nothing, and that costs little.

A site's pages hold half a million values. Each of them as an object that remembers that it is safe was a tenth of the
work; what is written into a page right away need not remember.
"""

from __future__ import annotations

import re

import markupsafe

SHORT = 60
"""Characters up to which it is looked first whether anything is to be escaped; a longer text is escaped at once."""

_special = re.compile("[&<>\"']").search


def escape(value: object) -> str:
    """What may stand in HTML for a value, in text and in quoted attributes; Markup and what has `__html__` as it is."""
    if type(value) is str and len(value) <= SHORT and _special(value) is None:
        return value
    return value if type(value) is markupsafe.Markup else markupsafe.escape(value)
