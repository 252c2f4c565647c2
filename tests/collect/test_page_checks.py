"""When a page is not believed: dates in another zone, entries that cannot be read, answers without counts."""

from __future__ import annotations

import pytest

from hotpapers.base.errors import PartiallyRead
from hotpapers.base.model import HOUR, Post, RawPayload, Snapshot
from hotpapers.collect.pipeline import ReadableEntries, check_dates, check_likes
from hotpapers.jobs.next_steps import next_step
from hotpapers.record.parsing import KEEP_FOR, ParsedPayload
from tests.collect.sources.net import START


def post(name: str, created_at: int, gone: str = "") -> Post:
    return Post(post=f"x:{name}", network="x", account="x:a", created_at=created_at, gone=gone, observed_at=START)


def page(*problems: str, kind: str = "post") -> list[ParsedPayload]:
    return [
        ParsedPayload(RawPayload(kind, str(n), b"{}", START), (), problem, keep_for=KEEP_FOR)
        for n, problem in enumerate(problems)
    ]


SIX_LATER = [(post(name, START + 6 * HOUR), post(name, START)) for name in "abc"]


def test_dates_in_another_zone_are_noticed() -> None:
    with pytest.raises(PartiallyRead, match="the dates of 3 known posts have changed by 6 h"):
        check_dates([*SIX_LATER, (post("d", START), None), (post("e", START), post("e", START))])


@pytest.mark.parametrize(
    "posts",
    [
        [],
        SIX_LATER[:2],
        [(new, None) for new, _ in SIX_LATER],
        [(post(name, START), post(name, START)) for name in "abc"],
        [(post(name, START + 61), post(name, START)) for name in "abc"],
        [*SIX_LATER, *((post(name, START), post(name, START)) for name in "defg")],
        [(post(name, START + 6 * HOUR, "deleted"), post(name, START)) for name in "abc"],
    ],
)
def test_other_dates_are_believed(posts: list[tuple[Post, Post | None]]) -> None:
    check_dates(posts)


@pytest.mark.parametrize(
    ("pages", "is_doubted", "is_doubted_in_a_stream"),
    [
        ([page("no")], True, True),
        ([page("", ""), page("no", "no")], False, False),
        ([page("", ""), page("no", "no", "no")], True, True),
        ([page("no", "no", "")], False, False),
        ([page("no", kind="account"), page()], False, False),
        ([page("no", "no", "no", "")], False, True),
    ],
)
def test_entries_that_cannot_be_read(
    pages: list[list[ParsedPayload]], is_doubted: bool, is_doubted_in_a_stream: bool
) -> None:
    entries = ReadableEntries()
    for parsed in pages:
        entries.note(parsed)
    assert (entries.is_doubted, entries.are_mostly_unreadable) == (is_doubted, is_doubted_in_a_stream)


def test_answers_without_counts() -> None:
    some, none = (Snapshot(post="x:1", likes=likes, observed_at=START) for likes in (0, None))
    check_likes([])
    check_likes([none, some])
    with pytest.raises(PartiallyRead, match="no counts in 2 answers"):
        check_likes([none, none])


def test_what_to_do_names_the_settings_of_the_source() -> None:
    assert "client_id and client_secret, or feed_token and feed_user, in [source.reddit]" in next_step(
        "reddit/counts", "https://www.reddit.com/r/x: answered 403 Forbidden"
    )
    assert next_step("lobsters", "connection refused").startswith("nothing: it is tried again")
