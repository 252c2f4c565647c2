"""A morning's counts: an issue closing at 8:00 uses a neighbor's counts, six hours after the announcement, of networks
this site could not read. Both sites run their jobs by one clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from hotpapers.base.errors import NotFound
from hotpapers.base.model import DAY as DAY_LENGTH
from hotpapers.base.model import HOUR, Item, Measurement, PublishedIssue
from hotpapers.base.network_terms import TERMS
from hotpapers.base.papers.arxiv.calendar import announced_at
from hotpapers.base.text.timestamps import as_utc
from hotpapers.collect.collect_job import COVERED_EVERY
from hotpapers.issues import repository
from hotpapers.issues.queries import frozen_days
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.wings.peers.following.follow_job import EVERY
from hotpapers.wings.proof import observations
from tests.issues.made import DAILY, background, counts, key, moment, more_talk, paper, posts_about, read
from tests.publish.schedule import test_publishing
from tests.publish.schedule.test_publishing import PublishingSite
from tests.record import made
from tests.wings.peers.following.sites import Follower
from tests.wings.proof.logs import config_in
from tests.wings.proof.test_log import serve_folder
from tests.wings.proof.test_site import publishing

NETWORKS = ("bluesky", "hackernews")
MINUTE = HOUR // 60
SUMMER, WINTER = "2024-05-08", "2024-01-17"
WEEKS_BEFORE = {SUMMER: "2024-04-15", WINTER: "2023-12-18"}


class Morning:
    """Two sites on the morning of a day. Papers 1 and 2 are announced at midnight UTC or an hour later. The neighbor's
    `site` reads both networks every quarter of an hour; both refuse ours from the announcement on. Each site published
    an issue the day before."""

    def __init__(self, day: str, site: PublishingSite, follower: Follower) -> None:
        self.day, self.site, self.follower = day, site, follower
        self.announced = announced_at(day)
        self.cut = moment(f"{day}T08:00")
        day_start = self.announced - DAY_LENGTH
        label = as_utc(day_start + HOUR).date().isoformat()
        papers = [*paper(1, day, at=self.announced), *paper(2, day, at=self.announced)]
        for record in (site.record, follower.record):
            items = [DAILY, *background(day=WEEKS_BEFORE[day], networks=NETWORKS), *paper(9, label, at=day_start)]
            items += [
                *posts_about(9, 20, day_start + HOUR),
                *(read(n, day_start - 40 * DAY_LENGTH, day_start) for n in NETWORKS),
            ]
            record.append(items, source="made-up", at=day_start + 2 * HOUR)
            spans = [(day_start, self.cut - DAY_LENGTH), (self.cut - DAY_LENGTH, self.announced)]
            coverage_before = [read(network, *span) for network in NETWORKS for span in spans]
            record.append([*papers, *coverage_before], source="made-up", at=self.announced + MINUTE)
        site.round(self.cut - DAY_LENGTH + MINUTE)
        assert len(frozen_days(site.record, "daily")) == 1

    def read_until(self, end: int) -> None:
        """The neighbor's night after the announcement: it observes both papers, and updates its log as `run` does."""
        record = self.site.record
        an_hour_in = self.announced + HOUR
        posts = [*posts_about(1, 5, an_hour_in), *posts_about(2, 30, an_hour_in, "hackernews")]
        record.append(posts, source="made-up", at=an_hour_in)
        for start in range(self.announced, end, COVERED_EVERY):
            at = start + COVERED_EVERY
            record.append(_new_items(self.announced, start, at), source="made-up", at=at + MINUTE // 6)
            self.site.round(at + MINUTE)

    def refuse_until(self, end: int) -> None:
        """Our site's night: both networks refuse it."""
        for network in NETWORKS:
            refusal = read(network, self.announced, end, "refused", "answered 403 Forbidden")
            self.follower.record.append([refusal], source=network, at=end)

    def follow(self, at: int) -> str:
        """A round of the following job; returns its state."""
        next_attempt = self.follower.attempt(at)
        assert next_attempt.seconds == EVERY
        return next_attempt.state

    def measurements(self) -> dict[tuple[str, str], Measurement]:
        """The neighbor's counts six hours after the announcement, by paper and network."""
        items = self.follower.record.view().items(Measurement, "t.age = 6 AND t.until_at > ?", (self.announced,))
        return {(item.paper, item.network): item for item in items}

    def issue(self, folder: Path) -> PublishedIssue:
        """Our issue, frozen by the job when it closes."""
        with test_publishing.publishing(self.follower.record.database.where, folder) as own_site:
            own_site.round(self.cut + MINUTE)
        return repository.RecordIssueReader(self.follower.record, TERMS).issue("daily", self.day)


def _new_items(announced: int, start: int, at: int) -> list[Item]:
    """What each quarter of an hour adds: the networks were read, and paper 1 has one more voice."""
    items: list[Item] = [read(network, start, at) for network in NETWORKS]
    if start >= announced + HOUR:
        items += more_talk(1, 5 + (at - announced - HOUR) // COVERED_EVERY, at)
    return items


@pytest.fixture(params=[SUMMER, WINTER])
def morning(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Morning]:
    config = config_in(tmp_path)._replace(observations=True)
    public = tmp_path / "public"
    with (
        publishing(str(tmp_path / "neighbour.db"), public, config) as site,
        serve_folder(public) as url,
        closing(Follower(tmp_path / "ours", url)) as follower,
    ):
        yield Morning(request.param, site, follower)


@pytest.mark.long
def test_the_issue_has_the_neighbor_s_counts_of_six_hours_while_we_were_blind(morning: Morning, tmp_path: Path) -> None:
    last = moment(f"{morning.day}T07:00")
    morning.read_until(last)
    morning.refuse_until(last)
    names = sorted(path.name for path in (tmp_path / "public/log/daily/observations").iterdir())
    assert names[-1] == f"{morning.day}T06-1.jsonl.zst"  # a minute after 7:00
    assert morning.follow(last + 10 * MINUTE) == "idle"
    six_hours_in = morning.announced + 6 * HOUR
    # what came seconds after 7:00 is in the next file: in winter, the last quarter of the six hours
    voices, unread = (25, 0) if six_hours_in < last else (24, COVERED_EVERY)
    counts_by_key = {
        key_pair: (item.until_at, item.voices, item.unread) for key_pair, item in morning.measurements().items()
    }
    assert counts_by_key == {
        (key(1), "bluesky"): (six_hours_in, voices, unread),
        (key(2), "hackernews"): (six_hours_in, 30, unread),
    }
    issue = morning.issue(tmp_path / "pages")
    counts_by_paper = {entry.paper: entry.counts for entry in issue.content.entries}
    assert {
        (paper, count.network): (count.voices, count.collector)
        for paper, counts_of_paper in counts_by_paper.items()
        for count in counts_of_paper
    } == {(key(1), "bluesky"): (voices, "neighbour"), (key(2), "hackernews"): (30, "neighbour")}
    page = (tmp_path / "pages" / morning.day / "index.html").read_text("utf-8")
    assert page.count("as counted by neighbour") >= 2
    assert not made.verified(morning.follower.record).findings


def test_an_hour_s_file_renders_no_page_again_and_comes_before_its_checkpoint(morning: Morning, tmp_path: Path) -> None:
    public = tmp_path / "public"
    page = public / "index.html"
    morning.read_until(moment(f"{morning.day}T03:00"))
    page.write_text("as it was")
    file = public / f"log/daily/observations/{morning.day}T02-1.jsonl.zst"
    modified_before = file.stat().st_mtime_ns
    record = morning.site.record
    record.append(
        [counts("bluesky:1", 50, morning.announced + 3 * HOUR)], source="x", at=moment(f"{morning.day}T03:30")
    )
    morning.site.round(moment(f"{morning.day}T04:00") + MINUTE)
    assert page.read_text() == "as it was" and file.stat().st_mtime_ns == modified_before
    new_files = [
        public / f"log/daily/{name}" for name in (f"observations/{morning.day}T03-1.jsonl.zst", "1/checkpoint")
    ]
    tile = max((public / "log/daily/1/tile/entries").rglob("*"), key=lambda path: path.stat().st_mtime_ns)
    moments = [path.stat().st_mtime_ns for path in (new_files[0], tile, new_files[1])]
    assert moments == sorted(moments) and moments[0] > modified_before
    forget_key(record, "bluesky:1")  # withdrawals are written there too
    morning.site.round(moment(f"{morning.day}T04:00") + 2 * MINUTE)
    mark = observations.mark_of("bluesky:1", record.hasher).encode()
    for name in (path.name for path in file.parent.glob("*.zst")):
        lines, _ = observations.remove_marked(name, (file.parent / name).read_bytes(), ())
        assert not any(mark in line for line in lines)
    assert file.stat().st_mtime_ns > modified_before and page.read_text() != "as it was"


def test_a_site_that_follows_nobody_has_no_issue(morning: Morning, tmp_path: Path) -> None:
    morning.refuse_until(moment(f"{morning.day}T07:00"))
    with pytest.raises(NotFound, match="no frozen issue"):
        morning.issue(tmp_path / "pages")


def test_a_round_without_a_file_counts_nothing_and_the_next_file_completes_the_counts(morning: Morning) -> None:
    morning.read_until(moment(f"{morning.day}T08:00"))
    assert morning.follow(moment(f"{morning.day}T08:10")) == "idle"
    assert [(item.unread, item.voices) for item in morning.measurements().values()] == [(0, 25), (0, 30)]
    head = morning.follower.record.head
    assert morning.follow(moment(f"{morning.day}T08:20")) == "idle"
    assert morning.follower.record.head == head
