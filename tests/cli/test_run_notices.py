"""What `run` and `status` tell: changed settings, networks out of reach, the next issue, other processes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hotpapers.base.model import DAY, HOUR
from hotpapers.base.settings import Settings, default_settings, settings_type
from hotpapers.base.text.timestamps import minute_of
from hotpapers.discussion.moderation.quotation_policy import load_blocklist
from hotpapers.issues.freeze import publication_of
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.job_state import WORKING, JobState, seems_offline
from hotpapers.jobs.leases import Leases, ProcessAtWork, processes_at_work, this_process
from hotpapers.publish.schedule.due import ExpectedIssue, next_issues
from hotpapers.record import Record, current_time
from hotpapers.site.configured_site import OFFLINE, RunNotice
from hotpapers.site.run_notices import (
    NextIssueWatch,
    OfflineWatch,
    ReadingWatch,
    SettingsWatch,
    changed_keys,
    common_zone,
    next_sentence,
    start_notices,
)
from hotpapers.site.site import Site
from tests.cli.run import environment, good, run
from tests.issues.made import moment

TEXT = """contact = "desk@made.example"
[[publication]]
name = "daily"
zone = "Asia/Kathmandu"
categories = ["cs.CL"]
[quote]
block_words = []
[source.lobsters]
base = "http://127.0.0.1:1"
"""
AT = moment("2026-11-25T12:00")


@pytest.fixture
def context(tmp_path: Path) -> Site:
    file = tmp_path / "hotpapers.toml"
    file.write_text(TEXT)
    context = Site.open(file)
    with context.opened(create=True, publications=True):
        return context


# ---- changed settings ----------------------------------------------------------------------------------


@pytest.fixture
def change(context: Site) -> Iterator[Callable[[str], list[RunNotice]]]:
    """Writes the settings file, and returns the notices then."""
    watch = SettingsWatch(context)
    with Record(context.store) as record:

        def write(text: str) -> list[RunNotice]:
            context.file.write_text(text)
            assert list(watch.look(record, AT)) == [], "it may still be written"
            return list(watch.look(record, AT))

        yield write


def test_what_publications_say_applies_at_once(context: Site, change: Callable[[str], list[RunNotice]]) -> None:
    title = TEXT.replace('name = "daily"', 'name = "daily"\ntitle = "Words"\nhour = 9')
    [notice] = change(title)
    keys = "publication daily: title, publication daily: hour"
    assert (notice.event, notice.fields) == ("settings applied", {"keys": keys})
    assert notice.sentence == f"The settings have changed. Applied: {keys}."
    with Record(context.store) as record:
        saved = publication_of(record, "daily")
    assert (saved.title, saved.hour) == ("Words", 9)
    assert change(title) == []


def test_a_blocklist_applies_at_once(context: Site, change: Callable[[str], list[RunNotice]]) -> None:
    [notice] = change(TEXT.replace("block_words = []", 'block_words = ["owl"]'))
    assert notice.sentence == "The settings have changed. Applied: quote.block_words."
    with Record(context.store) as record:
        assert load_blocklist(record.database).words == ("owl",)


def test_all_else_takes_a_restart(context: Site, change: Callable[[str], list[RunNotice]]) -> None:
    weekly = TEXT.replace("[quote]", '[[publication]]\nname = "weekly"\nwindow = "weekly"\n[quote]')
    [notice] = change(weekly + 'every = 7200\n[run]\nlisten = "127.0.0.1:9464"\n')
    assert notice.event == "restart to apply"
    assert notice.sentence == (
        "The settings have changed. Restart to apply: publication weekly, source.lobsters, run.listen."
    )
    with Record(context.store) as record:
        known = {item.publication for item in record.view().items(type(publication_of(record, "daily")))}
    assert known == {"daily"}, "it begins when the jobs know of it"
    applied, restart = change(TEXT.replace('"Asia/Kathmandu"', '"UTC"\noutput = "elsewhere"'))
    assert applied.sentence.endswith("Applied: publication daily: zone.")
    assert restart.sentence.endswith("Restart to apply: publication daily: output.")
    with Record(context.store) as record:
        assert publication_of(record, "daily").zone == "UTC"


def test_settings_that_cannot_be_used_change_nothing(context: Site, change: Callable[[str], list[RunNotice]]) -> None:
    [notice] = change(TEXT.replace("zone =", "timezone ="))
    assert notice.event == "settings not usable" and "did you mean zone?" in notice.sentence
    assert notice.sentence.endswith("Those before still apply.")
    [notice] = change(TEXT + "bsae = 1\n")
    assert "source.lobsters.bsae: no such setting" in notice.sentence
    context.file.unlink()
    with Record(context.store) as record:
        assert list(SettingsWatch(context).look(record, AT)) == []
    assert change(TEXT) == []


def other_value(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return value + "x" if isinstance(value, str) else ("x",)


def test_every_setting_is_either_applied_or_takes_a_restart() -> None:
    file_settings = msgspec.convert({"publication": [{"name": "daily"}]}, settings_type())
    [daily] = file_settings.publication
    for key in daily.__struct_fields__:
        table = msgspec.structs.replace(daily, **{key: other_value(getattr(daily, key))})
        at_once, restart = changed_keys(file_settings, msgspec.structs.replace(file_settings, publication=(table,)))
        named = [text for text in (*at_once, *restart) if key in text or key == "name"]
        assert named and (not at_once) == (key in ("output", "base", "window", "name")), key
    for key in file_settings.__struct_fields__:
        value = getattr(file_settings, key)
        if isinstance(value, msgspec.Struct) and key != "quote":
            for part in value.__struct_fields__:
                other_table = msgspec.structs.replace(value, **{part: other_value(getattr(value, part))})
                changed = msgspec.structs.replace(file_settings, **{key: other_table})
                assert changed_keys(file_settings, changed) == ([], [f"{key}.{part}"])
        elif key not in ("publication", "quote", "source"):
            changed = msgspec.structs.replace(file_settings, **{key: other_value(value)})
            assert changed_keys(file_settings, changed) == ([], [key])


# ---- networks out of reach -----------------------------------------------------------------------------


def test_without_any_network_it_seems_to_be_offline(context: Site) -> None:
    watch, jobs = OfflineWatch(["arxiv", "bluesky", "bluesky/counts"], OFFLINE), ("arxiv", "bluesky")
    with Record(context.store) as record:

        def look(**states: str) -> list[str]:
            for job, state in states.items():
                failing = None if state == "idle" else AT
                jobs_queries.save_state(record, JobState(source=job, state=state, failing_since=failing, reason="r"))
            return [notice.event for notice in watch.look(record, AT)]

        assert look() == []
        assert look(arxiv="down") == []
        assert look(arxiv="down", bluesky="refused") == [], "a network that refuses is reached"
        assert look(arxiv="down", bluesky="down") == ["offline"]
        assert look(arxiv=WORKING) == look(bluesky=WORKING) == []
        assert look(arxiv="idle") == ["online"]
        assert look() == []
        assert not seems_offline(jobs, jobs_queries.all_states(record))
        assert look(arxiv="down", bluesky="down") == ["offline"]
        assert seems_offline(jobs, jobs_queries.all_states(record))


def test_a_network_that_cannot_be_read_is_not_read_back(context: Site) -> None:
    jobs = ["arxiv", "bluesky", "bluesky/counts"]
    with Record(context.store) as record:
        states = [JobState(source=job, started_at=AT, back_to=AT - DAY) for job in jobs]
        for state in states:
            jobs_queries.save_state(record, state)
        watch, steps = ReadingWatch(jobs), list[int]()
        watch.step = steps.append
        assert list(watch.look(record, AT)) == [] and watch.jobs == jobs
        jobs_queries.save_state(record, msgspec.structs.replace(states[0], back_at=AT, items=7))
        assert [notice.event for notice in watch.look(record, AT)] == ["read back"]
        failing = msgspec.structs.replace(states[1], failing_since=AT, state="down", reason="no address")
        jobs_queries.save_state(record, failing)
        assert list(watch.look(record, AT)) == []
        [notice] = watch.look(record, AT + HOUR)
        assert notice.sentence == "bluesky could not be read back yet and is tried again: no address"
        assert watch.jobs == [] and sum(steps) == 1, "of three; the bar does not show 100 %"


@pytest.mark.long
def test_commands_say_that_one_seems_to_be_offline(context: Site) -> None:
    off = "".join(f"[source.{name}]\non = false\n" for name in ("arxiv", "bluesky", "hackernews", "huggingface"))
    context.file.write_text(TEXT + off)
    for command in (["collect", "--once"], ["run", "--once"]):
        result = run(*command, "--config", context.file)
        assert result.status == 1 and f"hotpapers: {OFFLINE}\n" in result.err, command
    assert f"offline    {OFFLINE}\n" in good("status", "--config", context.file)
    assert json.loads(good("status", "--config", context.file, "--json"))["offline"] is True


# ---- the next issue ------------------------------------------------------------------------------------


def test_the_next_issue_is_told_in_the_zone_of_its_publication(context: Site) -> None:
    with Record(context.store) as record:
        [issue] = next_issues(record, ["daily"], AT)
    assert next_sentence(issue, "Asia/Kathmandu", AT) == (
        "The next issue of daily, for 2026-11-26, comes on Thursday 2026-11-26 at 10:45 Asia/Kathmandu."
    )
    assert minute_of(issue.at, "Asia/Kathmandu") == "2026-11-26 10:45 Asia/Kathmandu"
    assert minute_of(issue.at) == "2026-11-26 05:00 UTC"


@pytest.mark.parametrize(
    ("waits_for", "failure", "state"),
    [
        ("", "", "is due"),
        ("arXiv’s announcement", "", "waits for arXiv’s announcement"),
        ("reading back: arxiv", "", "waits for reading back: arxiv"),
        ("", "refused by the disk", "has not appeared: refused by the disk"),
    ],
)
def test_a_late_issue_says_what_it_waits_for(waits_for: str, failure: str, state: str) -> None:
    late = ExpectedIssue("daily", "2026-11-25", AT - HOUR, waits_for, failure)
    assert next_sentence(late, "UTC", AT) == (
        f"The issue of daily for 2026-11-25 closed on Wednesday 2026-11-25 at 11:00 UTC, and {state}."
    )


def test_what_changes_is_told_once(context: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    issues: list[ExpectedIssue] = []
    monkeypatch.setattr("hotpapers.site.run_notices.next_issues", lambda *_: list(issues))
    watch = NextIssueWatch(context, [ExpectedIssue("daily", "2026-11-25", AT)])

    def look(minutes: int, *following: ExpectedIssue) -> list[str]:
        issues[:] = following
        with Record(context.store) as record:
            return [notice.event for notice in watch.look(record, AT + minutes * HOUR // 60)]

    late = ExpectedIssue("daily", "2026-11-25", AT)
    assert look(-1, late) == []
    assert look(1, late._replace(waits_for="reading: a, b")) == ["issue waits"]
    assert look(2, late._replace(waits_for="reading: b")) == []
    assert look(3, ExpectedIssue("daily", "2026-11-26", AT + DAY)) == ["next issue"]
    assert look(4, ExpectedIssue("daily", "2026-11-26", AT + DAY)) == []


def test_the_start_tells_the_next_issue_and_that_a_contact_is_missing(context: Site) -> None:
    def notices_for(settings: Settings) -> list[RunNotice]:
        with Record(context.store) as record:
            jobs_queries.save_state(record, JobState(source="lobsters", started_at=AT))
            return start_notices(record, context.with_settings(settings), ["lobsters"], ["lobsters"], AT)[0]

    assert [notice.event for notice in notices_for(context.settings) if notice.event] == ["next issue"]
    notices = notices_for(msgspec.structs.replace(context.settings, contact=" "))
    assert [notice.event for notice in notices if notice.event] == ["next issue", "no contact"]
    assert notices[-2].sentence.startswith("No contact is set: networks and readers cannot reach you; write contact")
    tables = {"bluesky": {"transport": "firehose", "mode": "poll"}}
    notices = notices_for(msgspec.structs.replace(context.settings, source=tables))
    assert notices[-2].sentence == f"{context.file}: source.bluesky.transport is ignored: it can be deleted."


def test_status_tells_what_comes_next(context: Site) -> None:
    lines = good("status", "--config", context.file).splitlines()
    assert "running    no; `hotpapers run` starts it" in lines
    assert any(line.startswith("next       The next issue of daily, for 20") for line in lines)
    status = json.loads(good("status", "--config", context.file, "--json"))
    assert [issue["publication"] for issue in status["next"]] == ["daily"] and status["processes"] == []


def test_moments_that_concern_no_publication_are_in_the_zone_of_all(context: Site) -> None:
    assert common_zone(context) == "Asia/Kathmandu"
    [daily] = context.settings.publication
    both = msgspec.structs.replace(context.settings, publication=(daily, msgspec.structs.replace(daily, zone="UTC")))
    assert common_zone(context.with_settings(both)) == "UTC"
    assert common_zone(context.with_settings(default_settings())) == "UTC"


# ---- other processes -----------------------------------------------------------------------------------


def test_processes_at_work_are_known(store_url: str) -> None:
    own, ended = this_process(), ProcessAtWork(socket.gethostname(), _ended_process(), "0a")
    elsewhere = ProcessAtWork("nas:7", 12, "0b")
    with Record(store_url) as record:
        assert processes_at_work(record) == []
        with Leases(partial(Record, store_url), own.holder):
            for process in (ended, elsewhere):
                jobs_queries.take_lease(record, f"process:{process.holder}", process.holder)
            assert sorted(processes_at_work(record)) == sorted([own, elsewhere])
        assert processes_at_work(record) == [elsewhere]
    assert str(elsewhere) == "process 12 on nas:7" and own.number == os.getpid()


def _ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.long
def test_a_second_run_says_that_another_is_at_work(context: Site) -> None:
    command = [sys.executable, "-m", "hotpapers", "run", "--config", str(context.file)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment()) as first:
        assert first.stderr is not None
        try:
            assert "shared store" not in first.stderr.readline()
            status = json.loads(good("status", "--config", context.file, "--json"))
            assert [process["number"] for process in status["processes"]] == [first.pid]
            with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment()) as second:
                assert second.stderr is not None
                line = second.stderr.readline()
                second.terminate()
            assert f'shared store  processes="process {first.pid} on {socket.gethostname()}"' in line
        finally:
            first.terminate()
    assert current_time() > AT
