"""Which papers are recounted when an hourly file arrives: those of the week before, and once a day all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from hotpapers.base.model import DAY, HOUR, Item, Measurement, Mention
from hotpapers.discussion.engagement.attention import read_engagement
from hotpapers.discussion.engagement.measurement import MeasurementWindow
from hotpapers.record import Record
from hotpapers.wings.peers.following.file_intake import IntakeResult
from hotpapers.wings.peers.following.follow_job import RECENT, counted_since
from hotpapers.wings.proof.publication_log import update_log
from tests.issues.made import counts, key, post
from tests.wings.peers.following.sites import FIRST, NAME, Follower, Publisher, render

NOON = FIRST + 20 * DAY + 12 * HOUR
INTAKE = IntakeResult(
    files=1, items=5, withdrawn=0, since=NOON - HOUR, until=NOON, missing=((FIRST, FIRST + HOUR),),
    problems=(), others=(),
)  # fmt: skip


@pytest.mark.parametrize(
    ("counted_until", "is_next", "since"),
    [
        (0, True, 0),  # the first time
        (NOON - HOUR, True, NOON - HOUR - RECENT),
        (NOON - 13 * HOUR, True, 0),  # the first file of a day
        (NOON - HOUR, False, 0),  # killed after files arrived and before they were counted
    ],
)
def test_which_papers_are_counted(counted_until: int, is_next: bool, since: int) -> None:
    assert counted_since(INTAKE, counted_until, is_next=is_next) == since


def test_old_files_have_old_papers_counted() -> None:
    late_intake = INTAKE._replace(since=FIRST + 10 * DAY)
    assert counted_since(late_intake, NOON - HOUR, is_next=True) == FIRST + 10 * DAY - RECENT


def shared_post(number: int, other_number: int, at: int) -> list[Item]:
    """A post about two papers."""
    name = f"hackernews:{number}-{other_number}"
    return [*post(number, name, at), Mention(post=name, paper=key(other_number), form="abs", observed_at=at),
            counts(name, 4, at)]  # fmt: skip


def test_a_paper_has_the_same_counts_whichever_others_are_counted(publisher: Publisher) -> None:
    """Even if a post also names a paper that is not counted."""
    publisher.record.append(
        [*shared_post(21, 1, FIRST + 2 * DAY + HOUR), *shared_post(22, 21, FIRST + 2 * DAY + HOUR)], source="x"
    )
    view = publisher.record.view(FIRST + 5 * DAY)
    all_rows = list(read_engagement(view, MeasurementWindow(with_standing=True)))
    for start in (FIRST + HOUR, FIRST + 2 * DAY, FIRST + 9 * DAY):
        window = MeasurementWindow(with_standing=True, announced_from=start)
        assert list(read_engagement(view, window)) == [row for row in all_rows if row.announced_at >= start]
    assert len({row.announced_at for row in all_rows}) == 3


def voices(record: Record, number: int, age: int = 24) -> int:
    items = record.view().items(Measurement, "t.age = ? AND t.network = 'bluesky'", (age,))
    return next(item.voices for item in items if item.paper == key(number))


def test_late_observations_of_old_papers_are_counted_a_day_later(publisher: Publisher, follower: Follower) -> None:
    for day in range(3, 13):
        publisher.live(day)
    publisher.publish(13)
    follower.follow(13)
    assert (voices(follower.record, 1), voices(follower.record, 111)) == (5, 5)
    late_counts = [counts("bluesky:1", 40, FIRST + 20 * HOUR), counts("bluesky:111", 40, FIRST + 11 * DAY + 20 * HOUR)]
    for hour, items in ((7, late_counts), (25, post(121, "bluesky:more", FIRST + 13 * DAY))):
        at = FIRST + 13 * DAY + hour * HOUR
        publisher.record.append(items, source="made-up", at=at)
        update_log(publisher.record.database, NAME, publisher.config, at + HOUR)
        render(publisher.config, publisher.public)
        assert follower.follow(13, hour + 1).files == 1
        old_voices = 5 if hour == 7 else 41
        assert (voices(follower.record, 1), voices(follower.record, 111)) == (old_voices, 41)


def test_a_first_round_that_is_interrupted_shows_its_progress_and_continues(
    publisher: Publisher, follower: Follower
) -> None:
    progress: list[int] = []

    @contextmanager
    def interrupted_bar(length: int) -> Iterator[Callable[[int], object]]:
        progress.append(length)

        def step(count: int) -> None:
            progress.append(-count)
            if len(progress) == 3:
                raise KeyboardInterrupt

        yield step

    with pytest.raises(KeyboardInterrupt):
        follower.follow(3, progress=interrupted_bar)
    assert follower.follow(3, progress=interrupted_bar).files == 1
    assert progress == [3, -1, -1, 1, -1]
    assert voices(follower.record, 1) == 5 and voices(follower.record, 21, 6) == 5
