"""Whether a paper's comment or abstract says that it is withdrawn: most of arXiv's formats have no field for it.

Withdrawn from a conference or a journal is not withdrawn; neither is an earlier version, another paper, or a claim.
"""

from __future__ import annotations

import re

_WORK = r"(?:paper|article|manuscript|preprint|e-?print|submission|document|note|work)"
_THIS = r"(?:this|the|our|my|his|her|their)"
_GONE = (
    r"(?:withdrawn?|retracted|taken\s+down|(?:removed|deleted)\s+(?:(?:from|by)\s+(?:the\s+)?arxiv|due|because))"
    r"(?!\s+by\s+(?-i:[A-Z])|\s+(?:when|if|in\s+[0-9])\b)"
)
"""Not by a journal, whose name is capitalized, and not in a year long gone."""
_EARLIER = r"(?:previously|formerly|initially|originally|previous|earlier)"
_IS = (
    rf"(?:(?:has|have)\s+(?:(?!{_EARLIER})\w+\s+)?been|(?:is|are)(?:\s+(?:now|hereby|therefore|thus))?(?:\s+being)?|was"
    rf"|(?:(?:has|have|needs?|is)\s+to|must|should|will)\s+be)\s+(?:(?!{_EARLIER})\w+ly\s+)?"
)
_TITLE = r"(?:\s+[`'\"“‘].{1,300}?['\"”’])?"
_ID = r"[(\[]?arxiv:(?P<named>[^\s)\]]+?)(?:v[0-9]+)?[)\]]?"
_REASON = r"(?:due|because|as|since|by|for|until)"
_BY_AUTHORS = r"by\s+(?:the\s+|its\s+|all\s+)?(?:\w+\s+)?(?:authors?|submitters?|arxiv)\b"
_ALONE = (
    rf"(?:(?!{_EARLIER})\w+ly\s+)?(?:withdrawn?|retracted)"
    rf"(?=\W*\Z|\s*[.,:;!()/\]]|\s+(?:{_REASON}|from|th(?:is|e)|our|my)\b)"
)
_WORK_IS_GONE = rf"(?:(?!{_EARLIER})\w+\s+)?{_WORK}{_TITLE}\s+{_IS}{_GONE}\b"
_FIRST = (
    rf"(?:{_THIS}\s+)?{_WORK_IS_GONE}",
    _ALONE,
    rf"withdrawal\s+(?:{_REASON}|to|notice|requested|(?:is|was|has\s+been)\s+requested|of\s+(?:this|the|our|my)\s)",
)
"""How a comment begins that says it."""
_BY_US = (
    r"(?:we|i|i['’]m|(?:we|i)['’]ve|we['’]re|(?:the|all|both)\s+(?:\w+\s+)?authors?|authors?)\s+(?:\w+\s+){0,4}"
    r"(?:withdr[ae]w|withdrawn|withdrawing|withdraws|retract(?:ed|ing|s)?)\s+"
)
_CLAUSE = (
    r"(?:(?:due|owing)\s+to|because|since|as|after|in\s+(?:view|light)\s+of|on\s+account\s+of|given|following|regrettably"
    r"|unfortunately|sadly|notice|note|warning|attention|update)\b(?:[^.;]|\.(?=\S)){0,200}?[,:!]?\s+"
)
"""A clause that may precede the withdrawal in a sentence."""
_FIRST_OF_ABSTRACT = (
    rf"(?:{_CLAUSE})?(?:(?:this|our|my)\s+{_WORK_IS_GONE}|{_BY_US}(?:this|our|my)\s+(?:\w+\s+)?{_WORK}\b)",
    rf"(?:(?:this|the|our|my)\s+)?{_WORK_IS_GONE}",
    rf"withdrawn(?:\W*\Z|\s*[.:;]|\s+(?:due|because|since)\b|\s+{_BY_AUTHORS})",
)
_ANYWHERE = (
    rf"(?<!versions of )(?<!version of )\bth(?:is|e)\s+(?:{_WORK}|(?<=this )version)\s+{_IS}{_GONE}\b",
    rf"(?-i:\b(?:Paper|Article|Manuscript|Preprint|[Ss]ubmission))\s+{_IS}{_GONE}\b",
    rf"(?<!\ba )(?<!previous )(?<!earlier )\b{_WORK}\s+withdrawn\b(?!\s+(?:by\s+(?-i:[A-Z])|in\s+[0-9]))",
    r"\[\s*withdrawn\s*\](?!\s+by\s+(?-i:[A-Z]))",
    rf"[.;!]\s+withdrawn\s+{_REASON}\b|[.,;:]\s*withdrawn\W*\Z",
    rf"(?:^|[.,;:(]\s*|\b(?:it|thus|therefore|hence)\s+{_IS}){_GONE}\s+{_BY_AUTHORS}",
    rf"\b{_BY_US}{_THIS}\s+(?:\w+\s+)?{_WORK}\b",
    rf"\bwithdraw\s+(?:this\s+{_WORK}\b|this\s+version\s+from\s+(?:the\s+)?arxiv\b|all\s+(?:the\s+)?versions\b)",
    rf"\bwithdrawal\s+of\s+(?:this|the|our|my)\s+{_WORK}\b|\bthis\s+{_WORK}\s+be\s+withdrawn\b",
    r"\bwithdrawal\s+is\s+(?:appropriate|necessary|required|requested|needed)\b",
)
"""Phrases that mean a withdrawal anywhere in a comment."""
_FROM_ELSEWHERE = re.compile(
    r"\b(?:withdrawn?|retracted)\s+from\s+(?!(?:the\s+)?arxiv|(?:the|this)\s+(?:server|archive|repository)\b"
    rf"|(?:\w+\s+)?(?:consideration|publication|circulation|distribution|view|access)[,:]?\s+"
    rf"(?:(?:due|because|as|since|owing)\b|{_BY_AUTHORS}))",
    re.IGNORECASE,
)
_UNDONE = re.compile(
    r"\b(?:reinstat|re-instat|restor(?:e[ds]?|ing)\b)|\bwithdrawn\s+by\s+mistake\b"
    r"|\b(?:is\s+now|has\s+now\s+been|has\s+been|now)\s+(?:corrected|fixed|repaired)\b|\bthis\s+is\s+(?:the|a)\s+corrected\b",
    re.IGNORECASE,
)
_OF_ID = re.compile(rf"{_ID}\s+{_IS}{_GONE}\b", re.IGNORECASE)
_BEGINS = re.compile(rf"\W*(?:{'|'.join(_FIRST)})", re.IGNORECASE)
_ABSTRACT_BEGINS = re.compile(rf"\W*(?:{'|'.join(_FIRST_OF_ABSTRACT)})", re.IGNORECASE)
_SAYS = re.compile("|".join(_ANYWHERE), re.IGNORECASE)


def says_withdrawn(comment: str, abstract: str, arxiv_id: str) -> bool:
    """Whether a comment, or the beginning of an abstract, says that its paper is withdrawn. Without the paper's id, any
    id that it names is taken for it."""
    named = _OF_ID.search(f"{comment}\n{abstract}")
    begins = _ABSTRACT_BEGINS.match(abstract)
    if begins and not _FROM_ELSEWHERE.search(abstract, 0, begins.end() + 80):
        return True
    if named and arxiv_id in ("", named["named"]):
        return True
    is_other = _FROM_ELSEWHERE.search(comment) or _UNDONE.search(comment)
    if is_other:
        return False
    return bool(_BEGINS.match(comment) or _SAYS.search(comment))
