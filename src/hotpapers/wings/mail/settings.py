"""The table `[mailing]` of hotpapers.toml, what counts as a mail address, and with what mail is sent."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from hotpapers.base.errors import SettingsError
from hotpapers.base.settings import Settings
from hotpapers.base.settings.limits import BASE_REMEDY, is_app_address
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.base.text.domains import ascii_address, ascii_domain, is_mail_address
from hotpapers.base.wings import SettingsTable

if TYPE_CHECKING:
    from hotpapers.site.site import Site

PASSWORD = "HOTPAPERS_MAIL_PASSWORD"
"""The environment variable that holds the relay's password."""
MAX_PASSWORD_CHARS = 1000
NOBODY = "preview@example.invalid"
"""Sender of a preview when no address is set (RFC 2606 §2: a name that never exists)."""


class MailingSettings(SettingsStruct):
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


def mailing_settings(settings: Settings) -> MailingSettings:
    """`[mailing]`; without an address of its own, links lead to the app of `[serve]`."""
    table: MailingSettings = settings.table(TABLE.name)
    return msgspec.structs.replace(table, base=table.base or settings.serve.base)


# ---- with what mail is sent ----------------------------------------------------------------------------


class Secret:
    """A text that `repr` does not show."""

    def __init__(self, value: str = "") -> None:
        self.value = value

    def __repr__(self) -> str:
        return "[secret]" if self.value else "[none]"


class MailConfig(MailingSettings, kw_only=True):
    """The settings with what is not written: `reply_to` and `bounces` always have an address, domains are as in DNS.
    `base` ends in `/`, or is empty. `password`: the relay's."""

    password: Secret = Secret()

    @property
    def is_local(self) -> bool:
        """Whether the relay is this machine, so nobody can intercept the connection."""
        return is_loopback(self.relay)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, judged by its name or address alone."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def site_mail_config(site: Site) -> MailConfig:
    """The configuration from a site's settings. Raises SettingsError."""
    return mail_config_of(mailing_settings(site.settings), site.folder)


def mail_config_of(table: MailingSettings, folder: Path, environ: Mapping[str, str] = os.environ) -> MailConfig:
    """The configuration from these settings. Paths are relative to `folder`. Raises SettingsError."""
    if not table.relay:
        raise SettingsError("mail is not set up: set relay and address in [mailing] of hotpapers.toml")
    return msgspec.structs.replace(preview_config(table), password=_password(table, folder, environ))


def preview_config(table: MailingSettings) -> MailConfig:
    """A configuration for previews: it sends nothing, so it needs no relay and no password."""
    address = ascii_address(table.address) or NOBODY
    reply_to = ascii_address(table.reply_to) or address
    bounces = ascii_address(table.bounces) or address
    as_in_dns = {
        "relay": ascii_domain(table.relay),
        "address": address,
        "reply_to": reply_to,
        "bounces": bounces,
    }
    return MailConfig(**msgspec.structs.asdict(table) | as_in_dns)


def _password(table: MailingSettings, folder: Path, environ: Mapping[str, str]) -> Secret:
    if not table.user:
        return Secret()
    if environ.get(PASSWORD):
        return Secret(environ[PASSWORD])
    if not table.password_file:
        raise SettingsError(f"mailing.user: has no password; set {PASSWORD} or a password_file")
    file = folder / Path(table.password_file).expanduser()
    try:
        text = file.read_text("utf-8").strip()
    except OSError as problem:
        raise SettingsError(f"mailing.password_file: {file}: cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError:
        raise SettingsError(f"mailing.password_file: {file}: not UTF-8") from None
    if not text or len(text) > MAX_PASSWORD_CHARS:
        raise SettingsError(f"mailing.password_file: {file}: does not contain a password")
    return Secret(text)
