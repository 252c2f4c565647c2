"""The workflow for GitHub Pages: its triggers, its permissions, and its steps, run against a simulated release API."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hotpapers.jobs import queries as jobs_queries
from hotpapers.record import Record
from hotpapers.wings.hosting.writing import WORKFLOW
from tests.base.http.server import Server, answer, serving
from tests.cli.run import good
from tests.wings.hosting.runner import JobResult, Machine

yaml: Any = pytest.importorskip("yaml", reason="no YAML library to read the workflow with")
needs_programs = pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "jq", "zstd", "sha256sum", "xargs"))),
    reason="the steps need bash, jq, zstd, sha256sum and xargs, which GitHub's machines have",
)
pytestmark = needs_programs

SETTINGS = """
contact = "https://library.example/"
[[publication]]
name = "daily"
title = "The Daily Kettle"
hour = 8
zone = "Europe/Zurich"
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
STORE, BEGIN, COMMAND, RUN = "Download the store", "Record the start", "Run the operator’s command", "Collect, freeze"
END, UPLOAD, RENEW = "Record the outcome and render", "Upload the store", "Keep the schedule alive"
RESTORE, PACK = "Restore the store", "Pack the store"
SHA = re.compile(r"[a-z]+/[a-z-]+@[0-9a-f]{40}")
CONTEXT = {
    "github.token": "made-up", "github.event_name": "schedule", "inputs.start": "", "secrets.HOTPAPERS_WORDS": "",
    "github.server_url": "https://github.example", "github.repository": "made-up/papers", "github.run_id": "7",
    "steps.pages.outputs.base_url": "https://made-up.example/papers",
}  # fmt: skip
BY_HAND = CONTEXT | {"github.event_name": "workflow_dispatch", "inputs.start": "true"}


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as http_server:
        http_server.on("/lobsters/domains/arxiv.org.json", answer(200, b"[]"))
        yield http_server


@pytest.fixture
def home(tmp_path: Path, server: Server) -> Path:
    """A repository with settings and the workflow."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "hotpapers.toml").write_text(SETTINGS.format(base=server.base))
    good("init", folder, "--github-pages")
    return folder


@pytest.fixture
def machine(home: Path, tmp_path: Path) -> Machine:
    return Machine(home, tmp_path / "releases")


@pytest.fixture(scope="session")
def first_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a machine that has saved its first store; nothing may change it."""
    folder = tmp_path_factory.mktemp("first")
    home = folder / "repository"
    home.mkdir()
    (home / "hotpapers.toml").write_text(SETTINGS.format(base="https://unasked.example"))
    good("init", home, "--github-pages")
    assert not save_store(Machine(home, folder / "releases")).failed_steps
    return folder


@pytest.fixture
def machine_with_store(machine: Machine, first_store: Path) -> Machine:
    """A machine that has saved its first store."""
    shutil.copytree(first_store / "releases", machine.releases, dirs_exist_ok=True)
    shutil.copy(first_store / "repository" / "hotpapers.db", machine.folder)
    return machine


def workflow(home: Path) -> Any:
    return yaml.safe_load((home / WORKFLOW).read_text("utf-8"))


def issue_job(home: Path) -> Any:
    return workflow(home)["jobs"]["issue"]


def clean(home: Path) -> None:
    """Leaves what a new runner has: the repository's files and nothing generated."""
    for name in ("hotpapers.db", "hotpapers.db-wal", "hotpapers.db-shm"):
        (home / name).unlink(missing_ok=True)
    for name in ("public", "_site"):
        shutil.rmtree(home / name, ignore_errors=True)


def full_run(machine: Machine, context: dict[str, str], **environment: str) -> JobResult:
    """A run on a new machine, without the installation."""
    clean(machine.folder)
    job = issue_job(machine.folder)
    job = {**job, "steps": [step for step in job["steps"] if step["name"] != "Install"]}
    return machine.run(job, context, **environment)


def save_store(machine: Machine, context: dict[str, str] = BY_HAND, **environment: str) -> JobResult:
    """The part of a run that restores the store and saves it."""
    clean(machine.folder)
    return machine.run(issue_job(machine.folder), context, STORE, RESTORE, BEGIN, PACK, UPLOAD, **environment)


def assets(machine: Machine) -> list[dict[str, Any]]:
    """The saved stores, newest first."""
    rows = json.loads((machine.releases / "assets.json").read_text())
    return sorted(rows, key=lambda row: str(row["name"]), reverse=True)


def calls(machine: Machine) -> list[list[str]]:
    return [json.loads(line) for line in (machine.releases / "calls.jsonl").read_text().splitlines()]


# ---- triggers and permissions --------------------------------------------------------------------------


def test_it_runs_after_the_hour_in_winter_and_in_summer(home: Path) -> None:
    triggers = workflow(home)[True]  # YAML 1.1 reads `on` as true
    assert [trigger["cron"] for trigger in triggers["schedule"]] == ["7 6,7 * * *", "23 1,5,9,13,17,21 * * *"]
    assert set(triggers) == {"schedule", "workflow_dispatch"}


def test_it_may_do_the_least(home: Path) -> None:
    config = workflow(home)
    assert config["permissions"] == {}
    assert config["jobs"]["issue"]["permissions"] == {"contents": "write", "actions": "write", "pages": "read"}
    assert config["jobs"]["deploy"]["permissions"] == {"pages": "write", "id-token": "write"}
    assert config["concurrency"] == {"group": "hotpapers", "cancel-in-progress": False}
    with_token = [step["name"] for step in steps(config) if "github.token" in str(step)]
    assert with_token == [STORE, UPLOAD, RENEW]
    program = re.compile(r"(^|xargs |45m )hotpapers [a-z]", re.M)
    with_program = [step["name"] for step in steps(config) if program.search(step.get("run", ""))]
    assert {RESTORE, BEGIN, PACK, RUN, END} <= set(with_program) and not set(with_program) & set(with_token)
    checkout = next(step for step in steps(config) if "checkout" in step.get("uses", ""))
    assert checkout["with"] == {"persist-credentials": False}


def test_installed_packages_are_checked_by_hash(home: Path) -> None:
    install = next(step for step in steps(workflow(home)) if step["name"] == "Install")
    commands = [line.strip() for line in install["run"].splitlines() if "pip install" in line]
    assert len(commands) == 2 and "--require-hashes -r hotpapers-requirements.txt" in commands[0]
    assert "--no-deps --no-build-isolation" in commands[1]
    requirements = (home / "hotpapers-requirements.txt").read_text("utf-8")
    packages = re.findall(r"^([\w-]+)==", requirements, re.M)
    assert {"apsw", "hatchling", "psycopg", "starlette", "uvicorn"} <= set(packages)
    assert all("--hash=sha256:" in block for block in re.split(r"^(?=[\w-]+==)", requirements, flags=re.M)[1:])


def steps(config: Any) -> list[Any]:
    return [step for job in config["jobs"].values() for step in job["steps"]]


def test_actions_are_named_by_their_commits_and_scripts_hold_no_expressions(home: Path) -> None:
    all_steps = steps(workflow(home))
    actions = [step["uses"] for step in all_steps if "uses" in step]
    assert len(actions) == 5 and all(SHA.fullmatch(action) for action in actions)
    scripts = [step["run"] for step in all_steps if "run" in step]
    assert len(scripts) == 11 and not [script for script in scripts if "${{" in script]
    assert not re.search(r"git (add|commit|push)", "".join(scripts))


def test_every_job_ends(home: Path) -> None:
    assert all(job["timeout-minutes"] <= 75 for job in workflow(home)["jobs"].values())


# ---- a run ---------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_first_run_by_hand_and_one_by_the_schedule(machine: Machine, server: Server) -> None:
    first_run = full_run(machine, BY_HAND)
    assert not first_run.failed_steps, first_run.steps[END].output
    assert first_run.outputs["end.outcome"] == "success"
    [release] = json.loads((machine.releases / "releases.json").read_text())
    assert release["draft"] is True and release["tag_name"] == "hotpapers-store"
    [asset] = assets(machine)
    data = (machine.releases / "assets" / str(asset["id"])).read_bytes()
    assert re.fullmatch(rf"store-\d{{14}}-{hashlib.sha256(data).hexdigest()}\.db\.zst", asset["name"])

    second_run = full_run(machine, CONTEXT)
    assert not second_run.failed_steps, second_run
    assert f"restored from {asset['name']}" in second_run.steps[RESTORE].output
    assert [row["name"] for row in assets(machine)][1:] == [asset["name"]]
    third_run = full_run(machine, CONTEXT)
    assert not third_run.failed_steps and len(assets(machine)) == 2, third_run
    assert asset["name"] not in {row["name"] for row in assets(machine)}
    with Record(str(machine.folder / "hotpapers.db")) as record:
        assert jobs_queries.load_state(record, "schedule").state == "idle"
    assert any(words[-1].endswith("/hotpapers.yml/enable") for words in calls(machine))


@pytest.mark.long
def test_the_page_says_when_it_is_due_again(machine: Machine) -> None:
    full_run(machine, BY_HAND)
    report = json.loads((machine.folder / "_site" / "schedule.json").read_text())
    assert report["outcome"] == "success" and report["began"] <= report["ended"] < report["next_by"]
    assert report["where"] == "https://github.example/made-up/papers/actions/runs/7"
    page = (machine.folder / "_site" / "index.html").read_text("utf-8")
    due = report["next_by"].replace("T", " ")[:16]
    assert f"The next is due by {due} UTC; if that time has passed, the schedule has stopped." in page
    feed = (machine.folder / "_site" / "feeds" / "issues.atom").read_text("utf-8")
    assert "https://made-up.example/papers/feeds/issues.atom" in feed


@pytest.mark.long
def test_a_failed_run_is_published_as_such_and_its_store_is_saved(machine: Machine) -> None:
    full_run(machine, BY_HAND)
    (machine.folder / "hotpapers.toml").write_text(
        (machine.folder / "hotpapers.toml").read_text()
        + '[run]\nlisten = "192.0.2.1:1"\n'  # no machine has this address
    )
    result = full_run(machine, CONTEXT)
    assert result.failed_steps == [RUN] and result.outputs["end.outcome"] == "failure"
    assert "run.listen" in result.steps[RUN].output
    page = (machine.folder / "_site" / "index.html").read_text("utf-8")
    assert "and failed; runs have failed since" in page and "run.listen" not in page
    assert len(assets(machine)) == 2
    with Record(str(machine.folder / "hotpapers.db")) as record:
        status = jobs_queries.load_state(record, "schedule")
    assert status.failing_since and "the run ended with failure" in status.reason


def test_the_last_job_fails_where_something_failed(home: Path, machine: Machine) -> None:
    job = workflow(home)["jobs"]["deploy"]
    for outcome, status in (("success", 0), ("failure", 1), ("", 1)):
        result = machine.run(job, {"needs.issue.outputs.outcome": outcome}, "Report failures")
        assert result.steps["Report failures"].status == status


# ---- the store -----------------------------------------------------------------------------------------


def test_without_a_store_it_begins_only_by_hand(machine: Machine) -> None:
    result = full_run(machine, CONTEXT)
    assert result.failed_steps == [STORE] and "There is no store yet" in result.steps[STORE].output
    assert list(result.steps) == [STORE, RENEW]
    assert not (machine.releases / "releases.json").exists()


@pytest.mark.long
@pytest.mark.parametrize("fault", ["list", "assets", "download"])
def test_a_failing_download_ends_the_run(machine_with_store: Machine, fault: str) -> None:
    assets_before = assets(machine_with_store)
    result = full_run(machine_with_store, BY_HAND, GH_FAULT=fault)
    assert result.failed_steps == [STORE] and BEGIN not in result.steps and UPLOAD not in result.steps
    assert assets(machine_with_store) == assets_before


@pytest.mark.long
def test_a_damaged_store_gives_way_to_the_previous_one(machine_with_store: Machine) -> None:
    save_store(machine_with_store, CONTEXT)
    newest, older = assets(machine_with_store)
    (machine_with_store.releases / "assets" / str(newest["id"])).write_bytes(b"not what it was")
    result = machine_with_store.run(issue_job(machine_with_store.folder), CONTEXT, STORE, RESTORE)
    assert not result.failed_steps and f"restored from {older['name']}" in result.steps[RESTORE].output
    assert f"::warning::{newest['name']} is damaged" in result.steps[STORE].output
    (machine_with_store.releases / "assets" / str(older["id"])).write_bytes(b"nor this")
    result = machine_with_store.run(
        issue_job(machine_with_store.folder), BY_HAND, STORE
    )  # even by hand: somebody must look first
    assert result.failed_steps == [STORE] and "no usable store" in result.steps[STORE].output


@pytest.mark.long
def test_assets_that_are_no_stores_are_skipped(machine_with_store: Machine) -> None:
    [asset] = assets(machine_with_store)
    others = [
        {**asset, "id": 50, "name": "store-99999999999999-notes.txt"},
        {**asset, "id": 51, "name": f"store-99999999999999-{'0' * 64}.db.zst", "state": "starter"},
    ]
    (machine_with_store.releases / "assets.json").write_text(json.dumps([*others, asset]))
    result = machine_with_store.run(issue_job(machine_with_store.folder), CONTEXT, STORE, RESTORE)
    assert f"restored from {asset['name']}" in result.steps[RESTORE].output


@pytest.mark.long
@pytest.mark.parametrize("fault", ["upload", "partial"])
def test_an_upload_that_fails_leaves_the_old_store(machine_with_store: Machine, fault: str) -> None:
    [asset] = assets(machine_with_store)
    result = save_store(machine_with_store, CONTEXT, GH_FAULT=fault)
    assert result.failed_steps == [UPLOAD]
    assert asset in assets(machine_with_store)
    second_result = save_store(machine_with_store, CONTEXT)
    assert not second_result.failed_steps and f"restored from {asset['name']}" in second_result.steps[RESTORE].output


@pytest.mark.long
def test_a_store_that_is_too_large_is_refused_and_warned_of_before(machine_with_store: Machine, home: Path) -> None:
    [asset] = assets(machine_with_store)
    text = (home / WORKFLOW).read_text("utf-8")
    for limit, message, fails in (
        (1000, "too many for GitHub", True),
        (asset["size"] + 500, "it will soon be too large", False),
    ):
        (home / WORKFLOW).write_text(text.replace("limit=2000000000", f"limit={limit}"), "utf-8")
        context = {**CONTEXT, "steps.store.outputs.release": "100"}
        result = machine_with_store.run(issue_job(home), context, PACK, UPLOAD)
        assert message in result.steps[UPLOAD].output, (message, result)
        assert bool(result.failed_steps) == fails


def test_a_schedule_that_cannot_be_kept_alive_is_reported(machine: Machine) -> None:
    result = machine.run(issue_job(machine.folder), CONTEXT, RENEW, GH_FAULT="enable")
    assert not result.failed_steps and "::warning::The schedule could not be renewed" in result.steps[RENEW].output


# ---- the operator's commands ----------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("", 0),
        ("hide x:1341202937956233217 --reason 'said so'", 1),  # the record has no such post
        ("export --format jsonl", 1),
        ("hide; touch /tmp/never", 1),
        ("judge x:@somebody", 1),
        ("$(touch never) hide", 1),
    ],
)
def test_the_operator_runs_one_of_four_commands(machine: Machine, words: str, status: int) -> None:
    result = machine.run(issue_job(machine.folder), BY_HAND | {"secrets.HOTPAPERS_WORDS": words}, BEGIN, COMMAND)
    assert result.steps[COMMAND].status == status
    assert not words or words not in result.steps[COMMAND].output
    assert not (machine.folder / "never").exists()


@pytest.mark.long
def test_after_forgetting_no_older_store_stays(machine_with_store: Machine) -> None:
    save_store(machine_with_store, CONTEXT)
    assert len(assets(machine_with_store)) == 2
    context = BY_HAND | {"inputs.start": "", "secrets.HOTPAPERS_WORDS": "forget x:@nobody --yes"}
    job = issue_job(machine_with_store.folder)
    machine_with_store.run(job, context | {"steps.store.outputs.release": "100"}, PACK, UPLOAD)
    assert len(assets(machine_with_store)) == 1


def test_the_programs_of_the_steps_are_those_of_the_machine(machine: Machine) -> None:
    """The test's own gh is called, not one installed on this machine."""
    result = machine.run(issue_job(machine.folder), CONTEXT, RENEW)
    assert (
        not result.failed_steps
        and calls(machine)[-1][-1] == "repos/made-up/papers/actions/workflows/hotpapers.yml/enable"
    )
    assert os.environ.get("GH_FOLDER") is None
