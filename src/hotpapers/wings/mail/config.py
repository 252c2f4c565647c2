"""How mail is sent: from which address, through which relay, how fast."""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, NamedTuple

from hotpapers.base.errors import SettingsError
from hotpapers.base.ids.domains import ascii_address, ascii_domain
from hotpapers.site.site import Site
from hotpapers.wings.mail.settings import MailingSettings, mailing

PASSWORD = "HOTPAPERS_MAIL_PASSWORD"
"""The environment variable that holds the relay's password."""
MAX_PASSWORD_CHARS = 1000
NOBODY = "preview@example.invalid"
"""Sender of a preview when no address is set (RFC 2606 §2: a name that never exists)."""


class Secret:
    """A text that `repr` does not show."""

    def __init__(self, value: str = "") -> None:
        self.value = value

    def __repr__(self) -> str:
        return "[secret]" if self.value else "[none]"

    def __bool__(self) -> bool:
        return bool(self.value)


class MailConfig(NamedTuple):
    """`address`: the sender; `reply_to`: where replies go; `bounces`: where bounce reports go. `base`: base URL of the
    confirm and unsubscribe links, ending in `/`, or empty. `pace`: messages per minute to one domain."""

    relay: str
    port: int
    tls: Literal["starttls", "implicit"]
    user: str
    password: Secret
    address: str
    reply_to: str
    bounces: str
    base: str
    pace: int

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


def mail_config_of(table: MailingSettings, folder: Path, environ: Mapping[str, str] = os.environ) -> MailConfig:
    """The configuration from these settings. Paths are relative to `folder`. Raises SettingsError."""
    if not table.relay:
        raise SettingsError("mail is not set up: set relay and address in [mailing] of hotpapers.toml")
    return _mail_config(table, _password(table, folder, environ))


def site_mail_config(site: Site) -> MailConfig:
    """The configuration from a site's settings. Raises SettingsError."""
    return mail_config_of(mailing(site.settings), site.folder)


def preview_config(table: MailingSettings) -> MailConfig:
    """A configuration for previews: it sends nothing, so it needs no relay."""
    return _mail_config(table, Secret())


def _mail_config(table: MailingSettings, password: Secret) -> MailConfig:
    address = ascii_address(table.address) or NOBODY
    return MailConfig(
        relay=ascii_domain(table.relay),
        port=table.port,
        tls=table.tls,
        user=table.user,
        password=password,
        address=address,
        reply_to=ascii_address(table.reply_to) or address,
        bounces=ascii_address(table.bounces) or address,
        base=table.base,
        pace=table.pace,
    )


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
