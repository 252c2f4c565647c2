"""TeX's names of letters and signs, and its accents, for all that read or write them."""

from __future__ import annotations

NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi "
    "psi omega"
)
SMALL_GREEK = dict(zip(NAMES.split(), "αβγδεζηθικλμνξοπρστυφχψω", strict=True))
CAPITAL_GREEK = {name.capitalize(): letter.upper() for name, letter in SMALL_GREEK.items()}
LATIN = {"o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å"}
LATIN |= {"AA": "Å", "i": "ı", "j": "ȷ"}
"""Those that need no package."""
MORE_LATIN = {"dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ", "ng": "ŋ", "NG": "Ŋ"}
"""Those of the encoding T1."""
SIGNS = {
    "×": "times texttimes",
    "∼": "sim",
    "→": "to rightarrow textrightarrow",
    "≤": "leq le",
    "≥": "geq ge",
    "±": "pm textpm",
    "∞": "infty",
    "≈": "approx textapprox",
    "ℓ": "ell",
    "∈": "in",
    "⊂": "subset",
    "∂": "partial",
    "∇": "nabla",
}
"""By sign of mathematics, its commands: first the one for formulas."""
MARKS = dict(
    zip(
        "`'^~=u.\"rHvdckb",
        "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0323\u0327\u0328\u0331",
        strict=True,
    )
)
"""By the sign or letter of an accent's command, the combining character."""
