"""Sending: each message once to each target, wherever it was interrupted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotpapers.base.errors import NetError, RequestRefused, RetryLater, UsageError
from hotpapers.base.model import HOUR, HttpClient, IssueReader, Message
from hotpapers.issues import freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.deliver.delivery_states import settle_delivery
from hotpapers.publish.deliver.queries import DeliveryKey, DeliveryState, IssueEdition, editions_in_record
from hotpapers.publish.deliver.send import SenderDestination, SendResult, keep_finished, send_issue
from hotpapers.record import Record
from tests.collect.sources.net import ScriptedClient
from tests.deliveries import deliveries, receipts, recorded
from tests.issues.made import DAILY, DAY, background, frozen, moment, paper, posts_about, write

TARGETS = ("a", "b", "c", "d")


class Killed(BaseException):
    """The process dies here."""


class RecordingSender:
    """Targets that keep what they receive and can be queried. `steps`: what happens at each send, in order."""

    name = "box"

    def __init__(self, steps: list[str]) -> None:
        self.steps, self.received = steps, list[str]()

    def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
        return (Message(target, day) for target in TARGETS)

    def send(self, message: Message, http: HttpClient) -> str:
        step = self.steps.pop(0) if self.steps else "ok"
        if step == "killed before":
            raise Killed
        if step == "no route":
            raise NetError("no route")
        if step == "unreached":
            problem = NetError("unreached")
            problem.tries = 0
            raise problem
        if step == "mistake":
            raise UsageError("no such header")
        if step == "busy":
            raise RetryLater(60, "busy")
        if step == "no":
            raise RequestRefused("no such target")
        self.received.append(message.target)
        if step == "killed after":
            raise Killed
        return f"receipt-{message.target}"

    def receipt_of(self, message: Message, http: HttpClient) -> str | None:
        return f"receipt-{message.target}" if message.target in self.received else None


class SenderWithoutReceipts(RecordingSender):
    """Targets that cannot be queried."""

    def receipt_of(self, message: Message, http: HttpClient) -> str:
        return "nobody knows"


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    with Record(sqlite_url) as opened_record:
        write(opened_record, background(), paper(1), posts_about(1, 60, moment(f"{DAY}T02:00")))
        frozen(opened_record)
        yield opened_record


STEPS = st.lists(st.sampled_from(["ok", "killed before", "killed after", "no route", "busy"]), max_size=8)


def test_everything_arrives_once_whatever_happens(record: Record) -> None:
    http = ScriptedClient({})
    numbers = iter(range(10_000))

    @settings(max_examples=60)
    @given(STEPS)
    def check(steps: list[str]) -> None:
        sender = RecordingSender(steps)
        sender.name = f"box-{next(numbers)}"
        for _ in range(20):
            try:
                result = send_issue(record, SenderDestination(sender, http), RecordIssueReader(record), "daily", DAY)
            except Killed:
                continue
            if result.finished:
                break
        assert sorted(sender.received) == list(TARGETS)
        states = deliveries(record, sender.name)
        assert states == dict.fromkeys(TARGETS, "sent")

    check()


def test_a_refusing_target_is_not_tried_again_and_stops_no_other(record: Record) -> None:
    sender, http = RecordingSender(["ok", "no"]), ScriptedClient({})
    result = send_issue(record, SenderDestination(sender, http), RecordIssueReader(record), "daily", DAY)
    assert (result.sent, result.problems) == (3, (("b", "no such target"),))
    assert deliveries(record, "box")["b"] == "failed"
    result = send_issue(record, SenderDestination(sender, http), RecordIssueReader(record), "daily", DAY)
    assert (result.sent, result.problems) == (0, ()) and result.finished and sender.received == ["a", "c", "d"]


def test_a_busy_target_is_left_for_later(record: Record) -> None:
    sender, http = RecordingSender(["ok", "busy"]), ScriptedClient({})
    result = send_issue(record, SenderDestination(sender, http), RecordIssueReader(record), "daily", DAY)
    assert (result.sent, result.waiting, result.problems) == (1, 60, (("b", "busy"),))


def test_a_target_without_receipts_gets_it_once_while_it_is_known_not_to_have_arrived(record: Record) -> None:
    http = ScriptedClient({})
    numbers = iter(range(10_000))

    @settings(max_examples=40)
    @given(st.lists(st.sampled_from(["ok", "unreached", "busy"]), max_size=8))
    def check(steps: list[str]) -> None:
        sender = SenderWithoutReceipts(steps)
        sender.name = f"mute-{next(numbers)}"
        for _ in range(20):
            if send_issue(record, SenderDestination(sender, http), RecordIssueReader(record), "daily", DAY).finished:
                break
        assert sorted(sender.received) == list(TARGETS)

    check()


def test_a_target_without_receipts_never_gets_it_twice(record: Record) -> None:
    sender, http = SenderWithoutReceipts(["killed before"]), ScriptedClient({})
    with pytest.raises(Killed):
        send_issue(record, SenderDestination(sender, http), RecordIssueReader(record), "daily", DAY)
    assert send_issue(record, SenderDestination(sender, http), RecordIssueReader(record), "daily", DAY).sent == len(
        TARGETS
    )
    assert sender.received == ["b", "c", "d"]
    assert receipts(record, "box")["a"] == "nobody knows"


# ---- what is stored outside the chain --------------------------------------------------------------------


def test_the_start_of_each_sending_is_stored_first(record: Record) -> None:
    """Each in its own transaction, not in a batch, so the state is known after a crash."""
    head, states_seen = record.head, list[tuple[str, dict[str, str], dict[str, str]]]()

    class WatchedSender(RecordingSender):
        def send(self, message: Message, http: HttpClient) -> str:
            with Record(f"sqlite:///{record.database.where}") as other_record:
                states_seen.append((message.target, deliveries(other_record, "box"), receipts(other_record, "box")))
            return super().send(message, http)

    sender, http = WatchedSender(["unreached"]), ScriptedClient({})
    send_issue(record, SenderDestination(sender, http), RecordIssueReader(record), "daily", DAY)
    assert states_seen[:2] == [
        ("a", {"a": "sending"}, {"a": ""}),
        ("b", {"a": "sending", "b": "sending"}, {"a": "not arrived: unreached", "b": ""}),
    ]
    send_issue(record, SenderDestination(sender, http), RecordIssueReader(record), "daily", DAY)
    assert states_seen[4][2] == {"a": ""} | {target: f"receipt-{target}" for target in "bcd"}, (
        "it may have arrived again"
    )
    assert record.head == head and set(deliveries(record, "box").values()) == {"sent"}


def test_of_two_processes_that_send_at_once_one_sends(record: Record) -> None:
    """The second process runs while the first is at its second target, and treats that target as interrupted."""
    http, other_results = ScriptedClient({}), list[SendResult]()

    class MeetingSender(SenderWithoutReceipts):
        def send(self, message: Message, http: HttpClient) -> str:
            if message.target == "b":
                with Record(f"sqlite:///{record.database.where}") as other_record:
                    other_results.append(
                        send_issue(
                            other_record,
                            SenderDestination(second_sender, http),
                            RecordIssueReader(other_record),
                            "daily",
                            DAY,
                        )
                    )
            return super().send(message, http)

    first_sender, second_sender = MeetingSender([]), SenderWithoutReceipts([])
    first_result = send_issue(record, SenderDestination(first_sender, http), RecordIssueReader(record), "daily", DAY)
    assert sorted(first_sender.received + second_sender.received) == list(TARGETS) and second_sender.received == [
        "c",
        "d",
    ]
    assert [result.finished for result in (first_result, *other_results)] == [IssueEdition("daily", DAY, 1)] * 2
    for result in (first_result, *other_results):
        keep_finished(record, "box", [result], 1, AT)
    assert recorded(record, "box") == [(DAY, 1, "everybody", "sent", "4 sent, 0 failed")]


def test_a_mistake_while_sending_stops_no_other_target_and_is_tried_again(record: Record) -> None:
    sender = SenderWithoutReceipts(["mistake"])
    destination = SenderDestination(sender, ScriptedClient({}))
    first = send_issue(record, destination, RecordIssueReader(record), "daily", DAY)
    assert first.problems == ((TARGETS[0], "no such header"),) and sender.received == list(TARGETS[1:])
    send_issue(record, destination, RecordIssueReader(record), "daily", DAY)
    assert sender.received == [*TARGETS[1:], TARGETS[0]], "nothing had been sent"


def test_a_long_receipt_is_shortened(record: Record) -> None:
    class WordySender(RecordingSender):
        def send(self, message: Message, http: HttpClient) -> str:
            return "ä" * 501

    send_issue(record, SenderDestination(WordySender([]), ScriptedClient({})), RecordIssueReader(record), "daily", DAY)
    assert set(receipts(record, "box").values()) == {"ä" * 500}


# ---- what is recorded ------------------------------------------------------------------------------------

AT = moment(DAY) + 9 * HOUR


def send_by(record: Record, *senders: RecordingSender) -> list[SendResult]:
    """The result of sending an issue through each of a channel's senders."""
    http = ScriptedClient({})
    return [
        send_issue(record, SenderDestination(sender, http), RecordIssueReader(record), "daily", DAY)
        for sender in senders
    ]


class SenderOfOneTarget(RecordingSender):
    """A sender with one target: channels have one sender per destination."""

    def __init__(self, target: str, steps: list[str]) -> None:
        super().__init__(steps)
        self.target = target

    def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
        return iter([Message(self.target, day)] if publication == "daily" else [])


def test_the_record_gets_one_delivery_when_all_destinations_are_done(record: Record) -> None:
    head = record.head.position
    senders = [SenderOfOneTarget("a", []), SenderOfOneTarget("b", ["no"]), SenderOfOneTarget("c", ["busy"])]
    keep_finished(record, "box", send_by(record, *senders), 3, AT)
    assert record.head.position == head and not recorded(record, "box"), "one destination is left"
    results = send_by(record, *senders)
    assert all(result.finished for result in results)
    keep_finished(record, "box", results[:2], 3, AT)
    assert not recorded(record, "box"), "nothing is known of the third"
    for _ in range(2):
        keep_finished(record, "box", results, 3, AT)
    assert recorded(record, "box") == [(DAY, 1, "everybody", "sent", "2 sent, 1 failed")]
    assert record.head.position == head + 1
    assert deliveries(record, "box") == {"a": "sent", "b": "failed", "c": "sent"}


def test_a_crash_before_the_delivery_is_recorded_sends_nothing_again(record: Record) -> None:
    senders = [SenderOfOneTarget("a", []), SenderOfOneTarget("b", ["killed after"])]
    with pytest.raises(Killed):
        send_by(record, *senders)
    send_by(record, *senders)  # as if killed again before recording
    keep_finished(record, "box", send_by(record, *senders), 2, AT)
    assert [sender.received for sender in senders] == [["a"], ["b"]]
    assert recorded(record, "box") == [(DAY, 1, "everybody", "sent", "2 sent, 0 failed")]


def test_a_destination_that_is_added_later_gets_the_issue_and_no_other_delivery_is_recorded(record: Record) -> None:
    keep_finished(record, "box", send_by(record, SenderOfOneTarget("a", [])), 1, AT)
    later_sender = SenderOfOneTarget("b", [])
    keep_finished(record, "box", send_by(record, SenderOfOneTarget("a", []), later_sender), 2, AT)
    assert later_sender.received == ["b"] and recorded(record, "box") == [
        (DAY, 1, "everybody", "sent", "1 sent, 0 failed")
    ]


def test_each_edition_has_a_delivery_of_its_own(record: Record) -> None:
    keep_finished(record, "box", send_by(record, SenderOfOneTarget("a", [])), 1, AT)
    freeze.freeze_issue(record, DAILY, DAY, again=True, reason="late post", at=AT)
    senders = [SenderOfOneTarget("a", []), SenderOfOneTarget("b", [])]
    keep_finished(record, "box", send_by(record, *senders), 2, AT)
    assert [sender.received for sender in senders] == [["a"], ["b"]]
    assert [(edition, receipt) for _, edition, _, _, receipt in recorded(record, "box")] == [
        (1, "1 sent, 0 failed"), (2, "2 sent, 0 failed"),
    ]  # fmt: skip


def test_a_delivery_that_no_target_accepted_failed(record: Record) -> None:
    keep_finished(record, "box", send_by(record, SenderOfOneTarget("a", ["no"])), 1, AT)
    assert recorded(record, "box") == [(DAY, 1, "everybody", "failed", "0 sent, 1 failed")]


def test_a_channel_without_targets_is_not_recorded(record: Record) -> None:
    class SenderWithoutTargets(RecordingSender):
        def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
            return iter([])

    keep_finished(record, "box", send_by(record, SenderWithoutTargets([])), 1, AT)
    assert not recorded(record, "box")


@pytest.mark.parametrize(
    ("editions", "senders", "expected"),
    [
        ([1], 1, [1]), ([2, 2, 2], 3, [2]), ([0], 1, []), ([1, 0], 2, []), ([0, 1], 2, []), ([1, 2], 2, []),
        ([1, 1], 3, []), ([], 0, []), ([0, 0], 2, []),
    ],
)  # fmt: skip
def test_an_issue_is_finished_when_all_senders_have_nothing_left_of_the_same_edition(
    record: Record, editions: list[int], senders: int, expected: list[int]
) -> None:
    other_day = "2024-05-08"
    issues = [IssueEdition("daily", DAY, edition) if edition else None for edition in editions]
    others = [IssueEdition("daily", other_day, 1)] * senders
    for issue in filter(None, (*issues, *others)):
        settle_delivery(record, DeliveryKey(*issue, "box", "a"), DeliveryState("sent", "fine", AT))
    keep_finished(record, "box", [SendResult(1, 0, (), issue) for issue in (*issues, *others)], senders, AT)
    other_editions = {(other_day, 1)} if senders else set()
    assert editions_in_record(record.database, "daily", "box") == {*((DAY, n) for n in expected), *other_editions}
