"""Sending: each message once to each target, wherever it was interrupted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotpapers.deliver.queries import IssueEdition
from hotpapers.deliver.send import SendResult, finished_issues, keep_finished, send_issue
from hotpapers.errors import NetError, RequestRefused, RetryLater
from hotpapers.issues import freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.model import HOUR, HttpClient, IssueReader, Message
from hotpapers.store import Record
from tests.deliveries import deliveries, receipts, recorded
from tests.issues.made import DAILY, DAY, background, frozen, moment, paper, talk, write
from tests.sources.net import ScriptedClient

TARGETS = ("a", "b", "c", "d")


class Killed(BaseException):
    """The process dies here."""


class Box:
    """Targets that keep what they receive and can be queried. `plan`: what happens at each send, in order."""

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
    """Targets that cannot be queried."""

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
    assert receipts(record, "box")["a"] == "nobody knows"


# ---- what is stored outside the chain --------------------------------------------------------------------


def test_before_it_is_sent_it_is_kept_that_it_begins(record: Record) -> None:
    """Each in its own transaction, not in a batch, so the state is known after a crash."""
    head, seen = record.head, list[tuple[str, dict[str, str], dict[str, str]]]()

    class Watched(Box):
        def send(self, message: Message, http: HttpClient) -> str:
            with Record(f"sqlite:///{record.database.where}") as other:
                seen.append((message.target, deliveries(other, "box"), receipts(other, "box")))
            return super().send(message, http)

    box, http = Watched(["unreached"]), ScriptedClient({})
    send_issue(record, box, RecordIssueReader(record), "daily", DAY, http)
    assert seen[:2] == [
        ("a", {"a": "sending"}, {"a": ""}),
        ("b", {"a": "sending", "b": "sending"}, {"a": "not arrived: unreached", "b": ""}),
    ]
    send_issue(record, box, RecordIssueReader(record), "daily", DAY, http)
    assert seen[4][2] == {"a": ""} | {target: f"receipt-{target}" for target in "bcd"}, "it may have arrived again"
    assert record.head == head and set(deliveries(record, "box").values()) == {"sent"}


def test_of_two_processes_that_send_at_once_one_sends(record: Record) -> None:
    """The second process runs while the first is at its second target, and takes that target for interrupted."""
    http, others = ScriptedClient({}), list[SendResult]()

    class Met(Mute):
        def send(self, message: Message, http: HttpClient) -> str:
            if message.target == "b":
                with Record(f"sqlite:///{record.database.where}") as other:
                    others.append(send_issue(other, box, RecordIssueReader(other), "daily", DAY, http))
            return super().send(message, http)

    met, box = Met([]), Mute([])
    done = send_issue(record, met, RecordIssueReader(record), "daily", DAY, http)
    assert sorted(met.got + box.got) == list(TARGETS) and box.got == ["c", "d"]
    assert [result.finished for result in (done, *others)] == [IssueEdition("daily", DAY, 1)] * 2
    for result in (done, *others):
        keep_finished(record, "box", [result], 1, AT)
    assert recorded(record, "box") == [(DAY, 1, "everybody", "sent", "4 sent, 0 failed")]


def test_a_receipt_is_kept_in_part_where_it_is_long(record: Record) -> None:
    class Wordy(Box):
        def send(self, message: Message, http: HttpClient) -> str:
            return "ä" * 501

    send_issue(record, Wordy([]), RecordIssueReader(record), "daily", DAY, ScriptedClient({}))
    assert set(receipts(record, "box").values()) == {"ä" * 500}


# ---- what is recorded ------------------------------------------------------------------------------------

AT = moment(DAY) + 9 * HOUR


def sent_by(record: Record, *boxes: Box) -> list[SendResult]:
    """The result of sending an issue through each of a channel's senders."""
    http = ScriptedClient({})
    return [send_issue(record, box, RecordIssueReader(record), "daily", DAY, http) for box in boxes]


class Place(Box):
    """A sender with one target: channels have one sender per destination."""

    def __init__(self, target: str, plan: list[str]) -> None:
        super().__init__(plan)
        self.target = target

    def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
        return iter([Message(self.target, day)] if publication == "daily" else [])


def test_the_record_gets_one_delivery_when_all_places_are_done(record: Record) -> None:
    head = record.head.position
    places = [Place("a", []), Place("b", ["no"]), Place("c", ["busy"])]
    keep_finished(record, "box", sent_by(record, *places), 3, AT)
    assert record.head.position == head and not recorded(record, "box"), "one place is left"
    results = sent_by(record, *places)
    assert all(result.finished for result in results)
    keep_finished(record, "box", results[:2], 3, AT)
    assert not recorded(record, "box"), "nothing is known of the third"
    for _ in range(2):
        keep_finished(record, "box", results, 3, AT)
    assert recorded(record, "box") == [(DAY, 1, "everybody", "sent", "2 sent, 1 failed")]
    assert record.head.position == head + 1
    assert deliveries(record, "box") == {"a": "sent", "b": "failed", "c": "sent"}


def test_a_crash_before_the_delivery_is_recorded_sends_nothing_again(record: Record) -> None:
    places = [Place("a", []), Place("b", ["killed after"])]
    with pytest.raises(Killed):
        sent_by(record, *places)
    sent_by(record, *places)  # as if killed again before recording
    keep_finished(record, "box", sent_by(record, *places), 2, AT)
    assert [place.got for place in places] == [["a"], ["b"]]
    assert recorded(record, "box") == [(DAY, 1, "everybody", "sent", "2 sent, 0 failed")]


def test_a_place_that_is_added_later_gets_the_issue_and_no_other_delivery_is_recorded(record: Record) -> None:
    keep_finished(record, "box", sent_by(record, Place("a", [])), 1, AT)
    late = Place("b", [])
    keep_finished(record, "box", sent_by(record, Place("a", []), late), 2, AT)
    assert late.got == ["b"] and recorded(record, "box") == [(DAY, 1, "everybody", "sent", "1 sent, 0 failed")]


def test_each_edition_has_a_delivery_of_its_own(record: Record) -> None:
    keep_finished(record, "box", sent_by(record, Place("a", [])), 1, AT)
    freeze.freeze(record, DAILY, DAY, again=True, reason="somebody came late", at=AT)
    places = [Place("a", []), Place("b", [])]
    keep_finished(record, "box", sent_by(record, *places), 2, AT)
    assert [place.got for place in places] == [["a"], ["b"]]
    assert [(edition, receipt) for _, edition, _, _, receipt in recorded(record, "box")] == [
        (1, "1 sent, 0 failed"), (2, "2 sent, 0 failed"),
    ]  # fmt: skip


def test_where_nobody_took_it_the_delivery_failed(record: Record) -> None:
    keep_finished(record, "box", sent_by(record, Place("a", ["no"])), 1, AT)
    assert recorded(record, "box") == [(DAY, 1, "everybody", "failed", "0 sent, 1 failed")]


def test_a_channel_that_goes_nowhere_is_not_recorded(record: Record) -> None:
    class Silent(Box):
        def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
            return iter([])

    keep_finished(record, "box", sent_by(record, Silent([])), 1, AT)
    assert not recorded(record, "box")


@pytest.mark.parametrize(
    ("editions", "senders", "expected"),
    [
        ([1], 1, [1]), ([2, 2, 2], 3, [2]), ([0], 1, []), ([1, 0], 2, []), ([0, 1], 2, []), ([1, 2], 2, []),
        ([1, 1], 3, []), ([], 0, []), ([0, 0], 2, []),
    ],
)  # fmt: skip
def test_an_issue_is_finished_when_all_senders_have_nothing_left_of_the_same_edition(
    editions: list[int], senders: int, expected: list[int]
) -> None:
    issues = [IssueEdition("daily", DAY, edition) if edition else None for edition in editions]
    results = [SendResult(1, 0, 0, (), issue) for issue in issues]
    assert [issue.edition for issue in finished_issues(results, senders)] == expected
    other = IssueEdition("daily", "2024-05-08", 1)
    more = [*results, *([SendResult(1, 0, 0, (), other)] * senders)]
    assert finished_issues(more, senders)[len(expected) :] == [other] * (senders > 0)
