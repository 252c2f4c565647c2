"""The software bill of materials of a release, as CycloneDX 1.5: every package of pip's that any extra brings, with the
hashes of its files, its license and the native libraries that its wheel bundles.

Versions and hashes are those of requirements/; licenses and native libraries those of the packages installed here."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path, PurePath
from typing import Any, Literal, NamedTuple

Scope = Literal["required", "optional", "excluded"]
"""CycloneDX's: needed by every installation; by an extra; only to build the package."""
_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^ ;\\]+)(?: ; ([^\\]+?))? *\\?$")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_REQUIREMENT = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:\[([^\]]*)\])?")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([\w.-]+)")
_NATIVE = re.compile(r"\.(?:so|dylib|dll|pyd)(?:\.|\Z)")
_BUNDLED = re.compile(r"(?:.*\.libs|\.dylibs)\Z")
_FILE = re.compile(r"(?:lib)?(.+?)(?:-[0-9a-f]{8,})?\.(?:so|dylib|dll)(?:\.([\d.]+))?")


class PinnedPackage(NamedTuple):
    """A dependency: `hashes` are those of all platforms' files."""

    name: str
    version: str
    hashes: tuple[str, ...]

    @property
    def purl(self) -> str:
        """Its address as a package (Package URL)."""
        return f"pkg:pypi/{self.name}@{self.version}"


def pinned_packages(requirements: str) -> Iterator[PinnedPackage]:
    """The packages of a file of pinned requirements."""
    for block in re.split(r"\n(?=\S)", requirements):
        if match := _PIN.match(block.partition("\n")[0].strip()):
            yield PinnedPackage(match[1], match[2], tuple(sorted(_HASH.findall(block))))


def bill_of_materials(
    project: Mapping[str, Any],
    build_requires: Iterable[str],
    pins: Sequence[PinnedPackage],
    further: Sequence[PinnedPackage] = (),
) -> dict[str, Any]:
    """The bill. Its serial number depends on its content alone. `project`, `build_requires`: of pyproject.toml;
    `pins`: all versions, of which the bill has those that the project needs; `further`: of extras that are not
    installed here, all needed."""
    scopes: dict[str, Scope] = dict.fromkeys((pin.name for pin in further), "optional")
    scopes |= scopes_of(project, build_requires)
    components = [_component(pin, scopes[pin.name]) for pin in sorted({*pins, *further}) if pin.name in scopes]
    name, version = project["name"], project["version"]
    digest = hashlib.sha256(json.dumps([name, version, components]).encode()).hexdigest()
    component = {"type": "application", "name": name, "version": version, "bom-ref": f"pkg:pypi/{name}@{version}"}
    return {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "serialNumber": f"urn:uuid:{uuid.UUID(digest[:32], version=4)}",
        "metadata": {"component": component}, "components": components,
    }  # fmt: skip


def scopes_of(project: Mapping[str, Any], build_requires: Iterable[str]) -> dict[str, Scope]:
    """The packages that the project needs on any platform, by normalized name."""
    extras = [need for needs in project.get("optional-dependencies", {}).values() for need in needs]
    scopes: dict[str, Scope] = dict.fromkeys(_all_needed(build_requires), "excluded")
    scopes |= dict.fromkeys(_all_needed(extras), "optional")
    return scopes | dict.fromkeys(_all_needed(project["dependencies"]), "required")


def _all_needed(requirements: Iterable[str]) -> set[str]:
    """The packages that some requirements bring, as the installed ones say; of those that are not, only themselves."""
    pending, visited = list(requirements), set[tuple[str, frozenset[str]]]()
    while pending:
        match = _REQUIREMENT.match(pending.pop())
        assert match is not None
        need = normalized(match[1]), frozenset(re.findall(r"[\w.-]+", match[2] or ""))
        if need not in visited:
            visited.add(need)
            pending += _needs_of(*need)
    return {name for name, _ in visited}


def _needs_of(name: str, extras: frozenset[str]) -> Iterator[str]:
    for requirement in (installed.requires or []) if (installed := _installed(name)) else []:
        extra = _EXTRA.search(requirement)
        if extra is None or extra[1] in extras:
            yield requirement


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def normalized(name: str) -> str:
    """A package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


# ---- one package ---------------------------------------------------------------------------------------


def _component(pin: PinnedPackage, scope: Scope) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library", "name": pin.name, "version": pin.version, "purl": pin.purl, "bom-ref": pin.purl,
        "scope": scope, "hashes": [{"alg": "SHA-256", "content": value} for value in pin.hashes],
    }  # fmt: skip
    installed = _installed(pin.name)
    if installed is not None and installed.version == pin.version:
        licenses, libraries = _licenses(installed), list(_native_libraries(installed, pin.purl))
        component |= {"licenses": licenses} if licenses else {}
        component |= {"components": libraries} if libraries else {}
    return component


def _licenses(installed: Distribution) -> list[dict[str, Any]]:
    """A package's license as its metadata has it: an expression of SPDX, or a name."""
    metadata = installed.metadata
    if expression := metadata.get_all("License-Expression"):
        return [{"expression": expression[0]}]
    named = [
        text.rpartition(" :: ")[2] for text in metadata.get_all("Classifier") or () if text.startswith("License ::")
    ]
    text = "".join(metadata.get_all("License") or ()).strip()
    named = named or ([text] if text and "\n" not in text else [])
    return [{"license": {"name": name}} for name in named]


def _native_libraries(installed: Distribution, purl: str) -> Iterator[dict[str, Any]]:
    """The libraries beside a package's own modules that its wheel bundles, as `auditwheel` and others place them."""
    for file in sorted(installed.files or (), key=str):
        path = PurePath(file)
        if any(map(_BUNDLED.fullmatch, path.parts[:-1])) and _NATIVE.search(path.name):
            match = _FILE.match(path.name)
            digest = hashlib.sha256(Path(str(file.locate())).read_bytes()).hexdigest()
            yield {
                "type": "library", "name": match[1] if match else path.name, "bom-ref": f"{purl}#{file}",
                **({"version": match[2]} if match and match[2] else {}),
                "hashes": [{"alg": "SHA-256", "content": digest}],
                "properties": [{"name": "hotpapers:file", "value": str(file)}],
            }  # fmt: skip
