"""The grammar of arXiv identifiers. All patterns expect lower-case text and the flag ASCII.

New style, from April 2007 on: YYMM.NNNN through December 2014, YYMM.NNNNN from January 2015 on; numbers begin at 1.
Old style, August 1991 to March 2007: archive/YYMMNNN, with an optional subject class (math.GT/0309136) that is not part
of the identity. Versions are v1 to v999. Years are accepted through 2050: parsing does not depend on today's date, and
92 to 99 must not become 2092 to 2099.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from hotpapers.base.papers.arxiv.taxonomy import CLOSED_ARCHIVES, WHOLE_ARCHIVES

LAST_YEAR = 50
"""The last two-digit year that is taken for one in this century."""

ARCHIVES = tuple(sorted((*WHOLE_ARCHIVES, *CLOSED_ARCHIVES, "cs", "math", "nlin", "physics")))
"""All archives with old-style identifiers. (`stat` is newer than that style.)"""


class ArxivId(NamedTuple):
    """A paper, and the version that was named, if any. `id` is bare and canonical."""

    id: str
    version: int | None = None


_MM = r"(?:0[1-9]|1[0-2])"
NEW = (
    rf"(?:070[4-9]|071[0-2]|(?:0[89]|1[0-4]){_MM})\.(?!0000)\d{{4}}"
    rf"|(?:1[5-9]|[2-4]\d|{LAST_YEAR}){_MM}\.(?!00000)\d{{5}}"
)
OLD_NUMBER = rf"(?:910[89]|911[0-2]|070[1-3]|(?:9[2-9]|0[0-6]){_MM})(?!000)\d{{3}}"
# Longest names first: math-ph before math.
ARCHIVE = "|".join(sorted(ARCHIVES, key=len, reverse=True))
_CLASS = r"[a-z]{2,6}(?:-[a-z]{2,4})?"
_VERSION = r"(?:v([1-9]\d{0,2}))?"

BOUNDARY = r"(?![a-z0-9]|\.\d)"
"""No letter, digit or dotted number may follow an identifier: not 2101.048690, 2101.04869v0, 2101.04869.5."""

ID = rf"(?:({NEW})|({ARCHIVE})(?:\.{_CLASS})?/({OLD_NUMBER})){_VERSION}{BOUNDARY}"
"""Four groups, in the order of `id_from_groups`."""

NUMBER = rf"(?:({NEW})|({OLD_NUMBER})){_VERSION}{BOUNDARY}"
"""An identifier whose archive is elsewhere: new, number, version."""

WHOLE = re.compile(ID, re.ASCII)

KEY = rf"(?a:arxiv:(?:{NEW}|(?:{ARCHIVE})/{OLD_NUMBER}))"
"""The key of a paper: the server and the identifier without class and version."""


def id_from_groups(new: str | None, archive: str | None, number: str | None, version: str | None) -> ArxivId:
    """The ArxivId from the groups of ID."""
    return ArxivId(new or f"{archive}/{number}", int(version) if version else None)


_NEARLY = re.compile(r"(\d\d)(\d\d)\.(\d+)(v\d+)?", re.ASCII)
_NEARLY_OLD = re.compile(r"([a-z-]+)(?:\.[a-z-]+)?/(\d\d)(\d\d)(\d+)(v\d+)?", re.ASCII)


def error_reason(text: str) -> str:
    """Why a text that looks like an identifier is not one; empty if it looks like nothing known."""
    if match := _NEARLY.search(text):
        year, month, number, version = match.groups()
        is_known = 704 <= int(year + month) <= LAST_YEAR * 100 + 12
        style = f"identifiers of this style begin in 0704; {year}{month} is not accepted"
        digits = 4 if int(year) < 15 else 5
        length = f"{year}{month} needs {digits} digits after the dot"
    elif match := _NEARLY_OLD.search(text):
        archive, year, month, number, version = match.groups()
        if archive not in ARCHIVES:
            return f"there was no archive {archive}"
        is_known = int(year + month) <= 703 or int(year + month) >= 9108
        style, digits, length = (
            "identifiers of this style go from 9108 to 0703",
            3,
            "this style has seven digits after the slash",
        )
    else:
        return ""
    if not 1 <= int(month) <= 12:
        return f"there is no month {month}"
    if not is_known:
        return style
    if len(number) != digits:
        return length
    if int(number) == 0:
        return "numbers begin at 1"
    return f"there is no version {version}" if version and not re.fullmatch(r"v[1-9]\d{0,2}", version) else ""
