"""The table of hotpapers.toml that says through whom mail goes, and what a mail address is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

BASE = re.compile(r"(?:https://|http://(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/]))[^\s?#\"<>]*/")
"""The public address of a program that people write to: encrypted, unless it is on this machine."""
BASE_REMEDY = "write a whole address that begins with https:// and ends with /, such as https://papers.example/."
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
MAIL_ADDRESS = re.compile(rf"(?=.{{3,254}}\Z)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z]{_LABEL}")
"""A mail address as every server takes it: no quotes, comments or literals (RFC 5321 §4.1.2: dot-string and domain),
within the lengths of §4.5.3.1; what is beyond ASCII in a domain as xn--."""


class MailingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[mailing]`.

    `relay`: the mail server that takes your messages; without one no mail is sent. `port`: its port. `tls`: encrypted
    by STARTTLS or from the start. `user`: for the relay; its password is in the environment as
    HOTPAPERS_MAIL_PASSWORD, or in a file. `password_file`: that file. `address`: what messages come from. `reply_to`,
    `bounces`: where answers and reports of failed delivery go, if not to `address`. `base`: the public address of
    `hotpapers serve`, if not that of `[serve]`, for links that confirm and unsubscribe; without one both are done by
    mail. `pace`: messages a minute to one domain. `selector`: the name under which the relay signs (DKIM), for `mail
    check`.
    """

    relay: str = ""
    port: int = 587
    tls: Literal["starttls", "implicit"] = "starttls"
    user: str = ""
    password_file: str = ""
    address: str = ""
    reply_to: str = ""
    bounces: str = ""
    base: str = ""
    pace: int = 60
    selector: str = ""


def mailing_problems(mailing: MailingSettings) -> Iterator[tuple[str, str]]:
    """What cannot be used in this table, as key, and reason with remedy."""
    for key in ("address", "reply_to", "bounces"):
        value = getattr(mailing, key)
        if (value or (key == "address" and mailing.relay)) and not MAIL_ADDRESS.fullmatch(value):
            yield key, f"{value!r} is no mail address; write it as papers@example.org."
    if not re.fullmatch(r"[A-Za-z0-9.:-]*", mailing.relay):
        yield "relay", f"{mailing.relay!r} is no host; write it as mail.example.org, and its port as port = 587."
    if mailing.base and not BASE.fullmatch(mailing.base):
        yield "base", BASE_REMEDY
    if not re.fullmatch(r"[A-Za-z0-9._-]*", mailing.selector):
        yield "selector", f"{mailing.selector!r} is no name in the DNS."
    for key, most in (("port", 65_535), ("pace", 60_000)):
        if not 1 <= getattr(mailing, key) <= most:
            yield key, f"{getattr(mailing, key)} cannot be; write 1 to {most}."
