"""Curves from votes over time: which counts are used for which ages, and by which clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from hotpapers.base.errors import InputError
from hotpapers.issues.forecasts import Curve
from lab import curves
from lab.curves import OWN_CLOCK, MeasuredCurve, PaperCategory, StoryVotes
from lab.json_lines import decode_lines
from lab.outcomes.files import UpvoteCount

DAY = date(2026, 3, 2)
NUMBER = (DAY - date(1970, 1, 1)).days
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)


def count(
    hours: float, votes: int, day: date | None = DAY, *, t_ok: bool = True, id: str = "2603.00001"
) -> UpvoteCount:
    """A count that many hours after the page's midnight."""
    at = MIDNIGHT + timedelta(hours=hours)
    return UpvoteCount(id=id, date=day, upvotes=votes, observed_at=at, t_ok=t_ok)


def paper(*counts: UpvoteCount) -> list[MeasuredCurve]:
    """The curves from these counts of a paper that the metadata has."""
    return list(curves.hugging_face(counts, {"2603.00001": "cs.CV"}))


def test_the_nearest_count_stands_for_an_age() -> None:
    counts = [
        count(2.9, 1),
        count(4, 2),
        count(7, 3),
        count(11, 4),
        count(26, 5),
        count(130, 6),
        count(170, 7),
        count(260, 9),
    ]
    assert paper(*counts) == [
        MeasuredCurve(Curve("huggingface", "cs", 6, NUMBER, 3, 7), ("cs", "cs.CV")),
        MeasuredCurve(Curve("huggingface", "cs", 24, NUMBER, 5, 7), ("cs", "cs.CV")),
    ]


def test_no_curve_without_both_ends_a_date_or_a_sound_moment() -> None:
    assert paper(count(6, 3)) == paper(count(168, 3)) == paper(count(12, 3), count(168, 9)) == []
    assert paper(count(6, 3, None), count(168, 9, None)) == []
    assert paper(count(6, 3, t_ok=False), count(168, 9)) == []


def test_a_feed_without_dates_adds_counts_and_the_first_page_counts() -> None:
    later = date(2026, 3, 5)
    [curve] = paper(count(6, 3), count(168, 9, None), count(80, 5, later))[:1]
    assert curve.curve == Curve("huggingface", "cs", 6, NUMBER, 3, 9)


def test_fields() -> None:
    counts = [count(6, 3, id=id) for id in ("a", "b")] + [count(168, 9, id=id) for id in ("a", "b")]
    assert [(curve.curve.archive, curve.fields) for curve in curves.hugging_face(counts, {"a": "hep-th"})] == [
        ("hep-th", ("hep-th",)),
        ("", ("unknown",)),
    ]


def story(*counts: tuple[float, int]) -> list[Curve]:
    """The curves of a story with these counts: (hours after midnight, votes)."""
    start = int(MIDNIGHT.timestamp())
    obs: list[tuple[int, int, int | None, int]] = [
        (start + int(3600 * hours), votes, None, 1) for hours, votes in counts
    ]
    return [curve.curve for curve in curves.hacker_news([StoryVotes(obs=obs)])]


def test_a_story_by_both_clocks() -> None:
    assert story((2, 10), (5.5, 40), (6.2, 50), (7.5, 60), (9, 70), (200, 99)) == [
        Curve("hackernews", "", 6, NUMBER, 40, 70),
        Curve(OWN_CLOCK, "", 6, NUMBER, 60, 70),
    ]


def test_a_story_that_left_before_or_came_after_has_no_curve() -> None:
    assert story((1, 10), (4.9, 40)) == []
    assert story() == []
    assert [curve.network for curve in story((6.1, 10), (12, 90))] == [OWN_CLOCK]


def test_a_line_that_cannot_be_read_is_named() -> None:
    good = b'{"id": "2603.00001", "primary": "cs.CV", "title": "Steam"}\n'
    assert list(decode_lines([good], PaperCategory, "m")) == [PaperCategory("2603.00001", "cs.CV")]
    for bad in (b"{", b"[]", b'{"id": "2603.00001"}', b"\xff\n", b'{"id": 1, "primary": "cs.CV"}'):
        with pytest.raises(InputError) as error:
            list(decode_lines([good, bad], PaperCategory, "m"))
        assert (error.value.file, error.value.line) == ("m", 2)
    for bad in (b'{"obs": [[1, -2, null, 3]]}', b'{"obs": [[1]]}', b'{"obs": [[99999999999999, 1, 1, 1]]}'):
        with pytest.raises(InputError):
            list(decode_lines([bad], StoryVotes, "s"))
    for day, at in (("2026-02-30", "2026-03-02T06:00:00Z"), ("2026-03-02", "soon"), ("2026-03-02", "2026-03-02")):
        line = f'{{"id": "a", "date": "{day}", "upvotes": 1, "observed_at": "{at}", "t_ok": true}}'.encode()
        with pytest.raises(InputError):
            list(decode_lines([line], UpvoteCount, "h"))
