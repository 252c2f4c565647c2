"""A site as it is configured: the settings, their file and the store, and everything derived from them."""

from __future__ import annotations

import logging
import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self
from urllib.parse import urlsplit

import msgspec

from hotpapers.base import logs, settings
from hotpapers.base.errors import CorruptStore, ReadOnlyStore, SettingsError, UsageError, require
from hotpapers.base.file_modes import real_path
from hotpapers.base.installed import hooks_of
from hotpapers.base.model import Publication, SiteProofs, is_retrospective
from hotpapers.base.network_terms import reviewed_terms
from hotpapers.base.networks import Network
from hotpapers.base.settings import Settings, default_settings
from hotpapers.base.settings.announce import read_secret
from hotpapers.base.suggestions import list_choices
from hotpapers.discussion.moderation.quotation_policy import Blocklist, save_blocklist
from hotpapers.issues import ranking
from hotpapers.issues.queries import listed_publications
from hotpapers.keep.privacy import forgotten_file
from hotpapers.publish.deliver.size_budget import MEGABYTE
from hotpapers.publish.hooks import JoinAddress, Proofs
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record, current_time, is_server, store_path
from hotpapers.site import publication_changes

if TYPE_CHECKING:
    from hotpapers.base.http import PoliteHttpClient
    from hotpapers.base.http.proxies import Proxies
    from hotpapers.collect.job_factory import ConfiguredSource
    from hotpapers.publish.query import QuerySession

SQLITE = "sqlite:///"
PACE = 0.1
"""Seconds between the starts of two requests to a site."""
EMPTY_STORE = "--store: is empty; write a path, such as hotpapers.db"


def store_files(store: Path) -> list[Path]:
    """The files of a store: its database with the logs, and the file of tombstones."""
    ends = ("", "-wal", "-shm", forgotten_file.SUFFIX)
    return [store.with_name(store.name + end) for end in ends]


class ConfiguredSite:
    """Settings, their file, and a store: a path, sqlite:////absolute/path or postgresql://…

    Without `settings`, the defaults apply. The store is opened on first use; use a site as a context manager, or close
    it. `create`: create a missing store. An open site belongs to the thread that opened its store.

    `progress`: shows how far long verbs are. `speak`: prints a sentence for people; without it, the log gets events.
    `warn`: reports a problem that did not stop a verb, but needs attention.
    """

    def __init__(
        self,
        store: str | Path = "",
        *,
        settings: Settings | None = None,
        file: str | Path = settings.FILE,
        create: bool = False,
    ) -> None:
        self.settings = default_settings() if settings is None else settings
        self.file = Path(file)
        self.store = str(store) or self.settings.store
        self.progress: Progress = no_progress
        self.speak: Callable[[str], object] | None = None
        self.warn: Callable[[str], object] = partial(logs.log_event, level=logging.WARNING)
        self._create = create
        self._record: Record | None = None
        self._session: QuerySession | None = None

    @classmethod
    def open(cls, file: str | Path | None = None, store: str | None = None) -> Self:
        """A site by its settings file. Without a `file`, hotpapers.toml in the current folder applies to its own store;
        for another `store`, its file must be named. Raises SettingsError, UsageError."""
        require(store != "", EMPTY_STORE)
        path = Path(file or settings.FILE)
        if file is None and not path.exists():
            return cls(store or "", file=path)
        file_settings = settings.load(path)
        own_store = store_address(path.parent, file_settings.store)
        if store is None or file is not None or _same(store, own_store):
            return cls(own_store if store is None else store, settings=file_settings, file=path)
        return cls(store, file=path)

    def with_settings(self, settings: Settings) -> Self:
        """This site with other settings, and its store not yet open."""
        return type(self)(self.store, settings=settings, file=self.file)

    def tell(self, notices: Iterable[RunNotice]) -> None:
        """Tells notices to people, or to the log."""
        for notice in notices:
            if self.speak is not None and notice.sentence:
                self.speak(notice.sentence)
            elif notice.event and self.speak is None:
                logs.log_event(notice.event, **notice.fields)

    # ---- the store -----------------------------------------------------------------------------------------

    @property
    def record(self) -> Record:
        """The record, for anything that has no verb."""
        return self._record or self._open(create=self._create)

    @property
    def session(self) -> QuerySession:
        """The store as answers are made from it."""
        from hotpapers.publish.query import QuerySession

        if self._session is None or self._session.record is not self.record:
            self._session = QuerySession(self.record, self.terms, proofs=self._proofs)
        return self._session

    @contextmanager
    def opened(self, *, create: bool = False, publications: bool = False) -> Iterator[Record]:
        """The record, closed at the end. `create`: make a missing store, for verbs that add data. `publications`: also
        save those in the settings that are new or changed.

        The blocklist is always saved, unless the store can only be read. Raises SettingsError if a publication in the
        settings has the name of an imported listing.
        """
        with self:
            record = self._record or self._open(create=create, writes=create or publications)
            if publications:
                self.save_publications(record)
            yield record

    def _open(self, *, create: bool, writes: bool = False) -> Record:
        self._record = record = Record(self.store, create=create)
        if self.has_settings:
            try:
                self._check_listings(record)
                with nullcontext() if writes else suppress(ReadOnlyStore):
                    save_blocklist(record.database, self.blocklist)
            except BaseException:
                self.close()
                raise
        return record

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection to the store; the next use opens another."""
        record = self._record
        self._record = None
        if record is not None:
            record.database.close()

    def _check_listings(self, record: Record) -> None:
        """Raises SettingsError if a publication of our own has the name of an imported listing, whose issues it could
        neither continue nor publish."""
        listed = set[str]()
        with suppress(CorruptStore):  # which verify reports
            listed = listed_publications(record)
        for name in sorted(listed.intersection(self.own_publications)):
            raise SettingsError(
                f"{self.file}: publication {name!r}: name: the record has an imported listing of this name; choose "
                'another one, or write window = "listing" to publish the listing'
            )

    def save_publications(self, record: Record) -> None:
        """Saves the publications in the settings that are new or changed. Raises SettingsError for an unknown
        ranking."""
        publications = record.view().items(Publication)
        saved = [msgspec.structs.replace(publication, observed_at=0) for publication in publications]
        changed = [
            msgspec.structs.replace(publication, observed_at=current_time())
            for publication in self.publication_items(saved)
            if publication not in saved
        ]
        for item in changed:
            publication_changes.check_window(self.file, record, item)
        if changed:
            record.append(changed, source="settings")

    def is_store_file(self, file: Path) -> bool:
        """Whether a file is the store itself, its write-ahead log, or its file of tombstones."""
        if is_server(self.store):
            return False
        return real_path(file) in store_files(real_path(store_path(self.store)))

    # ---- publications --------------------------------------------------------------------------------------

    @property
    def own_publications(self) -> list[str]:
        """The names of our own publications; listings belong to others."""
        return self.settings.own_publications

    def publication(self, name: str | None) -> Publication:
        """A publication of the store, after those in the settings were saved; by default the first. Raises NotFound,
        UsageError."""
        self.save_publications(self.record)
        return self.saved_publication(name)

    def saved_publication(self, name: str | None) -> Publication:
        """A publication of the store; by default the first of the settings, or else the first that the store had.
        Raises NotFound."""
        from hotpapers.issues.freeze import publication_of

        saved = {item.publication for item in self.record.view().items(Publication)}
        first = next((own for own in self.own_publications if own in saved), None)
        return publication_of(self.record, name or first)

    def publication_items(self, saved: Iterable[Publication] = ()) -> list[Publication]:
        """The publications in the settings, as the record keeps them. `saved`: those it has kept. Raises SettingsError
        for an unknown ranking."""
        for item in self.settings.publication:
            if item.ranking not in ranking.RANKINGS:
                raise SettingsError(
                    f"{self.file}: publication {item.name!r}: ranking: {item.ranking!r} is not one of "
                    f"{list_choices(item.ranking, ranking.RANKINGS)}"
                )
        known = {publication.publication: publication for publication in saved}
        return [settings.publication_item(item, 0, known.get(item.name)) for item in self.settings.publication]

    def require_publications(self, names: Sequence[str]) -> None:
        """Raises UsageError if no publication is configured, or if the settings in this folder are for another
        store."""
        if names:
            return
        file = self.file
        if not self.has_settings:
            require(file.exists(), "no hotpapers.toml here; `hotpapers init` creates one")
            is_own = settings.load(file) == self.settings
            require(
                is_own, f"{file} is for another store; add --config {shlex.quote(str(file))} to use it for this one"
            )
        raise UsageError("no publication configured; add a [[publication]] to hotpapers.toml")

    # ---- what follows from the settings --------------------------------------------------------------------

    @property
    def has_settings(self) -> bool:
        """Whether the settings come from a file, and are not just the defaults."""
        return self.settings != default_settings()

    @property
    def folder(self) -> Path:
        """The folder that paths in the settings are relative to."""
        return self.file.parent

    @cached_property
    def terms(self) -> dict[str, Network]:
        """The networks' terms as reviewed, with the changes in the settings."""
        return reviewed_terms(self.settings.terms)

    def sources(self, names: Sequence[str] = ()) -> list[ConfiguredSource]:
        """The sources enabled in the settings, or those named. Raises SettingsError, UsageError."""
        from hotpapers.collect.job_factory import chosen_sources

        return chosen_sources(self.settings.source, names, str(self.file), self.terms)

    @property
    def blocklist(self) -> Blocklist:
        """The operator's blocklist for quotations."""
        quote = self.settings.quote
        return Blocklist(quote.block_accounts, quote.block_words, quote.block_servers)

    @property
    def output_folder(self) -> Path:
        """The folder that issues are published to, with links resolved."""
        return real_path(self.folder / Path(self.settings.publish.output).expanduser())

    @property
    def site_config(self) -> SiteConfig:
        """The publisher's details and the site's addresses, for channels."""
        publish = self.settings.publish
        style, icon = look_of(self.folder, publish.look, self.file)
        return SiteConfig(
            self.settings.contact,
            publish.base,
            budget=publish.budget * MEGABYTE,
            app=self.settings.serve.base,
            join_path=next(filter(None, (page.path(self.settings) for page in hooks_of(JoinAddress))), ""),
            documents=tuple(
                (item.publication, item.account)
                for item in self.settings.bluesky
                if item.makes_documents(self.settings.base_of(item.publication))
            ),
            proofs=self._proofs,
            bases=self.settings.bases,
            folder=self.output_folder if self.own_publications else None,
            own_style=style,
            own_icon=icon,
        )

    @property
    def _proofs(self) -> SiteProofs | None:
        """The proofs of issues, of the first wing that has some. Raises SettingsError."""
        return next((proofs for hook in hooks_of(Proofs) if (proofs := hook.find(self.settings, self.file))), None)

    def site_config_of(self, publication: str) -> SiteConfig:
        """The configuration of one publication's pages; nobody subscribes to issues that were made afterwards."""
        config = self.site_config.of(publication)
        return config._replace(join_path="") if is_retrospective(publication) else config

    def app_config_of(self, publication: str) -> SiteConfig:
        """The configuration of the app's pages, which are those of the site as the settings have it."""
        has_feeds = self.has_settings and {"site", "feeds"} <= set(self.settings.publish.channels)
        return self.site_config_of(publication)._replace(feeds=has_feeds)

    def http(self, base_addresses: Sequence[str], **settings: Any) -> PoliteHttpClient:
        """An HTTP client that reaches internal addresses only if `base_addresses` names them. Close it after use."""
        from hotpapers.base.http import PoliteHttpClient, user_agent

        return PoliteHttpClient(
            user_agent(self.settings.contact), base_addresses=base_addresses, proxies=self.proxies, **settings
        )

    @cached_property
    def proxies(self) -> Proxies:
        """The proxies through which networks are asked. Raises SettingsError."""
        from hotpapers.base.http.proxies import FROM_SETTINGS, Proxies

        return Proxies.configured(read_secret(self.settings.run.proxy, FROM_SETTINGS), os.environ)

    @property
    def offline(self) -> str:
        """The message for when no network can be reached."""
        if not self.proxies.distinct:
            return OFFLINE
        proxies = " and ".join(map(str, self.proxies.distinct))
        names = " and ".join(proxy.named for proxy in self.proxies.distinct)
        return f"no network can be reached through {proxies}; start it, or correct {names}"

    def site_client(self, address: str, **settings: Any) -> PoliteHttpClient:
        """An HTTP client for a site that publishes the files of its log, which are many and small. Raises UsageError
        for an unusable address."""
        from hotpapers.base.http.address_guard import require_address

        try:
            require_address(address)
        except ValueError as problem:
            raise UsageError(str(problem)) from None
        return self.http((address,), pace=site_pace(address), **settings)


MAX_LOOK_BYTES = 500_000


def look_of(folder: Path, look: str, file: Path) -> tuple[str, str]:
    """The operator's style sheet and icon, in the folder `look`; empty without. Raises SettingsError."""
    if not look:
        return "", ""
    place = folder / Path(look).expanduser()
    if not place.is_dir():
        raise SettingsError(f"{file}: publish.look: {place} is no folder; create it, with style.css or icon.svg in it")
    try:
        paths = (place / "style.css", place / "icon.svg")
        texts = [path.read_text("utf-8") if path.is_file() else "" for path in paths]
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingsError(f"{file}: publish.look: {place}: cannot be read as UTF-8: {problem}") from problem
    if max(map(len, texts)) > MAX_LOOK_BYTES:
        raise SettingsError(f"{file}: publish.look: a file in {place} is larger than {MAX_LOOK_BYTES:,} characters")
    return texts[0], texts[1]


def site_pace(address: str) -> dict[str, float]:
    """Seconds between two requests to a site that publishes the files of its log, by host."""
    return {urlsplit(address).hostname or "": PACE}


def store_address(folder: Path, store: str) -> str:
    """A store's address from the settings: paths are relative to the settings' folder, `~` is the home folder."""
    if is_server(store):
        return store
    head = SQLITE if store.startswith(SQLITE) else ""
    path = Path(store.removeprefix(SQLITE)).expanduser()
    return head + str(folder / path)


def _same(store: str, other: str) -> bool:
    if is_server(store) or is_server(other):
        return store == other
    path = Path(store.removeprefix(SQLITE))
    return real_path(path) == real_path(other.removeprefix(SQLITE))


OFFLINE = "no network can be reached: you seem to be offline"

Progress = Callable[..., AbstractContextManager[Callable[[int], None]]]
"""Shows how far work is: called with a label, the number of steps, and whether they are bytes (`in_bytes`); yields the
function to call with the size of each step."""


def no_progress(label: str, length: int, *, in_bytes: bool = False) -> AbstractContextManager[Callable[[int], None]]:
    """Shows nothing."""
    return nullcontext(lambda size: None)


class RunNotice(NamedTuple):
    """Something to report: an event with fields for programs, a sentence for people; either may be empty."""

    event: str
    fields: dict[str, Any]
    sentence: str = ""


class Watch(Protocol):
    """Something to look at again and again."""

    def look(self, record: Record, at: int) -> Iterator[RunNotice]:
        """Yields the news since the last look, at a moment (µs UTC)."""
