"""Requesting many posts: a single failure affects no other post; a failure of all is reported."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hotpapers.errors import NetError, RequestRefused, RetryLater, Stopped
from hotpapers.model import PayloadPage
from hotpapers.sources.batched_requests import IN_A_ROW, REFUSALS_IN_A_ROW, one_by_one


def asking(*failing: int, error: Exception | None = None) -> Callable[[int], PayloadPage]:
    def ask(one: int) -> PayloadPage:
        if one in failing:
            raise error or NetError(str(one))
        return PayloadPage(cursor=str(one))

    return ask


def answered(wanted: range, ask: Callable[[int], PayloadPage]) -> tuple[list[str | None], str]:
    """The answers, and the error raised at the end."""
    came: list[str | None] = []
    try:
        for page in one_by_one(wanted, ask):
            came.append(page.cursor)
    except NetError as problem:
        return came, str(problem)
    return came, ""


def test_one_that_fails_spoils_no_other() -> None:
    assert answered(range(1000), asking(*range(3, 1000, 7))) == ([str(n) for n in range(1000) if n % 7 != 3], "")
    assert answered(range(3), asking(0, 1)) == (["2"], "")
    assert answered(range(0), asking()) == ([], "")


def test_several_in_a_row_are_the_networks_failure() -> None:
    assert answered(range(100), asking(*range(10, 10 + IN_A_ROW - 1)))[1] == ""
    came, problem = answered(range(100), asking(*range(10, 100)))
    assert came == [str(n) for n in range(10)] and problem == str(9 + IN_A_ROW)


def test_refusals_of_single_posts_are_not_the_networks() -> None:
    refusal = RequestRefused("no", 403)
    many = REFUSALS_IN_A_ROW
    assert answered(range(many), asking(*range(many - 1), error=refusal)) == ([str(many - 1)], "")
    assert answered(range(many + 1), asking(*range(many), error=refusal)) == ([], "no")


def test_where_nothing_comes_at_all_it_is_told_why() -> None:
    assert answered(range(1), asking(0, error=RequestRefused("no", 403))) == ([], "no")
    assert answered(range(2), asking(0, 1)) == ([], "1")


@pytest.mark.parametrize("error", [RetryLater(60, "busy"), Stopped("told to")])
def test_who_is_asked_to_wait_or_stop_does_so_at_once(error: Exception) -> None:
    asked: list[int] = []

    def ask(one: int) -> PayloadPage:
        asked.append(one)
        return asking(1, error=error)(one)

    with pytest.raises(type(error)):
        list(one_by_one(range(5), ask))
    assert asked == [0, 1]
