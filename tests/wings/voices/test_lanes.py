"""The lane beside an issue: noted when it is frozen, shown as far as terms and people allow, never part of a place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from hotpapers.base.model import HOUR, Account, Item, Paper, Post
from hotpapers.base.network_terms import TERMS
from hotpapers.discussion.lanes import noted_lanes
from hotpapers.issues.page_changes import PageChangeCounter
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.jobs.connection import Connection
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.publish.query.issues import as_issue
from hotpapers.publish.render.feeds import FeedsChannel
from hotpapers.publish.render.markdown import issue_text
from hotpapers.record import Record
from hotpapers.record.meta import read_meta
from hotpapers.wings.voices.notes import LISTS, drop_forgotten, kept_lists
from hotpapers.wings.voices.noting import VoiceLanes
from hotpapers.wings.voices.settings import VoicesSettings
from tests.issues import made
from tests.issues.made import DAY, judged, key, post, write
from tests.loopback.clock import SteppedClock
from tests.loopback.manual_script import ManualScript, account, message
from tests.loopback.reading import client
from tests.loopback.servers import Loopback
from tests.publish.schedule.test_publishing import CUT, PublishingSite, fill, publishing
from tests.record.made import verified

ADA, WEN = account("bluesky", "ada"), account("bluesky", "wen")
TITLE = "Shared by people this publication follows"
LIST = f"at://{ADA.id}/app.bsky.graph.list/readers"


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    script = ManualScript(messages=[message(ADA, CUT - HOUR, "Hm"), message(WEN, CUT - HOUR + 1_000_000, "Hm")])
    with Loopback(script, SteppedClock(CUT)) as network:
        network.lists["readers"] = [ADA]
        yield network


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path, loopback: Loopback) -> Iterator[PublishingSite]:
    (tmp_path / "people.csv").write_text("Account address\nFern@moth.example\n", "utf-8")
    table = VoicesSettings(publication="daily", accounts=("wen.example",), lists=(LIST, "people.csv"))
    with ExitStack() as stack:
        http = stack.enter_context(client(loopback))
        lanes = VoiceLanes((table,), tmp_path, Connection(http), loopback.bases["bluesky.view"])
        opened = stack.enter_context(publishing(sqlite_url, tmp_path / "public", further=[lanes]))
        fill(opened.record)
        write_posts(opened.record)
        yield opened


def write_posts(record: Record) -> None:
    """Two people on the list about paper 2, one of them and somebody on Mastodon about 3, a stranger about 4."""
    at = CUT - 2 * HOUR
    ada, wen = f"bluesky:{ADA.id}", f"bluesky:{WEN.id}"
    fern = "mastodon:https://moth.example/users/fern"
    rows = [
        (2, ada, "post/1", at, "Ada", "ada.example"),
        (2, wen, "post/1", at + 1, "Wen", "wen.example"),
        (2, wen, "post/2", at + 2, "Wen", "wen.example"),
        (3, fern, "", at, "Fern", "fern@moth.example"),
        (4, "bluesky:did:plc:s", "post/1", at, "Stranger", "stranger.example"),
        (5, ada, "post/9", at - 30 * 24 * HOUR, "Ada", "ada.example"),
    ]
    papers = [item for number in (2, 3, 4, 5) for item in made.paper(number)]
    write(record, papers, *(shared(*row) for row in rows))


def shared(number: int, account: str, rkey: str, at: int, name: str, handle: str) -> list[Item]:
    """A post about a paper, and its account."""
    own = account.partition(":")[2]
    key = f"bluesky:at://{own}/app.bsky.feed.{rkey}" if rkey else f"{account}/statuses/1"
    first, *others = post(number, key, at, account)
    named = msgspec.structs.replace(first, name=name, handle=handle)
    return [named, *others, Account(account=account, handle=handle, name=name, observed_at=at)]


def lane_of(record: Record) -> dict[str, list[str]]:
    """The papers of the lane, in order, with the names of those who shared them."""
    lanes = RecordIssueReader(record).issue("daily", DAY).lanes
    return {paper.paper: [quotation.post.name for quotation in posts] for lane in lanes for paper, posts in lane.papers}


def test_a_lane_is_beside_the_issue_and_no_part_of_it(site: PublishingSite, loopback: Loopback) -> None:
    counter = PageChangeCounter(site.record)
    assert site.round(CUT + 1) == "idle"
    assert lane_of(site.record) == {key(2): ["Ada", "Wen"], key(3): ["Fern"]}
    issue = RecordIssueReader(site.record).issue("daily", DAY)
    entries = [entry.paper for entry in issue.content.entries]
    assert entries == [key(1)], "shared papers get no place"
    assert [finding for finding in verified(site.record).findings if finding.what == "issue"] == []
    page = site.page()
    assert TITLE in page and page.index("Made-up paper 2") > page.index(TITLE)
    assert f'href="https://bsky.app/profile/{ADA.id}/post/1">Ada, Bluesky</a>' in page
    text = issue_text(issue)
    assert f"## {TITLE}" in text and "[Ada, Bluesky](<https://bsky.app/profile/" in text
    answer = as_issue(issue)
    assert [[paper.id for paper in lane.papers] for lane in answer.lanes] == [[key(2)[6:], key(3)[6:]]]
    feeds = {
        file.path: file.data.decode() for file in FeedsChannel().render(RecordIssueReader(site.record), "daily", [])
    }
    assert TITLE in feeds["feeds/issues.atom"] and TITLE not in feeds["feeds/papers.atom"]
    assert counter.look() > 0
    requests = len(loopback.requests)
    site.round(CUT + 20_000_000)
    assert len(loopback.requests) == requests, "the list was read today"


def test_the_note_and_the_list_say_nothing_about_whoever_is_forgotten(site: PublishingSite) -> None:
    site.round(CUT + 1)
    assert ADA.id in (read_meta(site.record.database, LISTS) or "")
    forget_key(site.record, f"bluesky:{ADA.id}")
    drop_forgotten(site.record)
    assert lane_of(site.record) == {key(2): ["Wen"], key(3): ["Fern"]}
    assert ADA.id not in (read_meta(site.record.database, LISTS) or "")
    rows = site.record.database.rows("SELECT value FROM meta")
    assert not [value for (value,) in rows if ADA.id in str(value)]


def test_whoever_is_forgotten_is_not_taken_in_again(site: PublishingSite) -> None:
    forget_key(site.record, f"bluesky:{ADA.id}")
    site.round(CUT + 1)
    assert [kept.members for kept in kept_lists(site.record).values() if not kept.members] == [()]
    assert lane_of(site.record) == {key(2): ["Wen"], key(3): ["Fern"]}


def test_hidden_accounts_and_terms_count_when_it_is_shown(site: PublishingSite) -> None:
    site.round(CUT + 1)
    assert "Wen, Bluesky" in site.page()
    write(site.record, [judged(f"bluesky:{WEN.id}", "hidden", at=CUT + 2)])
    site.round(CUT + 20_000_000)
    assert lane_of(site.record) == {key(2): ["Ada"], key(3): ["Fern"]} and "Wen" not in site.page()
    links_only = {name: terms._replace(shown="link") for name, terms in TERMS.items()}
    [lane] = RecordIssueReader(site.record, links_only).issue("daily", DAY).lanes
    assert [quotation.post.name for quotation in lane.papers[0].posts] == [""]
    page = issue_text(RecordIssueReader(site.record, links_only).issue("daily", DAY))
    assert "[A post, Bluesky]" in page and "Ada" not in page


def test_a_list_that_cannot_be_read_keeps_no_issue(site: PublishingSite, loopback: Loopback) -> None:
    loopback.lists.clear()
    assert site.round(CUT + 1) == "partial"
    assert lane_of(site.record) == {key(2): ["Wen"], key(3): ["Fern"]}, "the others are there"
    assert (site.folder / DAY / "index.html").exists()
    assert noted_lanes(site.record.database, "daily", DAY) is not None


def test_a_post_that_is_deleted_leaves_the_page(site: PublishingSite) -> None:
    site.round(CUT + 1)
    uri = f"bluesky:at://{ADA.id}/app.bsky.feed.post/1"
    gone = Post(post=uri, network="bluesky", account=f"bluesky:{ADA.id}", created_at=CUT - 2 * HOUR, gone="deleted",
                observed_at=CUT + 2)  # fmt: skip
    write(site.record, [gone])
    site.round(CUT + 20_000_000)
    assert "Ada" not in site.page() and "Wen, Bluesky" in site.page()
    assert json.loads(read_meta(site.record.database, f"beside daily {DAY}") or "")[0][0] == TITLE


def test_a_paper_that_was_taken_back_is_marked_everywhere(site: PublishingSite) -> None:
    assert site.round(CUT + 1) == "idle"
    [withdrawn, *_] = made.paper(2)
    assert isinstance(withdrawn, Paper)
    write(site.record, msgspec.structs.replace(withdrawn, withdrawn=True, version=2, observed_at=CUT + HOUR))
    issue = RecordIssueReader(site.record).issue("daily", DAY)
    assert "[withdrawn] Made-up paper 2" in issue_text(issue).replace("\\", "")
    assert [paper.taken_back for paper in as_issue(issue).lanes[0].papers] == ["withdrawn", ""]
    feeds = {
        file.path: file.data.decode() for file in FeedsChannel().render(RecordIssueReader(site.record), "daily", [])
    }
    assert "[withdrawn] Made-up paper 2" in feeds["feeds/issues.atom"]
    assert site.round(CUT + 2 * HOUR) == "idle"
    page = site.page()
    assert '<span class="badge">withdrawn</span>' in page[page.index(TITLE) :]
