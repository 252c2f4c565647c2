"""Words of a refusal. Servers are free in what they write after a code.

The words were chosen from common servers' replies; a reply that matches none proves nothing.
"""

from __future__ import annotations

import re

from hotpapers.base.text.accents import without_accents

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
_WHO_ABROAD = (
    "(?:empfa?e?ngers?|(?:ziel)?adresse|benutzer|teilnehmer|postfach|konto|mailbox|account"  # German
    "|utente|destinatario|indirizzo|casella|usuario|buzon|cuenta|direccion|correo"  # Italian, Spanish
    "|utilisateur|destinataire|boite|compte|caixa|conta|endereco|gebruiker|ontvanger|adres|postbus)"  # French, …
)
_GONE_ABROAD = (
    "(?:unbekannt(?:e[rsnm]?)?|existiert nicht|gibt es nicht|(?:deaktiviert|ungultig|geloscht)(?:e[rsnm]?)?"
    "|nicht (?:mehr )?(?:gefunden|vorhanden|bekannt|gultig|aktiv)|sconosciut[oa]|inesistente|disattivat[oa]"
    "|non (?:piu )?(?:esiste(?:nte)?|trovat[oa]|valid[oa]|attiv[oa])|disabilitat[oa]|desconocid[oa]|inexistente"
    "|no (?:se ha )?(?:existe|encontrad[oa]|valid[oa])|desactivad[oa]|deshabilitad[oa]|invalid[oa]"
    "|inconnue?|n['’ ]existe (?:pas|plus)|introuvable|inexistante?|invalide|desactivee?|supprimee?"
    "|desconhecid[oa]|nao (?:existe|encontrad[oa])|desativad[oa]|inativ[oa]|onbekende?|bestaat niet|niet gevonden)"
)
"""Who and in which state in German, Italian, Spanish, French, Portuguese, Dutch, without accents."""
_NO_ABROAD = "(?:keine?[nrsm]?(?: solche[rsnm]?)?|nessun|aucune?|ningun|nenhum|geen)"
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
    {who}\b.{0,60}?\b(?:inactivity|dormant|abandoned|unused|not (?:been )?used)
    \b{who_abroad}\b.{0,40}?\b{gone_abroad}\b|\b(?:{gone_abroad}|{no_abroad}) {who_abroad}\b
    """,
    who=_WHO,
    state=_STATE,
    filler=_FILLER,
    who_abroad=_WHO_ABROAD,
    gone_abroad=_GONE_ABROAD,
    no_abroad=_NO_ABROAD,
)
"""Clauses that can mean nothing else, if they are about the recipient."""
_NO_DOMAIN = _any(
    r"""
    \b(?:domain|host)(?: name)?:?(?: ['\"]?[\w-]+\.[\w.-]+['\"]?)? {be}(?:does not|does ?n['’o]?t|no longer) exist
    \b(?:domain|host)(?: name)?:?(?: ['\"]?[\w-]+\.[\w.-]+['\"]?)? {be}(?:unknown|expired|not (?:be )?found)
    no such (?:domain|host)|(?:unknown|non-?existent) (?:recipient )?(?:domain|host)\b|nxdomain
    null ?mx|\bno (?:valid )?mx\b|(?:domain|domini?o|domaine|domein)\b.{0,40}?{gone_abroad}\b
    """,
    be="(?:(?:is|was|could|has|been) )*",
    gone_abroad=_GONE_ABROAD,
)
"""Clauses about a domain that can mean nothing else, if status and sentence are about the recipient's."""
_SENDERS = _any(
    r"""
    (?<!to )(?<!to the )(?<!contact the )\bsenders?['’]?s? ?:
    (?<!to )(?<!to the )(?<!contact the )\bsenders?['’]?s? (?:e-?mail |envelope )?
      {1}(?:address|domain|verif|account|host|user|mail ?box|callout|check|is|does|not|un|reject|denied|invalid)
    (?:verif\w+|unknown|invalid|bad|envelope|forged) (?:the )?senders?|mail from|\bfrom[: ](?:address|domain|header)
    \bfrom:|\b(?:of|for) (?:the )?(?:envelope )?sender|originat(?:or|ing)
    (?:return|reverse)[- ]?path|\b(?:helo|ehlo)\b|client host|\bptr\b|\brdns\b|reverse[- ](?:dns|lookup)|\bip address
    (?:sending|connecting) (?:e-?mail |smtp )?(?:host|server|domain|user|account|ip|address|client|system)
    \byour (?:\w+ )?(?:address(?! book)|domain|host|server|ip|account|user|mail ?box|dns|reverse)
    \b(?:ihre?[rmns]?|votre|vostr[oa]|tuo|tua|suo?|sua|seu|uw) (?:\w+ )?
      {1}(?:doma?[ei]n|dominio|serve|servid|host|ip\b|adres|indirizzo|direccion|endereco|konto|account|compte|cuenta)
    absender|mittente|rem[ei]tente|expediteur|emetteur|afzender
    (?:adresse|direccion|indirizzo|endereco|ip)[- ](?:ip|adres)
    """
)
"""Sentences with these are about who sends: the sender's address may be the one that does not exist."""
_SENDER_REFUSED = re.compile(
    r"senders? (?:e-?mail |envelope )?(?:address |domain )?(?:reject|verif|callout|denied|refused|unknown|invalid)"
    r"|(?:unknown|invalid) sender\b|\bmail from\b"
)
"""Words after which also the next sentence is about the sender's address."""
_SENTENCE = re.compile(r"[.;!](?:\s|\Z)")
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
    existiert nicht|n['’]existe pas|inconnue?\b|no existe|inesistente
    un-?rout(?:e)?able|host (?:or domain name )?not found|domain (?:name )?(?:not found|does not exist)
    """,
    who=_WHO,
)
_POLICY = _any(
    r"""
    polic(?:y|ies)|politi[ckq]|richtlinie|spam|\bjunk|\bbulk|blo[ckq]|gesperrt|\b\w*(?:rbl|dnsbl)\b
    (?:black|deny|white|allow)[- ]?list|lista ne(?:gra|ra)|liste noire
    sorbs|barracuda|proofpoint|mimecast|reputation|\bdmarc\b|\bdkim\b|\bspf\b|authenticat|virus|malware|phish|infect
    attachment|\bcontent|\bbanned|prohibit|forbid|unauthori[sz]ed|relay|\brates?\b|\blimit|throttl|frequency
    too (?:many|large|much|fast|often)
    gr[ae]y-?list|\bptr\b|reverse[- ]dns|\brdns\b|\b(?:helo|ehlo)\b|\bip\b|client host|host rejected
    suspicious|unsolicited|unwanted|abus(?:e|ive)|complain|security|filter|\btls\b
    encrypt|restrict|administrative(?:ly)? (?:prohib|den|reject|block)
    """
)
_WEAK_POLICY = _any(
    r"""
    access denied|not (?:allowed|authori[sz]ed|permitted|welcome)|not accept\w* (?:any )?(?:mail|messages|connections)
    \bsenders?\b|\bfrom address|your (?:domain|server|host|message|network)
    """
)
"""Words of a policy that servers also write about an address that does not exist."""
_FULL = re.compile(r"quota|\bfull\b|storage|tempora|try again|\bsize\b")
_FOR_NOW = re.compile(
    r"quota|(?:box|is|was|account|storage) (?:too )?full\b|storage|tempora|later\b|for now|deferred"
    r"|at (?:this|the) (?:time|moment)|vorubergehend|derzeit|tijdelijk|spater|plus tard|piu tardi|mai?s tarde"
    r"|\bvoll\b|\bpien[ao]|\bplein|\bllen[ao]|\bchei[ao]\b"
)
_DNS = re.compile(r"\bdns\b")


def words_of(text: str) -> str:
    """A reply's words in lowercase, without accents, addresses and codes; empty if it has none."""
    bare = without_accents(text[:MAX_REPLY_CHARS].lower())
    quiet = _NOISE.sub(" ", " ".join(bare.split()))
    line = " ".join(quiet.split())
    return line if re.search("[a-z]{2}", line) else ""


def is_surely_missing(words: str) -> bool:
    """Whether a sentence says that the recipient's address does not exist. Other sentences outweigh it in no words."""
    return _is_sure(words, _SURELY_MISSING)


def _is_sure(words: str, form: re.Pattern[str]) -> bool:
    if _SENDER_REFUSED.search(words):
        return False
    return any(
        form.search(sentence) and not _SENDERS.search(sentence) and not _FOR_NOW.search(sentence)
        for sentence in _SENTENCE.split(words)
    )


def tells_missing(words: str) -> bool:
    """Whether words say that an address does not exist, and name no other cause."""
    others = (_POLICY, _WEAK_POLICY, _FULL, _SENDERS, _DNS)
    is_vague = bool(_MISSING.search(words)) and not any(cause.search(words) for cause in others)
    return is_vague or is_surely_missing(words)


def tells_policy(words: str) -> bool:
    """Whether words name a policy, the sender or the message as the cause."""
    return any(cause.search(words) for cause in (_POLICY, _WEAK_POLICY, _SENDERS))


def tells_no_domain(words: str) -> bool:
    """Whether a sentence says that a domain, by the reply's status the recipient's, does not exist."""
    return _is_sure(words, _NO_DOMAIN)


def tells_another_cause(words: str) -> bool:
    """Whether words contradict a status that says that the address does not exist."""
    return any(cause.search(words) for cause in (_POLICY, _SENDERS, _FOR_NOW))


def tells_dns(words: str) -> bool:
    """Whether words are about DNS: of the recipient's domain or of the sender's."""
    return bool(_DNS.search(words))
