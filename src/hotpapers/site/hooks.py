"""Hooks of wings that work for a whole site. Those that get the site raise SettingsError."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path
    from threading import Event

    from hotpapers.base.model import Mailer
    from hotpapers.collect.job_factory import IngestContext
    from hotpapers.issues.judged_freezing import BeforeFreezing
    from hotpapers.jobs.connection import OpenClient
    from hotpapers.jobs.loop import JobLoop
    from hotpapers.publish.schedule.publishing import FurtherParts
    from hotpapers.record import Record
    from hotpapers.record.verify import VerifyFinding
    from hotpapers.site.configured_site import ConfiguredSite


class Jobs(NamedTuple):
    """`make(site)`: the jobs that read for a site beside those of its sources, by name; each is made from the context
    shared by the jobs of a process."""

    make: Callable[[ConfiguredSite], Mapping[str, Callable[[IngestContext], JobLoop]]]


class Publishing(NamedTuple):
    """`parts(site, shared)`: further parts of the job that publishes; None if there are none."""

    parts: Callable[[ConfiguredSite, IngestContext], FurtherParts | None]


class Freezing(NamedTuple):
    """`prepare(site, stop)`: the action before an issue is frozen, once accounts are judged, until `stop` is set; None
    if there is nothing to do."""

    prepare: Callable[[ConfiguredSite, Event | None], BeforeFreezing | None]


class Alarms(NamedTuple):
    """`list(site, record)`: the things to look at, each with the command that acknowledges it."""

    list: Callable[[ConfiguredSite, Record], Iterable[tuple[str, str]]]


class StatusCheck(NamedTuple):
    """`check(site)`: raises SettingsError for problems that only `status` reports, as `run` can start."""

    check: Callable[[ConfiguredSite], object]


class AfterChange(NamedTuple):
    """`act(site, record, publications)`: after a command has published issues or forgotten something. Returns problems,
    which do not stop it."""

    act: Callable[[ConfiguredSite, Record, Sequence[str]], Sequence[str]]


class Trial(NamedTuple):
    """A part of the settings that `check` tries. `part`: its name; `try_out`: the finding, in a few words, given a
    function that opens HTTP clients; raises HotPapersError; `page`: the page of the docs about it."""

    part: str
    try_out: Callable[[OpenClient], str]
    page: str


class Trials(NamedTuple):
    """`list(site)`: the parts that `check` tries besides sources, senders and folders of issues."""

    list: Callable[[ConfiguredSite], Iterable[Trial]]


class OwnMailer(NamedTuple):
    """`make(record, site)`: sends the operator's own messages; None if mail is not set up."""

    make: Callable[[Record, ConfiguredSite], Mailer | None]


class Findings(NamedTuple):
    """`find(record, publication)`: the flaws of the wing's own values in a store; all publications' without one."""

    find: Callable[[Record, str | None], Iterable[VerifyFinding]]


class DemoPart(NamedTuple):
    """`add(record, publication, folder)`: adds to the store of the demo's week in a folder what the wing shows of it,
    and says where, as (label, place)."""

    add: Callable[[Record, str, Path], Iterable[tuple[str, str]]]


class PastIssues(NamedTuple):
    """`freeze(site, first, last, publication, judge, output, force)`: `Site.history`."""

    freeze: Callable[[ConfiguredSite, str, str, str | None, bool, Path | None, bool], object]
