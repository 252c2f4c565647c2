"""Settings of the transparency logs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hotpapers.base.settings import Settings
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.base.wings import SettingsTable


class TransparencySettings(SettingsStruct):
    """`[transparency]`: a log of what was published, kept once there is a key, which `hotpapers init` creates.

    `key`: the file of the private key. `folder`: where the logs are kept. `policy`: the witnesses that are asked to
    cosign, and how many must do so (C2SP tlog-policy). `observations`: whether to publish the observations too, without
    words, names and handles, for others to follow.
    """

    key: str = "hotpapers.key"
    folder: str = "transparency"
    policy: str = ""
    observations: bool = False


def transparency_problems(table: TransparencySettings) -> Iterator[tuple[str, str]]:
    """Problems in `[transparency]`, as (key, reason and remedy)."""
    if not table.key.strip():
        yield "key", 'is empty; write a path, such as "hotpapers.key"'
    if not table.folder.strip():
        yield "folder", 'is empty; write a folder, such as "transparency"'


TABLE = SettingsTable(
    "transparency",
    TransparencySettings,
    TransparencySettings(),
    transparency_problems,
    ("key", "folder"),
    private=("key",),
    template=Path(__file__).with_name("template.toml"),
)


def transparency(settings: Settings) -> TransparencySettings:
    """`[transparency]`."""
    table: TransparencySettings = settings.table(TABLE.name)
    return table
