"""Adds a followed site's files to a store of their own: only files that are in the site's log, and each of them once.

A whole file is checked before its first line goes in. It goes in by parts, each a batch with a cursor under the file's
name, so a killed process resumes where it was. What the site withdraws is forgotten by its marks; counts made from it
stay, as with any forgetting. How much is fetched is limited, so no log, whatever it lists, can fill the disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from typing import NamedTuple

import msgspec

from hotpapers.base import file_modes, keys, model, network_terms
from hotpapers.base.errors import HotPapersError, NotAProof, NotExchange, RequestRefused
from hotpapers.base.model import DAY, HOUR, HttpClient
from hotpapers.base.networks import network_names
from hotpapers.base.spans import Span, clip_spans, merge_spans
from hotpapers.base.text.words import count_noun
from hotpapers.keep.privacy import forget, queries
from hotpapers.record import Record, batches, meta
from hotpapers.wings.peers.following.fetched_log import FetchedLogs, FollowedSite, LoggedFolder
from hotpapers.wings.proof import entries, observations
from hotpapers.wings.proof.entries import ListLeaf, ObservedFile

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
    others: tuple[str, ...]

    @property
    def all_problems(self) -> tuple[str, ...]:
        return (*self.others, *self.problems)


def no_bar(length: int) -> AbstractContextManager[Callable[[int], object]]:
    """A progress bar that shows nothing."""
    return nullcontext(lambda done: None)


class Intake:
    """One round. `peer`: the store of the site's observations."""

    def __init__(
        self, site: FollowedSite, fetched: FetchedLogs, peer: Record, http: HttpClient, allowed: network_terms.Table
    ) -> None:
        self._site = site
        self._fetched = fetched
        self._peer = peer
        self._http = http
        self._allowed = allowed
        self._withdrawn = set[str]()  # rows of lists
        self._unusable_lists = set[str]()
        self._problems = list(fetched.problems)
        self._done = batches.sources_at(peer.database, DONE)
        self._oldest = oldest_hour(http.now())
        self._lists = [(log, leaf) for log in fetched.logs for leaf in lists_since(log, self._oldest)]
        # hours of files
        self._covered = list[Span]()
        self._absent = list[Span]()
        self._added_hours: list[int] = []
        self._items = self._forgotten = 0
        self._allowance = Allowance(site, http.now())

    def run(self, progress: ProgressBar) -> IntakeResult:
        """Forget what was withdrawn, then add the new files. A bad file doesn't stop the others; a site that does not
        answer does. Raises NetError, StoreError, NotAProof for too many withdrawals."""
        if not self._peer.head.position:
            meta.save_meta(self._peer.database, BEGAN, str(self._oldest))
        self._apply_withdrawals()
        self._drop_old_lists()
        files = [(log, file) for log in self._fetched.logs for file in self._files_of(log)]
        self._name_absent_parts([file for _, file in files])
        are_new = (file.name not in self._done for _, file in files)
        new_files = sum(are_new)
        if new_files:
            self._load_withdrawn()
        with progress(new_files) as step:
            for log, file in files:
                self._take(log, file, step)
        covered = merge_spans(self._covered)
        complete = subtract_spans(covered, merge_spans(self._absent))
        until = complete[-1][1] if complete else 0
        apart = [(covered[0][0], until)] if complete else []
        missing = subtract_spans(apart, complete)
        problems = [
            f"{_range_name(hour_range)}: the log has no file for it, though it has later ones"
            for hour_range in subtract_spans(missing, covered)
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

    def _apply_withdrawals(self) -> None:
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

    def _load_withdrawn(self) -> None:
        """Load what all lists name, which is only needed for new files. Raises NotAProof if it is too much."""
        for log, leaf in self._lists:
            if leaf.name not in self._unusable_lists:
                self._withdrawn |= self._usable_list(log, leaf) or frozenset()
            if len(self._withdrawn) > MAX_WITHDRAWN_LINES:
                raise NotAProof(
                    f"{self._site.name}: its lists withdraw more than {MAX_WITHDRAWN_LINES:,} marks and lines"
                )
        self._allowance.save()

    def _drop_old_lists(self) -> None:
        """Delete our copies of lists that are no longer needed: no file of the time that is read is older."""
        needed = {leaf.name for _, leaf in self._lists}
        known = {leaf.name for log in self._fetched.logs for leaf in lists_since(log, 0)}
        for file in self._site.folder.glob("withdrawn-*.txt"):
            if file.name in known - needed:
                file.unlink()

    def _usable_list(self, log: LoggedFolder, leaf: ListLeaf) -> frozenset[str] | None:
        """A list; None if it cannot be used now, which is noted."""
        file = self._site.folder / leaf.name
        data = file.read_bytes() if file.exists() else b""
        is_here = hashlib.sha256(data).digest() == leaf.digest  # otherwise, it is missing or our copy is damaged
        try:
            if not is_here:
                data = self._get(log.files + leaf.name)
                if hashlib.sha256(data).digest() != leaf.digest:
                    raise NotExchange("it is not the list in the log")
            withdrawn = observations.parse_withdrawn(data.decode("utf-8", "replace"))
        except (NotExchange, RequestRefused) as problem:
            self._unusable_lists.add(leaf.name)
            if not self._allowance.refusal:
                self._problems.append(f"{leaf.name}: is in the log but unusable: {problem}")
            return None
        if not is_here:
            file_modes.write_atomically(file, data)
        return withdrawn

    def _forget(self, marks: Collection[str]) -> None:
        known_keys = set[str]()
        for network in network_names():  # Forgetting an unknown key would scan the whole store.
            known_keys |= queries.keys_known(self._peer.database, [f"{network}:{mark}" for mark in marks])
        outcomes = forget.forget_all(self._peer, sorted(known_keys)) if known_keys else []
        self._forgotten += sum(not isinstance(outcome, HotPapersError) for outcome in outcomes)

    # ---- files -------------------------------------------------------------------------------------

    def _files_of(self, log: LoggedFolder) -> list[ObservedFile]:
        """The valid files that a log names, except those too old to be counted."""
        files = dict[str, ObservedFile]()
        for file in entries.described_by(log.entries, entries.ObservedFile):
            if file.hour >= self._oldest:
                if problem := self._problem_with(file, files):
                    self._problems.append(problem)
                else:
                    files[file.name] = file
        return list(files.values())

    def _name_absent_parts(self, files: Sequence[ObservedFile]) -> None:
        """Report parts of hours that are in no log although later parts of the same hours are."""
        parts: dict[int, dict[int, int]] = {}
        for file in files:
            start, end = self._hours_of(file)
            parts.setdefault(file.hour, {})[file.part] = start
            self._covered.append((start, end))
        for hour, starts in sorted(parts.items()):
            if absent := max(starts) - len(starts):
                numbers = range(1, max(starts))
                first = next(part for part in numbers if part not in starts)
                more = f", like {count_noun(absent - 1, 'other part')} of the hour" if absent > 1 else ""
                self._problems.append(
                    f"{entries.hour_of(hour)}-{first}: is in no log{more}, though a later part of the hour is"
                )
                self._absent.append((min(starts.values()), hour + 1))

    def _hours_of(self, file: ObservedFile) -> Span:
        return max(file.first, self._oldest), file.hour + 1

    def _take(self, log: LoggedFolder, file: ObservedFile, step: Callable[[int], object]) -> None:
        """Add a file of a log if it is not here yet; `step` is called after the attempt."""
        if file.name in self._done:
            return
        try:
            self._items += self._append(file, self._fetch(log, file))
            self._added_hours.append(file.first)
            self._done.add(file.name)
        except RequestRefused as problem:
            if not self._allowance.refusal:
                self._problems.append(f"{file.name}: is in the log but withheld: {problem}")
        except (NotExchange, NotAProof) as problem:
            self._problems.append(str(problem))
        self._allowance.save()
        step(1)
        if file.name not in self._done:
            self._absent.append(self._hours_of(file))

    def _problem_with(self, file: ObservedFile, others: Collection[str]) -> str:
        """Why a leaf does not name a part of hours that are over, or a file that no `others` name; empty if it does."""
        try:
            name = file.name
        except ValueError:
            return f"the log names a file of hour {file.hour:,}, which is out of range"
        if not file.part:
            return f"{name}: its parts are counted from 1"
        if name in others:
            return f"{name}: is in the log twice"
        is_over = file.first <= file.hour and file.hour * HOUR <= self._http.now()
        return "" if is_over else f"{name}: is of an hour that is not over by this machine's clock"

    def _fetch(self, log: LoggedFolder, file: ObservedFile) -> list[observations.ObservationLine]:
        """A file's checked lines. Raises NotExchange, NotAProof, NetError."""
        name = file.name + observations.SUFFIX
        lines = observations.read_packed(name, self._get(log.files + name))
        self._allowance.note(FetchedAmount(0, 0, len(lines)))
        if observations.root_of(line.hash for line in lines) != file.root:
            raise NotAProof("its lines do not match the log", file=name)
        for number, line in enumerate(lines):
            if line.item is None and observations.line_row(file.name, number) not in self._withdrawn:
                raise NotAProof(f"line {number} is withheld, but no list in the log withdraws it", file=name)
            if line.item:
                latest = max(line.item.observed_at, getattr(line.item, "until_at", 0))
            else:
                latest = 0
            if latest > self._http.now() + HOUR:
                raise NotAProof(f"line {number} is dated in the future", file=name)
        return lines

    def _get(self, address: str) -> bytes:
        """Fetch a file, within the allowance. Raises RequestRefused, NetError."""
        self._allowance.check()
        try:
            body = self._http.get(address).body
        except RequestRefused:
            self._allowance.note(FetchedAmount(1, 0, 0), is_refused=True)
            raise
        self._allowance.note(FetchedAmount(1, len(body), 0))
        return body

    def _append(self, file: ObservedFile, lines: Sequence[observations.ObservationLine]) -> int:
        """Append the lines that are not here yet, a part at a time. Returns how many items were new."""
        added = 0
        first = int(batches.cursor_of(self._peer.database, file.name) or 0)
        for start, end in pairwise([*range(first, len(lines), CHUNK), len(lines)] if lines else [0, 0]):
            cursor = DONE if end == len(lines) else str(end)
            added += self._peer.append(self._admitted_items(lines[start:end]), source=file.name, cursor=cursor).added
        return added

    def _admitted_items(self, lines: Sequence[observations.ObservationLine]) -> Iterator[model.Item]:
        """The items to store: only from networks that may be read here, and nothing withdrawn since."""
        for line in lines:
            if (item := line.item) is not None:
                marks = observations.marks_in(item)
                networks = {*map(keys.network_of, marks), getattr(item, "network", "arxiv")}
                is_allowed = all(network_terms.terms_of(self._allowed, network).read != "no" for network in networks)
                if is_allowed and self._withdrawn.isdisjoint(map(keys.own_id, marks)):
                    yield item


def oldest_hour(at: int) -> int:
    """The oldest hour whose files and lists are read; older ones are no longer published."""
    return (at - observations.REACH) // HOUR


def lists_since(log: LoggedFolder, oldest: int) -> Iterator[ListLeaf]:
    """The lists of what was withdrawn that a log names, except those older than an hour."""
    leaves = entries.described_by(log.entries, entries.ListLeaf)
    return (leaf for leaf in leaves if leaf.hour >= oldest)


def missed_list(peer: Record, logs: Sequence[LoggedFolder], at: int) -> str:
    """The name of a list that a store of observations needed and never got, and that is no longer published; empty if
    there is none."""
    if not peer.head.position:
        return ""
    began = int(meta.read_meta(peer.database, BEGAN) or 0)
    done = batches.sources_at(peer.database, DONE)
    leaves = (leaf for log in logs for leaf in lists_since(log, began) if leaf.hour < oldest_hour(at))
    return next((leaf.name for leaf in leaves if leaf.name not in done), "")


def _range_name(hour_range: Span) -> str:
    """`2026-03-11T06`, or `2026-03-11T06 to 2026-03-11T09`."""
    first = hour_range[0]
    last = hour_range[1] - 1
    hour = entries.hour_of(first)
    return hour + (f" to {entries.hour_of(last)}" if last > first else "")


# ---- how much may be fetched -----------------------------------------------------------------------------

FILE = "fetched.json"
"""The day's amounts, in the site's folder."""


class FetchedAmount(NamedTuple):
    """Files, their bytes as sent (compressed), and their lines."""

    files: int
    bytes: int
    lines: int

    def __str__(self) -> str:
        megabytes = self.bytes // 1_000_000
        return f"{self.files:,} files, {megabytes:,} MB or {self.lines:,} lines"

    def plus(self, other: FetchedAmount) -> FetchedAmount:
        """The sum of both."""
        files = self.files + other.files
        lines = self.lines + other.lines
        return FetchedAmount(files, self.bytes + other.bytes, lines)


NOTHING = FetchedAmount(0, 0, 0)
MAX_IN_ROUND = FetchedAmount(2_500, 500_000_000, 10_000_000)
"""Beyond this, a round leaves the rest to the next one. 90 days of hourly files are 2,160 files."""
MAX_IN_DAY = FetchedAmount(5_000, 1_000_000_000, 20_000_000)
"""Beyond this, the rest waits for the next day, UTC."""


class _DayFetched(msgspec.Struct, frozen=True, kw_only=True):
    """The content of the file. `day`: days since 1970."""

    day: int
    fetched: FetchedAmount


class Allowance:
    """The remaining budget for fetching from a site in this round and on this day."""

    def __init__(self, site: FollowedSite, at: int) -> None:
        self._site = site
        self._day = at // DAY
        self._round = NOTHING
        self.refusal = ""
        try:
            day_fetched = msgspec.json.decode((site.folder / FILE).read_bytes(), type=_DayFetched)
        except (OSError, msgspec.MsgspecError):
            day_fetched = _DayFetched(day=0, fetched=NOTHING)
        self._today = self._written = day_fetched.fetched if day_fetched.day == self._day else NOTHING

    def check(self) -> None:
        """Raises RequestRefused if nothing more may be fetched; `refusal` then names the site and the reason."""
        for amount, most, period in (
            (self._today, MAX_IN_DAY, "per day; the rest waits for tomorrow"),
            (self._round, MAX_IN_ROUND, "per round; the rest waits for the next one"),
        ):
            if any(here >= limit for here, limit in zip(amount, most, strict=True)):
                self.refusal = f"{self._site.name}: lists more than the {most} fetched {period}"
                raise RequestRefused(self.refusal)

    def note(self, more: FetchedAmount, *, is_refused: bool = False) -> None:
        """Count what was fetched, even if it turns out to be unusable. A file that the site refuses counts for this
        round only: a log may list a million of them, but those that stay away must not use up every day's amount."""
        self._round = self._round.plus(more)
        if not is_refused:
            self._today = self._today.plus(more)

    def save(self) -> None:
        """Save the day's amount, after the fetched data went in: even a process that is killed often makes progress."""
        if self._today == self._written:
            return
        self._written = self._today
        day_fetched = msgspec.json.encode(_DayFetched(day=self._day, fetched=self._today))
        file_modes.write_atomically(self._site.folder / FILE, day_fetched)


def subtract_spans(apart: Iterable[Span], without: Sequence[Span]) -> list[Span]:
    """Subtracts spans from others; both must be disjoint and ascending."""
    result = []
    for start, end in apart:
        for left, right in clip_spans(without, start, end):
            if start < left:
                result.append((start, left))
            start = right
        if start < end:
            result.append((start, end))
    return result
