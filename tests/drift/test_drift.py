"""The drift drill: twenty changes of platforms lose nothing, are noticed in the first round, and are explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.drift.drill import Drift, play
from tests.drift.scenarios import DRILL

FAST = ("lobsters", "x", "feeds")
"""Networks whose scenarios take less than a second."""
PAGE = ROOT / "docs" / "explanation" / "drift.md"


@pytest.mark.parametrize(
    "drift",
    [
        pytest.param(
            drift, id=f"{drift.name} on {drift.network}", marks=() if drift.network in FAST else pytest.mark.long
        )
        for drift in DRILL
    ],
)
def test_a_change_of_a_platform(drift: Drift, tmp_path: Path) -> None:
    assert play(drift, tmp_path) == []


def test_there_are_twenty_and_the_docs_tell_of_each() -> None:
    names = dict.fromkeys(drift.name for drift in DRILL)
    text = PAGE.read_text("utf-8").replace("\n  ", " ")
    written = dict(re.findall(r"^\* (.+?) \((.+?)\): ", text, re.M))
    tried = {name: ", ".join(dict.fromkeys(drift.network for drift in DRILL if drift.name == name)) for name in names}
    assert len(names) == 20 and written == tried
