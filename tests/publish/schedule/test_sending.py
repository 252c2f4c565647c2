"""The sending job: sends what is fresh, once, with retries, and stays alive while sending takes long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from hotpapers.base import network_terms
from hotpapers.base.errors import NetError, RequestRefused, RetryLater, SettingsError, TakenOver
from hotpapers.base.model import HOUR, HttpClient, IssueReader, Message, Publication
from hotpapers.issues import freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.jobs import job_state
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobLoop
from hotpapers.publish.deliver.export_site import export_site
from hotpapers.publish.deliver.send import SenderDestination, send_issue
from hotpapers.publish.schedule.sending import LOOK, SendJob, fresh_days
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record
from tests.collect.sources.net import ScriptedClient
from tests.issues.made import DAILY, DAY, background, moment, paper, posts_about, write

CUT = moment(f"{DAY}T08:00")
A_DAY = 24 * HOUR
LOOK_AGAIN = int(LOOK * 1_000_000)


class RecordingSender:
    """A sender that keeps what it is given. `errors`: what the next sends raise, in order."""

    name = "box"

    def __init__(self, targets: int = 2) -> None:
        self.targets, self.errors, self.received = targets, list[Exception](), list[tuple[str, str]]()

    def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
        return (Message(f"t{n}", day) for n in range(self.targets))

    def send(self, message: Message, http: HttpClient) -> str:
        if self.errors:
            raise self.errors.pop(0)
        self.received.append((message.target, str(message.payload)))
        return "fine"

    def receipt_of(self, message: Message, http: HttpClient) -> str | None:
        return None


class SendingRounds:
    """The job's rounds, its sender, its clock, and which functions were called."""

    def __init__(self, store: str) -> None:
        self.record = Record(store)
        self.sender, self.calls = RecordingSender(), list[str]()
        self.at = CUT + 1
        open_record = partial(Record, store)
        self.leases = Leases(open_record, "one")
        self.open_destination: Callable[[], SenderDestination] = self.working_destination
        self.with_pages: set[str] = set()
        job = SendJob(
            ["daily"], lambda record: [self.destinations()], with_pages=self.with_pages, allowed=network_terms.TERMS
        )
        self.rounds = JobLoop(job.name, lambda: job, open_record, self.leases, Clock(lambda: self.at, lambda s: None))

    def destinations(self) -> Iterator[SenderDestination]:
        """The channel's only sender, opened when its turn comes."""
        yield self.open_destination()

    def working_destination(self) -> SenderDestination:
        """The working sender."""
        add_call = self.calls.append
        http = ScriptedClient({})
        return SenderDestination(self.sender, http, partial(add_call, "check"), partial(add_call, "close"))

    def freeze(self, day: str = DAY, at: int = 0, publication: Publication = DAILY) -> None:
        freeze.freeze_issue(self.record, publication, day, at=at or self.at)

    def round(self, delay: int = 0) -> job_state.JobState:
        """A round `delay` microseconds later; returns the job's state."""
        self.at += delay
        assert self.rounds.attempt() is not None
        return jobs_queries.load_state(self.record, "sending")


@pytest.fixture
def sending(tmp_path: Path) -> Iterator[SendingRounds]:
    rounds = SendingRounds(str(tmp_path / "hotpapers.db"))
    write(rounds.record, [DAILY], background(), paper(1), posts_about(1, 60, moment(f"{DAY}T02:00")))
    yield rounds
    rounds.rounds._close_store()
    rounds.record.database.close()


def test_a_frozen_issue_is_sent_once(sending: SendingRounds) -> None:
    assert sending.round().state == "idle" and sending.sender.received == []
    sending.freeze()
    assert sending.round(1000).state == "idle"
    assert sending.sender.received == [("t0", DAY), ("t1", DAY)]
    assert sending.calls.count("check") == 2 and sending.calls[-1] == "close"
    sending.round(1000)
    assert len(sending.sender.received) == 2


def test_a_message_waits_for_its_page_but_not_for_ever(sending: SendingRounds, tmp_path: Path) -> None:
    sending.with_pages |= {"daily", "weekly"}
    sending.freeze()
    sending.round(HOUR)
    assert sending.sender.received == []
    export_site(sending.record, "daily", [DAY], "site", tmp_path / "site", SiteConfig())
    sending.round(1000)
    assert len(sending.sender.received) == 2
    sending.at = CUT + 2 * A_DAY - 1
    sending.freeze("2024-05-08")
    sending.round(HOUR)
    assert len(sending.sender.received) == 2
    sending.round(3 * HOUR)
    assert len(sending.sender.received) == 4


def test_a_single_round_waits_for_no_page(sending: SendingRounds) -> None:
    sending.with_pages |= {"daily"}
    sending.freeze()
    assert sending.rounds.attempt(once=True) is not None
    assert len(sending.sender.received) == 2


def test_only_fresh_issues_are_sent(sending: SendingRounds) -> None:
    sending.freeze()
    sending.freeze("2024-05-08", CUT + 2 * A_DAY - 1)
    assert list(fresh_days(sending.record, "daily", CUT + A_DAY)) == [DAY, "2024-05-08"]
    assert list(fresh_days(sending.record, "daily", CUT + 2 * A_DAY + 2)) == ["2024-05-08"]
    freeze.freeze_issue(sending.record, DAILY, DAY, again=True, reason="x", at=CUT + 3 * A_DAY)
    assert list(fresh_days(sending.record, "daily", CUT + 3 * A_DAY)) == ["2024-05-08"], "a correction is no new issue"
    sending.freeze("2024-05-10", CUT + 6 * A_DAY - 1)
    assert list(fresh_days(sending.record, "daily", CUT + 6 * A_DAY)) == [], "its day closed long ago"
    assert list(fresh_days(sending.record, "weekly", CUT)) == []


def test_failures_are_reported_and_tried_again(sending: SendingRounds) -> None:
    sending.freeze()
    unreachable = NetError("no route")
    unreachable.tries = 0
    sending.sender.errors = [unreachable, NetError("broken")]
    status = sending.round()
    assert status.state == "partial" and status.reason == f"box {DAY}: 2 not sent (broken and 1 other reason)"
    assert sending.round(29 * 1_000_000).reason == status.reason and not sending.sender.received
    assert sending.round(1_000_000).state == "idle" and len(sending.sender.received) == 2


def test_what_was_never_sent_is_given_up_with_the_command_that_sends_it(
    sending: SendingRounds, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "hotpapers")
    sending.sender.targets, sending.sender.errors = 1, [NetError("no route")] * 2
    sending.freeze()
    sending.round()
    assert sending.round(A_DAY).state == "partial"
    assert sending.round(A_DAY).state == "idle"
    [record] = [record for record in caplog.records if record.message == "given up"]
    assert f"hotpapers publish {DAY} --publication daily --to box" in str(record.__dict__)
    sending.round(LOOK_AGAIN)
    assert caplog.messages.count("given up") == 1


def test_a_target_that_is_gone_delays_no_other_issue(sending: SendingRounds) -> None:
    sending.sender.targets = 1
    sending.sender.errors = [NetError("no route")] * 8
    sending.freeze()
    tries = []
    for minute in range(20):
        errors, status = len(sending.sender.errors), sending.round(LOOK_AGAIN)
        tries += [minute] if len(sending.sender.errors) < errors else []
        assert status.state == "partial" and status.next_at == sending.at + LOOK_AGAIN
    assert tries == [0, 1, 2, 4, 8, 16]


def test_a_sender_that_asks_to_wait_is_left_alone_that_long(sending: SendingRounds) -> None:
    sending.freeze()
    sending.sender.errors = [RetryLater(600, "busy")]
    assert sending.round().reason == f"box {DAY}: 1 not sent (busy)"
    assert sending.round(599 * 1_000_000).state == "idle" and sending.sender.received == []
    sending.round(2 * 1_000_000)
    assert len(sending.sender.received) == 2


def test_a_sender_that_keeps_asking_to_wait_is_asked_ever_less_often_and_stays_reported(sending: SendingRounds) -> None:
    sending.freeze()
    tries, states = list[int](), list[str]()
    for minute in range(40):
        sending.sender.errors = [RetryLater(300, "the relay sleeps")]
        states.append(sending.round(LOOK_AGAIN).state)
        tries += [] if sending.sender.errors else [minute]
    assert tries == [0, 5, 10, 15, 20, 28] and set(states[28:]) == {"partial"}


def test_what_cannot_be_closed_is_a_problem_and_keeps_no_other_channel_from_sending(sending: SendingRounds) -> None:
    def fail() -> None:
        raise OSError("closed already")

    sending.open_destination = lambda: sending.working_destination()._replace(close=fail)
    sending.freeze()
    assert sending.round().reason.startswith("box: internal error: OSError")


def test_a_check_that_stops_is_a_problem_and_everything_is_closed(sending: SendingRounds) -> None:
    def stop() -> None:
        raise RetryLater(60, "the relay sleeps")

    sending.open_destination = lambda: sending.working_destination()._replace(check=stop)
    sending.freeze()
    status = sending.round()
    assert status.reason == f"box {DAY}: the relay sleeps: try again in 60 s"
    assert sending.calls[-1] == "close" and not sending.sender.received


def test_messages_sent_before_a_check_stopped_the_rest_are_counted(sending: SendingRounds) -> None:
    def stop() -> None:
        if sending.sender.received:
            raise RequestRefused("too many fail")

    sending.freeze()
    destination = sending.working_destination()._replace(check=stop)
    result = send_issue(sending.record, destination, RecordIssueReader(sending.record), "daily", DAY)
    assert (result.sent, result.problems, result.stopped) == (1, (), "too many fail") and len(
        sending.sender.received
    ) == 1
    assert result.problem == "too many fail"


def test_a_sender_that_can_no_longer_be_created_is_reported(sending: SendingRounds) -> None:
    def refuse() -> SenderDestination:
        raise SettingsError("mailing.password_file: secret: cannot be read")

    sending.open_destination = refuse
    sending.freeze()
    status = sending.round()
    assert (status.state, status.reason) == ("partial", "mailing.password_file: secret: cannot be read")
    sending.open_destination = sending.working_destination
    assert sending.round(1000).state == "idle" and len(sending.sender.received) == 2


def test_a_long_sending_reports_progress_and_stops_when_taken_over(sending: SendingRounds) -> None:
    sending.freeze()
    sending.sender.targets = 5
    success_times: list[int | None] = []

    def check_slowly() -> None:
        success_times.append(jobs_queries.load_state(sending.record, "sending").success_at)
        sending.at += 61_000_000
        if len(success_times) == 4:
            raise TakenOver("another has it")

    sending.open_destination = lambda: sending.working_destination()._replace(check=check_slowly)
    assert sending.rounds.attempt() is None
    assert len(sending.sender.received) == 3 and len(set(success_times)) == 4 and None not in success_times


def test_nothing_is_open_at_the_end(sending: SendingRounds) -> None:
    sending.rounds.job.close()
    assert sending.calls == []
