"""The most telling sentence of an abstract, chosen by a fixed rule: pure, the same everywhere, versioned.

    telling/1   each sentence gets points for what it says, by the tables below; the one with the most is chosen, of
                equals the first

It claims no understanding: it looks for words with which authors announce what they did and found, for figures, and for
a length that can be read at a glance. Which words these are was settled on abstracts that are not part of this program;
docs/explanation/summary.md says how well it does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from hotpapers.view.tex import formulas

RULE = "telling/1"
"""The name of the rule. Another rule is another name: what a page says of its lead stays true."""
LEAST = -1000
"""Fewer points than any sentence has."""
LONGEST = 20_000
"""Code points of an abstract that is looked at; what follows is not."""
SHORTEST, EASY, LONG, TOO_LONG = 40, 250, 340, 480
"""Code points: a sentence says too little below the first, is read at a glance up to the second, is long from the third
on, and too long for a page's list from the fourth on."""


# ---- what a sentence may hold --------------------------------------------------------------------------


class SentenceSignal(NamedTuple):
    """What a sentence in small letters may hold, and its points."""

    points: int
    pattern: re.Pattern[str]


def _anywhere(points: int, *phrases: str) -> SentenceSignal:
    """One of these, from the beginning of a word on."""
    return SentenceSignal(points, re.compile(rf"\b(?:{'|'.join(phrases)})"))


def _first(points: int, *phrases: str) -> SentenceSignal:
    """One of these words at the beginning."""
    return SentenceSignal(points, re.compile(rf"^(?:{'|'.join(phrases)})\b"))


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
"""Says what was made, or taken up."""

# Each counts once a sentence, however often it is there.
DONE = (MAKES, _anywhere(6, f"{_WE}(?:{_FIND})"))
"""What was done and found."""

TELLS = (
    _anywhere(3, r"we\b", r"our\b", r"this (?:paper|work|article|report|study|survey)\b"),
    _anywhere(
        2, r"called\b", r"dubbed\b", r"termed\b", r"named\b", r"(?:which|that) we call\b", r"a (?:new|novel|simple)\b",
        r"the first\b",
    ),
    _anywhere(
        2, "outperform", "surpass", "exceed", "state[- ]of[- ]the[- ]art", "competitive", "improv", "better than",
        "faster", "fewer",
    ),
    _anywhere(
        2, "allow", "enabl", r"can be\b", r"without\b", r"by \w+ing\b", r"instead of\b", r"rather than\b",
        r"based on\b", r"using\b",
    ),
    # a figure with its unit, or one that is a word of its own; begun with the digit both have, which is quickly found
    SentenceSignal(1, re.compile(
        r"\d(?:(?:\.\d+)? ?(?:\\?%|x\b|×|times\b|percent\b|-fold\b)|(?<=\b\d)\d*(?:\.\d+)?[kmb]?\b)"
    )),
)  # fmt: skip
"""Whose it is, what it is called, what it is good for, how much of it."""

SCENE = (
    _first(
        -5, "recent", "in recent", "(?:over|in) the (?:last|past)", "traditional", "nowadays", "existing", "previous",
        "prior", "current", "historically", "to date", "today", "despite", "although", "while", "many", "most", "much",
        "there (?:is|are|has|have)", "since",
    ),
    _first(
        -3, "however", "unfortunately", "yet", "but", "nevertheless", "nonetheless", "still", "therefore", "thus",
        "hence", "as a result",
    ),
    _anywhere(
        -4, "challeng", "remain", "little is known", "not (?:yet |well |fully )?underst", "open (?:problem|question)",
        "important", "crucial", "essential", "fundamental", "widely", "popular", "increasingly", "ubiquitous",
        "received", "attention from",
    ),
    SentenceSignal(-4, re.compile(r"\?$")),
)  # fmt: skip
"""What was there before."""

GOES_ON = (
    _first(
        -5, "finally", "moreover", "furthermore", "additionally", "in addition", "besides", "also", "second", "third",
        "last", "lastly", "next", "then", "similarly", "for example", "for instance", "in particular", "specifically",
        "concretely", "to (?:do|achieve) (?:this|so)",
    ),
    SentenceSignal(-4, re.compile(
        r"^(?:it|its|they|their|these|those|this|that|such|both|each|here|he|she|which)\b"
        rf"(?! {_WORK}\b)(?!,? we\b)"
    )),
    _anywhere(-4, r"we (?:also|further|then|additionally|finally|hope|believe|discuss|conclude|end|close)\b"),
    SentenceSignal(-2, re.compile(
        r"\b(?:aforementioned|above|former|latter|these|such an?|"
        r"(?:comput|achiev|obtain|solv|address|do|overcom)\w* (?:it|this|these)\b)"
        r"|^to (?!this end)\w+ (?:it|the|this|these)\b"
    )),
    _anywhere(-2, "experiment", "extensive", "empirical", "evaluat", "ablation", "user stud"),
    SentenceSignal(-6, re.compile(
        r"https?://|\b(?:github|project page|supplement|(?:available|released|found) (?:at|on|here|online)\b)"
    )),
)  # fmt: skip
"""What leans on the sentence before, how it was tried, and where to have it."""

LOSES = (*SCENE, *GOES_ON)
MORE = sum(sign.points for sign in TELLS)

# ---- sentences -----------------------------------------------------------------------------------------

# Words that end with a full stop and end no sentence.
_SHORT = re.compile(
    r"(?:\b(?:e\.g|i\.e|et al|etc|cf|vs|resp|approx|ca|Fig|Eq|Sec|Ref|Thm|Prop|No|Dr|Prof|St|w\.r\.t|a\.k\.a|[A-Z]))\.$"
)
_END = re.compile(r"[.!?][\"'”’)\]]*(?= +[\"'“‘(\[]?(?:[A-Z0-9$\\]|[a-z]+[A-Z]))")
_NAME = re.compile(r"([^\s:]{2,20}): ")


def sentences(text: str) -> list[str]:
    """The sentences of a text on one line. A formula is never cut, whatever stands in it."""
    text = text[:LONGEST]
    inside = [(piece.start, piece.end) for piece in formulas(text)]
    ends = [match.end() for match in _END.finditer(text) if _is_end(text, match, inside)]
    parts = (text[start:end].strip() for start, end in pairwise([0, *ends, len(text)]))
    return [sentence for sentence in parts if sentence]


def _is_end(text: str, match: re.Match[str], inside: Sequence[tuple[int, int]]) -> bool:
    if any(start <= match.start() < end for start, end in inside):
        return False
    return not (match[0].startswith(".") and _SHORT.search(text, max(match.start() - 12, 0), match.start() + 1))


def points(sentence: str, number: int, of: int, name: str = "") -> int:
    """The points of the sentence of a number (from 0) among so many. `name`: what the paper's title calls its thing."""
    return _opening_points(sentence, number, of, name) + _points(sentence.lower(), (*TELLS, *LOSES))


def _opening_points(sentence: str, number: int, of: int, name: str) -> int:
    """Its points without what else it tells, which adds no more than `MORE`, and without what speaks against it."""
    small = sentence.lower()
    named = 2 if name and name in sentence else 0
    return _points(small, DONE) + named + _for_length(len(sentence)) + _for_place(small, number, of)


def _points(small: str, signs: Sequence[SentenceSignal]) -> int:
    return sum([sign.points for sign in signs if sign.pattern.search(small)])


def _for_length(length: int) -> int:
    if length < SHORTEST:
        return -6
    if length <= EASY:
        return 1
    return 0 if length <= LONG else -3 if length <= TOO_LONG else -8


def _for_place(small: str, number: int, of: int) -> int:
    """Who begins with what was made says the most then. Else the first sentence sets the scene, the last says where the
    code is, and what is new stands in between, earlier rather than later."""
    if number == 0:
        return 3 if MAKES.pattern.search(small) else -1
    if number == of - 1:
        return -1
    return 1 if number <= (of + 1) // 2 else 0


def name_in(title: str) -> str:
    """What a title puts before a colon, if it is one word: `Kettle: A Way to Boil` → `Kettle`."""
    match = _NAME.match(title)
    return match[1] if match else ""


def key_sentence(abstract: str, title: str = "") -> str:
    """The most telling sentence of an abstract that is on one line; empty where there is none."""
    candidates, name = sentences(abstract), name_in(title)
    scores = [(_opening_points(sentence, n, len(candidates), name), -n) for n, sentence in enumerate(candidates)]
    best = (LEAST, 0)  # points and, so that of equals the first is chosen, its number below zero
    for first, n in sorted(scores, reverse=True):
        if (first + MORE, n) <= best:
            break  # most sentences need not be looked at any closer
        small = candidates[-n].lower()
        most = first + _points(small, TELLS)
        if (most, n) > best:
            best = max(best, (most + _points(small, LOSES), n))
    return candidates[-best[1]] if candidates else ""
