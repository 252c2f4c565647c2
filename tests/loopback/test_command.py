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

from hotpapers import announcement_days as days
from hotpapers.model import DAY, HOUR, Announcement, Coverage, Item, Mention, Paper, Post, Snapshot
from hotpapers.store import Record
from tests.conftest import ROOT
from tests.loopback import __main__ as command
from tests.loopback import expected, hurry
from tests.loopback.clock import RunningClock, moment
from tests.loopback.expected import Announced
from tests.loopback.reading import mentions_in, of, posts_in
from tests.loopback.script import MINUTE, SECOND, Said, between, there
from tests.loopback.servers import Asked, Loopback
from tests.loopback.settings import settings_toml
from tests.loopback.world import World
from tests.loopback.written import said

pytestmark = pytest.mark.long

SPEED = 60
RICH = 100_000.0
"""Budget for X: requests that a slow machine repeats are paid for twice."""
BEGIN = moment("2026-03-12T04:06")
"""Six minutes after midnight in New York, when arXiv's feeds have changed to the new day."""


class Busy(World):
    """A world in which, for forty minutes, somebody names a paper on Bluesky every few seconds."""

    def said(self, network: str, day: int) -> Sequence[Said]:
        """The world's messages, and these."""
        usual = super().said(network, day)
        if network != "bluesky" or day != BEGIN // DAY:
            return usual
        taken, people, papers = {one.at for one in usual}, self.accounts(network), self.papers("2026-03-12")
        moments = [at for at in range(BEGIN, BEGIN + 40 * MINUTE, 7 * SECOND) if at not in taken]
        more = [said(people[n % 300], at, "Once more!", papers[n % 30]) for n, at in enumerate(moments)]
        return sorted([*usual, *more], key=lambda one: one.at)


WORLD = Busy(1, "2026-02-26", talk=40)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Loopback, list[Item], int]:
    """The servers, the items in the record after one round of every source, and when the round ended."""
    folder = tmp_path_factory.mktemp("site")
    with Loopback(WORLD, RunningClock(BEGIN, SPEED)) as loopback:
        hurry.Pace(loopback.clock.now(), time.time(), SPEED).write(folder)
        (folder / "hotpapers.toml").write_text(settings_toml(loopback.bases, budget=RICH), "utf-8")
        ran = subprocess.run(
            [sys.executable, "-m", "tests.loopback.hurry", str(folder), "--", "collect", "--once"],
            cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        end = loopback.clock.now()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    with Record(str(folder / "hotpapers.db")) as record:
        kinds = (Announcement, Paper, Post, Mention, Snapshot, Coverage)
        return loopback, [row.item for kind in kinds for row in record.view().latest(kind)], end


def told(items: list[Item]) -> set[Announced]:
    return {Announced(a.paper, a.day, a.category, a.type, a.version) for a in of(Announcement, items)}


def test_the_record_has_the_day_s_announcement(collected: tuple[Loopback, list[Item], int]) -> None:
    _, items, _ = collected
    assert days.current(BEGIN) == "2026-03-12" and {
        one for one in told(items) if one.day == "2026-03-12"
    } == expected.announced(WORLD, "2026-03-12")
    assert min(one.day for one in told(items)) < "2026-03-06", "a week is read back"
    assert {paper.paper for paper in of(Paper, items)} >= {one.paper for one in told(items)}


@pytest.mark.parametrize("network", expected.NETWORKS)
def test_the_record_has_each_network_s_posts(network: str, collected: tuple[Loopback, list[Item], int]) -> None:
    loopback, items, end = collected
    found = {key: post for key, post in posts_in(items).items() if post.network == network}
    possible = {expected.key(one, loopback.bases): one for one in between(WORLD, network, BEGIN - 14 * DAY, end)}
    assert found and set(found) <= set(possible), "only what somebody said"
    wanted = certain(network, end) if network != "bluesky" else heard(items)
    assert wanted and {expected.key(one, loopback.bases) for one in wanted} <= set(found)
    mentions = mentions_in(items)
    for key, post in found.items():
        withheld = post.limits and not post.text  # posts whose author does not want to be counted have no counts
        assert mentions.get(key, set()) == (set() if withheld else expected.papers(possible[key])), post
    assert all(post.gone == "" or expected.gone(possible[key], end) for key, post in found.items())


def heard(items: list[Item]) -> list[Said]:
    """The messages on a stream while it was read: in all periods that the record calls covered."""
    covered = [one for one in of(Coverage, items) if one.network == "bluesky" and one.state == "complete"]
    assert sum(one.until_at - one.from_at for one in covered) >= 5 * MINUTE
    said = [
        one
        for time_range in covered
        for one in between(WORLD, "bluesky", time_range.from_at, time_range.until_at - SECOND)
    ]
    return [one for one in said if one.names and there(one, one.at + MINUTE)]


def certain(network: str, end: int) -> list[Said]:
    """What one round must find: everything still in the network's lists."""
    since = {"hackernews": BEGIN - 7 * DAY, "x": BEGIN - 6 * DAY}.get(network, BEGIN - 12 * HOUR)
    listed = [one for one in between(WORLD, network, since, BEGIN - 15 * MINUTE) if there(one, end)]
    few = listed[-{"lobsters": 15, "reddit": 60, "mastodon": 10, "feeds": 10}.get(network, len(listed)) :]
    return [one for one in few if one.names and expected.surely_found(one)]


def test_counts_are_those_of_the_moment(collected: tuple[Loopback, list[Item], int]) -> None:
    loopback, items, end = collected
    everything = {expected.key(one, loopback.bases): one for network in expected.NETWORKS
                  for one in between(WORLD, network, BEGIN - 14 * DAY, end)}  # fmt: skip
    snapshots = of(Snapshot, items)
    assert len(snapshots) > 100
    for snapshot in snapshots[::3]:
        one, at = everything[snapshot.post], snapshot.observed_at
        likes = {(expected.figures(one, at - n * 10 * SECOND) or expected.Figures()).likes for n in range(-3, 60)}
        assert snapshot.likes in likes, (snapshot, one)


def test_nobody_was_asked_in_vain(collected: tuple[Loopback, list[Item], int]) -> None:
    loopback, _, _ = collected
    assert loopback.trapped == 0 and not [asked for asked in loopback.asked if not _answered(asked)]


def _answered(asked: Asked) -> bool:
    """A story may be deleted between the list that named it and the request for its counts."""
    return asked.status in (101, 200) or (asked.status, asked.host) == (404, "lobsters")


# ---- the command -------------------------------------------------------------------------------------------


def test_it_says_what_it_plays_and_what_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
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
    assert command.main(words) == 0
    said = capsys.readouterr().out
    assert "40 papers per day since" in said and "Faults: none, x=429@2026-11-20/1d." in said
    assert f"hotpapers run --config {tmp_path / 'hotpapers.toml'}" in said
    tables = tomllib.loads((tmp_path / "hotpapers.toml").read_text())
    assert tables["source"]["lobsters"]["base"].startswith("http://127.0.0.1:")
    assert command.main([*words, "--at", "2026-03-12T05:06", "--speed", "50"]) == 0
    assert f"-m tests.loopback.hurry {tmp_path} -- run" in capsys.readouterr().out
    assert hurry.read(tmp_path).speed == 50 and hurry.read(tmp_path).start == moment("2026-03-12T05:06")


@pytest.mark.parametrize("words", [["--fault", "x=boredom"], ["--fault", "myspace=404"], ["--at", "yesterday"]])
def test_misuse_is_named(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([*words, "--port", "0"]) == 2
    assert capsys.readouterr().err.startswith("loopback: ")
    assert hurry.main(["only-a-folder"]) == 2


def test_the_line_about_what_was_asked() -> None:
    asked = Counter({("arxiv", 200): 12, ("x", 429): 2, ("x", 200): 1})
    assert command.told(moment("2026-03-12T05:06"), asked, 1_500_000) == (
        "2026-03-12 05:06:00 · arxiv 12 · x 3 · status 429: 2 · 1.5 MB sent"
    )
    assert "quiet" in command.told(0, Counter(), 0)
