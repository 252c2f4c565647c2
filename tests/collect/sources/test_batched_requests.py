"""Requesting many posts: a single failure affects no other post; a failure of all is reported."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hotpapers.base.errors import NetError, RequestRefused, RetryLater, Stopped
from hotpapers.base.model import PayloadPage
from hotpapers.collect.sources.batched_requests import IN_A_ROW, REFUSALS_IN_A_ROW, one_by_one


def requester(*failures: int, error: Exception | None = None) -> Callable[[int], PayloadPage]:
    def ask(number: int) -> PayloadPage:
        if number in failures:
            raise error or NetError(str(number))
        return PayloadPage(cursor=str(number))

    return ask


def run(numbers: range, ask: Callable[[int], PayloadPage]) -> tuple[list[str | None], str]:
    """The answers, and the error raised at the end."""
    cursors: list[str | None] = []
    try:
        for page in one_by_one(numbers, ask):
            cursors.append(page.cursor)
    except NetError as error:
        return cursors, str(error)
    return cursors, ""


def test_one_that_fails_spoils_no_other() -> None:
    assert run(range(1000), requester(*range(3, 1000, 7))) == ([str(n) for n in range(1000) if n % 7 != 3], "")
    assert run(range(3), requester(0, 1)) == (["2"], "")
    assert run(range(0), requester()) == ([], "")


def test_several_in_a_row_are_the_networks_failure() -> None:
    assert run(range(100), requester(*range(10, 10 + IN_A_ROW - 1)))[1] == ""
    cursors, error = run(range(100), requester(*range(10, 100)))
    assert cursors == [str(n) for n in range(10)] and error == str(9 + IN_A_ROW)


def test_refusals_of_single_posts_are_not_the_networks() -> None:
    refusal = RequestRefused("no", 403)
    count = REFUSALS_IN_A_ROW
    assert run(range(count), requester(*range(count - 1), error=refusal)) == ([str(count - 1)], "")
    assert run(range(count + 1), requester(*range(count), error=refusal)) == ([], "no")


def test_where_nothing_comes_at_all_it_is_told_why() -> None:
    assert run(range(1), requester(0, error=RequestRefused("no", 403))) == ([], "no")
    assert run(range(2), requester(0, 1)) == ([], "1")


@pytest.mark.parametrize("error", [RetryLater(60, "busy"), Stopped("told to")])
def test_who_is_asked_to_wait_or_stop_does_so_at_once(error: Exception) -> None:
    numbers: list[int] = []

    def ask(number: int) -> PayloadPage:
        numbers.append(number)
        return requester(1, error=error)(number)

    with pytest.raises(type(error)):
        list(one_by_one(range(5), ask))
    assert numbers == [0, 1]
