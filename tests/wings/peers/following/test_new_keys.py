"""A followed site that replaces its key, loses it, or loses its logs with it."""

from __future__ import annotations

import shutil

import pytest

from hotpapers.base.errors import LogError
from hotpapers.base.model import Measurement
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.wings.proof import log_keys
from hotpapers.wings.proof.publication_log import start_next_log
from tests.wings.peers.following.sites import NAME, Follower, Publisher, alarm_kinds, received_days
from tests.wings.peers.following.test_expiry import stored_posts


def rotate(publisher: Publisher) -> None:
    """As `hotpapers log --rotate` does."""
    log_keys.make_key(publisher.config.key_file)
    start_next_log(NAME, publisher.config)


def lose_logs(publisher: Publisher) -> None:
    """The folder of logs and the key are lost; what was signed last is still known."""
    shutil.rmtree(publisher.config.folder)
    publisher.config.key_file.unlink()
    rotate(publisher)
    publisher.live(3)
    publisher.publish(4)


def policy_of(publisher: Publisher) -> str:
    return (publisher.public / "log/policy.txt").read_text()


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_replaced_key_is_an_alarm_until_it_is_in_the_policy(
    publisher: Publisher, follower: Follower, is_lost: bool
) -> None:
    follower.follow(3)
    publisher.live(3)
    if is_lost:
        publisher.config.key_file.unlink()
        with pytest.raises(LogError, match="start a new log with another key: hotpapers log --rotate"):
            publisher.publish(4)
    rotate(publisher)
    publisher.publish(4)
    [problem] = follower.follow(4).problems
    assert problem.startswith(
        "neighbour names a log that is not in the policy: add `log papers.example/daily/log/daily/2+"
    )
    assert alarm_kinds(follower) == ["not believed"] and received_days(follower) == {"06", "07", "08"}
    follower.site = follower.site._replace(policy=policy_of(publisher))
    outcome = follower.follow(4, 8)
    assert (outcome.files, outcome.problems, alarm_kinds(follower)) == (1, (), [])
    forget_key(publisher.record, "bluesky:1")
    publisher.publish(5)
    assert follower.follow(5).withdrawn == 1


def test_a_site_that_lost_its_logs_is_followed_by_its_new_one(publisher: Publisher, follower: Follower) -> None:
    follower.follow(3)
    counts = follower.record.count(Measurement)
    old_policy = policy_of(publisher)
    lose_logs(publisher)
    refused, new, lost = follower.follow(4).problems
    assert "/log/daily/1/checkpoint: answered 404" in refused
    assert new.startswith("neighbour names a log that is not in the policy: add `log ")
    assert lost.startswith("neighbour does not name its log papers.example/daily/log/daily/1 any more")
    both = old_policy.replace("quorum none\n", "") + policy_of(publisher)
    follower.site = follower.site._replace(policy=both)
    assert received_days(follower) == {"06", "07", "08"} and follower.follow(4, 8).files == 1
    assert received_days(follower) == {"06", "07", "08", "09"} and alarm_kinds(follower) == ["not believed"]
    follower.site = follower.site._replace(policy=policy_of(publisher))
    assert follower.follow(4, 9).problems == () and alarm_kinds(follower) == []
    assert follower.record.count(Measurement) > counts


def test_what_a_lost_log_withdrew_is_withdrawn_again(publisher: Publisher, follower: Follower) -> None:
    follower.follow(3)
    before = stored_posts(follower)
    forget_key(publisher.record, "bluesky:1")
    publisher.publish(3)
    lose_logs(publisher)
    follower.site = follower.site._replace(policy=policy_of(publisher))
    outcome = follower.follow(4)
    assert (outcome.withdrawn, outcome.problems) == (1, ()) and stored_posts(follower) == before - 1 + 3


def test_a_later_follower_reads_the_files_of_both_logs(publisher: Publisher, follower: Follower) -> None:
    rotate(publisher)
    publisher.live(3)
    publisher.publish(4)
    assert follower.follow(4).problems == () and received_days(follower) == {"06", "07", "08", "09"}
