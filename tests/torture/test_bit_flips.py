"""A single bit of a store's file flips: `verify` reports it, or everything that can be read is unchanged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.torture.flips import Flips
from tests.torture.table import ALL, Telling


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10) if ALL else (0,))
def test_no_flipped_bit_is_silent_and_none_is_a_defect(tmp_path: Path, seed: int, told: Telling) -> None:
    flips = Flips(tmp_path)
    count = 1000 if ALL else 100
    flips.flip(count, seed)
    assert flips.outcomes["named"] >= count / 20 and flips.outcomes["harmless"] >= count / 20, flips.outcomes
    for outcome, times in flips.outcomes.items():
        told.row(f"a bit of the store flipped: {outcome}", times)
