"""Packages whose wings cannot be loaded: each is named and left out, and every command works; wings can be chosen."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from hotpapers.wings import BUILT_IN
from tests.cli.run import PACKAGE, run_process

START = "from hotpapers.base.wings import SettingsTable, Wing\n"
SITE = "from hotpapers.site.hooks import Alarms\n"
CLI = "from hotpapers.cli.hooks import Commands\n"
BROKEN = {
    "absent": ("import no_such_library", "ModuleNotFoundError: No module named 'no_such_library'"),
    "raising": ("1 / 0", "ZeroDivisionError: division by zero"),
    "misspelt": ("WING = Wing(", "SyntaxError"),
    "exiting": ("raise SystemExit(3)", "SystemExit: 3"),
    "ending": ("raise GeneratorExit", "GeneratorExit"),
    "nameless": ("WINGS = ()", "AttributeError"),
    "text": ("WING = 'a wing'", "TypeError: it is no Wing, but of type str"),
    "newer": ("WING = Wing('newer', 'Newer.', hook_of_tomorrow=1)", "TypeError"),
    "numbered": ("WING = Wing(7, 'Numbered.')", "TypeError: its name is of type int"),
    "listed": ("WING = Wing('listed', 'Listed.', hooks=['a'])", "TypeError: its hooks is of type list"),
    "unknown": ("class Of(tuple): pass\nWING = Wing('unknown', 'U.', hooks=(Of(),))", "TypeError: unknown hook Of"),
    "plain": ("WING = Wing('plain', 'P.', hooks=(print,))", "TypeError: unknown hook builtin_function_or_method"),
    "misnamed": (f"{SITE}WING = Wing('misnamed', 'M.', hooks=(Alarms(alarm=print),))", "argument 'alarm'"),
    "uncallable": (f"{SITE}WING = Wing('uncallable', 'U.', hooks=(Alarms(3),))", "Alarms.list is of type int"),
    "fewer": (
        f"{SITE}WING = Wing('fewer', 'F.', hooks=(Alarms(lambda site: ()),))",
        "TypeError: Alarms.list takes other arguments than 2: too many positional arguments",
    ),
    "more": (
        f"{SITE}WING = Wing('more', 'M.', hooks=(Alarms(lambda site, record, at: ()),))",
        "TypeError: Alarms.list takes other arguments than 2: missing a required argument: 'at'",
    ),
    "flat": (f"{CLI}WING = Wing('flat', 'F.', hooks=(Commands('here'),))", "Commands.by_section is of type str"),
    "twin": ("WING = Wing('mail', 'Like one of ours.')", "TypeError: there is another wing of that name"),
    "unset": ("WING = Wing('unset', 'Unset.', settings=lambda: 1 / 0)", "ZeroDivisionError"),
    "untabled": ("WING = Wing('untabled', 'Untabled.', settings=lambda: ['mail'])", "a table is of type str"),
    "colored": ("raise ValueError('\\x1b[31mred\\x07')", "ValueError: \ufffd[31mred\ufffd"),
}  # fmt: skip
"""The module of each package, and what the warning says of it."""


def package(folder: Path, name: str, code: str, entry: str = "") -> None:
    """Install a package with an entry point."""
    (folder / f"{name}_wing.py").write_text(f"{START}{code}\n")
    about = folder / f"{name}_wing-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-wing\nVersion: 1\n")
    (about / "entry_points.txt").write_text(f"[hotpapers.wings]\n{entry or f'{name} = {name}_wing:WING'}\n")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment with all broken packages and a good one."""
    folder = tmp_path_factory.mktemp("packages")
    for name, (code, _) in BROKEN.items():
        package(folder, name, code)
    package(folder, "good", "WING = Wing('good', 'Works.')")
    package(folder, "garbled", "", "garbled")
    package(folder, "gone", "")
    (folder / "gone_wing.py").unlink()
    (folder / "gone_wing-1.dist-info" / "METADATA").unlink()
    package(folder, "second", "WING = Wing('good', 'Of the same name.')")
    return {"PYTHONPATH": os.pathsep.join((str(folder), str(PACKAGE)))}


def test_each_is_named_with_its_package_and_left_out(installed: dict[str, str]) -> None:
    result = run_process("wings", **installed)
    assert result.status == 0
    assert {line.split()[0] for line in result.out.splitlines()} == {*BUILT_IN, "good", "unset", "untabled"}
    reasons = dict(line.split(": left out, as it cannot be loaded: ") for line in result.err.splitlines())
    for name in BROKEN.keys() - {"unset", "untabled"}:
        assert BROKEN[name][1] in reasons.pop(f"wing '{name}' of the package {name}-wing"), name
    assert "TypeError" in reasons.pop("wings of the package garbled-wing")
    (gone, reason), *twins = sorted(reasons.items(), key=lambda pair: "gone" not in pair[0])
    assert gone.startswith("wing 'gone' of a package without a name in ") and "No module named 'gone_wing'" in reason
    assert [reason.partition(".")[0] for _, reason in twins] == ["TypeError: there is another wing of that name"]
    assert all("name the wings to load in HOTPAPERS_WINGS" in line for line in result.err.splitlines())


def test_every_command_works_beside_them(installed: dict[str, str], demo: Path, tmp_path: Path) -> None:
    shutil.copy(demo, tmp_path / "s.db")
    (tmp_path / "hotpapers.toml").write_text('store = "s.db"\n')
    settings = ("--config", tmp_path / "hotpapers.toml")
    for args in (("status",), ("backup", tmp_path / "copy.db"), ("forget", "bluesky:did:plc:nobody", "--yes")):
        result = run_process(*args, *settings, **installed)
        without = run_process(*args, *settings, HOTPAPERS_WINGS="")
        assert result.status == without.status in (0, 2), result
        for name in ("unset", "untabled"):
            assert f"settings of the wing '{name}' of the package {name}-wing: left out" in result.err


def test_wings_can_be_chosen(installed: dict[str, str]) -> None:
    def listed(chosen: str) -> set[str]:
        result = run_process("wings", HOTPAPERS_WINGS=chosen, **installed)
        assert result.status == 0 and {line[:9] for line in result.err.splitlines()} <= {"wings of "}
        return {line.split()[0] for line in result.out.splitlines()}

    assert listed("") == listed(",") == set()
    assert listed("mail, good") == {"mail", "good"}
    misspelt = run_process("wings", HOTPAPERS_WINGS="mial,forms", **installed)
    assert misspelt.out.split()[0] == "forms" and "HOTPAPERS_WINGS: no wing 'mial' is loaded" in misspelt.err


def test_a_place_that_cannot_be_imported_is_named(tmp_path: Path) -> None:
    code = (
        "from hotpapers.base.networks import Network, NetworkReader\n"
        "PINS = Network('pins', 'Pins', '2026-11-25', 'public', 'https://pins.example/')\n"
        "READER = NetworkReader('pins', 'pins_source:Pins', 'pins_source:PinsSettings')\n"
        "WING = Wing('pins', 'Pins.', hooks=(PINS, READER))"
    )
    package(tmp_path, "pins", code)
    (tmp_path / "hotpapers.toml").write_text("[source.pins]\non = true\n")
    result = run_process(
        "collect", "--once", "--config", tmp_path / "hotpapers.toml",
        PYTHONPATH=os.pathsep.join((str(tmp_path), str(PACKAGE))),
    )  # fmt: skip
    assert result.status == 2 and "pins_source:" in result.message and "HOTPAPERS_WINGS" in result.message
