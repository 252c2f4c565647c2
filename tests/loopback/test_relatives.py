"""The contract of a server that speaks Mastodon's API without being Mastodon: nothing missed, nothing made up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hotpapers.base.errors import PartiallyRead
from hotpapers.base.model import DAY, HOUR, Account, Item, PayloadPage, Post
from hotpapers.wings.mastodon.source import MastodonSource
from tests.loopback import expected
from tests.loopback.clock import SteppedClock, moment
from tests.loopback.direct_client import DirectClient
from tests.loopback.faults import Plan
from tests.loopback.manual_script import ManualScript, account, message, paper
from tests.loopback.reading import TrackedKeys, items_in, items_of_type, make_source, posts_in, snapshots_in
from tests.loopback.relatives import MOST_STATUSES, RELATIVES, status_id
from tests.loopback.script import MINUTE, SECOND, Message

START = moment("2026-03-10T09:00")
MOSS = paper("2603.00001", "2026-03-10")


def later(at: int) -> int:
    """The next moment at which a post has the hashtag and reaches all servers."""
    slot = at // SECOND // 16
    while slot % 4 == 0 or slot % 3 == 0:
        slot += 1
    return slot * 16 * SECOND


def post(home: str, at: int, name: str = "wool", **more: Any) -> Message:
    return message(account("mastodon", name, home=home), later(at), f"Moss at {at // SECOND}", MOSS, **more)


class Reader:
    """A process that reads servers in rounds, and keeps everything. `names`: of the servers, in order."""

    def __init__(self, names: tuple[str, ...], *posts: Message, plan: Plan | None = None) -> None:
        self.clock = SteppedClock(START)
        self.http = DirectClient(ManualScript([MOSS], posts), self.clock, plan)
        self.tracked, self.items = TrackedKeys(), list[Item]()
        self.cursor: str | None = None
        self._servers = [{"base": self.http.bases[f"mastodon.{name}"]} for name in names]
        self.restart()

    def restart(self) -> None:
        """Starts a new process, as `collect --once` does each time."""
        source = make_source("mastodon", self.http.bases, self.tracked, servers=self._servers)
        assert isinstance(source, MastodonSource)
        self.source = source

    def read(self, at: int) -> list[str]:
        """Reads a round at a moment; the keys of all posts known then."""
        self.clock.to(at)
        self.store(self.source.pages(self.http, self.cursor))
        return sorted(posts_in(self.items))

    def store(self, pages: Iterator[PayloadPage]) -> None:
        for page in pages:
            new_items = items_in(self.source, [page])
            self.items += new_items
            self.tracked.learn(new_items)
            self.cursor = page.cursor or self.cursor

    def keys(self, *posts: Message) -> list[str]:
        return sorted(expected.key(message, self.http.bases) for message in posts)


@pytest.mark.parametrize("name", RELATIVES)
def test_a_timeline_does_not_fall_silent_when_the_newest_post_read_is_purged(name: str) -> None:
    first, deleted = post(name, START), post(name, START + HOUR, gone_at=START + 2 * HOUR)
    after = [post(name, START + hours * HOUR) for hours in (3, 30, 80)]
    reader = Reader((name,), first, deleted, *after)
    reader.read(START + HOUR + 10 * MINUTE)
    assert reader.read(START + 2 * HOUR + 10 * MINUTE) == reader.keys(first, deleted)
    for count, next_post in enumerate(after, 1):
        reader.restart()
        assert reader.read(next_post.at + 10 * MINUTE) == reader.keys(first, deleted, *after[:count])


@pytest.mark.parametrize("name", RELATIVES)
def test_posts_of_other_servers_that_arrive_late_are_read(name: str) -> None:
    known, late = post(name, START), post("one", START + 2 * MINUTE)
    newer = [post(name, START + minutes * MINUTE) for minutes in (4, 6, 8)]
    reader = Reader((name,), known, late, *newer)
    for minutes in (1, 5, 9):
        reader.read(START + minutes * MINUTE)
    assert reader.read(START + 20 * MINUTE) == reader.keys(known, late, *newer)


@pytest.mark.parametrize("name", RELATIVES)
def test_a_pause_is_read_to_its_end_page_by_page(name: str) -> None:
    posts = [post(name if n % 3 else "one", START + n * 5 * MINUTE) for n in range(5 * MOST_STATUSES)]
    reader = Reader((name,), *posts)
    reader.read(posts[3].at + 30 * MINUTE)
    assert reader.read(posts[-1].at + HOUR) == reader.keys(*posts)
    assert sum(reader.http.request_counts.values()) <= 9
    for at in range(posts[-1].at + HOUR, posts[-1].at + 2 * HOUR, 5 * MINUTE):
        reader.read(at)
    assert sum(reader.http.request_counts.values()) <= 9 + 2 * 12, "quiet rounds take two requests"


@pytest.mark.parametrize("name", RELATIVES)
def test_a_timeline_is_read_back(name: str) -> None:
    posts = [post(name, START + n * 5 * MINUTE) for n in range(5 * MOST_STATUSES)]
    reader = Reader((name,), *posts)
    reader.clock.to(posts[-1].at + MINUTE)
    pages = list(reader.source.pages_since(reader.http, None, posts[20].at))
    assert [page.since for page in pages if page.since] == [posts[20].at]
    assert set(posts_in(items_in(reader.source, pages))) >= set(reader.keys(*posts[20:]))


@pytest.mark.parametrize("name", RELATIVES)
def test_counts_that_are_never_read_again_stay_unknown(name: str) -> None:
    reader = Reader((name,), post(name, START, final_likes=40))
    [key] = reader.read(START + 10 * MINUTE)
    assert not snapshots_in(reader.items)
    requests = sum(reader.http.request_counts.values())
    assert list(reader.source.counts(reader.http, [key])) == [] and sum(reader.http.request_counts.values()) == requests


@pytest.mark.parametrize("name", RELATIVES)
@pytest.mark.parametrize("home", [*RELATIVES, "one"])
def test_a_person_has_one_account_wherever_posts_are_seen(name: str, home: str) -> None:
    """Mastodon gives an account's own address, the others only that of its page."""
    reader = Reader((name,), post(home, START))
    reader.read(START + HOUR)
    elsewhere = Reader(("one",), post(home, START))
    elsewhere.read(START + HOUR)
    accounts = [{item.account for item in items_of_type(Account, r.items)} for r in (reader, elsewhere)]
    assert len(accounts[0]) == 1 and accounts[0] == accounts[1]


@pytest.mark.parametrize("name", RELATIVES)
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("edited_after", [0, 2 * HOUR])
def test_copies_on_other_servers_never_replace_the_words_of_the_home_server(
    name: str, order: int, edited_after: int
) -> None:
    edit: dict[str, Any] = {"edited_at": START + edited_after, "edit": "Lichen, not moss"} if edited_after else {}
    original, other = post(name, START, **edit), post(name, START + 2 * HOUR)
    reader = Reader((name, "one") if order else ("one", name), original, other)
    [key] = reader.keys(original)
    for minutes in range(15, 4 * 60, 15):
        reader.restart()
        reader.read(START + minutes * MINUTE)
        text = posts_in(reader.items)[key].text
        assert "…" not in text, f"a copy, after {minutes} minutes"
    assert text.startswith("Lichen" if edited_after else "Moss")


@pytest.mark.parametrize("name", RELATIVES)
def test_an_edit_of_a_server_that_is_not_read_is_told_by_one_server(name: str) -> None:
    """Else each round would record several versions."""
    original = post(name, START, edited_at=START + HOUR, edit="Lichen, not moss")
    reader = Reader(("one", "two"), original)
    for minutes in range(15, 150, 15):
        reader.restart()
        reader.read(START + minutes * MINUTE)
    texts = [item.text for item in items_of_type(Post, reader.items)]
    assert texts[0].startswith("Moss") and texts[-1].startswith("Lichen")


@pytest.mark.parametrize("name", [*RELATIVES, "one"])
def test_quiet_and_empty_timelines_are_complete_and_emptied_ones_are_not(name: str) -> None:
    plan = Plan()
    first, missed = post(name, START + DAY), post(name, START + 9 * DAY)
    reader = Reader((name,), first, missed, plan=plan)
    reader.read(START)
    reader.read(START + HOUR)
    for days in range(1, 9):
        assert reader.read(START + days * DAY + HOUR) == reader.keys(first)
    plan.add(f"mastodon.{name}=empty")
    cursor = reader.cursor
    for hours in (2, 12, 30):
        with pytest.raises(PartiallyRead, match="tag/arxiv: lists nothing of what it listed before"):
            reader.read(START + 8 * DAY + hours * HOUR)
        assert reader.cursor == cursor
    plan.clear()
    assert reader.read(START + 10 * DAY) == reader.keys(first, missed)


def test_cursors_name_no_post() -> None:
    for name in RELATIVES:
        reader = Reader((name,), post(name, START))
        reader.read(START + HOUR)
        assert reader.cursor == f'{{"{reader.http.bases[f"mastodon.{name}"]}/tag/arxiv":"{later(START)}"}}'


@pytest.mark.parametrize("name", RELATIVES)
def test_a_cursor_of_an_earlier_version_is_read_on_from(name: str) -> None:
    """It had the identifier of the newest post."""
    posts = [post(name, START + n * HOUR) for n in range(50)]
    reader = Reader((name,), *posts)
    base = reader.http.bases[f"mastodon.{name}"]
    reader.cursor = f'{{"{base}/tag/arxiv":"{status_id(name, posts[9])}"}}'
    assert set(reader.read(posts[-1].at + MINUTE)) >= set(reader.keys(*posts[10:]))
