"""`uvx hotpapers demo` with an empty home and cache, until the site is there.

The limit is what a newcomer waits for. The peer is `python -m venv`, then pip installing the same packages, which makes
no site. All packages come from a wheelhouse on this machine, so no network is measured. Median of three, in turns. The
benchmark is skipped where no package index is reachable.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import measure
from hotpapers.base.version import __version__
from tools import release

SECONDS, SHARE, TURNS = 20, 1.0, 3
LOCK = measure.ROOT / "requirements" / "lock.txt"


def run(scale: float = 1.0) -> dict[str, Any]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = _environment(folder / "tools")
        pip = [sys.executable, "-m", "pip", "--python", str(python), "--quiet", "install", "--require-hashes"]
        try:
            subprocess.run([*pip, "-r", str(LOCK)], check=True)
            release.main(["--output", str(folder / "dist"), "--wheelhouse"])
        except subprocess.CalledProcessError:
            return {"skipped": "no package index is reachable"}
        wheelhouse, uvx = folder / "dist" / "wheelhouse", python.with_name("uvx")
        turns = [
            (_uvx(folder / f"{turn}", uvx, wheelhouse), _pip(folder / f"{turn}", wheelhouse))
            for turn in range(max(int(TURNS * scale), 1))
        ]
    own, peers = (statistics.median(times) for times in zip(*turns, strict=True))
    lines = [
        measure.limit("until the site is there", own, SECONDS, "s"),
        measure.at_most("the same, against venv and pip", own, peers, SHARE),
    ]
    return {"lines": lines, "method": __doc__}


def _environment(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    return folder / "bin" / "python"


def _uvx(folder: Path, uvx: Path, wheelhouse: Path) -> float:
    """Seconds until the demo has run, from nothing."""
    home = folder / "home"
    home.mkdir(parents=True)
    command = [str(uvx), "--no-index", "--find-links", str(wheelhouse), "--from", f"hotpapers=={__version__}"]
    variables = {"HOME": str(home), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "UV_PYTHON": sys.executable}

    def demo() -> None:
        subprocess.run([*command, "hotpapers", "demo"], cwd=folder, env=variables, check=True, capture_output=True)

    seconds = measure.seconds(demo)
    if not (folder / "hotpapers-demo" / "site" / "index.html").is_file():
        raise AssertionError("there is no site")
    shutil.rmtree(folder)
    return seconds


def _pip(folder: Path, wheelhouse: Path) -> float:
    """Seconds until pip has installed the same packages into a new environment."""
    variables = os.environ | {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}

    def install() -> None:
        python = _environment(folder)
        pip = [str(python), "-m", "pip", "--quiet", "--no-cache-dir", "install", "--find-links", str(wheelhouse)]
        subprocess.run([*pip, f"hotpapers=={__version__}"], env=variables, check=True, capture_output=True)

    seconds = measure.seconds(install)
    shutil.rmtree(folder)
    return seconds
