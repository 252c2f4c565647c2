"""Libraries: the package declares what it imports, and the lock files name the same versions."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from tests.conftest import ROOT
from tests.test_house import MODULES, SRC, imports_of

SOLD_AS = {"PIL": "pillow"}
"""Libraries whose package has another name than their module."""


def test_every_library_is_declared() -> None:
    """src imports only what pyproject.toml declares, everything declared is imported, and all of it is in the lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [name for names in project["optional-dependencies"].values() for name in names]
    declared = {re.split(r"[\[<>=~!; ]", name)[0] for name in [*project["dependencies"], *extras]}
    imported = {name.split(".")[0] for file in MODULES for name in imports_of(file)}
    third_party = imported - set(sys.stdlib_module_names) - {"hotpapers", "markupsafe"}
    assert {SOLD_AS.get(name, name) for name in third_party} <= declared
    assert declared <= locked_versions("dev").keys() | locked_versions("spark").keys()


def test_both_locks_name_the_same_versions() -> None:
    core, dev, spark = (locked_versions(name) for name in ("core", "dev", "spark"))
    assert core and core.items() <= dev.items() and core.items() <= spark.items()
    assert all(spark[name] == dev[name] for name in spark.keys() & dev.keys())
    hosts = versions_in(SRC / "wings" / "hosting" / "templates" / "requirements.txt")
    assert core.keys() <= hosts.keys() and hosts.items() <= dev.items()


def locked_versions(name: str) -> dict[str, str]:
    return versions_in(ROOT / "requirements" / f"{name}.txt")


def versions_in(file: Path) -> dict[str, str]:
    return dict(re.findall(r"^([\w-]+)==([^ ;]+)", file.read_text("utf-8"), re.M))
