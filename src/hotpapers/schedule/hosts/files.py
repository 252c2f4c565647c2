"""The files of each kind of host, made from templates and the settings: pure, but for the templates, which are read."""

from __future__ import annotations

import datetime
from importlib.resources import files
from typing import NamedTuple

from hotpapers import __version__
from hotpapers.errors import SettingsError
from hotpapers.schedule.hosts.cron_times import crons, times
from hotpapers.settings import FILE, Settings
from hotpapers.store.database import without_password

GITHUB_PAGES, SYSTEMD, CONTAINER = "github-pages", "systemd", "container"
REQUIREMENTS = "hotpapers-requirements.txt"
"""Where the versions and hashes are of what the program needs."""
WORKFLOW = ".github/workflows/hotpapers.yml"
LISTEN = "127.0.0.1:9464"
"""Where `run` answers a container's health check, unless the settings name another address."""


class HostMachine(NamedTuple):
    """What units name of the machine that they are for.

    `folder`: where hotpapers.toml is. `program`: the words by which the program is called, the first an absolute path.
    `user`: who runs it.
    """

    folder: str = "/srv/hotpapers"
    program: tuple[str, ...] = ("/usr/bin/hotpapers",)
    user: str = "hotpapers"


class HostFile(NamedTuple):
    """A file of a host. `path`: from the folder of hotpapers.toml on, with `/`. `keep_existing`: one that is there
    stays, as it is the operator's own."""

    path: str
    text: str
    keep_existing: bool = False


def host_files(
    kind: str, settings: Settings, today: datetime.date, machine: HostMachine | None = None
) -> list[HostFile]:
    """The files of a kind of host. Raises SettingsError where the settings do not fit it."""
    if kind == GITHUB_PAGES:
        return _github_pages(settings, today)
    if kind == SYSTEMD:
        return _systemd(settings, machine or HostMachine())
    return _container(settings)


def remarks(kind: str, settings: Settings) -> list[str]:
    """What the operator has to do for a host beside."""
    if kind == CONTAINER and not settings.run.listen:
        return [f'write listen = "{LISTEN}" below [run]: the health check asks there']
    if kind == GITHUB_PAGES:
        return [
            "docs/how-to/hosting.md: push it to the root of a repository, set Pages to GitHub Actions, run it once by "
            "hand"
        ]
    return []


def _template_text(name: str, **values: str) -> str:
    """A template with its @NAMES@ replaced."""
    text = files("hotpapers").joinpath("schedule", "hosts", "templates", name).read_text("utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text


def _requirements() -> HostFile:
    """What is installed beside the program, each file by its hash."""
    text = f"# What hotpapers {__version__} needs, with hashes.\n# `hotpapers init --replace` writes it anew.\n"
    return HostFile(REQUIREMENTS, text + _template_text("requirements.txt"))


# ---- GitHub Pages --------------------------------------------------------------------------------------


def _github_pages(settings: Settings, today: datetime.date) -> list[HostFile]:
    if "://" in settings.store or settings.store.startswith(("/", "~", "..")):
        store = without_password(settings.store)
        raise SettingsError(f'store: {store!r}: a run on GitHub has a file beside {FILE}; write "hotpapers.db".')
    schedule = "\n".join(f'    - cron: "{line}"' for line in crons(times(settings.publication, today)))
    workflow = _template_text("github-pages.yml", CRON=schedule, SETTINGS=FILE, HOTPAPERS=f"hotpapers=={__version__}")
    return [
        HostFile(WORKFLOW, workflow),
        _requirements(),
        HostFile(".gitignore", _template_text("gitignore"), keep_existing=True),
    ]


# ---- systemd -------------------------------------------------------------------------------------------


def _systemd(settings: Settings, machine: HostMachine) -> list[HostFile]:
    for value in (machine.folder, *machine.program, machine.user):
        if not value.isprintable() or '"' in value or "\\" in value:
            raise SettingsError(f"{value!r}: systemd takes no such name; use another folder.")
    folder = machine.folder.replace("%", "%%")
    program = " ".join(_quoted(word.replace("%", "%%").replace("$", "$$")) for word in machine.program)
    hardening = _template_text("hardening.conf", FOLDER=_quoted(folder))
    units = ("hotpapers.service", "hotpapers-serve.service")
    values = {
        "FOLDER": folder, "PROGRAM": program, "USER": machine.user, "HARDENING": hardening,
        "PUBLICATION": "".join(f"{word} " for word in _served(settings)),
    }  # fmt: skip
    return [HostFile(name, _template_text(name, **values)) for name in units]


def _served(settings: Settings) -> list[str]:
    """The words that name the app's publication, the first of the settings: the store may have several, imported ones
    too, and the app shows one."""
    return ["--publication", settings.publication[0].name] if settings.publication else []


def _quoted(path: str) -> str:
    """A path in a list of words; blanks end it otherwise."""
    return f'"{path}"' if " " in path else path


# ---- a container ---------------------------------------------------------------------------------------


def _container(settings: Settings) -> list[HostFile]:
    extras = "serve,postgres" if settings.store.startswith("postgres") else "serve"
    listen = settings.run.listen or LISTEN
    served = "".join(f'"{word}", ' for word in _served(settings))
    image = _template_text("Containerfile", EXTRAS=extras, VERSION=__version__, LISTEN=listen)
    return [
        HostFile("Containerfile", image),
        _requirements(),
        HostFile("compose.yaml", _template_text("compose.yaml", VERSION=__version__, PUBLICATION=served)),
        HostFile(".containerignore", _template_text("containerignore")),
        HostFile(".dockerignore", _template_text("containerignore")),
    ]
