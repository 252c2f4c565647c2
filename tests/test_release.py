"""A release: the same bytes twice, complete, and installable from its wheelhouse with an empty home and cache."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from hotpapers import __version__
from tests.base.http.server import answer, serving
from tests.conftest import ROOT
from tests.test_release_files import tool
from tests.wings.hosting.runner import Machine
from tests.wings.hosting.test_github_pages import BY_HAND, SETTINGS, issue_job, needs_programs, workflow
from tools import release
from tools.bill_of_materials import pinned_packages


def test_the_notes_are_the_versions_own_section() -> None:
    changelog = "# Changelog\n\n## 1.1 (today)\n\nNew.\n\n## 1.0\n\nOld.\n"
    assert release.release_notes(changelog, "1.1") == "New.\n"
    assert release.release_notes(changelog, "1.0") == "Old.\n"
    with pytest.raises(SystemExit):
        release.release_notes(changelog, "0.9")
    assert release.release_notes((ROOT / "CHANGELOG.md").read_text("utf-8"), __version__)


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@b.example", *words], cwd=folder, check=True)


@pytest.mark.parametrize("address", ["git@git.example:papers/hot.git", "https://git.example/papers/hot.git"])
def test_before_the_release_the_template_installs_the_commit(tmp_path: Path, address: str) -> None:
    git(tmp_path, "init", "-q")
    git(tmp_path, "remote", "add", "origin", address)
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "Begin")
    commit = release.commit(tmp_path)
    source = release.installed_from("1.0.0rc1", release.origin(tmp_path), commit)
    assert source == f"git+https://git.example/papers/hot.git@{commit}" and len(commit) == 40
    release.write_template(tmp_path / "template.zip", source, "hotpapers==1.0.0rc1")
    with zipfile.ZipFile(tmp_path / "template.zip") as packed:
        names = set(packed.namelist())
        text = packed.read(release.WORKFLOW).decode()
    assert "\nenv:\n  # What to install" in text and f'\n  HOTPAPERS: "{source}"\n' in text
    assert text.replace(source, "") == (release.TEMPLATE / release.WORKFLOW).read_text("utf-8").replace(
        f"hotpapers=={__version__}", ""
    )
    assert {"README.md", ".gitignore", "hotpapers.toml", "hotpapers-requirements.txt", release.WORKFLOW} <= names
    assert "hatchling==" in (release.TEMPLATE / "hotpapers-requirements.txt").read_text("utf-8"), "which builds it"


def test_a_release_is_installed_by_its_version_and_a_private_origin_is_told() -> None:
    assert release.installed_from("1.0.0", "", "") == "hotpapers==1.0.0"
    assert release.installed_from("1.0.0rc1", "/srv/papers.git", "abc") == ""


def test_hosts_install_the_programs_own_wheel_by_its_hash(tmp_path: Path) -> None:
    wheel = tmp_path / "hotpapers-1.0.0-py3-none-any.whl"
    wheel.write_bytes(b"made up")
    pin = release.pin_of(wheel, "1.0.0")
    assert pin == f"hotpapers==1.0.0 \\\n    --hash=sha256:{hashlib.sha256(b'made up').hexdigest()}\n"
    own = (release.TEMPLATE / release.HOST_PINS).read_text("utf-8")
    for source, expected in (("hotpapers==1.0.0", own + pin), ("git+https://git.example/papers@abc", own)):
        release.write_template(tmp_path / "template.zip", source, pin)
        with zipfile.ZipFile(tmp_path / "template.zip") as packed:
            assert packed.read(release.HOST_PINS).decode() == expected
    assert [(each.name, len(each.hashes)) for each in pinned_packages(own + pin)][-1] == ("hotpapers", 1)


def test_readmes_say_first_what_works_today() -> None:
    for file in (ROOT / "README.md", ROOT / "template" / "README.md"):
        today, _, later = file.read_text("utf-8").partition("from the first release on")
        assert later, file
        assert not re.search(r"uvx hotpapers|pip install hotpapers|\(above\)", today), file
    steps = (ROOT / "template" / "README.md").read_text("utf-8")
    assert release.TEMPLATE_ZIP in steps and "0. " in steps and "git init" in steps


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release without its wheelhouse."""
    folder = tmp_path_factory.mktemp("release") / "dist"
    assert release.main(["--output", str(folder)]) == 0
    return folder


@pytest.mark.long
def test_two_builds_are_the_same_bytes(built: Path, tmp_path: Path) -> None:
    """Also with another time zone, mask and folder."""
    program = "import os; os.umask(0o077); import sys; from tools import release; sys.exit(release.main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "--output", str(tmp_path / "other")]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "TZ": "Asia/Tokyo"}, check=True, capture_output=True)
    assert (tmp_path / "other" / release.SUMS).read_text() == (built / release.SUMS).read_text()
    for line in (built / release.SUMS).read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((built / name).read_bytes()).hexdigest() == digest
    names = {file.name for file in built.iterdir()}
    assert names == {
        f"hotpapers-{__version__}-py3-none-any.whl", f"hotpapers-{__version__}.tar.gz", release.SBOM, release.SUMS,
        release.NOTES, release.TEMPLATE_ZIP, release.HOST_PINS,
    }  # fmt: skip
    assert json.loads((built / release.SBOM).read_text())["components"]


@pytest.mark.long
def test_the_sdist_builds_the_same_wheel(built: Path, tmp_path: Path) -> None:
    [sdist], [wheel] = built.glob("*.tar.gz"), built.glob("*.whl")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    [source] = tmp_path.iterdir()
    assert not (source / "tests").exists(), "what users build from has no tests"
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path / "wheel")]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": release.commit_time()}
    subprocess.run(command, cwd=source, env=environment, check=True, capture_output=True)
    [again] = (tmp_path / "wheel").glob("*.whl")
    contents = [
        {name: zipfile.ZipFile(file).read(name) for name in zipfile.ZipFile(file).namelist()} for file in (wheel, again)
    ]
    assert contents[0] == contents[1]


# ---- installing ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheelhouse(built: Path) -> Path:
    """All that pip needs to install it without an index."""
    try:
        release.make_wheelhouse(built)
    except subprocess.CalledProcessError:
        pytest.skip("no package index is reachable")
    return built / "wheelhouse"


def empty_home(folder: Path) -> dict[str, str]:
    """The environment of somebody who has nothing: no settings, no cache, no index."""
    (folder / ".config" / "uv").mkdir(parents=True)
    (folder / ".config" / "uv" / "uv.toml").write_text("no-index = true\n")
    return {
        "HOME": str(folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PIP_NO_INDEX": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "UV_PYTHON": sys.executable, "UV_PYTHON_DOWNLOADS": "never",
    }  # fmt: skip


def assert_site_is_there(folder: Path, output: str) -> None:
    assert output.startswith("Hot Papers, 2021-05-11\n")
    for site in ("site", "made-up-week/site"):
        assert (folder / "hotpapers-demo" / site / "index.html").is_file()


@pytest.mark.long
def test_pip_install_then_the_demo(wheelhouse: Path, tmp_path: Path) -> None:
    environment = empty_home(tmp_path / "home")
    subprocess.run([sys.executable, "-m", "venv", "env"], cwd=tmp_path, env=environment, check=True)
    pip = [
        str(tmp_path / "env/bin/pip"),
        "--quiet",
        "install",
        "--find-links",
        str(wheelhouse),
        "hotpapers[serve]",
        "--pre",
    ]
    subprocess.run(pip, cwd=tmp_path, env=environment, check=True, capture_output=True)
    command = [str(tmp_path / "env/bin/hotpapers"), "demo"]
    ended = subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
    assert_site_is_there(tmp_path, ended.stdout)


@pytest.mark.long
@pytest.mark.parametrize("runner", ["uvx", "pipx"])
def test_one_line_without_installing(
    runner: str, wheelhouse: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """pipx with uv, as pip would first want a newer pip."""
    program, environment = tool(runner, tmp_path_factory), empty_home(tmp_path / "home")
    environment["PATH"] = f"{Path(tool('uv', tmp_path_factory)).parent}:{environment['PATH']}"
    links, name = str(wheelhouse), f"hotpapers=={__version__}"
    command = {
        "uvx": [program, "--no-index", "--find-links", links, "--from", name, "hotpapers", "demo"],
        "pipx": [program, "run", "--backend", "uv", f"--pip-args=--find-links={links}", "--spec", name,
                 "hotpapers", "demo"],
    }[runner]  # fmt: skip
    ended = subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert_site_is_there(tmp_path, ended.stdout)
    start = "uvx hotpapers"  # which pipx has used, too
    [proof] = (
        line.split(maxsplit=1)[1] for line in ended.stdout.splitlines() if line.startswith("proof") and "db" in line
    )
    assert proof == f"{start} verify --all --store hotpapers-demo/hotpapers.db"
    assert f"{start} init my-papers && cd my-papers && {start} run" in ended.stdout
    if runner == "uvx":  # as printed, where the index has the release
        index = {"UV_NO_INDEX": "1", "UV_FIND_LINKS": links, "UV_PRERELEASE": "allow"}
        path = f"{Path(program).parent}:{environment['PATH']}"
        environment |= {**index, "PATH": path}
        command = ["sh", "-c", proof]
        again = subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
        assert again.stdout.startswith("verified: 5 issues rebuilt")


@pytest.mark.long
@needs_programs
def test_the_templates_run_installs_the_program_first(wheelhouse: Path, tmp_path: Path) -> None:
    """Nothing of the checkout is used: the program is the installed one."""
    home, python = tmp_path / "repository", tmp_path / "python"
    shutil.copytree(ROOT / "template", home)
    subprocess.run([sys.executable, "-m", "venv", str(python)], check=True)
    machine = Machine(home, tmp_path / "releases", python / "bin")
    job, workflow_environment = issue_job(home), workflow(home)["env"]
    with serving() as server:
        server.on("/lobsters/domains/arxiv.org.json", answer(200, b"[]"))
        (home / "hotpapers.toml").write_text(SETTINGS.format(base=server.base), "utf-8")
        pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheelhouse), "PIP_CONFIG_FILE": os.devnull}
        result = machine.run(job, BY_HAND, **workflow_environment, **pip)
    assert not result.failed_steps and result.outputs["end.outcome"] == "success", result
    assert "Install" in result.steps and (home / "_site" / "index.html").is_file()
    assert subprocess.run([python / "bin" / "hotpapers", "--version"], check=True, capture_output=True).stdout
