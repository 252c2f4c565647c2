"""Freezing and publishing on schedule, from a made-up record; tests control the clock."""

from __future__ import annotations

import datetime
import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from hotpapers.base.errors import WrongClock
from hotpapers.base.http import ServerClocks
from hotpapers.base.model import HOUR, Account, Notice, Post, Publication, Verdict
from hotpapers.base.network_terms import TERMS, Table
from hotpapers.base.settings import BotSettings
from hotpapers.discussion.engagement.recounts import queries as recount_queries
from hotpapers.issues.freeze import freeze_issue, publication_of
from hotpapers.issues.queries import frozen_days
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.job_state import RUNNING, SCHEDULED_RUN
from hotpapers.jobs.leases import Leases
from hotpapers.jobs.loop import Clock, JobLoop
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.publish.schedule import publishing as schedule
from hotpapers.publish.schedule.clock_check import check_clock
from hotpapers.publish.schedule.health import assess_health
from hotpapers.publish.schedule.publishing import (
    FurtherParts,
    IssueDestination,
    PublishJob,
    changed_issues,
    new_rules,
    render_changed,
)
from hotpapers.publish.view.site_config import NOBODY, SiteConfig
from hotpapers.publish.view.site_paths import paper_path
from hotpapers.record import Record
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


class PublishingSite(NamedTuple):
    """The job's rounds, the store, the clock (a list of one moment), and the folder for pages."""

    rounds: JobLoop
    record: Record
    clock: list[int]
    folder: Path

    def round(self, at: int) -> str:
        """A round at a moment; returns its state."""
        self.clock[0] = at
        next_attempt = self.rounds.attempt()
        assert next_attempt is not None
        return next_attempt.state

    def page(self, day: str = DAY) -> str:
        """The page of a day."""
        return (self.folder / day / "index.html").read_text("utf-8")

    def paper(self, number: int = 1) -> str:
        """The page of a paper."""
        return (self.folder / paper_path(key(number))).read_text("utf-8")


@contextmanager
def publishing(
    store: str, folder: Path, *, channels: tuple[str, ...] = ("site",), witnesses: ServerClocks | None = None,
    site_config: SiteConfig = NOBODY, further: Sequence[FurtherParts] = (), allowed: Table = TERMS,
    read_jobs: tuple[str, ...] = (),
) -> Iterator[PublishingSite]:  # fmt: skip
    open_record = partial(Record, store)
    clock = [CUT - HOUR]
    destinations = [IssueDestination("daily", channel, folder) for channel in channels]
    job = PublishJob(
        ["daily"], destinations, witnesses=witnesses, site_config=site_config, further=further, allowed=allowed,
        read_jobs=read_jobs, bots=BotSettings(), before_freezing=()
    )  # fmt: skip
    with Record(store) as record:
        leases, time = Leases(open_record, "one"), Clock(lambda: clock[0], lambda s: None)
        rounds = JobLoop(job.name, lambda: job, open_record, leases, time)
        try:
            yield PublishingSite(rounds, record, clock, folder)
        finally:
            rounds._close_store()


def fill(record: Record, publication: Publication = DAILY) -> None:
    posts = [
        *post(1, LEADING, CUT - 3 * HOUR, text="Moss grows here on every roof"),
        counts(LEADING, 60, CUT - 3 * HOUR),
    ]
    write(record, [publication], background(), paper(1), posts)
    with record.database.write():  # as if written at that time
        record.database.run("UPDATE batch SET at = ?", (CUT - 2 * HOUR,))


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path) -> Iterator[PublishingSite]:
    with publishing(sqlite_url, tmp_path / "public") as opened_site:
        fill(opened_site.record)
        yield opened_site


def test_an_issue_is_frozen_and_published_when_its_day_is_closed(site: PublishingSite) -> None:
    assert site.round(CUT - 60_000_000) == "idle" and frozen_days(site.record, "daily") == []
    assert site.round(CUT + 1) == "idle"
    assert frozen_days(site.record, "daily") == [DAY] and "Made-up paper 1" in site.page()
    modified_before = (site.folder / DAY / "index.html").stat().st_mtime_ns
    assert site.round(CUT + 20_000_000) == "idle"
    assert (site.folder / DAY / "index.html").stat().st_mtime_ns == modified_before
    assert jobs_queries.load_state(site.record, "issues").items == 1


def test_coverage_is_read_only_while_an_issue_is_missing(site: PublishingSite, statements: list[str]) -> None:
    """It grows for ever, and rounds come every few seconds."""
    write(site.record, [msgspec.structs.replace(DAILY, window="weekly", observed_at=1)])
    mondays = ("2024-05-13", "2024-05-20", "2024-05-27")
    for day in mondays:
        site.round(moment(f"{day}T08:00"))
    at = moment("2024-05-27T10:00")
    assert frozen_days(site.record, "daily") == list(mondays)
    statements.clear()
    assert site.round(at) == "idle" and assess_health(site.record, ["daily"], at).ok
    assert statements and not [sql for sql in statements if "coverage" in sql]


# ---- whose clock -----------------------------------------------------------------------------------------------


def date_header(at: int) -> dict[str, str]:
    return {"date": format_datetime(datetime.datetime.fromtimestamp(at / 1e6, datetime.UTC), usegmt=True)}


def test_a_clock_days_ahead_freezes_nothing(sqlite_url: str, tmp_path: Path) -> None:
    witnesses = ServerClocks()
    networks = [witnesses.listener() for _ in range(3)]
    with publishing(sqlite_url, tmp_path / "public", witnesses=witnesses) as site:
        fill(site.record)
        at = CUT + 5 * 24 * HOUR
        for listener in networks:
            listener(date_header(CUT), at)
        assert site.round(at) == "partial" and frozen_days(site.record, "daily") == []
        problems = assess_health(site.record, ["daily"], at).problems
        assert any("clock is 5 days ahead of the networks'; nothing is frozen" in problem for problem in problems)
        networks[0](date_header(at), at)  # only one of three says so
        assert site.round(at + 1) == "partial" and frozen_days(site.record, "daily") == []
        networks[1](date_header(at - 60_000_000), at)
        site.round(at + 2)
        assert DAY in frozen_days(site.record, "daily")


def test_a_clock_that_jumps_waits_for_a_network(sqlite_url: str, tmp_path: Path) -> None:
    witnesses = ServerClocks()
    listener = witnesses.listener()
    with publishing(sqlite_url, tmp_path / "public", witnesses=witnesses) as site:
        fill(site.record)
        listener(date_header(CUT - HOUR), CUT - HOUR)
        assert site.round(CUT + 5 * 24 * HOUR) == "partial" and frozen_days(site.record, "daily") == []
        listener(date_header(CUT + HOUR), CUT + HOUR)
        assert site.round(CUT + HOUR) == "idle" and frozen_days(site.record, "daily") == [DAY]


def test_a_clock_that_jumped_is_known_by_one_network(sqlite_url: str, tmp_path: Path) -> None:
    """Also after another one has answered, which others did before the jump."""
    witnesses = ServerClocks(lambda: 0.0)
    networks = [witnesses.listener() for _ in range(3)]
    with publishing(sqlite_url, tmp_path / "public", witnesses=witnesses) as site:
        fill(site.record)
        for listener in networks:
            listener(date_header(CUT - HOUR), CUT - HOUR)
        jumped = CUT + 5 * 24 * HOUR
        networks[0](date_header(CUT - HOUR), jumped)
        assert site.round(jumped) == "partial" and frozen_days(site.record, "daily") == []


def test_a_publication_that_was_added_while_the_clock_was_ahead_has_issues(sqlite_url: str, tmp_path: Path) -> None:
    with publishing(sqlite_url, tmp_path / "public") as site:
        fill(site.record, msgspec.structs.replace(DAILY, observed_at=CUT + 365 * 24 * HOUR))
        site.round(CUT + 1)
        assert frozen_days(site.record, "daily") == [DAY]


def test_a_machine_that_was_off_for_days_waits_for_one_answer(sqlite_url: str, tmp_path: Path) -> None:
    witnesses, at = ServerClocks(), CUT + 13 * 24 * HOUR
    with publishing(sqlite_url, tmp_path / "public", witnesses=witnesses) as site:
        fill(site.record)
        site.round(at)
        assert frozen_days(site.record, "daily") == []
        assert "waits for a network to confirm the time" in jobs_queries.load_state(site.record, "issues").reason
        witnesses.listener()(date_header(at), at)
        site.round(at + 20_000_000)
        assert DAY in frozen_days(site.record, "daily")


def test_the_clock_of_a_databases_server_is_believed_too() -> None:
    check_clock(CUT, None, None)
    check_clock(CUT, -5 * 24 * HOUR, CUT + 5 * 24 * HOUR)
    check_clock(CUT, 20 * 60_000_000, CUT - 20 * 60_000_000)
    with pytest.raises(WrongClock, match="45 min ahead of the database's"):
        check_clock(CUT, None, CUT - 45 * 60_000_000)


def test_where_no_network_is_read_the_databases_clock_counts(postgres_url: str, tmp_path: Path) -> None:
    with publishing(postgres_url, tmp_path / "public") as site:
        fill(site.record)
        assert site.round(site.record.database.clock() + 5 * 24 * HOUR) == "partial"
        assert frozen_days(site.record, "daily") == []
        assert "5 days ahead of the database's" in jobs_queries.load_state(site.record, "issues").reason


# ---- what is published -----------------------------------------------------------------------------------------


def test_the_posts_of_an_issue_are_read_again_before_it_closes(site: PublishingSite) -> None:
    recount_queries.follow_new_posts(site.record.database, "bluesky", 0, CUT)
    recount_queries.note_answered(
        site.record.database,
        [row[0] for row in site.record.database.rows("SELECT key FROM recount JOIN identity ON identity.id = post")],
        CUT,
    )
    assert site.round(CUT - HOUR) == "idle"
    assert recount_queries.due_posts(site.record.database, "bluesky", CUT - HOUR, 9) == []
    shortly_before = CUT - 10 * 60_000_000
    assert site.round(shortly_before) == "idle"
    due_posts = recount_queries.due_posts(site.record.database, "bluesky", shortly_before, 99)
    assert due_posts == [LEADING]
    recount_queries.note_answered(site.record.database, due_posts, shortly_before)
    assert site.round(shortly_before + 20_000_000) == "idle"
    assert recount_queries.due_posts(site.record.database, "bluesky", shortly_before + 20_000_000, 9) == []


def test_deleted_posts_leave_the_pages(site: PublishingSite, caplog: pytest.LogCaptureFixture) -> None:
    site.round(CUT + 1)
    assert "Moss grows here" in site.page()
    deletion = Post(
        post=LEADING, network="bluesky", account="", created_at=CUT, gone="deleted", observed_at=CUT + HOUR
    )  # fmt: skip
    site.record.append([deletion], source="bluesky")
    with caplog.at_level(logging.INFO, "hotpapers"):
        site.round(CUT + HOUR)
    assert "Moss grows here" not in site.page() and "Made-up paper 1" in site.page()
    [fields] = [vars(record)["fields"] for record in caplog.records if record.getMessage() == "pages updated"]
    assert (fields["publication"], fields["channel"], set(fields)) == (
        "daily",
        "site",
        {"publication", "channel", "folder"},
    )


def test_pages_that_cannot_be_updated_are_a_warning(site: PublishingSite, caplog: pytest.LogCaptureFixture) -> None:
    site.round(CUT + 1)
    site.record.append([judged(LEADING, "hidden", at=CUT)], source="operator")
    site.folder.rename(site.folder.with_name("moved"))
    render_changed(site.record, 0, NOBODY, TERMS)
    [log_record] = [record for record in caplog.records if record.getMessage() == "pages not updated"]
    assert log_record.levelname == "WARNING" and vars(log_record)["fields"]["reason"] == "no longer exists"


def test_a_deleted_folder_is_written_again_in_one_line(site: PublishingSite, caplog: pytest.LogCaptureFixture) -> None:
    site.round(CUT + 1)
    pages = {path.relative_to(site.folder): path.read_bytes() for path in site.folder.rglob("*") if path.is_file()}
    shutil.rmtree(site.folder)
    with caplog.at_level(logging.INFO, "hotpapers"):
        assert site.round(CUT + HOUR) == "idle"
    assert {
        path.relative_to(site.folder): path.read_bytes() for path in site.folder.rglob("*") if path.is_file()
    } == pages
    lines = [record for record in caplog.records if "written again" in record.getMessage()]
    assert [vars(record)["fields"] for record in lines] == [
        {"publication": "daily", "folder": site.folder, "issues": 1},
    ]  # fmt: skip
    caplog.clear()
    site.round(CUT + 2 * HOUR)
    assert "published" not in caplog.text


@pytest.mark.parametrize("is_missing", [True, False])
def test_hidden_posts_leave_the_pages_once_their_folder_is_back(site: PublishingSite, *, is_missing: bool) -> None:
    """A disk may be full, or away for a while: what is written in its place meanwhile does not count for it."""
    site.round(CUT + 1)
    moved = site.folder.with_name("moved")
    site.folder.rename(moved)
    if not is_missing:
        site.folder.mkdir()
        (site.folder / DAY).write_text("in the way of a folder")
    site.record.append([judged(LEADING, "hidden", at=CUT)], source="operator")
    assert site.round(CUT + HOUR) == ("idle" if is_missing else "partial")
    if not is_missing:
        assert str(site.folder) in jobs_queries.load_state(site.record, "issues").reason
    shutil.rmtree(site.folder)
    moved.rename(site.folder)
    assert "Moss grows here" in site.page()
    assert site.round(CUT + 2 * HOUR) == "idle"
    assert "Moss grows here" not in site.page()


def test_a_host_without_a_disk_writes_all_pages_at_the_end(
    site: PublishingSite, caplog: pytest.LogCaptureFixture
) -> None:
    """Each of its runs begins without the folders of the last one: no page there has to be changed."""
    site.round(CUT + 1)
    shutil.rmtree(site.folder.parent)
    site.record.append([judged(LEADING, "hidden", at=CUT)], source="operator")
    run = jobs_queries.load_state(site.record, SCHEDULED_RUN)
    jobs_queries.save_state(site.record, msgspec.structs.replace(run, state=RUNNING))
    assert site.round(CUT + HOUR) == "idle" and "not updated" not in caplog.text
    assert not site.folder.exists()
    jobs_queries.save_state(site.record, run)
    assert site.round(CUT + 2 * HOUR) == "idle" and site.page(), "elsewhere, a deleted folder is written again"


def test_deleted_posts_leave_the_page_of_their_paper_too(site: PublishingSite) -> None:
    """An issue shows a few posts about a paper; the paper's own page links to the others."""
    uris = [f"bluesky:at://did:plc:b{n}/app.bsky.feed.post/m{n}" for n in range(4)]
    posts = [[*post(1, uri, CUT - 3 * HOUR), counts(uri, 10 + n, CUT - 3 * HOUR)] for n, uri in enumerate(uris)]
    site.record.append([item for group in posts for item in group], source="bluesky", at=CUT - 2 * HOUR)
    site.round(CUT + 1)
    linked = [uri for n, uri in enumerate(uris) if f"post/m{n}" in site.paper() and f"post/m{n}" not in site.page()]
    assert linked
    deletion = Post(
        post=linked[0], network="bluesky", account="", created_at=CUT, gone="deleted", observed_at=CUT + HOUR
    )  # fmt: skip
    site.record.append([deletion], source="bluesky")
    site.round(CUT + HOUR)
    assert linked[0][-7:] not in site.paper()


def test_only_changes_to_a_page_render_it_again(site: PublishingSite) -> None:
    site.round(CUT + 1)
    position = site.record.head.position
    site.record.append(paper(7), source="arxiv")
    assert not changed_issues(site.record, position)
    site.record.append([judged("bluesky:nobody", "hidden", at=CUT)], source="operator")
    assert not changed_issues(site.record, position), "nothing of theirs is shown"
    site.record.append([judged(LEADING, "hidden", at=CUT)], source="operator")
    assert changed_issues(site.record, position) == {("daily", DAY)}


def test_changes_that_an_ended_program_did_not_render_are_rendered(site: PublishingSite) -> None:
    site.round(CUT + 1)
    site.record.append([judged(LEADING, "hidden", at=CUT + HOUR)], source="operator", at=CUT + HOUR)
    job = site.rounds.job
    assert isinstance(job, PublishJob)
    job._rendered_position = 0
    site.round(CUT + 2 * HOUR)
    assert "Moss grows here" not in site.page()


def test_what_was_forgotten_by_a_program_that_was_killed_leaves_the_pages(site: PublishingSite) -> None:
    site.round(CUT + 1)
    assert "Moss grows here" in site.page()
    forget_key(site.record, LEADING)  # the program is killed before it renders
    site.round(CUT + HOUR)
    assert "Moss grows here" not in site.page()


def test_another_version_of_the_program_renders_all_pages(
    site: PublishingSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.round(CUT + 1)
    site.round(CUT + 2)
    (site.folder / DAY / "index.html").write_text("an older look")
    site.round(CUT + 3)
    assert site.page() == "an older look"
    monkeypatch.setattr(schedule, "__version__", "9.9")
    site.round(CUT + 4)
    assert "Moss grows here" in site.page()


def test_all_pages_depend_on_the_publications_with_issues_and_the_papers_taken_back(site: PublishingSite) -> None:
    record = site.record
    rules = {new_rules(record, TERMS, NOBODY)}
    site.round(CUT + 1)
    rules.add(new_rules(record, TERMS, NOBODY) or "as rendered")
    write(record, msgspec.structs.replace(DAILY, publication="other"))
    rules.add(new_rules(record, TERMS, NOBODY))
    freeze_issue(record, publication_of(record, "other"), DAY)
    rules.add(new_rules(record, TERMS, NOBODY))
    notice = Notice(paper=key(1), notice="doi:10.1000/notice", type="retraction", day="2024-05-08", observed_at=1)
    write(record, notice)
    rules.add(new_rules(record, TERMS, NOBODY))
    write(record, msgspec.structs.replace(notice, notice="doi:10.1000/other", type="correction"))
    assert new_rules(record, TERMS, NOBODY) in rules and len(rules) == 5, "a correction takes nothing back"


def test_a_day_that_was_missed_is_published_later(site: PublishingSite) -> None:
    """The announcements of the following days never came: their issues appear without them at the limit."""
    assert site.round(CUT + 48 * HOUR) == "idle"
    assert frozen_days(site.record, "daily") == [DAY, "2024-05-08"]
    status = jobs_queries.load_state(site.record, "issues")
    assert "2024-05-09" in status.reason
    assert "2024-05-08" in site.page("2024-05-08")


def test_no_day_is_published_later_from_a_time_when_the_publication_was_weekly(sqlite_url: str, tmp_path: Path) -> None:
    with publishing(sqlite_url, tmp_path / "public") as site:
        fill(site.record, msgspec.structs.replace(DAILY, window="weekly"))
        site.round(CUT + 30 * HOUR)
        write(site.record, msgspec.structs.replace(DAILY, observed_at=CUT + 50 * HOUR))
        write(site.record, msgspec.structs.replace(DAILY, title="A new name", observed_at=CUT + 51 * HOUR))
        assert site.round(CUT + 90 * HOUR) == "idle"
        assert frozen_days(site.record, "daily") == ["2024-05-10"]


def test_a_folder_that_cannot_be_written_is_reported_and_stops_no_other(sqlite_url: str, tmp_path: Path) -> None:
    blocking_file = tmp_path / "file"
    blocking_file.write_text("in the way")
    with publishing(sqlite_url, tmp_path / "public") as site:
        job = site.rounds.job
        assert isinstance(job, PublishJob)
        job._destinations = [IssueDestination("daily", "markdown", blocking_file / "below"), *job._destinations]
        fill(site.record)
        assert site.round(CUT + 1) == "partial"
        assert "Made-up paper 1" in site.page()
        assert "markdown" in jobs_queries.load_state(site.record, "issues").reason
        blocking_file.unlink()
        assert site.round(CUT + HOUR) == "idle"
        assert (blocking_file / "below").is_dir()


def test_bots_are_judged_before_an_issue_is_frozen(site: PublishingSite) -> None:
    """Using what was known when the issue closed: the verdict counts for it."""
    account = Account(
        account="bluesky:by-at://did:plc:a/app.bsky.feed.post/1", handle="m", automated=True, observed_at=CUT - HOUR
    )
    site.record.append([account], source="bluesky")
    site.round(CUT + 1)
    [verdict] = [row.item for row in site.record.view().latest(Verdict)]
    assert (verdict.judgement, verdict.observed_at) == ("bot", CUT)
    assert "Moss grows here" not in site.page()


def test_for_an_imported_listing_nothing_is_read_ahead(sqlite_url: str, tmp_path: Path) -> None:
    """Nobody knows what it will show before it is imported."""
    with publishing(sqlite_url, tmp_path / "public") as site:
        fill(site.record, msgspec.structs.replace(DAILY, window="listing"))
        assert site.round(CUT - HOUR // 4) == "idle"
        assert jobs_queries.load_state(site.record, "issues").reason == ""
