"""The whole channel through a real server: everybody gets one message, despite refusals, delays and broken
connections."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotpapers.deliver.email import outbox, sender, subscribers
from hotpapers.deliver.email import queries as email_queries
from hotpapers.deliver.email.queries import OutboxKey
from hotpapers.deliver.email.sender import CLAIM_TIMEOUT, UNKNOWN, EmailSender
from hotpapers.deliver.send import SendResult, send_issue
from hotpapers.errors import NetError, RequestRefused
from hotpapers.issues import freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.model import DAY as A_DAY
from hotpapers.model import Delivery
from hotpapers.store import Record, now
from tests.deliver.email.made import BEFORE, FROZEN, SITE_CONFIG, fill, join, mail_config
from tests.deliver.email.reading import part, read
from tests.deliver.email.server import HANG_UP, Box, serving
from tests.issues.made import DAILY, DAY, moment, write
from tests.sources.net import ScriptedClient

NAMES = ("a@moth.example", "b@moth.example", "c@owl.example", "d@owl.example")


@pytest.fixture
def box() -> Iterator[Box]:
    with serving() as running:
        yield running


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    with Record(sqlite_url) as opened:
        yield opened


class Post:
    """A mail channel on a store, with its clock."""

    def __init__(self, record: Record, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
        self.record, self.box = record, box
        self.http = ScriptedClient({}, now=FROZEN + 1)
        monkeypatch.setattr(sender, "now", self.http.now)

    def send(self, day: str = DAY, **changes: int) -> SendResult:
        """Runs one round with a new channel, as after a restart."""
        made = EmailSender(self.record, mail_config(**{"port": self.box.port, **changes}), SITE_CONFIG)
        try:
            return send_issue(self.record, made, RecordIssueReader(self.record), "daily", day, self.http, made.check)
        finally:
            made.close()

    @property
    def states(self) -> dict[str, str]:
        """The state of each message, by mark."""
        return dict(self.record.database.rows("SELECT mark, state FROM outbox WHERE day = ?", (DAY,)))

    def receipt(self, mark: str) -> str:
        found = email_queries.outbox_entry(self.record, OutboxKey("daily", DAY, mark))
        assert found is not None
        return found.receipt

    @property
    def deliveries(self) -> list[tuple[str, str]]:
        """Target and receipt of each recorded delivery."""
        items = (row.item for row in self.record.view().latest(Delivery))
        return [(item.target, item.receipt) for item in items if isinstance(item, Delivery)]


@pytest.fixture
def post(record: Record, box: Box, monkeypatch: pytest.MonkeyPatch) -> Post:
    return Post(record, box, monkeypatch)


# ---- who gets it ---------------------------------------------------------------------------------------


def test_everybody_gets_it_once(post: Post) -> None:
    marks = fill(post.record, *NAMES)
    assert post.send() == SendResult(4, 0, 0, ())
    assert post.send() == SendResult(0, 0, 0, ())
    assert sorted(post.box.recipients) == sorted(NAMES) and post.box.connections == 1
    assert post.states == dict.fromkeys(marks, "sent")
    assert post.deliveries == [("everybody", "4 sent, 0 failed")]
    assert {post.receipt(mark) for mark in marks} == {f"250 2.0.0 queued as {n}" for n in range(1, 5)}
    [first] = [one for one in post.box.mails if one.recipients == ("a@moth.example",)]
    message = read(first.data)
    assert message["To"] == "a@moth.example" and f".{marks[0]}@owls.example>" in message["Message-ID"]
    assert "1. Made-up paper 1" in part(message, "plain")


def test_who_confirmed_later_or_left_or_never_confirmed_gets_none(post: Post) -> None:
    marks = fill(post.record, *NAMES[:2])
    join(post.record, "late@moth.example", FROZEN + 1)
    subscribers.ask(post.record, "daily", "never@moth.example", BEFORE)
    subscribers.end(post.record, marks[1], BEFORE)
    assert post.send().sent == 1 and post.box.recipients == ["a@moth.example"]


def test_a_correction_is_not_mailed(post: Post) -> None:
    fill(post.record, *NAMES[:1])
    post.send()
    freeze.freeze(post.record, DAILY, DAY, again=True, reason="miscounted", at=FROZEN + 2)
    assert post.send() == SendResult(0, 0, 0, ()) and len(post.box.mails) == 1


def test_a_day_without_papers_says_why_or_is_skipped(post: Post) -> None:
    fill(post.record, *NAMES[:1])
    join(post.record, "skips@moth.example", BEFORE, skip_empty=True)
    assert post.send().sent == 2
    write(post.record)
    empty = "2024-05-08"
    freeze.freeze(post.record, DAILY, empty, at=moment(empty) + 72 * 3_600_000_000)
    post.http.advance(5 * A_DAY / 1e6)
    assert post.send(empty).sent == 1
    assert post.box.recipients[-1] == "a@moth.example"
    text = part(read(post.box.mails[-1].data), "plain")
    assert "Nothing" in text or "No network was read" in text


def test_who_leaves_while_it_is_sent_gets_none(post: Post) -> None:
    marks = fill(post.record, *NAMES)
    post.box.on("a@moth.example", lambda: _leave(post.record.database.where, marks[2]))
    done = post.send()
    assert done.sent == 3 and done.problems == ((marks[2], "unsubscribed before it was sent"),)
    assert sorted(post.box.recipients) == sorted(set(NAMES) - {"c@owl.example"})


def _leave(store: str, mark: str) -> str:
    """Someone unsubscribes at this moment, in another process."""
    with Record(store) as other:
        subscribers.end(other, mark, FROZEN + 2)
    return "250 fine"


# ---- refused, deferred ---------------------------------------------------------------------------------


def test_who_cannot_be_reached_is_not_written_to_again(post: Post) -> None:
    marks = fill(post.record, *NAMES)
    post.box.on("b@moth.example", "550 5.1.1 <b@moth.example>: no such user")
    post.box.on("c@owl.example", "550 5.7.1 c@owl.example does not like you")
    done = post.send()
    assert done.sent == 2
    assert set(done.problems) == {(marks[1], "550 5.1.1"), (marks[2], "550 5.7.1")}
    assert post.states[marks[1]] == post.states[marks[2]] == "failed"
    found = {one.mark: one.state for one in subscribers.all_subscribers(post.record)}
    assert [found[mark] for mark in marks] == ["confirmed", "bounced", "confirmed", "confirmed"]
    assert post.send() == SendResult(0, 0, 0, ()) and len(post.box.mails) == 2


def test_an_address_that_the_relay_takes_for_none_stops_no_other_message(post: Post) -> None:
    marks = fill(post.record, *NAMES)
    post.box.on("a@moth.example", "501 5.1.3 Bad recipient address syntax")
    assert post.send() == SendResult(3, 0, 0, ((marks[0], "501 5.1.3"),))


def test_what_is_put_off_is_tried_again_with_patience(post: Post) -> None:
    marks = fill(post.record, *NAMES[:2])
    post.box.on("a@moth.example", "450 4.2.1 greylisted", "450 4.2.1 greylisted")
    assert post.send().problems == ((marks[0], "deferred: 450 4.2.1"),)
    assert post.states == {marks[0]: "deferred", marks[1]: "sent"} and not post.deliveries
    post.http.advance(299)
    assert post.send() == SendResult(0, 0, 0, ())
    post.http.advance(2)
    assert post.send().problems == ((marks[0], "deferred: 450 4.2.1"),)
    post.http.advance(601)
    assert post.send() == SendResult(1, 0, 0, ())
    assert post.box.recipients == ["b@moth.example", "a@moth.example"] and post.states[marks[0]] == "sent"
    assert post.deliveries == [("everybody", "2 sent, 0 failed")]


def test_what_is_put_off_for_ever_is_given_up(post: Post) -> None:
    [mark] = fill(post.record, "a@moth.example")
    post.box.on("a@moth.example", *["450 not now"] * 20)
    said = []
    for _ in range(20):
        said += [reason for _, reason in post.send().problems]
        post.http.advance(4 * 3600 + 1)
    assert said == ["deferred: 450"] * (outbox.TRIES - 1) + ["given up: 450"]
    assert post.states[mark] == "failed" and post.receipt(mark) == "given up: 450"
    assert post.deliveries == [("everybody", "0 sent, 1 failed")]
    found = subscribers.find(post.record, mark)
    assert found is not None and found.state == "confirmed"


def test_a_relay_that_says_later_is_left_alone_and_loses_nothing(post: Post) -> None:
    fill(post.record, *NAMES)
    post.box.on("MAIL", "250 fine", *["421 4.3.2 shutting down"] * 2)
    done = post.send()
    assert (done.sent, done.waiting) == (1, 300)
    assert post.send().sent == 3
    assert sorted(post.box.recipients) == sorted(NAMES)


@pytest.mark.parametrize("reply", ["421 4.7.0 too many", "501 what?", HANG_UP])
def test_an_address_at_which_the_relay_gives_up_holds_up_no_other(post: Post, reply: str) -> None:
    marks = fill(post.record, *NAMES)
    for name in ("a@moth.example", "c@owl.example"):
        post.box.on(name, *[reply] * 20)
    for _ in range(4):
        assert post.send().waiting == 300
        post.http.advance(301)
    assert post.box.recipients == ["b@moth.example", "d@owl.example"]
    post.box.plays.clear()
    assert post.send().sent == 2 and post.states == dict.fromkeys(marks, "sent")


def test_a_claim_that_came_to_nothing_is_given_back(post: Post) -> None:
    """The relay accepts the transaction, the message is claimed, and then the relay refuses it."""
    [mark] = fill(post.record, "a@moth.example")
    post.box.on("BEGIN", "421 4.3.2 shutting down", HANG_UP, "451 4.3.1 disk full")
    assert post.send().waiting == post.send().waiting == 300
    found = email_queries.outbox_entry(post.record, OutboxKey("daily", DAY, mark))
    assert found is not None and (found.state, found.tries) == ("deferred", 0)
    assert post.send().problems == ((mark, "deferred: 451 4.3.1"),)
    post.http.advance(301)
    assert post.send() == SendResult(1, 0, 0, ()) and len(post.box.mails) == 1


def test_a_relay_that_is_not_there_begins_nothing(post: Post) -> None:
    fill(post.record, *NAMES)
    assert post.send(port=1).stopped and post.send(port=1).waiting
    assert post.states == {}
    assert post.send().sent == 4


# ---- interrupted ---------------------------------------------------------------------------------------


def test_what_broke_off_before_the_message_is_sent_again(post: Post) -> None:
    fill(post.record, *NAMES)
    post.box.on("RCPT", HANG_UP)
    assert (post.send().sent, post.send().sent) == (0, 4)
    assert sorted(post.box.recipients) == sorted(NAMES)


def test_what_broke_off_after_the_message_is_not_sent_again(post: Post) -> None:
    marks = fill(post.record, *NAMES)
    post.box.on("DATA", HANG_UP)
    assert post.send().stopped, "before the second message: every one might be lost"
    assert post.box.recipients == ["a@moth.example"] and post.states == {marks[0]: "sending"}
    done = post.send()
    assert done.sent == 3
    assert done.problems == ((marks[0], "another process is sending it, or was killed while sending it"),)
    post.http.advance(CLAIM_TIMEOUT / 1e6)
    assert post.send() == SendResult(1, 0, 0, ())
    assert post.states == dict.fromkeys(marks, "sent") and post.receipt(marks[0]) == UNKNOWN
    assert sorted(post.box.recipients) == sorted(NAMES)


def test_killed_before_the_record_held_that_all_is_done(post: Post) -> None:
    marks = fill(post.record, *NAMES[:1])
    made = EmailSender(post.record, mail_config(post.box.port), SITE_CONFIG)
    [outgoing] = made.messages(RecordIssueReader(post.record), "daily", DAY)
    made.send(outgoing, post.http)
    assert made.send(outgoing, post.http) == "250 2.0.0 queued as 1"
    made.close()
    assert not post.deliveries
    assert post.send() == SendResult(0, 0, 0, ())
    assert post.receipt(marks[0]) == "250 2.0.0 queued as 1" and len(post.box.mails) == 1
    assert post.deliveries == [("everybody", "1 sent, 0 failed")]


def test_how_a_message_stands_decides_what_is_said_of_it(post: Post) -> None:
    [mark] = fill(post.record, "a@moth.example")
    made = EmailSender(post.record, mail_config(post.box.port), SITE_CONFIG)
    [outgoing] = made.messages(RecordIssueReader(post.record), "daily", DAY)
    key, at = OutboxKey("daily", DAY, mark), post.http.now()
    outbox.claim(post.record, key, at)
    with pytest.raises(NetError, match="another process is sending it") as found:
        made.send(outgoing, post.http)
    assert found.value.tries is None
    outbox.defer(post.record, key, "450", at)
    with pytest.raises(NetError, match="deferred: 450") as found:
        made.send(outgoing, post.http)
    assert found.value.tries == 0
    outbox.mark_failed(post.record, key, "550 5.1.1", at)
    with pytest.raises(RequestRefused, match=r"550 5\.1\.1"):
        made.send(outgoing, post.http)
    made.close()
    assert not post.box.mails


def test_many_messages_make_one_batch_of_the_chain(post: Post) -> None:
    fill(post.record, *[f"r{n}@d{n}.example" for n in range(50)])
    before = post.record.head.position
    assert post.send().sent == 50
    assert post.record.head.position == before + 1
    assert post.send() == SendResult(0, 0, 0, ()) and post.record.head.position == before + 1


def test_who_leaves_while_their_message_is_put_off_holds_nothing_up(post: Post) -> None:
    marks = fill(post.record, *NAMES[:2])
    post.box.on("a@moth.example", "450 4.2.1 greylisted")
    post.send()
    subscribers.end(post.record, marks[0], FROZEN + 2)
    post.http.advance(301)
    assert post.send() == SendResult(0, 0, 0, ())
    assert post.deliveries == [("everybody", "1 sent, 0 failed")]


def test_two_at_once_send_each_message_once(post: Post) -> None:
    fill(post.record, *NAMES)
    with Record(post.record.database.where) as other:
        second = EmailSender(other, mail_config(post.box.port), SITE_CONFIG)
        messages = list(second.messages(RecordIssueReader(other), "daily", DAY))
        assert len(messages) == 4 and post.send().sent == 4
        receipts = [second.send(outgoing, post.http) for outgoing in messages]
        second.close()
    assert all(receipt.startswith("250 ") for receipt in receipts) and len(post.box.mails) == 4


# ---- rate limit, stopping, cleaning up -----------------------------------------------------------------


def test_messages_are_paced_by_domain(post: Post) -> None:
    fill(post.record, *NAMES)
    post.send(pace=60)
    waited = post.http.sleeps
    assert len(waited) == 4 and waited[:2] == [0, 0] and all(0.5 < one <= 1 for one in waited[2:])
    rows = post.record.database.rows("SELECT host FROM pace ORDER BY host")
    assert rows == [("mail:moth.example",), ("mail:owl.example",)]


def test_too_many_failures_stop_the_issue_and_not_the_next(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "MOST_FAILED", 10)
    names = [f"r{n:02}@d{n % 40}.example" for n in range(40)]
    fill(post.record, *names)
    for n in (0, 3, 5, 8, 9, 11):
        post.box.on(names[n], "550 5.1.1 none")
    stopped = post.send()
    assert stopped.sent == len(post.box.mails) == 5, "what had gone out is counted"
    assert stopped.stopped == (
        f"stopped: 4 of 40 messages of {DAY} failed or bounced; the limit is 2 %. The rest of this "
        "issue is not sent, the next issue will be. Unreachable addresses get no more mail. See hotpapers mail list, "
        "and ask the relay's operator for the cause"
    )
    assert "4 of 36" in post.send().stopped
    freeze.freeze(post.record, DAILY, "2024-05-08", at=moment("2024-05-08") + 72 * 3_600_000_000)
    post.http.advance(5 * A_DAY / 1e6)
    done = post.send("2024-05-08")
    assert (done.sent, len(done.problems)) == (34, 2)


def test_reports_that_come_in_while_it_is_sent_count_too(post: Post) -> None:
    marks = fill(post.record, *NAMES)
    for mark in marks[:3]:
        outbox.claim(post.record, OutboxKey("daily", DAY, mark), BEFORE)
        outbox.mark_sent(post.record, OutboxKey("daily", DAY, mark), "250", BEFORE)
        outbox.mark_bounced(post.record, OutboxKey("daily", DAY, mark), "5.1.1", BEFORE)
    assert post.send().stopped.startswith("stopped: 3 of 4 messages")
    assert not post.box.mails


def test_the_same_reports_do_not_stop_the_next_issue_too(post: Post) -> None:
    marks = fill(post.record, *NAMES)
    for day in (DAY, "2024-05-08"):
        for mark in marks[:3]:
            key = OutboxKey("daily", day, mark)
            outbox.claim(post.record, key, BEFORE)
            outbox.mark_sent(post.record, key, "250", BEFORE)
            outbox.mark_bounced(post.record, key, "5.7.1", BEFORE)
    assert post.send().stopped.startswith("stopped: 3 of 4 messages")
    freeze.freeze(post.record, DAILY, "2024-05-08", at=moment("2024-05-08") + 72 * 3_600_000_000)
    post.http.advance(A_DAY / 1e6)
    assert (post.send("2024-05-08").stopped, len(post.box.mails)) == ("", 1)


def test_before_anything_is_begun_only_the_relay_is_looked_at(post: Post) -> None:
    made = EmailSender(post.record, mail_config(post.box.port), SITE_CONFIG)
    made.check()
    assert post.box.connections == 1
    made.close()


def test_tidying_drops_what_is_no_longer_needed(post: Post) -> None:
    fill(post.record, *NAMES)
    post.send()
    asked = subscribers.ask(post.record, "daily", "never@moth.example", BEFORE)
    made = EmailSender(post.record, mail_config(post.box.port), SITE_CONFIG)
    made.tidy(post.http.now() + A_DAY)
    assert asked and subscribers.find(post.record, asked.mark)
    made.tidy(now() + 30 * A_DAY)
    rows = post.record.database.rows
    assert subscribers.find(post.record, asked.mark) is None
    assert rows("SELECT count(*) FROM outbox") == rows("SELECT count(*) FROM pace WHERE host < 'mail;'") == [(0,)]
    assert post.send() == SendResult(0, 0, 0, ())
