"""Notes the lane of each new issue: what followed people shared since the issue before. Reads each list at most once a
day; if it cannot be read, the one read last counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from itertools import chain
from pathlib import Path

from hotpapers.base.errors import InputError, NetError, PartiallyRead
from hotpapers.base.http import ClientLimits
from hotpapers.base.keys import is_web_address
from hotpapers.base.logs import log_event
from hotpapers.base.model import DAY
from hotpapers.base.settings.announce import read_secret
from hotpapers.base.text.timestamps import is_over
from hotpapers.base.text.words import count_noun
from hotpapers.collect.job_factory import IngestContext, make_connection
from hotpapers.collect.sources.bluesky import BlueskySettings
from hotpapers.discussion.lanes import NotedLane, noted_lanes
from hotpapers.issues.freeze import list_editions
from hotpapers.issues.queries import frozen_days
from hotpapers.issues.wanted_papers import matching_papers
from hotpapers.jobs.connection import Connection, OpenClient
from hotpapers.jobs.loop import JobContext
from hotpapers.publish.schedule.publishing import FurtherParts, Part
from hotpapers.record import Record
from hotpapers.record.database import statement_slices
from hotpapers.site.hooks import Trial
from hotpapers.site.site import Site
from hotpapers.wings.voices.members import ListReader, is_web_list, member_key, members_in
from hotpapers.wings.voices.notes import KeptList, keep_lists, kept_lists, mark_of, note_lanes
from hotpapers.wings.voices.queries import accounts_of, shared_by
from hotpapers.wings.voices.settings import TABLE, VoicesSettings, check_publications

LIMITS = ClientLimits(read=20, whole=40, size=5_000_000, tries=1)
MAX_SECONDS = 120.0
"""After which no further list is read in a round: the issue waits."""
MAX_DAYS, MAX_POSTS = 7, 400
"""Latest issues whose lanes are noted, and posts of a lane."""


class VoiceLanes(FurtherParts):
    """The part of the job that publishes. `view`: the address of Bluesky's public view."""

    def __init__(self, tables: Sequence[VoicesSettings], folder: Path, connection: Connection, view: str) -> None:
        self._tables = tables
        self._folder = folder
        self._connection = connection
        self._view = view

    def after_freezing(self, context: JobContext, publications: Sequence[str]) -> Iterator[Part]:
        for name in publications:
            if any(table.publication == name for table in self._tables):
                yield f"voices of {name}", partial(self._note, context, name)

    def close(self) -> None:
        self._connection.close()

    def _note(self, context: JobContext, name: str) -> None:
        """Notes the lanes that are missing. Raises PartiallyRead if a list cannot be read."""
        record = context.record
        days = frozen_days(context.record, name)
        missing = [day for day in days[-MAX_DAYS:] if noted_lanes(record.database, name, day) is None]
        if not missing:
            return
        problems = self._refresh(context)
        lists = kept_lists(record)
        members = [(table.title, self._members(table, lists)) for table in self._tables if table.publication == name]
        for day in missing:
            before = days[: days.index(day)]
            posts = ((title, posts_of_lane(record, name, day, before, of_table)) for title, of_table in members)
            lanes = [NotedLane(title, of_lane) for title, of_lane in posts]
            note_lanes(record.database, name, day, [lane for lane in lanes if lane.posts])
            shown = sum(len(lane.posts) for lane in lanes)
            log_event("voices noted", publication=name, day=day, posts=shown)
        if problems:
            raise PartiallyRead("; ".join(problems))

    def _refresh(self, context: JobContext) -> list[str]:
        """Reads the lists that were not read for a day. Returns what failed."""
        started_at = context.clock.now()
        lists = kept_lists(context.record)
        wanted = set[str]()
        problems = list[str]()
        for table in self._tables:
            reader = ListReader(self._connection.http, self._view, read_secret(table.token, "voices: token"))
            for name in lists_of(table):
                mark = mark_of(name)
                at = context.clock.now()
                wanted.add(mark)
                is_due = mark not in lists or is_over(lists[mark].read_at, DAY, at)
                if not is_due or at > started_at + MAX_SECONDS * 1e6:
                    continue
                try:
                    lists[mark] = KeptList(at, reader.members(name))
                except (NetError, InputError) as problem:
                    shown = "" if is_web_address(name) else f"{name}: "
                    problems.append(f"{shown}{problem}")
        keep_lists(context.record, lists, wanted)
        return problems

    def _members(self, table: VoicesSettings, lists: Mapping[str, KeptList]) -> frozenset[str]:
        """Whom a table follows."""
        marks = map(mark_of, lists_of(table))
        read = (lists[mark].members for mark in marks if mark in lists)
        files = (self._file(name) for name in table.lists if not is_web_list(name))
        return frozenset(filter(None, map(member_key, table.accounts))).union(*read, *files)

    def _file(self, name: str) -> tuple[str, ...]:
        try:
            return read_file(self._folder, name)
        except InputError as problem:
            log_event("list not read", list=name, reason=problem)
            return ()


def read_file(folder: Path, name: str) -> tuple[str, ...]:
    """The accounts in a file, relative to a folder. Raises InputError."""
    try:
        return members_in((folder / Path(name).expanduser()).read_bytes())
    except (OSError, InputError) as problem:
        raise InputError(f"{name}: {getattr(problem, 'strerror', None) or problem}") from problem


def posts_of_lane(
    record: Record, publication: str, day: str, before: Sequence[str], members: frozenset[str]
) -> tuple[int, ...]:
    """The posts of a lane beside a day's issue, by number: each account's first about each paper. `before`: the days
    of earlier issues."""
    content = list_editions(record, publication, day)[-1].content
    view = record.view(content.as_of, content.position)
    if before:
        since = list_editions(record, publication, before[-1])[0].content.as_of
    else:
        since = content.from_at
    first = dict[tuple[int, str], int]()
    for batch in statement_slices(sorted(accounts_of(view, members))):
        for post, account, paper in shared_by(view, batch, max(since, content.from_at)):
            first.setdefault((account, paper), post)
    papers = matching_papers(view, content.publication, {paper for _, paper in first})
    posts = dict.fromkeys(post for (_, paper), post in first.items() if paper in papers)
    return tuple(posts)[:MAX_POSTS]


def voice_lanes(site: Site, shared: IngestContext) -> VoiceLanes | None:
    """The part for a site; None if nobody is followed. Raises SettingsError."""
    tables: tuple[VoicesSettings, ...] = site.settings.table(TABLE.name)
    if not tables:
        return None
    check_publications(site)
    view = _view_of(site)
    connections = [_addresses(table, view) for table in tables]
    own, secrets = (tuple(dict.fromkeys(chain(*names))) for names in zip(*connections, strict=True))
    return VoiceLanes(tables, site.folder, make_connection(own, secrets, shared, limits=LIMITS), view)


def trials(site: Site) -> Iterator[Trial]:
    """For `check`: whom each table follows, as its lists say now."""
    for table in site.settings.table(TABLE.name):
        yield Trial(f"voices of {table.publication}", partial(_try_out, table, site), "wings/voices")


def _try_out(table: VoicesSettings, site: Site, open_client: OpenClient) -> str:
    view = _view_of(site)
    own, secrets = _addresses(table, view)
    with closing(open_client(own, secrets)) as connection:
        reader = ListReader(connection.http, view, *secrets)
        members = {*filter(None, map(member_key, table.accounts)), *chain(*map(reader.members, lists_of(table)))}
    for name in table.lists:
        if not is_web_list(name):
            members |= {*read_file(site.folder, name)}
    return count_noun(len(members), "account")


def _view_of(site: Site) -> str:
    """The address of Bluesky's public view."""
    return str(site.settings.source.get("bluesky", {}).get("view", BlueskySettings().view))


def _addresses(table: VoicesSettings, view: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The addresses that a client for a table may request even if they are internal, and the client's secrets. Raises
    SettingsError."""
    own = (view, *filter(is_web_address, table.lists))
    return own, (read_secret(table.token, "voices: token"),) if table.token else ()


def lists_of(table: VoicesSettings) -> Iterator[str]:
    """Yields the names that a table looks up at networks: its lists there, and accounts known there by another name."""
    yield from filter(is_web_list, table.lists)
    yield from (key for key in map(member_key, table.accounts) if key.startswith("bluesky:@"))
