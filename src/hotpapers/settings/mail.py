"""The table `[mailing]` of hotpapers.toml, and what counts as a mail address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from hotpapers.settings.paths import is_address

BASE = re.compile(r"(?:https://|http://(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/]))[^\s?#\"<>]*/")
"""The public address of the app: https, unless it is on this machine, since people send it data."""
BASE_REMEDY = "write a full address that begins with https:// and ends with /, such as https://papers.example/"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
MAIL_ADDRESS = re.compile(rf"(?=.{{3,254}}\Z)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z]{_LABEL}")
"""A mail address that every server accepts: no quotes, comments or literals (RFC 5321 §4.1.2: dot-string and domain),
within the length limits of §4.5.3.1; domains beyond ASCII as xn--."""


class MailingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[mailing]`.

    `relay`: the mail server that relays your messages; without one, no mail is sent. `port`: its port. `tls`: STARTTLS,
    or TLS from the start. `user`: the user name at the relay; the password is read from the environment variable
    HOTPAPERS_MAIL_PASSWORD or from a file. `password_file`: that file. `address`: the sender's address. `reply_to`,
    `bounces`: where replies and bounces go, if not to `address`. `base`: the public address of `hotpapers serve` for
    confirm and unsubscribe links, if not the one in `[serve]`; without one, both are done by mail. `pace`: messages per
    minute to one domain. `selector`: the relay's DKIM selector, for `mail check`.
    """

    relay: str = ""
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 587
    tls: Literal["starttls", "implicit"] = "starttls"
    user: str = ""
    password_file: str = ""
    address: str = ""
    reply_to: str = ""
    bounces: str = ""
    base: str = ""
    pace: Annotated[int, msgspec.Meta(ge=1, le=60_000)] = 60
    selector: str = ""


def is_app_address(base: str) -> bool:
    """Whether the app's public address is usable, or empty."""
    return not base or (BASE.fullmatch(base) is not None and is_address(base))


def mailing_problems(mailing: MailingSettings) -> Iterator[tuple[str, str]]:
    """Problems in `[mailing]`, as (key, reason and remedy)."""
    for key in ("address", "reply_to", "bounces"):
        value = getattr(mailing, key)
        if (value or (key == "address" and mailing.relay)) and not MAIL_ADDRESS.fullmatch(value):
            yield key, f"{value!r} is not a mail address; write it like papers@example.org"
    if not re.fullmatch(r"[A-Za-z0-9.:-]*", mailing.relay):
        yield "relay", f"{mailing.relay!r} is not a host; write it like mail.example.org, and the port as port = 587"
    if not is_app_address(mailing.base):
        yield "base", BASE_REMEDY
    if not re.fullmatch(r"[A-Za-z0-9._-]*", mailing.selector):
        yield "selector", f"{mailing.selector!r} is not a valid DNS name"
