"""What an issue says about when its papers were announced, and out of how many they were chosen."""

from __future__ import annotations

import msgspec
import pytest

from hotpapers.base.model import (
    HOUR,
    EarlierIssue,
    Entry,
    IssueContent,
    NetworkReading,
    Publication,
    PublishedIssue,
    ReferenceSize,
    Retrospective,
)
from hotpapers.base.papers.arxiv import calendar as announcement_days
from hotpapers.issues import announcement_counts
from hotpapers.publish.view import phrases

THURSDAY = "2021-01-14"
DAILY = Publication(publication="daily", title="The Daily Dozen", observed_at=0)


def content(*days: str, day: str = THURSDAY, new: int | None = 69, of: int = 214, **more: object) -> IssueContent:
    """An issue whose papers were announced with these labels."""
    chosen = {name: more.pop(name) for name in list(more) if name in Publication.__struct_fields__}
    issue = IssueContent(
        publication=msgspec.structs.replace(DAILY, **chosen), day=day, edition=1, from_at=0, as_of=0, position=1,
        chain="", ranking="rarity/1", announced=new, considered=of, readings=(), earlier=(),
        entries=tuple(entry(n, announcement_days.announced_at(label)) for n, label in enumerate(days, 1)), ongoing=(),
        peers=(),
    )  # fmt: skip
    return msgspec.structs.replace(issue, **more)


def entry(place: int, at: int) -> Entry:
    return Entry(
        place=place, paper=f"arxiv:2101.{place:05}", score=1000, voices=9, tied=False, classic_rank=place,
        announced_at=at,
        counts=(), parts=(), metadata="", posts=(),
    )  # fmt: skip


def sentence_for(*days: str, **more: object) -> str:
    return " · ".join(announcement_counts.announcement_facts(content(*days, **more)))  # type: ignore[arg-type]


BEFORE, MONDAY, FRIDAY, FRIDAY_AFTER = "2021-01-13", "2021-01-11", "2021-01-08", "2021-01-15"


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        ([], "0 papers"),
        ([BEFORE] * 3, "3 papers, announced the day before"),
        ([FRIDAY] * 2, "2 papers, announced on Friday"),
        ([BEFORE, MONDAY], "2 papers, announced in the days before"),
    ],
)
def test_which_papers_were_announced_when(days: list[str], sentence: str) -> None:
    assert sentence_for(*days) == f"{sentence} · 69 announced that day, 214 talked about"


def test_papers_of_that_day_are_told_of_all_that_were_announced() -> None:
    for count, papers in ((1, "1 paper"), (3, "3 papers")):
        assert sentence_for(*[THURSDAY] * count) == f"{papers} of the 69 announced that day · 214 talked about"
    days = (THURSDAY, BEFORE, MONDAY)
    assert sentence_for(*days) == "3 papers: 1 of the 69 announced that day, 2 from before · 214 talked about"
    assert sentence_for(*days, new=1).startswith("3 papers: the only one announced that day, 2 from before ·")
    assert sentence_for(THURSDAY, new=1).startswith("1 paper, the only one announced that day ·")
    unknown = "3 papers: 1 announced that day, 2 from before · the day’s announcement is not in the record"
    assert sentence_for(*days, new=None) == f"{unknown} · 214 talked about"


def test_an_issue_that_closes_late_may_hold_papers_of_the_day_after() -> None:
    assert sentence_for(FRIDAY_AFTER) == "1 paper, announced the day after · 69 announced that day, 214 talked about"
    assert (
        sentence_for(FRIDAY_AFTER, THURSDAY)
        == "2 papers: 1 of the 69 announced that day, 1 from after · 214 talked about"
    )
    assert sentence_for(FRIDAY_AFTER, THURSDAY, BEFORE).startswith(
        "3 papers: 1 of the 69 announced that day, 1 from before, 1"
    )
    assert sentence_for(FRIDAY_AFTER, BEFORE).startswith("2 papers: 1 from before, 1 from after ·")


def test_of_how_many_they_are() -> None:
    assert sentence_for(new=0) == "0 papers · none announced that day, 214 talked about"
    assert sentence_for(new=None) == "0 papers · the day’s announcement is not in the record · 214 talked about"
    assert sentence_for(categories=("cs.LG",)).endswith("69 announced that day, 214 talked about in all fields")


def test_longer_windows_say_nothing_of_one_day() -> None:
    assert sentence_for(THURSDAY, BEFORE, window="weekly") == "2 papers, of 214 talked about"


def test_when_one_paper_was_announced() -> None:
    issue = content(THURSDAY, BEFORE, MONDAY, "2021-01-07")
    assert [announcement_counts.announcement_phrase(issue, item) for item in issue.entries] == [
        "announced that day", "announced the day before", "announced on Monday", "announced on 2021-01-07",
    ]  # fmt: skip
    assert announcement_counts.announcement_phrase(issue, entry(9, 0)) == ""


@pytest.mark.parametrize("day", ["2021-01-14", "2021-07-14", "2021-01-11", "2021-03-15", "2021-11-08"])
@pytest.mark.parametrize("hours", [-2, 0, 8, 20])
def test_a_label_from_a_moment(day: str, hours: int) -> None:
    assert announcement_days.label_at(announcement_days.announced_at(day) + hours * HOUR) == day


def test_why_there_is_none() -> None:
    assert announcement_counts.empty_reason(content(of=0)) == "Quiet day: nobody discussed a new paper."
    assert announcement_counts.empty_reason(content()) == (
        "Nothing reached the threshold: none of the 214 papers talked about scored 1,000 or more."
    )
    assert announcement_counts.empty_reason(content(include=("owl",))) == (
        "Nothing reached the threshold: no paper of this publication’s fields scored 1,000 or more."
    )
    young = ReferenceSize(network="bluesky", age=6, papers=16, days=1, young=True)
    assert announcement_counts.empty_reason(content(least_entries=10, compared=young)) == (
        "Nothing to show yet: none of the 214 papers talked about reached 3 people."
    )
    assert announcement_counts.empty_reason(content(threshold=0)).endswith("scored 1 or more.")


def test_papers_of_earlier_issues_are_not_said_to_have_reached_nothing() -> None:
    """They may well score that much again, but are not shown again."""
    earlier = (EarlierIssue(day=BEFORE, edition=1, digest="d"),)
    assert announcement_counts.empty_reason(content(earlier=earlier)) == (
        "Nothing new reached the threshold: leaving out what earlier issues held, none of the 214 papers talked about "
        "scored 1,000 or more."
    )
    young = ReferenceSize(network="bluesky", age=6, papers=16, days=1, young=True)
    assert announcement_counts.empty_reason(content(earlier=earlier, least_entries=10, compared=young)) == (
        "Nothing new to show yet: leaving out what earlier issues held, none of the 214 papers talked about "
        "reached 3 people."
    )


def without_papers(new: int | None = 0, **more: object) -> str:
    issue = PublishedIssue(
        content=content(new=new, **more), digest="",  # type: ignore[arg-type]
        frozen_at=0, papers={}, posts={}, listing=None, places={},
        editions=("",),
    )  # fmt: skip
    return phrases.why_empty(issue)


def test_on_a_day_without_an_announcement() -> None:
    assert without_papers() == "Nothing was announced."
    assert without_papers(day="2021-01-04", categories=("cs.LG",)) == "Nothing was announced (New Year)."
    assert without_papers(categories=("cs.LG",)) == "Nothing was announced in this publication’s fields."
    assert without_papers(include=("tea",)) == "Nothing was announced with this publication’s words."
    assert without_papers(of=0, new=3, readings=(NetworkReading(network="x", state="complete"),)) == (
        "Quiet day: nobody discussed a new paper."
    )


def test_a_week_is_not_empty_because_of_one_day_of_it() -> None:
    """Its Monday may be a holiday."""
    readings = (NetworkReading(network="bluesky", state="complete"),)
    assert without_papers(day="2021-01-04", window="weekly", readings=readings) == (
        "Nothing reached the threshold: none of the 214 papers talked about scored 1,000 or more."
    )


@pytest.mark.parametrize(("window", "time"), [("daily", "day"), ("weekly", "week"), ("monthly", "month")])
def test_why_an_issue_is_empty_names_its_own_time(window: str, time: str) -> None:
    complete = (NetworkReading(network="x", state="complete"),)
    unread = (NetworkReading(network="x", state="unknown"),)
    quiet = f"Quiet {time}: nobody discussed a new paper."
    assert without_papers(day="2021-03-01", window=window, of=0, new=3, readings=complete) == quiet
    assert without_papers(day="2021-03-01", window=window, new=3, readings=unread).startswith(
        f"No network was read for this {time}, so"
    )


def test_whose_papers_are_considered() -> None:
    """Those of all fields of a publication's servers, if it has not all of them."""
    assert sentence_for(window="weekly", categories=("cs",)) == "0 papers, of 214 talked about in all fields"
    assert sentence_for(window="weekly", categories=("biorxiv", "cs")) == (
        "0 papers, of 214 talked about in all fields of its servers"
    )


def test_a_week_names_the_day_of_an_announcement() -> None:
    """Its own day is not among those that it is named after."""
    phrases_of = [
        announcement_counts.announcement_phrase(issue, issue.entries[0])
        for label in ("2021-01-18", "2021-01-15", "2021-01-12", "2021-01-11")
        for issue in [content(label, day="2021-01-18", window="weekly")]
    ]
    assert phrases_of == [
        "announced on 2021-01-18",
        "announced on 2021-01-15",
        "announced on 2021-01-12",
        "announced on 2021-01-11",
    ]


def test_what_an_archive_tells_is_known_though_no_network_was_read() -> None:
    unread = (NetworkReading(network="bluesky", state="unknown"),)
    nothing = "No network was read for this day, so nothing is known about what people discussed."
    archive = Retrospective(
        posts=9, posts_later=0, counts_later=0, counts_missing=0, described_later=0, absent=(), bots=0, known=None
    )
    assert without_papers(new=3, readings=unread) == nothing
    assert without_papers(new=3, readings=unread, of=0, retrospective=archive) == nothing
    assert without_papers(new=3, readings=unread, retrospective=archive) == (
        "Nothing reached the threshold: none of the 214 papers talked about scored 1,000 or more."
    )


@pytest.mark.parametrize(
    ("states", "sentence"),
    [
        (("complete", "complete"), "Quiet day: nobody discussed a new paper."),
        (("complete", "refused"), "Quiet day: nobody discussed a new paper, as far as networks were read."),
        (("partial",), "Quiet day: nobody discussed a new paper, as far as networks were read."),
        (
            ("refused", "unknown"),
            "No network could be read for this day, so nothing is known about what people discussed.",
        ),
        (("unknown",), "No network was read for this day, so nothing is known about what people discussed."),
        ((), "No network was read for this day, so nothing is known about what people discussed."),
    ],
)
def test_nobody_is_said_to_have_talked_only_where_networks_were_read(states: tuple[str, ...], sentence: str) -> None:
    readings = tuple(
        NetworkReading(network=name, state=state)  # type: ignore[arg-type]
        for name, state in zip(("bluesky", "x"), states, strict=False)
    )
    assert without_papers(of=0, new=3, readings=readings) == sentence
