"""`hotpapers run` in its own process, against a real server on this machine; and `status` next to it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hotpapers.base.model import DAY, HOUR, Publication
from hotpapers.collect.collect_job import TimeRange, began_item
from hotpapers.jobs import job_state
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.job_state import JobState
from hotpapers.record import Record, current_time
from tests.base.http.server import Server, answer, serving
from tests.cli.run import environment, good, misuse, run

SETTINGS = """
contact = "https://library.example/"
[[publication]]
name = "daily"
[run]
log = "json"
{more}
[source.arxiv]
on = false
[source.bluesky]
on = false
[source.hackernews]
on = false
[source.huggingface]
on = false
[source.lobsters]
base = "{base}/lobsters"
"""


MISTAKES = [
    ('[publish]\nchannels = ["site", "sitte"]', "publish.channels: 'sitte' is not one of"),
    (
        '[summary]\nurl = "http://127.0.0.1:1/v1"\nmodel = "m"\nkey = "env:NOT_SET"',
        "summary.key: the environment variable",
    ),
    ('[source.x]\non = "no"', "source.x.on: must be true or false, without quotation marks"),
    ("[source.mastodon]\non = true", "source.mastodon.servers: must not be empty"),
    ('[[source.mastodon.servers]]\nbase = "social.example"', "'social.example' is not usable; write a full address"),
    ('[[source.mastodon.servers]]\nbase = "https://a.example"\ntags = []', "https://a.example: no timeline"),
    (
        '[source.feeds]\nurls = ["https://me:secret@a.example/"]',
        "this address is not usable; write a full address, without a",
    ),
]
"""Settings that would fail only in a job, and the error for each before anything runs."""


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        server.on("/lobsters/domains/arxiv.org.json", answer(200, b"[]"))
        server.on("/ping", answer(200, b"OK"))
        yield server


def write_settings(folder: Path, server: Server, options: str = "") -> Path:
    file = folder / "hotpapers.toml"
    file.write_text(SETTINGS.format(base=server.base, more=options))
    return file


@pytest.mark.long
def test_run_goes_on_until_it_is_stopped_and_says_how_it_does(tmp_path: Path, server: Server) -> None:
    config = write_settings(tmp_path, server, f'listen = "127.0.0.1:0"\nping = "{server.base}/ping"')
    command = [sys.executable, "-m", "hotpapers", "run", "--config", str(config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment()) as process:
        assert process.stderr is not None
        events: list[dict[str, str]] = []
        try:
            while "watched" not in {event["event"] for event in events}:
                events.append(json.loads(process.stderr.readline()))
            port = events[-1]["port"]
            wait_for(tmp_path / "hotpapers.db", {"housekeeping", "issues", "lobsters", "lobsters/counts"})
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as response:
                assert json.load(response)["ok"] is True
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as response:
                assert b'hotpapers_job_requests_total{job="lobsters"} ' in response.read()
            deadline = time.monotonic() + 150  # on a slow machine only the second check finds all jobs well
            while "/ping" not in [request.path for request in server.requests] and time.monotonic() < deadline:
                time.sleep(0.05)
        finally:
            process.send_signal(signal.SIGTERM)
            remaining_log = process.stderr.read()
        assert process.wait(30) == 0
    names = [event["event"] for event in events] + [json.loads(line)["event"] for line in remaining_log.splitlines()]
    assert "running" in names and names[-1] == "stopped"
    assert "/ping" in [request.path for request in server.requests]
    with Record(str(tmp_path / "hotpapers.db")) as record:
        assert record.database.rows("SELECT count(*) FROM lease") == [(0,)]


def wait_for(store: Path, jobs: set[str]) -> None:
    """Wait until each job has succeeded once."""
    deadline = time.monotonic() + 60
    while True:
        with Record(str(store)) as record:
            if jobs <= {status.source for status in jobs_queries.all_states(record) if status.state == "idle"}:
                return
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_status_says_what_nobody_does_any_more(tmp_path: Path, server: Server) -> None:
    config = write_settings(tmp_path, server)
    assert run("run", "--once", "--config", config).status == 0
    for job_name, success, text in (
        (job_state.WORKING, 5 * DAY, "stopped, last success 5 days ago, was due 5 days ago"),
        (job_state.WORKING, DAY // 24, "stopped, last success 60 min ago, was due 60 min ago"),
        ("idle", DAY // 24, "idle, last success 60 min ago, was due 5 days ago"),
    ):  # a stream's round began long before it stopped
        with Record(str(tmp_path / "hotpapers.db")) as record:
            state = jobs_queries.load_state(record, "lobsters")
            stopped_state = msgspec.structs.replace(
                state, state=job_name, next_at=current_time() - 5 * DAY, success_at=current_time() - success
            )
            jobs_queries.save_state(record, stopped_state)
        assert f"lobsters             {text}" in good("status", "--config", config)
    with Record(str(tmp_path / "hotpapers.db")) as record:
        jobs_queries.save_state(
            record, msgspec.structs.replace(state, state=job_state.WORKING, next_at=current_time() - 5 * DAY)
        )
        record.database.run("INSERT INTO lease VALUES ('lobsters', 'somebody', ?)", (current_time() + DAY,))
    pattern = r"lobsters             at work, last success 60 min ago, up to date as of \d+ s ago$"
    assert re.search(pattern, good("status", "--config", config), re.M)
    with Record(str(tmp_path / "hotpapers.db")) as record:
        failing_state = msgspec.structs.replace(
            state, state=job_state.WORKING, failing_since=current_time(), reason="no answer"
        )
        jobs_queries.save_state(record, failing_state)
    output = good("status", "--config", config)
    assert re.search(r"lobsters             at work, failing since [-\d]+ [:\d]+ UTC \(no answer\), last", output)


def test_one_round_of_all_and_what_status_says(tmp_path: Path, server: Server) -> None:
    config = write_settings(tmp_path, server)
    assert run("run", "--once", "--config", config).status == 0
    output = good("status", "--config", config)
    assert output.count(" last success ") == 4
    assert re.search(r"lobsters             idle, last success \d+ s ago, next in ", output)
    status = json.loads(good("status", "--config", config, "--json"))
    assert [job["job"] for job in status["jobs"]] == ["housekeeping", "issues", "lobsters", "lobsters/counts"]
    server.on("/lobsters/domains/arxiv.org.json", answer(403))
    result = run("run", "--once", "--config", config)
    assert result.status == 1 and result.err.splitlines()[-1].startswith("hotpapers: lobsters: refused: ")
    assert "refused since " in good("status", "--config", config)


def test_one_round_fails_if_its_issues_cannot_be_published(tmp_path: Path, server: Server) -> None:
    """One network of several that fails is no failure: the issues say that it is unknown."""
    config = write_settings(tmp_path, server, f'[source.feeds]\nurls = ["{server.base}/feed"]')
    server.on("/feed", answer(403))
    weeks_ago = current_time() - 14 * DAY
    with Record(str(tmp_path / "hotpapers.db")) as record:
        daily = Publication(publication="daily", title="Hot Papers", observed_at=weeks_ago)
        record.append([daily, began_item("lobsters", weeks_ago)], source="settings", at=weeks_ago)
        for at in range(weeks_ago + HOUR, current_time() - DAY, HOUR):  # it ran, but made no issues
            record.append([TimeRange("lobsters", at - HOUR, at, at).read("complete")], source="lobsters", at=at)
    (tmp_path / "public").write_text("a file where the folder should be")
    result = run("run", "--once", "--config", config)
    assert result.status == 1 and result.err.splitlines()[-1].startswith("hotpapers: issues: partial: daily, site: ")
    (tmp_path / "public").unlink()
    assert run("run", "--once", "--config", config).status == 0
    assert "refused since" in good("status", "--config", config)


def test_status_says_what_was_switched_off(tmp_path: Path, server: Server) -> None:
    config = write_settings(tmp_path, server)
    assert run("run", "--once", "--config", config).status == 0
    with Record(str(tmp_path / "hotpapers.db")) as record:
        for source in ("mastodon", "lobsters/2of2"):
            jobs_queries.save_state(record, JobState(source=source, failing_since=current_time(), reason="no answer"))
    output = good("status", "--config", config)
    assert re.search(r"^ +mastodon +off, no success yet$", output, re.M) and "lobsters/2of2        off," in output
    assert re.search(r"lobsters             idle", output)
    states = {job["job"]: job for job in json.loads(good("status", "--config", config, "--json"))["jobs"]}
    assert (states["mastodon"]["state"], states["mastodon"]["failing_since"]) == ("off", None)
    assert states["housekeeping"]["state"] == states["lobsters/counts"]["state"] == "idle"


def test_status_names_the_mistakes_for_which_run_does_not_start(tmp_path: Path, server: Server) -> None:
    config = write_settings(tmp_path, server)
    assert run("run", "--once", "--config", config).status == 0
    settings_text = config.read_text()
    ranking = ('name = "daily"\nranking = "rarest/9"', "publication 'daily': ranking: 'rarest/9' is not one of")
    for text, message in [(f"{settings_text}\n{table}\n", message) for table, message in MISTAKES] + [
        (settings_text.replace('name = "daily"', ranking[0]), ranking[1]),
        (f"{settings_text}\n[source.blusky]\non = true\n", "source.blusky: no such source; known sources: arxiv"),
    ]:
        config.write_text(text)
        output = good("status", "--config", config)
        assert re.search(rf"^settings   .*{re.escape(message)}", output, re.M), (message, output)
        assert message in json.loads(good("status", "--config", config, "--json"))["settings"][0]
        assert message in misuse("run", "--once", "--config", config)


def test_status_says_that_observations_need_a_log(tmp_path: Path) -> None:
    home, store = tmp_path / "hotpapers.toml", tmp_path / "hotpapers.db"
    home.write_text("[transparency]\nobservations = true\n")
    Record(str(store)).database.close()
    assert "observations: nothing is published without a log" in good("status", "--config", home)
    good("log", "--new-key", "--config", home)
    assert "settings   " not in good("status", "--config", home)


def test_run_needs_a_publication_and_a_good_address(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_settings(tmp_path, server, 'listen = "nowhere"')
    assert "run.listen: 'nowhere' is not an address" in misuse("run", "--once", "--config", config)
    for ping in ("ping.example", "https://ping.example:99999/", "https://me:secret@ping.example/"):
        write_settings(tmp_path, server, f'ping = "{ping}"')
        message = misuse("run", "--once", "--config", config)
        assert "run.ping: " in message and "is not usable; write a full address" in message and "secret" not in message
    config.write_text('[run]\nlog = "loud"\n')
    assert "loud" in misuse("run", "--once", "--config", config)
    for table, reason in MISTAKES:
        config.write_text(f"{write_settings(tmp_path, server).read_text()}\n{table}\n")
        assert reason in misuse("run", "--once", "--config", config)
    write_settings(tmp_path, server)
    monkeypatch.chdir(tmp_path)
    message = misuse("run", "--once", "--store", tmp_path / "other.db")
    assert message == "hotpapers.toml is for another store; add --config hotpapers.toml to use it for this one"
    for text in ("", "# nothing yet\n", 'store = "hotpapers.db"\n'):
        config.write_text(text)
        assert "no publication configured" in misuse("run", "--once", "--config", config)
    config.unlink()
    assert misuse("run", "--once") == "no hotpapers.toml here; `hotpapers init` creates one"
