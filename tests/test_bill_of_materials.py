"""The bill of materials of a release, compared with what is installed here."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tools import release
from tools.bill_of_materials import PinnedPackage, bill_of_materials, normalized, pinned_packages

requirements: Any = pytest.importorskip("packaging.requirements")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT, BUILD = PYPROJECT["project"], PYPROJECT["build-system"]["requires"]
PINS = """\
alpha==1.0 \\
    --hash=sha256:{a} \\
    --hash=sha256:{b}
beta-two==2.0.post1 ; python_full_version < '3.12' \\
    --hash=sha256:{a}
unused==3 \\
    --hash=sha256:{a}
""".format(a="a" * 64, b="b" * 64)


@pytest.fixture(scope="module")
def components() -> dict[str, dict[str, Any]]:
    """The components of the real bill, by name."""
    bill = bill_of_materials(PROJECT, BUILD, *release.all_pins())
    names = [component["name"] for component in bill["components"]]
    assert len(names) == len(set(names))
    return {component["name"]: component for component in bill["components"]}


def needed(wanted: list[str]) -> Iterator[str]:
    """The packages that requirements bring on this machine, by their markers."""
    pending, visited = [requirements.Requirement(text) for text in wanted], set[str]()
    while pending:
        need = pending.pop()
        if str(need) in visited or need.name == "pyspark":  # which is not installed here
            continue
        visited.add(str(need))
        yield normalized(need.name)
        for text in distribution(need.name).requires or ():
            inner = requirements.Requirement(text)
            if inner.marker is None or any(inner.marker.evaluate({"extra": extra}) for extra in ("", *need.extras)):
                pending.append(inner)


def test_it_has_what_is_installed_each_in_its_scope(components: dict[str, dict[str, Any]]) -> None:
    extras = [need for needs in PROJECT["optional-dependencies"].values() for need in needs]
    core, all_needed, build = set(needed(PROJECT["dependencies"])), set(needed(extras)), set(needed(BUILD))
    for name in core | all_needed | build:
        scope = "required" if name in core else "optional" if name in all_needed else "excluded"
        assert components[name]["scope"] == scope, name
        assert components[name]["version"] == distribution(name).version
    assert {"duckdb", "pillow", "psycopg-binary", "pyspark", "cryptography"} <= components.keys()
    assert components["pyspark"]["scope"] == components["py4j"]["scope"] == "optional"
    others = {name for name, component in components.items() if component["scope"] == "required"} - core
    assert all(name in PLATFORM_ONLY for name in others), others


PLATFORM_ONLY = {"httpx2-jsfetch", "typing-extensions", "tzdata", "colorama", "truststore"}
"""Needed on other platforms or versions of Python only."""


def test_each_has_hashes_and_a_license(components: dict[str, dict[str, Any]]) -> None:
    for name, component in components.items():
        assert component["hashes"] and all(len(each["content"]) == 64 for each in component["hashes"])
        if name not in ("pyspark", "py4j", *PLATFORM_ONLY):
            [*licenses] = component["licenses"]
            assert all(each.get("expression") or each["license"]["name"] for each in licenses), name


def test_native_libraries_are_nested(components: dict[str, dict[str, Any]]) -> None:
    """All files of folders such as pillow.libs, as they are on the disk."""
    folder = Path(str(distribution("msgspec").locate_file("")))
    on_disk = {hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.glob("*.libs/*") if file.is_file()}
    inner = [library for component in components.values() for library in component.get("components", ())]
    nested = {each["content"] for library in inner for each in library["hashes"]}
    assert nested <= on_disk and len({library["bom-ref"] for library in inner}) == len(inner)
    of_ours = {name for name, component in components.items() if "components" in component}
    folders = {path.name.removesuffix(".libs") for path in folder.glob("*.libs")}
    assert folders & {name.replace("-", "_") for name in components} == {name.replace("-", "_") for name in of_ours}
    assert all(library["name"] and not library["name"].startswith("lib") for library in inner)


def test_pins_are_read_and_only_those_needed_are_listed() -> None:
    pins = list(pinned_packages(PINS))
    assert [(pin.name, pin.version, len(pin.hashes)) for pin in pins] == [
        ("alpha", "1.0", 2), ("beta-two", "2.0.post1", 1), ("unused", "3", 1),
    ]  # fmt: skip
    project = {
        "name": "tea",
        "version": "1.2",
        "dependencies": ["Alpha>=1"],
        "optional-dependencies": {"x": ["beta_two"]},
    }
    bill = bill_of_materials(project, [], pins)
    listed = [(component["purl"], component["scope"]) for component in bill["components"]]
    assert listed == [("pkg:pypi/alpha@1.0", "required"), ("pkg:pypi/beta-two@2.0.post1", "optional")]
    assert bill == bill_of_materials(project, [], pins) and PinnedPackage("a", "1", ()).purl == "pkg:pypi/a@1"
    real = release.REQUIREMENTS.read_text("utf-8")
    pinned_lines = [line for line in real.splitlines() if "==" in line and not line.startswith((" ", "#"))]
    assert len(list(pinned_packages(real))) == len(pinned_lines)  # none is overlooked
