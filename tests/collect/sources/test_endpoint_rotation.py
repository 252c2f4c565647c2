"""Networks read in parts: a failing part stops no other and is reported; a part may ask for a pause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from hotpapers.base.errors import NetError, PartiallyRead, RequestRefused, RetryLater, Stopped
from hotpapers.base.model import PayloadPage, RawPayload
from hotpapers.collect.sources.batched_requests import (
    NAMED,
    REFUSED_FOR,
    EndpointRotation,
    raise_failures,
    soonest_retry,
)
from tests.collect.sources.net import ScriptedClient

DOWN, BUSY, NO = NetError("down"), RetryLater(60, "busy"), RequestRefused("no")


def page(name: str) -> PayloadPage:
    return PayloadPage((RawPayload("post", name, b"", 1),))


class Network:
    """Parts that each yield a page or fail; logs which were read."""

    def __init__(self, **failures: Exception | None) -> None:
        self.failures, self.log = failures, list[str]()
        self.http, self.turns = ScriptedClient({}), EndpointRotation()

    def part(self, name: str) -> Iterator[PayloadPage]:
        self.log.append(name)
        yield page(name)
        error = self.failures[name]
        if error:
            raise error

    def round(self, last_pages: Sequence[PayloadPage] = ()) -> tuple[list[str], Exception | None]:
        """The pages read, and the error raised at the end."""
        self.log.clear()
        keys: list[str] = []
        try:
            for part in self.turns.pages(self.http, ((name, self.part(name)) for name in self.failures), last_pages):
                keys += [payload.key for payload in part.payloads]
        except (NetError, Stopped) as error:
            return keys, error
        return keys, None


def test_all_is_read_and_nothing_told_where_nothing_fails() -> None:
    assert Network(a=None, b=None).round([page("z")]) == (["a", "b", "z"], None)
    assert Network().round() == ([], None)


def test_what_failed_is_told_when_the_others_and_what_follows_are_read() -> None:
    keys, error = Network(a=DOWN, b=None, c=NO).round([page("z")])
    assert keys == ["a", "b", "c", "z"]
    assert isinstance(error, PartiallyRead) and str(error) == "2 of 3 could not be read; down; no"


def test_where_all_failed_it_is_the_network_that_failed() -> None:
    assert Network(a=NO, b=BUSY).round()[1] is BUSY
    assert Network(a=NO).round()[1] is NO


def test_who_asked_to_wait_or_refused_is_left_alone_for_so_long() -> None:
    network = Network(a=BUSY, b=None, c=NO)
    network.round()
    network.http.advance(20)
    _, error = network.round()
    assert network.log == ["b"]
    assert str(error) == "2 of 3 could not be read; busy: try again in 40 s; no"
    network.http.advance(40)
    network.failures["a"] = None
    assert network.round()[0] == ["a", "b"]
    network.http.advance(REFUSED_FOR / 1e6)
    network.failures["c"] = None
    assert network.round() == (["a", "b", "c"], None)


def test_who_is_down_is_asked_again_at_once() -> None:
    network = Network(a=DOWN, b=None)
    network.round()
    network.round()
    assert network.log == ["a", "b"]


def test_being_told_to_stop_stops() -> None:
    assert isinstance(Network(a=Stopped(), b=None).round()[1], Stopped)


def test_an_error_names_a_few_and_says_how_many_more() -> None:
    with pytest.raises(PartiallyRead, match=f"^8 of 9 .*; and {8 - NAMED} more$"):
        raise_failures([NetError(f"down {n}") for n in range(8)], 9)


def test_a_reason_that_several_gave_is_told_once() -> None:
    with pytest.raises(PartiallyRead, match=r"^3 of 4 could not be read; down; no$"):
        raise_failures([DOWN, NO, DOWN], 4)


def test_of_several_errors_the_one_that_is_soonest_tried_again() -> None:
    assert soonest_retry([NO, BUSY, DOWN]) is DOWN and soonest_retry([NO, BUSY]) is BUSY and soonest_retry([NO]) is NO


def test_what_one_part_lost_is_told_also_where_every_part_failed() -> None:
    loss = PartiallyRead("r/one: more posts", lost_until=5)
    for errors in ([], [DOWN], [NO, PartiallyRead("r/two: more posts", lost_until=3)]):
        with pytest.raises(PartiallyRead) as excinfo:
            raise_failures([*errors, loss], len(errors) + 1)
        assert excinfo.value.lost_until == 5
