"""A followed site's files into a store of their own: nothing goes in that its log does not hold, and nothing twice.

A file is checked whole before its first line goes in. It goes in by parts, each a batch with a cursor under the file's
name, so that who is killed goes on where they were. What the site withdraws is forgotten there by its marks: what was
counted stays, as in any forgetting.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from hotpapers import model, terms
from hotpapers.errors import HotPapersError, NotAProof, NotExchange, RequestRefused
from hotpapers.following.site_log import FollowedSite, LoggedFolder
from hotpapers.model import DAY, HOUR, HttpClient
from hotpapers.model.keys import network_of
from hotpapers.privacy.forget import forget_all
from hotpapers.store import Record
from hotpapers.store.batches import cursor_of
from hotpapers.transfer import observations
from hotpapers.transfer.observations import ObservationLine
from hotpapers.transparency import entries, log_files
from hotpapers.transparency.entries import ObservedFile
from hotpapers.transparency.observation_files import REACH, SUFFIX, WithdrawnList, parse_withdrawn, root_of

CHUNK = 5_000
"""Items of one batch."""
DONE = "done"
NOTHING_WITHDRAWN = WithdrawnList(frozenset(), frozenset())


class TakenFiles(NamedTuple):
    """What a round took in. `files`, `items`; `withdrawn`: how many posts and accounts were forgotten. `until`: the end
    of the last day of which there is a file, µs UTC, 0 for none; `missing`: days before that are not here whole,
    counted from 1970-01-01. `problems`: what could not be believed or had; `others`: what is wrong beside that."""

    files: int
    items: int
    withdrawn: int
    until: int
    missing: tuple[int, ...]
    problems: tuple[str, ...]
    others: tuple[str, ...] = ()

    @property
    def all_problems(self) -> tuple[str, ...]:
        return (*self.others, *self.problems)


def take_files(
    site: FollowedSite, logs: Sequence[LoggedFolder], peer: Record, http: HttpClient, allowed: terms.Table
) -> TakenFiles:
    """Obeys what was withdrawn, then takes in the files that are new. What is wrong with one stops no other, but for a
    site that does not answer. `peer`: the store of its observations. Raises NetError, StoreError."""
    intake = _Intake(site, peer, http, allowed)
    for log in logs:
        intake.obey(log)
    for log in logs:
        intake.take(log)
    return intake.outcome()


class _Intake:
    """One round."""

    def __init__(self, site: FollowedSite, peer: Record, http: HttpClient, allowed: terms.Table) -> None:
        self._site, self._peer, self._http, self._allowed = site, peer, http, allowed
        self._withdrawn = NOTHING_WITHDRAWN
        self._problems: list[str] = []
        self._days: dict[int, bool] = {}
        self._files = self._items = self._forgotten = 0

    def outcome(self) -> TakenFiles:
        """What it did."""
        here = [day for day, done in self._days.items() if done]
        first, last = min(self._days, default=0), max(here, default=-1)
        missing = tuple(day for day in range(first, last) if not self._days.get(day))
        unlisted = [entries.day_of(day) for day in missing if day not in self._days]
        problems = [f"{day}: no file of it stands in the log, though later ones do" for day in unlisted]
        return TakenFiles(
            self._files, self._items, self._forgotten, (last + 1) * DAY, missing, (*self._problems, *problems)
        )

    # ---- what was withdrawn ------------------------------------------------------------------------

    def obey(self, log: LoggedFolder) -> None:
        """Forgets what the log's lists name."""
        for digest in filter(None, map(entries.withdrawn_of, log.entries)):
            name = f"withdrawn-{digest}.txt"
            try:
                listed = self._list(log, name, digest)
            except (NotExchange, RequestRefused) as problem:
                self._problems.append(f"{name}: is in the log and cannot be had: {problem}")
                continue
            self._withdrawn = WithdrawnList(self._withdrawn.marks | listed.marks, self._withdrawn.lines | listed.lines)
            if cursor_of(self._peer.database, name) != DONE:
                self._forget(name, listed.marks)

    def _list(self, log: LoggedFolder, name: str, digest: str) -> WithdrawnList:
        file = self._site.folder / name
        data = file.read_bytes() if file.exists() else self._http.get(log.files + name).body
        if hashlib.sha256(data).hexdigest() != digest:
            raise NotExchange("it is not the list that stands in the log")
        listed = parse_withdrawn(data.decode("utf-8", "replace"))
        if not file.exists():
            log_files.write_bytes(file, data)
        return listed

    def _forget(self, name: str, marks: Collection[str]) -> None:
        outcomes = forget_all(self._peer, sorted(marks)) if marks else []
        self._forgotten += sum(not isinstance(outcome, HotPapersError) for outcome in outcomes)
        self._peer.database.erase_traces()
        self._peer.append([], source=name, cursor=DONE)

    # ---- files -------------------------------------------------------------------------------------

    def take(self, log: LoggedFolder) -> None:
        """Takes in the files of a log that are not here yet, and no older than what is ever counted."""
        at, names = self._http.now(), set[str]()
        for file in filter(None, map(entries.observed_of, log.entries)):
            if (file.day + 1) * DAY <= at - REACH or not self._is_possible(file, at, names):
                continue
            done = cursor_of(self._peer.database, file.name) == DONE
            try:
                if not done:
                    self._items += self._take_in(file, self._fetched(log, file))
                    self._files, done = self._files + 1, True
            except RequestRefused as problem:
                self._problems.append(f"{file.name}: is in the log and withheld: {problem}")
            except (NotExchange, NotAProof) as problem:
                self._problems.append(str(problem))
            self._days[file.day] = self._days.get(file.day, True) and done

    def _is_possible(self, file: ObservedFile, at: int, names: set[str]) -> bool:
        """Whether a leaf names a day that is over, and no file that another leaf names."""
        try:
            name = file.name
        except ValueError:
            self._problems.append(f"the log names a file of day {file.day:,}, which no calendar has")
            return False
        if name in names or (file.day + 1) * DAY > at + HOUR:
            reason = "stands in the log twice" if name in names else "is of a day that is not over"
            self._problems.append(f"{name}: {reason}")
            return False
        names.add(name)
        return True

    def _fetched(self, log: LoggedFolder, file: ObservedFile) -> list[ObservationLine]:
        """A file's lines, checked. Raises NotExchange, NotAProof, NetError."""
        name = file.name + SUFFIX
        lines = observations.read_packed(name, self._http.get(log.files + name).body)
        if root_of(lines) != file.root:
            raise NotAProof("its lines are not those that stand in the log", file=name)
        for number, line in enumerate(lines):
            if line.item is None and (file.name, number) not in self._withdrawn.lines:
                raise NotAProof(f"line {number} is withheld: no list in the log says that it was withdrawn", file=name)
            if line.item is not None and _latest(line.item) > self._http.now() + HOUR:
                raise NotAProof(f"line {number} is of a moment that is still to come", file=name)
        return lines

    def _take_in(self, file: ObservedFile, lines: Sequence[ObservationLine]) -> int:
        """The lines that are not here yet, a part at a time; how many items were new."""
        added = 0
        first = int(cursor_of(self._peer.database, file.name) or 0)
        for start in range(first, len(lines), CHUNK):
            end = min(start + CHUNK, len(lines))
            written = self._peer.append(self._welcome(lines[start:end]), source=file.name, cursor=str(end))
            added += written.added
        self._peer.append([], source=file.name, cursor=DONE)
        return added

    def _welcome(self, lines: Sequence[ObservationLine]) -> Iterator[model.Item]:
        """What of some lines goes in: of networks that may be read here, and nothing that was withdrawn since."""
        for line in lines:
            item = line.item
            if item is None or any(mark in self._withdrawn.marks for mark in observations.marks_in(item)):
                continue
            networks = {*map(network_of, observations.marks_in(item)), getattr(item, "network", "arxiv")}
            if all(terms.of(self._allowed, network).read != "no" for network in networks):
                yield item


def _latest(item: model.Item) -> int:
    """The last moment that an item names."""
    return max(item.observed_at, getattr(item, "until_at", 0))
