"""SPF: whether a domain lets a server send mail in its name. RFC 7208, without macros, `exists` and `ptr`: terms that
need them count as no match.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Literal, NamedTuple

from hotpapers.deliver.email.dns import DnsResolver

MOST_LOOKUPS = 10
"""Most terms that may cause DNS look-ups (§4.6.4)."""
MOST_HOSTS = 10

Verdict = Literal["pass", "fail", "softfail", "neutral", "none", "broken"]
Address = IPv4Address | IPv6Address

_QUALIFIERS: dict[str, Verdict] = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_TERM = re.compile(
    r"([-+~?]?)(all|include|a|mx|ptr|exists|ip4|ip6)(?:[:](.*?))?((?:/\d{1,3}){0,1}(?://\d{1,3})?)", re.I
)


class SpfTerm(NamedTuple):
    """One term of an SPF record: `~all`, `include:example.org`, `a/24`."""

    verdict: Verdict
    name: str
    value: str
    lengths: str


def records(texts: Iterable[str]) -> list[str]:
    """The SPF records among a domain's TXT records; more than one is an error (§3.2)."""
    return [text for text in texts if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]


def verdict(address: str, domain: str, resolver: DnsResolver) -> Verdict:
    """A domain's verdict on a server's address. Raises NetError if a look-up fails."""
    return _SpfCheck(ip_address(address), resolver).verdict(domain)


class _SpfCheck:
    """One check, counting its look-ups."""

    def __init__(self, address: Address, resolver: DnsResolver) -> None:
        self._address, self._resolver, self._lookups = address, resolver, 0

    def verdict(self, domain: str) -> Verdict:
        policies = records(self._resolver.texts(domain))
        if len(policies) != 1:
            return "broken" if policies else "none"
        redirect = ""
        for word in policies[0].split()[1:]:
            if word.lower().startswith("redirect="):
                redirect = word.partition("=")[2]
                continue
            if "=" in word.partition(":")[0]:
                continue  # a modifier
            term = read_term(word)
            matches = None if term is None else self._matches(term, domain)
            if term is None or matches is None:
                return "broken"
            if matches:
                return term.verdict
        if not redirect:
            return "neutral"
        redirected = self.verdict(redirect) if self._count_lookup() else "broken"
        return "broken" if redirected == "none" else redirected

    def _count_lookup(self) -> bool:
        self._lookups += 1
        return self._lookups <= MOST_LOOKUPS

    def _matches(self, term: SpfTerm, domain: str) -> bool | None:
        """Whether a term matches the address; None if the record is broken."""
        if term.name == "all":
            return True
        if term.name in ("ip4", "ip6"):
            return _within(self._address, [term.value + term.lengths])
        if "%" in term.value or term.name in ("ptr", "exists"):
            return False if self._count_lookup() else None
        if not self._count_lookup():
            return None
        target = term.value or domain
        if term.name == "include":
            inner = self.verdict(target)
            return None if inner in ("none", "broken") else inner == "pass"
        hosts = self._resolver.exchangers(target)[:MOST_HOSTS] if term.name == "mx" else [target]
        addresses = [address for host in hosts for address in self._resolver.addresses(host)]
        return _within(self._address, [address + _length(address, term.lengths) for address in addresses])


def read_term(word: str) -> SpfTerm | None:
    """Parses a term; None if it is invalid."""
    match = _TERM.fullmatch(word)
    if match is None:
        return None
    name, value = match[2].lower(), match[3] or ""
    if (name in ("include", "exists", "ip4", "ip6")) != bool(value) and name not in ("a", "mx", "ptr"):
        return None
    return SpfTerm(_QUALIFIERS[match[1] or "+"], name, value, match[4])


def _length(address: str, lengths: str) -> str:
    """The prefix length in `a/24//64` for this kind of address."""
    four, _, six = lengths.partition("//")
    if ":" in address:
        return f"/{six}" if six else ""
    return four


def _within(address: Address, networks: Iterable[str]) -> bool | None:
    """Whether an address is in one of the networks; None if one of them is invalid."""
    try:
        return any(address in ip_network(network, strict=False) for network in networks)
    except ValueError:
        return None
