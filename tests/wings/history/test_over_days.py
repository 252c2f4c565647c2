"""Engagement from cut to cut equals a full count of the record at each, whatever the record learned in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotpapers.base.model import (
    BEGAN,
    DAY,
    HOUR,
    MAX_INTEGER,
    Alias,
    Announcement,
    Coverage,
    Item,
    Judgement,
    Mention,
    Paper,
    Publication,
    Reaction,
)
from hotpapers.discussion.engagement import attention, measurement
from hotpapers.discussion.engagement.attention import Engagement
from hotpapers.discussion.engagement.measurement import MeasurementWindow
from hotpapers.discussion.engagement.standing import queries as standing_queries
from hotpapers.issues.ranking_input import CandidateWindow, collect_with_forecasts
from hotpapers.record.as_of import AsOfView
from hotpapers.record.record import Record
from hotpapers.wings.history.engagement_over_days import EngagementOverDays
from hotpapers.wings.history.past_days import InputOverDays
from tests.issues.made import judged, key, paper, post
from tests.issues.worlds import CUT, World, emptied, fill, worlds

pytestmark = pytest.mark.long

LATEST = CUT + 2 * HOUR
STEPS = (2 * HOUR, HOUR, 0, -1, -HOUR, -6 * HOUR, -10 * HOUR, -DAY, -2 * DAY, -4 * DAY, -7 * DAY, -8 * DAY)
cuts = st.lists(st.sampled_from(STEPS), min_size=2, max_size=7, unique=True).map(
    lambda steps: [CUT + step for step in sorted(steps)]
)
windows = st.builds(
    MeasurementWindow,
    ages=st.sampled_from([measurement.AGES, measurement.AGES, (6, 24)]),
    networks=st.sampled_from([(), (), ("bluesky", "x")]),
    own_voices=st.just(()),
    candidates_from=st.just(0),
    posted_from=st.none(),
    papers=st.just(()),
    with_standing=st.sampled_from([True, True, False]),
    youngest=st.sampled_from([0, 24, 24]),
    vouching_once=st.booleans(),
)
own_accounts = st.sampled_from([(), (), ("bluesky:ada",), ("x:@ada", "mastodon:cy")])
suppressed_checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.fixture(autouse=True)
def low_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing_queries, "ENOUGH_KNOWN", 2)


def by_paper(rows: Sequence[Engagement]) -> dict[str, list[Engagement]]:
    result: dict[str, list[Engagement]] = {}
    for row in rows:
        result.setdefault(row.paper, []).append(row)
    return result


def compare(window: MeasurementWindow, views: Sequence[AsOfView]) -> None:
    """At every view the rows are those of the whole record, and papers not reported as changed keep their rows."""
    reader = EngagementOverDays(window, LATEST)
    rows_before: dict[str, list[Engagement]] = {}
    for view in views:
        changed = reader.move_to(view)
        rows_now = by_paper(list(attention.read_engagement(view, window)))
        assert {paper: reader.rows(paper) for paper in reader.announced if reader.rows(paper)} == rows_now
        assert {
            paper for paper in rows_before.keys() | rows_now.keys() if rows_before.get(paper) != rows_now.get(paper)
        } <= changed
        rows_before = rows_now


@settings(max_examples=150, suppress_health_check=suppressed_checks)
@given(worlds(), windows, own_accounts, cuts, st.sampled_from([3, 3, 2, 1]))
def test_the_same_at_every_cut_on_sqlite(
    sqlite_record: Record, world: World, window: MeasurementWindow, own: tuple[str, ...], moments: list[int], batch: int
) -> None:
    at_every_cut(sqlite_record, world, window, own, moments, batch)


@settings(max_examples=10, suppress_health_check=suppressed_checks)
@given(worlds(), windows, own_accounts, cuts, st.sampled_from([3, 3, 2, 1]))
def test_the_same_at_every_cut_on_postgres(
    postgres_record: Record,
    world: World,
    window: MeasurementWindow,
    own: tuple[str, ...],
    moments: list[int],
    batch: int,
) -> None:
    at_every_cut(postgres_record, world, window, own, moments, batch)


def at_every_cut(
    record: Record, world: World, window: MeasurementWindow, own: tuple[str, ...], moments: list[int], batch: int
) -> None:
    fill(emptied(record), world)
    standing_queries.learn_standing(record.database)
    position = record.head.position - 3 + batch
    compare(
        window._replace(own_voices=record.voices_of(own)), [record.view(moment, position) for moment in moments]
    )  # fmt: skip


# ---- everything the record may learn, an example each ------------------------------------------------------

OLD, NEW = key(1), key(2)
AT = CUT - 10 * DAY
LATER = CUT - DAY


def likes(post: str, *fans: str) -> list[Item]:
    return [Reaction(post=post, account=f"bluesky:{fan}", type="like", observed_at=AT + 2 * HOUR) for fan in fans]


def known_accounts() -> Iterator[Item]:
    """Three accounts with standing: each posted about three other papers six weeks earlier."""
    for account in ("ada", "bo", "ann"):
        for number in (91, 92, 93):
            yield from post(number, f"bluesky:{account}{number}", CUT - 45 * DAY, account=f"bluesky:{account}")


def record_items() -> list[Item]:
    """A paper of ten days ago with three posts; one of them also names another paper, not yet announced."""
    return [
        *known_accounts(),
        *paper(1, "2023-11-04", at=AT),
        *post(1, "bluesky:p", AT + HOUR, account="bluesky:ada"), *likes("bluesky:p", "bo", "cy", "di"),
        *post(1, "bluesky:q", AT + HOUR, account="bluesky:ed"), *likes("bluesky:q", "fay"),
        *post(1, "bluesky:r", AT + HOUR, account="bluesky:guy"), *likes("bluesky:r", "hal", "ann"),
        Mention(post="bluesky:r", paper=NEW, form="abs", observed_at=AT + HOUR),
    ]  # fmt: skip


def verdict(account: str, judgement: Judgement, rule: str = "made-up", at: int = LATER, of: str = "") -> Item:
    return judged(f"bluesky:{account}", judgement, of, rule, at)


FACTS: dict[str, list[Item]] = {
    "who posted is a bot": [verdict("ed", "bot")],
    "who reacted is a bot": [verdict("fay", "bot")],
    "a bot is a person": [verdict("ed", "bot", "rate", AT), verdict("ed", "human", "proved")],
    "a mention is in doubt": [verdict("q", "doubtful", of=OLD)],
    "a voice is an author's": [verdict("di", "author", "name", of=OLD)],
    "a paper is of another field": [Paper(paper=OLD, title="One", categories=("hep-th",), observed_at=LATER)],
    "another paper of its post is announced": [*paper(2, "2023-11-13", at=LATER)],
    "its post names another paper": [
        *paper(3, "2023-11-04", at=AT), Mention(post="bluesky:p", paper=key(3), form="abs", observed_at=LATER)
    ],
    "an account is another's": [Alias(account="bluesky:fay", stable="bluesky:ed", observed_at=LATER)],
    "it was announced before": [
        Announcement(
            paper=OLD, day="2023-11-03", category="cs.AI", type="new", announced_at=AT - DAY, observed_at=LATER
        ),
    ],
}  # fmt: skip


@pytest.mark.parametrize("fact", FACTS)
def test_later_facts_change_earlier_rows(sqlite_record: Record, fact: str) -> None:
    """The rows of a paper past all its ages change, as they do in a full count."""
    emptied(sqlite_record).append([*record_items(), *FACTS[fact]], source="made-up")
    standing_queries.learn_standing(sqlite_record.database)
    window = MeasurementWindow(with_standing=True, youngest=24)
    views = [sqlite_record.view(LATER - HOUR), sqlite_record.view(LATER + HOUR)]
    rows_before, rows_after = (
        [row for row in attention.read_engagement(view, window) if row.paper == OLD] for view in views
    )
    assert rows_before and rows_before != rows_after
    compare(window, views)


def test_a_paper_beside_it_is_measured_no_longer(sqlite_record: Record) -> None:
    """Reactions to a post about two papers vouch for neither; once one paper drops out, they vouch for the other."""
    long_ago = [*paper(2, "2023-08-16", at=LATER - 90 * DAY)]
    emptied(sqlite_record).append([*record_items(), *long_ago], source="made-up")
    standing_queries.learn_standing(sqlite_record.database)
    window = MeasurementWindow(with_standing=True, youngest=24)
    views = [sqlite_record.view(LATER - HOUR), sqlite_record.view(LATER + HOUR)]
    rows_before, rows_after = (
        [row for row in attention.read_engagement(view, window) if row.paper == OLD] for view in views
    )
    assert [row.known for row in rows_before] != [row.known for row in rows_after]
    compare(window, views)


def test_an_account_gets_standing(sqlite_record: Record) -> None:
    """An account known for 29 days at one cut has standing at the next, also for its posts of days before."""
    posts = [
        item for number in (91, 92, 93)
        for item in post(number, f"bluesky:di{number}", LATER - 30 * DAY, account="bluesky:di")
    ]  # fmt: skip
    emptied(sqlite_record).append([*record_items(), *posts], source="made-up")
    standing_queries.learn_standing(sqlite_record.database)
    views = [sqlite_record.view(LATER - HOUR), sqlite_record.view(LATER + HOUR)]
    window = MeasurementWindow(with_standing=True, youngest=24)
    rows_before, rows_after = (
        [row for row in attention.read_engagement(view, window) if row.paper == OLD] for view in views
    )
    assert {row.known for row in rows_before} != {row.known for row in rows_after}
    compare(window, views)


# ---- at other positions, and for issues --------------------------------------------------------------------


@settings(max_examples=75, suppress_health_check=suppressed_checks)
@given(worlds(), windows, cuts, st.lists(st.sampled_from([1, 2, 3]), min_size=7, max_size=7).map(sorted))
def test_the_same_while_the_record_grows(
    sqlite_record: Record, world: World, window: MeasurementWindow, moments: list[int], batches: list[int]
) -> None:
    """Batches are added in between, some with observations from before an earlier cut."""
    fill(emptied(sqlite_record), World(tuple(item._replace(until=0) for item in world.kept)))
    standing_queries.learn_standing(sqlite_record.database)
    first_position = sqlite_record.head.position - 3
    compare(
        window, [sqlite_record.view(at, first_position + batch) for at, batch in zip(moments, batches, strict=False)]
    )


def test_a_cut_before_the_last_one_begins_again(sqlite_record: Record) -> None:
    emptied(sqlite_record)
    sqlite_record.append(
        [Coverage(network="bluesky", from_at=1, until_at=1, state="complete", reason=BEGAN, observed_at=1)],
        source="made-up",
    )
    compare(MeasurementWindow(with_standing=True), [sqlite_record.view(at) for at in (CUT, CUT - DAY, CUT - HOUR)])


@settings(max_examples=100, suppress_health_check=suppressed_checks)
@given(worlds(), own_accounts, cuts, st.sampled_from(["rarity/1", "rarity/2"]))
def test_the_ranking_input_is_the_same(
    sqlite_record: Record, world: World, own: tuple[str, ...], moments: list[int], ranking: str
) -> None:
    """References, candidates and forecasts are the same as for a single issue."""
    fill(emptied(sqlite_record), world)
    standing_queries.learn_standing(sqlite_record.database)
    publication = Publication(publication="daily", title="Daily", ranking=ranking, observed_at=0)
    own_voices, reader = sqlite_record.voices_of(own), InputOverDays(LATEST)
    for moment in moments:
        view, span = (
            sqlite_record.view(moment),
            CandidateWindow(
                moment - 7 * DAY, {"arxiv:2311.00001": 3}, with_days=True, end=MAX_INTEGER, vouching_once=True
            ),
        )
        single, incremental = (
            collect(view, publication, span, own_voices) for collect in (collect_with_forecasts, reader)
        )
        assert incremental.inputs.peers == single.inputs.peers
        papers = [candidate.paper for candidate in single.inputs.candidates]
        assert sorted(incremental.inputs.candidates, key=lambda candidate: candidate.paper) == list(
            single.inputs.candidates
        )
        assert (incremental.forecasts and incremental.forecasts(papers)) == (
            single.forecasts and single.forecasts(papers)
        )
