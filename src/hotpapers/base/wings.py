"""Wings: features that hook into the core, which knows none of them by name.

Those that come with the program stand in `hotpapers.wings.BUILT_IN`; others are found as entry points of installed
packages (`outside_wings`). A wing's module imports nothing heavy: what it offers is imported when it is used.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from hotpapers.base.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from hotpapers.base.model import (
        Mailer,
        PaperNeighbors,
        Publication,
        PublishedIssue,
        RenderedFile,
        SitePart,
        SiteProofs,
    )
    from hotpapers.base.settings import Settings

GROUP = "hotpapers.wings"
"""The group of entry points; also the package of those that come with the program."""
CHOSEN = "HOTPAPERS_WINGS"
"""The environment variable with the names of the wings to load, separated by commas. Without it, all are."""


Problems = Iterator[tuple[str, str]]
"""What is wrong with a table, as (key, reason and remedy)."""


BeforeFreezing = Callable[[Any, Any, str, int], object]
"""Prepares a `Record` for a publication's issue of a day, which closes at a moment."""


class SettingsTable(NamedTuple):
    """A table of hotpapers.toml. `type`: a struct, or a tuple of structs for a table that may stand several times;
    `default`: its value if it is missing; `problems`: what is wrong with a value, with keys in the table, or whole
    labels if there may be several; `paths`: the keys that are paths, and of them `private` those of files that nobody
    else may read. `template`: a file with the table as `init` writes it. `synonyms`: other words for its name.
    `removed`: keys of earlier versions, which are ignored."""

    name: str
    type: Any
    default: Any
    problems: Callable[[Any], Problems]
    paths: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    template: Path | None = None
    synonyms: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class FileFormat(NamedTuple):
    """A format of `hotpapers export` that is a file. `beginning`: how its files begin; of Parquet tables also how they
    end. `chunks`: yields a file, given the record and the options of `exporter.lines`. `is_whole`: contains the record,
    and not only the papers of issues. `is_binary`: not for terminals."""

    beginning: re.Pattern[bytes]
    chunks: Callable[..., Iterator[bytes]]
    is_whole: bool = False
    is_binary: bool = False


class FolderFormat(NamedTuple):
    """A format of `hotpapers export` that is a folder. `help`: what it is, for the list of formats; `write`: writes a
    record into a folder, also over strange files if the last argument is true; returns what to print. Raises
    UsageError."""

    help: str
    write: Callable[[Any, Path, bool], Iterable[str]]


class SendingChannel(NamedTuple):
    """A channel that sends issues. `destinations`: opens those that the settings ask for, given the `Record`, the
    `Site` and a function that opens HTTP clients; raises SettingsError. `is_configured`: whether
    the settings ask for any. `preview`: the file that shows an issue's message, given the issue, the settings and the
    `SiteConfig`; without it, messages are texts that are shown as they are. `page`: the page of the docs about it, if
    not wings/NAME."""

    destinations: Callable[[Any, Any, Any], Iterator[Any]]
    is_configured: Callable[[Settings], bool]
    preview: Callable[[PublishedIssue, Settings, Any], RenderedFile] | None = None
    page: str = ""


class Trial(NamedTuple):
    """A part of the settings that `check` tries. `part`: its name; `try_out`: what was found, in a few words, given a
    function that opens HTTP clients (`OpenClient`); raises HotPapersError; `page`: the page of the docs about it."""

    part: str
    try_out: Callable[[Any], str]
    page: str


class ForgettableSubject(NamedTuple):
    """What `forget` deletes besides posts and accounts. `help`: a sentence about it. `recognize`: the key of such a
    subject; empty for another text. Raises UsageError. `forget`: deletes it in a `Record`; how many rows it had there.
    Raises NotFound."""

    help: str
    recognize: Callable[[str], str]
    forget: Callable[[Any, str], int]


class NoteKind(NamedTuple):
    """Notes in a store that full exports contain. `prefix`: how their names begin. Where functions are defined,
    `module:name`: `exported` makes of a value one that says the same in other stores, given the `Database`; `imported`
    writes a name and such a value into a `Database`, inside `write()`. Raises InputError."""

    prefix: str
    exported: str = ""
    imported: str = "hotpapers.record.meta:write_meta"


class NetworkSource(NamedTuple):
    """A source from outside. `title`: the network's name as readers know it. `source`, `settings`: where its class and
    that of its settings are defined (`module:name`). The other fields are the network's terms, as in
    `hotpapers.base.terms`; `keep`: days."""

    title: str
    source: str
    settings: str
    reviewed: str
    basis: str
    page: str
    read: Literal["public", "operator names it", "own key", "no"] = "public"
    keep: int = 30
    shown: Literal["text", "excerpt", "link"] = "text"
    exported: Literal["facts", "ids"] = "facts"
    count_limited: bool = True


class HostKind(NamedTuple):
    """A kind of host that `init` writes files for. `help`: that of its option; `settings`: a text in the template of
    hotpapers.toml, and what such a host needs instead; `is_public`: whether others read its folder."""

    help: str
    settings: tuple[str, str] = ("", "")
    is_public: bool = False


def nothing(*_: object) -> Any:
    """What a wing without a hook does there, and what it has to offer."""
    return ()


class Wing(NamedTuple):
    """A feature. `summary`: what it is, in a line. `commands`: by section of the help and by name, where each is
    defined (`module:name`), and its line in the list of commands. `settings`: its tables of hotpapers.toml.

    What further fields are called with are types of parts above this one: `site` is a `Site`, `shared` the
    process's `IngestContext`. Those that get a `site` raise SettingsError.

    `sources`: networks to read, by name. They are read only where the settings say `on = true`.
    `connectors`: for networks that the core knows but does not read, by name, where the classes of a source and of its
    settings are defined.
    `renderers`: channels that write files, by name: where the class of each is defined (`module:name`).
    `databases`: kinds of databases besides SQLite, by the scheme of their addresses: where the class of a connection
    (`Database`) is defined.
    `rankings`: by name, such as `loudest/1`, where the function of each is defined (`module:name`).
    `jobs(site)`: the jobs that read for a site beside those of its sources, by name; each is made from `shared`.
    `publishing(site, shared)`: parts of the job that publishes (`FurtherParts`), if there are any.
    `before_freezing(site, stop)`: what is done before an issue is frozen, once accounts are judged, until `stop` is set
    (`threading.Event`, or None); None if there is nothing to do.
    `proofs(site)`: the proofs of the site's issues, if there are any.
    `alarms(site, record)`: what has to be looked at, each with the command that acknowledges it.
    `status_check(site)`: raises SettingsError for what only `status` tells, as `run` can start.
    `on_change(site, record, publications)`: a command has published issues or forgotten something. Returns problems,
    which do not stop it.
    `trials(site)`: what `check` tries besides sources, senders and folders of issues.
    `init(folder)`: creates what a new site needs in its folder, which is not public; yields lines to print.
    `hosts`: kinds of hosts that `init` writes files for, by name. `write_hosts(file, names, program, replace)`: writes
    those for hotpapers.toml, over existing ones if the last argument is true; yields lines to print. `program`: how to
    call this program without a PATH. Raises UsageError and SettingsError, having written nothing.
    `exporters`: further formats of `hotpapers export`, by name.
    `importers`: further formats of `hotpapers import`, by name: each is a command, given like those of `commands`.
    `verify(files, address, policy, site, as_json)`: checks saved files, or a whole site in a folder or at an address.
    `channels`: channels that send, by name.
    `mailer(record, site)`: sends the operator's own messages; None if mail is not set up.
    `subject`: what `forget` deletes besides posts and accounts.
    `housekeeping(record, at)`: hourly work on the record; `at`: µs UTC.
    `routes(backend, pages, publication, site)`: routes of the app of a publication, whose threads and limits are a
    `Backend`, and whose rendered pages `CurrentPages`.
    `prepare(backend)`: begins what the app's pages will need, when it starts.
    `join_path(settings)`: where in the app readers subscribe to issues; empty if they cannot. `authors_path`: where in
    it authors of posts say what becomes of theirs. `takes_reports`: whether it has the forms `wrong` and `report`.
    `tools()`: tools for language models (`ToolDefinition`). `site_tools()`: those that ask a `PublishedSite`.
    `public_tools()`: those that anybody may use over HTTP, so their work is bounded. The wing `mcp` reads all three.
    `about_tools(address, is_live)`: a line for language models about tools for a site, naming all `site_tools` of one
    that is files; `is_live`: whether the app serves it.
    `questions()`: queries of the API (`Endpoint`), whose addresses go before those of the core. `answers(api)`: further
    addresses of the `Api`, each with what answers it; `operations()`: what the API's document says of each.
    `site_part(pages)`: further files of a publication's site, whose pages are a `SiteContext`.
    `card(pages, path, appearances)`: the picture of a page, for links to it (`CardMeta`); `draws_cards()`: whether the
    machine can draw them.
    `findings(record, publication)`: what is wrong with the wing's own values in a store; all publications' without one.
    `notes`: kinds of its notes in a store that full exports contain.
    `neighbors(reader, publication)`: which papers of a publication's issues are near to each other.
    `scripts`: what pages run after their own script, for readers who allow it; `paper_scripts`: those with papers.
    `demo(record, publication, folder)`: adds to the store of the demo's week in a folder what the wing shows of it, and
    says where, as (label, place).
    `history(site, first, last, publication, judge, output, force)`: `Site.history`.
    """

    name: str
    summary: str
    commands: Mapping[str, Mapping[str, tuple[str, str]]] = {}
    settings: Callable[[], Iterable[SettingsTable]] = nothing
    sources: Mapping[str, NetworkSource] = {}
    connectors: Mapping[str, tuple[str, str]] = {}
    renderers: Mapping[str, str] = {}
    databases: Mapping[str, str] = {}
    rankings: Mapping[str, str] = {}
    jobs: Callable[[Any], Mapping[str, Callable[[Any], Any]]] | None = None
    alarms: Callable[[Any, Any], Iterable[tuple[str, str]]] = nothing
    hosts: Mapping[str, HostKind] = {}
    write_hosts: Callable[[Path, Sequence[str], tuple[str, ...], bool], Iterator[str]] = nothing
    exporters: Mapping[str, FileFormat | FolderFormat] = {}
    importers: Mapping[str, tuple[str, str]] = {}
    proofs: Callable[[Any], SiteProofs | None] | None = None
    publishing: Callable[[Any, Any], Any] | None = None
    before_freezing: Callable[[Any, Any], BeforeFreezing | None] | None = None
    on_change: Callable[[Any, Any, Sequence[str]], list[str]] = nothing
    status_check: Callable[[Any], object] = nothing
    trials: Callable[[Any], Iterable[Trial]] = nothing
    init: Callable[[Path], Iterator[str]] = nothing
    verify: Callable[[Sequence[Path], str | None, Path | None, Any, bool], None] | None = None
    channels: Mapping[str, SendingChannel] = {}
    mailer: Callable[[Any, Any], Mailer | None] | None = None
    subject: ForgettableSubject | None = None
    housekeeping: Callable[[Any, int], object] = nothing
    routes: Callable[[Any, Any, Publication, Any], Iterable[Any]] = nothing
    prepare: Callable[[Any], object] = nothing
    join_path: Callable[[Settings], str] | None = None
    authors_path: str = ""
    takes_reports: bool = False
    tools: Callable[[], Iterable[Any]] = nothing
    site_tools: Callable[[], Iterable[Any]] = nothing
    public_tools: Callable[[], Iterable[Any]] = nothing
    about_tools: Callable[[str, bool], str] | None = None
    questions: Callable[[], Iterable[Any]] = nothing
    answers: Callable[[Any], Iterable[tuple[str, Callable[..., Any]]]] = nothing
    operations: Callable[[], Iterable[tuple[str, Any]]] = nothing
    site_part: Callable[[Any], SitePart] | None = None
    card: Callable[[Any, str, Sequence[Any]], Any] | None = None
    draws_cards: Callable[[], bool] | None = None
    findings: Callable[[Any, str | None], Iterable[Any]] = nothing
    notes: tuple[NoteKind, ...] = ()
    neighbors: Callable[[Any, str], PaperNeighbors] | None = None
    scripts: tuple[Path, ...] = ()
    paper_scripts: tuple[Path, ...] = ()
    demo: Callable[[Any, str, Path], Iterable[tuple[str, str]]] = nothing
    history: Callable[..., Any] | None = None


@cache
def wings() -> tuple[Wing, ...]:
    """All wings that are installed and chosen, but for those from outside that cannot be loaded."""
    built_in = tuple(_built_in())
    loaded = (*built_in, *_outside([wing.name for wing in built_in]))
    for name in sorted(_chosen() - {"", *(wing.name for wing in loaded)}):
        from hotpapers.base.logs import LOG  # `--help` loads no more than it needs

        LOG.warning("%s", f"{CHOSEN}: no wing {name!r} is loaded; without {CHOSEN}, `hotpapers wings` lists all")
    return loaded


def _chosen() -> set[str]:
    return {name.strip() for name in os.environ.get(CHOSEN, "").split(",")}


def is_chosen(name: str) -> bool:
    """Whether the environment lets a wing be loaded."""
    return CHOSEN not in os.environ or name in _chosen()


def offered(field: str) -> dict[str, Any]:
    """What all wings offer in one of the fields that are mappings, by name."""
    return {name: value for wing in wings() for name, value in getattr(wing, field).items()}


def sources() -> dict[str, NetworkSource]:
    """The networks of all wings, by name."""
    return offered("sources")


def connectors() -> dict[str, tuple[str, str]]:
    """Where the classes of the sources of all wings and of their settings are defined, by network."""
    return offered("connectors") | {name: (source.source, source.settings) for name, source in sources().items()}


def hosts() -> dict[str, HostKind]:
    """The kinds of hosts of all wings, by name."""
    return offered("hosts")


def load(place: str) -> Any:
    """What is defined at a place, `module:name`. Raises UsageError if another package's cannot be imported."""
    module, _, name = place.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (Exception, SystemExit) as problem:
        if module.startswith("hotpapers."):
            raise
        reason = f"{type(problem).__name__}: {problem}"
        message = f"{place}, which an installed package offers, cannot be imported: {reason}; see {CHOSEN}"
        raise UsageError(message) from problem


def loading(place: str) -> Callable[..., Any]:
    """A function that is imported on its first call."""
    return lambda *args, **options: load(place)(*args, **options)  # noqa: PLW0108 import lazily


@cache
def settings_tables() -> tuple[SettingsTable, ...]:
    """The tables of all wings."""
    return tuple(table for wing in wings() for table in wing.settings())


def _built_in() -> Iterator[Wing]:
    """Those whose folders are there: a distribution may leave some out."""
    try:
        names: tuple[str, ...] = importlib.import_module(GROUP).BUILT_IN
    except ModuleNotFoundError:
        return
    for name in filter(is_chosen, names):
        try:
            yield importlib.import_module(f"{GROUP}.{name}.wing").WING
        except ModuleNotFoundError as problem:
            if problem.name != f"{GROUP}.{name}":
                raise


def _outside(other_names: Sequence[str]) -> tuple[Wing, ...]:
    none_chosen = CHOSEN in os.environ and _chosen() == {""}
    if none_chosen or not any(map(_offers_wings, sys.path)):  # the library takes longer than the rest of `--help`
        return ()
    from hotpapers.base.outside_wings import outside_wings

    return outside_wings(other_names)


def _offers_wings(folder: str) -> bool:
    """Whether a package that is installed in a folder has entry points for wings."""
    names: list[str] = []
    with suppress(OSError):
        names = [name for name in os.listdir(folder or ".") if name.endswith((".dist-info", ".egg-info"))]
    for name in names:
        with (
            suppress(OSError, UnicodeDecodeError),
            open(os.path.join(folder, name, "entry_points.txt"), encoding="utf-8") as file,
        ):
            if GROUP in file.read():
                return True
    return False
