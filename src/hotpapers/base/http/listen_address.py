"""The address that a server of this program listens on."""

from __future__ import annotations

import re

from hotpapers.base.errors import SettingsError

_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[?[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?\]?")
"""A host name or an IP address."""


def address_of(listen: str, setting: str = "run.listen") -> tuple[str, int]:
    """`127.0.0.1:9464` or `[::1]:9464` as host and port. `setting`: its name for errors. Raises SettingsError."""
    host, _, port = listen.rpartition(":")
    if not (_HOST.fullmatch(host) and port.isascii() and port.isdigit() and int(port) < 65536):
        raise SettingsError(f"{setting}: {listen!r} is not an address; write it like 127.0.0.1:9464")
    return host.strip("[]"), int(port)
