"""The table `[jetstream]` of hotpapers.toml: the archive of Bluesky's whole history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from hotpapers.base.settings.limits import is_address
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.base.wings import SettingsTable


class JetstreamSettings(SettingsStruct):
    """`[jetstream]`: where `hotpapers import bluesky` reads. `host`: the archive's address. `key`: your API key, or
    env:NAME; a server of your own may need none."""

    host: str = "https://jetstream.us-east.bsky.network"
    key: str = ""


def jetstream_problems(settings: JetstreamSettings) -> Iterator[tuple[str, str]]:
    """Problems in `[jetstream]`, as (key, reason and remedy)."""
    parts = urlsplit(settings.host) if is_address(settings.host) else None
    if parts is None or parts.scheme not in ("http", "https") or parts.path.strip("/"):
        yield "host", 'write the address of an archive, such as "https://jetstream.us-east.bsky.network"'


TABLE = SettingsTable(
    "jetstream",
    JetstreamSettings,
    JetstreamSettings(),
    jetstream_problems,
    template=Path(__file__).with_name("template.toml"),
)
