"""hotpapers.toml: immutable settings. An error names file, key and remedy."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from hotpapers.categories import KNOWN, archive_of
from hotpapers.errors import SettingsError
from hotpapers.model import LARGEST, NETWORKS, Publication, Window

FILE = "hotpapers.toml"
MOST_POSTS = 10
"""Posts that an entry may quote."""
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?")
_FIELDS = sorted(KNOWN | {archive_of(category) for category in KNOWN})


class PublicationSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[publication]]`.

    `name`: short, for addresses and commands. `title`: for readers. `window`: daily, weekly, monthly or listing.
    `ranking`: which ranking orders its issues. `threshold`: the least score of an entry. `categories`: arXiv
    categories or archives, none for all. `include`, `exclude`: words in title or abstract. `networks`: which ones
    count, none for all. `own`: the publication's own accounts, never counted. `posts`: quoted per entry.
    `hour`, `zone`: when a day's issue closes. `output`: the folder that this publication is written to, instead of
    the one in `[publish]`.
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
    output: str = ""


class PublishSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[publish]`.

    `channels`: where `publish` goes by default. `output`: the folder it writes to, beside this file.
    """

    channels: tuple[str, ...] = ("site", "markdown")
    output: str = "public"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file.

    `store`: a path beside it, or postgresql://…. `contact`: the operator's public contact. `source`: a table for each
    network that is read, `[source.bluesky]` and so on, with its own keys; `on` says whether it is read.
    """

    store: str = "hotpapers.db"
    contact: str = ""
    publication: tuple[PublicationSettings, ...] = ()
    publish: PublishSettings = PublishSettings()
    source: dict[str, dict[str, Any]] = {}


def load(path: Path) -> Settings:
    """The settings of a file. Raises SettingsError."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise SettingsError(f"{path}: no such file; `hotpapers init` writes one.") from None
    except OSError as problem:
        raise SettingsError(f"{path}: cannot be read: {problem.strerror}.") from problem
    except UnicodeDecodeError as problem:
        raise SettingsError(f"{path}: not UTF-8 from byte {problem.start:,} on; save it as UTF-8.") from problem
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise SettingsError(f"{path}: not TOML: {problem}. Compare it with what `hotpapers init` writes.") from problem
    try:
        settings = msgspec.convert(found, Settings)
    except msgspec.ValidationError as problem:
        raise SettingsError(f"{path}: {_explained(str(problem))}") from problem
    for key, wrong in _problems(settings):
        raise SettingsError(f"{path}: {key}: {wrong}")
    return settings


# ---- what is wrong, as (key, reason and remedy) --------------------------------------------------------

_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_MISSING = re.compile(r"Object missing required field `(.*)`")
_TYPE = re.compile(r"Expected `(\w+)(?: \| null)?`, got `(\w+)`")
_ENUM = re.compile(r"Invalid enum value (.*)")
_PLAIN = {
    "str": 'text in quotation marks, such as "this"', "int": "a whole number without quotation marks",
    "array": 'a list, such as ["this", "that"]', "object": "a table",
}  # fmt: skip
_TABLES: dict[str, type[msgspec.Struct]] = {"publication": PublicationSettings, "publish": PublishSettings}
_CHOICES = {"window": get_args(Window)}


def _explained(problem: str) -> str:
    """What msgspec says of a value, with the key first, in plain words and with a remedy."""
    what, _, where = problem.partition(" - at `$")
    path = where.rstrip("`").lstrip(".")
    if found := _UNKNOWN.fullmatch(what):
        return _unknown(path, found[1])
    if found := _MISSING.fullmatch(what):
        return f"{_key(path, found[1])}: is missing; write {found[1]} = …"
    if found := _TYPE.fullmatch(what):
        return f"{_key(path)}: takes {_PLAIN.get(found[1], found[1])}."
    if found := _ENUM.fullmatch(what):
        allowed = _CHOICES.get(path.rpartition(".")[2], ())
        return f"{_key(path)}: {found[1]} is none of {', '.join(allowed)}."
    return f"{_key(path)}: {what}."


def _key(path: str, name: str = "") -> str:
    """`publication[0].hour` → `publication 1: hour`."""
    said = re.sub(r"\[(\d+)\]\.?", lambda found: f" {int(found[1]) + 1}: ", ".".join(filter(None, (path, name))))
    return said.rstrip(": .") or "the file"


def _unknown(path: str, name: str) -> str:
    table = _TABLES.get(re.split(r"[\[.]", path)[0], Settings)
    known = table.__struct_fields__
    close = difflib.get_close_matches(name, known, 1)
    remedy = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}."
    return f"{_key(path, name)}: no such setting; {remedy}"


def _problems(settings: Settings) -> Iterator[tuple[str, str]]:
    if not settings.store.strip():
        yield "store", 'is empty; write a path, such as "hotpapers.db".'
    if not settings.publish.output.strip():
        yield "publish.output", 'is empty; write a folder, such as "public".'
    if not settings.publish.channels:
        yield "publish.channels", 'is empty; name a channel, such as "site".'
    names = [one.name for one in settings.publication]
    for number, publication in enumerate(settings.publication, 1):
        where = f"publication {publication.name!r}" if publication.name else f"publication {number}"
        for key, wrong in _publication_problems(publication):
            yield f"{where}: {key}", wrong
        if publication.name in names[: number - 1]:
            yield f"{where}: name", "is taken by an earlier publication; names must differ."


def _publication_problems(publication: PublicationSettings) -> Iterator[tuple[str, str]]:
    yield from _name_problems(publication)
    yield from _number_problems(publication)
    try:
        ZoneInfo(publication.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield "zone", f"{publication.zone!r} is unknown; write it as Europe/Zurich."
    for key in ("include", "exclude"):
        if not all(word.strip() for word in getattr(publication, key)):
            yield key, "holds an empty word, which every paper has; take it out."
    for network in publication.networks:
        if network not in NETWORKS:
            yield "networks", f"{network!r} is none of {', '.join(NETWORKS)}."
    for account in publication.own:
        if account.partition(":")[0] not in NETWORKS or not account.partition(":")[2]:
            yield "own", f"write accounts as network:id, not {account!r}."


def _name_problems(publication: PublicationSettings) -> Iterator[tuple[str, str]]:
    if not _NAME.fullmatch(publication.name):
        yield "name", 'write it with letters, digits and hyphens, at most 64, such as "daily-ml".'
    if not publication.title.strip():
        yield "title", 'is empty; write what readers see, such as "Hot Papers".'
    for category in publication.categories:
        if category not in _FIELDS:
            close = difflib.get_close_matches(category, _FIELDS, 1)
            hint = f"did you mean {close[0]}?" if close else "write them as cs.LG, or astro-ph for all of it."
            yield "categories", f"{category!r} is no category or archive of arXiv; {hint}"


def _number_problems(publication: PublicationSettings) -> Iterator[tuple[str, str]]:
    if not 0 <= publication.hour <= 23:
        yield "hour", f"{publication.hour} is no hour of a day; write 0 to 23."
    if not 0 <= publication.posts <= MOST_POSTS:
        yield "posts", f"{publication.posts} cannot be; write 0 to {MOST_POSTS}."
    if not 0 <= publication.threshold <= LARGEST:
        yield "threshold", f"{publication.threshold} cannot be; write 0 or more."


def publication_item(settings: PublicationSettings, observed_at: int) -> Publication:
    """A publication's settings as the record keeps them."""
    values = msgspec.structs.asdict(settings)
    del values["output"]  # where it is written is no part of what an issue is
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

# The folder of this publication, where there are several; else the one below.
# output = ""

[publish]
# Where issues go by default: site, markdown, classic
# channels = ["site", "markdown"]

# The folder they are written to, beside this file; with several channels there is a folder for each in it.
# output = "public"

# Networks: arXiv, Bluesky, Hacker News, Lobsters and Hugging Face are read unless their table says on = false; the
# others as soon as theirs names what to read, such as [source.mastodon] or [source.feeds]. docs/sources has them all.
[source]
"""
