"""Observations and lists of withdrawals are published for 91 days; what is forgotten later is still withdrawn."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from hotpapers.base.model import DAY, Measurement, Post
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.publish.view.site_config import NOBODY
from hotpapers.wings.proof.log_keeping import export_logs
from hotpapers.wings.proof.publication_log import update_log
from hotpapers.wings.proof.site_logs import SiteLogs
from tests.publish.schedule.test_publishing import CUT, fill
from tests.wings.peers.following.sites import NAME, Follower, Publisher, alarm_kinds, received_days
from tests.wings.proof.test_site import publishing


def lists_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("withdrawn-*"))


def published_lists(publisher: Publisher) -> list[str]:
    return lists_in(publisher.public / f"log/{NAME}/observations")


def stored_posts(follower: Follower) -> int:
    """How many posts of the site are stored that were not forgotten."""
    with follower.peer() as peer:
        return sum(":*" in post.post for post in peer.view().items(Post))


@pytest.mark.parametrize("observations", [True, False])
def test_old_files_are_deleted_and_nobody_misses_them(
    publisher: Publisher, follower: Follower, tmp_path: Path, observations: bool
) -> None:
    publisher.config = publisher.config._replace(observations=observations)
    publisher.publish(92)
    assert [file.name[:10] for file in publisher.files()] == ["2024-05-07", "2024-05-08"]
    assert follower.follow(92).problems == () and alarm_kinds(follower) == []
    publisher.publish(94)
    assert publisher.files() == [] and follower.follow(94).problems == ()
    assert follower.record.count(Measurement)


def test_a_file_may_not_be_withheld_before_it_is_old(publisher: Publisher, follower: Follower) -> None:
    publisher.files()[0].unlink()
    [problem] = follower.follow(90).problems
    assert problem.startswith("2024-05-06T23-1: is in the log but withheld: ")
    assert follower.follow(91).problems == ()


def test_old_files_are_removed_from_the_site(sqlite_url: str, publisher: Publisher, tmp_path: Path) -> None:
    config = publisher.config._replace(folder=tmp_path / "logs")
    config.key_file.with_name("hotpapers.key.signed").unlink()
    public = tmp_path / "public"
    folder = public / f"log/{NAME}/observations"
    with publishing(sqlite_url, public, config) as site:
        fill(site.record)
        site.round(CUT + 1)
        site.round(CUT + DAY)
        assert list(folder.iterdir())
        forget_key(site.record, next(iter(site.record.view().items(Post))).post)
        for days in (2, 92, 94):
            update_log(site.record.database, NAME, config, CUT + days * DAY)
            export_logs(site.record, NAME, SiteLogs(config), site_config=NOBODY)
            assert bool(lists_in(folder)) == (days < 94)
        assert not folder.exists()


def test_what_is_forgotten_after_its_files_are_deleted_is_withdrawn(publisher: Publisher, follower: Follower) -> None:
    follower.follow(3)
    before = stored_posts(follower)
    publisher.live(95)
    publisher.publish(96)
    forget_key(publisher.record, "bluesky:by-1")
    publisher.publish(96)
    outcome = follower.follow(96)
    assert (outcome.withdrawn, outcome.problems) == (2, ())
    assert stored_posts(follower) == before - 1 + 3


def test_nothing_is_listed_that_was_forgotten_before_anything_was_published(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path / "publisher")
    publisher.live(0)
    forget_key(publisher.record, "bluesky:1")
    publisher.publish(1)
    publisher.publish(2)
    assert len(publisher.files()) == 1 and published_lists(publisher) == []
    publisher.close()


def test_lists_are_deleted_where_they_are_no_longer_needed(
    publisher: Publisher, follower: Follower, tmp_path: Path, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    forget_key(publisher.record, "bluesky:1")
    publisher.publish(3)
    publisher.live(50)
    publisher.publish(51)
    assert follower.follow(51).problems == ()
    old_list = published_lists(publisher)
    assert old_list == lists_in(follower.site.folder) and len(old_list) == 1
    forget_key(publisher.record, "bluesky:501")
    publisher.publish(96)
    new_list = published_lists(publisher)
    assert len(new_list) == 1 and new_list != old_list
    for name in ("follower", "later"):
        late = Follower(tmp_path / name, url)
        outcome = late.follow(96)
        assert outcome.problems == () and outcome.withdrawn == (name == "follower")
        assert lists_in(late.site.folder) == new_list
        late.close()
    assert "fetching again" not in caplog.text


def test_a_follower_that_was_away_for_too_long_starts_anew(
    publisher: Publisher, follower: Follower, caplog: pytest.LogCaptureFixture
) -> None:
    """It cannot learn anymore what was withdrawn in the meantime."""
    caplog.set_level(logging.INFO)
    follower.follow(3)
    counts = follower.record.count(Measurement)
    forget_key(publisher.record, "bluesky:1")
    publisher.publish(4)
    publisher.live(95)
    publisher.publish(100)
    assert published_lists(publisher) == []
    assert follower.follow(100).problems == () and alarm_kinds(follower) == []
    assert received_days(follower) == {"09"} and stored_posts(follower) == 3
    assert follower.record.count(Measurement) > counts
    assert follower.follow(100, 8) == (0, 0, 0, 0, ()) and caplog.text.count("fetching again") == 1
