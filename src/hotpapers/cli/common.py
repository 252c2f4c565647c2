"""What commands share: options, settings, the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import click
import msgspec

from hotpapers import ranking, settings
from hotpapers.cli.terminal import NumberRange
from hotpapers.deliver.size_budget import MEGABYTE
from hotpapers.errors import NotAProof, SettingsError, UsageError
from hotpapers.model import Publication, is_retrospective
from hotpapers.moderation.blocklist import Blocklist, save_blocklist
from hotpapers.privacy import forgotten_file
from hotpapers.render import CHANNELS
from hotpapers.store import Record, now
from hotpapers.store.record import is_server, store_path
from hotpapers.terms import NetworkTerms, table
from hotpapers.view.site_config import SiteConfig

if TYPE_CHECKING:
    from hotpapers.http import PoliteHttpClient
    from hotpapers.summaries.generate import Summarize
    from hotpapers.transparency.publication_log import LogConfig
    from hotpapers.transparency.site_logs import SiteLogs

Command = TypeVar("Command", bound=Callable[..., Any])
C = TypeVar("C", bound=click.Command)
SQLITE = "sqlite:///"
PACE = 0.1
"""Seconds between the starts of two requests to a site."""
AFTERWARDS = frozenset(("site", "markdown"))
"""The channels for issues made afterwards: none that readers subscribe to."""


class CommandContext(NamedTuple):
    """What a command works with: the settings, their file, and the store."""

    settings: settings.Settings
    file: Path
    store: str

    @property
    def folder(self) -> Path:
        """The folder that paths in the settings are relative to."""
        return self.file.parent

    @property
    def own_publications(self) -> list[str]:
        """The names of our own publications; listings belong to others."""
        return [publication.name for publication in self.settings.publication if publication.window != "listing"]

    @property
    def site_config(self) -> SiteConfig:
        """What channels say about the publisher and the site's addresses."""
        publish = self.settings.publish
        has_feeds = self.has_settings and {"site", "feeds"} <= set(publish.channels)
        return SiteConfig(
            self.settings.contact, publish.base, budget=publish.budget * MEGABYTE, feeds=has_feeds,
            app=self.settings.serve.base, mails=bool(self.settings.mailing.relay),
            documents=tuple(
                (item.publication, item.account)
                for item in self.settings.bluesky if item.makes_documents(self.settings.base_of(item.publication))
            ),
            logs=self._site_logs, bases=self.settings.bases,
        )  # fmt: skip

    def site_config_of(self, publication: str) -> SiteConfig:
        """The same for one publication; nobody subscribes to issues that were made afterwards."""
        config = self.site_config.of(publication)
        return config._replace(feeds=False, mails=False) if is_retrospective(publication) else config

    @property
    def _site_logs(self) -> SiteLogs | None:
        config = self.log_config
        if config is None:
            return None
        from hotpapers.transparency.site_logs import SiteLogs

        return SiteLogs(config)

    @property
    def log_config(self) -> LogConfig | None:
        """Where the transparency logs are; None without a settings file. Raises SettingsError for an invalid policy of
        witnesses."""
        if not self.has_settings:
            return None
        from hotpapers.transparency.policies import witness_policy  # imported only where there are settings
        from hotpapers.transparency.publication_log import LogConfig

        transparency = self.settings.transparency
        try:
            witness_policy(transparency.policy)
        except NotAProof as problem:
            raise SettingsError(f"{self.file}: transparency.policy: {problem}") from problem
        key_file, folder = (self.folder / Path(path).expanduser() for path in (transparency.key, transparency.folder))
        base, bases = self.settings.publish.base, self.settings.bases
        return LogConfig(key_file, folder, base, transparency.policy, transparency.observations, bases)

    @property
    def has_settings(self) -> bool:
        """Whether the settings come from a file, and are not just the defaults."""
        return self.settings != settings.Settings()

    @property
    def blocklist(self) -> Blocklist:
        """What the operator has excluded from quotation."""
        quote = self.settings.quote
        return Blocklist(quote.block_accounts, quote.block_words, quote.block_servers)

    @property
    def summarize(self) -> Summarize | None:
        """The function that writes summaries with the model in the settings; None without one."""
        if not self.settings.summary.url:  # the HTTP client is imported only where it is needed
            return None
        from hotpapers.summaries.generate import summarizer

        return summarizer(self.settings.summary, self.settings.contact)

    def http(self, base_addresses: Sequence[str], **settings: Any) -> PoliteHttpClient:
        """An HTTP client that reaches internal addresses only if `base_addresses` names them. Close it after use."""
        from hotpapers.http import PoliteHttpClient, user_agent

        return PoliteHttpClient(user_agent(self.settings.contact), base_addresses=base_addresses, **settings)

    def site_client(self, address: str) -> PoliteHttpClient:
        """The same for a site that publishes the files of its log, which are many and small. Raises UsageError for an
        unusable address."""
        from hotpapers.http.address_guard import require_address

        try:
            require_address(address)
        except ValueError as problem:
            raise UsageError(str(problem)) from None
        return self.http((address,), pace=site_pace(address))

    @property
    def terms(self) -> dict[str, NetworkTerms]:
        """The networks' terms as reviewed, with the changes in the settings."""
        return table(self.settings.terms)


def site_pace(address: str) -> dict[str, float]:
    """Seconds between two requests to a site that publishes the files of its log, by host."""
    return {urlsplit(address).hostname or "": PACE}


FILE = click.Path(path_type=Path, dir_okay=False, readable=False)
FILE_OR_FOLDER = click.Path(path_type=Path, readable=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


def examples(lines: str) -> Callable[[C], C]:
    """Ends a command's help with examples, one per line."""

    def with_examples(command: C) -> C:
        head = "Examples:" if lines.count("\n") > 1 else "Example:"
        command.epilog = f"\b\n{head}{lines}"
        return command

    return with_examples


def command(lines: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Makes a command whose help ends with these examples."""
    return lambda function: examples(lines)(click.command()(function))


debug_option = click.option("--debug", is_flag=True, expose_value=False, help="Show a traceback on errors.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
page_option = click.option(
    "--output", metavar="FILE", type=FILE,
    help="Also write the page to FILE, in Markdown.",
)  # fmt: skip
publication_option = click.option("--publication", metavar="NAME", help="The publication, if the store has several.")
edition_option = click.option(
    "--edition",
    type=NumberRange(1, 9999),
    metavar="N",
    help="An earlier edition of a corrected issue. [default: the latest]",
)


def store_options(command: Command) -> Callable[..., Any]:
    """`--store`, `--config` and `--debug`; the command gets the resulting `CommandContext`."""

    @wraps(command)
    def with_context(*args: Any, store: str | None, config: Path | None, **arguments: Any) -> Any:
        return command(*args, context=context_of(store, config), **arguments)

    return where_options(debug_option(with_context))


def where_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--store` and `--config` alone, for a command that may need no store: see `context_of`."""
    configured: Callable[..., Any] = click.option(
        "--config",
        type=FILE_OR_FOLDER,
        metavar="FILE",
        help="The settings file. [default: hotpapers.toml in the current folder, unless --store names another store]",
    )(command)
    return click.option(
        "--store",
        type=click.Path(readable=False),
        metavar="STORE",
        help="A path, sqlite:////absolute/path or postgresql://… [default: from the settings, else hotpapers.db]",
    )(configured)


def context_of(store: str | None, config: Path | None) -> CommandContext:
    """The settings and the store of a command.

    hotpapers.toml in the current folder applies to its own store; for another store, `--config` must name the settings.
    """
    require(store != "", "--store: is empty; write a path, such as hotpapers.db")
    file = config or Path(settings.FILE)
    if config is None and not file.exists():
        return CommandContext(settings.Settings(), file, store or settings.Settings().store)
    file_settings = settings.load(file)
    own_store = store_address(file.parent, file_settings.store)
    if store is None or config is not None or _same(store, own_store):
        return CommandContext(file_settings, file, own_store if store is None else store)
    return CommandContext(settings.Settings(), file, store)


def store_address(folder: Path, store: str) -> str:
    """A store's address from the settings: paths are relative to the settings' folder, `~` is the home folder."""
    if "://" in store and not store.startswith(SQLITE):
        return store
    head = SQLITE if store.startswith(SQLITE) else ""
    return head + str(folder / Path(store.removeprefix(SQLITE)).expanduser())


def _same(store: str, other: str) -> bool:
    if "://" in store.removeprefix(SQLITE) or "://" in other.removeprefix(SQLITE):
        return store == other
    return Path(store.removeprefix(SQLITE)).resolve() == Path(other.removeprefix(SQLITE)).resolve()


@contextmanager
def open_record(context: CommandContext, *, create: bool = False, publications: bool = False) -> Iterator[Record]:
    """The record of the store. `create`: make a missing store, for commands that add data.

    `publications`: also save the publications in the settings that are new or changed. The blocklist is always saved.
    """
    with Record(context.store, create=create) as record:
        if context.has_settings:
            save_blocklist(record.database, context.blocklist)
        if publications:
            _save_publications(record, context)
        yield record


def _save_publications(record: Record, context: CommandContext) -> None:
    saved_publications = {
        publication.publication: msgspec.structs.replace(publication, observed_at=0)
        for publication in record.view().items(Publication)
    }
    changed_publications = [
        msgspec.structs.replace(publication, observed_at=now())
        for publication in configured_publications(context)
        if saved_publications.get(publication.publication) != publication
    ]
    if changed_publications:
        record.append(changed_publications, source="settings")


def configured_publications(context: CommandContext) -> list[Publication]:
    """The publications in the settings, as the record keeps them. Raises SettingsError for an unknown ranking."""
    publications = [settings.publication_item(table, 0) for table in context.settings.publication]
    for publication in publications:
        if publication.ranking not in ranking.RANKINGS:
            known_rankings = ", ".join(ranking.RANKINGS)
            raise SettingsError(
                f"{context.file}: publication {publication.publication!r}: ranking: {publication.ranking!r} is not "
                f"one of {known_rankings}"
            )
    return publications


def targets(
    context: CommandContext, publication: str, to: Sequence[str], output: Path | None
) -> list[tuple[str, Path]]:
    """The channels and folders of a publication: as requested, else from the settings; several have a subfolder each.

    Raises SettingsError for an unknown channel.
    """
    own_folder = next((p.output for p in context.settings.publication if p.name == publication and p.output), "")
    folder = output or context.folder / Path(own_folder or context.settings.publish.output).expanduser()
    if not (output or own_folder) and len(context.settings.publication) > 1:
        folder = folder / publication
    channels = dict.fromkeys(to or context.settings.publish.channels)
    for name in channels:
        if name not in CHANNELS:
            raise SettingsError(f"{context.file}: publish.channels: {name!r} is not one of {', '.join(CHANNELS)}")
    has_several = len(channels) > 1
    return [
        # feeds are part of a site: its pages link to them, and their addresses are below the site's
        (name, folder / ("site" if name == "feeds" and "site" in channels else name) if has_several else folder)
        for name in channels
    ]


def is_store_file(file: Path, context: CommandContext) -> bool:
    """Whether a file is the store itself, its write-ahead log, or its list of what was forgotten."""
    store = store_path(context.store).resolve()
    files = {store.with_name(store.name + end) for end in ("", "-wal", "-shm", forgotten_file.SUFFIX)}
    return not is_server(context.store) and file.resolve() in files


def require(condition: bool, message: str) -> None:
    """Raises UsageError unless the condition holds."""
    if not condition:
        raise UsageError(message)


def require_publications(context: CommandContext, names: Sequence[str]) -> None:
    """Raises UsageError if no publication is configured, or if the settings in this folder are for another store."""
    if names:
        return
    file = context.file
    require(context.has_settings or file.exists(), "no hotpapers.toml here; `hotpapers init` creates one")
    is_other = not context.has_settings and settings.load(file) != context.settings
    require(not is_other, f"{file} is for another store; add --config {file} to use it for this one")
    raise UsageError("no publication configured; add a [[publication]] to hotpapers.toml")
