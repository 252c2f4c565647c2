"""Pages are never stale and never rebuilt without need: every kind of batch, against pages from a new issue reader."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import msgspec
import pytest

from hotpapers.base import network_terms
from hotpapers.base.model import (
    HOUR,
    Account,
    Alias,
    IssueReader,
    Item,
    Post,
    Publication,
    PublishedIssue,
    Reaction,
    Tally,
)
from hotpapers.discussion.moderation import quotation_policy
from hotpapers.discussion.moderation.quotation_policy import Blocklist
from hotpapers.issues import freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.privacy.retention import prune_record
from hotpapers.publish.render.feeds import FeedMaker
from hotpapers.publish.render.html.pages import SitePages
from hotpapers.publish.view.site_config import NOBODY
from hotpapers.record import Record
from hotpapers.serve import page_cache
from hotpapers.serve.app import SiteApp
from hotpapers.serve.page_cache import CurrentPages, FreshIssueReader
from tests.issues.made import (
    DAILY,
    DAY,
    background,
    counts,
    judged,
    key,
    moment,
    paper,
    post,
    posts_about,
    read,
    write,
)
from tests.publish.render.build import PlainIssueReader
from tests.publish.render.sample import LISTED_READER
from tests.serve.asgi import fetch, scope_of

TODAY = moment(DAY)
LATER = TODAY + 30 * HOUR
NEXT = "2024-05-08"
Change = Callable[[Record], object]


def test_paths_without_a_page_push_out_no_page() -> None:
    async def visit() -> None:
        cache = await CurrentPages(lambda: LISTED_READER, "daily", NOBODY).now()
        page = await cache.get("index.html")
        assert page is not None
        for number in range(3):
            assert await cache.get(f"missing/{number}") is None
        assert await cache.get("index.html") is page

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_cache, "CACHE_BYTES", 200_000)
        asyncio.run(visit())


def test_the_cache_is_limited_in_bytes_whatever_the_number_of_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    async def visit() -> None:
        cache = await CurrentPages(lambda: LISTED_READER, "hot-papers", NOBODY).now()
        sizes = {}
        for path in SitePages(LISTED_READER, "hot-papers").paths():
            page = await cache.get(path)
            assert page is not None
            sizes[path] = page.size
        kept = {path: page.size for path, page in cache._rendered.values.items()}
        assert 100_000 >= cache._rendered.size == sum(kept.values()) > 80_000 and sum(sizes.values()) > 200_000
        assert max(sizes.values()) > 100_000 // 8 >= max(kept.values()), "what is too large is not kept"

    monkeypatch.setattr(page_cache, "CACHE_BYTES", 100_000)
    asyncio.run(visit())


def test_what_is_compressed_already_is_not_compressed_again() -> None:
    page = page_cache.finish_page("log/daily/observations/2026-03-11T06-1.jsonl.zst", bytes(2_000))
    assert page.gzipped is page.plain


def add_issues(record: Record) -> None:
    """Two issues: posts by three people, a thread whose first post is unknown, an account with two names."""
    record.database.run("PRAGMA synchronous = OFF")
    write(record, DAILY, background())
    posts = [
        *post(1, "mastodon:https://a.example/@ann/1", TODAY, "mastodon:https://a.example/users/ann", "Ann on bridges"),
        *post(
            1, "mastodon:https://a.example/@bob/2", TODAY, "mastodon:https://a.example/users/bob", "Bob goes on",
            reply_to="mastodon:https://a.example/@bob/1",
        ),
        *post(2, "x:31", TODAY, "x:@cora", "Cora on kettles"),
    ]  # fmt: skip
    write(
        record,
        paper(1, title="Bridges"),
        paper(2, title="Kettles"),
        posts_about(1, 60, TODAY),
        posts_about(2, 50, TODAY),
        posts,
    )
    write(record, paper(3, NEXT, title="Spoons"), posts_about(3, 40, moment(NEXT)))
    for day in (DAY, NEXT):
        freeze.freeze_issue(record, DAILY, day, at=moment(day) + 24 * HOUR)


def changed_post(name: str, **changes: object) -> Item:
    """A later observation of a post in the issue."""
    original = next(item for item in post(2, name, TODAY, "x:@cora", "Cora on kettles") if isinstance(item, Post))
    return msgspec.structs.replace(original, observed_at=LATER, **changes)


def write_each(record: Record, *items: Item) -> None:
    """Writes each item in its own batch."""
    for item in items:
        write(record, item)


def correct(record: Record) -> object:
    return freeze.freeze_issue(record, DAILY, DAY, again=True, reason="a slip", at=LATER)


INVISIBLE_CHANGES: dict[str, Change] = {
    "a paper": lambda record: write(record, paper(7, "2024-05-09")),
    "posts and counts of a paper that no issue holds": lambda record: write(record, posts_about(1007, 9, LATER)),
    "a post about a paper of an issue": lambda record: write(record, posts_about(1, 90, LATER, "lobsters")),
    "counts of a post that is shown": lambda record: write(record, counts("bluesky:1", 99, LATER)),
    "a reaction": lambda record: write(
        record, Reaction(post="bluesky:1", account="bluesky:eve", type="like", observed_at=LATER)
    ),
    "how a network was read": lambda record: write(record, read("bluesky", TODAY, LATER)),
    "an account": lambda record: write(record, Account(account="x:@cora", handle="cora", name="C", observed_at=LATER)),
    "a tally": lambda record: write(
        record, Tally(paper=key(1), network="x", method="made-up/1", reposts=1, likes=1, observed_at=LATER)
    ),
    "a new post that is gone": lambda record: write(record, post(2, "x:78", LATER, gone="deleted")),
}
VISIBLE_CHANGES: dict[str, Change] = {
    "a post of an issue is gone": lambda record: write(record, changed_post("x:31", gone="deleted")),
    "a post of an issue is edited": lambda record: write(record, changed_post("x:31", text="Cora on spoons")),
    "a post of an issue is limited": lambda record: write(record, changed_post("x:31", limits=("no-quotes",))),
    "a post is hidden": lambda record: write(record, judged("bluesky:1", "hidden", rule="operator", at=LATER)),
    "an account is hidden": lambda record: write(record, judged("bluesky:by-2", "hidden", rule="operator", at=LATER)),
    "a hidden account has another name": lambda record: write_each(
        record,
        judged("x:@old", "hidden", rule="operator", at=LATER),
        Alias(account="x:@cora", stable="x:9", observed_at=LATER),
        Alias(account="x:@old", stable="x:9", observed_at=LATER),
    ),
    "a hidden post is shown again": lambda record: write_each(
        record,
        judged("bluesky:1", "hidden", rule="operator", at=LATER),
        judged("bluesky:1", "shown", rule="operator", at=LATER + 1),
    ),
    "a post is in doubt": lambda record: write(record, judged("bluesky:2", "doubtful", key(2), at=LATER)),
    "a post is forgotten": lambda record: forget_key(record, "x:31"),
    "an account is forgotten": lambda record: forget_key(record, "bluesky:by-1"),
    "a thread's beginning is known": lambda record: write(
        record,
        post(
            9, "mastodon:https://a.example/@bob/1", LATER, "mastodon:https://a.example/users/bob", "Bob begins"
        )[:1],
    ),
    "a correction": correct,
    "another issue": lambda record: freeze.freeze_issue(record, DAILY, "2024-05-09", at=moment("2024-05-10")),
    "another title of a publication": lambda record: write(
        record, msgspec.structs.replace(DAILY, title="The Daily Baker's Dozen", observed_at=LATER)
    ),
    "another publication": lambda record: write(
        record, Publication(publication="other", title="Other", observed_at=LATER)
    ),
    "a paper of an issue has another title": lambda record: write(record, paper(1, title="Bridges, again", at=LATER)),
    "a paper of an issue is announced again": lambda record: write(
        record, paper(2, "2024-05-09", "stat.ML", at=LATER, type="cross")
    ),
    "a word is blocked": lambda record: quotation_policy.save_blocklist(record.database, Blocklist(words=("kettles",))),
}  # fmt: skip
ALL_CHANGES = {
    **INVISIBLE_CHANGES,
    **VISIBLE_CHANGES,
    "who is a bot": lambda record: write(record, judged("bluesky:by-1", "bot", at=LATER)),
    "a new post that is in doubt": lambda record: write(
        record, post(2, "x:77", LATER), judged("x:77", "doubtful", key(2), at=LATER)
    ),
    "pruning": lambda record: prune_record(record, at=LATER + 800 * 24 * HOUR),
}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "hotpapers.db"
    with Record(str(path)) as record:
        add_issues(record)
    return path


def pages(issue_reader: IssueReader) -> dict[str, bytes | None]:
    """All pages and feeds served from an issue reader."""
    live = NOBODY._replace(is_live=True)
    site_pages, feeds = SitePages(issue_reader, "daily", live), FeedMaker(issue_reader, "daily", NOBODY)
    contents = {path: site_pages.page(path) for path in site_pages.paths()}
    return {**contents, **{path: feeds.feed(path) for path in feeds.paths()}}


def pages_anew(store: Path) -> dict[str, bytes | None]:
    """All pages and feeds, from a new issue reader."""
    with Record(str(store)) as record:
        return pages(RecordIssueReader(record))


def apply(store: Path, change: Change) -> None:
    """Applies a change as another process would."""
    with Record(str(store)) as record:
        change(record)


@pytest.mark.parametrize("name", INVISIBLE_CHANGES)
def test_what_changes_no_page_makes_none_anew(store: Path, name: str) -> None:
    """Pages not rendered before also match those from a new issue reader."""
    with closing(FreshIssueReader(partial(Record, str(store)), allowed=network_terms.TERMS)) as fresh_reader:
        issue_reader, expected = fresh_reader(), pages_anew(store)
        apply(store, INVISIBLE_CHANGES[name])
        assert fresh_reader() is issue_reader
        assert pages(issue_reader) == pages_anew(store) == expected


@pytest.mark.parametrize("name", VISIBLE_CHANGES)
def test_what_changes_a_page_makes_it_anew(store: Path, name: str) -> None:
    with closing(FreshIssueReader(partial(Record, str(store)), allowed=network_terms.TERMS)) as fresh_reader:
        issue_reader = fresh_reader()
        assert pages(issue_reader)["index.html"]
        apply(store, VISIBLE_CHANGES[name])
        assert fresh_reader() is not issue_reader and pages(fresh_reader()) == pages_anew(store)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_in_whatever_order_no_page_is_stale(store: Path, seed: int) -> None:
    changes = sorted(ALL_CHANGES)
    random.Random(seed).shuffle(changes)
    with closing(FreshIssueReader(partial(Record, str(store)), allowed=network_terms.TERMS)) as fresh_reader:
        for name in changes:
            apply(store, ALL_CHANGES[name])
            assert pages(fresh_reader()) == pages_anew(store), name


# ---- in the app ----------------------------------------------------------------------------------------------


def test_a_page_that_is_made_anew_holds_up_no_other() -> None:
    """While one page is rendered, a cached one is served."""
    started, release = threading.Event(), threading.Event()

    class SlowReader(PlainIssueReader):
        def issue(self, publication: str, day: str, edition: int | None = None) -> PublishedIssue:
            if slow_from and day == "2021-01-14":
                started.set()
                assert release.wait(30)
            return super().issue(publication, day, edition)

    slow_from: list[int] = []
    issue_reader = SlowReader([], [])
    issue_reader.__dict__.update(LISTED_READER.__dict__)
    site = SiteApp(CurrentPages(lambda: issue_reader, "hot-papers", NOBODY))

    async def fetch_both() -> tuple[int, bool, int]:
        cached_path = "/style.css"
        assert (await fetch(site, scope_of(cached_path))).status == 200
        slow_from.append(1)
        task = asyncio.create_task(fetch(site, scope_of("/2021-01-14/")))
        await asyncio.to_thread(started.wait, 30)
        status = (await fetch(site, scope_of(cached_path))).status
        is_waiting = not task.done()
        release.set()
        return status, is_waiting, (await task).status

    assert asyncio.run(fetch_both()) == (200, True, 200)


def test_who_comes_while_somebody_looks_gets_what_is_there_after_they_came() -> None:
    """A look-up that began before something was hidden answers no request made after that."""
    openings: list[int] = []
    started, release = threading.Event(), threading.Event()

    def open_issues() -> PlainIssueReader:
        openings.append(1)
        issue_reader = issue_readers[0]
        if len(openings) == 1:
            started.set()
            assert release.wait(30)
        return issue_reader

    old_reader, new_reader = PlainIssueReader([], []), PlainIssueReader([], [])
    issue_readers = [old_reader]

    async def load_concurrently() -> tuple[bool, bool, int]:
        current_pages = CurrentPages(open_issues, "hot-papers", NOBODY)
        first_task = asyncio.create_task(current_pages.now())
        await asyncio.to_thread(started.wait, 30)
        issue_readers[0] = new_reader
        later_tasks = [asyncio.create_task(current_pages.now()) for _ in range(20)]
        await asyncio.sleep(0)
        release.set()
        results = await asyncio.gather(*later_tasks)
        return (
            (await first_task).issue_reader is old_reader,
            all(result.issue_reader is new_reader for result in results),
            len(openings),
        )

    assert asyncio.run(load_concurrently()) == (True, True, 2), "twenty requests share one opening"


@pytest.mark.parametrize("name", ["a post is hidden", "a post is forgotten", "a correction", "a word is blocked"])
def test_a_page_that_is_sent_at_once_is_as_current_as_any(store: Path, name: str) -> None:
    """Without a thread's turn: the file itself tells that somebody has written."""
    issue_path = f"{DAY}/index.html"
    with closing(FreshIssueReader(partial(Record, str(store)), allowed=network_terms.TERMS)) as fresh_reader:
        current_pages = CurrentPages(fresh_reader, "daily", NOBODY)
        site = SiteApp(current_pages)

        async def visit() -> tuple[bytes, bytes, bytes]:
            before = (await fetch(site, scope_of(f"/{issue_path}"))).body
            assert current_pages.cached(issue_path) is not None, "the next request needs no thread"
            same = (await fetch(site, scope_of(f"/{issue_path}"))).body
            apply(store, VISIBLE_CHANGES[name])
            assert current_pages.cached(issue_path) is None
            return before, same, (await fetch(site, scope_of(f"/{issue_path}"))).body

        before, same, after = asyncio.run(visit())
    assert before == same != after == pages_anew(store)[issue_path]
