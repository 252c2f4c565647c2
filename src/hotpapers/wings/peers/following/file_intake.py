"""Adds a followed site's files to a store of their own: only files that are in the site's log, and each of them once.

A whole file is checked before its first line goes in. It goes in by parts, each a batch with a cursor under the file's
name, so a killed process resumes where it was. What the site withdraws is forgotten by its marks; counts made from it
stay, as with any forgetting.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise
from typing import NamedTuple

from hotpapers.base import file_modes, model, terms
from hotpapers.base.errors import HotPapersError, NotAProof, NotExchange, RequestRefused
from hotpapers.base.model import HOUR, NETWORKS, HttpClient
from hotpapers.base.model.keys import network_of, own_id
from hotpapers.base.spans import Span, difference, union
from hotpapers.issues.ranking.words import count_noun
from hotpapers.keep.privacy.forget import forget_all
from hotpapers.keep.privacy.queries import keys_known
from hotpapers.record import Record
from hotpapers.record.batches import cursor_of, sources_at
from hotpapers.record.meta import read_meta, write_meta
from hotpapers.wings.peers.following.allowance import Allowance
from hotpapers.wings.peers.following.site_log import FetchedLogs, FollowedSite, LoggedFolder
from hotpapers.wings.proof import entries, observations
from hotpapers.wings.proof.entries import ListLeaf, ObservedFile, withdrawn_list_of
from hotpapers.wings.proof.observation_files import REACH, SUFFIX, line_row, parse_withdrawn, root_of
from hotpapers.wings.proof.observations import ObservationLine

ProgressBar = Callable[[int], AbstractContextManager[Callable[[int], object]]]
"""Shows the progress of so many steps; yields a function to call with the number of steps just done."""
CHUNK = 5_000
"""Items of one batch."""
DONE = "done"
BEGAN = "began"
"""The name in a store's `meta` of the oldest hour whose files and lists it needed when it was new."""
MAX_WITHDRAWN_LINES = 2_000_000
"""Most lines of all lists of a site together, which are in memory while files are read."""


class IntakeResult(NamedTuple):
    """The result of a round: how many `files` and `items` went in; `withdrawn`: how many posts and accounts were
    forgotten. `since`: the start of the earliest hour with a new file, µs UTC, 0 for none; `until`: the end of the last
    hour with a file, 0 for none; `missing`: spans before that without complete files, µs UTC. `problems`: what failed
    its checks or could not be fetched; `others`: other problems."""

    files: int
    items: int
    withdrawn: int
    since: int
    until: int
    missing: tuple[Span, ...]
    problems: tuple[str, ...]
    others: tuple[str, ...] = ()

    @property
    def all_problems(self) -> tuple[str, ...]:
        return (*self.others, *self.problems)


@contextmanager
def no_bar(length: int) -> Iterator[Callable[[int], object]]:
    """A progress bar that shows nothing."""
    yield lambda done: None


def take_files(
    site: FollowedSite,
    fetched: FetchedLogs,
    peer: Record,
    http: HttpClient,
    allowed: terms.Table,
    progress: ProgressBar,
) -> IntakeResult:
    """Forget what was withdrawn, then add the new files. A bad file doesn't stop the others; a site that does not
    answer does. `peer`: the store of the site's observations. Raises NetError, StoreError, NotAProof for too
    many withdrawals."""
    if not peer.head.position:
        with peer.database.write():
            write_meta(peer.database, BEGAN, str(oldest_hour(http.now())))
    intake = _Intake(site, fetched, peer, http, allowed)
    intake.apply_withdrawals()
    intake.drop_old_lists()
    files = [(log, file) for log in fetched.logs for file in intake.files_of(log)]
    intake.name_absent_parts([file for _, file in files])
    new_files = sum(not intake.has(file) for _, file in files)
    if new_files:
        intake.load_withdrawn()
    with progress(new_files) as step:
        for log, file in files:
            intake.take(log, file, step)
    return intake.outcome()


class _Intake:
    """One round."""

    def __init__(
        self, site: FollowedSite, fetched: FetchedLogs, peer: Record, http: HttpClient, allowed: terms.Table
    ) -> None:
        self._site, self._fetched, self._peer, self._http, self._allowed = site, fetched, peer, http, allowed
        self._withdrawn = set[str]()  # rows of lists
        self._unusable_lists = set[str]()
        self._problems = list(fetched.problems)
        self._done = sources_at(peer.database, DONE)
        self._oldest = oldest_hour(http.now())
        self._lists = [(log, leaf) for log in fetched.logs for leaf in lists_since(log, self._oldest)]
        self._covered, self._absent = list[Span](), list[Span]()  # hours of files
        self._added_hours: list[int] = []
        self._items = self._forgotten = 0
        self._allowance = Allowance(site, http.now())

    def outcome(self) -> IntakeResult:
        """The round's result."""
        covered = union(self._covered)
        complete = difference(covered, union(self._absent))
        until = complete[-1][1] if complete else 0
        missing = difference([(covered[0][0], until)] if complete else [], complete)
        problems = [
            f"{_range_name(hour_range)}: the log has no file for it, though it has later ones"
            for hour_range in difference(missing, covered)
        ]
        return IntakeResult(
            files=len(self._added_hours),
            items=self._items,
            withdrawn=self._forgotten,
            since=min(self._added_hours, default=0) * HOUR,
            until=until * HOUR,
            missing=tuple((start * HOUR, end * HOUR) for start, end in missing),
            problems=(*self._problems, *problems),
            others=(*self._fetched.others, *filter(None, [self._allowance.refusal])),
        )

    # ---- withdrawals -------------------------------------------------------------------------------

    def apply_withdrawals(self) -> None:
        """Forget what new lists name, and clean up once after all of them."""
        new_names: dict[str, None] = {}
        try:
            for log, leaf in self._lists:
                if leaf.name in self._done or leaf.name in new_names:
                    continue
                withdrawn = self._usable_list(log, leaf)
                if withdrawn is not None:
                    self._forget([row for row in withdrawn if row.startswith("*")])
                    new_names[leaf.name] = None
        finally:
            # Erase the traces of what was forgotten, then mark these lists as done
            if new_names:
                self._peer.database.erase_traces()
            for name in new_names:
                self._peer.append([], source=name, cursor=DONE)
                self._done.add(name)
            self._allowance.save()

    def load_withdrawn(self) -> None:
        """Load what all lists name, which is only needed for new files. Raises NotAProof if it is too much."""
        for log, leaf in self._lists:
            if leaf.name not in self._unusable_lists:
                self._withdrawn |= self._usable_list(log, leaf) or frozenset()
            if len(self._withdrawn) > MAX_WITHDRAWN_LINES:
                raise NotAProof(f"{log.origin}: its lists withdraw more than {MAX_WITHDRAWN_LINES:,} marks and lines")
        self._allowance.save()

    def drop_old_lists(self) -> None:
        """Delete our copies of lists that are no longer needed: no file of the time that is read is older."""
        needed = {leaf.name for _, leaf in self._lists}
        known = {leaf.name for log in self._fetched.logs for leaf in lists_since(log, 0)}
        for file in self._site.folder.glob("withdrawn-*.txt"):
            if file.name in known - needed:
                file.unlink()

    def _usable_list(self, log: LoggedFolder, leaf: ListLeaf) -> frozenset[str] | None:
        """A list; None if it cannot be used now, which is noted."""
        try:
            return self._list(log, leaf)
        except (NotExchange, RequestRefused) as problem:
            self._unusable_lists.add(leaf.name)
            if not self._allowance.refusal:
                self._problems.append(f"{leaf.name}: is in the log but unusable: {problem}")
            return None

    def _list(self, log: LoggedFolder, leaf: ListLeaf) -> frozenset[str]:
        file = self._site.folder / leaf.name
        data = file.read_bytes() if file.exists() else b""
        is_here = hashlib.sha256(data).digest() == leaf.digest  # otherwise, it is missing or our copy is damaged
        if not is_here:
            data = self._get(log.files + leaf.name)
            if hashlib.sha256(data).digest() != leaf.digest:
                raise NotExchange("it is not the list in the log")
        withdrawn = parse_withdrawn(data.decode("utf-8", "replace"))
        if not is_here:
            file_modes.write_atomically(file, data)
        return withdrawn

    def _forget(self, marks: Collection[str]) -> None:
        known_keys = set[str]()
        for network in NETWORKS:  # Forgetting an unknown key would scan the whole store.
            known_keys |= keys_known(self._peer.database, [f"{network}:{mark}" for mark in marks])
        outcomes = forget_all(self._peer, sorted(known_keys)) if known_keys else []
        self._forgotten += sum(not isinstance(outcome, HotPapersError) for outcome in outcomes)

    # ---- files -------------------------------------------------------------------------------------

    def files_of(self, log: LoggedFolder) -> list[ObservedFile]:
        """The valid files that a log names, except those too old to be counted."""
        names = set[str]()
        files = filter(None, map(entries.observed_file_of, log.entries))
        return [file for file in files if file.hour >= self._oldest and self._is_possible(file, names)]

    def name_absent_parts(self, files: Sequence[ObservedFile]) -> None:
        """Report parts of hours that are in no log although later parts of the same hours are."""
        parts: dict[int, dict[int, int]] = {}
        for file in files:
            start, end = self._hours_of(file)
            parts.setdefault(file.hour, {})[file.part] = start
            self._covered.append((start, end))
        for hour, starts in sorted(parts.items()):
            if absent := max(starts) - len(starts):
                first = next(part for part in range(1, max(starts)) if part not in starts)
                more = f", like {count_noun(absent - 1, 'other part')} of the hour" if absent > 1 else ""
                self._problems.append(
                    f"{entries.hour_of(hour)}-{first}: is in no log{more}, though a later part of the hour is"
                )
                self._absent.append((min(starts.values()), hour + 1))

    def _hours_of(self, file: ObservedFile) -> Span:
        return max(file.first, self._oldest), file.hour + 1

    def has(self, file: ObservedFile) -> bool:
        """Whether the whole file is here."""
        return file.name in self._done

    def take(self, log: LoggedFolder, file: ObservedFile, step: Callable[[int], object]) -> None:
        """Add a file of a log if it is not here yet; `step` is called after the attempt."""
        was_here = self.has(file)
        try:
            if not was_here:
                self._items += self._append(file, self._fetch(log, file))
                self._added_hours.append(file.first)
                self._done.add(file.name)
        except RequestRefused as problem:
            if not self._allowance.refusal:
                self._problems.append(f"{file.name}: is in the log but withheld: {problem}")
        except (NotExchange, NotAProof) as problem:
            self._problems.append(str(problem))
        if not was_here:
            self._allowance.save()
            step(1)
        if not self.has(file):
            self._absent.append(self._hours_of(file))

    def _is_possible(self, file: ObservedFile, names: set[str]) -> bool:
        """Whether a leaf names a part of hours that are over, and a file that no other leaf names."""
        try:
            name = file.name
        except ValueError:
            self._problems.append(f"the log names a file of hour {file.hour:,}, which is out of range")
            return False
        reason = ""
        if not file.part:
            reason = "its parts are counted from 1"
        elif name in names:
            reason = "is in the log twice"
        elif file.first > file.hour or (file.hour + 1) * HOUR > self._http.now() + HOUR:
            reason = "is of an hour that is not over"
        if reason:
            self._problems.append(f"{name}: {reason}")
            return False
        names.add(name)
        return True

    def _fetch(self, log: LoggedFolder, file: ObservedFile) -> list[ObservationLine]:
        """A file's checked lines. Raises NotExchange, NotAProof, NetError."""
        name = file.name + SUFFIX
        lines = observations.read_packed(name, self._get(log.files + name))
        self._allowance.note(lines=len(lines))
        if root_of(lines) != file.root:
            raise NotAProof("its lines do not match the log", file=name)
        for number, line in enumerate(lines):
            if line.item is None and line_row(file.name, number) not in self._withdrawn:
                raise NotAProof(f"line {number} is withheld, but no list in the log withdraws it", file=name)
            latest = max(line.item.observed_at, getattr(line.item, "until_at", 0)) if line.item else 0
            if latest > self._http.now() + HOUR:
                raise NotAProof(f"line {number} is dated in the future", file=name)
        return lines

    def _get(self, address: str) -> bytes:
        """Fetch a file, within the allowance. Raises RequestRefused, NetError."""
        self._allowance.check()
        try:
            body = self._http.get(address).body
        except RequestRefused:
            self._allowance.note_refused()
            raise
        self._allowance.note(files=1, bytes=len(body))
        return body

    def _append(self, file: ObservedFile, lines: Sequence[ObservationLine]) -> int:
        """Append the lines that are not here yet, a part at a time. Returns how many items were new."""
        added = 0
        first = int(cursor_of(self._peer.database, file.name) or 0)
        for start, end in pairwise([*range(first, len(lines), CHUNK), len(lines)] if lines else [0, 0]):
            cursor = DONE if end == len(lines) else str(end)
            added += self._peer.append(self._admitted_items(lines[start:end]), source=file.name, cursor=cursor).added
        return added

    def _admitted_items(self, lines: Sequence[ObservationLine]) -> Iterator[model.Item]:
        """The items to store: only from networks that may be read here, and nothing withdrawn since."""
        for line in lines:
            item = line.item
            if item is None or any(own_id(mark) in self._withdrawn for mark in observations.marks_in(item)):
                continue
            networks = {*map(network_of, observations.marks_in(item)), getattr(item, "network", "arxiv")}
            if all(terms.of(self._allowed, network).read != "no" for network in networks):
                yield item


def oldest_hour(at: int) -> int:
    """The oldest hour whose files and lists are read; older ones are no longer published."""
    return (at - REACH) // HOUR


def lists_since(log: LoggedFolder, oldest: int) -> Iterator[ListLeaf]:
    """The lists of what was withdrawn that a log names, except those older than an hour."""
    leaves = filter(None, map(withdrawn_list_of, log.entries))
    return (leaf for leaf in leaves if leaf.hour >= oldest)


def missed_list(peer: Record, logs: Sequence[LoggedFolder], at: int) -> str:
    """The name of a list that a store of observations needed and never got, and that is no longer published; empty if
    there is none."""
    if not peer.head.position:
        return ""
    began, done = int(read_meta(peer.database, BEGAN) or 0), sources_at(peer.database, DONE)
    leaves = (leaf for log in logs for leaf in lists_since(log, began) if leaf.hour < oldest_hour(at))
    return next((leaf.name for leaf in leaves if leaf.name not in done), "")


def _range_name(hour_range: Span) -> str:
    """`2026-03-11T06`, or `2026-03-11T06 to 2026-03-11T09`."""
    first, last = hour_range[0], hour_range[1] - 1
    return entries.hour_of(first) + (f" to {entries.hour_of(last)}" if last > first else "")
