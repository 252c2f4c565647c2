"""Sites that were kept after they were played, for other tools: `python -m tests.sites --folder DIR`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tests.cli.run import run
from tests.sites.play import Played

EXPORT = "export.jsonl.zst"


class KeptSite(NamedTuple):
    """A kept site. `settings`: the last ones; `public`: what its readers saw; `export`: the whole record with all
    issues, also if the store was on a server."""

    name: str
    settings: Path
    public: Path
    export: Path


def keep(played: Played) -> None:
    """Export a played site into its folder."""
    result = run("export", "--output", played.folder / EXPORT, "--config", played.folder / "hotpapers.toml")
    assert result.status == 0, result


def kept_sites(folder: Path) -> list[KeptSite]:
    """The sites in a folder, by name."""
    return [
        KeptSite(export.parent.name, export.with_name("hotpapers.toml"), export.with_name("public"), export)
        for export in sorted(folder.glob(f"*/{EXPORT}"))
    ]
