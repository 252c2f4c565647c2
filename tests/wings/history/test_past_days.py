"""Issues made retrospectively: the same numbers as if frozen day by day, kept apart from those, and marked."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import date
from itertools import islice
from pathlib import Path

import msgspec
import pytest

from hotpapers.base.errors import IssueError, NotFound, UsageError
from hotpapers.base.model import HOUR, Issue, IssueContent, Paper, Publication, Reaction, Retrospective
from hotpapers.base.settings import BotSettings
from hotpapers.discussion.engagement.recounts.queries import follow_new_posts, follow_shown_posts
from hotpapers.issues.freeze import check_issue, freeze_issue, list_editions, publication_of
from hotpapers.issues.queries import frozen_days
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.view import phrases
from hotpapers.record.record import Record
from hotpapers.wings.history.past_days import check_period_closed, freeze_period, history_of, plan_period
from hotpapers.wings.history.past_period import judge_days
from tests.cli.run import environment
from tests.issues.made import counts, frozen, judged, key, moment, paper, post, posts_about, read, write
from tests.issues.past import DAILY, DAYS, FIRST, LAST, NAME, archive, fill


def without_chain(content: IssueContent) -> IssueContent:
    """Without what always differs between two stores: salted hashes of rows, and whatever depends on them."""
    entries, ongoing = (
        tuple(msgspec.structs.replace(entry, posts=("",) * len(entry.posts)) for entry in lane)
        for lane in (content.entries, content.ongoing)
    )
    return msgspec.structs.replace(
        content, chain="", entries=entries, ongoing=ongoing,
        earlier=tuple(msgspec.structs.replace(issue, digest="") for issue in content.earlier),
        publication=msgspec.structs.replace(content.publication, observed_at=0),
    )  # fmt: skip


def frozen_period(record: Record, first: date = FIRST, last: date = LAST) -> list[IssueContent]:
    period = plan_period(record, publication_of(record, "daily"), first, last)
    return [issue.content for issue in freeze_period(record, period)]


def flaws(record: Record) -> list[str]:
    rows = record.view().latest(Issue)
    return [flaw.name for row in rows for flaw in check_issue(record, row.item)]


@pytest.mark.long
@pytest.mark.parametrize("ranking", ["rarity/1", "rarity/2"])
def test_day_by_day_it_is_the_same(
    store_url: str, tmp_path: Path, ranking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same numbers as `freeze_issue` gives day after day on the same record; and every issue rebuilds."""
    monkeypatch.setattr("hotpapers.discussion.engagement.standing.queries.ENOUGH_KNOWN", 5)
    recipe = msgspec.structs.replace(DAILY, ranking=ranking)
    with Record(store_url) as record, Record(str(tmp_path / "other.db")) as other:
        for target in (record, other):
            fill(target).append([recipe], source="settings", at=2)
        contents = frozen_period(record)
        afterwards = history_of(recipe)
        other.append([afterwards], source="settings")
        alone = [freeze_issue(other, afterwards, day).content for day in DAYS]
        assert [content.day for content in contents] == DAYS
        for content, other_content in zip(contents, alone, strict=True):
            assert without_chain(content) == without_chain(other_content)
        assert sum(len(content.entries) + len(content.ongoing) for content in contents) > 30
        assert any(content.retrospective and content.retrospective.known for content in contents)
        assert flaws(record) == []


@pytest.mark.long
def test_a_weekly_period(sqlite_url: str) -> None:
    weekly = msgspec.structs.replace(DAILY, publication="weekly", window="weekly")
    with Record(sqlite_url) as record:
        fill(record).append([weekly], source="settings")
        period = plan_period(record, weekly, FIRST, LAST)
        assert period.days == ("2024-05-06", "2024-05-13", "2024-05-20")
        assert [issue.content.retrospective is not None for issue in freeze_period(record, period)] == [True] * 3
        assert flaws(record) == []


@pytest.mark.long
def test_broken_off_it_goes_on(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        publication = publication_of(fill(record), None)
        first = list(islice(freeze_period(record, plan_period(record, publication, FIRST, LAST)), 4))
        period = plan_period(record, publication, FIRST, LAST)
        assert (period.frozen, period.days) == (tuple(DAYS[:4]), tuple(DAYS[4:]))
        assert [issue.content.day for issue in (*first, *freeze_period(record, period))] == DAYS
        assert frozen_period(record) == [] and flaws(record) == []
        assert record.count(Publication) == 2


KILLED = """
import os, signal, sys
from hotpapers.cli import main
from hotpapers.wings.history import past_days
left, when = int(sys.argv.pop(1)), sys.argv.pop(1)
save = past_days.save_unless_there
def killing(record, built, at):
    global left
    left -= 1
    if not left and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    issue = save(record, built, at)
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return issue
past_days.save_unless_there = killing
main()
"""


@pytest.mark.long
def test_killed_it_goes_on(tmp_path: Path) -> None:
    """Killed before or after an issue is written, it loses and repeats nothing, and makes the same issues as an
    undisturbed run."""
    store, other = tmp_path / "killed.db", tmp_path / "alone.db"
    for file in (store, other):
        with Record(str(file)) as record:
            fill(record)
    period = ["history", "--from", str(FIRST), "--to", str(LAST), "--store"]
    for left, when in ((2, "before"), (1, "after"), (5, "after"), (1, "before")):
        command = [sys.executable, "-c", KILLED, str(left), when, *period, str(store)]
        assert subprocess.run(command, env=environment(), check=False).returncode == -signal.SIGKILL
    for file in (store, other):
        command = [sys.executable, "-m", "hotpapers", *period, str(file)]
        assert subprocess.run(command, env=environment(), check=False, stdout=subprocess.DEVNULL).returncode == 0
    with Record(str(store)) as record, Record(str(other)) as alone:
        assert record.count(Issue) == len(DAYS) and flaws(record) == []
        for day in DAYS:
            [issue], [same] = list_editions(record, NAME, day), list_editions(alone, NAME, day)
            assert without_chain(issue.content) == without_chain(same.content)


@pytest.mark.long
def test_two_at_once_make_each_issue_once(sqlite_url: str) -> None:
    """If another process is ahead, its issues are used."""
    with Record(sqlite_url) as record:
        publication = publication_of(fill(record), None)
        period = plan_period(record, publication, FIRST, LAST)
        behind = freeze_period(record, period)
        first = next(behind)
        ahead = list(freeze_period(record, plan_period(record, publication, FIRST, LAST)))
        assert [issue.digest for issue in (first, *behind)] == [first.digest, *(issue.digest for issue in ahead)]
        assert record.count(Issue) == len(DAYS)


@pytest.mark.long
def test_what_comes_in_meanwhile_counts(sqlite_url: str, tmp_path: Path) -> None:
    """Rows of the period imported during a run count from the next issue on, as with `freeze_issue`."""
    late = [Reaction(post="bluesky:215", account=f"bluesky:new{n}", type="like", observed_at=moment("2024-05-08"))
            for n in range(40)]  # fmt: skip
    contents: list[list[IssueContent]] = []
    with Record(sqlite_url) as record, Record(str(tmp_path / "other.db")) as other:
        for target in (record, other):
            fill(target)
        run = freeze_period(record, plan_period(record, DAILY, FIRST, LAST))
        contents.append([issue.content for issue in islice(run, 3)])
        write(record, late)
        contents[0] += [issue.content for issue in run]
        other.append([history_of(DAILY)], source="settings")
        alone = [freeze_issue(other, history_of(DAILY), day).content for day in DAYS[:3]]
        write(other, late)
        alone += [freeze_issue(other, history_of(DAILY), day).content for day in DAYS[3:]]
        assert list(map(without_chain, contents[0])) == list(map(without_chain, alone))


# ---- marked --------------------------------------------------------------------------------------------


def test_what_was_not_known(store_url: str) -> None:
    """One example for each number."""
    day, cut = "2024-05-07", moment("2024-05-07T08:00")
    with Record(store_url) as record:
        record.append([DAILY], source="settings", at=1)
        write(
            record,
            *(paper(number, day) for number in (1, 2, 3)),
            posts_about(1, 9, cut - HOUR), post(1, "bluesky:uncounted", cut - HOUR),
            post(2, "bluesky:2", cut - HOUR), counts("bluesky:2", 5, cut + HOUR),
            post(3, "bluesky:late", cut - HOUR, observed_at=cut + HOUR),
            post(3, "bluesky:after", cut + HOUR), post(3, "x:gone", cut - HOUR, gone="deleted"),
            [Paper(paper=key(4), title="Described later", observed_at=cut + HOUR), *paper(4, day)[1:]],
            posts_about(4, 9, cut - HOUR, "hackernews"), judged("bluesky:robot", "bot", at=cut - HOUR),
        )  # fmt: skip
        [content] = frozen_period(record, date(2024, 5, 7), date(2024, 5, 7))
        assert content.retrospective == Retrospective(
            posts=4, posts_later=1, counts_later=1, counts_missing=1, described_later=1,
            absent=("feeds", "huggingface", "lobsters", "mastodon", "reddit", "x"), bots=1, known=None,
        )  # fmt: skip
        issue = RecordIssueReader(record).issue(NAME, day)
        assert issue.papers[key(4)].title == "Described later"
        assert msgspec.json.decode(record.view().latest(Issue)[0].item.content)["retrospective"]["posts"] == 4


def test_posts_on_papers_that_are_not_considered_are_not_told_of(sqlite_url: str) -> None:
    """An older paper replaced or cross-listed that day is not among the issue's papers."""
    day, cut = "2024-05-07", moment("2024-05-07T08:00")
    with Record(sqlite_url) as record:
        record.append([DAILY], source="settings", at=1)
        write(
            record, paper(1, day), posts_about(1, 9, cut - HOUR),
            paper(2, day, type="replacement"), posts_about(2, 9, cut - HOUR),
            paper(3, "2024-04-16"), paper(3, day, "stat.ML", type="cross"), posts_about(3, 9, cut - HOUR),
        )  # fmt: skip
        [content] = frozen_period(record, date(2024, 5, 7), date(2024, 5, 7))
        assert content.considered == 1
        assert content.retrospective and content.retrospective.posts == 1


def test_a_corrected_announcement_counts_as_corrected(store_url: str) -> None:
    day, cut = "2024-05-07", moment("2024-05-07T08:00")
    mistaken = paper(1, day, at=moment("2024-04-16"))
    with Record(store_url) as record:
        record.append([DAILY], source="settings", at=1)
        write(record, mistaken, paper(1, day), posts_about(1, 9, cut - HOUR))
        [content] = frozen_period(record, date(2024, 5, 7), date(2024, 5, 7))
        assert content.considered == 1
        assert content.retrospective and content.retrospective.posts == 1


@pytest.mark.long
def test_judged_as_of_each_day(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        fill(record)
        bots = BotSettings(bots=("bluesky:fan2",))
        assert list(judge_days(record, DAILY, DAYS[:2], bots)) == DAYS[:2]
        assert [content.retrospective.bots for content in frozen_period(record) if content.retrospective] == [1] * 4 + [
            2
        ] * 11
        head = record.head.position
        assert list(judge_days(record, DAILY, DAYS[:2], bots)) == DAYS[:2] and record.head.position == head


def test_all_of_it_in_words() -> None:
    facts = Retrospective(
        posts=12, posts_later=3, counts_later=2, counts_missing=1, described_later=1, absent=("reddit", "x"), bots=4,
        known=1200,
    )  # fmt: skip
    assert phrases.made_afterwards(facts) == (
        "Made afterwards: this issue did not appear on its day. Its papers had 12 posts in the record by then, 2 with"
        " counts read only later, 1 with counts never read; 3 more from that time arrived later and do not count. For 1"
        " paper, only later metadata is known. Nothing is known about Reddit, X (Twitter). Judged to be bots by"
        " then: 4 accounts. With standing, going by earlier data in the record: 1,200."
    )
    text = phrases.made_afterwards(msgspec.structs.replace(facts, posts_later=1))
    assert "; 1 more from that time arrived later and does not count. " in text


# ---- apart ---------------------------------------------------------------------------------------------


@pytest.mark.long
def test_apart_from_those_of_their_time(sqlite_url: str) -> None:
    """They are found only by their own name, and change no issue that appeared in its time."""
    with Record(sqlite_url) as record:
        fill(record)
        own = frozen(record, DAILY, "2024-05-27")
        frozen_period(record, FIRST, date(2024, 5, 17))
        after = frozen(record, DAILY, "2024-05-28")
        assert publication_of(record, None) == DAILY and publication_of(record, NAME).publication == NAME
        assert frozen_days(record, "daily") == ["2024-05-27", "2024-05-28"]
        assert [issue.digest for issue in after.content.earlier] == [own.digest]
        assert after.content.retrospective is msgspec.UNSET and own.content.retrospective is msgspec.UNSET


@pytest.mark.long
def test_posts_that_they_show_are_not_asked_for_again(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        fill(record)
        at = moment("2024-05-25")
        follow_new_posts(record.database, "bluesky", 0, at)
        frozen_period(record)
        record.database.run("UPDATE issue SET observed_at = ?", (at,))
        assert follow_shown_posts(record.database, "bluesky", at) == 0
        record.database.run("UPDATE issue SET publication = 'daily'")
        record.database.run("UPDATE shown SET publication = 'daily'")
        assert follow_shown_posts(record.database, "bluesky", at) > 0


# ---- refused -------------------------------------------------------------------------------------------


def test_what_cannot_be_made(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        record.append([DAILY], source="settings", at=1)
        with pytest.raises(NotFound, match="the record has no announcements"):
            plan_period(record, DAILY, FIRST, LAST)
        write(record, archive())
        with pytest.raises(
            NotFound,
            match=r"from 2023-05-01 to 2023-05-31; .* from 2024-04-01 to 2024-05-24",
        ):
            plan_period(record, DAILY, date(2023, 5, 1), date(2023, 5, 31))
        with pytest.raises(UsageError, match="ends before it begins"):
            plan_period(record, DAILY, LAST, FIRST)
        with pytest.raises(UsageError, match="Monday to Friday; there is none in this period"):
            plan_period(record, DAILY, date(2024, 5, 11), date(2024, 5, 12))
        with pytest.raises(UsageError, match=r"^2024-05-06: daily ended with the issue of 2024-05-03$"):
            plan_period(record, msgspec.structs.replace(DAILY, last_day="2024-05-03"), FIRST, LAST)
        with pytest.raises(UsageError, match="a listing has only the issues"):
            plan_period(record, msgspec.structs.replace(DAILY, window="listing"), FIRST, LAST)
        period = plan_period(record, DAILY, date(2024, 5, 23), date(2024, 5, 28))
        assert period.unknown == ("2024-05-27", "2024-05-28") and period.days == ("2024-05-23", "2024-05-24")
        with pytest.raises(IssueError, match="2024-05-24 is not over"):
            check_period_closed(period, moment("2024-05-24T07:00"))
        check_period_closed(period, moment("2024-05-24T08:00"))


def test_days_that_have_an_issue_of_their_time(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        fill(record)
        for day in ("2024-05-08", "2024-05-09"):
            frozen(record, DAILY, day)
        with pytest.raises(IssueError, match="2024-05-08, 2024-05-09: already frozen"):
            plan_period(record, DAILY, FIRST, LAST)
        with pytest.raises(IssueError, match="2024-05-09: already frozen"):
            freeze_issue(record, history_of(DAILY), "2024-05-09")


def test_a_network_that_was_read_is_not_absent_where_nobody_spoke(sqlite_url: str) -> None:
    day, cut = "2024-05-07", moment("2024-05-07T08:00")
    with Record(sqlite_url) as record:
        record.append([DAILY], source="settings", at=1)
        write(record, paper(1, day), posts_about(1, 9, cut - HOUR), read("lobsters", cut - 24 * HOUR, cut - HOUR))
        [content] = frozen_period(record, date(2024, 5, 7), date(2024, 5, 7))
        assert content.retrospective
        assert content.retrospective.absent == ("feeds", "hackernews", "huggingface", "mastodon", "reddit", "x")


@pytest.mark.long
def test_a_period_by_the_name_of_what_was_made(sqlite_url: str) -> None:
    """Requested by its own name, it is the same publication."""
    with Record(sqlite_url) as record:
        frozen_period(fill(record), FIRST, date(2024, 5, 8))
        period = plan_period(record, publication_of(record, NAME), FIRST, LAST)
        assert (period.publication.publication, period.frozen) == (NAME, tuple(DAYS[:3]))
        assert [issue.content.day for issue in freeze_period(record, period)] == DAYS[3:]
        assert history_of(history_of(DAILY)) == history_of(DAILY)
