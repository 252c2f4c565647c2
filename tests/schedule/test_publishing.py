"""Freezing and publishing on schedule, from a made-up record; tests control the clock."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from hotpapers.engagement import queries as engagement_queries
from hotpapers.errors import WrongClock
from hotpapers.http import ServerClocks
from hotpapers.ingest.collect_job import Connection
from hotpapers.issues.queries import frozen_days
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobLoop
from hotpapers.model import HOUR, Account, Post, Publication, Verdict
from hotpapers.schedule import IssueDestination, PublishJob
from hotpapers.schedule.health import health
from hotpapers.schedule.publishing import changed_issues, check_clock, render_changed
from hotpapers.store import Record
from hotpapers.terms import TERMS
from hotpapers.view.site_config import NOBODY, SiteConfig
from hotpapers.view.site_paths import paper_path
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
    write,
)

LEADING = "bluesky:at://did:plc:a/app.bsky.feed.post/1"
CUT = moment(f"{DAY}T08:00")


class Made(NamedTuple):
    """The job's rounds, the store, the clock (a list of one moment), and the folder for pages."""

    rounds: JobLoop
    record: Record
    clock: list[int]
    folder: Path

    def round(self, at: int) -> str:
        """A round at a moment; returns its state."""
        self.clock[0] = at
        following = self.rounds.attempt()
        assert following is not None
        return following.state

    def page(self, day: str = DAY) -> str:
        """The page of a day."""
        return (self.folder / day / "index.html").read_text("utf-8")

    def paper(self, number: int = 1) -> str:
        """The page of a paper."""
        return (self.folder / paper_path(key(number))).read_text("utf-8")


@contextmanager
def publishing(
    store: str, folder: Path, *, channels: tuple[str, ...] = ("site",), witnesses: ServerClocks | None = None,
    site_config: SiteConfig = NOBODY, connection: Connection | None = None,
) -> Iterator[Made]:  # fmt: skip
    open_record = partial(Record, store)
    clock = [CUT - HOUR]
    destinations = [IssueDestination("daily", channel, folder) for channel in channels]
    job = PublishJob(["daily"], destinations, witnesses=witnesses, site_config=site_config, connection=connection)
    with Record(store) as record:
        leases, time = Leases(open_record, "one"), Clock(lambda: clock[0], lambda s: None)
        rounds = JobLoop(job.name, lambda: job, open_record, leases, time)
        try:
            yield Made(rounds, record, clock, folder)
        finally:
            rounds._close_store()


def fill(record: Record, publication: Publication = DAILY) -> None:
    said = [
        *post(1, LEADING, CUT - 3 * HOUR, text="Moss grows here on every roof"),
        counts(LEADING, 60, CUT - 3 * HOUR),
    ]
    write(record, [publication], background(), paper(1), said)
    with record.database.write():  # as if written at that time
        record.database.run("UPDATE batch SET at = ?", (CUT - 2 * HOUR,))


@pytest.fixture
def made(sqlite_url: str, tmp_path: Path) -> Iterator[Made]:
    with publishing(sqlite_url, tmp_path / "public") as one:
        fill(one.record)
        yield one


def test_an_issue_is_frozen_and_published_when_its_day_is_closed(made: Made) -> None:
    assert made.round(CUT - 60_000_000) == "idle" and frozen_days(made.record, "daily") == []
    assert made.round(CUT + 1) == "idle"
    assert frozen_days(made.record, "daily") == [DAY] and "Made-up paper 1" in made.page()
    before = (made.folder / DAY / "index.html").stat().st_mtime_ns
    assert made.round(CUT + 20_000_000) == "idle"
    assert (made.folder / DAY / "index.html").stat().st_mtime_ns == before
    assert jobs_queries.load_state(made.record, "issues").items == 1


# ---- whose clock -----------------------------------------------------------------------------------------------


def told(at: int) -> dict[str, str]:
    return {"date": format_datetime(datetime.datetime.fromtimestamp(at / 1e6, datetime.UTC), usegmt=True)}


def test_a_clock_days_ahead_freezes_nothing(sqlite_url: str, tmp_path: Path) -> None:
    witnesses = ServerClocks()
    networks = [witnesses.listener() for _ in range(3)]
    with publishing(sqlite_url, tmp_path / "public", witnesses=witnesses) as made:
        fill(made.record)
        at = CUT + 5 * 24 * HOUR
        for hear in networks:
            hear(told(CUT), at)
        assert made.round(at) == "partial" and frozen_days(made.record, "daily") == []
        problems = health(made.record, ["daily"], at).problems
        assert any("clock is 5.0 days ahead of the networks'; nothing is frozen" in told for told in problems)
        networks[0](told(at), at)  # only one of three says so
        assert made.round(at + 1) == "partial" and frozen_days(made.record, "daily") == []
        networks[1](told(at - 60_000_000), at)
        made.round(at + 2)
        assert DAY in frozen_days(made.record, "daily")


def test_a_clock_that_jumps_waits_for_a_network(sqlite_url: str, tmp_path: Path) -> None:
    witnesses = ServerClocks()
    hear = witnesses.listener()
    with publishing(sqlite_url, tmp_path / "public", witnesses=witnesses) as made:
        fill(made.record)
        hear(told(CUT - HOUR), CUT - HOUR)
        assert made.round(CUT + 5 * 24 * HOUR) == "partial" and frozen_days(made.record, "daily") == []
        hear(told(CUT + HOUR), CUT + HOUR)
        assert made.round(CUT + HOUR) == "idle" and frozen_days(made.record, "daily") == [DAY]


def test_a_machine_that_was_off_for_days_waits_for_one_answer(sqlite_url: str, tmp_path: Path) -> None:
    witnesses, at = ServerClocks(), CUT + 13 * 24 * HOUR
    with publishing(sqlite_url, tmp_path / "public", witnesses=witnesses) as made:
        fill(made.record)
        made.round(at)
        assert frozen_days(made.record, "daily") == []
        assert "waits for a network to confirm the time" in jobs_queries.load_state(made.record, "issues").reason
        witnesses.listener()(told(at), at)
        made.round(at + 20_000_000)
        assert DAY in frozen_days(made.record, "daily")


def test_the_clock_of_a_databases_server_is_believed_too() -> None:
    check_clock(CUT, None, None)
    check_clock(CUT, -5 * 24 * HOUR, CUT + 5 * 24 * HOUR)
    check_clock(CUT, 20 * 60_000_000, CUT - 20 * 60_000_000)
    with pytest.raises(WrongClock, match="45 minutes ahead of the database's"):
        check_clock(CUT, None, CUT - 45 * 60_000_000)


# ---- what is published -----------------------------------------------------------------------------------------


def test_the_posts_of_an_issue_are_asked_for_before_it_closes(made: Made) -> None:
    engagement_queries.follow_new_posts(made.record.database, "bluesky", 0, CUT)
    engagement_queries.note_answered(
        made.record.database,
        [row[0] for row in made.record.database.rows("SELECT key FROM recount JOIN identity ON identity.id = post")],
        CUT,
    )
    assert made.round(CUT - HOUR) == "idle"
    assert engagement_queries.due_posts(made.record.database, "bluesky", CUT - HOUR, 9) == []
    near = CUT - 10 * 60_000_000
    assert made.round(near) == "idle"
    asked = engagement_queries.due_posts(made.record.database, "bluesky", near, 99)
    assert asked == [LEADING]
    engagement_queries.note_answered(made.record.database, asked, near)
    assert made.round(near + 20_000_000) == "idle"
    assert engagement_queries.due_posts(made.record.database, "bluesky", near + 20_000_000, 9) == []


def test_what_is_gone_leaves_the_pages(made: Made, caplog: pytest.LogCaptureFixture) -> None:
    made.round(CUT + 1)
    assert "Moss grows here" in made.page()
    gone = Post(
        post=LEADING, network="bluesky", account="", created_at=CUT, gone="deleted", observed_at=CUT + HOUR
    )  # fmt: skip
    made.record.append([gone], source="bluesky")
    with caplog.at_level(logging.INFO, "hotpapers"):
        made.round(CUT + HOUR)
    assert "Moss grows here" not in made.page() and "Made-up paper 1" in made.page()
    [told] = [vars(record)["fields"] for record in caplog.records if record.getMessage() == "pages updated"]
    assert (told["publication"], told["channel"], set(told)) == ("daily", "site", {"publication", "channel", "folder"})


def test_pages_that_cannot_be_updated_are_a_warning(made: Made, caplog: pytest.LogCaptureFixture) -> None:
    made.round(CUT + 1)
    made.record.append([judged(LEADING, "hidden", at=CUT)], source="operator")
    made.folder.rename(made.folder.with_name("moved"))
    render_changed(made.record, 0, NOBODY, TERMS)
    [told] = [record for record in caplog.records if record.getMessage() == "pages not updated"]
    assert told.levelname == "WARNING" and vars(told)["fields"]["reason"] == "no longer exists"


def test_what_is_gone_leaves_the_page_of_its_paper_too(made: Made) -> None:
    """An issue shows a few posts about a paper; the paper's own page links to the others."""
    uris = [f"bluesky:at://did:plc:b{n}/app.bsky.feed.post/m{n}" for n in range(4)]
    said = [[*post(1, uri, CUT - 3 * HOUR), counts(uri, 10 + n, CUT - 3 * HOUR)] for n, uri in enumerate(uris)]
    made.record.append([item for some in said for item in some], source="bluesky", at=CUT - 2 * HOUR)
    made.round(CUT + 1)
    linked = [uri for n, uri in enumerate(uris) if f"post/m{n}" in made.paper() and f"post/m{n}" not in made.page()]
    assert linked
    gone = Post(
        post=linked[0], network="bluesky", account="", created_at=CUT, gone="deleted", observed_at=CUT + HOUR
    )  # fmt: skip
    made.record.append([gone], source="bluesky")
    made.round(CUT + HOUR)
    assert linked[0][-7:] not in made.paper()


def test_only_what_changes_a_page_renders_it_anew(made: Made) -> None:
    made.round(CUT + 1)
    position = made.record.head.position
    made.record.append(paper(7), source="arxiv")
    assert not changed_issues(made.record, position)
    made.record.append([judged("bluesky:nobody", "hidden", at=CUT)], source="operator")
    assert not changed_issues(made.record, position), "nothing of theirs is shown"
    made.record.append([judged(LEADING, "hidden", at=CUT)], source="operator")
    assert changed_issues(made.record, position) == {("daily", DAY)}


def test_what_a_program_that_ended_did_not_come_to_is_rendered_anew(made: Made) -> None:
    made.round(CUT + 1)
    made.record.append([judged(LEADING, "hidden", at=CUT + HOUR)], source="operator", at=CUT + HOUR)
    job = made.rounds.job
    assert isinstance(job, PublishJob)
    job._rendered_position = 0
    made.round(CUT + 2 * HOUR)
    assert "Moss grows here" not in made.page()


def test_a_day_that_was_missed_is_made_up(made: Made) -> None:
    """The announcements of the following days never came: their issues appear without them at the limit."""
    assert made.round(CUT + 48 * HOUR) == "idle"
    assert frozen_days(made.record, "daily") == [DAY, "2024-05-08"]
    status = jobs_queries.load_state(made.record, "issues")
    assert "2024-05-09" in status.reason
    assert "2024-05-08" in made.page("2024-05-08")


def test_no_day_is_made_up_of_a_time_when_the_publication_was_weekly(sqlite_url: str, tmp_path: Path) -> None:
    with publishing(sqlite_url, tmp_path / "public") as made:
        fill(made.record, msgspec.structs.replace(DAILY, window="weekly"))
        made.round(CUT + 30 * HOUR)
        write(made.record, msgspec.structs.replace(DAILY, observed_at=CUT + 50 * HOUR))
        write(made.record, msgspec.structs.replace(DAILY, title="A new name", observed_at=CUT + 51 * HOUR))
        assert made.round(CUT + 90 * HOUR) == "idle"
        assert frozen_days(made.record, "daily") == ["2024-05-10"]


def test_a_folder_that_cannot_be_written_is_told_and_stops_no_other(sqlite_url: str, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with publishing(sqlite_url, tmp_path / "public") as made:
        job = made.rounds.job
        assert isinstance(job, PublishJob)
        job._destinations = [IssueDestination("daily", "markdown", blocked / "below"), *job._destinations]
        fill(made.record)
        assert made.round(CUT + 1) == "partial"
        assert "Made-up paper 1" in made.page()
        assert "markdown" in jobs_queries.load_state(made.record, "issues").reason
        blocked.unlink()
        assert made.round(CUT + HOUR) == "idle"
        assert (blocked / "below").is_dir()


def test_it_is_judged_who_is_a_bot_before_an_issue_is_frozen(made: Made) -> None:
    """Using what was known when the issue closed: the verdict counts for it."""
    said = Account(
        account="bluesky:by-at://did:plc:a/app.bsky.feed.post/1", handle="m", automated=True, observed_at=CUT - HOUR
    )
    made.record.append([said], source="bluesky")
    made.round(CUT + 1)
    [verdict] = [row.item for row in made.record.view().latest(Verdict)]
    assert isinstance(verdict, Verdict) and (verdict.judgement, verdict.observed_at) == ("bot", CUT)
    assert "Moss grows here" not in made.page()


def test_of_an_imported_listing_nothing_is_asked_ahead(sqlite_url: str, tmp_path: Path) -> None:
    """Nobody knows what it will show before it is imported."""
    with publishing(sqlite_url, tmp_path / "public") as made:
        fill(made.record, msgspec.structs.replace(DAILY, window="listing"))
        assert made.round(CUT - HOUR // 4) == "idle"
        assert jobs_queries.load_state(made.record, "issues").reason == ""
