"""A single bit of a store's file flips: `verify` reports it, or everything that can be read is unchanged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.torture.bit_flips import BitFlips
from tests.torture.table import ALL, Report


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10) if ALL else (0,))
def test_flipped_bits_are_reported_or_harmless(tmp_path: Path, seed: int, report: Report) -> None:
    flips = BitFlips(tmp_path)
    count = 1000 if ALL else 100
    flips.flip(count, seed)
    assert flips.outcomes["named"] >= count / 20 and flips.outcomes["harmless"] >= count / 20, flips.outcomes
    for outcome, times in flips.outcomes.items():
        report.add_row(f"a bit of the store flipped: {outcome}", times)
