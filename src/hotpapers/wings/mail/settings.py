"""The table `[mailing]` of hotpapers.toml, and what counts as a mail address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from hotpapers.base.ids.domains import ascii_address, ascii_domain
from hotpapers.base.settings import Settings
from hotpapers.base.settings.paths import BASE_REMEDY, is_app_address
from hotpapers.base.wings import SettingsTable

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
    minute to one domain.
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


def is_mail_address(text: str) -> bool:
    """Whether the whole text is a mail address, whose domain may be beyond ASCII."""
    return MAIL_ADDRESS.fullmatch(ascii_address(text)) is not None


def mailing_problems(mailing: MailingSettings) -> Iterator[tuple[str, str]]:
    """Problems in `[mailing]`, as (key, reason and remedy)."""
    for key in ("address", "reply_to", "bounces"):
        value = getattr(mailing, key)
        if (value or (key == "address" and mailing.relay)) and not is_mail_address(value):
            yield key, f"{value!r} is not a mail address; write it like papers@example.org"
    if not re.fullmatch(r"[A-Za-z0-9.:-]*", ascii_domain(mailing.relay)):
        yield "relay", f"{mailing.relay!r} is not a host; write it like mail.example.org, and the port as port = 587"
    if not is_app_address(mailing.base):
        yield "base", BASE_REMEDY


TABLE = SettingsTable(
    "mailing",
    MailingSettings,
    MailingSettings(),
    mailing_problems,
    ("password_file",),
    ("password_file",),
    Path(__file__).with_name("template.toml"),
    ("email", "mail"),
    ("selector",),
)


def mailing(settings: Settings) -> MailingSettings:
    """`[mailing]`; without an address of its own, links lead to the app of `[serve]`."""
    table: MailingSettings = settings.table(TABLE.name)
    return msgspec.structs.replace(table, base=table.base or settings.serve.base)
