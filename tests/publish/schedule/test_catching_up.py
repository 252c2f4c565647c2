"""A machine sleeps over the hour of an issue: the issue waits until networks have been read up to now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hotpapers.base.model import DAY as DAY_LONG
from hotpapers.base.model import HOUR, Issue
from hotpapers.issues.coverage import TURN
from hotpapers.issues.freeze import check_issue, list_editions
from hotpapers.issues.queries import frozen_days
from hotpapers.issues.windows import closing_time
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.job_state import JobState
from hotpapers.publish.schedule.due import still_catching_up
from hotpapers.record import Record
from tests.issues.made import DAILY, DAY, counts, moment, numbers, paper, post, read, write
from tests.publish.schedule.test_publishing import CUT, PublishingSite, fill, publishing

MINUTE = HOUR // 60
NEXT_DAY = "2024-05-08"
NEXT_CUT = CUT + DAY_LONG
ASLEEP, AWAKE = NEXT_CUT - 9 * HOUR, NEXT_CUT + 3 * HOUR
POST = "bluesky:said-while-it-slept"


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path) -> Iterator[PublishingSite]:
    """A site that has frozen an issue, and then sleeps."""
    with publishing(sqlite_url, tmp_path / "public", read_jobs=("bluesky", "bluesky/counts", "x")) as opened_site:
        fill(opened_site.record, msgspec.structs.replace(DAILY, ranking="rarity/2"))
        for network in ("bluesky", "x"):
            write(opened_site.record, read(network, CUT - 9 * HOUR, CUT))
        opened_site.round(CUT + 1)
        assert frozen_days(opened_site.record, "daily") == [DAY]
        for network in ("bluesky", "x"):
            write(opened_site.record, read(network, CUT, ASLEEP))
            save_job(opened_site.record, network)
        write(opened_site.record, paper(2, NEXT_DAY))
        yield opened_site


def save_job(record: Record, job: str, **fields: Any) -> None:
    status = JobState(source=job, started_at=CUT - DAY_LONG, covered_to=ASLEEP, next_at=ASLEEP + MINUTE)
    jobs_queries.save_state(record, msgspec.structs.replace(status, **fields))


def catch_up(record: Record, network: str, at: int) -> None:
    """A job reads everything up to a moment."""
    write(record, read(network, ASLEEP, at))
    save_job(record, network, covered_to=at, next_at=at + HOUR)


def waits(site: PublishingSite, at: int) -> bool:
    site.round(at)
    return NEXT_DAY not in frozen_days(site.record, "daily")


def test_an_issue_waits_for_what_was_posted_while_the_machine_slept(site: PublishingSite) -> None:
    assert waits(site, AWAKE)
    reason = jobs_queries.load_state(site.record, "issues").reason
    assert reason == "waits for what was posted while the program did not run: bluesky, x"
    catch_up(site.record, "x", AWAKE + MINUTE)
    assert waits(site, AWAKE + 2 * MINUTE)
    late_post = [
        msgspec.structs.replace(item, observed_at=AWAKE + 3 * MINUTE) for item in post(2, POST, NEXT_CUT - HOUR)
    ]
    write(site.record, late_post, counts(POST, 60, AWAKE + 3 * MINUTE))
    catch_up(site.record, "bluesky", AWAKE + 4 * MINUTE)
    assert not waits(site, AWAKE + 5 * MINUTE)
    [issue] = list_editions(site.record, "daily", NEXT_DAY)
    assert issue.content.as_of == AWAKE + 4 * MINUTE
    assert {(reading.network, reading.state) for reading in issue.content.readings} >= {
        ("bluesky", "complete"), ("x", "complete"),
    }  # fmt: skip
    assert 2 in numbers(issue.content.entries)
    items = [item for item in site.record.view().items(Issue) if item.day == NEXT_DAY]
    assert [list(check_issue(site.record, item)) for item in items] == [[]]


def test_then_it_waits_for_a_round_of_counts_which_belong_to_it(site: PublishingSite) -> None:
    """Otherwise what was posted last would be there without its likes."""
    awake = AWAKE + MINUTE
    for network in ("bluesky", "x"):
        catch_up(site.record, network, awake)
    save_job(site.record, "bluesky/counts", covered_to=None, next_at=ASLEEP)
    assert waits(site, awake + MINUTE)
    reason = jobs_queries.load_state(site.record, "issues").reason
    assert reason == "waits for what was posted while the program did not run: bluesky/counts"
    late_post = [msgspec.structs.replace(item, observed_at=awake) for item in post(2, POST, NEXT_CUT - HOUR)]
    write(site.record, late_post, counts(POST, 60, awake + 5 * MINUTE))
    save_job(site.record, "bluesky/counts", covered_to=None, next_at=awake + 6 * MINUTE)
    assert not waits(site, awake + 6 * MINUTE)
    [issue] = list_editions(site.record, "daily", NEXT_DAY)
    assert issue.content.as_of == awake + 5 * MINUTE and 2 in numbers(issue.content.entries)


def test_it_does_not_wait_for_counts_that_fail(site: PublishingSite) -> None:
    for network in ("bluesky", "x"):
        catch_up(site.record, network, AWAKE + MINUTE)
    save_job(site.record, "bluesky/counts", covered_to=None, next_at=ASLEEP, failing_since=AWAKE)
    assert not waits(site, AWAKE + 2 * MINUTE)


def test_it_has_what_servers_of_papers_posted_while_the_machine_slept(site: PublishingSite) -> None:
    write(site.record, msgspec.structs.replace(DAILY, ranking="rarity/2", categories=("arxiv", "biorxiv")))
    for network in ("bluesky", "x"):
        catch_up(site.record, network, AWAKE + MINUTE)
    write(site.record, read("biorxiv", CUT - DAY_LONG, ASLEEP), read("biorxiv", ASLEEP, AWAKE + 2 * MINUTE))
    assert not waits(site, AWAKE + 3 * MINUTE)
    [issue] = list_editions(site.record, "daily", NEXT_DAY)
    assert issue.content.as_of == AWAKE + 2 * MINUTE
    assert [reading.state for reading in issue.content.servers or ()] == ["complete"]


def test_a_server_of_papers_alone_is_no_reading(site: PublishingSite) -> None:
    write(site.record, msgspec.structs.replace(DAILY, ranking="rarity/2", categories=("arxiv", "biorxiv")))
    write(site.record, read("biorxiv", CUT - DAY_LONG, ASLEEP), read("biorxiv", ASLEEP, AWAKE + MINUTE))
    for network in ("bluesky", "x"):
        save_job(site.record, network, failing_since=ASLEEP)
    assert waits(site, AWAKE + 3 * HOUR)


def test_counts_are_waited_for_a_quarter_of_an_hour(site: PublishingSite) -> None:
    for network in ("bluesky", "x"):
        catch_up(site.record, network, AWAKE + MINUTE)
    save_job(site.record, "bluesky/counts", covered_to=None, next_at=ASLEEP)
    assert waits(site, AWAKE + 16 * MINUTE) and not waits(site, AWAKE + 17 * MINUTE)


def test_it_waits_for_no_network_that_was_away_while_others_were_read(site: PublishingSite) -> None:
    """What is read now would not count any more: the issue has closed."""
    write(site.record, read("x", ASLEEP, NEXT_CUT - HOUR))
    assert not waits(site, AWAKE)


def test_it_waits_for_two_hours_at_most_for_the_last_networks(site: PublishingSite) -> None:
    catch_up(site.record, "x", AWAKE + MINUTE)
    assert waits(site, AWAKE + 2 * MINUTE) and waits(site, AWAKE + 121 * MINUTE)
    assert not waits(site, AWAKE + 122 * MINUTE)
    [issue] = list_editions(site.record, "daily", NEXT_DAY)
    assert issue.content.as_of == AWAKE + MINUTE


def test_it_waits_for_something_to_be_read_until_shortly_before_the_next(site: PublishingSite) -> None:
    assert waits(site, AWAKE) and waits(site, NEXT_CUT + DAY_LONG - TURN - 1)
    reason = jobs_queries.load_state(site.record, "issues").reason
    assert reason == (
        "daily: 2024-05-08: networks were not read up to 2024-05-08 08:00 UTC; its issue appears when networks have "
        "been read, if that is before 2024-05-09 06:30 UTC"
    )
    assert waits(site, NEXT_CUT + DAY_LONG - TURN) and jobs_queries.load_state(site.record, "issues").reason == ""


@pytest.mark.parametrize(
    ("fields", "waits_for_it"),
    [
        ({}, True),  # its turn came while the machine slept
        ({"next_at": None}, True),  # it reads
        ({"failing_since": AWAKE - MINUTE, "state": "down", "next_at": AWAKE + MINUTE}, True),  # no network yet
        ({"failing_since": AWAKE - 11 * MINUTE, "state": "down"}, False),
        ({"failing_since": AWAKE - MINUTE, "state": "refused"}, False),
        ({"next_at": AWAKE + MINUTE}, False),  # its settings let it read that rarely
        ({"covered_to": AWAKE - TURN}, False),
        ({"covered_to": None}, False),  # never read: another rule
    ],
)
def test_what_is_waited_for(fields: dict[str, Any], waits_for_it: bool, site: PublishingSite) -> None:
    save_job(site.record, "x", covered_to=AWAKE)
    save_job(site.record, "bluesky", **fields)
    assert still_catching_up(site.record, ["bluesky", "x"], AWAKE) == ["bluesky"] * waits_for_it


@pytest.mark.parametrize(
    ("spans", "minutes"),
    [
        ([(-60, 1, 1)], 1),
        ([(-60, -20, -20), (-20, 30, 31)], 0),  # read shortly before
        ([(-540, 180, 184)], 184),
        ([(-540, -200, 181), (-200, 20, 182), (20, 150, 183), (150, 190, 191)], 183),  # piece by piece: up to now
        ([(-540, 900, 901)], 901),
        ([(-540, 1350, 1351)], 0),  # too late for the day
        ([(60, 180, 184)], 0),  # not read before
        ([], 0),
    ],
)
def test_when_an_issue_closes(spans: list[tuple[int, int, int]], minutes: int, sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        for start, end, at in spans:
            write(record, read("bluesky", CUT + start * MINUTE, CUT + end * MINUTE, at=CUT + at * MINUTE))
        assert closing_time(record.view(), DAILY, DAY) == CUT + minutes * MINUTE


def test_when_an_issue_of_a_week_closes(sqlite_url: str) -> None:
    """At most four days later, and always before the next."""
    with Record(sqlite_url) as record:
        weekly = msgspec.structs.replace(DAILY, window="weekly")
        monday = moment("2024-05-06T08:00")
        write(record, read("bluesky", monday - HOUR * 40, monday + 95 * HOUR, at=monday + 95 * HOUR))
        assert closing_time(record.view(), weekly, "2024-05-06") == monday + 95 * HOUR
        assert closing_time(record.view(), DAILY, "2024-05-06") == monday
