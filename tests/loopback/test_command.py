"""The whole program, in its own process, collects from the loopback internet what the script says."""

from __future__ import annotations

import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from hotpapers.base.model import DAY, HOUR, Announcement, Coverage, Item, Mention, Paper, Post, Snapshot
from hotpapers.base.papers.arxiv import calendar as days
from hotpapers.record import Record
from tests.conftest import ROOT
from tests.loopback import __main__ as command
from tests.loopback import expected, run_program
from tests.loopback.clock import RunningClock, moment
from tests.loopback.expected import ExpectedAnnouncement
from tests.loopback.manual_script import message
from tests.loopback.reading import items_of_type, mentions_in, posts_in
from tests.loopback.script import MINUTE, SECOND, Message, is_visible, messages_between
from tests.loopback.servers import LoggedRequest, Loopback
from tests.loopback.settings import settings_toml
from tests.loopback.world import World

pytestmark = pytest.mark.long

SPEED = 60
LARGE_BUDGET = 100_000.0
"""A budget for X: requests that a slow machine repeats are paid for twice."""
BEGIN = moment("2026-03-12T04:06")
"""Six minutes after midnight in New York, when arXiv's feeds have changed to the new day."""


class BusyWorld(World):
    """A world in which, for forty minutes, somebody on Bluesky names a paper every few seconds."""

    def messages(self, network: str, day: int) -> Sequence[Message]:
        """The world's messages and the additional ones."""
        world_messages = super().messages(network, day)
        if network != "bluesky" or day != BEGIN // DAY:
            return world_messages
        accounts, papers = self.accounts(network), self.papers("2026-03-12")
        seconds_in_use = {earlier.at for earlier in world_messages}
        moments = [at for at in range(BEGIN, BEGIN + 40 * MINUTE, 7 * SECOND) if at not in seconds_in_use]
        additional = [message(accounts[n % 300], at, "Once more!", papers[n % 30]) for n, at in enumerate(moments)]
        return sorted([*world_messages, *additional], key=lambda item: item.at)


WORLD = BusyWorld(1, "2026-02-26", post_rate=40)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Loopback, list[Item], int]:
    """The servers, the items in the record after one round of every source, and when the round ended."""
    folder = tmp_path_factory.mktemp("site")
    with Loopback(WORLD, RunningClock(BEGIN, SPEED)) as loopback:
        run_program.Pace(loopback.clock.now(), time.time(), SPEED).write(folder)
        (folder / "hotpapers.toml").write_text(settings_toml(loopback.bases, budget=LARGE_BUDGET), "utf-8")
        process = subprocess.run(
            [sys.executable, "-m", "tests.loopback.run_program", str(folder), "--", "collect", "--once"],
            cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        end = loopback.clock.now()
    assert process.returncode == 0, process.stdout + process.stderr
    with Record(str(folder / "hotpapers.db")) as record:
        kinds = (Announcement, Paper, Post, Mention, Snapshot, Coverage)
        return loopback, [row.item for kind in kinds for row in record.view().latest(kind)], end


def announcements(items: list[Item]) -> set[ExpectedAnnouncement]:
    return {
        ExpectedAnnouncement(a.paper, a.day, a.category, a.type, a.version) for a in items_of_type(Announcement, items)
    }


def test_the_record_has_the_day_s_announcement(collected: tuple[Loopback, list[Item], int]) -> None:
    _, items, _ = collected
    assert days.latest_label(BEGIN) == "2026-03-12" and {
        announcement for announcement in announcements(items) if announcement.day == "2026-03-12"
    } == expected.announcements(WORLD, "2026-03-12")
    assert min(announcement.day for announcement in announcements(items)) < "2026-03-06", "a week is read back"
    assert {paper.paper for paper in items_of_type(Paper, items)} >= {
        announcement.paper for announcement in announcements(items)
    }


@pytest.mark.parametrize("network", expected.NETWORKS)
def test_the_record_has_each_network_s_posts(network: str, collected: tuple[Loopback, list[Item], int]) -> None:
    loopback, items, end = collected
    posts = {key: post for key, post in posts_in(items).items() if post.network == network}
    messages = {
        expected.key(message, loopback.bases): message
        for message in messages_between(WORLD, network, BEGIN - 14 * DAY, end)
    }
    assert posts and set(posts) <= set(messages), "nothing but what was posted"
    expected_messages = messages_in_lists(network, end) if network != "bluesky" else messages_on_stream(items)
    assert expected_messages and {expected.key(message, loopback.bases) for message in expected_messages} <= set(posts)
    mentions = mentions_in(items)
    for key, post in posts.items():
        is_withheld = post.limits and not post.text  # posts whose author does not want to be counted have no counts
        assert mentions.get(key, set()) == (set() if is_withheld else expected.papers(messages[key])), post
    assert all(post.gone == "" or expected.gone_reason(messages[key], end) for key, post in posts.items())


def messages_on_stream(items: list[Item]) -> list[Message]:
    """The messages on a stream while it was read, in all periods that the record calls complete."""
    complete = [
        coverage
        for coverage in items_of_type(Coverage, items)
        if coverage.network == "bluesky" and coverage.state == "complete"
    ]
    assert sum(coverage.until_at - coverage.from_at for coverage in complete) >= 5 * MINUTE
    messages = [
        message
        for time_range in complete
        for message in messages_between(WORLD, "bluesky", time_range.from_at, time_range.until_at - SECOND)
    ]
    return [message for message in messages if message.references and is_visible(message, message.at + MINUTE)]


def messages_in_lists(network: str, end: int) -> list[Message]:
    """The messages that one round must find: those still in the network's lists."""
    since = {"hackernews": BEGIN - 7 * DAY, "x": BEGIN - 6 * DAY}.get(network, BEGIN - 12 * HOUR)
    messages = [
        message for message in messages_between(WORLD, network, since, BEGIN - 15 * MINUTE) if is_visible(message, end)
    ]
    newest = messages[-{"lobsters": 15, "reddit": 60, "mastodon": 10, "feeds": 10}.get(network, len(messages)) :]
    return [message for message in newest if message.references and expected.is_findable(message)]


def test_counts_are_those_of_the_moment(collected: tuple[Loopback, list[Item], int]) -> None:
    loopback, items, end = collected
    messages = {expected.key(message, loopback.bases): message for network in expected.NETWORKS
                  for message in messages_between(WORLD, network, BEGIN - 14 * DAY, end)}  # fmt: skip
    snapshots = items_of_type(Snapshot, items)
    assert len(snapshots) > 100
    for snapshot in snapshots[::3]:
        message, at = messages[snapshot.post], snapshot.observed_at
        likes = {(expected.figures(message, at - n * 10 * SECOND) or expected.Figures()).likes for n in range(-3, 60)}
        assert snapshot.likes in likes, (snapshot, message)


def test_every_request_got_an_answer(collected: tuple[Loopback, list[Item], int]) -> None:
    loopback, _, _ = collected
    assert loopback.trap_requests == 0 and not [request for request in loopback.requests if not _is_expected(request)]


def _is_expected(request: LoggedRequest) -> bool:
    """Whether a status is normal. A story on a list may be deleted before its counts are requested."""
    return request.status in (101, 200) or (request.status, request.host) == (404, "lobsters")


# ---- the command -------------------------------------------------------------------------------------------


def test_the_command_describes_what_it_simulates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [
        "--port",
        "0",
        "--days",
        "2",
        "--seconds",
        "0.4",
        "--write",
        str(tmp_path),
        "--fault",
        "x=429@2026-11-20/1d",
    ]
    assert command.main(arguments) == 0
    output = capsys.readouterr().out
    assert "40 papers per day since" in output and "Faults: none, x=429@2026-11-20/1d." in output
    assert f"hotpapers run --config {tmp_path / 'hotpapers.toml'}" in output
    tables = tomllib.loads((tmp_path / "hotpapers.toml").read_text())
    assert tables["source"]["lobsters"]["base"].startswith("http://127.0.0.1:")
    assert command.main([*arguments, "--at", "2026-03-12T05:06", "--speed", "50"]) == 0
    assert f"-m tests.loopback.run_program {tmp_path} -- run" in capsys.readouterr().out
    assert run_program.read(tmp_path).speed == 50 and run_program.read(tmp_path).start == moment("2026-03-12T05:06")


@pytest.mark.parametrize("arguments", [["--fault", "x=boredom"], ["--fault", "myspace=404"], ["--at", "yesterday"]])
def test_misuse_is_reported(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([*arguments, "--port", "0"]) == 2
    assert capsys.readouterr().err.startswith("loopback: ")
    assert run_program.main(["only-a-folder"]) == 2


def test_the_line_about_requests() -> None:
    counts = Counter({("arxiv", 200): 12, ("x", 429): 2, ("x", 200): 1})
    assert command.summary_line(moment("2026-03-12T05:06"), counts, 1_500_000) == (
        "2026-03-12 05:06:00 · arxiv 12 · x 3 · status 429: 2 · 1.5 MB sent"
    )
    assert "quiet" in command.summary_line(0, Counter(), 0)
