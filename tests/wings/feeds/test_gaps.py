"""Entries that a feed no longer lists stay missing; what a feed still has is none of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from hotpapers.base.model import DAY, HOUR, Account, Mention, Post, Verdict
from hotpapers.base.text.timestamps import as_utc
from hotpapers.collect.change_filter import TrackedPosts
from hotpapers.record import Record
from hotpapers.record.batches import cursor_of
from hotpapers.wings.feeds.source import FeedsSettings, FeedsSource
from tests.collect.job_setup import JobSetup, collect_setup
from tests.collect.sources.net import START, Reply, ScriptedClient, reply
from tests.collect.test_gaps import run_rounds, state

MINUTE = 60 * 1_000_000
URL = "https://a.example/feed"


def entry(id: object, text: str = "wool", published: int | None = None, more: str = "") -> str:
    date = "" if published is None else f"<published>{as_utc(published).isoformat()}</published>"
    return f"<entry><id>{id}</id><title>{text}</title>{date}{more}</entry>"


def atom(*entries: str) -> bytes:
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{''.join(entries)}</feed>".encode()


def full_feed(newest: int, *first: str) -> bytes:
    """A feed of the newest 25 posts, a minute apart, below some entries."""
    numbers = range(25)
    return atom(*first, *(entry(f"t3_{newest // MINUTE - n}", published=newest - n * MINUTE) for n in numbers))


@pytest.mark.parametrize(("urls", "outage"), [((URL,), 6), ((URL,), 0.5), ((URL, "https://b.example/feed"), 6)])
@pytest.mark.parametrize("pinned", [0, 2])
def test_a_feed_that_turned_over_while_nothing_was_read_is_read_in_part(
    sqlite_url: str, urls: tuple[str, ...], outage: float, pinned: int
) -> None:
    """Its 25 entries, a minute apart, reach back 25 minutes. A shorter outage loses nothing. Pinned entries, which are
    old, do not hide a loss."""
    first = [entry(f"pinned {n}", published=START - 400 * DAY) for n in range(pinned)]

    def respond(url: str) -> Reply:
        return full_feed(setup.http.now() - MINUTE, *first)

    with collect_setup(sqlite_url, respond, source=FeedsSource(FeedsSettings(urls=urls))) as setup:
        run_rounds(setup, 0, 0.3, outage + 0.1, outage + 0.4, outage + 0.7)
        assert state(setup, "feeds", 0, 0.3) == "complete"
        assert state(setup, "feeds", 0.3, outage) == ("partial" if outage == 6 else "complete")
        assert state(setup, "feeds", outage, outage + 0.6) == "complete"
        assert "example" not in (cursor_of(setup.record.database, "feeds") or "example")


@contextmanager
def read_hourly(sqlite_url: str, body_at: Callable[[int], bytes], rounds: int = 5) -> Iterator[JobSetup]:
    """A site that read a feed every hour: `body_at` is what it had at a moment."""
    with Record(sqlite_url) as record:
        tracked = TrackedPosts(record, "feeds", START)
        source = FeedsSource(FeedsSettings(urls=(URL,)), tracked)

        def respond(url: str) -> bytes:
            return body_at(setup.http.now())

        with collect_setup(sqlite_url, respond, source=source) as setup:
            for n in range(rounds):
                run_rounds(setup, 1.1 * n)
                tracked.look(record, setup.http.now())
            yield setup


def count_rows(setup: JobSetup, kind: str) -> int:
    return int(setup.record.database.rows(f"SELECT count(*) FROM {kind}")[0][0])


@pytest.mark.parametrize(
    "body_at",
    [
        lambda now: atom(entry("a", "arXiv:2609.01234", START + 40 * DAY)),
        lambda now: atom(*(entry(n, "arXiv:2609.01234", now) for n in range(5))),
        lambda now: atom(*(entry(n, "arXiv:2609.01234") for n in range(5))),
        lambda now: atom(*(entry(n, "arXiv:2609.01234", START - n * HOUR) for n in range(5 if now == START else 2))),
    ],
    ids=["dated ahead", "dated when read", "undated", "shortened"],
)
def test_entries_that_a_feed_still_has_are_no_loss(sqlite_url: str, body_at: Callable[[int], bytes]) -> None:
    with read_hourly(sqlite_url, body_at) as setup:
        assert state(setup, "feeds", 0, 4.3) == "complete"


@pytest.mark.parametrize(
    "published",
    [
        lambda now: None,
        lambda now: now,
        lambda now: START + 40 * DAY,
        lambda now: now - (now - START) % (6 * HOUR),
        lambda now: now - (now - START) % DAY,
    ],
    ids=["none", "now", "later", "built four times a day", "built daily"],
)
@pytest.mark.parametrize("count", [1, 5])
def test_an_entry_without_a_date_of_its_own_has_that_of_its_first_reading(
    sqlite_url: str, published: Callable[[int], int | None], count: int
) -> None:
    """However often it is read, it is one row; and nothing is lost."""

    def body_at(now: int) -> bytes:
        return atom(*(entry(n, f"see arXiv:2609.0123{n}", published(now)) for n in range(count)))

    with read_hourly(sqlite_url, body_at, rounds=30) as setup:
        posts = list(setup.record.view().items(Post))
        assert {abs(post.created_at - START) < MINUTE for post in posts} == {True}
        assert len(posts) == count_rows(setup, "post") == count and count_rows(setup, "verdict") == 0
        assert state(setup, "feeds", 0, 31) == "complete"


@pytest.mark.parametrize(
    "later", ["see arXiv:2609.01234", "see …", "see [...]"], ids=["unchanged", "cut", "cut otherwise"]
)
def test_an_entry_that_is_shortened_was_not_edited(sqlite_url: str, later: str) -> None:
    """Some feeds cut older entries."""

    def body_at(now: int) -> bytes:
        return atom(entry("a", "see arXiv:2609.01234" if now < START + HOUR else later, START - HOUR))

    with read_hourly(sqlite_url, body_at) as setup:
        assert count_rows(setup, "post") == 1 and count_rows(setup, "verdict") == 0


def test_undated_entries_that_came_and_went_are_lost(sqlite_url: str) -> None:
    def body_at(now: int) -> bytes:
        return atom(*(entry(f"{(now - START) // HOUR} {n}", "arXiv:2609.01234") for n in range(9)))

    with read_hourly(sqlite_url, body_at, rounds=3) as setup:
        assert state(setup, "feeds", 0.1, 2) == "partial"


def test_the_newest_entries_of_a_long_feed_are_read(sqlite_url: str) -> None:
    def body_at(now: int) -> bytes:
        count = 600 + (now - START) // HOUR
        return atom(*(entry(n, f"arXiv:2609.{n:05}", START - (600 - n) * HOUR) for n in range(1, count + 1)))

    with read_hourly(sqlite_url, body_at, rounds=3) as setup:
        papers = {item.paper for item in setup.record.view().items(Mention)}
        assert "arxiv:2609.00602" in papers and "arxiv:2609.00001" not in papers


def test_an_edit_takes_a_paper_away(sqlite_url: str) -> None:
    """And its words are those of now."""

    def body_at(now: int) -> bytes:
        texts = ("see arXiv:2609.01234", "see arXiv:2609.09999", "sorry, I was wrong")
        return atom(entry("a", texts[min((now - START) // HOUR, 2)], START - HOUR))

    with read_hourly(sqlite_url, body_at, rounds=4) as setup:
        view = setup.record.view()
        assert [post.text for post in view.items(Post)] == ["sorry, I was wrong"]
        verdicts = {item.about: item.judgement for item in view.items(Verdict) if item.rule == "edited"}
        assert verdicts == {"arxiv:2609.01234": "doubtful", "arxiv:2609.09999": "doubtful"}


@pytest.mark.parametrize(("names", "expected"), [("AAA", "A"), ("ABC", ""), ("AAB", "")])
def test_a_feed_is_called_after_its_only_author(sqlite_url: str, names: str, expected: str) -> None:
    """One with several has no author's name, and one row."""
    authors = [f"<author><name>{name}</name></author>" for name in names]

    def body_at(now: int) -> bytes:
        return atom(*(entry(n, f"arXiv:2609.0123{n}", START - HOUR, author) for n, author in enumerate(authors)))

    with read_hourly(sqlite_url, body_at) as setup:
        view = setup.record.view()
        assert [account.name for account in view.items(Account)] == [expected] and count_rows(setup, "account") == 1
        assert {post.name for post in view.items(Post)} == set(names)


def test_entries_that_share_an_id_are_several(sqlite_url: str) -> None:
    """Also once the feed has dropped all but one."""

    def body_at(now: int) -> bytes:
        links = [f"<link href='https://a.example/{n}'/>" for n in range(3 if now < START + 2 * HOUR else 1)]
        numbered = list(enumerate(links))
        return atom(*(entry("same", f"arXiv:2609.0123{n}", START - (9 - n) * HOUR, link) for n, link in numbered))

    with read_hourly(sqlite_url, body_at) as setup:
        assert len(list(setup.record.view().items(Post))) == count_rows(setup, "post") == 3


def test_a_cursor_of_an_earlier_version_is_read() -> None:
    name = hashlib.sha256(URL.encode()).hexdigest()[:16]
    earlier = f'{{"{name}":5,"{name} single":5,"other":1}}'
    http = ScriptedClient({URL: reply(304)})
    *_, last = FeedsSource(FeedsSettings(urls=(URL,))).pages(http, earlier)
    [(stored, reading)] = json.loads(last.cursor or "").items()
    assert stored == name and reading["at"] >= START and reading["is_single"]
