"""What `init` writes for systemd and containers: units, image and compose.yaml, checked by the tools installed here."""

from __future__ import annotations

import datetime
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hotpapers.base.errors import SettingsError
from hotpapers.base.settings import PublicationSettings, Settings, default_settings
from hotpapers.jobs import queries as jobs_queries
from hotpapers.jobs.job_state import JobState
from hotpapers.record import Record, current_time
from hotpapers.wings.hosting.writing import HostMachine, host_files
from tests.cli.run import good, run
from tests.conftest import ROOT

TODAY = datetime.date(2026, 11, 20)
MACHINE = HostMachine("/srv/hotpapers", ("/usr/bin/hotpapers",), "hotpapers")
UNITS = ("hotpapers.service", "hotpapers-serve.service")
analyze = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(analyze is None, reason="systemd-analyze is not installed")


# ---- systemd -------------------------------------------------------------------------------------------


@needs_systemd
@pytest.mark.parametrize("name", ["plain", "with a blank", "100%", "a ;$HOME"])
def test_systemd_finds_nothing_wrong(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    program = folder / "hotpapers"
    program.symlink_to(sys.executable)
    files = host_files(
        "systemd", default_settings(), TODAY, HostMachine(str(folder), (str(program), "-m", "hotpapers"), "daemon")
    )
    for file in files:
        (tmp_path / file.path).write_text(file.text)
    units = [str(tmp_path / file.path) for file in files]
    process = subprocess.run([str(analyze), "verify", *units], capture_output=True, text=True, check=False)
    assert (process.returncode, process.stdout + process.stderr) == (0, "")


@needs_systemd
def test_units_expose_little(tmp_path: Path) -> None:
    """By systemd's own measure, from 0 (not exposed) to 10."""
    for file in host_files("systemd", default_settings(), TODAY, MACHINE):
        (tmp_path / file.path).write_text(file.text)
        command = [
            str(analyze),
            "security",
            "--offline=true",
            "--threshold=20",
            "--no-pager",
            str(tmp_path / file.path),
        ]
        process = subprocess.run(command, capture_output=True, text=True, check=False)
        assert process.returncode == 0, process.stdout


@pytest.mark.parametrize("folder", ["/srv/two\nlines", '/srv/"quoted"', "/srv/o'brien", "/srv/back\\slash"])
def test_a_folder_name_that_systemd_would_misread_is_refused(folder: str) -> None:
    with pytest.raises(SettingsError, match="systemd does not allow such a name"):
        host_files("systemd", default_settings(), TODAY, MACHINE._replace(folder=folder))


# ---- a container ---------------------------------------------------------------------------------------


def instructions(text: str) -> list[tuple[str, str]]:
    """A Containerfile's instructions in order, with their arguments; continued lines are joined."""
    lines = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", text, flags=re.M)).splitlines()
    pairs = [line.partition(" ") for line in lines if line.strip()]
    return [(name, arguments.strip()) for name, _, arguments in pairs]


KNOWN = {
    "FROM", "ARG", "RUN", "COPY", "ENV", "USER", "VOLUME", "WORKDIR", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK",
    "ENTRYPOINT", "CMD",
}  # fmt: skip


def image(**values: Any) -> str:
    files = {file.path: file.text for file in host_files("container", Settings(**values), TODAY, MACHINE)}
    assert set(files) == {
        "Containerfile",
        "hotpapers-requirements.txt",
        "compose.yaml",
        ".containerignore",
        ".dockerignore",
    }
    return files["Containerfile"]


def test_the_image_has_two_stages_and_nobody_is_root() -> None:
    steps = instructions(image())
    assert {name for name, _ in steps} == KNOWN
    assert [arguments for name, arguments in steps if name == "FROM"] == [
        "$PYTHON AS build", "$PYTHON",
    ]  # fmt: skip
    assert steps[0] == ("ARG", "PYTHON=docker.io/library/python:3.12-slim-bookworm")
    installs = [arguments for name, arguments in steps if name == "RUN" and "pip install" in arguments]
    assert len(installs) == 1 and installs[0].count("pip install") == 2
    assert "pip install --require-hashes -r /tmp/hotpapers-requirements.txt" in installs[0]
    assert "pip install --no-deps" in installs[0]
    names = [name for name, _ in steps]
    last_stage = steps[len(names) - names[::-1].index("FROM") :]
    by_name = dict(last_stage)
    assert by_name["USER"] == "10001:10001" and json.loads(by_name["VOLUME"]) == ["/data"]
    assert json.loads(by_name["ENTRYPOINT"]) == ["hotpapers"] and json.loads(by_name["CMD"]) == ["run"]
    after_user = [name for name, _ in last_stage[[name for name, _ in last_stage].index("USER") :]]
    assert "RUN" not in after_user and "COPY" not in after_user
    for name, arguments in steps:
        if name == "RUN":
            assert shlex.split(arguments)
            process = subprocess.run(["sh", "-n", "-c", arguments], capture_output=True, check=False)
            assert process.returncode == 0


def test_the_image_can_reach_the_database_that_the_settings_name() -> None:
    small, large = image(), image(store="postgresql://db/papers")
    assert (
        "hotpapers[cards,serve,transparency]==" in small and "hotpapers[cards,serve,transparency,postgres]==" in large
    )


def test_the_image_can_sign_with_the_key_that_init_makes() -> None:
    """Without the library, a folder with a key would have an image whose logs fail and whose health check says so."""
    files = {file.path: file.text for file in host_files("container", default_settings(), TODAY, MACHINE)}
    installed = set(re.findall(r"^([\w-]+)==", files["hotpapers-requirements.txt"], re.M))
    assert {"cryptography", "cffi", "pycparser"} <= installed


@pytest.mark.parametrize("listen", ["", "127.0.0.1:9464"])
@pytest.mark.parametrize("file", ["init", "released"])
def test_the_health_check_is_right_with_and_without_an_address(file: str, listen: str, tmp_path: Path) -> None:
    text = image() if file == "init" else (ROOT / "packaging" / "Containerfile").read_text("utf-8")
    arguments = next(arguments for name, arguments in instructions(text) if name == "HEALTHCHECK")
    program, *words = json.loads(arguments.partition("CMD ")[2])
    settings_file = tmp_path / "hotpapers.toml"
    settings_file.write_text(f'[[publication]]\nname = "daily"\n[run]\nlisten = "{listen}"\n', "utf-8")
    at = current_time()
    with Record(str(tmp_path / "hotpapers.db")) as record:
        state = JobState(source="issues", started_at=at, success_at=at, next_at=at)
        jobs_queries.save_state(record, state)
        assert program == "hotpapers"
        assert good(*words, "--config", settings_file) == "all is well\n"
        jobs_queries.save_state(record, msgspec.structs.replace(state, failing_since=at, state="store", reason="full"))
    result = run(*words, "--config", settings_file)
    assert (result.status, result.out) == (1, "issues: store: full\n")
    result = run(*words, "--config", settings_file, "--json")
    assert result.status == 1 and result.json["problems"] == ["issues: store: full"]


def test_the_app_of_several_publications_is_given_the_one_to_show() -> None:
    """Without a name it would no longer start once a listing is imported."""
    settings = Settings(publication=(PublicationSettings(name="daily"), PublicationSettings(name="weekly")))
    units = {file.path: file.text for file in host_files("systemd", settings, TODAY, MACHINE)}
    assert "serve --publication daily --host 127.0.0.1 --port 8000\n" in units["hotpapers-serve.service"]
    compose = {file.path: file.text for file in host_files("container", settings, TODAY, MACHINE)}["compose.yaml"]
    assert 'command: [serve, "--publication", "daily", --host, 0.0.0.0, --port, "8000"]' in compose


def test_compose_runs_and_serves_with_few_rights() -> None:
    yaml: Any = pytest.importorskip("yaml", reason="no YAML library to read compose.yaml with")
    files = {file.path: file.text for file in host_files("container", default_settings(), TODAY, MACHINE)}
    compose = yaml.safe_load(files["compose.yaml"])
    assert set(compose["services"]) == {"run", "serve"}
    for service in compose["services"].values():
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"] and service["user"] == "10001:10001"
        assert service["security_opt"] == ["no-new-privileges:true"] and service["volumes"] == [".:/data"]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert compose["services"]["run"]["command"] == ["run"] and compose["services"]["serve"]["command"][0] == "serve"
    assert compose["services"]["serve"]["depends_on"] == ["run"], (
        "an alarm of `run` must not keep the app from starting"
    )
    assert files[".dockerignore"].splitlines()[-2:] == ["*", "!hotpapers-requirements.txt"]
