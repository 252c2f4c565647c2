"""A paper's attention over time, its announcements and issues, in both databases."""

from __future__ import annotations

import msgspec
import pytest

from hotpapers.base.errors import NotFound, UsageError
from hotpapers.base.model import DAY as DAYS
from hotpapers.base.model import HOUR, Paper, Tally
from hotpapers.discussion.engagement.attention import read_engagement
from hotpapers.discussion.engagement.measurement import MeasurementWindow
from hotpapers.issues.freeze import freeze_issue
from hotpapers.publish.query import QuerySession, schemas
from hotpapers.publish.query.session import paper_key
from hotpapers.record import Record, current_time
from tests.issues.made import DAY, frozen, key, more_talk, paper, post, posts_about, read, write
from tests.publish.query.query_stores import DAILY, ID, TODAY, ask


def marks(details: schemas.PaperDetails, network: str) -> list[tuple[int | None, ...]]:
    [attention] = [item for item in details.attention if item.network == network]
    return [(m.age, m.at and (m.at - TODAY) // HOUR, m.voices, m.reposts, m.likes, m.bots) for m in attention.marks]


def test_attention_at_four_ages_and_now(talk_session: QuerySession) -> None:
    """One account with two posts is one voice; the bot's post is counted separately, ours not at all. Nothing says that
    the networks were read, so a number of nobody is not known."""
    details = ask(talk_session, "paper", paper=ID)
    assert marks(details, "bluesky") == [
        (6, 6, 1 + 39, None, 39, 1), (24, 24, 1 + 98, 8, 90, 1), (72, 72, 1 + 98, 8, 90, 1),
        (168, 168, 1 + 129, 9, 120, 1), (None, None, 1 + 129, 9, 120, 1),
    ]  # fmt: skip
    unread = [(age, age, None, None, None, None) for age in (6, 24)]
    later = [(72, 72, 6, None, 5, None), (168, 168, 6, None, 5, None), (None, None, 6, 0, 5, 0)]
    assert marks(details, "x") == [*unread, *later]
    assert {mark.reading for attention in details.attention for mark in attention.marks} == {"before", None}


def test_nobody_is_none_only_where_a_network_was_read(any_session: QuerySession) -> None:
    write(
        any_session.record, read("bluesky", TODAY - HOUR, TODAY + 30 * HOUR), read("x", TODAY - HOUR, TODAY + 7 * HOUR)
    )
    write(any_session.record, paper(2, at=TODAY), posts_about(2, 5, TODAY + 25 * HOUR, network="x"))
    write(any_session.record, posts_about(2, 5, TODAY + 300 * HOUR))
    write(any_session.record, post(3, "reddit:uncounted", TODAY + HOUR))
    write(any_session.record, paper(3, at=TODAY))
    [uncounted] = ask(any_session, "paper", paper=key(3)).attention
    assert [(mark.voices, mark.likes) for mark in uncounted.marks[-1:]] == [(1, None)]
    [bluesky, x] = ask(any_session, "paper", paper=key(2)).attention
    assert [(mark.age, mark.voices, mark.reading) for mark in bluesky.marks] == [
        (6, 0, "complete"), (24, 0, "complete"), (72, None, "partial"), (168, None, "partial"), (None, 5, None),
    ]  # fmt: skip
    assert [(mark.age, mark.voices, mark.reading) for mark in x.marks] == [
        (6, 0, "complete"), (24, None, "partial"), (72, 5, "partial"), (168, 5, "partial"), (None, 5, None),
    ]  # fmt: skip


def test_the_marks_are_those_by_which_papers_are_ranked(talk_session: QuerySession) -> None:
    own_voices = talk_session.record.voices_of(["bluesky:ourselves"])
    view = talk_session.record.view(TODAY + 200 * HOUR)
    expected = [
        engagement
        for engagement in read_engagement(view, MeasurementWindow(own_voices=own_voices))
        if engagement.paper == key(1) and engagement.peer
    ]
    engagements = list(read_engagement(view, MeasurementWindow(own_voices=own_voices, papers=(key(1),))))
    assert [engagement for engagement in engagements if engagement.peer] == expected and len(expected) == 6
    assert {engagement.paper for engagement in engagements} == {key(1)}


def test_a_network_read_until_now_is_read_in_full_at_each_age(any_session: QuerySession) -> None:
    """Also at the last, though the reading that covers its end ended later."""
    write(any_session.record, paper(2, at=TODAY), posts_about(2, 5, TODAY + 200 * HOUR))
    spans = [read("bluesky", TODAY + (hour - 1) * HOUR, TODAY + hour * HOUR + HOUR // 9) for hour in range(210)]
    write(any_session.record, *spans)
    [bluesky] = ask(any_session, "paper", paper=key(2)).attention
    assert [(mark.age, mark.voices, mark.reading) for mark in bluesky.marks[:-1]] == [
        (age, 0, "complete") for age in (6, 24, 72, 168)
    ]


def test_ages_that_a_paper_has_not_reached_are_left_out(any_session: QuerySession) -> None:
    published_at = current_time() - 30 * HOUR
    write(any_session.record, paper(2, at=published_at), posts_about(2, 5, published_at + HOUR))
    assert [mark[0] for mark in marks(ask(any_session, "paper", paper=key(2)), "bluesky")] == [6, 24, None]


def test_announcements_and_issues(any_session: QuerySession) -> None:
    write(any_session.record, paper(1, "2024-05-20", "stat.ML", type="replacement", title="The only one, again"))
    details = ask(any_session, "paper", paper=f"{ID}v2")
    assert (details.paper, details.id, details.title) == (key(1), ID, "The only one, again")
    assert [(announcement.day, announcement.category, announcement.type) for announcement in details.announcements] == [
        (DAY, "cs", "new"), ("2024-05-20", "stat", "replacement"),
    ]  # fmt: skip
    [appearance] = details.appearances
    entry = ask(any_session, "issue").entries[0]
    assert (appearance.publication, appearance.day, appearance.edition, appearance.lane) == ("daily", DAY, 1, "entries")
    assert (appearance.place, appearance.score, appearance.voices) == (1, entry.score, entry.voices)


def test_a_paper_that_is_still_talked_about(any_session: QuerySession) -> None:
    write(any_session.record, more_talk(1, 400, TODAY + 25 * HOUR))
    frozen(any_session.record, DAILY, "2024-05-08")
    assert [(appearance.day, appearance.lane) for appearance in ask(any_session, "paper", paper=ID).appearances] == [
        (DAY, "entries"), ("2024-05-08", "ongoing"),
    ]  # fmt: skip
    assert [entry.id for entry in ask(any_session, "issue").ongoing] == [ID]
    assert ask(any_session, "explanation", paper=ID).lane == "ongoing"
    assert ask(any_session, "explanation", paper=ID, day=DAY).lane == "entries"


def test_tallies_of_listings(any_session: QuerySession) -> None:
    tally = Tally(paper=key(1), network="x", method="old/1", reposts=3, likes=4, observed_at=TODAY)
    write(any_session.record, tally)
    assert ask(any_session, "paper", paper=ID).tallies == (
        schemas.ListedCounts(network="x", method="old/1", at=TODAY, reposts=3, likes=4, note=""),
    )


def test_which_publication_is_asked_for(any_session: QuerySession) -> None:
    assert ask(any_session, "issues").issues[0].entries == len(ask(any_session, "issue").entries) == 1
    write(any_session.record, msgspec.structs.replace(DAILY, publication="other", title="The Other Dozen"))
    assert [publication.publication for publication in ask(any_session, "publications").publications] == [
        "daily",
        "other",
    ]
    assert [publication.latest for publication in ask(any_session, "publications").publications] == [DAY, None]
    with pytest.raises(UsageError, match=r"^publication: give its name, as there are several: daily, other$"):
        ask(any_session, "issue")
    assert ask(any_session, "issues", publication="other").issues == ()


def test_a_store_without_anything(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        assert ask(QuerySession(record), "publications").publications == ()
        with pytest.raises(NotFound, match=r"^there is no publication yet$"):
            ask(QuerySession(record), "issue")
        write(record, DAILY)
        with pytest.raises(NotFound, match=r"^daily: there is no frozen issue yet$"):
            ask(QuerySession(record), "issue")


def test_a_correction_is_the_issue_and_the_first_edition_stays(any_session: QuerySession) -> None:
    freeze_issue(any_session.record, DAILY, DAY, again=True, reason="an example", at=TODAY + 48 * HOUR)
    latest_edition, first_edition = ask(any_session, "issue"), ask(any_session, "issue", edition=1)
    assert (latest_edition.edition, latest_edition.reason, latest_edition.replaces) == (
        2,
        "an example",
        first_edition.digest,
    )
    assert latest_edition.editions == first_edition.editions == (first_edition.digest, latest_edition.digest)
    assert [line.edition for line in ask(any_session, "issues").issues] == [2]
    assert (
        ask(any_session, "verification").verified
        and ask(any_session, "verification", edition=1).digest == first_edition.digest
    )


def test_an_article_is_asked_for_by_its_doi(any_session: QuerySession) -> None:
    """Every question about a paper, and the search, find the preprint that became it."""
    article = "https://doi.org/10.5555/Kettle.1"
    assert not ask(any_session, "search", q=article).papers
    later = Paper(paper=key(1), title="The only one", doi="10.5555/kettle.1", observed_at=TODAY + DAYS)
    write(any_session.record, later)
    for params in ({"paper": article}, {"paper": article, "day": DAY}):
        assert ask(any_session, "explanation", **params).id == ID
    assert ask(any_session, "paper", paper=article).id == ID
    assert ask(any_session, "posts", paper=article) == ask(any_session, "posts", paper=ID)
    for query in (article, f"id:{article}", f"nothing OR {article}"):
        assert [hit.id for hit in ask(any_session, "search", q=query).papers] == [ID], query
    assert not ask(any_session, "search", q=f"{article} -{article}").papers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.1000/feeds", "doi:10.1000/feeds"), ("doi:10.1000/Feeds", "doi:10.1000/feeds"),
        ("https://doi.org/10.1101/2026.01.02.700001v2", "doi:10.1101/2026.01.02.700001"),
        ("2101.04869v2", "arxiv:2101.04869"),
    ],
)  # fmt: skip
def test_a_paper_is_named_also_by_a_doi_without_digits(text: str, expected: str) -> None:
    assert paper_key(text) == expected
