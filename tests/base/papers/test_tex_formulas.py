"""Where formulas are, and where dollars are money."""

from __future__ import annotations

import pytest

from hotpapers.base.text.tex_formulas import find_formulas


@pytest.mark.parametrize(
    "text",
    [
        "from $0.40 to $0.23 per query", "plans are $5-$20 a month", "$1M or $2M in all", "$5/$10", "US$5 and US$10",
        "$5–$10M", "$.50 to $.75", "$1,200, $1,300", "$5k vs $6k", "$3 -> $2", "from $5+ to $10", "$4-~$5",
        "$5 million compared to $3", "~$1 to ~$2", "$0.21->$0.12", "$1 (50\\% off) or $2", "costs $5 if x, or A$6",
        "spent in $ each day and in $ each month", "a lone $ sign",
    ],
)  # fmt: skip
def test_prices_are_not_formulas(text: str) -> None:
    assert list(find_formulas(text)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$\\sim$10 and 10$\\times$10", ["\\sim", "\\times"]), ("$>$5", [">"]), ("$ x + y $", [" x + y "]),
        ("$95\\% $ of $n $", ["95\\% ", "n "]), ("$1.1 $--$ 1.8~\\mu$m", ["1.1 ", " 1.8~\\mu"]), ("$1D $", ["1D "]),
        ("$10$-$20$", ["10", "20"]), ("$2^{10}$4", ["2^{10}"]), ("$5\\times$10", ["5\\times"]), ("$3$D", ["3"]),
        ("costs $5 and $x$ is", ["x"]), ("$5, so $\\alpha$ is", ["\\alpha"]), ("$0<p<1 $, $q$", ["0<p<1 ", "q"]),
        ("at $5-$20 for $n=2$ of $3", ["n=2"]), ("$a$ which we prove $ for all of them $b$", ["a", "b"]),
    ],
)  # fmt: skip
def test_formulas_beside_prices_and_numbers_stay(text: str, expected: list[str]) -> None:
    assert [piece.tex for piece in find_formulas(text)] == expected
