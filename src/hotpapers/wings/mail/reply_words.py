"""What the words of a server's refusal tell: that an address does not exist, or a policy. Pure.

Servers are free in what they write after a code. The words were chosen from what common servers say; what matches none
tells nothing.
"""

from __future__ import annotations

import re

MAX_REPLY_CHARS = 1000
"""Characters of a reply that are read."""


def _any(phrases: str, **parts: str) -> re.Pattern[str]:
    """Any of these patterns, one on each line."""
    lines = [line.strip().replace("{who}", parts.get("who", "")) for line in phrases.strip().splitlines()]
    return re.compile("|".join(lines))


_NOISE = re.compile(
    r"(?:https?://|www\.)\S+|<[^<>]*>|\S+@\S+|\b[245]\d\d\b|\b[245]\.\d{1,3}\.\d{1,3}\b|^\s*(?:smtp|x-[\w-]+)\s*;"
)
"""Addresses and codes: their letters are no words."""
_WHO = "(?:user|recipient|mail ?box|(?:e-?)?mail address|address|addressee|account|alias|local[- ]part|person|customer)"
_MISSING = _any(
    r"""
    no such (?:{who}|local|name|domain|host|e-?mail)
    no mailbox|not our customer|user not local|nobody (?:here|by)|no one by|no valid recipients?
    unknown (?:or \w+ )?(?:virtual|e-?mail|local|{who})
    (?:invalid|un(?:rout|deliver)e?able|non-?exist[ae]nt|inactive|disabled|illegal|bad destination) (?:\w+ )?{who}
    {who}\b.{0,60}?\b(?:unknown|invalid|unavailable|disabled|inactive|deactivated|suspended|closed|expired|deleted)
    {who}\b.{0,60}?\b(?:terminated|discontinued|non-?existent|un(?:rout|deliver)e?able)
    {who}\b.{0,60}?\bnot (?:be )?(?:found|exist|known|valid|listed|recogni[sz]ed|active|available|in use)
    {who}\b.{0,60}?(?:n['’]?t|\bcannot|\bno) (?:longer )?(?:exist|valid|active|available|in use|with|be found)
    (?:not a|isn['’]?t a) (?:valid|known|local) {who}|doesn['’]?t have an? (?:\S+ )?account
    (?:empf(?:ä|ae)nger|benutzer|adresse) unbekannt|existiert nicht|n['’]existe pas|inconnue?\b|no existe|inesistente
    un-?rout(?:e)?able|host (?:or domain name )?not found|domain (?:name )?(?:not found|does not exist)
    """,
    who=_WHO,
)
_POLICY = _any(
    r"""
    polic(?:y|ies)|spam|\bjunk|\bbulk|\bblock|(?:black|deny|white|allow|block)[- ]?list|\b\w*(?:rbl|dnsbl)\b
    sorbs|barracuda|proofpoint|mimecast|reputation|\bdmarc\b|\bdkim\b|\bspf\b|authenticat|virus|malware|phish|infect
    attachment|\bcontent|\bbanned|prohibit|forbid|unauthori[sz]ed|access denied|relay|\brates?\b|\blimit
    too (?:many|large)
    not (?:allowed|authori[sz]ed|permitted|welcome)|not accept\w* (?:any )?(?:mail|messages|connections)
    gr[ae]y-?list|\bptr\b|\br?dns\b|\b(?:helo|ehlo)\b|\bip\b|client host|host rejected|\bsenders?\b|\bfrom address
    your (?:domain|server|host|message|network)|suspicious|unsolicited|abus(?:e|ive)|complain|security|filter|\btls\b
    encrypt|restrict|administrative(?:ly)? (?:prohib|den|reject|block)
    """
)
_FULL = re.compile(r"quota|\bfull\b|storage|temporar|try again|\bsize\b")
_NO_READER_AT_MICROSOFT = re.compile(r"recipient address rejected: access denied")
"""Microsoft 365's words, with 5.4.1, for an address that does not exist (directory-based edge blocking)."""


def words_of(text: str) -> str:
    """A reply's words in lowercase, without addresses and codes; empty if it has none."""
    line = " ".join(_NOISE.sub(" ", " ".join(text[:MAX_REPLY_CHARS].lower().split())).split())
    return line if re.search("[a-z]{2}", line) else ""


def tells_missing(words: str) -> bool:
    """Whether words say that an address does not exist, and name no other cause."""
    return bool(_MISSING.search(words)) and not _POLICY.search(words) and not _FULL.search(words)


def tells_policy(words: str) -> bool:
    """Whether words name a policy, the sender or the message as the cause."""
    return bool(_POLICY.search(words))


def is_microsofts_missing(words: str) -> bool:
    """Whether these are Microsoft 365's words for an address that does not exist; they need its status 5.4.1."""
    return bool(_NO_READER_AT_MICROSOFT.search(words))
