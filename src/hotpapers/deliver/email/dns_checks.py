"""Checks whether receivers will accept our mail: SPF, DKIM, DMARC, unsubscribing; and says which record to add.

RFC 7208 (SPF), RFC 6376 (DKIM), RFC 7489 (DMARC), RFC 8058 (one click). The relay signs, not this program, and only a
receiver can say whether the signature is good; that is why a received message can be checked, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr
from functools import partial
from typing import Literal, NamedTuple

from hotpapers.deliver.email import spf
from hotpapers.deliver.email.addresses import domain_of
from hotpapers.deliver.email.config import MailConfig
from hotpapers.deliver.email.dns import DnsResolver
from hotpapers.errors import InputError, NetError

Outcome = Literal["good", "bad", "unknown"]
LARGEST = 4_000_000
"""Most bytes read of a message."""
_TAG = re.compile(r"\s*([a-zA-Z][\w-]*)\s*=\s*([^;]*)")


class DnsFinding(NamedTuple):
    """The result of one check. `add`: the DNS record or setting that would fix it."""

    topic: str
    outcome: Outcome
    text: str
    add: str = ""


def tags(text: str) -> dict[str, str]:
    """`v=DKIM1; k=rsa; p=…` → its tags: names in lowercase, values stripped."""
    matches = (_TAG.match(piece) for piece in text.split(";"))
    return {match[1].lower(): match[2].strip() for match in matches if match}


def aligned(domain: str, other: str, *, strict: bool = False) -> bool:
    """Whether two domains align for DMARC: they are the same, or one is below the other (RFC 7489 §3.1).

    Without a list of public suffixes, siblings are not recognized, which errs on the safe side.
    """
    domain, other = domain.lower().rstrip("."), other.lower().rstrip(".")
    if domain == other or strict:
        return domain == other
    inner, outer = sorted((domain, other), key=len, reverse=True)
    return outer.count(".") > 0 and inner.endswith(f".{outer}")


# ---- DNS records ---------------------------------------------------------------------------------------


def check_domain(
    mail_config: MailConfig, selector: str, resolver: DnsResolver, address: str = ""
) -> Iterator[DnsFinding]:
    """Checks the DNS records for mail sent with this configuration. `address`: the IP address that the relay sends
    from; by default its own."""
    domain, envelope = domain_of(mail_config.address), domain_of(mail_config.bounces)
    checks: dict[str, Callable[[], DnsFinding]] = {
        "SPF": partial(_spf, envelope, mail_config, resolver, address),
        "DKIM": partial(_dkim, domain, selector, resolver),
        "DMARC": partial(_dmarc, domain, envelope, mail_config, resolver),
        "bounces": partial(_bounces, envelope, resolver),
    }
    for topic, check in checks.items():
        try:
            yield check()
        except NetError as problem:
            yield DnsFinding(topic, "unknown", str(problem))
    yield _unsubscribe(mail_config)


def _spf(envelope: str, mail_config: MailConfig, resolver: DnsResolver, address: str) -> DnsFinding:
    rules = spf.records(resolver.texts(envelope))
    addresses = [address] if address else [] if mail_config.is_local else list(resolver.addresses(mail_config.relay))
    term = (
        f"{'ip6' if ':' in address else 'ip4'}:{address}"
        if address or mail_config.is_local
        else f"a:{mail_config.relay}"
    )
    if not (rules or addresses):
        text = f"{envelope} has no SPF record; pass --ip with the address your mail is sent from to see what to add"
        return DnsFinding("SPF", "bad", text)
    if not rules:
        return DnsFinding("SPF", "bad", f"{envelope} has no SPF record", _record(envelope, f"v=spf1 {term} ~all"))
    if len(rules) > 1:
        return DnsFinding("SPF", "bad", f"{envelope} has {len(rules)} SPF records; only one is allowed: merge them")
    if not addresses:
        text = f"{envelope} has an SPF record; pass --ip with the address your mail is sent from to check it"
        return DnsFinding("SPF", "unknown", text)
    verdicts = {sender: spf.verdict(sender, envelope, resolver) for sender in addresses}
    refused_addresses = sorted(address for address, verdict in verdicts.items() if verdict != "pass")
    if "203.0.113.1" not in addresses and spf.verdict("203.0.113.1", envelope, resolver) == "pass":
        return DnsFinding("SPF", "bad", f"{envelope} lets any server send in its name: {rules[0]}")
    if refused_addresses:
        fixed = re.sub(r"(?i)^v=spf1", f"v=spf1 {term}", rules[0])
        text = f"{envelope} gives {verdicts[refused_addresses[0]]} for {refused_addresses[0]}: {rules[0]}"
        return DnsFinding("SPF", "bad", text, f"instead: {_record(envelope, fixed)}")
    return DnsFinding("SPF", "good", f"{envelope} lets {', '.join(addresses)} send in its name")


def _dkim(domain: str, selector: str, resolver: DnsResolver) -> DnsFinding:
    if not selector:
        text = "set selector = … in [mailing] to the DKIM selector of your relay; ask its operator for it"
        return DnsFinding("DKIM", "unknown", text)
    name = f"{selector}._domainkey.{domain}"
    keys = [record for record in map(tags, resolver.texts(name)) if "p" in record]
    if not keys:
        add = _record(name, "v=DKIM1; k=rsa; p=…") + "  (the relay's operator has the key)"
        return DnsFinding("DKIM", "bad", f"{name} has no key", add)
    if not keys[0]["p"]:
        return DnsFinding("DKIM", "bad", f"{name}: the key was revoked")
    return DnsFinding("DKIM", "good", f"{name} has a key; signatures by d={domain} align with From")


def _dmarc(domain: str, envelope: str, mail_config: MailConfig, resolver: DnsResolver) -> DnsFinding:
    for name in parents(domain):
        records = [
            candidate
            for candidate in map(tags, resolver.texts(f"_dmarc.{name}"))
            if candidate.get("v", "").upper() == "DMARC1"
        ]
        if not records:
            continue
        if len(records) > 1 or "p" not in records[0]:
            return DnsFinding("DMARC", "bad", f"_dmarc.{name}: must be a single record with p=")
        strict = records[0].get("aspf", "r").lower() == "s"
        if not aligned(domain, envelope, strict=strict):
            text = f"_dmarc.{name}: bounces go to {envelope}, which does not align with From at {domain}, so DKIM must"
            return DnsFinding("DMARC", "unknown", text)
        return DnsFinding(
            "DMARC", "good", f"_dmarc.{name}: p={records[0]['p']}; {envelope} aligns with From at {domain}"
        )
    add = _record(f"_dmarc.{domain}", f"v=DMARC1; p=none; rua=mailto:{mail_config.reply_to}")
    return DnsFinding("DMARC", "bad", f"_dmarc.{domain} does not exist", add)


def parents(domain: str) -> list[str]:
    """The domain and its parents, without the top-level domain."""
    labels = domain.split(".")
    return [".".join(labels[n:]) for n in range(max(len(labels) - 1, 1))]


def _bounces(envelope: str, resolver: DnsResolver) -> DnsFinding:
    hosts = resolver.exchangers(envelope)
    if hosts == ("",) or not (hosts or resolver.addresses(envelope)):
        add = _record(envelope, "10 mail.example.org.", "MX")
        return DnsFinding("bounces", "bad", f"{envelope} accepts no mail, so bounces are lost", add)
    return DnsFinding("bounces", "good", f"{envelope} accepts mail")


def _unsubscribe(mail_config: MailConfig) -> DnsFinding:
    if not mail_config.base:
        text = "readers can unsubscribe only by mail; mail programs show their own button only for a web address"
        return DnsFinding(
            "unsubscribe", "bad", text, 'base = "https://…/" in [mailing], where `hotpapers serve` is public'
        )
    return DnsFinding("unsubscribe", "good", f"one click at {mail_config.base}, or a mail to {mail_config.reply_to}")


def _record(name: str, value: str, kind: str = "TXT") -> str:
    return f'{name}. IN {kind} "{value}"' if kind == "TXT" else f"{name}. IN {kind} {value}"


# ---- a received message ---------------------------------------------------------------------------------


def check_message(data: bytes) -> list[DnsFinding]:
    """Checks a message as it arrived in a mailbox. Raises InputError if it is not a message."""
    message = message_from_bytes(data)
    sender = parseaddr(str(message.get("from", "")))[1]
    if "@" not in sender:
        raise InputError("not a mail message: it has no sender; save a message as it arrived, with all headers")
    domain = domain_of(sender)
    return [_signature(message, domain), _envelope(message, domain), _receiver(message), _one_click(message)]


def _signature(message: Message, domain: str) -> DnsFinding:
    signatures = [tags(str(name)) for name in message.get_all("dkim-signature", [])]
    aligned_signatures = [signature for signature in signatures if aligned(signature.get("d", ""), domain)]
    if not aligned_signatures:
        text = f"no signature aligns with {domain}" if signatures else "the relay did not sign it"
        return DnsFinding("DKIM", "bad", text, f"have the relay sign with d={domain}")
    signed_headers = {name.strip().lower() for name in aligned_signatures[0].get("h", "").split(":")}
    unsigned_headers = [
        name for name in ("list-unsubscribe", "list-unsubscribe-post") if name in message and name not in signed_headers
    ]
    if unsigned_headers:
        text = f"the signature does not cover {' and '.join(unsigned_headers)}, so mail programs show no button"
        return DnsFinding("DKIM", "bad", text)
    return DnsFinding(
        "DKIM", "good", f"signed by d={aligned_signatures[0]['d']}, s={aligned_signatures[0].get('s', '')}"
    )


def _envelope(message: Message, domain: str) -> DnsFinding:
    return_address = parseaddr(str(message.get("return-path", "")))[1]
    if "@" not in return_address:
        return DnsFinding("SPF", "unknown", "the message has no Return-Path")
    if not aligned(domain_of(return_address), domain):
        return DnsFinding(
            "SPF", "unknown", f"it was sent in the name of {domain_of(return_address)}, not {domain}: DKIM must align"
        )
    return DnsFinding("SPF", "good", f"sent in the name of {domain_of(return_address)}, which aligns with {domain}")


def _receiver(message: Message) -> DnsFinding:
    """The receiver's verdict, from the header that it added (RFC 8601)."""
    header = str(message.get("authentication-results", ""))
    results = {
        name.lower(): result.lower() for name, result in re.findall(r"\b(spf|dkim|dmarc)\s*=\s*(\w+)", header, re.I)
    }
    if not results:
        return DnsFinding("DMARC", "unknown", "the receiver reports no results")
    text = ", ".join(f"{name}={result}" for name, result in results.items())
    return DnsFinding("DMARC", "good" if results.get("dmarc") == "pass" else "bad", f"the receiver found {text}")


def _one_click(message: Message) -> DnsFinding:
    addresses = str(message.get("list-unsubscribe", ""))
    post = str(message.get("list-unsubscribe-post", "")).replace(" ", "").lower()
    if "<https://" in addresses.replace("\n", "") and post == "list-unsubscribe=one-click":
        return DnsFinding("unsubscribe", "good", "one click")
    text = "only by mail" if "<mailto:" in addresses else "the headers are missing"
    return DnsFinding("unsubscribe", "bad", text, 'base = "https://…/" in [mailing]')
