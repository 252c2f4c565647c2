"""Whatever escapes a job is that job's failure: told, noted, tried again with growing waits; the others go on."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hotpapers import running
from hotpapers.collect import Leases, Rounds, Runner, assembly, defects, known, reading, recounting
from hotpapers.collect.assembly import Choice, Site, make_jobs, read_settings
from hotpapers.collect.decisions import FAILED_AGAIN
from hotpapers.collect.naming import SharedNames
from hotpapers.collect.reading import Line
from hotpapers.collect.rounds import Clock, Work
from hotpapers.errors import Stopped, StoreError, UsageError
from hotpapers.model import DAY, HOUR, Publication
from hotpapers.net import Reservations, Witnesses
from hotpapers.record import Record, follow
from hotpapers.record import duty as duties
from hotpapers.running import (
    Health,
    Housekeeping,
    Outlet,
    Place,
    Publishing,
    Sending,
    housekeeping,
    publishing,
    sending,
)
from hotpapers.sources.lobsters import Lobsters
from tests.collect.made import LIST
from tests.collect.test_recounting import post, story
from tests.running.test_sending import Box
from tests.sources.net import START, ScriptedNet

LOAD = duties.load  # as it is when no test breaks it
LOAD = duties.load


class Panic(BaseException):
    """As a library in Rust raises it: no `Exception`."""


ERRORS: tuple[BaseException, ...] = (
    RecursionError("too deep"), MemoryError(), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    KeyError("items"), OSError(28, "No space left"), UsageError("a file is gone"), Panic("index out of range"),
)  # fmt: skip
PLACES: dict[str, list[tuple[object, str]]] = {
    "lobsters": [
        (assembly, "KnownPosts"), (Lobsters, "__init__"), (Lobsters, "pages"), (reading, "news"),
        (reading, "cursor_of"), (known.KnownPosts, "look"), (SharedNames, "look"), (Record, "read"),
        (reading, "note_traffic"), (duties, "load"), (duties, "save"), (Leases, "take"),
    ],
    "lobsters/counts": [
        (assembly, "_recounting"), (Lobsters, "counts"), (follow, "learn"), (follow, "due"), (follow, "asked"),
        (recounting, "news"), (Record, "read"), (duties, "save"),
    ],
    "issues": [
        (publishing.Publishing, "__init__"), (publishing, "publication_of"), (publishing, "began"),
        (publishing, "freeze_judged"), (publishing, "position_at"), (publishing, "unsent"), (publishing, "press"),
        (duties, "save"),
    ],
    "sending": [(sending, "fresh"), (running.Sending, "_work"), (duties, "load")],
    "housekeeping": [(housekeeping, "prune"), (follow, "drop_older"), (duties, "load")],
}  # fmt: skip


class Broken:
    """A function that raises one error after the other where one job calls it, then works again."""

    def __init__(self, where: object, name: str, job: str) -> None:
        self._usual: Callable[..., Any] = getattr(where, name)
        self._job, self._left = job, list(ERRORS)

    @property
    def over(self) -> bool:
        return not self._left

    def patch(self) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            if threading.current_thread().name == self._job and self._left:
                raise self._left.pop(0)
            return self._usual(*given, **named)

        return call


class Living:
    """A site with one job of each kind, by a clock that runs fast, and how often each was tried."""

    def __init__(self, folder: Path, net: ScriptedNet) -> None:
        self.store, self.stop = str(folder / "hotpapers.db"), threading.Event()
        self._net, self._folder = net, folder
        self.tried, self.waits = Counter[str](), dict[str, list[float]]()
        self.leases = Leases(partial(Record, self.store), "one")
        self.site = Site(self.store, "", self.stop, self.leases, SharedNames(), Reservations(), Witnesses())
        self.clock = Clock(net.now, self._sleep)
        self._outlet = Outlet(Box(), net)

    def _sleep(self, seconds: float) -> None:
        name = threading.current_thread().name
        self.tried[name] += 1
        self.waits.setdefault(name, []).append(seconds)
        self._net.advance(HOUR / 1e6 if name.endswith("counts") else 0.1)
        if self.stop.wait(0.002):
            raise Stopped("told to")

    def jobs(self) -> dict[str, Callable[[], Rounds]]:
        reads = make_jobs([Choice("lobsters", read_settings("lobsters", {}, ""))], self.site)
        places = [Place("daily", "markdown", self._folder / "public")]
        others: dict[str, Callable[[], Any]] = {
            "issues": lambda: Publishing(["daily"], places),
            "sending": lambda: Sending(["daily"], lambda record: [self._outlet]),
            "housekeeping": lambda: Housekeeping(Line(self._net), "", lambda work: Health(True, (), ())),
        }
        return {**reads, **{name: partial(self._rounds, name, make) for name, make in others.items()}}

    def _rounds(self, name: str, make: Callable[[], Any]) -> Rounds:
        return Rounds(name, make, self.site.record, self.leases, self.clock)

    def duty(self, job: str) -> duties.Duty:
        with Record(self.store) as record:
            return LOAD(record, job)


def answers(url: str) -> bytes:
    if url.startswith(LIST):
        return b"[" + story("aa", 3) + b"]"
    return story("aa", 3)


@pytest.fixture
def living(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Living]:
    net = ScriptedNet(answers, now=START + 7 * HOUR)
    one = Living(tmp_path, net)
    line = Line(net)
    monkeypatch.setattr(assembly, "make_line", lambda own, secrets, site: line)
    monkeypatch.setattr(assembly, "Clock", lambda now, sleep: one.clock)
    monkeypatch.setattr(sending, "TIDY_EVERY", 1)
    monkeypatch.setattr(housekeeping, "PRUNE_EVERY", 1)
    with Record(one.store) as record:
        daily = Publication(publication="daily", title="D", observed_at=START - 9 * DAY)
        record.write([daily, post("aa")], source="settings", at=START - 9 * DAY)
    yield one


def until(done: Callable[[], bool], why: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, why()
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("job", "where", "name"),
    [(job, *place) for job, places in PLACES.items() for place in places],
    ids=[f"{job}-{name}" for job, places in PLACES.items() for _, name in places],
)
def test_what_escapes_a_job_is_its_failure_alone(
    living: Living,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    job: str,
    where: object,
    name: str,
) -> None:
    broken = Broken(where, name, job)
    monkeypatch.setattr(where, name, broken.patch())
    noted = list[duties.Duty]()
    monkeypatch.setattr(Rounds, "attempt", _then(Rounds.attempt, job, lambda: noted.append(living.duty(job))))
    jobs = living.jobs()
    thread = threading.Thread(target=Runner(jobs, living.stop).run)
    with living.leases:
        thread.start()
        try:
            until(lambda: broken.over, lambda: (broken._left, living.tried))
            then = living.tried.copy()
            until(lambda: all(living.tried[one] >= then[one] + 3 for one in jobs), lambda: (then, living.tried))
            assert thread.is_alive() and not living.stop.is_set()
        finally:
            living.stop.set()
            thread.join()
    assert [living.duty(one).failing_since for one in jobs] == [None] * len(jobs)
    told = [record for record in caplog.records if record.getMessage() == "defect"]
    assert {getattr(record, "fields")["job"] for record in told} <= {job}  # noqa: B009
    if name not in ("save", "load", "take"):  # by which it would be noted
        assert any(duty.state in ("defect", "partial", "down") and duty.failing_since for duty in noted)
        assert not any("index out of range" in duty.reason or "items" in duty.reason for duty in noted)


def _then(attempt: Callable[..., Any], job: str, look: Callable[[], object]) -> Callable[..., Any]:
    def call(self: Rounds, **named: Any) -> Any:
        following = attempt(self, **named)
        if self.name == job:
            with suppress(StoreError):  # the store may be busy with the other jobs; then this look is left out
                look()
        return following

    return call


def test_the_waits_grow_and_a_round_that_goes_well_ends_them(living: Living, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Broken(Lobsters, "pages", "lobsters")
    monkeypatch.setattr(Lobsters, "pages", broken.patch())
    thread = threading.Thread(target=Runner({"lobsters": living.jobs()["lobsters"]}, living.stop).run)
    with living.leases:
        thread.start()
        until(lambda: living.tried["lobsters"] > len(ERRORS), lambda: living.tried)
        living.stop.set()
        thread.join()
    waits = living.waits["lobsters"][: len(ERRORS)]
    assert waits[0] >= FAILED_AGAIN[0] and waits[-1] >= FAILED_AGAIN[1] / 2
    assert all(later > earlier for earlier, later in pairwise(waits[:5]))


def test_what_a_defect_says_is_where_it_is_and_no_strangers_words(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(KeyError) as caught:
        dict[str, str]()["somebody@example.org"]
    assert "KeyError" in defects.said(caught.value) and "somebody" not in defects.said(caught.value)
    assert defects.said(UsageError("a file is gone")) == "a file is gone"
    defects.tell_defect("lobsters", caught.value)
    assert "somebody" not in str(vars(caplog.records[-1]))
    problems: list[str] = []
    with defects.apart(problems, "issues", "daily"):
        read_settings("no-such-source", {}, "")
    assert len(problems) == 1 and problems[0].startswith("daily: ")


def test_a_job_that_cannot_even_be_closed_is_left_behind(tmp_path: Path) -> None:
    class Stuck:
        name = "stuck"

        def round(self, work: Work, *, once: bool) -> float:
            raise KeyError

        def close(self) -> None:
            raise Panic

    store = str(tmp_path / "hotpapers.db")
    open_record = partial(Record, store)
    made = list[Stuck]()

    def make() -> Stuck:
        made.append(Stuck())
        return made[-1]

    rounds = Rounds("stuck", make, open_record, Leases(open_record, "one"), Clock(lambda: START, lambda seconds: None))
    states = [following.state for following in (rounds.attempt(), rounds.attempt()) if following]
    assert states == ["defect", "defect"] and len(made) == 2, "what may be half done is made anew"
