"""Checks whether mail can be sent, and how receivers will treat it; says what to change.

RFC 6376 (DKIM), RFC 7489 (DMARC), RFC 8058 (one click). The relay signs, not this program, and only a receiver can say
whether the signature is good; that is why a received message can be checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr
from typing import Literal, NamedTuple

from hotpapers.base.errors import InputError, RetryLater
from hotpapers.wings.mail.addresses import domain_of
from hotpapers.wings.mail.config import MailConfig
from hotpapers.wings.mail.smtp import SmtpClient

Outcome = Literal["good", "bad", "unknown"]
MAX_MESSAGE_BYTES = 4_000_000
"""Most bytes read of a message."""
_TAG = re.compile(r"\s*([a-zA-Z][\w-]*)\s*=\s*([^;]*)")


class MailFinding(NamedTuple):
    """The result of one check. `add`: the setting that would fix it."""

    topic: str
    outcome: Outcome
    text: str
    add: str = ""


def tags(text: str) -> dict[str, str]:
    """`v=DKIM1; k=rsa; p=…` → its tags: names in lowercase, values stripped."""
    matches = (_TAG.match(piece) for piece in text.split(";"))
    return {match[1].lower(): match[2].strip() for match in matches if match}


def aligned(domain: str, other: str) -> bool:
    """Whether two domains align for DMARC: they are the same, or one is below the other (RFC 7489 §3.1).

    Without a list of public suffixes, siblings are not recognized, which errs on the safe side.
    """
    domain, other = domain.lower().rstrip("."), other.lower().rstrip(".")
    if domain == other:
        return True
    inner, outer = sorted((domain, other), key=len, reverse=True)
    return outer.count(".") > 0 and inner.endswith(f".{outer}")


# ---- the setup -----------------------------------------------------------------------------------------


def check_setup(mail_config: MailConfig, selector: str, relay: SmtpClient) -> Iterator[MailFinding]:
    """Checks whether the relay lets us send, and says which DNS records to look at. `selector`: of DKIM."""
    domain, envelope = domain_of(mail_config.address), domain_of(mail_config.bounces)
    try:
        relay.ready()
        yield MailFinding("relay", "good", f"{mail_config.relay} accepts connection and login")
    except RetryLater as problem:
        yield MailFinding("relay", "bad", problem.reason)
    finally:
        relay.close()
    sender = "the address it sends from" if mail_config.is_local else f"a:{mail_config.relay}"
    yield MailFinding("SPF", "unknown", f"`dig +short TXT {envelope}` should show v=spf1 with {sender}")
    key = f"{selector or 'SELECTOR'}._domainkey.{domain}"
    yield MailFinding("DKIM", "unknown", f"`dig +short TXT {key}` should show the key with which the relay signs, p=…")
    yield MailFinding("DMARC", "unknown", f"`dig +short TXT _dmarc.{domain}` should show v=DMARC1 with p=")
    yield MailFinding("bounces", "unknown", f"`dig +short MX {envelope}` should show a server that accepts your mail")
    if mail_config.base:
        yield MailFinding(
            "unsubscribe", "good", f"one click at {mail_config.base}, or a mail to {mail_config.reply_to}"
        )
    else:
        text = "readers can unsubscribe only by mail; mail programs show their own button only for a web address"
        add = 'base = "https://…/" in [mailing], where `hotpapers serve` is public'
        yield MailFinding("unsubscribe", "bad", text, add)


# ---- a received message ---------------------------------------------------------------------------------


def check_message(data: bytes) -> list[MailFinding]:
    """Checks a message as it arrived in a mailbox. Raises InputError if it is not a message."""
    message = message_from_bytes(data)
    sender = parseaddr(str(message.get("from", "")))[1]
    if "@" not in sender:
        raise InputError("not a mail message: it has no sender; save a message as it arrived, with all headers")
    domain = domain_of(sender)
    return [_signature(message, domain), _envelope(message, domain), _receiver(message), _one_click(message)]


def _signature(message: Message, domain: str) -> MailFinding:
    signatures = [tags(str(name)) for name in message.get_all("dkim-signature", [])]
    aligned_signatures = [signature for signature in signatures if aligned(signature.get("d", ""), domain)]
    if not aligned_signatures:
        text = f"no signature aligns with {domain}" if signatures else "the relay did not sign it"
        return MailFinding("DKIM", "bad", text, f"have the relay sign with d={domain}")
    signed_headers = {name.strip().lower() for name in aligned_signatures[0].get("h", "").split(":")}
    unsigned_headers = [
        name for name in ("list-unsubscribe", "list-unsubscribe-post") if name in message and name not in signed_headers
    ]
    if unsigned_headers:
        text = f"the signature does not cover {' and '.join(unsigned_headers)}, so mail programs show no button"
        return MailFinding(
            "DKIM", "bad", text, f"OpenDKIM: SignHeaders *,{','.join(f'+{name}' for name in unsigned_headers)}"
        )
    return MailFinding(
        "DKIM", "good", f"signed by d={aligned_signatures[0]['d']}, s={aligned_signatures[0].get('s', '')}"
    )


def _envelope(message: Message, domain: str) -> MailFinding:
    return_address = parseaddr(str(message.get("return-path", "")))[1]
    if "@" not in return_address:
        return MailFinding("SPF", "unknown", "the message has no Return-Path")
    if not aligned(domain_of(return_address), domain):
        return MailFinding(
            "SPF", "unknown", f"it was sent in the name of {domain_of(return_address)}, not {domain}: DKIM must align"
        )
    return MailFinding("SPF", "good", f"sent in the name of {domain_of(return_address)}, which aligns with {domain}")


def _receiver(message: Message) -> MailFinding:
    """The receiver's verdict, from the header that it added (RFC 8601)."""
    header = str(message.get("authentication-results", ""))
    results = {
        name.lower(): result.lower() for name, result in re.findall(r"\b(spf|dkim|dmarc)\s*=\s*(\w+)", header, re.I)
    }
    if not results:
        return MailFinding("DMARC", "unknown", "the receiver reports no results")
    text = ", ".join(f"{name}={result}" for name, result in results.items())
    return MailFinding("DMARC", "good" if results.get("dmarc") == "pass" else "bad", f"the receiver found {text}")


def _one_click(message: Message) -> MailFinding:
    addresses = str(message.get("list-unsubscribe", ""))
    post = str(message.get("list-unsubscribe-post", "")).replace(" ", "").lower()
    if "<https://" in addresses.replace("\n", "") and post == "list-unsubscribe=one-click":
        return MailFinding("unsubscribe", "good", "one click")
    text = "only by mail" if "<mailto:" in addresses else "the headers are missing"
    return MailFinding("unsubscribe", "bad", text, 'base = "https://…/" in [mailing]')
