"""`hotpapers wings`, and how the settings tell of a wing that is not there."""

from __future__ import annotations

from pathlib import Path

from hotpapers.base.installed import hooks_of, installed_wings
from hotpapers.cli import SECTIONS
from hotpapers.cli.hooks import Commands
from tests.cli.run import good, misuse, run


def test_every_wing_is_listed_with_its_summary() -> None:
    assert [tuple(line.split(maxsplit=1)) for line in good("wings").splitlines()] == [
        (wing.name, wing.summary) for wing in installed_wings()
    ]
    assert run("wings", "--json").json == {
        "wings": [{"name": wing.name, "summary": wing.summary} for wing in installed_wings()]
    }


def test_a_table_that_no_wing_knows_may_belong_to_one(cwd: Path) -> None:
    for table in ("[postal]\nstamps = 3", "[[postal]]\nstamps = 3"):
        (cwd / "hotpapers.toml").write_text(f"{table}\n")
        message = misuse("status")
        assert "postal: no such table; it may belong to a wing that is not installed: `hotpapers wings` " in message
    (cwd / "hotpapers.toml").write_text("[publihs]\noutput = 'a'\n")
    assert "publihs: no such setting; did you mean publish?" in misuse("status")


def test_no_wing_has_a_section_of_its_own_in_the_help() -> None:
    assert {title for commands in hooks_of(Commands) for title in commands.by_section} <= {*SECTIONS}
