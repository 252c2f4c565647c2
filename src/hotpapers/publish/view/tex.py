"""Titles and abstracts as pages show them: formulas as MathML, TeX text commands as plain text.

Papers' titles and abstracts are usually TeX. `$…$`, `\\(…\\)`, `\\[…\\]` and formula environments are mathematics;
accents and quotation marks become letters. Everything else is text, and is escaped.

In plain text, TeX commands that only change the font are dropped, subscripts and superscripts are Unicode's; an unknown
command leaves its argument, or its name if it has none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from markupsafe import Markup, escape

from hotpapers.base.text.clean_text import one_line
from hotpapers.base.text.patterns import lazy_pattern
from hotpapers.base.text.tex_formulas import TexFormula, find_formulas
from hotpapers.base.text.tex_letters import CAPITAL_GREEK, LATIN, MARKS, MORE_LATIN, SIGNS, SMALL_GREEK
from hotpapers.publish.view import math_alphabets, mathml
from hotpapers.publish.view.highlighting import Spans, from_signs, mark_spans, with_signs
from hotpapers.publish.view.math_alphabets import RAISED_LETTERS
from hotpapers.publish.view.math_text import SIGN_OF, line_of
from hotpapers.publish.view.mathml import render_formula

MAX_TEXT_CHARS = 10_000
"""Code points of a text that is searched for TeX; a longer text is shown unchanged."""
MAX_FORMULAS_CHARS = 60_000
"""Total code points of the formulas of a text that are rendered; later formulas are shown as TeX."""

_TEX = lazy_pattern(r"\$|\\|~|``|''|--")
"""Characters of which a text has at least one if it contains any TeX; as literals, which are fast to find."""
_FORMULA_HERE = "\0"
"""Stands for a formula while commands around it are dropped; no page can show this character."""


def tex_to_markup(text: str, spans: Spans = ()) -> Markup:
    """A paper's text as a page shows it, with inline formulas; those that cannot be rendered are shown as TeX.
    `spans`: to mark; a formula is marked whole."""
    if not _has_tex(text):
        return mark_spans(text, spans) if spans else escape(text)
    pieces = list(find_formulas(text))
    shown = [
        _MARK.format(html) if any(start < piece.end and piece.start < end for start, end in spans) else html
        for piece, html in zip(pieces, _formulas_html(pieces), strict=True)
    ]
    return Markup("").join(_in_turn(_marked_stretches(text, pieces, spans), shown))


def pieces_of(text: str) -> list[str]:
    """The pieces that `tex_to_markup` shows: text, which is not escaped yet, and formulas, which are Markup."""
    if not _has_tex(text):
        return [text]
    pieces = list(find_formulas(text))
    return list(filter(None, _in_turn(_stretches(text, pieces), _formulas_html(pieces))))


def _has_tex(text: str) -> bool:
    return len(text) <= MAX_TEXT_CHARS and _TEX.search(text) is not None


def _in_turn(stretches: Sequence[str], between: Sequence[str]) -> list[str]:
    """The text before a formula, the formula, the text after it, and so on."""
    pairs = zip(stretches, [*between, ""], strict=True)
    return [part for pair in pairs for part in pair]


_TEX_CODE, _MARK = Markup('<code class="tex">{}</code>'), Markup("<mark>{}</mark>")


def _formulas_html(pieces: Sequence[TexFormula]) -> list[Markup]:
    result = []
    size = 0
    for piece in pieces:
        rendered = render_formula(piece.tex) if size < MAX_FORMULAS_CHARS else None
        result.append(_TEX_CODE.format(piece.tex) if rendered is None else rendered)
        size += len(result[-1])
    return result


def _marked_stretches(text: str, pieces: Sequence[TexFormula], spans: Spans) -> list[Markup]:
    """The text before, between and after its formulas, with marks."""
    stretches = _stretches(text, pieces)
    if not spans:
        return list(map(escape, stretches))
    signed = _cleaned([with_signs(text, start, end, spans) for start, end in _outside(text, pieces)])
    return list(map(from_signs, signed, stretches))


def tex_to_text(text: str) -> str:
    """A text with TeX as plain text: accented TeX letters as letters, formulas as TeX."""
    return _plain_letters(text) if _has_tex(text) else text


def plain_line(text: str) -> str:
    """A text with TeX on one line, formulas as Unicode as far as possible, for places that only take characters."""
    return _line(text, line_of)


def tex_line(text: str) -> str:
    """A text with TeX on one line, with formulas as TeX, for places that render them."""
    return _line(text, lambda tex: None)


def _line(text: str, formula_text: Callable[[str], str | None]) -> str:
    line = one_line(text)
    return one_line(_plain_letters(line, formula_text)) if _has_tex(line) else line


def _plain_letters(text: str, formula_text: Callable[[str], str | None] = lambda tex: None) -> str:
    pieces = list(find_formulas(text))
    formula_texts = [formula_text(piece.tex) or text[piece.start : piece.end] for piece in pieces]
    return "".join(_in_turn(_stretches(text, pieces), formula_texts))


def _stretches(text: str, pieces: Sequence[TexFormula]) -> list[str]:
    """The text before, between and after its formulas, without TeX commands, which may enclose formulas."""
    outside = _outside(text, pieces)
    return _cleaned([text[start:end] for start, end in outside])


def _outside(text: str, pieces: Sequence[TexFormula]) -> list[tuple[int, int]]:
    """Where the text before, between and after its formulas begins and ends."""
    ends = (piece.end for piece in pieces)
    starts = (piece.start for piece in pieces)
    return list(zip([0, *ends], [*starts, len(text)], strict=True))


def _cleaned(outside: Sequence[str]) -> list[str]:
    joined = _FORMULA_HERE.join(part.replace(_FORMULA_HERE, "") for part in outside)
    joined = joined.replace(f"{_FORMULA_HERE}~", f"{_FORMULA_HERE}\u00a0")
    return list(map(decode_accents, _without_styles(joined).split(_FORMULA_HERE)))


_ACCENT = lazy_pattern(
    r"""(\{)?\\(?:(["'`^~=.])\s*|([uvHcdbkr])(?:\s+|(?=\{)))(?:\{\s*\\?([A-Za-z])\s*\}|\\?([A-Za-z]))(?(1)\})""",
    re.ASCII,
)

_GREEK = SMALL_GREEK | CAPITAL_GREEK
_SIGNS_NAMED = {
    "§": "S textsection",
    "…": "dots ldots textellipsis",
    **SIGNS,
    ">": "textgreater",
    "<": "textless",
    "~": "textasciitilde",
    "–": "textendash",
    "—": "textemdash",
    "°": "deg degree textdegree",
    "©": "copyright textcopyright",
    "®": "textregistered",
    "™": "texttrademark",
    "i.e.": "ie",
    "e.g.": "eg",
    "etc.": "etc",
    "et al.": "etal",
    "‘": "lq textquoteleft",
    "’": "rq textquoteright",
    "•": "item textbullet",
    " ": "par newline quad qquad medskip smallskip textbackslash",
    "": "noindent xspace boldmath unboldmath em it bf rm sc tt sl sf small large normalsize bfseries itshape scshape "
    "slshape upshape mdseries rmfamily sffamily ttfamily",
    "ε": "varepsilon",
    "φ": "varphi",
    "“": "textquotedblleft",
    "”": "textquotedblright",
    "'": "textquotesingle",
    "^": "textasciicircum",
    "_": "textunderscore",
    "|": "textbar",
    "$": "textdollar",
    "µ": "textmicro",
    "Ω": "textohm",
    "−": "textminus",
    "‰": "textperthousand",
    "←": "textleftarrow",
    "£": "pounds textsterling",
    "€": "texteuro",
    "°C": "textcelsius",
    "½": "textonehalf",
    "²": "texttwosuperior",
    "†": "dag textdagger",
    "‡": "ddag textdaggerdbl",
    "¶": "P textparagraph",
    "¡": "textexclamdown",
    "¿": "textquestiondown",
    "¥": "textyen",
    "¢": "textcent",
    "/": "slash",
    "«": "guillemotleft",
    "»": "guillemotright",
    "·": "cdot textperiodcentered",
}
"""The commands by sign."""
_NAMED = {
    **_GREEK,
    **LATIN,
    **MORE_LATIN,
    **math_alphabets.by_name(_SIGNS_NAMED),
    **{f"text{name}": letter for name, letter in _GREEK.items()},
}
TEXT_SIGNS = {name: sign for name, sign in _NAMED.items() if name.startswith("text") or name in ("dots", "ldots")}
"""The letters and signs that LaTeX has outside formulas, by name."""
# A letter command within a word also consumes the space after it; other commands stand for words.
_NAME = lazy_pattern(
    r"\\(?:([oOlLij]|a[ea]|A[EA]|oe|OE|ss|d[hj]|D[HJ]|th|TH|ng|NG)(?![A-Za-z])(?:\{\}| (?=[a-z]))?"
    r"|([A-Za-z]+)(?:\{\})?)"
)

_IN_BRACES = lazy_pattern(r"\{\s*\\([A-Za-z]+)\s*(?:\{\}\s*)?\}")
"""A letter or sign alone in braces: `M{\\o}ller`."""
_NO_LETTER = lazy_pattern(r"\\([\"'`^~=.])\s*\{\s*\}")
"""An accent without a letter means its sign."""

_STYLES = "emph|text(?:bf|it|sc|tt|rm|sf|sl|normal|up)?|[mh]box|u(?:nder)?line|ensuremath|math(?:rm|bf|sf|tt|it)"
_INSIDE = "[^{}]*+"
for _ in range(4):
    _INSIDE = rf"[^{{}}]*+(?:\{{{_INSIDE}\}}[^{{}}]*+)*+"
"""Text in which braces are nested at most four times."""
_STYLED = lazy_pattern(
    rf"\\(?:{_STYLES})\s*\{{({_INSIDE})\}}"
    r"|\{\s*\\(?:it|em|bf|sc|rm|tt|sl|sf|small|large|(?:it|sc|sl|up|bf|md|rm|sf|tt)(?:shape|series|family))\b"
    rf"\s*+({_INSIDE})\}}"
)


_RAISED = lazy_pattern(rf"\\text(sub|super)script\s*(?:\{{({_INSIDE})\}}|(\w))")
_TWO = lazy_pattern(
    rf"\\(?P<name>textcolor|colorbox|texorpdfstring|[dt]?frac|hyperlink)\s*\{{(?P<first>{_INSIDE})\}}"
    rf"\s*\{{(?P<second>{_INSIDE})\}}"
)
_TWO_FORMS = {"texorpdfstring": "{0}", "frac": "{0}/{1}", "dfrac": "{0}/{1}", "tfrac": "{0}/{1}"}
"""Commands with two arguments; of the others, the second one is shown."""
_OVER = math_alphabets.by_name(
    {
        "\u0302": "hat widehat",
        "\u0303": "tilde widetilde",
        "\u0304": "bar overline",
        "\u0307": "dot",
        "\u0308": "ddot",
        "\u20d7": "vec",
        "\u0306": "breve",
        "\u030c": "check",
        "\u0301": "acute",
        "\u0300": "grave",
    }
)
_ARGUMENT = lazy_pattern(
    r"\\(?:cite[a-z]*|(?!href)[a-zA-Z]*ref)\*?\s*(?:\[[^\[\]]*\]\s*)*\{(?P<cited>[^{}]*)\}|\\href\s*\{[^{}]*\}\s*\{(?P<linked>[^{}]*)\}"
    r"|\\(?:url|href)\s*\{(?P<address>[^{}]*)\}|\\footnote\s*\{(?P<note>[^{}]*)\}|\\(?:label|[vh]space|color)\s*\{[^{}]*\}"
    r"|\\(?:begin|end)\s*\{[a-z]*\*?\}"
)
# What other patterns read: accents, and the commands of _ARGUMENT, which may also contain commands.
_READ_ELSEWHERE = r"[uvHcdbkrt]|cite[a-z]*|[a-zA-Z]*ref|href|url|footnote|label|[vh]space|color|begin|end"
_CHEMICAL = lazy_pattern(rf"\\ce\s*\{{({_INSIDE})\}}")
_UNKNOWN = lazy_pattern(
    rf"\\(?!(?:{_READ_ELSEWHERE}|{'|'.join(_NAMED)})(?![A-Za-z]))([A-Za-z]+)\*?(?:\[[^\[\]]*\])?"
    rf"\s*\{{(?=\s*[^\s}}])({_INSIDE})\}}(?:\{{({_INSIDE})\}})?"
)
"""An unknown command with one or two arguments."""
_WRAPPED = {"cited": "[{}]", "linked": "{}", "address": "{}", "note": " ({})"}
# Ties, quotation marks and dashes may also be next to a formula, where the stretch begins or ends.
_SIGN = lazy_pattern(
    r"\\([%&#_${}|])|\\([ ,;:!/\-\\])|(?<=[^\s(\[{/=<>~≈\\-])~+|``|(?:(?<=\S)|^)''(?!\()"
    r"|(?:(?<=[\w)])|^)---?(?=[\w(]|$)|(?<= )---?(?= )"
)
_SIGNS = {"~": "\u00a0", "``": "“", "''": "”", "--": "–", "---": "—"}


def decode_accents(text: str) -> str:
    """The text for a stretch of TeX without formulas."""
    if not _TEX.search(text):
        return text
    text = _without_styles(text)
    text = _ACCENT.sub(_accented, text)
    text = _ARGUMENT.sub(_argument, text)
    text = _IN_BRACES.sub(lambda match: _NAMED.get(match[1], match[0]), text)
    text = _NO_LETTER.sub(r"\1", _SIGN.sub(_sign, text))
    return _NAME.sub(lambda match: _NAMED.get(match[1] or match[2], match[2]), text)


def _without_styles(text: str) -> str:
    """The text without commands that have an argument, except for accents, citations and links."""
    if "\\" not in text:
        return text
    text = math_alphabets.expand_in_prose(text)
    for _ in range(3):  # nested commands
        before = text
        text = _STYLED.sub(lambda group: group[1] or group[2] or "", text)
        text = _TWO.sub(_both, _RAISED.sub(_raised, text))
        text = _UNKNOWN.sub(_content, _CHEMICAL.sub(lambda match: mathml.chemical_formula(match[1]), text))
        if text == before:
            break
    return text


def _both(match: re.Match[str]) -> str:
    return _TWO_FORMS.get(match["name"], "{1}").format(match["first"].strip(), match["second"].strip())


def _content(match: re.Match[str]) -> str:
    """The arguments of an unknown command: `\\ion{C}{iv}` → C iv."""
    return f"{match[2]}{_OVER.get(match[1], '')} {match[3] or ''}".rstrip()


def _raised(match: re.Match[str]) -> str:
    """A subscript or superscript: `H\\textsubscript{2}O` → H₂O; as `_max` or `^max` if a letter has no such form."""
    text = decode_accents(match[2] or match[3] or "").strip()
    letters = RAISED_LETTERS[match[1]]
    if all(char in letters or char == " " for char in text):
        return "".join(letters.get(char, char) for char in text)
    if text[:1].isalnum():
        return f"{SIGN_OF[match[1]]}{text}"
    return text


def _accented(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", (match[4] or match[5]) + MARKS[match[2] or match[3]])


def _argument(match: re.Match[str]) -> str:
    kind = match.lastgroup
    return _WRAPPED[kind].format(match[kind]) if kind else ""


def _sign(match: re.Match[str]) -> str:
    if match[1]:
        return match[1]
    if match[2]:
        return "" if match[2] in "!/-" else " "
    return _SIGNS["~" if match[0][0] == "~" else match[0]]
