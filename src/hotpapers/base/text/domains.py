"""Domains of any letters as DNS has them: bücher.example → xn--bcher-kva.example (IDNA 2008, UTS 46). Pure."""

from __future__ import annotations

import re

import idna

MAX_DOMAIN_CHARS = 254
"""Characters of a domain or an address that is converted."""
_DOMAINS = re.compile(r"(?<=@)[^\s<>()/@]+|(?<=//)[^\s<>()/:@?#]+")

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAIL_ADDRESS = re.compile(rf"(?=.{{3,254}}\Z)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z]{_LABEL}")
"""A mail address that every server accepts: no quotes, comments or literals (RFC 5321 §4.1.2: dot-string and domain),
within the length limits of §4.5.3.1; domains beyond ASCII as xn--."""


def ascii_domain(domain: str) -> str:
    """A domain as in DNS; the text itself if it is ASCII, or no domain."""
    if domain.isascii() or len(domain) > MAX_DOMAIN_CHARS:
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return domain


def ascii_address(address: str) -> str:
    """A mail address with its domain as in DNS: reader@bücher.example → reader@xn--bcher-kva.example."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{ascii_domain(domain)}" if at and len(address) <= MAX_DOMAIN_CHARS else address


def is_mail_address(text: str) -> bool:
    """Whether the whole text is a mail address, whose domain may be beyond ASCII."""
    return _MAIL_ADDRESS.fullmatch(ascii_address(text)) is not None


def with_ascii_domains(text: str) -> str:
    """A text with the domains of its mail and web addresses as in DNS."""
    return _DOMAINS.sub(lambda match: ascii_domain(match[0]), text)
