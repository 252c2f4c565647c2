"""Subscribers and the outbox, in both databases: who asked, who confirmed, and what remains of those who left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotpapers.base.errors import NotFound
from hotpapers.base.model import DAY, HOUR, Delivery
from hotpapers.publish.deliver import delivery_states
from hotpapers.publish.deliver.queries import DeliveryState, IssueEdition, state_of, states_of
from hotpapers.record import Record
from hotpapers.wings.mail import queries as email_queries
from hotpapers.wings.mail import sender, subscribers
from hotpapers.wings.mail.queries import message_key
from hotpapers.wings.mail.tokens import MailToken
from tests.wings.mail.samples import join, mark_failed, mark_sent

NOW = 1_767_225_600_123_456
KEY = message_key("daily", "2026-01-01", "ab" * 16)


@pytest.fixture(scope="module")
def module_record(module_url: str) -> Iterator[Record]:
    with Record(module_url) as record:
        yield record


@pytest.fixture
def record(module_record: Record) -> Record:
    with module_record.database.write():
        module_record.database.run("DELETE FROM subscriber")
        module_record.database.run("DELETE FROM delivery_state")
    return module_record


def token_of(subscriber: email_queries.Subscriber) -> MailToken:
    return MailToken("confirm", subscriber.mark, subscriber.since // 1_000_000)


def test_nobody_gets_anything_before_they_confirm(record: Record) -> None:
    subscriber = subscribers.ask(record, "daily", "some@moth.example", NOW)
    assert subscriber is not None and subscribers.confirmed_subscribers(record, "daily", NOW) == []
    confirmed = subscribers.confirm(record, token_of(subscriber), NOW + HOUR)
    assert subscribers.confirmed_subscribers(record, "daily", NOW + HOUR) == [confirmed] == [
        subscriber._replace(state="confirmed", since=NOW + HOUR)
    ]  # fmt: skip
    assert (
        subscribers.confirmed_subscribers(record, "daily", NOW)
        == []
        == subscribers.confirmed_subscribers(record, "weekly", NOW + HOUR)
    )
    assert subscribers.confirm(record, token_of(subscriber), NOW + DAY) == confirmed  # the link is opened a second time


def test_an_address_gets_one_request_a_day(record: Record) -> None:
    assert subscribers.ask(record, "daily", "some@moth.example", NOW)
    assert subscribers.ask(record, "daily", "SOME@moth.example", NOW + DAY - 1) is None
    assert subscribers.ask(record, "daily", "some@moth.example", NOW - DAY)  # the clock was ahead, and was set back
    assert subscribers.ask(record, "daily", "some@moth.example", NOW)
    assert subscribers.ask(record, "weekly", "some@moth.example", NOW)
    second_request = subscribers.ask(record, "daily", "some@moth.example", NOW + DAY)
    assert (
        second_request is not None
        and subscribers.confirm(record, token_of(second_request), NOW + DAY).state == "confirmed"
    )
    assert subscribers.ask(record, "daily", "some@moth.example", NOW + 9 * DAY) is None


def test_a_confirmation_ends_after_a_week_and_with_a_newer_one(record: Record) -> None:
    subscriber = subscribers.ask(record, "daily", "some@moth.example", NOW)
    assert subscriber is not None
    with pytest.raises(NotFound, match="has expired; subscribe again"):
        subscribers.confirm(record, token_of(subscriber), NOW + 7 * DAY + 1)
    later_request = subscribers.ask(record, "daily", "some@moth.example", NOW + DAY)
    assert later_request is not None
    with pytest.raises(NotFound, match="has expired"):
        subscribers.confirm(record, token_of(subscriber), NOW + DAY)
    subscribers.delete_unconfirmed(record, NOW + 8 * DAY)
    assert subscribers.find(record, later_request.mark) is not None
    subscribers.delete_unconfirmed(record, NOW + 8 * DAY + 1)
    assert subscribers.find(record, later_request.mark) is None
    with pytest.raises(NotFound, match="no request for this confirmation"):
        subscribers.confirm(record, token_of(later_request), NOW + DAY)


def test_whoever_asks_again_is_listed_with_why_there_was_no_mail(record: Record) -> None:
    subscriber = subscribers.ask(record, "daily", "some@moth.example", NOW)
    assert subscriber is not None and subscriber.reason == ""
    reasons = []
    for day, is_bounce in ((1, False), (3, True)):
        if is_bounce:
            subscribers.bounce(record, subscriber.mark, "5.1.1", NOW + day * DAY)
        else:
            subscribers.end(record, subscriber.mark, NOW + day * DAY)
        for again in (day, day + 1):
            request = subscribers.ask(record, "daily", "some@moth.example", NOW + again * DAY)
            assert request is not None
            reasons.append(request.reason)
    assert reasons == ["had left"] * 2 + ["had bounced: 5.1.1"] * 2


def test_of_a_former_subscriber_a_hash_is_left_that_an_old_link_does_not_revive(record: Record) -> None:
    subscriber = subscribers.ask(record, "daily", "some@moth.example", NOW)
    assert subscriber is not None
    subscribers.confirm(record, token_of(subscriber), NOW)
    subscriber_before = subscribers.end(record, subscriber.mark, NOW + HOUR)
    assert subscriber_before is not None and subscriber_before.state == "confirmed"
    ended = subscribers.find(record, subscriber.mark)
    assert ended == subscriber._replace(state="ended", since=NOW + HOUR, address="")
    assert subscribers.end(record, subscriber.mark, NOW + DAY) is None
    assert ended == subscribers.find(record, subscriber.mark)
    with pytest.raises(NotFound, match="no request for this confirmation"):
        subscribers.confirm(record, token_of(subscriber), NOW + HOUR)
    assert "some@" not in str(subscribers.all_subscribers(record))
    new_request = subscribers.ask(record, "daily", "some@moth.example", NOW + 2 * HOUR)
    assert new_request is not None and subscribers.confirmed_subscribers(record, "daily", NOW + DAY) == []
    subscribers.confirm(record, token_of(new_request), NOW + 3 * HOUR)
    assert len(subscribers.confirmed_subscribers(record, "daily", NOW + DAY)) == 1
    assert subscribers.end(record, "0" * 32, NOW) is None


def test_forgetting_an_address_ends_all_its_subscriptions(record: Record) -> None:
    join(record, "Some@moth.example", NOW)
    assert subscribers.ask(record, "weekly", "some@moth.example", NOW)
    join(record, "other@moth.example", NOW)
    subscribers.forget_address(record, "some@MOTH.example")
    assert [subscriber.address for subscriber in subscribers.all_subscribers(record) if subscriber.address] == [
        "other@moth.example"
    ]
    assert email_queries.count_subscribers(record) == {
        "daily": {"confirmed": 1, "asked": 0, "bounced": 0, "ended": 1},
        "weekly": {"confirmed": 0, "asked": 0, "bounced": 0, "ended": 1},
    }


def test_an_unreachable_subscriber_gets_no_more_until_a_new_confirmation(record: Record) -> None:
    mark = join(record, "some@moth.example", NOW)
    assert subscribers.bounce(record, mark, "550 5.1.1", NOW + HOUR)
    assert subscribers.bounce(record, mark, "550 5.1.1", NOW + DAY) is None
    subscriber = subscribers.find(record, mark)
    assert subscriber is not None and (subscriber.state, subscriber.reason, subscriber.since) == (
        "bounced",
        "550 5.1.1",
        NOW + HOUR,
    )
    assert subscribers.confirmed_subscribers(record, "daily", NOW + DAY) == []
    assert subscribers.ask(record, "daily", "some@moth.example", NOW + DAY)
    assert subscribers.bounce(record, "0" * 32, "550", NOW) is None


def test_days_without_papers_are_a_choice(record: Record) -> None:
    mark = join(record, "some@moth.example", NOW, skip_empty=True)
    assert subscribers.set_skip_empty(record, mark, skip_empty=False)
    subscriber = subscribers.find(record, mark)
    assert subscriber is not None and not subscriber.skip_empty
    assert subscribers.ask(record, "daily", "some@moth.example", NOW, skip_empty=True) is None
    changed = subscribers.find(record, mark)
    assert changed is not None and changed.skip_empty and changed.state == "confirmed"
    subscribers.end(record, mark, NOW)
    assert not subscribers.set_skip_empty(record, mark, skip_empty=True)


def test_a_request_that_could_not_be_sent_is_undone(record: Record) -> None:
    subscriber = subscribers.ask(record, "daily", "some@moth.example", NOW)
    assert subscriber is not None
    subscribers.undo_ask(record, subscriber._replace(since=NOW - 1))
    assert subscribers.find(record, subscriber.mark) == subscriber
    subscribers.undo_ask(record, subscriber)
    assert subscribers.find(record, subscriber.mark) is None


def test_marks_differ_by_publication_and_store(record: Record, tmp_path_factory: pytest.TempPathFactory) -> None:
    with Record(str(tmp_path_factory.mktemp("other") / "other.db")) as other_record:
        marks = [
            subscribers.mark_of(record, "daily", "some@moth.example"),
            subscribers.mark_of(record, "weekly", "some@moth.example"),
            subscribers.mark_of(other_record, "daily", "some@moth.example"),
        ]
    assert len(set(marks)) == 3


# ---- the outbox ----------------------------------------------------------------------------------------


def test_a_message_is_claimed_once(record: Record) -> None:
    assert state_of(record.database, KEY) is None
    assert delivery_states.claim_delivery(record, KEY, NOW) is None
    assert delivery_states.claim_delivery(record, KEY, NOW + 1) == DeliveryState("sending", "", NOW, 0, 0)
    mark_sent(record, KEY, "250 fine", NOW + 2)
    assert delivery_states.claim_delivery(record, KEY, NOW + DAY) == DeliveryState("sent", "250 fine", NOW + 2, 0, 0)


def test_a_deferred_message_may_be_claimed_later_and_is_given_up_in_the_end(record: Record) -> None:
    at = NOW
    for tries in range(1, sender.TRIES):
        assert delivery_states.claim_delivery(record, KEY, at) is None
        assert sender.defer_message(record, KEY, "450", at)
        due = at + sender.wait_after(tries) * 1_000_000
        assert delivery_states.claim_delivery(record, KEY, due - 1) == DeliveryState("sending", "450", at, tries, due)
        at = due
    assert delivery_states.claim_delivery(record, KEY, at) is None
    assert not sender.defer_message(record, KEY, "450", at)
    assert state_of(record.database, KEY) == DeliveryState("failed", "given up: 450", at, 0, 0)
    assert email_queries.count_failed_messages(record, "daily", KEY.day) == 1
    assert delivery_states.claim_delivery(record, KEY, at + DAY) is not None


def test_a_released_claim_counts_no_try(record: Record) -> None:
    delivery_states.claim_delivery(record, KEY, NOW)
    sender.defer_message(record, KEY, "450", NOW)
    delivery_states.claim_delivery(record, KEY, NOW + DAY)
    sender.release_claim(record, KEY, NOW + DAY)
    assert state_of(record.database, KEY) == DeliveryState("sending", "not handed over", NOW + DAY, 1, NOW + DAY)
    assert delivery_states.claim_delivery(record, KEY, NOW + DAY) is None


def test_a_bounced_message_failed(record: Record) -> None:
    sender.mark_bounced(record, KEY, "5.1.1", NOW)
    assert state_of(record.database, KEY) is None
    delivery_states.claim_delivery(record, KEY, NOW)
    mark_sent(record, KEY, "250", NOW)
    sender.mark_bounced(record, KEY, "5.1.1", NOW + 1)
    assert state_of(record.database, KEY) == DeliveryState("failed", "5.1.1", NOW + 1, 0, 0)


def test_old_messages_go_once_their_delivery_is_recorded(record: Record) -> None:
    finished_day, open_day, mark = "2026-01-01", "2026-01-02", "a" * 32
    for day in (finished_day, open_day):
        mark_sent(record, message_key("daily", day, mark), "250", NOW)
        mark_failed(record, message_key("daily", day, "b" * 32), "550", NOW)
    states = states_of(record.database, IssueEdition("daily", finished_day, 0), email_queries.CHANNEL)
    assert {mark: state.state for mark, state in states.items()} == {mark: "sent", "b" * 32: "failed"}
    summary = Delivery(
        publication="daily", day=finished_day, edition=1, channel="mailing", target="everybody", state="sent",
        receipt="1 sent, 1 failed", observed_at=NOW,
    )  # fmt: skip
    record.append([summary], source="publish")
    email_queries.drop_old_messages(record, NOW + email_queries.OUTBOX_RETENTION)
    assert len(record.database.rows("SELECT target FROM delivery_state")) == 4
    email_queries.drop_old_messages(record, NOW + email_queries.OUTBOX_RETENTION + 1)
    left = set(record.database.rows('SELECT "day", state FROM delivery_state'))
    assert left == {(open_day, "sent"), (open_day, "failed"), (finished_day, "failed")}
    email_queries.drop_old_messages(record, NOW + email_queries.FAILURE_RETENTION + 1)
    days_left = {row[0] for row in record.database.rows('SELECT "day" FROM delivery_state')}
    assert days_left == {open_day}
