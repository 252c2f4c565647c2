"""What receivers will make of our mail: SPF, DKIM, DMARC and how to unsubscribe; and which record is to be added.

RFC 7208 (SPF), RFC 6376 (DKIM), RFC 7489 (DMARC), RFC 8058 (one click). The relay signs, not this program: whether its
signature is good is said by whoever received a message, so a message as it arrived can be checked too.
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
_TAG = re.compile(r"\s*([a-zA-Z][\w-]*)\s*=\s*([^;]*)")


class DnsFinding(NamedTuple):
    """One thing that was looked at. `add`: the DNS record or setting that would mend it."""

    topic: str
    outcome: Outcome
    text: str
    add: str = ""


def tags(text: str) -> dict[str, str]:
    """`v=DKIM1; k=rsa; p=…` → its tags, names in small letters, values without blanks at their ends."""
    matches = (_TAG.match(piece) for piece in text.split(";"))
    return {match[1].lower(): match[2].strip() for match in matches if match}


def aligned(domain: str, other: str, *, strict: bool = False) -> bool:
    """Whether DMARC takes two domains for one: the same, or one below the other (RFC 7489 §3.1).

    Without a list of public suffixes two siblings are not recognized, which errs on the safe side.
    """
    domain, other = domain.lower().rstrip("."), other.lower().rstrip(".")
    if domain == other or strict:
        return domain == other
    inner, outer = sorted((domain, other), key=len, reverse=True)
    return outer.count(".") > 0 and inner.endswith(f".{outer}")


# ---- what the DNS says ---------------------------------------------------------------------------------


def check_domain(
    mail_config: MailConfig, selector: str, resolver: DnsResolver, address: str = ""
) -> Iterator[DnsFinding]:
    """What the DNS says of mail sent by this configuration. `address`: from which the relay sends on, its own by
    default."""
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
        text = f"{envelope} says nothing; say with --ip from which address your mail goes out, to see what to add"
        return DnsFinding("SPF", "bad", text)
    if not rules:
        return DnsFinding("SPF", "bad", f"{envelope} says nothing", _record(envelope, f"v=spf1 {term} ~all"))
    if len(rules) > 1:
        return DnsFinding("SPF", "bad", f"{envelope} has {len(rules)} rules, and one is allowed; join them into one")
    if not addresses:
        text = f"{envelope} has a rule; say with --ip from which address your mail goes out"
        return DnsFinding("SPF", "unknown", text)
    verdicts = {sender: spf.verdict(sender, envelope, resolver) for sender in addresses}
    bad = sorted(address for address, verdict in verdicts.items() if verdict != "pass")
    if "203.0.113.1" not in addresses and spf.verdict("203.0.113.1", envelope, resolver) == "pass":
        return DnsFinding("SPF", "bad", f"{envelope} lets everybody send in its name: {rules[0]}")
    if bad:
        mended = re.sub(r"(?i)^v=spf1", f"v=spf1 {term}", rules[0])
        text = f"{envelope} says {verdicts[bad[0]]} of {bad[0]}: {rules[0]}"
        return DnsFinding("SPF", "bad", text, f"instead: {_record(envelope, mended)}")
    return DnsFinding("SPF", "good", f"{envelope} lets {', '.join(addresses)} send in its name")


def _dkim(domain: str, selector: str, resolver: DnsResolver) -> DnsFinding:
    if not selector:
        text = "say with selector = … in [mailing] under which name your relay signs; its operator knows"
        return DnsFinding("DKIM", "unknown", text)
    name = f"{selector}._domainkey.{domain}"
    keys = [record for record in map(tags, resolver.texts(name)) if "p" in record]
    if not keys:
        add = _record(name, "v=DKIM1; k=rsa; p=…") + "  (the relay's operator has the key)"
        return DnsFinding("DKIM", "bad", f"{name} holds no key", add)
    if not keys[0]["p"]:
        return DnsFinding("DKIM", "bad", f"{name}: the key was withdrawn")
    return DnsFinding("DKIM", "good", f"{name} holds a key; signatures by d={domain} align with From")


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
            return DnsFinding("DMARC", "bad", f"_dmarc.{name}: must be one record with p=")
        strict = records[0].get("aspf", "r").lower() == "s"
        if not aligned(domain, envelope, strict=strict):
            text = f"_dmarc.{name}: bounces go to {envelope}, which does not align with From at {domain}; DKIM must"
            return DnsFinding("DMARC", "unknown", text)
        return DnsFinding(
            "DMARC", "good", f"_dmarc.{name}: p={records[0]['p']}; {envelope} aligns with From at {domain}"
        )
    add = _record(f"_dmarc.{domain}", f"v=DMARC1; p=none; rua=mailto:{mail_config.reply_to}")
    return DnsFinding("DMARC", "bad", f"_dmarc.{domain} says nothing", add)


def parents(domain: str) -> list[str]:
    """The domain and those above it, but for the last label."""
    labels = domain.split(".")
    return [".".join(labels[n:]) for n in range(max(len(labels) - 1, 1))]


def _bounces(envelope: str, resolver: DnsResolver) -> DnsFinding:
    hosts = resolver.exchangers(envelope)
    if hosts == ("",) or not (hosts or resolver.addresses(envelope)):
        add = _record(envelope, "10 mail.example.org.", "MX")
        return DnsFinding("bounces", "bad", f"{envelope} takes no mail, so nobody hears what came back", add)
    return DnsFinding("bounces", "good", f"{envelope} takes mail")


def _unsubscribe(mail_config: MailConfig) -> DnsFinding:
    if not mail_config.base:
        text = "readers unsubscribe by mail alone; mail programs show their button where there is an address on the web"
        return DnsFinding(
            "unsubscribe", "bad", text, 'base = "https://…/" in [mailing], where `hotpapers serve` is public'
        )
    return DnsFinding("unsubscribe", "good", f"one click at {mail_config.base}, or a mail to {mail_config.reply_to}")


def _record(name: str, value: str, kind: str = "TXT") -> str:
    return f'{name}. IN {kind} "{value}"' if kind == "TXT" else f"{name}. IN {kind} {value}"


# ---- what a message that arrived says -------------------------------------------------------------------


def check_message(data: bytes) -> list[DnsFinding]:
    """What a message says as it arrived in a mailbox. Raises InputError for what is no message."""
    message = message_from_bytes(data[:LARGEST])
    sender = parseaddr(str(message.get("from", "")))[1]
    if "@" not in sender:
        raise InputError("no mail message: it does not say whom it is from; save one as it arrived, with all headers")
    domain = domain_of(sender)
    return [_signature(message, domain), _envelope(message, domain), _receiver(message), _one_click(message)]


def _signature(message: Message, domain: str) -> DnsFinding:
    signatures = [tags(str(name)) for name in message.get_all("dkim-signature", [])]
    good = [signature for signature in signatures if aligned(signature.get("d", ""), domain)]
    if not good:
        text = f"no signature aligns with {domain}" if signatures else "the relay did not sign it"
        return DnsFinding("DKIM", "bad", text, f"have the relay sign with d={domain}")
    signed = {name.strip().lower() for name in good[0].get("h", "").split(":")}
    missing = [name for name in ("list-unsubscribe", "list-unsubscribe-post") if name in message and name not in signed]
    if missing:
        return DnsFinding("DKIM", "bad", f"the signature does not cover {' and '.join(missing)}, so no button is shown")
    return DnsFinding("DKIM", "good", f"signed by d={good[0]['d']}, s={good[0].get('s', '')}")


def _envelope(message: Message, domain: str) -> DnsFinding:
    returns = parseaddr(str(message.get("return-path", "")))[1]
    if "@" not in returns:
        return DnsFinding("SPF", "unknown", "the message has no Return-Path")
    if not aligned(domain_of(returns), domain):
        return DnsFinding(
            "SPF", "unknown", f"it was sent in the name of {domain_of(returns)}, not {domain}: DKIM must align"
        )
    return DnsFinding("SPF", "good", f"sent in the name of {domain_of(returns)}, which aligns with {domain}")


def _receiver(message: Message) -> DnsFinding:
    """What the receiver found, in the header that it put on top (RFC 8601)."""
    header = str(message.get("authentication-results", ""))
    results = {
        name.lower(): result.lower() for name, result in re.findall(r"\b(spf|dkim|dmarc)\s*=\s*(\w+)", header, re.I)
    }
    if not results:
        return DnsFinding("DMARC", "unknown", "the receiver does not say what it found")
    text = ", ".join(f"{name}={result}" for name, result in results.items())
    return DnsFinding("DMARC", "good" if results.get("dmarc") == "pass" else "bad", f"the receiver found {text}")


def _one_click(message: Message) -> DnsFinding:
    ways = str(message.get("list-unsubscribe", ""))
    post = str(message.get("list-unsubscribe-post", "")).replace(" ", "").lower()
    if "<https://" in ways.replace("\n", "") and post == "list-unsubscribe=one-click":
        return DnsFinding("unsubscribe", "good", "one click")
    text = "by mail alone" if "<mailto:" in ways else "the headers are not there"
    return DnsFinding("unsubscribe", "bad", text, 'base = "https://…/" in [mailing]')
