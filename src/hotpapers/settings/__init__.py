"""hotpapers.toml: immutable settings. Errors name the file, the key and the remedy.

pages, mail, announce, serve, following, transparency   one module for each group of settings
limits          the limits of values, as types
paths           which paths and addresses may be set
template.toml   what `hotpapers init` writes

A source's own settings are in its module. Nothing here reads a network or a store.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from hotpapers.categories import KNOWN, archive_of
from hotpapers.errors import SettingsError
from hotpapers.ids.timestamps import is_day
from hotpapers.model import NETWORKS, Publication, Window, distinct, keys
from hotpapers.settings import announce as announced
from hotpapers.settings.announce import BlueskyAccount, ChatSettings, WebhookSettings
from hotpapers.settings.following import FollowSettings, follow_problems
from hotpapers.settings.limits import AnyNumber, Name, limit_of
from hotpapers.settings.mail import MailingSettings, mailing_problems
from hotpapers.settings.pages import QuoteSettings, SummarySettings, quote_problems, summary_problems
from hotpapers.settings.paths import is_address, path_problem
from hotpapers.settings.serve import ServeSettings, serve_problems
from hotpapers.settings.transparency import TransparencySettings, transparency_problems
from hotpapers.terms import CHOICES, TERMS, TermsOverride

FILE = "hotpapers.toml"
LONGEST_NOTE = 200
FIRST_DAY = "1991-08-14"
"""arXiv's first day: no publication can have ended before."""
LONGEST_CONTACT = 200
MOST_BACK = 30
"""The most days to read back: no post is followed for longer."""
_CONTACT = re.compile(r"https?://[^\s/<>\"]+|[^\s@<>:]+@[^\s@<>]+\.[^\s@<>]+")
_BASE = re.compile(r"https?://[^\s/?#\"<>]+(?:/[^\s?#\"<>]*)?/")
_FIELDS = sorted(KNOWN | {archive_of(category) for category in KNOWN})


class PublicationSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[publication]]`.

    `name`: a short name for addresses and commands. `title`: the title that readers see. `window`: the period that an
    issue covers. `ranking`: the ranking that orders its issues. `threshold`: the minimum score of an entry.
    `categories`: arXiv categories or archives; empty for all. `include`, `exclude`: words in the title or abstract.
    `networks`: the networks that count; empty for all. `own`: the publication's own accounts, never counted. `posts`:
    the number of posts quoted per entry. `least_entries`: the minimum number of entries while the record is young,
    whatever their score. `note`: a line for readers on every page, in Markdown, feeds and mail. `hour`, `zone`: when a
    day's issue closes. `last_day`: the day of the last issue; the site stays and says that the publication has ended.
    `output`: its folder, if not the one in `[publish]`. `base`: its site's public address, if not the one in
    `[publish]`.
    """

    name: Name
    title: str = "Hot Papers"
    window: Window = "daily"
    ranking: str = "rarity/2"
    threshold: AnyNumber = 500
    least_entries: Annotated[int, Meta(ge=0, le=100)] = 10
    categories: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    posts: Annotated[int, Meta(ge=0, le=10)] = 3
    hour: Annotated[int, Meta(ge=0, le=23)] = 8
    zone: str = "UTC"
    note: Annotated[str, Meta(max_length=LONGEST_NOTE)] = ""
    last_day: str = ""
    output: str = ""
    base: str = ""


class PublishSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[publish]`.

    `channels`: the channels to publish to. `output`: the folder to write to. `base`: the site's public address, such as
    https://papers.example/, for links in feeds and mail, a sitemap and (with the extra `cards`) cards; with several
    publications, each is expected in a folder of its name, such as https://papers.example/daily/. `budget`: maximum
    size of a site in megabytes (10^6 bytes), 0 for no limit; when it is full, old paper pages are folded to links.
    """

    channels: tuple[str, ...] = ("site", "feeds", "markdown")
    output: str = "public"
    base: str = ""
    budget: AnyNumber = 800


class BotRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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


class BotSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[bots]`.

    `bots`, `people`: accounts to treat as bots or as people, whatever the rules say. `rules`: the rules for all other
    accounts.
    """

    bots: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    rules: BotRules = BotRules()


class RunSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[run]`, for `hotpapers run`.

    `listen`: the address that serves /metrics and /health, such as 127.0.0.1:9464. `ping`: an address to request every
    hour while all is well. `log`: the log format of `run`, `collect` and `serve`. `read_back`: days before the first
    start to read back, as far as each network allows.
    """

    listen: str = ""
    ping: str = ""
    log: Literal["text", "json"] = "text"
    read_back: Annotated[int, Meta(ge=0, le=MOST_BACK)] = 7


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file.

    `store`: a path, or postgresql://…. `contact`: the operator's public contact. `source`: one table per network,
    `[source.bluesky]` and so on; `on` switches it on or off. `follow`: one table per followed site. `terms`: one table
    per network with which you have agreed on other terms.
    """

    store: str = "hotpapers.db"
    contact: Annotated[str, Meta(max_length=LONGEST_CONTACT)] = ""
    publication: tuple[PublicationSettings, ...] = ()
    publish: PublishSettings = PublishSettings()
    quote: QuoteSettings = QuoteSettings()
    summary: SummarySettings = SummarySettings()
    mailing: MailingSettings = MailingSettings()
    chat: tuple[ChatSettings, ...] = ()
    webhook: tuple[WebhookSettings, ...] = ()
    bluesky: tuple[BlueskyAccount, ...] = ()
    run: RunSettings = RunSettings()
    serve: ServeSettings = ServeSettings()
    bots: BotSettings = BotSettings()
    transparency: TransparencySettings = TransparencySettings()
    follow: tuple[FollowSettings, ...] = ()
    source: dict[str, dict[str, Any]] = {}
    terms: dict[str, TermsOverride] = {}

    @property
    def bases(self) -> tuple[tuple[str, str], ...]:
        """Each publication's name and its site's public address, empty if unset."""
        return self.bases_below(self.publish.base)

    def bases_below(self, shared: str) -> tuple[tuple[str, str], ...]:
        """The same, with `shared` as the output folder's address; several publications have a subfolder each."""
        several = shared and len(self.publication) > 1
        return tuple(
            (table.name, table.base or (f"{shared}{table.name}/" if several else shared)) for table in self.publication
        )

    def base_of(self, publication: str) -> str:
        """The public address of a publication's site."""
        return dict(self.bases).get(publication, self.publish.base)


def load(path: Path) -> Settings:
    """The settings of a file. Raises SettingsError."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise SettingsError(f"{path}: no such file; `hotpapers init` creates one") from None
    except OSError as problem:
        raise SettingsError(f"{path}: cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise SettingsError(f"{path}: not UTF-8 at byte {problem.start:,}; save it as UTF-8") from problem
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise SettingsError(f"{path}: invalid TOML: {problem}. `hotpapers init` writes a valid example.") from problem
    for problem_text in _wrong_terms(table.get("terms")):
        raise SettingsError(f"{path}: {problem_text}")
    try:
        settings = msgspec.convert(table, Settings)
    except msgspec.ValidationError as problem:
        raise SettingsError(f"{path}: {_explained(str(problem))}") from problem
    for key, problem_text in _problems(settings):
        raise SettingsError(f"{path}: {key}: {problem_text}")
    return _completed(settings)


def _completed(settings: Settings) -> Settings:
    """The same, with the accounts a publication posts from among its own, and links in mail leading to the app."""

    def own_accounts(table: PublicationSettings) -> tuple[str, ...]:
        return distinct((*table.own, *announced.own_accounts(settings.bluesky, table.name)))

    publications = tuple(msgspec.structs.replace(table, own=own_accounts(table)) for table in settings.publication)
    mailing = msgspec.structs.replace(settings.mailing, base=settings.mailing.base or settings.serve.base)
    return msgspec.structs.replace(settings, publication=publications, mailing=mailing)


# ---- problems, as (key, reason and remedy) -------------------------------------------------------------

_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
_MISSING = re.compile(r"Object missing required field `(.*)`")
_TYPE = re.compile(r"Expected `(\w+)(?: \| null)?`, got `(\w+)`")
_ENUM = re.compile(r"Invalid enum value (.*)")
_LIMIT = re.compile(r"Expected `(int|str)` (?:[<>]=|of length <=) \d+")
_PLAIN = {
    "str": 'text in quotation marks, such as "this"', "int": "a whole number without quotation marks",
    "array": 'a list, such as ["this", "that"]', "object": "a table", "bool": "true or false, without quotation marks",
}  # fmt: skip
_TABLES: dict[str, type[msgspec.Struct]] = {
    "publication": PublicationSettings, "publish": PublishSettings, "run": RunSettings, "serve": ServeSettings,
    "mailing": MailingSettings, "quote": QuoteSettings, "summary": SummarySettings,
    "bots": BotSettings, "bots.rules": BotRules,
    "terms": TermsOverride, "chat": ChatSettings, "webhook": WebhookSettings, "bluesky": BlueskyAccount,
    "follow": FollowSettings, "transparency": TransparencySettings,
}  # fmt: skip
_CHOICES = {"window": get_args(Window), "log": ("text", "json"), "tls": ("starttls", "implicit"), **CHOICES}


def _wrong_terms(tables: object) -> Iterator[str]:
    """Problems in the tables below `[terms]`, checked one network at a time because msgspec does not name them."""
    for network, table in tables.items() if isinstance(tables, dict) else ():
        if network not in TERMS:
            yield f"terms.{network}: no such network; the networks are {', '.join(TERMS)}"
        try:
            msgspec.convert(table, TermsOverride)
        except msgspec.ValidationError as problem:
            yield _explained(str(problem), f"terms.{network}")


def _explained(problem: str, prefix: str = "") -> str:
    """A problem that msgspec reports, in plain words: the key first, then a remedy."""
    reason, _, key = problem.partition(" - at `$")
    path = ".".join(filter(None, (prefix, key.rstrip("`").lstrip("."))))
    if match := _UNKNOWN.fullmatch(reason):
        return _unknown(path, match[1])
    if match := _MISSING.fullmatch(reason):
        return f"{_key(path, match[1])}: is missing; write {match[1]} = …"
    if match := _TYPE.fullmatch(reason):
        return f"{_key(path)}: must be {_PLAIN.get(match[1], match[1])}"
    if match := _ENUM.fullmatch(reason):
        allowed = _CHOICES.get(path.rpartition(".")[2], ())
        return f"{_key(path)}: {match[1]} is not one of {', '.join(allowed)}"
    if match := _LIMIT.fullmatch(reason):
        hint = get_type_hints(_table_at(path), include_extras=True)[path.rpartition(".")[2]]
        return f"{_key(path)}: must be {'a whole number' if match[1] == 'int' else 'text'}, {limit_of(hint)}"
    return f"{_key(path)}: {reason}"


def _key(path: str, name: str = "") -> str:
    """`publication[0].hour` → `publication 1: hour`."""
    text = re.sub(r"\[(\d+)\]\.?", lambda match: f" {int(match[1]) + 1}: ", ".".join(filter(None, (path, name))))
    return text.rstrip(": .") or "the file"


def _table_at(path: str) -> type[msgspec.Struct]:
    """The table of a path, or the one that a path leads into: `terms.x.keep`, `bots.rules`, `bots.rules.rate`."""
    return (
        _TABLES.get(path) or _TABLES.get(path.rpartition(".")[0]) or _TABLES.get(re.split(r"[\[.]", path)[0], Settings)
    )


def _unknown(path: str, name: str) -> str:
    setting_names = _table_at(path).__struct_fields__
    similar = difflib.get_close_matches(name, setting_names, 1)
    remedy = f"did you mean {similar[0]}?" if similar else f"the settings here are {', '.join(setting_names)}"
    return f"{_key(path, name)}: no such setting; {remedy}"


def _problems(settings: Settings) -> Iterator[tuple[str, str]]:
    yield from _path_problems(settings)
    if not settings.store.strip():
        yield "store", 'is empty; write a path, such as "hotpapers.db"'
    if problem := _contact_problem(settings.contact):
        yield "contact", problem
    if not settings.publish.output.strip():
        yield "publish.output", 'is empty; write a folder, such as "public"'
    if problem := _base_problem(settings.publish.base):
        yield "publish.base", problem
    if not settings.publish.channels:
        yield "publish.channels", 'is empty; name a channel, such as "site"'
    names = [table.name for table in settings.publication]
    for number, publication in enumerate(settings.publication, 1):
        label = f"publication {publication.name!r}" if publication.name else f"publication {number}"
        for key, problem in _publication_problems(publication):
            yield f"{label}: {key}", problem
        if publication.name in names[: number - 1]:
            yield f"{label}: name", "is taken by an earlier publication; names must differ"
    for key, problem in _bot_problems(settings.bots):
        yield f"bots.{key}", problem
    tables = {
        "quote": quote_problems(settings.quote), "summary": summary_problems(settings.summary),
        "mailing": mailing_problems(settings.mailing), "serve": serve_problems(settings.serve),
        "transparency": transparency_problems(settings.transparency),
    }  # fmt: skip
    for table, problems in tables.items():
        yield from ((f"{table}.{key}", problem) for key, problem in problems)
    yield from follow_problems(settings.follow)
    yield from announced.problems((settings.chat, settings.webhook, settings.bluesky), names)


def _path_problems(settings: Settings) -> Iterator[tuple[str, str]]:
    paths = {
        "store": settings.store.removeprefix("sqlite:///"),
        "publish.output": settings.publish.output,
        **{f"publication {table.name!r}: output": table.output for table in settings.publication},
        "transparency.key": settings.transparency.key,
        "transparency.folder": settings.transparency.folder,
        "mailing.password_file": settings.mailing.password_file,
    }
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
    if problem := _base_problem(publication.base):
        yield "base", problem
    try:
        ZoneInfo(publication.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield "zone", f"{publication.zone!r} is not a time zone; write one such as Europe/Zurich"
    for key in ("include", "exclude"):
        if not all(word.strip() for word in getattr(publication, key)):
            yield key, "contains an empty word, which matches every paper; remove it"
    for network in publication.networks:
        if network not in NETWORKS:
            yield "networks", f"{network!r} is not one of {', '.join(NETWORKS)}"
    for account in publication.own:
        if not keys.is_key(account):
            yield "own", f"write accounts as network:id, not {account!r}"


def _name_problems(publication: PublicationSettings) -> Iterator[tuple[str, str]]:
    if not announced.NAME.fullmatch(publication.name):
        yield "name", 'use letters, digits and hyphens, such as "daily-ml"'
    if not publication.note.isprintable():
        yield "note", "write one line"
    if publication.last_day and not (is_day(publication.last_day) and publication.last_day >= FIRST_DAY):
        yield "last_day", f"{publication.last_day!r} is not a date; write it like 2027-12-31"
    if not publication.title.strip():
        yield "title", 'is empty; write what readers see, such as "Hot Papers"'
    for category in publication.categories:
        if category not in _FIELDS:
            similar = difflib.get_close_matches(category, _FIELDS, 1)
            hint = (
                f"did you mean {similar[0]}?" if similar else "write a category like cs.LG, or an archive like astro-ph"
            )
            yield "categories", f"{category!r} is not an arXiv category or archive; {hint}"


def publication_item(settings: PublicationSettings, observed_at: int) -> Publication:
    """A publication's settings as the record keeps them."""
    values = msgspec.structs.asdict(settings)
    del values["output"], values["base"]  # where an issue is written is not part of the issue
    optional = {key: value for key in ("note", "last_day") if (value := values.pop(key))}
    return Publication(publication=values.pop("name"), observed_at=observed_at, **values, **optional)


TEMPLATE = (Path(__file__).parent / "template.toml").read_text("utf-8")
"""What `init` writes: every default, with a comment."""

_NO_CONTACT = '# contact = ""'


def _contact_problem(contact: str) -> str:
    """What is wrong with a public contact; empty if it is usable or there is none."""
    if not contact.isprintable() or len(contact) > LONGEST_CONTACT:
        return f"write a web or mail address on one line, at most {LONGEST_CONTACT} characters"
    if contact.strip() and not _CONTACT.search(contact):
        return f"{contact!r} contains no address; write a web or mail address, such as https://papers.example/"
    return ""


def with_contact(contact: str, template: str = TEMPLATE) -> str:
    """The template with the operator's public contact filled in, if there is one. Raises SettingsError."""
    contact = contact.strip()
    if problem := _contact_problem(contact):
        raise SettingsError(f"the contact: {problem}")
    text = f"contact = {msgspec.json.encode(contact).decode()}"  # a JSON string is also valid TOML
    return template.replace(_NO_CONTACT, text) if contact else template
