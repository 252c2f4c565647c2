"""What housekeeping does for mail."""

from __future__ import annotations

from hotpapers.base.model import DAY, HOUR
from hotpapers.wings.mail import subscribers
from tests.collect.sources.net import START
from tests.publish.schedule.test_housekeeping import HouseRounds, house

__all__ = ["house"]


def test_unconfirmed_subscribers_are_deleted_even_where_no_more_mail_is_sent(house: HouseRounds) -> None:
    subscribers.ask(house.record, "daily", "a@moth.example", START)
    house.round(START + 6 * DAY)
    assert len(subscribers.all_subscribers(house.record)) == 1
    house.round(START + 8 * DAY)
    assert not subscribers.all_subscribers(house.record)


def test_they_are_deleted_within_an_hour(house: HouseRounds) -> None:
    subscribers.ask(house.record, "daily", "a@moth.example", START)
    for at, left in ((7 * DAY - HOUR // 4, 1), (7 * DAY + HOUR // 4, 1), (7 * DAY + HOUR, 0)):
        house.round(START + at)
        assert len(subscribers.all_subscribers(house.record)) == left
