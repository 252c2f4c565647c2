"""hotpapers.toml: immutable settings. Errors name the file, the key and the remedy.

announce        where issues are announced; passwords from the environment (`env:NAME`)
quote           what posts are never quoted
serve           the app: its address, and how much each client may ask
zones           what is no time zone, and which ones may be meant
limits          the limits of values, as types; which paths and addresses may be set
explanations    tables as structs, and what is wrong with a value in plain words
template.toml   what `hotpapers init` writes, but for the tables of wings

A source's own settings are in its module. Nothing here reads a network or a store.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from hotpapers.base import keys
from hotpapers.base.credentials import without_values
from hotpapers.base.errors import SettingsError
from hotpapers.base.installed import settings_tables
from hotpapers.base.model import Publication, Window, without_duplicates
from hotpapers.base.network_terms import TERMS, TermsOverride
from hotpapers.base.networks import network_names, network_readers
from hotpapers.base.papers.categories import fields_from, other_servers
from hotpapers.base.settings import announce as announced
from hotpapers.base.settings.announce import BlueskyAccount, ChatSettings, WebhookSettings
from hotpapers.base.settings.explanations import convert_table, converted_all, homes_below
from hotpapers.base.settings.limits import AnyNumber, Name, category_problem, is_address, papers_problem, path_problem
from hotpapers.base.settings.quote import QuoteSettings, quote_problems
from hotpapers.base.settings.serve import ServeSettings, serve_problems
from hotpapers.base.settings.zones import zone_problem
from hotpapers.base.struct_types import SettingsStruct
from hotpapers.base.suggestions import list_choices
from hotpapers.base.text.timestamps import is_day

FILE = "hotpapers.toml"
_FOLDERS = (
    "about accessibility archive attacks author bookmarklet category classic feeds fields log markdown method "
    "my-papers paper reading search site status top topics"
)
FOLDERS = frozenset(_FOLDERS.split())
"""The folders in a publication's output folder and in its site, beside those of days."""
MAX_NOTE_CHARS = 200
FIRST_DAY = "1991-08-14"
"""arXiv's first day: no publication can have ended before."""
MAX_CONTACT_CHARS = 200
MAX_DAYS_BACK = 30
"""The most days to read back: changes of older posts are not collected."""
_CONTACT = re.compile(r"https?://[^\s/<>\"]+|[^\s@<>:]+@[^\s@<>][^\s@<>.]*+\.[^\s@<>]+")
_COMMA = re.compile(r",(?!\d)")
"""A comma that is not within a number."""
_PLACEHOLDER = re.compile(
    r"(?:^|@|//|\bwww\.)example\.(?:com|net|org)\b|\byour?(?:name)?@|\byour-?domain", re.IGNORECASE
)
"""What stands in instructions for a reader's own address (RFC 2606 §3)."""
_BASE = re.compile(r"https?://[^\s/?#\"<>]+(?:/[^\s?#\"<>]*)?/")


class PublicationSettings(SettingsStruct):
    """One `[[publication]]`.

    `name`: a short name for addresses and commands. `title`: its title for readers. `window`: the period of an issue.
    `ranking`: what orders its issues. `threshold`: the minimum score of an entry. `papers`: fields, each with its
    server, as in `biorxiv: neuroscience`; `categories`: the same of arXiv alone; all of arXiv if both are empty.
    `include`, `exclude`: words in the title or abstract, in TeX `MoS$_2$`. `networks`: those that count; empty for all.
    `own`: the publication's own accounts, never counted. `posts`: posts quoted per entry. `least_entries`: the minimum
    of papers while the record is young, whatever their score. `most_entries`: the maximum of entries; further papers
    are listed in a line each; 0 for no limit; by default 10, or `least_entries` if that is more, but no limit for a
    publication stored without one. `note`: a line for readers on every page, in Markdown, feeds and mail. `hour`,
    `zone`: when a day's issue closes. `last_day`: the day of the last issue; the site stays and says that the
    publication has ended. `output`, `base`: its folder and its site's public address, if not those in `[publish]`.
    """

    name: Name
    title: str = "Hot Papers"
    window: Window = "daily"
    ranking: str = "rarity/2"
    threshold: AnyNumber = 500
    least_entries: Annotated[int, Meta(ge=0, le=100)] = 10
    most_entries: Annotated[int, Meta(ge=0, le=1000)] | None = None
    papers: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    posts: Annotated[int, Meta(ge=0, le=10)] = 3
    hour: Annotated[int, Meta(ge=0, le=23)] = 8
    zone: str = "UTC"
    note: Annotated[str, Meta(max_length=MAX_NOTE_CHARS)] = ""
    last_day: str = ""
    output: str = ""
    base: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        """Its fields on all servers; empty for all of arXiv."""
        return without_duplicates((*self.categories, *fields_from(self.papers)))


class PublishSettings(SettingsStruct):
    """`[publish]`.

    `channels`: the channels to publish to. `output`: the folder to write to. `base`: the site's public address, such as
    https://papers.example/, for links in feeds and mail, a sitemap and (with the extra `cards`) cards; further
    publications are expected in folders of their names, such as https://papers.example/weekly/. `budget`: maximum size
    of a site in megabytes (10^6 bytes), 0 for no limit; when it is full, old paper pages are folded to links.
    `look`: a folder with your own `style.css`, added to the site's, and `icon.svg`, in place of its icon.
    """

    channels: tuple[str, ...] = ("site", "feeds", "markdown")
    output: str = "public"
    base: str = ""
    budget: AnyNumber = 800
    look: str = ""


class BotRules(SettingsStruct):
    """`rules` of `[bots]`: the rules that judge which accounts are bots, each with its limit; false or 0 disables one.

    `list`: on the program's list of bots. `says_so`: declares itself automated. `rate`: papers named in 14 days.
    `share`: percent of a category's new papers. `template`: posts in 14 days with no words of its own, at regular
    intervals or around the clock. `chorus`: accounts that post the same words within an hour. `echo`: posts reposted
    within minutes, in 14 days.
    """

    list: bool = True
    says_so: bool = True
    rate: AnyNumber = 1200
    share: Annotated[int, Meta(ge=0, le=100)] = 80
    template: AnyNumber = 100
    chorus: AnyNumber = 10
    echo: AnyNumber = 50


class BotSettings(SettingsStruct):
    """`[bots]`.

    `bots`, `people`: accounts to treat as bots or as people, whatever the rules say. `rules`: the rules for all other
    accounts.
    """

    bots: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    rules: BotRules = BotRules()


class RunSettings(SettingsStruct):
    """`[run]`, for `hotpapers run`.

    `listen`: the address that serves /metrics and /health, such as 127.0.0.1:9464. `ping`: an address to request every
    hour while all is well. `log`: the log format of `run`, `collect` and `serve`. `read_back`: days before the first
    start to read back, as far as each network allows. `proxy`: the HTTP proxy of your network, such as
    http://proxy.example:3128, if not that of HTTPS_PROXY and HTTP_PROXY; with a password as "env:NAME".
    """

    listen: str = ""
    ping: str = ""
    log: Literal["text", "json"] = "text"
    read_back: Annotated[int, Meta(ge=0, le=MAX_DAYS_BACK)] = 7
    proxy: str = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file, but for the tables of wings.

    `store`: a path, or postgresql://…. `contact`: the operator's public contact. `source`: one table per network,
    `[source.bluesky]` and so on; `on` switches it on or off. `terms`: one table per network that agreed on other terms.
    """

    store: str = "hotpapers.db"
    contact: Annotated[str, Meta(max_length=MAX_CONTACT_CHARS)] = ""
    publication: tuple[PublicationSettings, ...] = ()
    publish: PublishSettings = PublishSettings()
    quote: QuoteSettings = QuoteSettings()
    chat: tuple[ChatSettings, ...] = ()
    webhook: tuple[WebhookSettings, ...] = ()
    bluesky: tuple[BlueskyAccount, ...] = ()
    run: RunSettings = RunSettings()
    serve: ServeSettings = ServeSettings()
    bots: BotSettings = BotSettings()
    source: dict[str, dict[str, Any]] = {}
    terms: dict[str, TermsOverride] = {}

    def table(self, name: str) -> Any:
        """A wing's table."""
        return getattr(self, name)

    @property
    def servers(self) -> frozenset[str]:
        """The servers besides arXiv whose papers the publications have."""
        return other_servers(field for table in self.publication for field in table.fields)

    @property
    def bases(self) -> tuple[tuple[str, str], ...]:
        """Each publication's name and its site's public address, empty if unset."""
        return self.bases_below(self.publish.base)

    def bases_below(self, shared: str) -> tuple[tuple[str, str], ...]:
        """Each publication's name and its site's public address, with `shared` as the output folder's address."""
        return tuple(
            (table.name, table.base or (f"{shared}{table.name}/" if shared and table.name in self.below else shared))
            for table in self.publication
        )

    @property
    def below(self) -> frozenset[str]:
        """The publications whose pages are in a folder of their name below the first one's, which stays where it is if
        others are added."""
        names = self.own_publications
        return frozenset(table.name for table in self.publication if names and table.name != names[0])

    @property
    def own_publications(self) -> list[str]:
        """The names of our own publications; listings belong to others."""
        return [table.name for table in self.publication if table.window != "listing"]

    def base_of(self, publication: str) -> str:
        """The public address of a publication's site."""
        return dict(self.bases).get(publication, self.publish.base)


@cache
def settings_type() -> type[Settings]:
    """The whole file, with the tables of wings."""
    fields = [(table.name, table.type, table.default) for table in settings_tables()]
    return cast("type[Settings]", msgspec.defstruct("AllSettings", fields, bases=(Settings,), kw_only=True))


def default_settings() -> Settings:
    """The settings of an empty file."""
    return settings_type()()


def load(path: Path) -> Settings:
    """The settings of a file. Raises SettingsError."""
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise SettingsError(f"{path}: no such file; `hotpapers init` creates one") from None
    except OSError as problem:
        raise SettingsError(f"{path}: cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise SettingsError(f"{path}: not UTF-8 at byte {problem.start:,}; save it as UTF-8") from problem
    return check_text(text, path)


def check_text(text: str, path: Path) -> Settings:
    """The settings in a text that is, or will be, in a file. Raises SettingsError."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise SettingsError(f"{path}: invalid TOML: {problem}. `hotpapers init` writes a valid example.") from problem
    settings, mistakes = _checked(table)
    if settings is not None:
        mistakes += [f"{key}: {problem}" for key, problem in _problems(settings)]
    if settings is None or mistakes:
        written = tomllib.loads(text)  # the table as it is in the file: what is wrong was removed from the other
        raise _error_of(path, [without_values(mistake, written) for mistake in mistakes])
    publications = []
    for publication in settings.publication:  # the accounts that it posts from are among its own
        own = without_duplicates((*publication.own, *announced.own_accounts(settings.bluesky, publication.name)))
        publications.append(msgspec.structs.replace(publication, own=own))
    read = settings.servers & network_readers().keys()
    source = settings.source | {name: {"on": True, **settings.source.get(name, {})} for name in sorted(read)}
    return msgspec.structs.replace(settings, publication=tuple(publications), source=source)


def _error_of(path: Path, mistakes: Sequence[str]) -> SettingsError:
    """The error that tells all mistakes in a file."""
    if len(mistakes) == 1:
        return SettingsError(f"{path}: {mistakes[0]}")
    lines = "".join(f"\n  {mistake}" for mistake in mistakes)
    return SettingsError(f"{path}: {len(mistakes)} mistakes{lines}", [f"{path}: {mistake}" for mistake in mistakes])


# ---- problems, as (key, reason and remedy) -------------------------------------------------------------


def _checked(table: dict[str, Any]) -> tuple[Settings | None, list[str]]:
    """The settings in a table, as far as they can be read, and all that cannot. Tables of networks are checked one by
    one, so that errors can name them."""
    mistakes = list[str]()
    for name in ("source", "terms"):
        networks = table.get(name, {})
        if not isinstance(networks, dict):
            mistakes.append(f"{name}: must be a table; write one for each network, such as [{name}.bluesky]")
            del table[name]
            continue
        for network, values in list(networks.items()):
            if problem := _network_problem(name, network, values):
                mistakes.append(problem)
                del networks[network]
    for wing_table in settings_tables():
        if isinstance(values := table.get(wing_table.name), dict):
            for key in wing_table.removed:
                values.pop(key, None)
    # Where a key belongs that is in another table
    of_networks = {network: f"in [source], as [source.{network}]" for network in TERMS}
    homes = of_networks | homes_below(settings_type())
    settings, more = converted_all(
        table, settings_type(), {key: place for key, place in homes.items() if key not in _AMBIGUOUS}
    )
    return settings, [*mistakes, *more]


def _network_problem(table: str, network: str, values: Any) -> str:
    """What is wrong with a network's table, empty if nothing. Those of sources are read with their sources."""
    if not isinstance(values, dict):
        return f"{table}.{network}: must be a table; {_as_table(f'{table}.{network}', values)}"
    if table == "terms" and network not in TERMS:
        return f"terms.{network}: no such network; the networks are {list_choices(network, TERMS)}"
    try:
        if table == "terms":
            convert_table(values, TermsOverride, f"terms.{network}")
    except SettingsError as problem:
        return str(problem)
    return ""


def _as_table(path: str, value: object) -> str:
    if isinstance(value, list):
        return f"write [{path}] in single brackets"
    is_switch = isinstance(value, bool) and path.startswith("source.")
    return f"write [{path}], and {f'on = {str(value).lower()} below it' if is_switch else 'its settings below'}"


_AMBIGUOUS = frozenset(("terms", "source", "port", "user"))
"""Keys that may be meant otherwise than where they belong."""


def _problems(settings: Settings) -> Iterator[tuple[str, str]]:
    yield from _path_problems(settings)
    if not settings.store.strip():
        yield "store", 'is empty; write a path, such as "hotpapers.db"'
    if problem := contact_problem(settings.contact):
        yield "contact", problem
    if not settings.publish.output.strip():
        yield "publish.output", 'is empty; write a folder, such as "public"'
    if problem := _base_problem(settings.publish.base):
        yield "publish.base", problem
    if not settings.publish.channels:
        yield "publish.channels", 'is empty; name a channel, such as "site"'
    yield from _problems_of_publications(settings)
    tables = {
        "bots": _bot_problems(settings.bots),
        "quote": quote_problems(settings.quote),
        "serve": serve_problems(settings.serve),
    }
    for table, problems in tables.items():
        yield from ((f"{table}.{key}", problem) for key, problem in problems)
    for wing_table in settings_tables():
        prefix = "" if isinstance(wing_table.default, tuple) else f"{wing_table.name}."
        problems = wing_table.problems(settings.table(wing_table.name))
        yield from ((f"{prefix}{key}", problem) for key, problem in problems)
    names = [table.name for table in settings.publication]
    yield from announced.problems((settings.chat, settings.webhook, settings.bluesky), names)


def _problems_of_publications(settings: Settings) -> Iterator[tuple[str, str]]:
    names = [table.name for table in settings.publication]
    for number, publication in enumerate(settings.publication, 1):
        label = f"publication {publication.name!r}" if publication.name else f"publication {number}"
        for key, problem in _publication_problems(publication):
            yield f"{label}: {key}", problem
        if publication.name in names[: number - 1]:
            yield f"{label}: name", "is taken by an earlier publication; names must differ"
        if publication.name in settings.below and publication.name in FOLDERS and not publication.output:
            yield f"{label}: name", "is a folder of the first publication's pages; choose another name"


def _path_problems(settings: Settings) -> Iterator[tuple[str, str]]:
    paths = {
        "store": settings.store.removeprefix("sqlite:///"),
        "publish.output": settings.publish.output,
        "publish.look": settings.publish.look,
        **{f"publication {table.name!r}: output": table.output for table in settings.publication},
    }
    for wing_table in settings_tables():
        values = settings.table(wing_table.name)
        paths |= {f"{wing_table.name}.{key}": getattr(values, key) for key in wing_table.paths}
    for key, path in paths.items():
        if problem := path_problem(path):
            yield key, problem


def _bot_problems(bots: BotSettings) -> Iterator[tuple[str, str]]:
    for key, accounts in (("bots", bots.bots), ("people", bots.people)):
        for account in accounts:
            if not keys.is_key(account):
                yield key, f"write accounts as network:id or network:@handle, not {account!r}"
    for account in bots.people:
        if account in bots.bots:
            yield "people", f"{account!r} is also in bots; remove it from one of the two"


def _base_problem(base: str) -> str:
    if not base or (_BASE.fullmatch(base) and is_address(base)):
        return ""
    return "write a full address that ends with /, such as https://papers.example/daily/"


def _publication_problems(publication: PublicationSettings) -> Iterator[tuple[str, str]]:
    yield from _name_problems(publication)
    for key, problem in (("base", _base_problem(publication.base)), ("zone", zone_problem(publication.zone))):
        if problem:
            yield key, problem
    for key in ("include", "exclude"):
        words = getattr(publication, key)
        if not all(word.strip() for word in words):
            yield key, "contains an empty word, which matches every paper; remove it"
        if joined := next(filter(_COMMA.search, words), ""):
            apart = ", ".join(f'"{word.strip()}"' for word in _COMMA.split(joined) if word.strip())
            yield key, f"{joined!r} is one word with a comma; write each in its own quotation marks: [{apart}]"
    for network in publication.networks:
        if network not in network_names():
            yield "networks", f"{network!r} is not one of {list_choices(network, network_names())}"
    for account in publication.own:
        if problem := announced.own_problem(account):
            yield "own", problem


def _name_problems(publication: PublicationSettings) -> Iterator[tuple[str, str]]:
    if not announced.NAME.fullmatch(publication.name):
        yield "name", 'use letters, digits and hyphens, such as "daily-ml"'
    if not publication.note.isprintable():
        yield "note", "write one line"
    if publication.last_day and not (is_day(publication.last_day) and publication.last_day >= FIRST_DAY):
        yield "last_day", f"{publication.last_day!r} is not a date; write it like 2027-12-31"
    if 0 < (publication.most_entries or 0) < publication.least_entries:
        yield "most_entries", f"is less than least_entries, {publication.least_entries}; set that lower, too"
    if not publication.title.strip():
        yield "title", 'is empty; write what readers see, such as "Hot Papers"'
    for problem in filter(None, map(category_problem, publication.categories)):
        yield "categories", problem
    for problem in filter(None, map(papers_problem, publication.papers)):
        yield "papers", problem


ENTRY_LIMIT = 10
"""How many entries an issue has at most by default, unless `least_entries` asks for more."""


def publication_item(settings: PublicationSettings, observed_at: int, known: Publication | None = None) -> Publication:
    """A publication's settings as the record keeps them. `known`: what it has kept of it."""
    values = msgspec.structs.asdict(settings)
    del values["output"], values["base"], values["papers"]  # where an issue is written is not part of the issue
    values["categories"] = settings.fields
    has_limit = known is None or known.most_entries
    if settings.window == "listing":
        values["most_entries"] = 0
    elif settings.most_entries is None:
        values["most_entries"] = max(ENTRY_LIMIT, settings.least_entries) if has_limit else 0
    optional = {key: value for key in ("note", "last_day", "most_entries") if (value := values.pop(key))}
    return Publication(publication=values.pop("name"), observed_at=observed_at, **values, **optional)


TABLES_OF_WINGS = "# Here stand the tables of wings.\n"
"""The line of the template that they replace."""


@cache
def template() -> str:
    """What `init` writes: every default, with a comment."""
    files = [Path(__file__).parent / "template.toml", *(table.template for table in settings_tables())]
    text, *tables = (file.read_text("utf-8") for file in files if file is not None)
    return text.replace(TABLES_OF_WINGS, "\n".join(tables))


def contact_problem(contact: str) -> str:
    """What is wrong with a public contact; empty if it is usable or there is none."""
    if not contact.isprintable() or len(contact) > MAX_CONTACT_CHARS:
        return f"write a web or mail address on one line, at most {MAX_CONTACT_CHARS} characters"
    if contact.strip() and not _CONTACT.search(contact):
        return f"{contact!r} contains no address; write a web or mail address, such as https://papers.example/"
    return ""


def is_placeholder(contact: str) -> bool:
    """Whether a contact is one that stands in instructions, where nobody can be reached."""
    return _PLACEHOLDER.search(contact) is not None


def with_values(values: Mapping[str, str | int | Sequence[str]], text: str = "") -> str:
    """A text, or else the template, where the first lines with these keys, maybe commented, have other values."""
    text = text or template()
    for key, value in values.items():
        line = f"{key} = {msgspec.json.encode(value).decode()}"  # JSON without objects is also valid TOML
        text = re.sub(rf"(?m)^(?:# )?{key} = .*$", line.replace("\\", r"\\"), text, count=1)
    return text
