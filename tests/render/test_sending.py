"""Sending: each parcel to each target once, also where it was interrupted at any instant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotpapers.deliver.send import send_issue
from hotpapers.errors import NetError, RequestRefused, RetryLater
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.model import HttpClient, IssueReader, Message
from hotpapers.store import Record
from tests.deliveries import deliveries
from tests.issues.made import DAY, background, frozen, moment, paper, talk, write
from tests.sources.net import ScriptedClient

TARGETS = ("a", "b", "c", "d")


class Killed(BaseException):
    """The program ended here."""


class Box:
    """Targets that keep what came; they can be asked. `plan`: what happens at each sending in turn."""

    name = "box"

    def __init__(self, plan: list[str]) -> None:
        self.plan, self.got = plan, list[str]()

    def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
        return (Message(target, day) for target in TARGETS)

    def send(self, message: Message, http: HttpClient) -> str:
        step = self.plan.pop(0) if self.plan else "ok"
        if step == "killed before":
            raise Killed
        if step == "no route":
            raise NetError("no route")
        if step == "unreached":
            problem = NetError("unreached")
            problem.tries = 0
            raise problem
        if step == "busy":
            raise RetryLater(60, "busy")
        if step == "no":
            raise RequestRefused("no such target")
        self.got.append(message.target)
        if step == "killed after":
            raise Killed
        return f"receipt-{message.target}"

    def receipt_of(self, message: Message, http: HttpClient) -> str | None:
        return f"receipt-{message.target}" if message.target in self.got else None


class Mute(Box):
    """Targets that cannot be asked."""

    def receipt_of(self, message: Message, http: HttpClient) -> str:
        return "nobody knows"


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    with Record(sqlite_url) as opened:
        write(opened, background(), paper(1), talk(1, 60, moment(f"{DAY}T02:00")))
        frozen(opened)
        yield opened


STEPS = st.lists(st.sampled_from(["ok", "killed before", "killed after", "no route", "busy"]), max_size=8)


def test_everything_arrives_once_whatever_happens(record: Record) -> None:
    http = ScriptedClient({})
    numbers = iter(range(10_000))

    @settings(max_examples=60)
    @given(STEPS)
    def checked(plan: list[str]) -> None:
        box = Box(plan)
        box.name = f"box-{next(numbers)}"
        for _ in range(20):
            try:
                done = send_issue(record, box, RecordIssueReader(record), "daily", DAY, http)
            except Killed:
                continue
            if done.sent + done.before == len(TARGETS):
                break
        assert sorted(box.got) == list(TARGETS)
        states = deliveries(record, box.name)
        assert states == dict.fromkeys(TARGETS, "sent")

    checked()


def test_who_refuses_is_not_asked_again_and_stops_no_other(record: Record) -> None:
    box, http = Box(["ok", "no"]), ScriptedClient({})
    done = send_issue(record, box, RecordIssueReader(record), "daily", DAY, http)
    assert (done.sent, done.problems) == (3, (("b", "no such target"),))
    assert deliveries(record, "box")["b"] == "failed"
    done = send_issue(record, box, RecordIssueReader(record), "daily", DAY, http)
    assert (done.sent, done.before, done.problems) == (0, 4, ()) and box.got == ["a", "c", "d"]


def test_who_is_busy_is_left_for_later(record: Record) -> None:
    box, http = Box(["ok", "busy"]), ScriptedClient({})
    done = send_issue(record, box, RecordIssueReader(record), "daily", DAY, http)
    assert (done.sent, done.waiting, done.problems) == (1, 60, (("b", "busy"),))


def test_who_cannot_be_asked_gets_it_once_as_long_as_it_is_known_that_it_did_not_arrive(record: Record) -> None:
    http = ScriptedClient({})
    numbers = iter(range(10_000))

    @settings(max_examples=40)
    @given(st.lists(st.sampled_from(["ok", "unreached", "busy"]), max_size=8))
    def checked(plan: list[str]) -> None:
        box = Mute(plan)
        box.name = f"mute-{next(numbers)}"
        for _ in range(20):
            if send_issue(record, box, RecordIssueReader(record), "daily", DAY, http).before == len(TARGETS):
                break
        assert sorted(box.got) == list(TARGETS)

    checked()


def test_who_cannot_be_asked_never_gets_it_twice(record: Record) -> None:
    box, http = Mute(["killed before"]), ScriptedClient({})
    with pytest.raises(Killed):
        send_issue(record, box, RecordIssueReader(record), "daily", DAY, http)
    assert send_issue(record, box, RecordIssueReader(record), "daily", DAY, http).sent == len(TARGETS)
    assert box.got == ["b", "c", "d"]
    [(receipt,)] = record.database.rows("SELECT receipt FROM delivery WHERE state = 'sent' AND target = 'a'")
    assert receipt == "nobody knows"
