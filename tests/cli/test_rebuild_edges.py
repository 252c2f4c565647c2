"""Rare cases in which docs/examples/rebuild.py must rebuild made-up issues: each was frozen by the program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from hotpapers.base.model import DAY as DAY_LENGTH
from hotpapers.base.model import HOUR, Alias, IssueContent, Item, Mention, Post, Publication, Reaction
from hotpapers.base.papers.arxiv import calendar as announcement_days
from hotpapers.issues import freeze, wanted_papers
from hotpapers.issues.build import IssueRecipe, build_issue
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.transfer.jsonl.exporter import record_lines
from hotpapers.record.record import Record
from hotpapers.wings.history.past_days import freeze_period, plan_period
from tests.cli.rebuild_program import load_program
from tests.cli.test_rebuild import rebuilt
from tests.issues import past
from tests.issues.made import DAILY, DAY, background, judged, key, moment, paper, post, posts_about, read, write
from tests.issues.test_freeze_vouched import ACCOUNTS, VOUCHED, liked, weeks_ago
from tests.wings.peers.following.test_collectors import measurement

START = moment(DAY)
NEXT = "2024-05-08"
CLASSIC = msgspec.structs.replace(DAILY, ranking="classic/1", threshold=1)
WEEKLY = msgspec.structs.replace(DAILY, window="weekly")
RANKINGS = pytest.mark.parametrize("publication", [DAILY, VOUCHED, CLASSIC], ids=lambda p: p.ranking)


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    with Record(sqlite_url) as opened:
        opened.database.run("PRAGMA synchronous = OFF")
        yield opened


def issue(record: Record, publication: Publication = DAILY, day: str = NEXT, counting: str = "") -> IssueContent:
    """An issue that is also frozen for a day that cannot have one yet."""
    recipe = IssueRecipe(publication, day, 1, record.head.position, counting=counting)
    return freeze.save_issue(record, build_issue(record, recipe), moment(day) + 48 * HOUR).content


def assert_rebuilt(record: Record, folder: Path, issues: int = 1) -> None:
    exported = [json.loads(line) for line in record_lines(record)]
    assert rebuilt(exported, folder) == (0, [f"{issues} of {issues} digests equal"])


def deleted(name: str, at: int) -> Post:
    return Post(post=name, network=name.partition(":")[0], account="", created_at=0, gone="deleted", observed_at=at)


# ---- candidates ---------------------------------------------------------------------------------------------


@RANKINGS
def test_a_paper_that_was_counted_only_at_an_earlier_age_is_considered(
    record: Record, tmp_path: Path, publication: Publication
) -> None:
    """The post about it is deleted before the next age."""
    write(record, background(), paper(1), posts_about(1, 9, START + 2 * HOUR), deleted("bluesky:1", START + 12 * HOUR))
    write(record, paper(2), posts_about(2, 9, START + 2 * HOUR))
    content = issue(record, publication)
    assert content.considered == 2 and all(entry.paper != key(1) for entry in content.entries)
    assert_rebuilt(record, tmp_path)


def test_words_of_a_publication_are_whole_in_any_case_and_spaced_in_any_way(record: Record, tmp_path: Path) -> None:
    titles = ["Tea  Cups", "tea\ncups that boil", "Tea cupset", "The STRASSE of tea cups", "tea cups and Mugs", "Cups"]
    write(record, background(), *(paper(n, title=title) for n, title in enumerate(titles, 1)))
    write(record, *(posts_about(n, 14, START + 2 * HOUR) for n in range(1, 7)))
    publication = msgspec.structs.replace(DAILY, include=("tea cups", "Mugs"), exclude=("mugs", "straße"))
    assert {entry.paper for entry in issue(record, publication).entries} == {key(1), key(2)}
    assert_rebuilt(record, tmp_path)


def test_only_papers_of_a_window_make_a_post_shared(record: Record, tmp_path: Path) -> None:
    """A post that also names a paper from before counts as if it named one, unless somebody posts about that again."""
    old = [paper(9, "2023-11-07"), paper(8, "2023-11-07"), post(8, "bluesky:8", START - DAY_LENGTH)]
    posts = [item for n in (1, 2) for item in (*paper(n, "2024-04-23"), *posts_about(n, 30, START - 13 * DAY_LENGTH))]
    also = [Mention(post=f"bluesky:{n}", paper=key(10 - n), form="abs", observed_at=START) for n in (1, 2)]
    write(record, background("2024-04-22"), *old, posts, also)
    publication = msgspec.structs.replace(VOUCHED, window="weekly", threshold=1)
    content = issue(record, publication, "2024-05-13")
    assert content.peers
    assert_rebuilt(record, tmp_path)


# ---- other collectors ---------------------------------------------------------------------------------------

SPANS = {
    "one refusal": [read("bluesky", START, START + 20 * HOUR, "refused", "why")],
    "a gap from before the announcement and a short refusal": [
        read("bluesky", START - 10 * DAY_LENGTH, START - HOUR), read("bluesky", START + HOUR, START + 8 * HOUR),
        read("bluesky", START + 8 * HOUR, START + 9 * HOUR, "refused"),
        read("bluesky", START + 9 * HOUR, START + 31 * HOUR),
    ],
    "no reading before": [read("bluesky", START + HOUR, START + 31 * HOUR, "partial")],
    "short gaps": [read("bluesky", START + n * HOUR, START + n * HOUR + HOUR // 4) for n in range(32)],
}  # fmt: skip
OTHERS = {
    "replaced": [measurement(1, 30), measurement(2, 40)],
    "at earlier ages only": [measurement(1, 30, 6), measurement(2, 40, 6), measurement(3, 2, 6, bots=2)],
    "counted again": [measurement(1, 30), measurement(1, 35, unread=HOUR // 8, observed_at=START + 31 * HOUR)],
    "the better of another moment": [measurement(1, 30, unread=HOUR), measurement(1, 20, source="a", until_at=START)],
    "with standing": [measurement(1, 90, known=1), measurement(2, 40, known=3, authors=1)],
}  # fmt: skip


@RANKINGS
@pytest.mark.parametrize("spans", SPANS.values(), ids=SPANS)
@pytest.mark.parametrize("others", OTHERS.values(), ids=OTHERS)
def test_counts_of_other_collectors(
    record: Record, tmp_path: Path, publication: Publication, spans: list[Item], others: list[Item]
) -> None:
    write(record, background(), *(paper(n) for n in (1, 2, 3)), posts_about(1, 14, START + 2 * HOUR), spans, others)
    issue(record, publication)
    issue(record, msgspec.structs.replace(publication, publication="networks", networks=("mastodon", "bluesky")))
    issue(record, msgspec.structs.replace(publication, publication="long", window="weekly"), "2024-05-13")
    assert_rebuilt(record, tmp_path, 3)


def test_others_count_for_no_paper_of_which_only_posts_of_the_window_count(record: Record, tmp_path: Path) -> None:
    """In a weekly issue, the other's numbers of a month ago are not compared with."""
    old = moment("2024-04-15")
    write(record, background(), paper(1, "2024-04-15"), posts_about(1, 14, START))
    write(record, measurement(1, 30, 168, until_at=old + 168 * HOUR))
    assert [(peer.age, peer.counts) for peer in issue(record, WEEKLY, "2024-05-13").peers if peer.age == 168]
    assert_rebuilt(record, tmp_path)


def test_what_others_counted_before_we_first_read_is_compared_with(record: Record, tmp_path: Path) -> None:
    began = read("bluesky", START + 3 * HOUR, START + 3 * HOUR, "partial", "reading began")
    write(record, background(), paper(1), paper(2), posts_about(2, 5, START + 4 * HOUR), began)
    write(record, measurement(1, 30), read("bluesky", START + 3 * HOUR, START + 31 * HOUR))
    assert any(dict(peer.counts).get(30) for peer in issue(record).peers)
    assert_rebuilt(record, tmp_path)


# ---- announced papers ---------------------------------------------------------------------------------------


def test_none_announced_by_the_calendar_or_by_empty_feeds_or_unknown(record: Record, tmp_path: Path) -> None:
    empty = read("arxiv", moment("2024-05-10"), moment("2024-05-10"), "complete", "nothing was announced, twice")
    winter = read("arxiv", moment("2024-01-18T01:00"), moment("2024-01-18T01:00"), reason="nothing was announced")
    write(record, background(), empty, winter, paper(1, "2024-05-14", type="replacement"))
    days = {"2024-05-23": 0, "2024-05-24": None, "2024-01-16": 0, "2024-01-18": 0, "2024-05-10": 0, "2024-05-14": None}
    assert {day: issue(record, day=day).announced for day in days} == days
    assert_rebuilt(record, tmp_path, len(days))


def test_the_calendar_is_that_of_the_program() -> None:
    is_holiday = load_program("rebuild_places").is_holiday
    for n in range(40 * 366):
        day = date(2020, 1, 1) + timedelta(n)
        if day.weekday() < 5:
            assert is_holiday(day) == (day.isoformat() in announcement_days.holidays_of(day.year)), day


@pytest.mark.parametrize("counting", [wanted_papers.FEEDS, wanted_papers.CATEGORIES, wanted_papers.WORDS])
@pytest.mark.parametrize("fields", [(), ("cs",), ("cs.LG",), ("stat.ML",), ("cs.LG", "math.PR"), ("math",)])
def test_rules_by_which_announced_papers_are_counted(
    record: Record, tmp_path: Path, counting: str, fields: tuple[str, ...]
) -> None:
    """Among them a paper of two archives that is cross-listed in a third, one without metadata and one that is new in
    two feeds."""
    papers = [
        *paper(1), *paper(2, category="stat.ML"), *paper(2, category="cs.LG", type="cross"),
        *paper(3, type="replacement"), *paper(4, category="math.PR", type="cross"),
        paper(5)[1], paper(6, category="math.CO", type="cross")[1],
        *paper(7, type="inferred"), *paper(8), *paper(8, category="stat.ML"),
    ]  # fmt: skip
    write(record, background(), papers, posts_about(1, 14, START + 2 * HOUR))
    publication = msgspec.structs.replace(VOUCHED, categories=fields, include=("made",), exclude=("3", "paper 8"))
    content = issue(record, publication, DAY, counting)
    assert content.announced is not None and (counting == wanted_papers.FEEDS) == (not content.counting)
    assert_rebuilt(record, tmp_path)


# ---- readings -----------------------------------------------------------------------------------------------


def test_the_reason_of_complete_coverage_is_that_of_the_first_row(record: Record, tmp_path: Path) -> None:
    """The period begins with a short gap."""
    cut = moment(NEXT) + 8 * HOUR
    spans = [
        read("bluesky", START + HOUR, cut - 9 * HOUR, reason="caught up"), read("bluesky", cut - 9 * HOUR, cut),
        read("mastodon", START - HOUR, cut - 20 * HOUR), read("mastodon", cut - 20 * HOUR, cut, reason="slowly"),
    ]  # fmt: skip
    write(record, background(), paper(1), posts_about(1, 14, START + 2 * HOUR), spans)
    assert [(r.network, r.state, r.reason) for r in issue(record).readings] == [
        ("bluesky", "complete", "caught up"), ("mastodon", "complete", ""),
    ]  # fmt: skip
    assert_rebuilt(record, tmp_path)


# ---- people -------------------------------------------------------------------------------------------------


def test_an_own_account_that_was_forgotten_is_still_own(record: Record, tmp_path: Path) -> None:
    own = "bluesky:did:plc:own"
    publication = msgspec.structs.replace(DAILY, own=(own,))
    write(record, publication, background(), paper(1), posts_about(1, 14, START + 2 * HOUR))
    write(record, post(1, "bluesky:at://did:plc:own/app.bsky.feed.post/1", START + HOUR, own))
    before = issue(record, publication)
    forget_key(record, own)
    after = freeze.save_issue(
        record, build_issue(record, IssueRecipe(publication, NEXT, 2, record.head.position)), before.as_of
    )
    assert before.entries[0].counts == after.content.entries[0].counts and before.entries[0].voices == 14
    assert_rebuilt(record, tmp_path, 2)


def test_whoever_is_an_own_account_is_own_also_if_that_is_an_alias_of_another(record: Record, tmp_path: Path) -> None:
    chain = ("bluesky:first", "bluesky:own", "mastodon:last")
    aliases = [Alias(account=account, stable=stable, observed_at=START) for account, stable in pairwise(chain)]
    publication = msgspec.structs.replace(DAILY, own=("bluesky:own",))
    posts = [post(1, f"bluesky:p{n}", START + HOUR, f"bluesky:person{n}") for n in range(14)]
    write(record, publication, background(), paper(1), aliases, *posts)
    write(record, *(post(1, f"{account}-post", START + HOUR, account) for account in chain))
    assert issue(record, publication).entries[0].voices == 14
    assert_rebuilt(record, tmp_path)


def test_past_issues_with_standing(record: Record, tmp_path: Path) -> None:
    """Who had standing is told as of each day, also by accounts that were forgotten since."""
    likes = [
        Reaction(post=f"bluesky:{number}", account=account, type="like", observed_at=moment("2024-04-25"))
        for number in range(97, 115)
        for account in ACCOUNTS[number - 90 : 40]
    ]
    write(record, past.DAILY, past.archive(), past.lessons(), weeks_ago(), likes)
    period = plan_period(record, past.DAILY, date(2024, 4, 22), date(2024, 4, 29))
    contents = [frozen.content for frozen in freeze_period(record, period)]
    known = [count.known for content in contents for entry in content.entries for count in entry.counts]
    assert msgspec.UNSET in known and any(number for number in known if number is not msgspec.UNSET)
    forget_key(record, ACCOUNTS[30])
    assert_rebuilt(record, tmp_path, len(contents))


def test_an_issue_from_which_a_single_reaction_is_missing_is_named(record: Record, tmp_path: Path) -> None:
    """Of two issues, only the second has the paper to which somebody reacted."""
    write(
        record, weeks_ago(), background(), liked(1, "bluesky:1", ACCOUNTS[:10]), judged(ACCOUNTS[50], "bot", at=START)
    )
    issue(record, VOUCHED, "2024-04-16")
    issue(record, VOUCHED)
    exported = [json.loads(line) for line in record_lines(record)]
    reactions = [n for n, line in enumerate(exported) if line["kind"] == "reaction"]
    assert len(reactions) == 10
    for n in (reactions[0], reactions[-1]):
        status, output = rebuilt(exported[:n] + exported[n + 1 :], tmp_path)
        assert (status, output[0], output[-1]) == (1, f"daily {NEXT}, edition 1:", "1 of 2 digests equal")
        assert f"  entries {key(1)} counts bluesky voices: 11 is frozen, 10 rebuilt" in output
