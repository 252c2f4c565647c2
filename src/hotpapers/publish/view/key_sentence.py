"""Picks the most telling sentence of an abstract by a fixed, versioned rule. Pure, and the same everywhere.

    telling/1   each sentence gets points by the tables below; the one with the most is chosen, the first if tied

The rule does not understand anything: it looks for words with which authors announce what they did and found, for
figures, and for a length that is easy to read. The words were chosen using abstracts that are not part of this program;
docs/explanation/summary.md says how well the rule does.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from hotpapers.base.text.tex_formulas import find_formulas

RULE = "telling/1"
"""The name of the rule. A changed rule gets a new name, so that pages' statements about their lead stay true."""
MIN_POINTS = -1000
"""Fewer points than any sentence can have."""
MAX_ABSTRACT_CHARS = 20_000
"""Code points of an abstract that are considered; the rest is ignored."""
MIN_SENTENCE_CHARS, EASY, LONG, TOO_LONG = 40, 250, 340, 480
"""Code points: a sentence shorter than the first says too little; up to the second it is easy to read; from the third
it is long; from the fourth it is too long for a list."""
POINTS_FOR_LENGTH = (-6, 1, 0, -3, -8)


# ---- signals -------------------------------------------------------------------------------------------


Signal = tuple[int, re.Pattern[str]]
"""Points, and a pattern for which a lower-case sentence gets them."""


def _signal(points: int, pattern: str) -> Signal:
    return points, re.compile(pattern)


def _anywhere(points: int, phrases: str) -> Signal:
    """Any of these phrases, starting at a word boundary."""
    return _signal(points, rf"\b(?:{phrases})")


def _first(points: int, phrases: str) -> Signal:
    """Any of these phrases at the start of the sentence."""
    return _signal(points, rf"^(?:{phrases})\b")


_WORK = "(?:paper|work|article|report|study|survey|thesis|letter|note|chapter|review|tutorial)"
_WE = (
    f"(?:in this {_WORK},? ?|here,? |(?:this|our|the present) {_WORK} |to (?:this|that) end,? |"
    r"we (?:then |also |further )?)(?:\w+ly )?(?:\w+ (?:and|to) )?"
)
_MAKE = (
    "introduc|present|propos|develop|describ|design|construct|build|releas|devis|creat|establish|provid|deriv|formaliz|"
    "formulat|contribut|built|offer|advocat|revisit|survey|review|address|tackl"
)
_FIND = (
    "show|find|found|prove|demonstrat|discover|observ|reveal|establish|report|conclud|uncover|identif|achiev|obtain|"
    "solve|argue|confirm"
)

MAKES = _anywhere(7, f"{_WE}(?:{_MAKE})")
"""Names the thing made or studied."""

# Each counts once per sentence, however often it matches.
DONE = (MAKES, _anywhere(6, f"{_WE}(?:{_FIND})"))
"""Phrases for results: things made and found."""

TELLS = (
    _anywhere(3, r"we\b|our\b|this (?:paper|work|article|report|study|survey)\b"),
    _anywhere(2, r"called\b|dubbed\b|termed\b|named\b|(?:which|that) we call\b|a (?:new|novel|simple)\b|the first\b"),
    _anywhere(2, "outperform|surpass|exceed|state[- ]of[- ]the[- ]art|competitive|improv|better than|faster|fewer"),
    _anywhere(
        2,
        r"allow|enabl|can be\b|without\b|by \w+ing\b|instead of\b|rather than\b|based on\b|using\b",
    ),
    # a figure with its unit, or one that is a word of its own; both start with the digit, which is fast to find
    _signal(1, r"\d(?:(?:\.\d+)? ?(?:\\?%|x\b|×|times\b|percent\b|-fold\b)|(?<=\b\d)\d*(?:\.\d+)?[kmb]?\b)"),
)
"""Who did it, its name, its benefits, its numbers."""

SCENE = (
    _first(
        -5,
        "recent|in recent|(?:over|in) the (?:last|past)|traditional|nowadays|existing|previous|prior|current|"
        "historically|to date|today|despite|although|while|many|most|much|there (?:is|are|has|have)|since",
    ),
    _first(
        -3,
        "however|unfortunately|yet|but|nevertheless|nonetheless|still|therefore|thus|hence|as a result",
    ),
    _anywhere(
        -4,
        "challeng|remain|little is known|not (?:yet |well |fully )?underst|open (?:problem|question)|important|crucial|"
        "essential|fundamental|widely|popular|increasingly|ubiquitous|received|attention from",
    ),
    _signal(-4, r"\?$"),
)
"""Background and prior work."""

GOES_ON = (
    _first(
        -5,
        "finally|moreover|furthermore|additionally|in addition|besides|also|second|third|last|lastly|next|then|"
        "similarly|for example|for instance|in particular|specifically|concretely|to (?:do|achieve) (?:this|so)",
    ),
    _signal(
        -4,
        r"^(?:it|its|they|their|these|those|this|that|such|both|each|here|he|she|which)\b"
        rf"(?! {_WORK}\b)(?!,? we\b)",
    ),
    _anywhere(-4, r"we (?:also|further|then|additionally|finally|hope|believe|discuss|conclude|end|close)\b"),
    _signal(
        -2,
        r"\b(?:aforementioned|above|former|latter|these|such an?|"
        r"(?:comput|achiev|obtain|solv|address|do|overcom)\w* (?:it|this|these)\b)"
        r"|^to (?!this end)\w+ (?:it|the|this|these)\b",
    ),
    _anywhere(-2, "experiment|extensive|empirical|evaluat|ablation|user stud"),
    _signal(-6, r"https?://|\b(?:github|project page|supplement|(?:available|released|found) (?:at|on|here|online)\b)"),
)
"""Sentences that depend on the one before, describe experiments, or say where to get the code."""

LOSES = (*SCENE, *GOES_ON)
MORE = sum(points for points, _ in TELLS)

# ---- sentences -----------------------------------------------------------------------------------------

# Abbreviations whose full stop does not end a sentence.
_SHORT = re.compile(
    r"(?:\b(?:e\.g|i\.e|et al|etc|cf|vs|resp|approx|ca|Fig|Eq|Sec|Ref|Thm|Prop|No|Dr|Prof|St|w\.r\.t|a\.k\.a|[A-Z]))\.$"
)
_END = re.compile(r"[.!?][\"'”’)\]]*(?= +[\"'“‘(\[]?(?:[A-Z0-9$\\]|[a-z]+[A-Z]))")
_NAME = re.compile(r"([^\s:]{2,20}): ")


def split_sentences(text: str) -> list[str]:
    """The sentences of a one-line text. Formulas are never split."""
    text = text[:MAX_ABSTRACT_CHARS]
    inside = [(piece.start, piece.end) for piece in find_formulas(text)]
    matches = _END.finditer(text)
    ends = [match.end() for match in matches if _is_end(text, match, inside)]
    parts = (text[start:end].strip() for start, end in pairwise([0, *ends, len(text)]))
    return [sentence for sentence in parts if sentence]


def _is_end(text: str, match: re.Match[str], inside: Sequence[tuple[int, int]]) -> bool:
    if any(start <= match.start() < end for start, end in inside):
        return False
    return not (match[0].startswith(".") and _SHORT.search(text, max(match.start() - 12, 0), match.start() + 1))


def sentence_points(sentence: str, number: int, count: int, name: str) -> int:
    """The points of sentence `number` (from 0) out of `count`, without `TELLS`, which add at most `MORE`, and without
    `LOSES`, which only subtract. `name`: the name of its subject in the paper's title."""
    lowercase = sentence.lower()
    name_points = 2 if name and name in sentence else 0
    length_points = POINTS_FOR_LENGTH[bisect_left((MIN_SENTENCE_CHARS - 1, EASY, LONG, TOO_LONG), len(sentence))]
    for_place = _for_place(lowercase, number, count)
    return _points(lowercase, DONE) + name_points + length_points + for_place


def _points(lowercase: str, signals: Sequence[Signal]) -> int:
    return sum([points for points, pattern in signals if pattern.search(lowercase)])


def _for_place(lowercase: str, number: int, count: int) -> int:
    """Points for position. A first sentence that says what was made is the most telling. Otherwise the first sentence
    sets the scene, the last says where the code is, and what is new comes in between, more often in the first half."""
    if number == 0:
        return 3 if MAKES[1].search(lowercase) else -1
    if number == count - 1:
        return -1
    return 1 if number <= (count + 1) // 2 else 0


def name_in(title: str) -> str:
    """The word before the colon in a title, if it is a single one, or else empty: `Kettle: A Way to Boil` →
    `Kettle`."""
    match = _NAME.match(title)
    return match[1] if match else ""


def key_sentence(abstract: str, title: str) -> str:
    """The most telling sentence of a one-line abstract; empty if there is none."""
    all_sentences = split_sentences(abstract)
    name = name_in(title)
    scores = [(sentence_points(sentence, n, len(all_sentences), name), -n) for n, sentence in enumerate(all_sentences)]
    best = (MIN_POINTS, 0)  # points, and the negated sentence number, so that ties go to the first
    for opening_points, n in sorted(scores, reverse=True):
        if (opening_points + MORE, n) <= best:
            break  # no remaining sentence can have more points
        lowercase = all_sentences[-n].lower()
        most_points = opening_points + _points(lowercase, TELLS)
        if (most_points, n) > best:
            best = max(best, (most_points + _points(lowercase, LOSES), n))
    return all_sentences[-best[1]] if all_sentences else ""
