"""A paper's attention over time, its announcements and issues, in both databases."""

from __future__ import annotations

import msgspec
import pytest

from hotpapers.engagement.attention import read_engagement
from hotpapers.engagement.measurement import MeasurementWindow
from hotpapers.errors import NotFound, UsageError
from hotpapers.issues.freeze import freeze
from hotpapers.model import HOUR, Tally
from hotpapers.query import QuerySession, schemas
from hotpapers.store import Record, now
from tests.issues.made import DAY, frozen, key, more_talk, paper, talk, write
from tests.query.made import DAILY, ID, TODAY, ask


def marks(found: schemas.PaperDetails, network: str) -> list[tuple[int | None, int | None, int, int, int, int]]:
    [attention] = [one for one in found.attention if one.network == network]
    return [(m.age, m.at and (m.at - TODAY) // HOUR, m.voices, m.reposts, m.likes, m.bots) for m in attention.marks]


def test_attention_at_four_ages_and_now(talk_desk: QuerySession) -> None:
    """One account with two posts is one voice; the bot's post is counted separately, ours not at all."""
    found = ask(talk_desk, "paper", paper=ID)
    assert marks(found, "bluesky") == [
        (6, 6, 1 + 39, 0, 39, 1), (24, 24, 1 + 98, 8, 90, 1), (72, 72, 1 + 98, 8, 90, 1),
        (168, 168, 1 + 129, 9, 120, 1), (None, None, 1 + 129, 9, 120, 1),
    ]  # fmt: skip
    assert marks(found, "x") == [(72, 72, 6, 0, 5, 0), (168, 168, 6, 0, 5, 0), (None, None, 6, 0, 5, 0)]


def test_the_marks_are_those_by_which_papers_are_ranked(talk_desk: QuerySession) -> None:
    own = talk_desk.record.voices_of(["bluesky:ourselves"])
    view = talk_desk.record.view(TODAY + 200 * HOUR)
    every = [
        one for one in read_engagement(view, MeasurementWindow(own_voices=own)) if one.paper == key(1) and one.peer
    ]
    alone = list(read_engagement(view, MeasurementWindow(own_voices=own, papers=(key(1),))))
    assert [one for one in alone if one.peer] == every and len(every) == 6
    assert {one.paper for one in alone} == {key(1)}


def test_ages_that_a_paper_has_not_reached_are_left_out(any_desk: QuerySession) -> None:
    young = now() - 30 * HOUR
    write(any_desk.record, paper(2, at=young), talk(2, 5, young + HOUR))
    assert [mark[0] for mark in marks(ask(any_desk, "paper", paper=key(2)), "bluesky")] == [6, 24, None]


def test_announcements_and_issues(any_desk: QuerySession) -> None:
    write(any_desk.record, paper(1, "2024-05-20", "stat.ML", type="replacement", title="The only one, again"))
    found = ask(any_desk, "paper", paper=f"{ID}v2")
    assert (found.paper, found.id, found.title) == (key(1), ID, "The only one, again")
    assert [(one.day, one.category, one.type) for one in found.announcements] == [
        (DAY, "cs.LG", "new"), ("2024-05-20", "stat.ML", "replacement"),
    ]  # fmt: skip
    [held] = found.appearances
    entry = ask(any_desk, "issue").entries[0]
    assert (held.publication, held.day, held.edition, held.lane) == ("daily", DAY, 1, "entries")
    assert (held.place, held.score, held.voices) == (1, entry.score, entry.voices)


def test_a_paper_that_is_still_talked_about(any_desk: QuerySession) -> None:
    write(any_desk.record, more_talk(1, 400, TODAY + 25 * HOUR))
    frozen(any_desk.record, DAILY, "2024-05-08")
    assert [(one.day, one.lane) for one in ask(any_desk, "paper", paper=ID).appearances] == [
        (DAY, "entries"), ("2024-05-08", "ongoing"),
    ]  # fmt: skip
    assert [entry.id for entry in ask(any_desk, "issue").ongoing] == [ID]
    assert ask(any_desk, "explanation", paper=ID).lane == "ongoing"
    assert ask(any_desk, "explanation", paper=ID, day=DAY).lane == "entries"


def test_tallies_of_listings(any_desk: QuerySession) -> None:
    tally = Tally(paper=key(1), network="x", method="old/1", reposts=3, likes=4, observed_at=TODAY)
    write(any_desk.record, tally)
    assert ask(any_desk, "paper", paper=ID).tallies == (
        schemas.ListedCounts(network="x", method="old/1", at=TODAY, reposts=3, likes=4, note=""),
    )


def test_which_publication_is_asked_for(any_desk: QuerySession) -> None:
    assert ask(any_desk, "issues").issues[0].entries == len(ask(any_desk, "issue").entries) == 1
    write(any_desk.record, msgspec.structs.replace(DAILY, publication="other", title="The Other Dozen"))
    assert [one.publication for one in ask(any_desk, "publications").publications] == ["daily", "other"]
    assert [one.latest for one in ask(any_desk, "publications").publications] == [DAY, None]
    with pytest.raises(UsageError, match=r"^publication: give its name, as there are several: daily, other$"):
        ask(any_desk, "issue")
    assert ask(any_desk, "issues", publication="other").issues == ()


def test_a_store_without_anything(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        assert ask(QuerySession(record), "publications").publications == ()
        with pytest.raises(NotFound, match=r"^there is no publication yet$"):
            ask(QuerySession(record), "issue")
        write(record, DAILY)
        with pytest.raises(NotFound, match=r"^daily: there is no frozen issue yet$"):
            ask(QuerySession(record), "issue")


def test_a_correction_is_the_issue_and_the_first_edition_stays(any_desk: QuerySession) -> None:
    freeze(any_desk.record, DAILY, DAY, again=True, reason="an example", at=TODAY + 48 * HOUR)
    latest, first = ask(any_desk, "issue"), ask(any_desk, "issue", edition=1)
    assert (latest.edition, latest.reason, latest.replaces) == (2, "an example", first.digest)
    assert latest.editions == first.editions == (first.digest, latest.digest)
    assert [line.edition for line in ask(any_desk, "issues").issues] == [2]
    assert ask(any_desk, "verification").verified and ask(any_desk, "verification", edition=1).digest == first.digest
