"""TeX's ways of writing plain text as the text that is meant: accents, signs, quotation marks, names of letters.

Commands that only change the type are dropped; of commands that nobody knows the name is left. The formulas of a text
are cut out before: `prose`.
"""

from __future__ import annotations

import re
import unicodedata

_MARKS = {
    '"': "\u0308", "'": "\u0301", "`": "\u0300", "^": "\u0302", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "d": "\u0323", "b": "\u0331", "k": "\u0328",
    "r": "\u030a",
}  # fmt: skip
_ACCENT = re.compile(
    r"""\{?\\(?:(["'`^~=.])\s*|([uvHcdbkr])(?:\s+|(?=\{)))(?:\{\s*\\?([A-Za-z])\s*\}|\\?([A-Za-z]))\}?""", re.ASCII
)

_LOWER = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
)  # fmt: skip
_GREEK = {
    name: unicodedata.lookup(f"GREEK {size} LETTER {'LAMDA' if lower == 'lambda' else lower.upper()}")
    for lower in _LOWER
    for name, size in ((lower, "SMALL"), (lower.capitalize(), "CAPITAL"))
}
_NAMED = {
    **_GREEK, "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å",
    "AA": "Å", "i": "ı", "j": "ȷ", "S": "§", "dots": "…", "ldots": "…", "times": "×", "sim": "∼", "to": "→",
    "rightarrow": "→", "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "pm": "±", "infty": "∞", "cdot": "·",
    "approx": "≈", "textapprox": "≈", "ell": "ℓ", "in": "∈", "subset": "⊂", "partial": "∂", "nabla": "∇",
    "textgreater": ">", "textless": "<", "textasciitilde": "~", "textendash": "–", "textemdash": "—", "deg": "°",
    "degree": "°", "copyright": "©", "textregistered": "®", "texttrademark": "™", "ie": "i.e.", "eg": "e.g.",
    "etc": "etc.", "etal": "et al.", "lq": "‘", "rq": "’", "item": "•", "par": " ", "newline": " ", "quad": " ",
    "qquad": " ", "medskip": " ", "smallskip": " ", "noindent": "", "xspace": "", "em": "", "it": "", "bf": "",
    "rm": "", "sc": "", "tt": "", "sl": "", "sf": "", "small": "", "large": "", "normalsize": "",
}  # fmt: skip
# A letter within a word takes the blank behind its command with it; other commands stand for words.
_NAME = re.compile(r"\\(?:([oOlLij]|a[ea]|A[EA]|oe|OE|ss)(?![A-Za-z])(?:\{\}| (?=[a-z]))?|([A-Za-z]+)(?:\{\})?)")

_STYLES = "emph|text(?:bf|it|sc|tt|rm|sf|sl|normal|up)?|[mh]box|u(?:nder)?line|ensuremath|math(?:rm|bf|cal|sf|tt)"
_STYLED = re.compile(
    rf"\\(?:{_STYLES})\s*\{{([^{{}}]*)\}}|\{{\s*\\(?:it|em|bf|sc|rm|tt|sl|sf|small|large)\b\s*([^{{}}]*)\}}"
)
_ARGUMENT = re.compile(
    r"\\(?:cite[pt]?|ref|eqref|cref)\*?\s*\{(?P<cited>[^{}]*)\}|\\href\s*\{[^{}]*\}\s*\{(?P<linked>[^{}]*)\}"
    r"|\\url\s*\{(?P<address>[^{}]*)\}|\\footnote\s*\{(?P<note>[^{}]*)\}|\\(?:label|[vh]space|color)\s*\{[^{}]*\}"
    r"|\\(?:begin|end)\s*\{[a-z]*\*?\}"
)
_WRAPPED = {"cited": "[{}]", "linked": "{}", "address": "{}", "note": " ({})"}
_SIGN = re.compile(
    r"\\([%&#_${}|])|\\([ ,;:!/\-\\])|(?<=[\w.)])~(?=[\w(\\])|``|''|(?<=\w)---?(?=\w)|(?<= )---?(?= )", re.ASCII
)
_SIGNS = {"~": "\u00a0", "``": "“", "''": "”", "--": "–", "---": "—"}


def decode_accents(text: str) -> str:
    """The text that a stretch of TeX without formulas stands for."""
    if "\\" not in text:
        return text
    for _ in range(3):  # commands within commands
        before, text = text, _STYLED.sub(lambda group: group[1] or group[2] or "", text)
        if text == before:
            break
    text = _ACCENT.sub(_accented, text)
    text = _ARGUMENT.sub(_accent, text)
    text = _SIGN.sub(_sign, text)
    return _NAME.sub(lambda match: _NAMED.get(match[1] or match[2], match[2]), text)


def _accented(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", (match[3] or match[4]) + _MARKS[match[1] or match[2]])


def _accent(match: re.Match[str]) -> str:
    kind = match.lastgroup
    return _WRAPPED[kind].format(match[kind]) if kind else ""


def _sign(match: re.Match[str]) -> str:
    if match[1]:
        return match[1]
    if match[2]:
        return "" if match[2] in "!/-" else " "
    return _SIGNS[match[0]]
