"""Writing the files for hosts, never over the operator's changes."""

from __future__ import annotations

import datetime
import getpass
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from hotpapers.base import settings
from hotpapers.base.errors import SettingsError, UsageError
from hotpapers.base.file_modes import real_path, write_atomically
from hotpapers.base.settings import FILE, Settings
from hotpapers.base.version import __version__
from hotpapers.cli.called_as import installed_from
from hotpapers.record.database import without_password
from hotpapers.wings.hosting.schedule import cron_lines, run_times

ROOT = "root"
OWN_USER = "hotpapers"
"""The user that runs the program if root installs it."""


def write_hosts(file: Path, names: Sequence[str], program: tuple[str, ...], replace: bool) -> Iterator[str]:
    """Writes the hosting files for the settings in a file. Raises UsageError, having written nothing, if one already
    exists and `replace` is not given. Yields the written files, and the remaining steps. `program`: how to call this
    program without a PATH."""
    file_settings = settings.load(file)
    today = datetime.datetime.now(datetime.UTC).date()
    user = getpass.getuser()
    folder = str(real_path(file.parent))
    machine = HostMachine(folder, program, OWN_USER if user == ROOT else user)
    new_files = [host_file for name in names for host_file in host_files(name, file_settings, today, machine)]
    for host_file in new_files:
        path = file.parent / host_file.path
        if (
            path.exists()
            and not (host_file.keep_existing or replace)
            and path.read_text("utf-8", "replace") != host_file.text
        ):
            raise UsageError(f"{path}: already exists; --replace overwrites it. Nothing was changed.")
    for host_file in new_files:
        path = file.parent / host_file.path
        if host_file.keep_existing and path.exists():
            yield f"{path}: already exists and was kept; check that it excludes the store"
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, host_file.text.encode())
            yield str(path)
    for name in names:
        for remark in remaining_steps(name, file_settings):
            yield f"to do: {remark}"


GITHUB_PAGES, SYSTEMD, CONTAINER = "github-pages", "systemd", "container"
REQUIREMENTS = "hotpapers-requirements.txt"
"""The file with the versions and hashes of the program's dependencies."""
WORKFLOW = ".github/workflows/hotpapers.yml"


class HostMachine(NamedTuple):
    """The machine that units are written for.

    `folder`: the folder of hotpapers.toml. `program`: the command line of the program, starting with an absolute path.
    `user`: the user that runs it.
    """

    folder: str
    program: tuple[str, ...]
    user: str


class HostFile(NamedTuple):
    """A hosting file. `path`: relative to the folder of hotpapers.toml, with `/`. `keep_existing`: never overwrite it,
    since an existing one is the operator's own."""

    path: str
    text: str
    keep_existing: bool = False


def host_files(kind: str, settings: Settings, today: datetime.date, machine: HostMachine) -> list[HostFile]:
    """The files for a kind of host. Raises SettingsError if the settings do not fit it."""
    if kind == GITHUB_PAGES:
        return _github_pages(settings, today)
    if kind == SYSTEMD:
        return _systemd(settings, machine)
    return _container(settings)


def remaining_steps(kind: str, settings: Settings) -> list[str]:
    """A reminder of the operator's remaining steps for a host; empty if there are none."""
    return [f"`hotpapers docs hosting`: {TO_DO[kind]}"] if kind in TO_DO else []


TO_DO = {
    GITHUB_PAGES: "push the files to the root of a repository, set Pages to GitHub Actions, and run the workflow once",
    SYSTEMD: "copy the units to /etc/systemd/system, and enable and start them",
}


def _template_text(name: str, **values: str) -> str:
    """A template with its @NAMES@ replaced."""
    text = files(__package__).joinpath("templates", name).read_text("utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text


def _requirements() -> HostFile:
    """The program's dependencies, each file with its hash."""
    text = (
        f"# The dependencies of hotpapers {__version__}, with hashes.\n# `hotpapers init --replace` rewrites it.\n"
        "# The file of this name among the release's files also has the program's own hash.\n"
    )
    return HostFile(REQUIREMENTS, text + _template_text("requirements.txt"))


# ---- GitHub Pages --------------------------------------------------------------------------------------


def _github_pages(settings: Settings, today: datetime.date) -> list[HostFile]:
    if "://" in settings.store or settings.store.startswith(("/", "~", "..")):
        store = without_password(settings.store)
        raise SettingsError(f'store: {store!r}: GitHub Pages needs a file next to {FILE}; write "hotpapers.db"')
    lines = cron_lines(run_times(settings.publication, today))
    schedule = "\n".join(f'    - cron: "{line}"' for line in lines)
    source = installed_from()  # a commit has no version in the index
    source = source if source.startswith("git+https://") else f"hotpapers=={__version__}"
    workflow = _template_text("github-pages.yml", CRON=schedule, SETTINGS=FILE, HOTPAPERS=source)
    return [
        HostFile(WORKFLOW, workflow),
        _requirements(),
        HostFile(".gitignore", _template_text("gitignore"), keep_existing=True),
    ]


# ---- systemd -------------------------------------------------------------------------------------------


def _systemd(settings: Settings, machine: HostMachine) -> list[HostFile]:
    for value in (machine.folder, *machine.program, machine.user):
        if not value.isprintable() or set(value) & set("\"'\\"):
            raise SettingsError(f"{value!r}: systemd does not allow such a name; use another folder")
    folder = machine.folder.replace("%", "%%")
    executable, *arguments = (word.replace("%", "%%") for word in machine.program)
    # variables are replaced in arguments, but not in the path of the program
    words = (executable, *(word.replace("$", "$$") for word in arguments))
    program = " ".join(_quoted(word) for word in words)
    hardening = _template_text("hardening.conf", FOLDER=_quoted(folder))
    units = ("hotpapers.service", "hotpapers-serve.service")
    publication_options = "".join(f"{word} " for word in _publication_options(settings))
    values = {
        "FOLDER": folder,
        "PROGRAM": program,
        "USER": machine.user,
        "HARDENING": hardening,
        "PUBLICATION": publication_options,
    }
    return [HostFile(name, _template_text(name, **values)) for name in units]


def _publication_options(settings: Settings) -> list[str]:
    """The options that name the app's publication, the first in the settings: the app shows one, and the store may have
    several, including imported ones."""
    return ["--publication", settings.publication[0].name] if settings.publication else []


def _quoted(path: str) -> str:
    """A path as one word of a list, quoted if it contains spaces."""
    return f'"{path}"' if " " in path else path


# ---- a container ---------------------------------------------------------------------------------------


def _container(settings: Settings) -> list[HostFile]:
    extras = "cards,serve,transparency" + (",postgres" if settings.store.startswith("postgres") else "")
    options = "".join(f'"{word}", ' for word in _publication_options(settings))
    image = _template_text("Containerfile", EXTRAS=extras, VERSION=__version__)
    host_file = HostFile("compose.yaml", _template_text("compose.yaml", VERSION=__version__, PUBLICATION=options))
    return [
        HostFile("Containerfile", image),
        _requirements(),
        host_file,
        HostFile(".containerignore", _template_text("containerignore")),
        HostFile(".dockerignore", _template_text("containerignore")),
    ]
