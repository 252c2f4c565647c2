"""`hotpapers follow`, and following through `collect` and `run`, over HTTP."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hotpapers.base import network_terms
from hotpapers.base.http.proxies import NO_PROXIES

pytest.importorskip("cryptography", reason="signatures need the extra `transparency`")

from hotpapers.base.http import HostPacer, ServerClocks
from hotpapers.base.model import DAY, HOUR, Measurement, Publication
from hotpapers.base.network_terms import TERMS
from hotpapers.base.networks import readable_networks
from hotpapers.collect.change_filter import SharedPaperIndex
from hotpapers.collect.job_factory import IngestContext
from hotpapers.issues.queries import frozen_days
from hotpapers.jobs.leases import Leases
from hotpapers.record import Record, current_time
from hotpapers.site.configured_site import PACE
from hotpapers.site.site import Site
from hotpapers.wings.peers import commands
from hotpapers.wings.peers.following.fetched_log import FollowedSite
from hotpapers.wings.proof.log_keys import make_key
from hotpapers.wings.proof.notes import COSIGNATURE_ED25519
from hotpapers.wings.proof.publication_log import LogConfig, update_log
from tests.base.http.server import answer, serving
from tests.cli.run import failure, good, misuse, run
from tests.issues.made import counts, key, paper, post
from tests.wings.peers.following.sites import NAME, reading, render
from tests.wings.proof.cosigners import Cosigner
from tests.wings.proof.test_log import serve_folder


@contextmanager
def published_site(folder: Path) -> Iterator[str]:
    """The address of a site that published its observations of the day before yesterday."""
    folder.mkdir()
    config = LogConfig(folder / "hotpapers.key", folder / "logs", observations=True)
    make_key(config.key_file)
    at = current_time()
    start = at - at % DAY - 2 * DAY
    with Record(str(folder / "hotpapers.db")) as record:
        items = [*paper(1, at=start), *post(1, "bluesky:1", start + HOUR), counts("bluesky:1", 8, start + HOUR)]
        record.append([*items, reading("bluesky", start, start + DAY, ())], source="made-up", at=start + 23 * HOUR)
        update_log(record.database, NAME, config, current_time())
    render(config, folder / "public")
    with serve_folder(folder / "public") as address:
        yield address


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with published_site(tmp_path / "neighbor") as address:
        yield address


def measurements(store: Path) -> list[tuple[str, int, int]]:
    with Record(str(store), create=False) as record:
        items = [row.item for row in record.view().latest(Measurement)]
    return [(item.source, item.age, item.voices) for item in items]


def test_a_site_is_followed(cwd: Path, url: str) -> None:
    text = good("follow", url, "--name", "neighbor")
    assert text.startswith("neighbor: 1 file, 5 observations, 2 counts\n")
    assert (
        "verified with the keys that the site gave when it was first read" in text
        and "  log " in text
        and "[[follow]]" in text
    )
    assert measurements(cwd / "hotpapers.db") == [("neighbor", 6, 9), ("neighbor", 24, 9)]
    assert json.loads(good("follow", url.rstrip("/"), "--name", "neighbor", "--json"))["counts"] == 0
    export = good("export", "--records")
    assert '"kind":"measurement"' in export and key(1) in export and "bluesky:" not in export


def test_a_policy_says_whom_to_trust(cwd: Path, url: str, tmp_path: Path) -> None:
    policy_text = (tmp_path / "neighbor/public/log/policy.txt").read_text()
    policy = cwd / "policy.txt"
    policy.write_text(policy_text)
    text = good("follow", url, "--policy", policy)
    assert "with the keys" not in text and f'  policy = """\n{policy_text.strip()}\n  """' in text
    policy.write_text("quorum none\n")
    assert "names no log" in failure("follow", url, "--policy", policy)
    policy.write_text("nonsense")
    assert "policy.txt:1" in failure("follow", url, "--policy", policy)
    assert "begins with https://" in misuse("follow", "papers.example")


@pytest.mark.parametrize("given", ["", "first", "second", "both"])
def test_a_site_is_followed_once_whatever_its_address(cwd: Path, url: str, tmp_path: Path, given: str) -> None:
    """And whoever's policy it is read with."""
    policy = ("--policy", tmp_path / "neighbor/public/log/policy.txt")
    good("follow", url, "--name", "neighbor", *(policy if given in ("first", "both") else ()))
    other = url.replace("127.0.0.1", "localhost")
    assert other != url
    again = failure("follow", other, "--name", "far", *(policy if given in ("second", "both") else ()))
    assert "has the key of neighbor, which is followed; a site counts once" in again
    good("follow", url.replace("http", "HTTP"), "--name", "neighbor")
    assert {source for source, *_ in measurements(cwd / "hotpapers.db")} == {"neighbor"}


def test_nobody_follows_their_own_site(cwd: Path, url: str, tmp_path: Path) -> None:
    (cwd / "hotpapers.toml").write_text(f'[transparency]\nfolder = "{tmp_path}/neighbor/logs"\n')
    assert "publishes this site's own log; follow only others" in failure("follow", url, "--name", "neighbor")
    assert not measurements(cwd / "hotpapers.db")


def test_a_site_needs_a_name_and_an_address_that_the_settings_can_have(cwd: Path) -> None:
    for name in ("../elsewhere", "a b", "ab/c"):
        assert "name: use letters, digits and hyphens" in misuse("follow", "http://a.example/", "--name", name)
    url_message = misuse("follow", "https://me:secret@a.example/")
    assert "url: write a full address" in url_message and "secret" not in url_message
    assert "url: write a full address" in misuse("follow", "http://[::1")
    assert "is not usable; write a full address" in misuse("verify", "--site", "http://[::1")
    (cwd / "hotpapers.toml").write_text('[[follow]]\nname = "neighbor"\nurl = "http://[::1/"\n')
    assert "follow 'neighbor': url: " in misuse("collect", "--once")
    (cwd / "hotpapers.toml").write_text('[[follow]]\nname = "neighbor"\nurl = "http://a.example/"\n')
    name_message = misuse("follow", "http://b.example/", "--name", "neighbor")
    assert "name: is taken by an earlier table" in name_message
    assert not (cwd / "elsewhere").exists()


@pytest.mark.long
def test_a_site_is_compared_with_a_store(cwd: Path, url: str, tmp_path: Path) -> None:
    store = tmp_path / "neighbor/hotpapers.db"
    for pair in ((store, url), (url, store), (url, url)):
        comparison = json.loads(good("lab", "compare", *pair, "--json"))
        assert [(row["network"], row["same"]) for row in comparison["networks"]] == [("bluesky", 1)]
        assert not comparison["differences"]
    file = next((tmp_path / "neighbor/public").rglob("*.zst"))
    file.unlink()
    result = run("lab", "compare", store, url)
    assert result.status == 2 and "withheld" in result.err and "no observations published" in result.err


def test_a_site_without_its_witnesses_is_not_compared_and_says_why(cwd: Path, url: str, tmp_path: Path) -> None:
    witness = Cosigner("w.example", COSIGNATURE_ED25519, bytes(range(32)))
    policy = tmp_path / "neighbor/public/log/policy.txt"
    policy_text = policy.read_text().replace("quorum none\n", "")
    policy.write_text(f"{policy_text}witness w {witness.verifier}\nquorum w\n")
    result = run("lab", "compare", tmp_path / "neighbor/hotpapers.db", url)
    assert result.status == 2 and "0 of 1 witnesses cosigned its checkpoint" in result.err


def state_of(job: str) -> dict[str, object]:
    """How a job is doing, according to `status`."""
    [state] = [row for row in json.loads(good("status", "--json"))["jobs"] if row["job"] == job]
    return dict(state)


@contextmanager
def run_server(folder: Path) -> Iterator[Callable[[], tuple[int, dict[str, Any]]]]:
    """`hotpapers run` in its own process; yields a function that asks it for its health over HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with (folder / "hotpapers.toml").open("a") as settings:
        settings.write(f'[run]\nlisten = "127.0.0.1:{port}"\n')

    def ask() -> tuple[int, dict[str, Any]]:
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as response:
                    return response.status, json.loads(response.read())
            except urllib.error.HTTPError as problem:
                return problem.code, json.loads(problem.read())
            except OSError:
                time.sleep(0.1)
        raise AssertionError("nobody answers")

    process = subprocess.Popen([sys.executable, "-m", "hotpapers", "run"], cwd=folder, stderr=subprocess.DEVNULL)
    try:
        yield ask
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.long
def test_what_cannot_be_believed_is_an_alarm_and_a_site_that_is_away_is_none(
    cwd: Path, url: str, tmp_path: Path
) -> None:
    site_settings = following_settings(url) + '[[publication]]\nname = "daily"\n'
    gone_table = '[[follow]]\nname = "gone"\nurl = "http://127.0.0.1:9/site/"\n'
    (cwd / "hotpapers.toml").write_text(site_settings + gone_table)
    file = next((tmp_path / "neighbor/public").rglob("*.zst"))
    data = file.read_bytes()
    file.unlink()
    with run_server(cwd) as ask:
        for _ in range(300):
            status, state = ask()
            if not state["ok"] and any(text.startswith("follow/gone: down") for text in state["failing"]):
                break
            time.sleep(0.1)
        [problem] = state["problems"]
        assert status == 503 and problem.startswith("followed site neighbor: ") and "withheld" in problem
        assert f"alarm      {problem}; once dealt with: hotpapers follow --acknowledge NAME" in good("status")
        assert json.loads(good("status", "--json"))["alarms"] == [problem]
        assert "follow/gone          down since " in good("status")
        assert good("follow", "--acknowledge", "neighbor") == ""
        status, state = ask()
        assert (status, state["problems"]) == (200, [])
    assert "no alarm about gone" in misuse("follow", "--acknowledge", "gone")
    assert "missing URL" in misuse("follow")
    file.write_bytes(data)
    good("follow", url)
    assert json.loads(good("status", "--json"))["alarms"] == []


def following_settings(url: str) -> str:
    """Settings that follow a site and read nothing else."""
    names = ("arxiv", "bluesky", "hackernews", "lobsters", "huggingface")
    off = "".join(f"[source.{name}]\non = false\n" for name in names)
    table = f'[[follow]]\nname = "neighbor"\nurl = "{url}"\n'
    return f'contact = "https://library.example/"\n{table}{off}'


class RecordingPacer(HostPacer):
    """Lets every request start at once, and records the pauses that were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.paces: set[float] = set()

    def __call__(self, host: str, pace: float) -> float:
        self.paces.add(pace)
        return 0.0


def test_the_job_asks_a_followed_site_as_often_as_the_command(cwd: Path, url: str) -> None:
    open_record, paces = partial(Record, str(cwd / "own.db")), RecordingPacer()
    context = IngestContext(
        str(cwd / "own.db"), "", threading.Event(), Leases(open_record, "one"), SharedPaperIndex(), paces,
        ServerClocks(), terms=network_terms.TERMS, back=None, proxies=NO_PROXIES
    )  # fmt: skip
    site = FollowedSite("neighbor", url, "", cwd / "followed/neighbor", own_logs=None)
    command_context = cast(Site, SimpleNamespace(terms=TERMS))
    rounds = commands._rounds(site, command_context, context)
    outcome = rounds.attempt()
    rounds._close_store()
    assert outcome is not None and outcome.state == "idle" and measurements(cwd / "own.db")
    assert paces.paces == {PACE}


@pytest.mark.long
def test_settings_name_what_is_followed(cwd: Path, url: str, tmp_path: Path) -> None:
    table = f'[[follow]]\nname = "neighbor"\nurl = "{url}"\n'
    (cwd / "hotpapers.toml").write_text(following_settings(url))
    assert "follow/neighbor    5 items so far" in good("collect", "--once")
    assert "[[follow]]" not in good("follow", url)
    success_at = state_of("follow/neighbor")["success_at"]
    settings = (cwd / "hotpapers.toml").read_text()
    (cwd / "hotpapers.toml").write_text(f'{settings}[[publication]]\nname = "daily"\n')
    result = run("run", "--once")
    assert result.status == 0 and "sources=follow/neighbor" in result.err, result
    assert state_of("follow/neighbor")["success_at"] != success_at
    file = next((tmp_path / "neighbor/public").rglob("*.zst"))
    os.truncate(file, 20)
    (cwd / "followed/neighbor/record.db").unlink()
    result = run("collect", "--once")
    assert "follow/neighbor    partial since" in result.out and result.status == 1
    assert "follow/neighbor" in good("status")
    (cwd / "hotpapers.toml").write_text(table.replace("neighbor", "a b"))
    assert "follow 'a b': name: use letters" in misuse("status")
    (cwd / "hotpapers.toml").write_text(table + table.replace(url, "https://other.example/"))
    assert "is taken by an earlier table" in misuse("status")
    for spelling in (
        url,
        url.replace("http:", "https:"),
        url.replace("l", "%6C"),
        url.replace("localhost", "LOCALHOST"),
    ):
        (cwd / "hotpapers.toml").write_text(table + table.replace("neighbor", "twin").replace(url, spelling))
        assert "follow 'twin': url: is the address of an earlier table; a site counts once" in misuse("status")
    (cwd / "hotpapers.toml").write_text(table.replace(url, "papers.example"))
    assert "url: write a full address" in misuse("status")
    (cwd / "hotpapers.toml").write_text(f'{table}policy = "quorum nobody"\n')
    assert "follow 'neighbor': policy: 1: nobody: not a witness" in misuse("follow", url)


def test_where_only_other_sites_are_read_their_clocks_count(cwd: Path) -> None:
    """This machine's clock is five days ahead of the followed site's: nothing is frozen for good."""
    five_days_ago = format_datetime(datetime.fromtimestamp(current_time() / 1e6, UTC) - timedelta(days=5), usegmt=True)
    sources = "".join(
        f"[source.{name}]\non = false\n" for name in [row.name for row in readable_networks().values() if row.is_on]
    )
    with Record(str(cwd / "hotpapers.db")) as record, serving() as server:
        daily = Publication(publication="daily", title="Hot Papers", observed_at=current_time() - 9 * DAY)
        record.append([daily], source="settings", at=current_time() - 9 * DAY)
        server.on("/log/policy.txt", answer(404, date=five_days_ago))
        follow = f'[[follow]]\nname = "neighbor"\nurl = "{server.base}/"\n'
        (cwd / "hotpapers.toml").write_text(f'[[publication]]\nname = "daily"\n{sources}{follow}')
        run("run", "--once")
        assert frozen_days(record, "daily") == []
    assert "clock is 5 days ahead of the networks'" in str(state_of("issues")["reason"])
