"""Subscribers and the outbox, in both databases: who asked, who confirmed, and what remains of those who left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotpapers.deliver.email import outbox, subscribers
from hotpapers.deliver.email import queries as email_queries
from hotpapers.deliver.email.queries import OutboxEntry, OutboxKey
from hotpapers.deliver.email.tokens import MailToken
from hotpapers.errors import NotFound
from hotpapers.model import DAY, HOUR, Delivery
from hotpapers.store import Record
from tests.deliver.email.made import join

NOW = 1_767_225_600_123_456
KEY = OutboxKey("daily", "2026-01-01", "ab" * 16)


@pytest.fixture(scope="module")
def opened(module_url: str) -> Iterator[Record]:
    with Record(module_url) as record:
        yield record


@pytest.fixture
def record(opened: Record) -> Record:
    with opened.database.write():
        opened.database.run("DELETE FROM subscriber")
        opened.database.run("DELETE FROM outbox")
    return opened


def token_of(asked: email_queries.Subscriber) -> MailToken:
    return MailToken("confirm", asked.mark, asked.since // 1_000_000)


def test_nobody_gets_anything_before_they_confirm(record: Record) -> None:
    asked = subscribers.ask(record, "daily", "some@moth.example", NOW)
    assert asked is not None and subscribers.confirmed(record, "daily", NOW) == []
    done = subscribers.confirm(record, token_of(asked), NOW + HOUR)
    assert subscribers.confirmed(record, "daily", NOW + HOUR) == [done] == [
        asked._replace(state="confirmed", since=NOW + HOUR)
    ]  # fmt: skip
    assert subscribers.confirmed(record, "daily", NOW) == [] == subscribers.confirmed(record, "weekly", NOW + HOUR)
    assert subscribers.confirm(record, token_of(asked), NOW + DAY) == done  # the link is opened a second time


def test_an_address_is_asked_once_a_day(record: Record) -> None:
    assert subscribers.ask(record, "daily", "some@moth.example", NOW)
    assert subscribers.ask(record, "daily", "SOME@moth.example", NOW + DAY - 1) is None
    assert subscribers.ask(record, "weekly", "some@moth.example", NOW)
    again = subscribers.ask(record, "daily", "some@moth.example", NOW + DAY)
    assert again is not None and subscribers.confirm(record, token_of(again), NOW + DAY).state == "confirmed"
    assert subscribers.ask(record, "daily", "some@moth.example", NOW + 9 * DAY) is None


def test_a_confirmation_ends_after_a_week_and_with_a_newer_one(record: Record) -> None:
    asked = subscribers.ask(record, "daily", "some@moth.example", NOW)
    assert asked is not None
    with pytest.raises(NotFound, match="has expired; subscribe again"):
        subscribers.confirm(record, token_of(asked), NOW + 7 * DAY + 1)
    later = subscribers.ask(record, "daily", "some@moth.example", NOW + DAY)
    assert later is not None
    with pytest.raises(NotFound, match="has expired"):
        subscribers.confirm(record, token_of(asked), NOW + DAY)
    subscribers.tidy(record, NOW + 8 * DAY)
    assert subscribers.find(record, later.mark) is not None
    subscribers.tidy(record, NOW + 8 * DAY + 1)
    assert subscribers.find(record, later.mark) is None
    with pytest.raises(NotFound, match="no request for this confirmation"):
        subscribers.confirm(record, token_of(later), NOW + DAY)


def test_of_who_leaves_a_hash_is_left_which_an_old_link_does_not_bring_back(record: Record) -> None:
    asked = subscribers.ask(record, "daily", "some@moth.example", NOW)
    assert asked is not None
    subscribers.confirm(record, token_of(asked), NOW)
    known = subscribers.end(record, asked.mark, NOW + HOUR)
    assert known is not None and known.state == "confirmed"
    left = subscribers.find(record, asked.mark)
    assert left == asked._replace(state="ended", since=NOW + HOUR, address="")
    again = subscribers.end(record, asked.mark, NOW + DAY)
    assert again == left == subscribers.find(record, asked.mark)
    with pytest.raises(NotFound, match="no request for this confirmation"):
        subscribers.confirm(record, token_of(asked), NOW + HOUR)
    assert "some@" not in str(subscribers.all_subscribers(record))
    anew = subscribers.ask(record, "daily", "some@moth.example", NOW + 2 * HOUR)
    assert anew is not None and subscribers.confirmed(record, "daily", NOW + DAY) == []
    subscribers.confirm(record, token_of(anew), NOW + 3 * HOUR)
    assert len(subscribers.confirmed(record, "daily", NOW + DAY)) == 1
    assert subscribers.end(record, "0" * 32, NOW) is None


def test_forgetting_an_address_ends_all_its_subscriptions(record: Record) -> None:
    join(record, "Some@moth.example", NOW)
    assert subscribers.ask(record, "weekly", "some@moth.example", NOW)
    join(record, "other@moth.example", NOW)
    assert subscribers.forget(record, "some@MOTH.example", NOW) == 2
    assert subscribers.forget(record, "some@moth.example", NOW) == 0
    assert [one.address for one in subscribers.all_subscribers(record) if one.address] == ["other@moth.example"]
    assert email_queries.count_subscribers(record) == {
        "daily": {"confirmed": 1, "asked": 0, "bounced": 0, "ended": 1},
        "weekly": {"confirmed": 0, "asked": 0, "bounced": 0, "ended": 1},
    }


def test_who_cannot_be_reached_gets_no_more_until_they_confirm_anew(record: Record) -> None:
    mark = join(record, "some@moth.example", NOW)
    assert subscribers.bounce(record, mark, "550 5.1.1", NOW + HOUR)
    assert subscribers.bounce(record, mark, "550 5.1.1", NOW + DAY) is None
    found = subscribers.find(record, mark)
    assert found is not None and (found.state, found.reason, found.since) == ("bounced", "550 5.1.1", NOW + HOUR)
    assert subscribers.confirmed(record, "daily", NOW + DAY) == []
    assert subscribers.ask(record, "daily", "some@moth.example", NOW + DAY)
    assert subscribers.bounce(record, "0" * 32, "550", NOW) is None


def test_days_without_papers_are_a_choice(record: Record) -> None:
    mark = join(record, "some@moth.example", NOW, skip_empty=True)
    chosen = subscribers.set_skip_empty(record, mark, skip_empty=False)
    assert chosen is not None and not chosen.skip_empty
    assert subscribers.ask(record, "daily", "some@moth.example", NOW, skip_empty=True) is None
    found = subscribers.find(record, mark)
    assert found is not None and found.skip_empty and found.state == "confirmed"
    subscribers.end(record, mark, NOW)
    assert subscribers.set_skip_empty(record, mark, skip_empty=True) is None


def test_what_could_not_be_asked_is_undone(record: Record) -> None:
    asked = subscribers.ask(record, "daily", "some@moth.example", NOW)
    assert asked is not None
    subscribers.undo_ask(record, asked._replace(since=NOW - 1))
    assert subscribers.find(record, asked.mark) == asked
    subscribers.undo_ask(record, asked)
    assert subscribers.find(record, asked.mark) is None


def test_marks_differ_by_publication_and_store(record: Record, tmp_path_factory: pytest.TempPathFactory) -> None:
    with Record(str(tmp_path_factory.mktemp("other") / "other.db")) as other:
        marks = [
            subscribers.mark_of(record, "daily", "some@moth.example"),
            subscribers.mark_of(record, "weekly", "some@moth.example"),
            subscribers.mark_of(other, "daily", "some@moth.example"),
        ]
    assert len(set(marks)) == 3


# ---- the outbox ----------------------------------------------------------------------------------------


def test_a_message_is_claimed_once(record: Record) -> None:
    assert email_queries.outbox_entry(record, KEY) is None
    assert outbox.claim(record, KEY, NOW) is None
    assert outbox.claim(record, KEY, NOW + 1) == OutboxEntry("sending", "", 0, NOW, 0)
    outbox.mark_sent(record, KEY, "250 fine", NOW + 2)
    assert outbox.claim(record, KEY, NOW + DAY) == OutboxEntry("sent", "250 fine", 0, NOW + 2, 0)


def test_what_was_put_off_may_be_claimed_later_and_is_given_up_in_the_end(record: Record) -> None:
    at = NOW
    for tries in range(1, outbox.TRIES):
        assert outbox.claim(record, KEY, at) is None
        assert outbox.defer(record, KEY, "450", at)
        due = at + outbox.wait_after(tries) * 1_000_000
        assert email_queries.deferred_messages(record, "daily", KEY.day) == {KEY.mark: due}
        assert outbox.claim(record, KEY, due - 1) == OutboxEntry("deferred", "450", tries, at, due)
        at = due
    assert outbox.claim(record, KEY, at) is None
    assert not outbox.defer(record, KEY, "450", at)
    assert email_queries.outbox_entry(record, KEY) == OutboxEntry("failed", "given up: 450", 0, at, 0)
    assert email_queries.count_failed_messages(record, "daily", KEY.day) == 1
    assert outbox.claim(record, KEY, at + DAY) is not None


def test_what_is_given_back_counts_no_try(record: Record) -> None:
    outbox.claim(record, KEY, NOW)
    outbox.defer(record, KEY, "450", NOW)
    outbox.claim(record, KEY, NOW + DAY)
    outbox.release(record, KEY, NOW + DAY)
    assert email_queries.outbox_entry(record, KEY) == OutboxEntry("deferred", "", 1, NOW + DAY, NOW + DAY)
    assert outbox.claim(record, KEY, NOW + DAY) is None


def test_what_comes_back_failed(record: Record) -> None:
    outbox.mark_bounced(record, KEY, "5.1.1", NOW)
    assert email_queries.outbox_entry(record, KEY) is None
    outbox.claim(record, KEY, NOW)
    outbox.mark_sent(record, KEY, "250", NOW)
    outbox.mark_bounced(record, KEY, "5.1.1", NOW + 1)
    assert email_queries.outbox_entry(record, KEY) == OutboxEntry("failed", "5.1.1", 0, NOW + 1, 0)


def test_old_messages_go_once_the_record_holds_that_their_day_is_done(record: Record) -> None:
    done, open_day, mark = "2026-01-01", "2026-01-02", "a" * 32
    for day in (done, open_day):
        outbox.mark_sent(record, OutboxKey("daily", day, mark), "250", NOW)
        outbox.mark_failed(record, OutboxKey("daily", day, "b" * 32), "550", NOW)
    assert email_queries.finished_messages(record, "daily", done) == {mark: "sent", "b" * 32: "failed"}
    summary = Delivery(
        publication="daily", day=done, edition=1, channel="mailing", target="everybody", state="sent",
        receipt="1 sent, 1 failed", observed_at=NOW,
    )  # fmt: skip
    record.append([summary], source="publish")
    assert [email_queries.is_delivered(record, "mailing", "daily", day) for day in (done, open_day)] == [True, False]
    assert not email_queries.is_delivered(record, "chat", "daily", done)
    email_queries.drop_old_messages(record, "mailing", NOW + email_queries.OUTBOX_RETENTION)
    assert len(record.database.rows("SELECT mark FROM outbox")) == 4
    email_queries.drop_old_messages(record, "mailing", NOW + email_queries.OUTBOX_RETENTION + 1)
    kept = {row[0] for row in record.database.rows('SELECT "day" FROM outbox')}
    assert kept == {open_day}
