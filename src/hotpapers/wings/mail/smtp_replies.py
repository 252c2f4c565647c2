"""What a relay's reply means for a message. Pure: RFC 5321 §4.2 (reply codes), RFC 3463 (enhanced status codes).

4xx          temporary: the message is retried later
5xx          permanent: if the address does not exist, it gets no more mail; otherwise only this message fails

A code alone says little: 550 is "mailbox unavailable", but also "command rejected for policy reasons" (RFC 5321
§4.2.3). So without a specific status an address does not exist only if the words say so: in a sentence that can mean
nothing else, or vaguely while none names a policy. An address whose messages fail at several issues in a row for other
reasons than a policy gets no more mail either (`subscribers.note_failure`).
"""

from __future__ import annotations

import re
from typing import Literal

from hotpapers.base.errors import NetError, RequestRefused, RetryLater

Step = Literal["sender", "recipient", "message"]

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_BAD_ADDRESS = re.compile(r"5\.1\.(?:1|2|3|6|10)|5\.2\.1|5\.4\.4")
"""No such mailbox, no such domain, moved without a new address, mailbox closed, no route (RFC 3463 §3; RFC 7505)."""
_VAGUE = re.compile(r"|5\.0\.\d+|5\.1\.(?![78])\d+|5\.[23]\.0|5\.[45]\.\d+")
"""Statuses, or none, that may mean a missing address or something else; 5.1.7 and 5.1.8 are about the sender."""
_UNCERTAIN = re.compile(rf"{_VAGUE.pattern}|5\.7\.\d+")
"""Statuses that a sentence which is sure outweighs: large hosters write `5.7.1 no such user`."""
_ABOUT_SENDER = re.compile(r"5\.(?:1\.[78]|3\.4|6\.\d+|7\.\d+)")
"""Statuses about the sender, the message or a policy, which say nothing about the address."""
_BAD_ADDRESS_CODES = (550, 551, 553)
POLICY, AFTER_DATA = "policy", "after DATA"
"""What is added to a failure's code: its words tell of a policy; the message was refused, not the address."""
_REASON = re.compile(r"(?:5\d\d ?)?(?:5\.\d{1,3}\.\d{1,3})?(?<=\d)")
_SENDER_CODES = (421, 454, 500, 501, 502, 503, 504, 530, 534, 535, 538)
"""Codes about the connection or about us, not about a message: closing, syntax, authentication."""


RETRY_SECONDS = 300.0
"""Seconds until a relay that accepts no message now is tried again."""


class Deferred(NetError):
    """The relay did not accept the message for now; others it may."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"deferred: {reason}", tries=0)
        self.reason = reason


class Rejected(RequestRefused):
    """The relay will never accept the message. `no_such_address`: because the address does not exist."""

    def __init__(self, reason: str, no_such_address: bool = False) -> None:
        super().__init__(reason)
        self.no_such_address = no_such_address


class OutcomeUnknown(NetError):
    """It is unknown whether the relay accepted the message."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"it may or may not have arrived: {reason}")
        self.reason = reason


def status_of(text: str) -> str:
    """The enhanced status code in a reply's text, such as 5.1.1; empty without one."""
    match = _STATUS.search(text[:200])
    return match[1] if match else ""


def is_bad_address(code: int, status: str, text: str = "") -> bool:
    """Whether a permanent refusal means that the address does not exist. `text`: the server's reply."""
    words = words_of(text)
    if _BAD_ADDRESS.fullmatch(status):
        return is_surely_missing(words) or not _SURELY_POLICY.search(words)
    if _UNCERTAIN.fullmatch(status) and is_surely_missing(words):
        return True
    if not _VAGUE.fullmatch(status):
        return False
    if words and status != "5.1.0":
        is_microsofts = status == "5.4.1" and _NO_READER_AT_MICROSOFT.search(words)
        return bool(is_microsofts) or tells_missing(words)
    return (status == "5.1.0" or (not status and code in _BAD_ADDRESS_CODES)) and not tells_policy(words)


def failure_reason(reply: str, status: str, text: str) -> str:
    """What is kept of a permanent failure: code and status, and *policy* if only the words tell of one."""
    may_be = _VAGUE.fullmatch(status) or _BAD_ADDRESS.fullmatch(status)
    is_told_by_words = may_be and not is_bad_address(0, status, text)
    return f"{reply} {POLICY}" if is_told_by_words and tells_policy(words_of(text)) else reply


def may_be_address(reason: str) -> bool:
    """Whether the kept reason of a permanent failure may be the address, so that several in a row end it."""
    return bool(_REASON.fullmatch(reason)) and not _ABOUT_SENDER.fullmatch(status_of(reason))


def code_and_status(code: int, text: str) -> str:
    """Code and status without the reply's text, which may contain the address."""
    return f"{code} {status_of(text)}".rstrip()


def refusal(code: int, text: str, step: Step) -> RetryLater | Rejected | Deferred:
    """The error for an unsuccessful reply: RetryLater if the relay would accept no other message either. A reply about
    the sender concerns every message."""
    reply, status = code_and_status(code, text), status_of(text)
    names_address = step == "recipient" and is_bad_address(0, status)  # `501 5.1.3`: the status outweighs the code
    if step == "sender" or (code in _SENDER_CODES and not names_address):
        return RetryLater(RETRY_SECONDS, reply)
    if 500 <= code < 600:
        # A message is refused for good. After DATA, the code alone does not tell that the address is the reason.
        is_told = step == "recipient" or status or is_surely_missing(words_of(text))
        if is_told and is_bad_address(code, status, text):
            return Rejected(reply, no_such_address=True)
        if step == "message" and not _ABOUT_SENDER.fullmatch(status):
            return Rejected(f"{reply} {AFTER_DATA}")
        return Rejected(failure_reason(reply, status, text))
    return Deferred(reply) if 400 <= code < 500 else RetryLater(RETRY_SECONDS, reply)


# ---- the words of a refusal ------------------------------------------------------------------------------
# Servers are free in what they write after a code. The words were chosen from what common servers say; what matches
# none tells nothing.

MAX_REPLY_CHARS = 1000
"""Characters of a reply that are read."""


def _any(phrases: str, **parts: str) -> re.Pattern[str]:
    """Any of these patterns, one on each line; those that begin with `{1}` go on with the one before."""
    pattern = re.sub(r"\n\s*\{1\}", "", phrases.strip())
    for name, part in parts.items():
        pattern = pattern.replace(f"{{{name}}}", part)
    return re.compile("|".join(line.strip() for line in pattern.splitlines()))


_NOISE = re.compile(
    r"(?:https?://|www\.)\S+|<[^<>]*>|(?<![^\s@])[^\s@]++@\S+|\b[245]\d\d\b|\b[245]\.\d{1,3}\.\d{1,3}\b|^\s*(?:smtp|x-[\w-]+)\s*;"
)
"""Addresses and codes: their letters are no words."""
_WHO = (
    "(?:user|recipient|in ?box|mail ?box|(?:e-?)?mail (?:address|account)|address|addressee|account"
    "|alias|local[- ]part|person|customer|subscriber)"
)
_STATE = (
    "(?:unknown|invalid|disabled|inactive|deactivated|suspended|closed|expired|deleted|terminated|discontinued"
    "|archiv[eé]e?d?|frozen|non-?exist[ae]nt|un(?:rout|deliver)e?able)"
)
_FILLER = (
    "(?:for|is|was|has|have|had|been|are|currently|or|already|account|permanently|that|you|tried|to|reach|sending)"
)
_SURELY_MISSING = _any(
    r"""
    no such (?:{who}|local|name|e-?mail)|no (?:mail ?box|account|user|e-?mail address)(?: here)? (?:by|with|found|for)
    no mail ?box available|recipient ?notfound|not in my valid\w+ list|in my bad\w+ list
    not our customer|user not local|nobody (?:here|by)|no one (?:here |at |by |with )|not a local (?:address|user)
    (?<!from )(?:\bunknown|non-?exist[ae]nt|inactive|disabled|deactivated|deleted|unrouteable)
      {1} (?:or \w+ )?(?:virtual |local |e-?mail )?{who}
    (?<!many )\binvalid (?:local |final )?(?:recipient|mail ?box|user)\b(?!,? headers?)
    \b{who}:?(?: ['\"]\S+)?(?: {filler}){0,8} {state}\b
      {1}(?! (?:senders?|hosts?|clients?|domains?|servers?|characters?|attachments?|content))
    \b{who}\b.{0,60}?(?:\b(?:not|no longer)|n['’]?t) (?:longer )?exist
    \b{who}:?(?: ['\"]\S+)?(?: (?:is|was|could|can|cannot|has|been|be|longer|no))* ?
      {1}(?:\bnot|isn['’]?t|wasn['’]?t|cannot)
      {1} (?:currently |be |been )*(?:found|known|recogni[sz]ed|active|in use|a known|a valid|present|registered)
    \b{who}\b.{0,40}? no longer (?:active|valid|available|in use|on|with|here|accepts|at)
    (?:not|isn['’]?t) an? (?:\w+ or )?(?:valid|known|local|active|existing|registered) {who}
    (?:does ?n['’o]?t|does not|do not) have an? (?:\S+ )?account
    (?:empf(?:ä|ae)nger|benutzer|adresse) (?:ist )?unbekannt
    (?:empf(?:ä|ae)nger|benutzer|adresse)\b.{0,40}existiert nicht
    n['’]existe pas|(?:utilisateur|destinataire|adresse) inconnue?|no existe|inesistente|usuario desconocido
    """,
    who=_WHO,
    state=_STATE,
    filler=_FILLER,
)
"""Clauses that can mean nothing else, if they are about the recipient."""
_SENDERS = _any(
    r"""
    (?<!to )(?<!to the )(?<!contact the )\bsenders?['’]?s? ?:
    (?<!to )(?<!to the )(?<!contact the )\bsenders?['’]?s? (?:e-?mail |envelope )?
      {1}(?:address|domain|verif|account|host|user|mail ?box|callout|check|is|does|not|un|reject|denied|invalid)
    (?:verif\w+|unknown|invalid|bad|envelope|forged) (?:the )?senders?|mail from|\bfrom[: ]address|\bfrom:|of the sender
    (?:return|reverse)[- ]?path|\b(?:helo|ehlo)\b|client host|\bptr\b|\br?dns\b|\bip address
    sending (?:host|server|domain|user|account|ip|address)
    \byour (?:\w+ )?(?:address(?! book)|domain|host|server|ip|account|user|mail ?box)\b
    """
)
"""Sentences with these are about who sends: the sender's address may be the one that does not exist."""
_SENTENCE = re.compile(r"[.;!](?:\s|\Z)")
_SURELY_POLICY = re.compile(
    r"spam|(?:black|deny|block)[- ]?list|blocked using|\b\w*(?:rbl|dnsbl)\b|reputation|\bdmarc\b|\bdkim\b|\bspf\b"
    r"|virus|malware|\brates?\b|\bquota|mail ?box (?:is )?full"
)
"""Words that a status about the address does not outweigh."""
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
_FOR_NOW = re.compile(r"quota|(?:box|is|was|account|storage) (?:too )?full\b|storage|temporar|later")
_NO_READER_AT_MICROSOFT = re.compile(r"recipient address(?:es)? rejected ?: access denied")
"""Microsoft 365's words, with 5.4.1, for an address that does not exist (directory-based edge blocking)."""


def words_of(text: str) -> str:
    """A reply's words in lowercase, without addresses and codes; empty if it has none."""
    line = " ".join(_NOISE.sub(" ", " ".join(text[:MAX_REPLY_CHARS].lower().split())).split())
    return line if re.search("[a-z]{2}", line) else ""


def is_surely_missing(words: str) -> bool:
    """Whether a sentence says that the recipient's address does not exist. Other sentences outweigh it in no words."""
    return any(
        _SURELY_MISSING.search(sentence) and not _SENDERS.search(sentence) and not _FOR_NOW.search(sentence)
        for sentence in _SENTENCE.split(words)
    )


def tells_missing(words: str) -> bool:
    """Whether words say that an address does not exist, and name no other cause."""
    others = (_POLICY, _FULL, _SENDERS)
    is_vague = bool(_MISSING.search(words)) and not any(cause.search(words) for cause in others)
    return is_vague or is_surely_missing(words)


def tells_policy(words: str) -> bool:
    """Whether words name a policy, the sender or the message as the cause."""
    return bool(_POLICY.search(words) or _SENDERS.search(words))
