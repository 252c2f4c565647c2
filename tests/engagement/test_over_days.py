"""Engagement cut after cut: the same as counted from the whole record at each of them, whatever the record learned in
between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotpapers.engagement import attention, measurement
from hotpapers.engagement.attention import Engagement
from hotpapers.engagement.measurement import MeasurementWindow
from hotpapers.engagement.over_days import EngagementOverDays
from hotpapers.engagement.standing import queries as standing_queries
from hotpapers.issues.collected_talk import collect_talk
from hotpapers.issues.ranking_input import CandidateWindow
from hotpapers.issues.talk_over_days import TalkOverDays
from hotpapers.model import BEGAN, DAY, HOUR, Coverage, Publication
from hotpapers.store.as_of import AsOfView
from hotpapers.store.record import Record
from tests.issues.worlds import CUT, World, emptied, fill, worlds

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
)
own_accounts = st.sampled_from([(), (), ("bluesky:ada",), ("x:@ada", "mastodon:cy")])
quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.fixture(autouse=True)
def few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing_queries, "ENOUGH_KNOWN", 2)


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    """One store for all examples: each empties it."""
    with Record(str(tmp_path_factory.mktemp("over_days") / "hotpapers.db")) as record:
        record.database.run("PRAGMA synchronous = OFF")
        yield record


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Record]:
    with Record(postgres_url) as record:
        yield record


def by_paper(rows: Sequence[Engagement]) -> dict[str, list[Engagement]]:
    result: dict[str, list[Engagement]] = {}
    for row in rows:
        result.setdefault(row.paper, []).append(row)
    return result


def compare(window: MeasurementWindow, views: Sequence[AsOfView]) -> None:
    """At every view the rows are those of the whole record, and papers that are not named have the rows of before."""
    reader = EngagementOverDays(window, LATEST)
    before: dict[str, list[Engagement]] = {}
    for view in views:
        changed = reader.move_to(view)
        now = by_paper(list(attention.read_engagement(view, window)))
        assert {paper: reader.rows(paper) for paper in reader.announced if reader.rows(paper)} == now
        assert {paper for paper in before.keys() | now.keys() if before.get(paper) != now.get(paper)} <= changed
        before = now


@settings(max_examples=150, suppress_health_check=quiet)
@given(worlds(), windows, own_accounts, cuts, st.sampled_from([3, 3, 2, 1]))
def test_the_same_at_every_cut_on_sqlite(
    sqlite: Record, world: World, window: MeasurementWindow, own: tuple[str, ...], moments: list[int], batch: int
) -> None:
    at_every_cut(sqlite, world, window, own, moments, batch)


@settings(max_examples=10, suppress_health_check=quiet)
@given(worlds(), windows, own_accounts, cuts, st.sampled_from([3, 3, 2, 1]))
def test_the_same_at_every_cut_on_postgres(
    postgres: Record, world: World, window: MeasurementWindow, own: tuple[str, ...], moments: list[int], batch: int
) -> None:
    at_every_cut(postgres, world, window, own, moments, batch)


def at_every_cut(
    record: Record, world: World, window: MeasurementWindow, own: tuple[str, ...], moments: list[int], batch: int
) -> None:
    fill(emptied(record), world)
    standing_queries.learn_standing(record.database)
    position = record.head.position - 3 + batch
    compare(
        window._replace(own_voices=record.voices_of(own)), [record.view(moment, position) for moment in moments]
    )  # fmt: skip


@settings(max_examples=75, suppress_health_check=quiet)
@given(worlds(), windows, cuts, st.lists(st.sampled_from([1, 2, 3]), min_size=7, max_size=7).map(sorted))
def test_the_same_while_the_record_grows(
    sqlite: Record, world: World, window: MeasurementWindow, moments: list[int], batches: list[int]
) -> None:
    """Batches that come in between, some of them with rows of before a cut that is over."""
    fill(emptied(sqlite), World(tuple(kept._replace(until=0) for kept in world.kept)))
    standing_queries.learn_standing(sqlite.database)
    first = sqlite.head.position - 3
    compare(window, [sqlite.view(at, first + batch) for at, batch in zip(moments, batches, strict=False)])


def test_a_cut_before_the_last_one_begins_again(sqlite: Record) -> None:
    emptied(sqlite)
    sqlite.append(
        [Coverage(network="bluesky", from_at=1, until_at=1, state="complete", reason=BEGAN, observed_at=1)],
        source="made-up",
    )
    compare(MeasurementWindow(with_standing=True), [sqlite.view(at) for at in (CUT, CUT - DAY, CUT - HOUR)])


@settings(max_examples=100, suppress_health_check=quiet)
@given(worlds(), own_accounts, cuts, st.sampled_from(["rarity/1", "rarity/2"]))
def test_the_talk_is_the_same(
    sqlite: Record, world: World, own: tuple[str, ...], moments: list[int], ranking: str
) -> None:
    """References, candidates and forecasts are those that one issue alone would have."""
    fill(emptied(sqlite), world)
    standing_queries.learn_standing(sqlite.database)
    publication = Publication(publication="daily", title="Daily", ranking=ranking, observed_at=0)
    own_voices, reader = sqlite.voices_of(own), TalkOverDays(LATEST)
    for moment in moments:
        view, span = sqlite.view(moment), CandidateWindow(moment - 7 * DAY, {"arxiv:2311.00001": 3})
        alone, among = (collect(view, publication, span, own_voices) for collect in (collect_talk, reader))
        assert among.talk.peers == alone.talk.peers
        papers = [candidate.paper for candidate in alone.talk.candidates]
        assert sorted(among.talk.candidates, key=lambda some: some.paper) == list(alone.talk.candidates)
        assert (among.forecasts and among.forecasts(papers)) == (alone.forecasts and alone.forecasts(papers))
