"""What the responses of networks reveal about the time."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from hotpapers.base.http import ServerClocks
from hotpapers.base.http.retry_policy import date_of
from hotpapers.base.model import DAY

AT = 1_773_392_400_000_000
DATE = "Fri, 13 Mar 2026 09:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"date": DATE}, AT),
        ({"date": DATE, "age": "90"}, AT + 90_000_000),
        ({"date": DATE, "age": "-1"}, AT),
        ({"date": DATE, "age": "9" * 30}, AT),
        ({"date": "yesterday"}, None),
        ({}, None),
    ],
)
def test_when_an_answer_left_its_network(headers: dict[str, str], expected: int | None) -> None:
    assert date_of(headers) == expected


def test_most_voices_tell_by_how_much_the_clock_is_ahead() -> None:
    clocks = ServerClocks()
    assert clocks.ahead(AT) is None
    first, second, third = clocks.listener(), clocks.listener(), clocks.listener()
    for ahead in (DAY, 5):  # the latest response of each counts
        first({"date": DATE}, AT + ahead)
    second({"date": DATE}, AT + 7)
    third({"date": formatdate((AT - 9 * DAY) / 1e6, usegmt=True)}, AT)
    assert clocks.ahead(AT + 9) == 7, "the third one's clock is wrong"
    third({}, AT + 20)
    assert clocks.ahead(AT + 20) == 7


def test_after_a_jump_nobody_has_answered_for_long() -> None:
    clocks = ServerClocks(lambda: 0.0)
    clocks.listener()({"date": DATE}, AT)
    assert clocks.ahead(AT + DAY) == 0 and clocks.ahead(AT + 5 * DAY) == 5 * DAY


def test_a_jump_is_known_whoever_answers_afterwards() -> None:
    """Also back."""
    clocks = ServerClocks(lambda: 0.0)
    first, second, third = clocks.listener(), clocks.listener(), clocks.listener()
    for listener in (first, second, third):
        listener({"date": DATE}, AT)
    first({"date": DATE}, AT + 5 * DAY)
    assert clocks.ahead(AT + 5 * DAY) == 5 * DAY
    assert clocks.ahead(AT) == 0


def test_a_pause_that_the_steady_clock_does_not_count_ends_with_the_first_answer() -> None:
    """As of a virtual machine."""
    clocks = ServerClocks(lambda: 0.0)
    first, second, third = clocks.listener(), clocks.listener(), clocks.listener()
    for listener in (first, second, third):
        listener({"date": DATE}, AT)
    assert clocks.ahead(AT + 2 * DAY) == 2 * DAY
    first({"date": formatdate((AT + 2 * DAY) / 1e6, usegmt=True)}, AT + 2 * DAY)
    assert clocks.ahead(AT + 2 * DAY) == 0


def test_days_without_a_network_are_no_jump() -> None:
    seconds = [100.0]
    clocks = ServerClocks(lambda: seconds[0])
    clocks.listener()({"date": DATE}, AT + 7)
    seconds[0] += 5 * 86_400
    assert clocks.ahead(AT + 7 + 5 * DAY) == 7, "the network was down for five days"
    assert clocks.ahead(AT + 7 + 8 * DAY) == 3 * DAY + 7
