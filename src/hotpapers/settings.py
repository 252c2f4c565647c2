"""hotpapers.toml: immutable settings. An error names file, key and remedy."""

from __future__ import annotations

import tomllib
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from hotpapers.errors import SettingsError
from hotpapers.model import NETWORKS, Publication, Window

FILE = "hotpapers.toml"


class PublicationSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[publication]]`.

    `name`: short, for addresses and commands. `title`: for readers. `window`: daily, weekly, monthly or listing.
    `ranking`: which ranking orders its issues. `threshold`: the least score of an entry. `categories`: arXiv
    categories or archives, none for all. `include`, `exclude`: words in title or abstract. `networks`: which ones
    count, none for all. `own`: the publication's own accounts, never counted. `posts`: quoted per entry.
    `hour`, `zone`: when a day's issue closes.
    """

    name: str
    title: str = "Hot Papers"
    window: Window = "daily"
    ranking: str = "rarity/1"
    threshold: int = 1000
    categories: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    posts: int = 1
    hour: int = 8
    zone: str = "UTC"


class PublishSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[publish]`. `channels`: where `publish` goes by default. `output`: the folder it writes to."""

    channels: tuple[str, ...] = ("site", "markdown")
    output: str = "public"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. `store`: a path beside it, or postgresql://…; `contact`: the operator's public contact."""

    store: str = "hotpapers.db"
    contact: str = ""
    publication: tuple[PublicationSettings, ...] = ()
    publish: PublishSettings = PublishSettings()


def load(path: Path) -> Settings:
    """The settings of a file. Raises SettingsError."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise SettingsError(f"{path}: no such file; `hotpapers init` writes one.") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingsError(f"{path}: cannot be read: {problem}") from problem
    try:
        settings = msgspec.convert(tomllib.loads(text), Settings)
    except tomllib.TOMLDecodeError as problem:
        raise SettingsError(f"{path}: not TOML: {problem}. Compare it with what `hotpapers init` writes.") from problem
    except msgspec.ValidationError as problem:
        raise SettingsError(f"{path}: {_key_first(str(problem))}") from problem
    for publication in settings.publication:
        _check(path, publication)
    return settings


def _key_first(problem: str) -> str:
    """`Expected `int`, got `str` - at `$.publication[0].hour`` → key first, in plain words."""
    what, found, where = problem.partition(" - at `$")
    key = where.rstrip("`").lstrip(".") or "the file"
    return f"{key}: {what}; see docs/settings.md for what it takes" if found else f"{problem}; see docs/settings.md"


def _check(path: Path, publication: PublicationSettings) -> None:
    where = f"{path}: publication {publication.name!r}"
    if not publication.name or not publication.name.replace("-", "").isalnum() or not publication.name.isascii():
        raise SettingsError(f'{where}: name: write it with letters, digits and hyphens, such as "daily-ml".')
    if not 0 <= publication.hour <= 23:
        raise SettingsError(f"{where}: hour: {publication.hour} is no hour of a day; write 0 to 23.")
    try:
        ZoneInfo(publication.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(f"{where}: zone: {publication.zone!r} is unknown; write it as Europe/Zurich.") from None
    for network in publication.networks:
        if network not in NETWORKS:
            raise SettingsError(f"{where}: networks: {network!r} is none of {', '.join(NETWORKS)}.")
    for account in publication.own:
        if account.partition(":")[0] not in NETWORKS or not account.partition(":")[2]:
            raise SettingsError(f"{where}: own: write accounts as network:id, not {account!r}.")


def publication_item(settings: PublicationSettings, observed_at: int) -> Publication:
    """A publication's settings as the record keeps them."""
    values = msgspec.structs.asdict(settings)
    return Publication(publication=values.pop("name"), observed_at=observed_at, **values)


TEMPLATE = """\
# Settings of Hot Papers. Every line that is commented out shows its default.

# Where the record is kept: a path beside this file, sqlite:////absolute/path or postgresql://user@host/database
store = "hotpapers.db"

# Your public contact (a web or mail address). It is shown on the site's About page.
# contact = ""

[[publication]]
# Short, for addresses and commands: letters, digits and hyphens.
name = "daily"
title = "Hot Papers"

# daily: papers of the last 7 days that no earlier issue held; weekly, monthly: all papers by the talk of the time;
# listing: the papers of an imported listing.
# window = "daily"

# rarity/1 asks of each network how many papers get as much; classic/1 adds up reposts and likes.
# ranking = "rarity/1"

# The least score of an entry: 1000 means one in ten of the papers that are talked about.
# threshold = 1000

# Your fields: categories (cs.LG) or whole archives (astro-ph). None means all of arXiv.
# categories = []

# Only papers with one of these words in title or abstract; none with one of those.
# include = []
# exclude = []

# Which networks count. None means all that are read.
# networks = []

# This publication's own accounts, which never count, such as "bluesky:did:plc:…".
# own = []

# How many posts an entry quotes.
# posts = 1

# When a day's issue closes.
# hour = 8
# zone = "UTC"

[publish]
# Where issues go by default: site, markdown, classic
# channels = ["site", "markdown"]
# output = "public"
"""
