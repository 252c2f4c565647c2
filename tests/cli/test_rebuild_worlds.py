"""docs/examples/rebuild.py against the program, on small made-up records of all kinds."""

from __future__ import annotations

from types import ModuleType

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotpapers.base.model import HOUR, Announcement, Coverage, CoverageState, Measurement, Publication, kind_of
from hotpapers.discussion.engagement.standing import queries as standing_queries
from hotpapers.issues import coverage, quotations, selection, wanted_papers
from hotpapers.issues.build import IssueRecipe, build_issue
from hotpapers.record.record import Record
from tests.cli.rebuild_program import load_program, rebuilt_differently
from tests.issues.worlds import CUT, PAPERS, Kept, World, emptied, fill, moments, worlds

pytestmark = pytest.mark.long

NETWORKS = st.sampled_from(("bluesky", "mastodon", "x"))
STATES: st.SearchStrategy[CoverageState] = st.sampled_from(("complete", "partial", "refused"))
ENOUGH = 2
"""The number of accounts with standing that is enough in these tests."""


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The program as a module, with a low limit: the made-up records have only a handful of accounts."""
    monkeypatch.setattr(load_program("rebuild_counts"), "ENOUGH", ENOUGH)
    monkeypatch.setattr(standing_queries, "ENOUGH_KNOWN", ENOUGH)
    return load_program()


@st.composite
def readings(draw: st.DrawFn) -> Coverage:
    """That a network was read for a while, or not."""
    start = draw(moments((180, 100, 50, 33, 31, 30, 26, 24, 12, 4, 2, 1)))
    end = start + draw(st.sampled_from((HOUR // 2, HOUR, 2 * HOUR, 20 * HOUR, 150 * HOUR)))
    return Coverage(
        network=draw(NETWORKS), from_at=start, until_at=end, state=draw(STATES),
        reason=draw(st.sampled_from(("", "why"))), observed_at=draw(st.sampled_from((end, end, end + HOUR))),
    )  # fmt: skip


@st.composite
def others_counts(draw: st.DrawFn, world: World) -> Measurement:
    """What another site counted, mostly at an age of a paper."""
    announced = [row.item.announced_at for row in world.kept if isinstance(row.item, Announcement)]
    age, voices = draw(st.sampled_from((6, 24, 72, 168))), draw(st.integers(0, 9))
    until = draw(st.sampled_from(announced)) + age * HOUR + draw(st.sampled_from((0, 0, 0, 1)))
    return Measurement(
        source=draw(st.sampled_from("ab")), paper=draw(st.sampled_from(PAPERS)), network=draw(NETWORKS), age=age,
        until_at=until, voices=voices, reposts=1, likes=voices, bots=draw(st.integers(0, 2)),
        authors=draw(st.integers(0, 1)), known=draw(st.sampled_from((None, 0, 1, 3))), counted=draw(st.integers(0, 9)),
        unread=draw(st.sampled_from((0, 0, HOUR, 9 * HOUR))), observed_at=until + HOUR,
    )  # fmt: skip


@st.composite
def read_worlds(draw: st.DrawFn) -> World:
    """A record with readings, and sometimes with what other sites counted."""
    world = draw(worlds())
    more = [*draw(st.lists(readings(), max_size=8)), *draw(st.lists(others_counts(world), max_size=5))]
    once = {(kind_of(item), *(getattr(item, name) for name in type(item).key), item.observed_at): item for item in more}
    there = {(kind_of(row.item), *(getattr(row.item, name) for name in type(row.item).key), row.item.observed_at)
             for row in world.kept}  # fmt: skip
    return World((*world.kept, *(Kept(item, 1, 0) for key, item in once.items() if key not in there)))


publications = st.builds(
    Publication,
    publication=st.sampled_from(("made-up", "made-up", "made-up@history")),
    title=st.just("Made up"),
    window=st.sampled_from(("daily", "daily", "weekly")),
    ranking=st.sampled_from(("rarity/2", "rarity/2", "rarity/1", "classic/1")),
    threshold=st.sampled_from((1, 100)),
    categories=st.sampled_from(((), (), ("cs",), ("hep-th",))),
    include=st.sampled_from(((), (), ("one",))),
    networks=st.sampled_from(((), (), ("bluesky", "x"), ("mastodon",))),
    own=st.sampled_from(((), (), ("bluesky:ada",), ("x:@ada", "mastodon:cy"))),
    least_entries=st.just(10),
    most_entries=st.sampled_from((msgspec.UNSET, 1, 2)),
    posts=st.sampled_from((3, 1)),
    observed_at=st.just(0),
)


recipes = st.builds(
    IssueRecipe,
    publication=publications,
    day=st.just("2023-11-14"),
    edition=st.just(1),
    replaces=st.just(""),
    reason=st.just(""),
    quoting=st.sampled_from((quotations.LATEST, quotations.LATEST, quotations.BY_REACTIONS)),
    period=st.sampled_from((coverage.SINCE_PREVIOUS, coverage.SINCE_PREVIOUS, coverage.LAST_DAY)),
    posts=st.none(),
    position=st.sampled_from((1, 2, 3)),
    moments=st.tuples(
        st.sampled_from((CUT - 24 * HOUR, CUT - 168 * HOUR)),
        st.just(CUT),
        st.sampled_from((msgspec.UNSET, msgspec.UNSET, CUT - 6 * HOUR, CUT - 20 * HOUR)),
    ),
    choice=st.sampled_from((selection.THRESHOLD_1, selection.LEAST_2, selection.LEAST_3, *selection.VOUCHING_ONCE)),
    counting=st.sampled_from((wanted_papers.FEEDS, wanted_papers.CATEGORIES)),
)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(read_worlds(), recipes)
def test_made_up_records(sqlite_url: str, program: ModuleType, world: World, recipe: IssueRecipe) -> None:
    with Record(sqlite_url) as record:
        record.database.run("PRAGMA synchronous = OFF")
        with emptied(record).database.write():
            record.database.run("DELETE FROM identity WHERE id > 0")  # exports have those of batches
        fill(record, world)
        position = record.head.position - 3 + recipe.position
        if recipe.publication.window == "daily" and recipe.moments:  # never ends before it closes
            recipe = recipe._replace(moments=(*recipe.moments[:2], msgspec.UNSET))
        assert (
            rebuilt_differently(program, record, build_issue(record, recipe._replace(position=position)).content) == []
        )
