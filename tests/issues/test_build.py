"""What an issue holds: which papers, which attention, its period, and how completely networks were read."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from hotpapers.base.model import (
    HOUR,
    Attention,
    Candidate,
    Entry,
    Issue,
    Item,
    Paper,
    Publication,
    RankingInput,
)
from hotpapers.base.papers.arxiv import calendar as announcement_days
from hotpapers.issues import build, freeze, ranking
from hotpapers.record.record import Record
from tests.issues.made import (
    DAILY,
    DAY,
    background,
    counts,
    frozen,
    issue,
    judged,
    key,
    moment,
    more_talk,
    numbers,
    paper,
    post,
    posts_about,
    read,
    write,
)

TODAY = moment(DAY)
CUT = TODAY + 8 * HOUR


@pytest.fixture
def record(sqlite_url: str) -> Iterator[Record]:
    with Record(sqlite_url) as opened:
        opened.database.run("PRAGMA synchronous = OFF")
        yield opened


# ---- daily: which papers -------------------------------------------------------------------------------


def test_a_daily_issue_holds_papers_of_seven_days_that_reach_the_threshold(record: Record) -> None:
    cases = {
        1: (TODAY, 50), 2: (CUT - 7 * 24 * HOUR + 1, 40), 3: (CUT - 7 * 24 * HOUR, 60), 4: (TODAY, 11), 5: (TODAY, 2),
        6: (CUT, 90), 7: (CUT + 1, 90),
    }  # fmt: skip
    for number, (at, voices) in cases.items():
        write(record, paper(number, at=at), posts_about(number, voices, at))
    write(record, background())
    content = issue(record)
    assert numbers(content.entries) == [6, 1, 2]
    assert [entry.place for entry in content.entries] == [1, 2, 3]
    assert content.considered == 5
    assert (content.from_at, content.as_of, content.ongoing, content.earlier) == (CUT - 7 * 24 * HOUR, CUT, (), ())
    assert (content.day, content.edition, content.ranking, content.position) == (DAY, 1, "rarity/1", 8)


def test_scores_are_those_of_the_design(record: Record) -> None:
    """The reference is 100 old papers and yesterday's other one: 101, of which 1 has as many voices as the lower."""
    yesterday = TODAY - 24 * HOUR
    write(record, background())
    for number, voices in ((1, 50), (2, 40)):
        write(record, paper(number, "2024-05-06"), posts_about(number, voices, yesterday + HOUR))
    first, second = issue(record).entries
    assert [(e.score, e.voices, e.announced_at, e.archive) for e in (first, second)] == [
        (2009, 50, yesterday, "cs"),
        (1708, 40, yesterday, "cs"),
    ]
    (part,) = second.parts
    assert (part.papers, part.atleast, part.among, part.age, part.own) == (101, 1, "all", 24, 40)
    assert part.until == yesterday + 24 * HOUR
    (count,) = second.counts
    assert (count.network, count.voices, count.reposts, count.likes, count.bots) == ("bluesky", 40, 0, 39, 0)


@pytest.mark.parametrize(("hours", "age"), [(0, 6), (6, 6), (24, 24), (71, 24), (72, 72), (167, 72)])
def test_a_paper_is_compared_at_the_greatest_age_that_it_has_reached(record: Record, hours: int, age: int) -> None:
    at = CUT - hours * HOUR
    write(record, background(), paper(1, at=at), posts_about(1, 50, at))
    (entry,) = issue(record).entries
    assert (entry.parts[0].age, entry.parts[0].until) == (age, min(CUT, at + age * HOUR))


def test_an_issue_is_never_padded(record: Record) -> None:
    write(record, background(), paper(1), posts_about(1, 8, TODAY + HOUR))
    content = issue(record)
    assert (content.entries, content.announced, content.considered) == ((), 1, 1)


def test_a_paper_of_which_nobody_spoke_is_not_in_it_even_without_a_threshold(record: Record) -> None:
    write(record, paper(1), posts_about(2, 5, TODAY), paper(3), posts_about(3, 3, TODAY))
    content = issue(record, msgspec.structs.replace(DAILY, threshold=0))
    assert (numbers(content.entries), content.announced) == ([], 2)


def test_nothing_was_announced(record: Record) -> None:
    """0 if known, from the calendar or from empty feeds; None if unknown."""
    write(record, background())
    assert issue(record).announced is None
    assert issue(record, day="2024-05-04").announced == 0
    assert issue(record, day="2024-05-27").announced is None
    evening = announcement_days.announced_at("2024-05-08")
    write(record, read("arxiv", evening, evening + HOUR, reason=announcement_days.NOTHING))
    assert issue(record, day="2024-05-08").announced == 0


def test_announced_counts_the_papers_of_the_fields(record: Record) -> None:
    papers = [*paper(1), *paper(1, category="stat.ML", type="cross"), *paper(2, category="hep-th")]
    write(record, papers, paper(3, type="replacement"), paper(4, "2024-05-06"))
    mistaken = paper(5, category="hep-th")[1]
    write(record, mistaken, msgspec.structs.replace(mistaken, type="replacement", observed_at=TODAY + 1))
    assert issue(record).announced == 2
    fields = msgspec.structs.replace(DAILY, publication="stat", categories=("stat",))
    assert issue(record, fields).announced == 1
    assert issue(record, msgspec.structs.replace(fields, publication="econ", categories=("econ.TH",))).announced == 0


# ---- daily: earlier issues -------------------------------------------------------------------------------


def test_no_paper_is_in_two_issues_and_those_that_go_on_are_named(record: Record) -> None:
    """Announced on Monday, with 50 voices after 6 hours and more each day; listed as ongoing whenever it has grown."""
    monday = moment("2024-05-06")
    write(record, background(), paper(1, "2024-05-06"), posts_about(1, 50, monday))
    lists = {}
    for day, age, voices in (
        ("2024-05-06", 6, 50), ("2024-05-07", 24, 52), ("2024-05-08", 30, 70), ("2024-05-09", 72, 80),
        ("2024-05-10", 80, 99), ("2024-05-13", 168, 83), ("2024-05-14", 190, 83),
    ):  # fmt: skip
        write(record, more_talk(1, voices, monday + age * HOUR), paper(int(day[-2:]) + 10, day))
        content = issue(record, day=day)
        assert content.considered == (day < "2024-05-13")
        lists[day] = (numbers(content.entries), [(entry.place, entry.voices) for entry in content.ongoing])
    assert lists == {
        "2024-05-06": ([1], []),
        "2024-05-07": ([], []),
        "2024-05-08": ([], []),
        "2024-05-09": ([], [(1, 80)]),
        "2024-05-10": ([], []),
        "2024-05-13": ([], [(1, 83)]),
        "2024-05-14": ([], []),
    }


def test_an_issue_names_the_earlier_ones_with_their_digests(record: Record) -> None:
    write(record, background(), paper(1, "2024-05-06"), posts_about(1, 50, moment("2024-05-06")), paper(2))
    before = [frozen(record, day=day) for day in ("2024-04-22", "2024-04-23", "2024-05-06")]
    content = issue(record)
    assert [(earlier.day, earlier.edition, earlier.digest) for earlier in content.earlier] == [
        (old.content.day, 1, old.digest) for old in before[1:]
    ]


def test_at_most_five_are_still_talked_about(record: Record) -> None:
    monday = moment("2024-05-06")
    write(record, background())
    for number in range(1, 8):
        write(record, paper(number, "2024-05-06"), posts_about(number, 50 + number, monday))
    assert len(issue(record, day="2024-05-06").entries) == 7
    for number in range(1, 8):
        write(record, more_talk(number, 60 + number, monday + 20 * HOUR))
    content = issue(record)
    assert (numbers(content.ongoing), content.entries) == ([7, 6, 5, 4, 3], ())


def test_publications_in_one_store_do_not_know_each_other(record: Record) -> None:
    monday = moment("2024-05-06")
    write(
        record, background(), paper(1, "2024-05-06"), posts_about(1, 50, monday), posts_about(1, 40, monday, "mastodon")
    )
    other = msgspec.structs.replace(DAILY, publication="other", networks=("bluesky",), hour=6)
    assert numbers(issue(record, DAILY, "2024-05-06").entries) == [1]
    content = issue(record, other)
    assert numbers(content.entries) == [1]
    assert [part.network for part in content.entries[0].parts] == ["bluesky"]
    assert (content.earlier, content.as_of) == ((), TODAY + 6 * HOUR)
    assert {peer.network for peer in content.peers} == {"bluesky"}


def test_issues_of_a_time_when_the_publication_was_weekly_are_no_daily_ones(record: Record) -> None:
    write(record, background(), paper(1, "2024-05-06"), posts_about(1, 50, moment("2024-05-06")))
    weekly = msgspec.structs.replace(DAILY, window="weekly")
    assert numbers(issue(record, weekly, "2024-05-06").entries) == [1]
    content = issue(record)
    assert (numbers(content.entries), content.earlier) == ([1], ())


# ---- the publication's fields and words ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [1, 2, 3]),
        ({"categories": ("cs.LG",)}, [1]),
        ({"categories": ("hep-th", "stat")}, [2, 3]),
        ({"include": ("graph",)}, [1]),
        ({"include": ("GRAPH", "quark   matter")}, [1, 2]),
        ({"include": ("grap",)}, []),
        ({"exclude": ("graph",)}, [2, 3]),
        ({"include": ("made-up",), "exclude": ("strange",)}, [1, 3]),
        ({"include": ("c++",)}, [3]),
        ({"include": ("  ",)}, []),
    ],
)
def test_fields_and_words(record: Record, changes: dict[str, tuple[str, ...]], expected: list[int]) -> None:
    write(
        record, background(),
        paper(1, title="A Graph, made-up"), posts_about(1, 60, TODAY),
        paper(2, category="hep-th", title="Strange things", abstract="Made-up quark\nmatter"),
        posts_about(2, 50, TODAY),
        paper(3, category="stat.ML", title="Paragraphs in C++", abstract="made-up"), posts_about(3, 40, TODAY),
    )  # fmt: skip
    assert numbers(issue(record, msgspec.structs.replace(DAILY, **changes)).entries) == expected


def test_a_paper_without_metadata_is_not_silently_missing(record: Record) -> None:
    """It has its announcement's categories and no text."""
    write(record, background(), paper(1)[1:], posts_about(1, 50, TODAY))
    (entry,) = issue(record).entries
    assert (entry.paper, entry.metadata, entry.archive) == (key(1), "", "")
    cases = {"a": ("categories", ("cs",)), "b": ("categories", ("hep-th",)), "c": ("include", ("made-up",))}
    lengths = {
        name: len(issue(record, msgspec.structs.replace(DAILY, publication=name, **{field: values})).entries)
        for name, (field, values) in cases.items()
    }
    assert lengths == {"a": 1, "b": 0, "c": 0}


def test_level_is_said_of_entries_that_stand_there(record: Record) -> None:
    """Not of an entry whose equal is in another field."""
    write(record, background())
    for number, category, voices in ((1, "cs.LG", 50), (2, "hep-th", 50), (3, "cs.LG", 40), (4, "cs.LG", 40)):
        write(record, paper(number, category=category), posts_about(number, voices, TODAY))
    content = issue(record, msgspec.structs.replace(DAILY, categories=("cs",)))
    assert [(entry.paper[-1], entry.tied) for entry in content.entries] == [("1", False), ("3", True), ("4", True)]


def test_the_place_by_the_classic_rule_stands_beside(record: Record) -> None:
    """Reposts and likes of one account on two posts are one voice."""
    write(record, background(networks=("bluesky", "mastodon")))
    write(
        record,
        paper(1),
        posts_about(1, 20, TODAY),
        posts_about(1, 20, TODAY, "mastodon"),
        paper(2),
        posts_about(2, 45, TODAY),
    )
    daily = issue(record)
    assert [(entry.paper[-1], entry.place, entry.classic_rank) for entry in daily.entries] == [("1", 1, 2), ("2", 2, 1)]
    by_count = issue(record, msgspec.structs.replace(DAILY, publication="old", ranking="classic/1", threshold=39))
    assert [(entry.paper[-1], entry.score) for entry in by_count.entries] == [("2", 44)]


def test_an_issue_holds_all_that_its_ranking_was_computed_on(record: Record) -> None:
    """The frozen content alone gives the same scores in the same order."""
    write(record, background(networks=("bluesky", "mastodon")), background(category="hep-th", first=2000))
    for number in range(1, 9):
        day = f"2024-05-0{1 + number % 7}"
        write(
            record, paper(number, day, ("cs.LG", "hep-th")[number % 2]), posts_about(number, 20 + number, moment(day))
        )
        write(record, posts_about(number, 2 + number, moment(day), "mastodon"))
    weekly = Publication(publication="weekly", title="The Weekly", window="weekly", threshold=1, observed_at=0)
    for content in (issue(record), issue(record, weekly)):
        assert len(content.entries) > 5
        again = ranking.rank(
            RankingInput(candidates=tuple(map(_candidate, content.entries)), peers=content.peers), content.ranking
        )
        frozen_scores = [(entry.paper, entry.score, entry.parts, entry.tied) for entry in content.entries]
        assert [(row.paper, row.score, row.parts, row.tied) for row in again] == frozen_scores


def _candidate(entry: Entry) -> Candidate:
    rows = (
        Attention(
            network=count.network, until=part.until, age=part.age, voices=count.voices, reposts=count.reposts,
            likes=count.likes, own=part.own,
        )
        for count, part in zip(entry.counts, entry.parts, strict=True)
    )  # fmt: skip
    return Candidate(paper=entry.paper, archive=entry.archive, announced_at=entry.announced_at, attention=tuple(rows))


# ---- weekly and monthly ------------------------------------------------------------------------------------


def test_a_weekly_issue_holds_all_papers_by_the_talk_of_the_week(record: Record) -> None:
    """Including old papers, by posts made that week, at the cut, against papers a week old."""
    start = CUT - 7 * 24 * HOUR
    write(record, background("2024-03-01"))
    write(
        record,
        paper(1, "2024-03-20"),
        posts_about(1, 90, moment("2024-03-20")),
        post(1, "bluesky:late", start),
        counts("bluesky:late", 30, CUT),
    )
    write(record, paper(2), posts_about(2, 60, TODAY))
    write(
        record,
        post(3, "bluesky:never", CUT),
        counts("bluesky:never", 20, CUT),
        paper(4, "2024-03-20"),
        posts_about(4, 99, start - 1),
    )
    weekly = Publication(publication="weekly", title="The Weekly", window="weekly", posts=2, observed_at=0)
    content = issue(record, weekly)
    assert [(entry.paper[-1], entry.voices) for entry in content.entries] == [("1", 31), ("2", 60), ("3", 21)]
    assert [entry.parts[0].age for entry in content.entries] == [168, 6, 168]
    part = content.entries[0].parts[0]
    assert (part.own, part.papers, part.atleast, part.until) == (90, 100, 0, CUT)
    assert (content.from_at, content.ongoing, content.earlier, content.considered) == (start, (), (), 3)
    rows = build.build_issue(record, build.IssueRecipe(weekly, DAY, 1, record.head.position)).shown
    assert [(row.place, row.post) for row in rows] == [(1, "bluesky:late"), (2, "bluesky:2"), (3, "bluesky:never")]


def test_a_week_that_closes_late_has_nothing_of_the_next(record: Record) -> None:
    """Nothing was read from before its hour until a day later: then it closes, with papers and posts of its week."""
    end = moment("2024-05-06") + 8 * HOUR
    late = end + 28 * HOUR
    write(record, background("2024-03-01"), read("bluesky", end - 168 * HOUR, end - 20 * HOUR))
    write(record, paper(1, "2024-05-03"), posts_about(1, 60, moment("2024-05-03")))
    write(record, paper(2, "2024-03-20"), post(2, "bluesky:before", end - 1), counts("bluesky:before", 30, end))
    write(record, post(2, "bluesky:after", end), counts("bluesky:after", 40, end + HOUR))
    write(record, paper(3, "2024-03-20"), post(3, "bluesky:third", end + 1), counts("bluesky:third", 90, end + HOUR))
    write(record, paper(4, "2024-05-07"), posts_about(4, 99, moment("2024-05-07")))
    write(record, read("bluesky", end - 20 * HOUR, late))
    weekly = Publication(publication="weekly", title="The Weekly", window="weekly", posts=2, observed_at=0)
    [first, second] = [frozen(record, weekly, day).content for day in ("2024-05-06", "2024-05-13")]
    assert (first.as_of, first.until_at, second.from_at) == (late, end, end)
    assert [(entry.paper[-1], entry.voices) for entry in first.entries] == [("1", 60), ("2", 31)]
    assert [(entry.paper[-1], entry.voices) for entry in second.entries] == [("4", 99), ("3", 91), ("2", 41)]
    shown = build.build_issue(record, build.IssueRecipe(weekly, "2024-05-06", 1, record.head.position)).shown
    assert [row.post for row in shown] == ["bluesky:1", "bluesky:before"]
    assert [finding for item in record.view().items(Issue) for finding in freeze.check_issue(record, item)] == []


def test_a_paper_may_be_in_many_weekly_issues(record: Record) -> None:
    write(record, background("2024-03-01"), paper(1), posts_about(1, 50, TODAY))
    weekly = Publication(publication="weekly", title="The Weekly", window="weekly", observed_at=0)
    assert numbers(issue(record, weekly).entries) == [1]
    assert numbers(issue(record, weekly, "2024-05-08").entries) == [1]


def test_a_monthly_issue(record: Record) -> None:
    monthly = Publication(publication="monthly", title="The Monthly", window="monthly", observed_at=0)
    write(record, background("2024-03-01"))
    for number, day in ((1, "2024-04-07"), (2, "2024-05-01")):
        write(record, paper(number, day), posts_about(number, 50 + number, moment(day)))
    write(record, paper(3, "2024-04-06"), posts_about(3, 90, moment("2024-04-07") + 8 * HOUR - 1))
    content = issue(record, monthly)
    assert (numbers(content.entries), content.from_at) == ([2], moment("2024-04-07T08:00"))
    assert numbers(issue(record, monthly, "2024-05-06").entries) == [3, 2, 1]


# ---- posts shown ---------------------------------------------------------------------------------------------


def shown(record: Record, publication: Publication = DAILY) -> list[str]:
    """The posts shown under the issue's only entry."""
    built = build.build_issue(record, build.IssueRecipe(publication, DAY, 1, record.head.position))
    (entry,) = built.content.entries
    assert len(entry.posts) == len(built.shown)
    assert [quotation.n for quotation in built.shown] == list(range(1, len(built.shown) + 1))
    return [quotation.post.partition(":")[2] for quotation in built.shown]


LONG = "A made-up sentence that is long enough to be told from others"


def test_the_leading_posts(record: Record) -> None:
    """By reposts and likes at the cut, ties to the earlier post; only the first by each account and with each text."""
    write(record, background(networks=("bluesky", "mastodon")), paper(1), posts_about(1, 50, TODAY))
    write(record, post(1, "bluesky:second", TODAY + 9), counts("bluesky:second", 30, TODAY + 9, reposts=18))
    write(record, post(1, "bluesky:level", TODAY + 8), counts("bluesky:level", 48, TODAY + 9))
    write(record, post(1, "bluesky:again", TODAY + 7, "bluesky:by-level"), counts("bluesky:again", 40, TODAY + 9))
    write(record, post(1, "mastodon:same", TODAY + 9, text=f"{LONG}!"), counts("mastodon:same", 20, TODAY + 9))
    write(record, post(1, "bluesky:text", TODAY + 9, text=LONG), counts("bluesky:text", 21, TODAY + 9))
    write(record, post(1, "bluesky:later", TODAY), counts("bluesky:later", 99, CUT + 1))
    assert shown(record) == ["1", "level"]
    all_of_them = msgspec.structs.replace(DAILY, posts=10)
    assert shown(record, all_of_them) == ["1", "level", "second", "text", "later"]
    assert shown(record, msgspec.structs.replace(all_of_them, networks=("mastodon",), threshold=1)) == ["same"]
    assert shown(record, msgspec.structs.replace(DAILY, posts=0)) == []


def test_posts_of_unknown_accounts_are_each_somebody_s(record: Record) -> None:
    write(record, background(), paper(1), posts_about(1, 50, TODAY))
    for name in ("bluesky:a", "bluesky:b"):
        item, mention = post(1, name, TODAY)
        write(record, msgspec.structs.replace(item, account=""), mention)
    assert sorted(shown(record, msgspec.structs.replace(DAILY, posts=10))) == ["1", "a", "b"]


@pytest.mark.parametrize(
    "why",
    [
        post(1, "bluesky:x", TODAY + 9, gone="deleted")[:1],
        post(1, "bluesky:x", TODAY + 9, limits=("no-quote",))[:1],
        [judged("bluesky:by-x", "bot")],
        [judged("bluesky:by-x", "hidden")],
        [judged("bluesky:x", "hidden")],
        [judged("bluesky:x", "doubtful", key(1))],
    ],
    ids=["gone", "limits", "bot", "hidden account", "hidden", "doubtful"],
)
def test_what_is_not_quoted(record: Record, why: list[Item]) -> None:
    write(record, background(), paper(1), posts_about(1, 50, TODAY))
    write(record, post(1, "bluesky:x", TODAY), counts("bluesky:x", 90, TODAY))
    assert shown(record)[0] == "x"
    write(record, why)
    assert shown(record) == ["1"]


def test_our_own_accounts_are_neither_counted_nor_quoted(record: Record) -> None:
    publication = msgspec.structs.replace(DAILY, own=("bluesky:by-x",))
    write(record, background(), paper(1), posts_about(1, 50, TODAY))
    write(record, post(1, "bluesky:x", TODAY), counts("bluesky:x", 90, TODAY))
    assert shown(record, publication) == ["1"]
    (count,) = issue(record, publication).entries[0].counts
    assert (count.voices, count.bots) == (50, 0)


def test_a_publication_may_have_hundreds_of_accounts_of_its_own(record: Record) -> None:
    """More than the parts that SQLite allows in one compound SELECT."""
    publication_with_accounts = msgspec.structs.replace(
        DAILY, own=tuple(f"mastodon:by-{number}" for number in range(600))
    )
    write(record, background(), paper(1), posts_about(1, 50, TODAY))
    write(record, (item for number in range(600) for item in post(1, f"mastodon:{number}", TODAY)))
    assert [count.network for count in issue(record, publication_with_accounts).entries[0].counts] == ["bluesky"]


def test_bots_are_named_apart(record: Record) -> None:
    write(record, background(), paper(1), posts_about(1, 50, TODAY), judged("bluesky:by-bot", "bot"))
    write(record, post(1, "bluesky:bot", TODAY), post(1, "mastodon:m", TODAY), judged("mastodon:by-m", "bot"))
    (entry,) = issue(record).entries
    assert [(count.network, count.voices, count.bots) for count in entry.counts] == [
        ("bluesky", 50, 1),
        ("mastodon", 0, 1),
    ]


# ---- replay --------------------------------------------------------------------------------------------------


def test_what_came_later_changes_nothing(record: Record) -> None:
    write(record, background(), paper(1), posts_about(1, 50, TODAY))
    recipe = build.IssueRecipe(DAILY, DAY, 1, record.head.position)
    before = build.build_issue(record, recipe)
    late: list[Item] = [
        *paper(2), *posts_about(2, 90, TODAY), *more_talk(1, 99, TODAY + HOUR), judged("bluesky:by-1", "bot"),
        judged("bluesky:1", "doubtful", key(1)), judged("bluesky:1", "hidden"),
        Paper(paper=key(1), title="Another", observed_at=TODAY + 1), *paper(1, "2024-01-01", "hep-th")[1:],
        *post(1, "bluesky:1", TODAY + 1, gone="deleted")[:1],
    ]  # fmt: skip
    write(record, late, read("mastodon", TODAY - HOUR, CUT, "refused"))
    assert build.build_issue(record, recipe) == before
    assert numbers(build.build_issue(record, recipe._replace(position=record.head.position)).content.entries) == [2]
