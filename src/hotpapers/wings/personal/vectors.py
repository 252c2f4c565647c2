"""A paper's subject as a vector: at most 40 words of its title and abstract, among them its categories, each with a
weight of 1 to 63.

Rare words count most. How rare a word is comes from a table that is part of the program, `terms-1.txt`: the first line
has its version, the number of papers that were counted and what a level is; each further line has a level and the words
of that level. `tools/make_term_table.py` makes it from counts.

All arithmetic is in integers, and words are ASCII, so `vectors.js` calculates exactly the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from math import isqrt
from pathlib import Path
from typing import NamedTuple

from hotpapers.base.papers.categories import is_category
from hotpapers.keep.search.tokenizer import stem_word

VERSION = 1
"""Of the table, and of the vectors that come from it."""
TABLE = Path(__file__).parent / f"terms-{VERSION}.txt"
TERMS, MAX_WEIGHT = 40, 63
"""The most words of a vector, and the highest weight."""
BROAD_TERMS = 100
"""The most words of a vector that is not packed."""
MAX_RELATED = 10
"""Papers that are named as the nearest to a paper."""
WHOLE = 10_000
"""The closeness of a paper to itself."""
CACHED = 256
"""Texts whose words are kept, as a paper has several vectors."""
MAX_CATEGORIES = 4
"""Categories of a vector: together a fifth as long as its words."""

_FREQUENCY = (0, 16, 27, 34, 38, 42, 45, 47, 49, 51, 53)
"""A word's count by its number of occurrences in a text, the last for all higher numbers: 16 · (1 + ln n)."""
_COMMAND = re.compile(r"\\[A-Za-z]+")
_ACCENT = re.compile("[\u0300-\u036f]")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]+")

Vector = Mapping[str, int]
"""Weights by word."""


class WeighedVector(NamedTuple):
    """A vector with its length in 256ths: the root of the sum of its squared weights."""

    weights: Vector
    length: int


@lru_cache(CACHED)
def words_of(text: str) -> Sequence[str]:
    """The words of a text: ASCII letters and digits, without accents, TeX commands, case and plural endings."""
    if text.isascii():
        plain_text = text
    else:
        plain_text = _ACCENT.sub("", unicodedata.normalize("NFKD", text))
    words = _WORD.findall(_COMMAND.sub(" ", plain_text).lower())
    return [stem_word(word) for word in words]


@cache
def word_levels() -> Mapping[str, int]:
    """The level of each word in the table: eighths of log2(papers / papers with the word)."""
    _, *lines = TABLE.read_text("ascii").splitlines()
    return {word: int(level) for level, *words in map(str.split, lines) for word in words}


def vector_of(title: str, abstract: str, categories: Sequence[str] = ()) -> Vector:
    """A paper's vector; empty if it has no word of the table. In the order of weights, equal ones by word, then the
    categories. Words of the title count twice."""
    held = list(dict.fromkeys(filter(is_own_word, categories)))[:MAX_CATEGORIES]
    terms = TERMS - len(held)
    words = _weights(f"{title} {title}", abstract, word_levels(), terms)
    square = sum(weight * weight for weight in words.values())
    if held:
        weight = min((isqrt(4 * square // (25 * len(held))) + 1) // 2, MAX_WEIGHT)
    else:
        weight = 0
    return {**words, **dict.fromkeys(held, weight)} if weight else words


def is_own_word(text: str) -> bool:
    """Whether a text is a category that cannot be a word of a text."""
    return ("." in text or "-" in text) and is_category(text)


def topic_vector_of(title: str, abstract: str) -> Vector:
    """A vector of words alone, each as often as it is in the text."""
    return _weights(title, abstract, word_levels(), TERMS)


@lru_cache(CACHED)
def broad_vector_of(title: str, abstract: str) -> Vector:
    """A vector of more words, in which rare words count less, for papers of the same field rather than subject."""
    return _weights(title, abstract, _roots(), BROAD_TERMS)


@cache
def _roots() -> Mapping[str, int]:
    """The root of each word's level, in eighths."""
    return {word: isqrt(level << 6) for word, level in word_levels().items()}


def _weights(title: str, abstract: str, rarity: Mapping[str, int], terms: int) -> Vector:
    frequency = _FREQUENCY
    most = len(_FREQUENCY) - 1
    scores = {
        word: (frequency[count] if count < most else frequency[most]) * rarity[word]
        for word, count in Counter([*words_of(title), *words_of(abstract)]).items()
        if word in rarity
    }
    first = sorted(sorted(scores), key=scores.__getitem__, reverse=True)[:terms]
    most_score = max(scores.values(), default=0)
    weights = ((word, (scores[word] * MAX_WEIGHT * 2 + most_score) // (2 * most_score)) for word in first)
    return {word: weight for word, weight in weights if weight}


def weigh_vector(vector: Vector) -> WeighedVector:
    """A vector with its length."""
    total = sum(weight * weight for weight in vector.values())
    return WeighedVector(vector, isqrt(total << 16))


def vector_closeness(paper: WeighedVector, other: WeighedVector) -> int:
    """The cosine of two vectors in ten-thousandths; 0 if either is empty."""
    small, large = sorted((paper.weights, other.weights), key=len)
    product = sum(weight * large.get(word, 0) for word, weight in small.items())
    if product:
        return (product << 16) * WHOLE // (paper.length * other.length)
    return 0


def common_words(vector: Vector, other: Vector, count: int) -> Sequence[str]:
    """The words that bring two papers closest; categories only if they share no word."""
    products = {word: weight * other[word] for word, weight in vector.items() if word in other}
    order = sorted(products, key=lambda word: (-products[word], word))
    words = [word for word in order if not is_own_word(word)]
    return (words or order)[:count]


# ---- as text ----------------------------------------------------------------------------------------------

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
"""A digit has 6 bits."""
MORE = 32
"""Set in each digit of a number but the last."""
MAX_FACTOR = MORE**4
"""Of the last digit of a number, so that a stranger's text is soon read."""


def pack_vector(vector: Vector, places: Mapping[str, int]) -> str:
    """A vector as text: of each word, in the order of places, its weight and the step from the place before."""
    text = ""
    last = -1
    for place, weight in sorted((places[word], weight) for word, weight in vector.items()):
        text += DIGITS[weight] + _number(place - last)
        last = place
    return text


def _number(number: int) -> str:
    text = ""
    while number >= MORE:
        text = text + DIGITS[number % MORE + MORE]
        number = number // MORE
    return text + DIGITS[number]


def unpack_vector(text: str, words: Sequence[str]) -> Vector:
    """The vector in a text. Raises ValueError for texts that `pack_vector` does not write."""
    result: dict[str, int] = {}
    place = -1
    digits = iter(map(DIGITS.index, text))
    for weight in digits:
        step = _read_number(digits)
        place += step
        if not step or place >= len(words) or not weight or len(result) == TERMS:
            raise ValueError("not a packed vector")
        result[words[place]] = weight
    return result


def _read_number(digits: Iterator[int]) -> int:
    number = 0
    factor = 1
    for digit in digits:
        number += digit % MORE * factor
        if digit < MORE:
            return number
        factor *= MORE
        if factor > MAX_FACTOR:
            break
    raise ValueError("not a packed vector")
