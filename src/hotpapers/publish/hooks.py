"""Hooks of wings that pages, answers and the job that publishes call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from hotpapers.base.installed import hooks_of

if TYPE_CHECKING:
    from pathlib import Path

    from hotpapers.base.model import IssueReader, PaperNeighbors, SiteProofs
    from hotpapers.base.settings import Settings
    from hotpapers.publish.query.endpoint import Endpoint
    from hotpapers.record import Record


class Renderer(NamedTuple):
    """A channel that writes files. `place`: where its class is defined, `module:name`."""

    name: str
    place: str


class Proofs(NamedTuple):
    """`find(settings, file)`: the proofs of the issues of a site with these settings and their file, if there are any.
    Raises SettingsError."""

    find: Callable[[Settings, Path], SiteProofs | None]


class JoinAddress(NamedTuple):
    """`path(settings)`: where in the app readers subscribe to issues; empty if they cannot. `base(settings)`: the app's
    address in what they are sent; empty if it has none."""

    path: Callable[[Settings], str]
    base: Callable[[Settings], str]


class RelatedPapers(NamedTuple):
    """`find(reader, publication)`: which papers of a publication's issues are near to each other."""

    find: Callable[[IssueReader, str], PaperNeighbors]


class PageScripts(NamedTuple):
    """Scripts that pages run after their own, for readers who allow scripts. `paper_files`: those for pages with
    papers."""

    files: tuple[Path, ...] = ()
    paper_files: tuple[Path, ...] = ()


class AuthorsPage(NamedTuple):
    """The app's page on which authors of posts decide about theirs."""

    path: str


class ReportForms(NamedTuple):
    """The app has the forms `wrong` and `report`."""


class ToolsNote(NamedTuple):
    """`write(address, is_live)`: a line for language models about tools for a site, naming all tools of one that is
    files; `is_live`: whether the app serves it."""

    write: Callable[[str, bool], str]


class ApiQuestions(NamedTuple):
    """`list()`: queries of the API, whose addresses go before those of the core."""

    list: Callable[[], Iterable[Endpoint]]


class Operations(NamedTuple):
    """`describe()`: the entries of further addresses in the API's document, by address."""

    describe: Callable[[], Iterable[tuple[str, object]]]


class Housekeeping(NamedTuple):
    """`work(record, at)`: hourly work on the record; `at`: µs UTC."""

    work: Callable[[Record, int], object]


@cache
def has_paper_scripts() -> bool:
    """Whether pages with papers run scripts of wings."""
    return any(hook.paper_files for hook in hooks_of(PageScripts))
