"""The sending job: sends what is fresh, once, with retries, and stays alive while sending takes long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from hotpapers.errors import NetError, RequestRefused, RetryLater, SettingsError, TakenOver
from hotpapers.issues import freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.jobs import job_state
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobLoop
from hotpapers.model import HOUR, HttpClient, IssueReader, Message, Publication
from hotpapers.schedule import SenderDestination, SendJob
from hotpapers.schedule.sending import fresh_days, problem_lines, send_day
from hotpapers.store import Record
from tests.issues.made import DAILY, DAY, background, moment, paper, talk, write
from tests.sources.net import ScriptedClient

CUT = moment(f"{DAY}T08:00")
A_DAY = 24 * HOUR


class Box:
    """A sender that keeps what it is given. `plan`: what happens to each parcel in turn."""

    name = "box"

    def __init__(self, targets: int = 2) -> None:
        self.targets, self.plan, self.got = targets, list[Exception](), list[tuple[str, str]]()

    def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
        return (Message(f"t{n}", day) for n in range(self.targets))

    def send(self, message: Message, http: HttpClient) -> str:
        if self.plan:
            raise self.plan.pop(0)
        self.got.append((message.target, str(message.payload)))
        return "fine"

    def receipt_of(self, message: Message, http: HttpClient) -> str | None:
        return None


class Made:
    """The job's rounds, its sender, its clock, and which functions were called."""

    def __init__(self, store: str) -> None:
        self.record = Record(store)
        self.box, self.called = Box(), list[str]()
        self.at = CUT + 1
        open_record = partial(Record, store)
        self.leases = Leases(open_record, "one")
        self.opened: Callable[[], SenderDestination] = self.usual
        job = SendJob(["daily"], lambda record: [self.destinations()])
        self.rounds = JobLoop(job.name, lambda: job, open_record, self.leases, Clock(lambda: self.at, lambda s: None))

    def destinations(self) -> Iterator[SenderDestination]:
        """The channel's only sender, opened when its turn comes."""
        yield self.opened()

    def usual(self) -> SenderDestination:
        """The working sender."""
        note = self.called.append
        http = ScriptedClient({})
        return SenderDestination(
            self.box, http, partial(note, "check"), lambda at: note(f"tidy {at}"), partial(note, "close")
        )

    def freeze(self, day: str = DAY, at: int = 0, publication: Publication = DAILY) -> None:
        freeze.freeze(self.record, publication, day, at=at or self.at)

    def round(self, later: int = 0) -> job_state.JobState:
        """A round `later` microseconds later; returns the job's state."""
        self.at += later
        assert self.rounds.attempt() is not None
        return jobs_queries.load_state(self.record, "sending")


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    one = Made(str(tmp_path / "hotpapers.db"))
    write(one.record, [DAILY], background(), paper(1), talk(1, 60, moment(f"{DAY}T02:00")))
    yield one
    one.rounds._close_store()
    one.record.database.close()


def test_a_frozen_issue_is_sent_once(made: Made) -> None:
    assert made.round().state == "idle" and made.box.got == []
    made.freeze()
    assert made.round(1000).state == "idle"
    assert made.box.got == [("t0", DAY), ("t1", DAY)]
    assert made.called.count("check") == 2 and made.called[-1] == "close"
    made.round(1000)
    assert len(made.box.got) == 2


def test_what_is_not_fresh_is_not_sent(made: Made) -> None:
    made.freeze()
    made.freeze("2024-05-08", CUT + 2 * A_DAY)
    assert list(fresh_days(made.record, "daily", CUT + A_DAY)) == [DAY, "2024-05-08"]
    assert list(fresh_days(made.record, "daily", CUT + 2 * A_DAY + 2)) == ["2024-05-08"]
    freeze.freeze(made.record, DAILY, DAY, again=True, reason="x", at=CUT + 3 * A_DAY)
    assert list(fresh_days(made.record, "daily", CUT + 3 * A_DAY)) == ["2024-05-08"], "a correction is no new issue"
    made.freeze("2024-05-09", CUT + 6 * A_DAY)
    assert list(fresh_days(made.record, "daily", CUT + 6 * A_DAY)) == [], "it was made up: its day closed long ago"
    assert list(fresh_days(made.record, "weekly", CUT)) == []


def test_what_cannot_be_sent_is_told_and_tried_again(made: Made) -> None:
    made.freeze()
    unreached = NetError("no route")
    unreached.tries = 0
    made.box.plan = [unreached, NetError("broken")]
    status = made.round()
    assert status.state == "partial" and status.reason == f"box {DAY}: 2 not sent (broken and 1 other reasons)"
    assert made.round(1000).state == "idle" and len(made.box.got) == 2


def test_who_asks_for_time_is_left_alone_for_so_long(made: Made) -> None:
    made.freeze()
    made.box.plan = [RetryLater(600, "busy")]
    assert made.round().reason == f"box {DAY}: 1 not sent (busy)"
    assert made.round(599 * 1_000_000).state == "idle" and made.box.got == []
    made.round(2 * 1_000_000)
    assert len(made.box.got) == 2


def test_a_check_that_stops_is_a_problem_and_everything_is_closed(made: Made) -> None:
    def stop() -> None:
        raise RetryLater(60, "the relay sleeps")

    made.opened = lambda: made.usual()._replace(check=stop)
    made.freeze()
    status = made.round()
    assert status.reason == f"box {DAY}: the relay sleeps: try again in 60 s"
    assert made.called[-1] == "close" and not made.box.got


def test_what_was_sent_before_a_check_stopped_the_rest_is_counted(made: Made) -> None:
    def stop() -> None:
        if made.box.got:
            raise RequestRefused("too many fail")

    made.freeze()
    destination = made.usual()._replace(check=stop)
    result = send_day(destination, RecordIssueReader(made.record), made.record, "daily", DAY)
    assert (result.sent, result.problems, result.stopped) == (1, (), "too many fail") and len(made.box.got) == 1
    assert problem_lines("box", DAY, result) == [f"box {DAY}: too many fail"]


def test_a_sender_that_can_no_longer_be_made_is_told(made: Made) -> None:
    def gone() -> SenderDestination:
        raise SettingsError("mailing.password_file: secret: cannot be read")

    made.opened = gone
    made.freeze()
    status = made.round()
    assert (status.state, status.reason) == ("partial", "mailing.password_file: secret: cannot be read")
    made.opened = made.usual
    assert made.round(1000).state == "idle" and len(made.box.got) == 2


def test_a_long_list_is_seen_to_be_alive_and_stops_when_taken_over(made: Made) -> None:
    made.freeze()
    made.box.targets = 5
    beats: list[int | None] = []

    def slowly() -> None:
        beats.append(jobs_queries.load_state(made.record, "sending").success_at)
        made.at += 61_000_000
        if len(beats) == 4:
            raise TakenOver("another has it")

    made.opened = lambda: made.usual()._replace(check=slowly)
    assert made.rounds.attempt() is None
    assert len(made.box.got) == 3 and len(set(beats)) == 4 and None not in beats


def test_it_is_tidied_once_an_hour(made: Made) -> None:
    for _ in range(5):
        made.round(HOUR // 2)
    assert len([one for one in made.called if one.startswith("tidy")]) == 3


def test_nothing_is_open_at_the_end(made: Made) -> None:
    made.rounds.job.close()
    assert made.called == []
