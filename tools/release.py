"""Builds a release: `python -m tools.release [--output dist] [--wheelhouse]`, or `make release`.

Wheel and sdist (the same bytes each time, from the same commit), their software bill of materials (CycloneDX), the
template of a free site, SHA-256 sums, and the changelog's section. With `--wheelhouse`, also a folder from which pip
installs without an index on a machine like this one. Publishing is up to a person: .github/workflows/release.yml does
it for a tag.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Sequence
from pathlib import Path

from tools.bill_of_materials import PinnedPackage, bill_of_materials, pinned_packages

ROOT = Path(__file__).parents[1]
VERSIONS, SPARK = ROOT / "requirements" / "dev.txt", ROOT / "requirements" / "spark.txt"
"""The pinned versions of all extras but one and of what builds the package, and those with the extra `spark`."""
REQUIREMENTS = ROOT / "src" / "hotpapers" / "wings" / "hosting" / "templates" / "requirements.txt"
"""The pinned versions for those who run the program, with all extras that hosting files use."""
SBOM, SUMS, NOTES = "hotpapers.cdx.json", "SHA256SUMS", "RELEASE_NOTES.md"
TEMPLATE, TEMPLATE_ZIP = ROOT / "template", "hotpapers-template.zip"
HOST_PINS = "hotpapers-requirements.txt"
"""What a host installs, as `hotpapers init` writes it; in a release, with the program itself."""
WORKFLOW = ".github/workflows/hotpapers.yml"
_INSTALLED = re.compile(r'^  HOTPAPERS: ".*"$', re.MULTILINE)
"""The line of the template's workflow that says what to install."""
_SSH = re.compile(r"(?:ssh://)?git@([^:/]+)[:/](.+)")


def main(command_line: Sequence[str]) -> int:
    """Builds a release; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.release", description="Builds a release.")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder, which is emptied (default dist)")
    parser.add_argument("--wheelhouse", action="store_true", help="also download all dependencies, with their hashes")
    arguments = parser.parse_args(command_line)
    output = arguments.output.resolve()
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    build(output)
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project, build_requires = pyproject["project"], pyproject["build-system"]["requires"]
    bill = bill_of_materials(project, build_requires, *all_pins())
    (output / SBOM).write_text(json.dumps(bill, indent=2) + "\n", "utf-8")
    (output / NOTES).write_text(release_notes((ROOT / "CHANGELOG.md").read_text("utf-8"), project["version"]), "utf-8")
    source = installed_from(project["version"], origin(ROOT), commit(ROOT))
    if not source:
        print(f"no public origin: write git+https://…@COMMIT into HOTPAPERS of {TEMPLATE_ZIP}", file=sys.stderr)
    [wheel] = output.glob("*.whl")
    pin = pin_of(wheel, project["version"])
    (output / HOST_PINS).write_text((TEMPLATE / HOST_PINS).read_text("utf-8") + pin, "utf-8")
    write_template(output / TEMPLATE_ZIP, source, pin)
    (output / SUMS).write_text(checksums(output), "utf-8")
    if arguments.wheelhouse:
        make_wheelhouse(output)
    for file in sorted(output.iterdir()):
        print(file)
    return 0


def all_pins() -> tuple[list[PinnedPackage], list[PinnedPackage]]:
    """The pinned packages, and those that only the extra `spark` has."""
    pins, spark = (list(pinned_packages(file.read_text("utf-8"))) for file in (VERSIONS, SPARK))
    return pins, [pin for pin in spark if pin.name not in {known.name for known in pins}]


def build(output: Path) -> None:
    """Builds wheel and sdist into a folder, stamped with the time of the last commit."""
    environment = {**os.environ, "SOURCE_DATE_EPOCH": commit_time(), "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(output)]
    previous_mask = os.umask(0o022)
    try:
        subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    finally:
        os.umask(previous_mask)


def commit_time() -> str:
    """When the last commit was made, in seconds since 1970; the start of 2020 outside Git."""
    command = ["git", "log", "-1", "--format=%ct"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return result.stdout.strip() or "1577836800"


# ---- the template of a free site -----------------------------------------------------------------------


def origin(checkout: Path) -> str:
    """The address that a checkout was cloned from; empty without one."""
    return _git(checkout, "remote", "get-url", "origin")


def commit(checkout: Path) -> str:
    """A checkout's commit; empty outside Git."""
    return _git(checkout, "rev-parse", "HEAD")


def _git(checkout: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=checkout, capture_output=True, text=True, check=False).stdout.strip()


def installed_from(version: str, address: str, commit: str) -> str:
    """What the template installs: a version that pip's index has, or else, before the first release, a commit. Empty
    if the project's address is not public."""
    if re.fullmatch(r"[0-9.]+", version):
        return f"hotpapers=={version}"
    address = _SSH.sub(r"https://\1/\2", address)
    return f"git+{address}@{commit}" if address.startswith("https://") and commit else ""


def pin_of(wheel: Path, version: str) -> str:
    """The line that pins the program itself to its wheel, which cannot contain it."""
    return f"hotpapers=={version} \\\n    --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


def write_template(file: Path, source: str, pin: str) -> None:
    """Packs the template, the same bytes each time. `source`: what its workflow installs; as it is if empty. `pin`: the
    program's line among the requirements, if it is installed by its version; a commit pins itself."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(path for path in TEMPLATE.rglob("*") if path.is_file()):
            name, content = path.relative_to(TEMPLATE).as_posix(), path.read_bytes()
            if name == WORKFLOW and source:
                content = _INSTALLED.sub(f'  HOTPAPERS: "{source}"', content.decode()).encode()
            if name == HOST_PINS and source.startswith("hotpapers=="):
                content += pin.encode()
            entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, content, zipfile.ZIP_DEFLATED)


def release_notes(changelog: str, version: str) -> str:
    """The changelog's section of a version. Raises SystemExit if there is none."""
    for section in re.split(r"(?m)^## ", changelog)[1:]:
        if section.split()[0] == version:
            return section.partition("\n")[2].strip() + "\n"
    sys.exit(f"CHANGELOG.md has no section for {version}")


def checksums(folder: Path) -> str:
    """The SHA-256 of each file in a folder, as `sha256sum --check` reads them."""
    files = sorted(file for file in folder.iterdir() if file.is_file() and file.name != SUMS)
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)


def make_wheelhouse(output: Path) -> None:
    """Downloads all dependencies, checked by their hashes, and adds the wheel."""
    folder = output / "wheelhouse"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    options = ["--require-hashes", "--only-binary", ":all:", "--dest", str(folder), "-r", str(REQUIREMENTS)]
    subprocess.run([*pip, "download", *options], check=True)
    [wheel] = output.glob("*.whl")
    shutil.copy2(wheel, folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
