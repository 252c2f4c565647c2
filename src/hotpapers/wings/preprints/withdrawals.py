"""Whether a version of a preprint only says that its paper was withdrawn: servers have no other sign of it.

A false mark accuses people, so a title needs the form of a notice: *WITHDRAWN: …*, not *Withdrawal-induced anxiety*. An
abstract must begin as one. Papers about withdrawals begin otherwise: *This paper studies retracted articles*.
"""

from __future__ import annotations

import re

_PAPER = "(?:manuscript|preprint|article|paper|submission|work|study|version)"
_ENDS = r"\s*(?:[:\])]|\s[-–—]\s|\.?$)"
"""The end of a notice's first words. A hyphen without blanks joins words."""
_TITLE = re.compile(
    rf"\W*(?:(?i:this\s+{_PAPER}\s+has\s+been\s+(?:withdrawn|retracted)\.?$|(?:withdrawn|retracted)(?:\s+{_PAPER})?{_ENDS}"
    r"|(?:removed|withdrawal|retraction|removal)\s*[\])]"
    r"|(?:(?:withdrawal|retraction|removal)\s+(?:statement|notice|note)|temporary\s+removal)\s*:)"
    rf"|(?:(?:WITHDRAWN|RETRACTED)\.|(?:REMOVED|WITHDRAWAL|RETRACTION|REMOVAL){_ENDS}"
    r"|NOTICE\s+OF\s+(?:WITHDRAWAL|RETRACTION)\s*:))"
)
"""The beginning of a title. Words that also begin other titles count in capitals only."""
_TITLE_ENDS = re.compile(
    r"(?:[\[(](?:WITHDRAWN|RETRACTED|Withdrawn|Retracted)(?: ARTICLE)?[\])]|\s[-–—]\s(?:WITHDRAWN|RETRACTED))\.?$"
)
_TEXT = re.compile(
    r"\W*(?:withdrawal\s+statement\b|statement\s+of\s+withdrawal\b|(?-i:WITHDRAWN)\s*[:.]"
    rf"|(?:{_PAPER}\s+)?(?:withdrawn|retracted)(?:\s+(?:by|at\s+the\s+request\s+of)\s+(?:the\s+)?authors?)?\W*$"
    r"|(?:withdrawn|retracted)\s+due\s+to\b[^.]{1,80}\.?$"
    r"|(?:at\s+the\s+request\s+of\s+(?:[a-z]{1,20}\s+){0,3}authors?,?\s+)?(?:(?:the\s+)?full\s+text\s+of\s+)?(?:(?:the|this|our)\s+)?(?:"
    rf"{_PAPER}(?:\s+\([^()]{{0,200}}\))?\s+(?:has|was|is|had)\s+(?:now\s+|being\s+|been\s+|[a-z]{{3,12}}ly\s+){{0,3}}"
    r"(?:withdrawn|removed|retracted)\b(?!\s+from\s+the\s+(?![^.]{0,30}(?:server|archive|record|publication|rxiv)))"
    r"|(?:(?<=the\s)authors?\b(?!\s+(?:who|that|whose|of)\b)|authors?\s+(?:have|has|hereby)|we\s+(?:have|hereby)"
    r"|(?:bio|med)rxiv)\b"
    r"[^.]{0,60}?\b(?:withdrawn?|withdrew|removed|retract(?:ed)?)\s+"
    rf"(?:it\b|(?:this|the|their|our)\s+(?:[a-z]{{3,12}}\s+)?{_PAPER}\b)))",
    re.IGNORECASE,
)


def is_withdrawn(title: str, abstract: str) -> bool:
    """Whether a version only says that its paper was withdrawn."""
    in_title = _TITLE.match(title) or _TITLE_ENDS.search(title)
    return bool(in_title or _TEXT.match(abstract))
