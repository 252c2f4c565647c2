"""The whole channel through a real server: everybody gets one message, despite refusals, delays and broken
connections."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import pytest

from hotpapers.base.errors import NetError, RequestRefused
from hotpapers.base.model import DAY as A_DAY
from hotpapers.base.model import Delivery
from hotpapers.issues import freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.deliver import delivery_states
from hotpapers.publish.deliver.queries import state_of
from hotpapers.publish.deliver.send import SenderDestination, SendResult, send_issue
from hotpapers.record import Record, current_time
from hotpapers.wings.mail import sender, subscribers
from hotpapers.wings.mail.queries import message_key
from hotpapers.wings.mail.sender import CLAIM_TIMEOUT, UNKNOWN, EmailSender
from tests.collect.sources.net import ScriptedClient
from tests.issues.made import DAILY, DAY, moment, write
from tests.wings.mail.reading import part, read
from tests.wings.mail.samples import BEFORE, FROZEN, SITE_CONFIG, fill, join, mail_config, mark_failed, mark_sent
from tests.wings.mail.server import HANG_UP, Box, serving

NAMES = ("a@moth.example", "b@moth.example", "c@owl.example", "d@owl.example")


@pytest.fixture
def box() -> Iterator[Box]:
    with serving() as mail_server:
        yield mail_server


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    with Record(sqlite_url) as opened_record:
        yield opened_record


class MailChannel:
    """A mail channel on a store, with its clock."""

    def __init__(self, record: Record, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
        self.record, self.box = record, box
        self.http = ScriptedClient({}, now=FROZEN + 1)
        monkeypatch.setattr(sender, "current_time", self.http.now)

    def send(self, day: str = DAY, **changes: int) -> SendResult:
        """Runs one round with a new channel, as after a restart."""
        mail_sender = EmailSender(self.record, mail_config(**{"port": self.box.port, **changes}), SITE_CONFIG)
        try:
            destination = SenderDestination(mail_sender, self.http, mail_sender.check)
            return send_issue(self.record, destination, RecordIssueReader(self.record), "daily", day)
        finally:
            mail_sender.close()

    @property
    def states(self) -> dict[str, str]:
        """The state of each message, by mark."""
        case = "CASE WHEN state = 'sending' AND receipt <> '' THEN 'deferred' ELSE state END"
        sql = f"SELECT target, {case} FROM delivery_state WHERE edition = 0 AND day = ?"
        return dict(self.record.database.rows(sql, (DAY,)))

    def receipt(self, mark: str) -> str:
        entry = state_of(self.record.database, message_key("daily", DAY, mark))
        assert entry is not None
        return entry.receipt

    @property
    def deliveries(self) -> list[tuple[str, str]]:
        """Target and receipt of each recorded delivery."""
        items = (row.item for row in self.record.view().latest(Delivery))
        return [(item.target, item.receipt) for item in items]


@pytest.fixture
def channel(record: Record, box: Box, monkeypatch: pytest.MonkeyPatch) -> MailChannel:
    return MailChannel(record, box, monkeypatch)


# ---- who gets it ---------------------------------------------------------------------------------------


def test_everybody_gets_it_once(channel: MailChannel) -> None:
    marks = fill(channel.record, *NAMES)
    assert channel.send() == SendResult(4, 0, ())
    assert channel.send() == SendResult(0, 0, ())
    assert sorted(channel.box.recipients) == sorted(NAMES) and channel.box.connections == 1
    assert channel.states == dict.fromkeys(marks, "sent")
    assert channel.deliveries == [("everybody", "4 sent, 0 failed")]
    assert {channel.receipt(mark) for mark in marks} == {f"250 2.0.0 queued as {n}" for n in range(1, 5)}
    [mail] = [mail for mail in channel.box.mails if mail.recipients == ("a@moth.example",)]
    message = read(mail.data)
    assert message["To"] == "a@moth.example" and f".{marks[0]}." in message["Message-ID"]
    assert "1. Made-up paper 1" in part(message, "plain")


def test_a_message_has_the_date_of_its_sending(channel: MailChannel) -> None:
    """One sent months after the issue was frozen must not look as old as that."""
    fill(channel.record, *NAMES[:1])
    channel.http.advance(100 * A_DAY / 1e6)
    channel.send()
    date = parsedate_to_datetime(read(channel.box.mails[0].data)["Date"])
    assert 0 <= channel.http.now() / 1e6 - date.timestamp() < 60


def test_late_former_and_unconfirmed_subscribers_get_none(channel: MailChannel) -> None:
    marks = fill(channel.record, *NAMES[:2])
    join(channel.record, "late@moth.example", FROZEN + 1)
    subscribers.ask(channel.record, "daily", "never@moth.example", BEFORE)
    subscribers.end(channel.record, marks[1], BEFORE)
    assert channel.send().sent == 1 and channel.box.recipients == ["a@moth.example"]


def test_a_correction_is_not_mailed(channel: MailChannel) -> None:
    fill(channel.record, *NAMES[:1])
    channel.send()
    freeze.freeze_issue(channel.record, DAILY, DAY, again=True, reason="miscounted", at=FROZEN + 2)
    assert channel.send() == SendResult(0, 0, ()) and len(channel.box.mails) == 1


def test_who_confirmed_after_the_first_edition_gets_no_correction(channel: MailChannel) -> None:
    """Nor because the message of somebody else was put off."""
    fill(channel.record, *NAMES[:2])
    channel.box.on("b@owl.example", "452 4.2.2 full")
    channel.send()
    join(channel.record, "late@moth.example", FROZEN + 1)
    freeze.freeze_issue(channel.record, DAILY, DAY, again=True, reason="miscounted", at=FROZEN + 2)
    channel.http.advance(A_DAY / 1e6)
    channel.send()
    assert sorted(channel.box.recipients) == sorted(NAMES[:2])


def test_a_day_without_papers_says_why_or_is_skipped(channel: MailChannel) -> None:
    fill(channel.record, *NAMES[:1])
    join(channel.record, "skips@moth.example", BEFORE, skip_empty=True)
    assert channel.send().sent == 2
    write(channel.record)
    empty = "2024-05-08"
    freeze.freeze_issue(channel.record, DAILY, empty, at=moment(empty) + 72 * 3_600_000_000)
    channel.http.advance(5 * A_DAY / 1e6)
    assert channel.send(empty).sent == 1
    assert channel.box.recipients[-1] == "a@moth.example"
    text = part(read(channel.box.mails[-1].data), "plain")
    assert "Nothing" in text or "No network was read" in text


def test_a_subscriber_who_leaves_during_sending_gets_none(channel: MailChannel) -> None:
    marks = fill(channel.record, *NAMES)
    channel.box.on("a@moth.example", lambda: _leave(channel.record.database.where, marks[2]))
    result = channel.send()
    assert result.sent == 3 and result.problems == ((marks[2], "unsubscribed before it was sent"),)
    assert sorted(channel.box.recipients) == sorted(set(NAMES) - {"c@owl.example"})


def _leave(store: str, mark: str) -> str:
    """Someone unsubscribes at this moment, in another process."""
    with Record(store) as other_record:
        subscribers.end(other_record, mark, FROZEN + 2)
    return "250 fine"


# ---- refused, deferred ---------------------------------------------------------------------------------


def test_an_unreachable_address_gets_no_more_mail(channel: MailChannel) -> None:
    marks = fill(channel.record, *NAMES)
    channel.box.on("b@moth.example", "550 5.1.1 <b@moth.example>: no such user")
    channel.box.on("c@owl.example", "550 5.7.1 c@owl.example does not like you")
    result = channel.send()
    assert result.sent == 2
    assert set(result.problems) == {(marks[1], "550 5.1.1"), (marks[2], "550 5.7.1")}
    assert channel.states[marks[1]] == channel.states[marks[2]] == "failed"
    state_by_mark = {subscriber.mark: subscriber.state for subscriber in subscribers.all_subscribers(channel.record)}
    assert [state_by_mark[mark] for mark in marks] == ["confirmed", "bounced", "confirmed", "confirmed"]
    assert channel.send() == SendResult(0, 0, ()) and len(channel.box.mails) == 2


@pytest.mark.parametrize(
    ("reply", "state"), [("554 5.4.6 a loop", "bounced"), ("550 on our blocklist", "confirmed")], ids=["loop", "policy"]
)
def test_an_address_that_failed_before_and_fails_again_gets_no_more_mail(
    channel: MailChannel, reply: str, state: str
) -> None:
    [mark] = fill(channel.record, "a@moth.example")
    for number in range(1, subscribers.IN_A_ROW):
        key = message_key("daily", f"2021-01-0{number}", mark)
        mark_failed(channel.record, key, "554 5.4.6", FROZEN)
    channel.box.on("a@moth.example", reply)
    channel.send()
    subscriber = subscribers.find(channel.record, mark)
    assert subscriber is not None and subscriber.state == state


def test_an_address_that_the_relay_finds_invalid_stops_no_other_message(channel: MailChannel) -> None:
    marks = fill(channel.record, *NAMES)
    channel.box.on("a@moth.example", "501 5.1.3 Bad recipient address syntax")
    assert channel.send() == SendResult(3, 0, ((marks[0], "501 5.1.3"),))


def test_deferred_messages_are_tried_again_with_growing_waits(channel: MailChannel) -> None:
    marks = fill(channel.record, *NAMES[:2])
    channel.box.on("a@moth.example", "450 4.2.1 greylisted", "450 4.2.1 greylisted")
    assert channel.send().problems == ((marks[0], "deferred: 450 4.2.1"),)
    assert channel.states == {marks[0]: "deferred", marks[1]: "sent"} and not channel.deliveries
    channel.http.advance(299)
    assert channel.send() == SendResult(0, 0, ())
    channel.http.advance(2)
    assert channel.send().problems == ((marks[0], "deferred: 450 4.2.1"),)
    channel.http.advance(601)
    assert channel.send() == SendResult(1, 0, ())
    assert channel.box.recipients == ["b@moth.example", "a@moth.example"] and channel.states[marks[0]] == "sent"
    assert channel.deliveries == [("everybody", "2 sent, 0 failed")]


def test_messages_deferred_too_often_are_given_up(channel: MailChannel) -> None:
    [mark] = fill(channel.record, "a@moth.example")
    channel.box.on("a@moth.example", *["450 not now"] * 20)
    reasons = []
    for _ in range(20):
        reasons += [reason for _, reason in channel.send().problems]
        channel.http.advance(4 * 3600 + 1)
    assert reasons == ["deferred: 450"] * (sender.TRIES - 1) + ["given up: 450"]
    assert channel.states[mark] == "failed" and channel.receipt(mark) == "given up: 450"
    assert channel.deliveries == [("everybody", "0 sent, 1 failed")]
    subscriber = subscribers.find(channel.record, mark)
    assert subscriber is not None and subscriber.state == "confirmed"


def test_a_busy_relay_is_left_alone_and_no_message_is_lost(channel: MailChannel) -> None:
    fill(channel.record, *NAMES)
    channel.box.on("MAIL", "250 fine", *["421 4.3.2 shutting down"] * 2)
    result = channel.send()
    assert (result.sent, result.waiting) == (1, 300)
    assert channel.send().sent == 3
    assert sorted(channel.box.recipients) == sorted(NAMES)


@pytest.mark.parametrize("reply", ["421 4.7.0 too many", "501 what?", HANG_UP])
def test_an_address_at_which_the_relay_gives_up_delays_no_other(channel: MailChannel, reply: str) -> None:
    marks = fill(channel.record, *NAMES)
    for name in ("a@moth.example", "c@owl.example"):
        channel.box.on(name, *[reply] * 20)
    for _ in range(4):
        assert channel.send().waiting == 300
        channel.http.advance(301)
    assert channel.box.recipients == ["b@moth.example", "d@owl.example"]
    channel.box.plays.clear()
    assert channel.send().sent == 2 and channel.states == dict.fromkeys(marks, "sent")


def test_a_claim_without_a_message_sent_is_released(channel: MailChannel) -> None:
    """The relay accepts the transaction, the message is claimed, and then the relay refuses it."""
    [mark] = fill(channel.record, "a@moth.example")
    channel.box.on("BEGIN", "421 4.3.2 shutting down", HANG_UP, "451 4.3.1 disk full")
    assert channel.send().waiting == channel.send().waiting == 300
    entry = state_of(channel.record.database, message_key("daily", DAY, mark))
    assert entry is not None and (entry.is_put_off, entry.tries) == (True, 0)
    assert channel.send().problems == ((mark, "deferred: 451 4.3.1"),)
    channel.http.advance(301)
    assert channel.send() == SendResult(1, 0, ()) and len(channel.box.mails) == 1


def test_a_relay_that_is_not_there_begins_nothing(channel: MailChannel) -> None:
    fill(channel.record, *NAMES)
    assert channel.send(port=1).stopped and channel.send(port=1).waiting
    assert channel.states == {}
    assert channel.send().sent == 4


# ---- interrupted ---------------------------------------------------------------------------------------


def test_a_message_interrupted_before_its_text_is_sent_again(channel: MailChannel) -> None:
    fill(channel.record, *NAMES)
    channel.box.on("RCPT", HANG_UP)
    assert (channel.send().sent, channel.send().sent) == (0, 4)
    assert sorted(channel.box.recipients) == sorted(NAMES)


def test_a_message_interrupted_after_its_text_is_not_sent_again(channel: MailChannel) -> None:
    marks = fill(channel.record, *NAMES)
    channel.box.on("DATA", HANG_UP)
    assert channel.send().stopped, "before the second message: every one might be lost"
    assert channel.box.recipients == ["a@moth.example"] and channel.states == {marks[0]: "sending"}
    result = channel.send()
    assert result.sent == 3
    assert result.problems == ((marks[0], "another process is sending it, or was killed while sending it"),)
    channel.http.advance(CLAIM_TIMEOUT / 1e6)
    assert channel.send() == SendResult(1, 0, ())
    assert channel.states == dict.fromkeys(marks, "sent") and channel.receipt(marks[0]) == UNKNOWN
    assert sorted(channel.box.recipients) == sorted(NAMES)


def test_messages_of_a_clock_that_was_ahead_do_not_wait_for_its_time(channel: MailChannel) -> None:
    marks = fill(channel.record, *NAMES)
    channel.http.advance(2 * 86_400)
    channel.box.on("a@moth.example", "450 4.2.1 greylisted")
    channel.box.on("DATA", HANG_UP)
    channel.send()
    assert sorted(channel.states.values()) == ["deferred", "sending"]
    channel.http.advance(-2 * 86_400)
    assert channel.send().problems == ()
    assert channel.states == dict.fromkeys(marks, "sent")


def test_killed_before_the_delivery_was_recorded(channel: MailChannel) -> None:
    marks = fill(channel.record, *NAMES[:1])
    mail_sender = EmailSender(channel.record, mail_config(channel.box.port), SITE_CONFIG)
    [outgoing] = mail_sender.messages(RecordIssueReader(channel.record), "daily", DAY)
    mail_sender.send(outgoing, channel.http)
    assert mail_sender.send(outgoing, channel.http) == "250 2.0.0 queued as 1"
    mail_sender.close()
    assert not channel.deliveries
    assert channel.send() == SendResult(0, 0, ())
    assert channel.receipt(marks[0]) == "250 2.0.0 queued as 1" and len(channel.box.mails) == 1
    assert channel.deliveries == [("everybody", "1 sent, 0 failed")]


def test_the_state_of_a_message_decides_the_error(channel: MailChannel) -> None:
    [mark] = fill(channel.record, "a@moth.example")
    mail_sender = EmailSender(channel.record, mail_config(channel.box.port), SITE_CONFIG)
    [outgoing] = mail_sender.messages(RecordIssueReader(channel.record), "daily", DAY)
    key, at = message_key("daily", DAY, mark), channel.http.now()
    delivery_states.claim_delivery(channel.record, key, at)
    with pytest.raises(NetError, match="another process is sending it") as error:
        mail_sender.send(outgoing, channel.http)
    assert error.value.tries is None
    sender.defer_message(channel.record, key, "450", at)
    with pytest.raises(NetError, match="deferred: 450") as error:
        mail_sender.send(outgoing, channel.http)
    assert error.value.tries == 0
    mark_failed(channel.record, key, "550 5.1.1", at)
    with pytest.raises(RequestRefused, match=r"550 5\.1\.1"):
        mail_sender.send(outgoing, channel.http)
    mail_sender.close()
    assert not channel.box.mails


def test_many_messages_make_one_batch_of_the_chain(channel: MailChannel) -> None:
    fill(channel.record, *[f"r{n}@d{n}.example" for n in range(50)])
    position_before = channel.record.head.position
    assert channel.send().sent == 50
    assert channel.record.head.position == position_before + 1
    assert channel.send() == SendResult(0, 0, ()) and channel.record.head.position == position_before + 1


def test_a_subscriber_who_leaves_while_deferred_delays_nothing(channel: MailChannel) -> None:
    marks = fill(channel.record, *NAMES[:2])
    channel.box.on("a@moth.example", "450 4.2.1 greylisted")
    channel.send()
    subscribers.end(channel.record, marks[0], FROZEN + 2)
    channel.http.advance(301)
    assert channel.send() == SendResult(0, 0, ())
    assert channel.deliveries == [("everybody", "1 sent, 0 failed")]


def test_two_senders_at_once_send_each_message_once(channel: MailChannel) -> None:
    fill(channel.record, *NAMES)
    with Record(channel.record.database.where) as other_record:
        second_sender = EmailSender(other_record, mail_config(channel.box.port), SITE_CONFIG)
        messages = list(second_sender.messages(RecordIssueReader(other_record), "daily", DAY))
        assert len(messages) == 4 and channel.send().sent == 4
        receipts = [second_sender.send(outgoing, channel.http) for outgoing in messages]
        second_sender.close()
    assert all(receipt.startswith("250 ") for receipt in receipts) and len(channel.box.mails) == 4


# ---- rate limit, stopping, cleaning up -----------------------------------------------------------------


def test_messages_are_paced_by_domain(channel: MailChannel) -> None:
    fill(channel.record, *NAMES)
    channel.send(pace=60)
    sleeps = channel.http.sleeps
    assert len(sleeps) == 4 and sleeps[:2] == [0, 0] and all(0.5 < seconds <= 1 for seconds in sleeps[2:])
    rows = channel.record.database.rows("SELECT host FROM pace ORDER BY host")
    assert rows == [("mail:moth.example",), ("mail:owl.example",)]


def test_too_many_failures_stop_the_issue_and_not_the_next(
    channel: MailChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "MAX_FAILED_ONE_IN", 10)
    names = [f"r{n:02}@d{n % 40}.example" for n in range(40)]
    fill(channel.record, *names)
    for n in (0, 3, 5, 8, 9, 11):
        channel.box.on(names[n], "550 5.1.1 none")
    stopped_result = channel.send()
    assert stopped_result.sent == len(channel.box.mails) == 5, "what had gone out is counted"
    assert stopped_result.stopped == (
        f"stopped: 4 of 40 messages of {DAY} failed or bounced; the limit is 2 %. The rest of this "
        "issue is not sent, the next issue will be. Unreachable addresses get no more mail. See hotpapers mail list, "
        "and ask the relay's operator for the cause."
    )
    assert "4 of 40" in channel.send().stopped, "those who bounced count, too"
    freeze.freeze_issue(channel.record, DAILY, "2024-05-08", at=moment("2024-05-08") + 72 * 3_600_000_000)
    channel.http.advance(5 * A_DAY / 1e6)
    result = channel.send("2024-05-08")
    assert (result.sent, len(result.problems)) == (34, 2)


def test_reports_that_arrive_during_sending_count_too(channel: MailChannel) -> None:
    marks = fill(channel.record, *NAMES)
    for mark in marks[:3]:
        delivery_states.claim_delivery(channel.record, message_key("daily", DAY, mark), BEFORE)
        mark_sent(channel.record, message_key("daily", DAY, mark), "250", BEFORE)
        sender.mark_bounced(channel.record, message_key("daily", DAY, mark), "5.1.1", BEFORE)
    assert channel.send().stopped.startswith("stopped: 3 of 4 messages")
    assert not channel.box.mails


def test_the_same_reports_do_not_stop_the_next_issue_too(channel: MailChannel) -> None:
    marks = fill(channel.record, *NAMES)
    for day in (DAY, "2024-05-08"):
        for mark in marks[:3]:
            key = message_key("daily", day, mark)
            delivery_states.claim_delivery(channel.record, key, BEFORE)
            mark_sent(channel.record, key, "250", BEFORE)
            sender.mark_bounced(channel.record, key, "5.7.1", BEFORE)
    assert channel.send().stopped.startswith("stopped: 3 of 4 messages")
    freeze.freeze_issue(channel.record, DAILY, "2024-05-08", at=moment("2024-05-08") + 72 * 3_600_000_000)
    channel.http.advance(A_DAY / 1e6)
    assert (channel.send("2024-05-08").stopped, len(channel.box.mails)) == ("", 1)


def test_a_check_only_connects_to_the_relay(channel: MailChannel) -> None:
    mail_sender = EmailSender(channel.record, mail_config(channel.box.port), SITE_CONFIG)
    mail_sender.check()
    assert channel.box.connections == 1
    mail_sender.close()


def test_tidying_drops_what_is_no_longer_needed(channel: MailChannel) -> None:
    fill(channel.record, *NAMES)
    channel.send()
    subscriber = subscribers.ask(channel.record, "daily", "never@moth.example", BEFORE)
    subscribers.keep_house(channel.record, channel.http.now() + A_DAY)
    assert subscriber and subscribers.find(channel.record, subscriber.mark)
    subscribers.keep_house(channel.record, current_time() + 30 * A_DAY)
    rows = channel.record.database.rows
    assert subscribers.find(channel.record, subscriber.mark) is None
    assert (
        rows("SELECT count(*) FROM delivery_state WHERE edition = 0")
        == rows("SELECT count(*) FROM pace WHERE host < 'mail;'")
        == [(0,)]
    )
    assert channel.send() == SendResult(0, 0, ())
