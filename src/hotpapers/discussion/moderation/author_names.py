"""Whether the name or handle shown with a post is that of one of a paper's authors. Pure, and cautious.

A surname or given name alone is never enough. A full given name with the surname always is. An initial with the surname
is enough only if the surname is rare or two initials agree. Middle names may be missing but must not differ. The
surname may come first. A handle counts if it consists of the whole name and nothing else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from hotpapers.base.text.accents import PLAIN_LETTERS, without_accents
from hotpapers.discussion.moderation.common_surnames import COMMON, EASTERN, NICKNAMES

MAX_NAME_CHARS = 200
"""Characters of a name that are examined."""
MIN_SURNAME_LETTERS = 4
"""Minimum letters of a surname for which an initial is enough."""
MIN_HANDLE_LETTERS = 6
"""Minimum letters of a handle without separators to match a name by more than chance."""
REMEMBERED = 10_000
"""Parsed author names to cache: many posts name the same papers."""

_LETTERS = str.maketrans(PLAIN_LETTERS | {"ħ": "h"} | dict.fromkeys("'’ʼ`´‘", ""))
_SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_WORD = re.compile(r"[^\W\d_]+")
_SEPARATOR = re.compile(r"[^\w\s.,\-‐‑]+|\s[-‐‑]+\s|_|\s(?:is|at|aka)\s")
"""Separates a name from other text around it."""
_INSERTION = re.compile(r"\(.*?\)|[\"“”«„].*?[\"“”»]")
"""Text inside a name that is not part of it."""
_TAG = re.compile(r"[#@][\w.@-]+")
_GROUP = re.compile(
    r"\b(?:collaboration|consortium|group|initiative|institute|labs?|laboratory|project|team)\b|[ -]ai$"
)
_PARTICLES = (
    "af al ap bin da das de degli dei del della den der di dos du el ibn la las le los ten ter van vom von zu zur"
)
_TITLES_AT_ENDS = (
    "dr asst assoc assistant associate prof professor mr mrs ms mx phd md msc bsc dphil ing jr sr jnr snr ii iii iv vi "
    "vii viii the"
)
_BEFORE_HANDLES = "dr prof real the official iam im its"
_AFTER_HANDLES = "phd ml ai nlp cv cs sci research math phys physics stat"
_NAMED_AFTER = (
    "award club fans fellowship foundation inst institute library memorial museum parody prize quotes society"
)
PARTICLES, _TITLES, _BEFORE, _AFTER, _AFTER_OTHERS = (
    frozenset(words.split()) for words in (_PARTICLES, _TITLES_AT_ENDS, _BEFORE_HANDLES, _AFTER_HANDLES, _NAMED_AFTER)
)
"""Particles before surnames, titles around names, people's additions to their names in handles, and words of what is
named after somebody."""


def shows_author(name: str, handle: str, authors: Iterable[str]) -> bool:
    """Whether somebody shows the name of one of the authors."""
    return any(shown_authors(name, handle, authors))


def shown_authors(name: str, handle: str, authors: Iterable[str]) -> Iterator[int]:
    """Yields which of the authors' names somebody shows, counted from 1."""
    shown_names = _shown_names(name[:MAX_NAME_CHARS])
    handles = _handles(handle[:MAX_NAME_CHARS], name[:MAX_NAME_CHARS])
    for number, author in enumerate(authors, 1):
        if any(_is_shown(known, shown_names, handles) for known in _spellings(author)):
            yield number


def _is_shown(known: PersonName, shown_names: Sequence[PersonName], handles: Iterable[Sequence[str]]) -> bool:
    return any(_is_name_of(known, shown) for shown in shown_names) or any(
        _is_handle_of(known, words, shown_names) for words in handles
    )


# ---- parsing names ---------------------------------------------------------------------------------------


class NameParts(NamedTuple):
    """One way to read a name: surname and given names. `whole`: handles made of both; `short`: handles made of the
    surname with at most initials."""

    surname: str
    given: tuple[str, ...]
    whole: frozenset[str]
    short: frozenset[str]


class PersonName(NamedTuple):
    """A name as words, folded and without titles. `parts`: the ways to read it; none for the name of a group or a
    single word, which is compared as a whole."""

    words: tuple[str, ...]
    parts: tuple[NameParts, ...]

    @property
    def letters(self) -> str:
        return "".join(self.words)


def fold_name(text: str, spelled_out: bool = False) -> str:
    """Lowercase letters without accents. `spelled_out`: writes ä as ae, as people do where there is no ä."""
    if text.isascii():
        return text.lower().translate(_LETTERS)
    text = unicodedata.normalize("NFKC", text).casefold()
    if spelled_out:
        text = text.translate(_SPELLED_OUT)
    return unicodedata.normalize("NFC", without_accents(text.translate(_LETTERS)))


def _folds(text: str) -> list[str]:
    """The ways to write a name without accents: one, or two if it has an umlaut."""
    return list(dict.fromkeys((fold_name(text), fold_name(text, spelled_out=True))))


@lru_cache(REMEMBERED)
def _spellings(author: str) -> tuple[PersonName, ...]:
    """The ways to write an author's name; `Surname, Given` is turned around."""
    result = []
    for text in _folds(author[:MAX_NAME_CHARS]):
        last, comma, first = text.partition(",")
        words = _words(f"{first} {last}" if comma and "," not in first else text)
        match = _GROUP.search(text)
        result.append(PersonName(words, ()) if match else _person(words))
    return tuple(name for name in result if name.words)


def _person(words: Sequence[str]) -> PersonName:
    parts = tuple(_parts(words)) if len(words) > 1 else ()
    return PersonName(tuple(words), parts)


def _parts(words: Sequence[str]) -> Iterator[NameParts]:
    """The surname is the last one to three words; particles before it may be left out. If only initials follow the
    first word, the surname comes first."""
    if max(map(len, words[1:])) == 1:
        yield _read_as(words[0], tuple(words[1:]))
    for at in range(max(1, len(words) - 3), len(words)):
        given = tuple(word for n, word in enumerate(words[:at]) if not n or word not in PARTICLES)
        yield _read_as("".join(words[at:]), given)


def _read_as(surname: str, given: tuple[str, ...]) -> NameParts:
    initials = "".join(name[0] for name in given)
    if len(given[0]) > 1:
        joined = "".join(given)
        names = {given[0], joined, given[0] + initials[1:]}
    else:
        names = set[str]()
    whole = {spelling for name in names for spelling in (name + surname, surname + name)}
    short = {spelling for name in (initials, initials[0]) for spelling in (name + surname, surname + name)}
    return NameParts(surname, given, frozenset(whole), frozenset((*short, surname)))


def _words(text: str) -> tuple[str, ...]:
    """The words of a name, without titles at its ends."""
    words = _WORD.findall(text)
    for end in (0, -1):
        while words and words[end] in _TITLES:
            words.pop(end)
    return tuple(words)


@lru_cache(REMEMBERED)
def _shown_names(name: str) -> tuple[PersonName, ...]:
    """Possible names of a person in a display name: text between separators; text around an inserted nickname; if two
    scripts are used, the words of each; if there is a comma, also the two parts swapped."""
    names: list[PersonName] = []
    for text in _folds(_TAG.sub(" | ", name)):
        for part in (*_SEPARATOR.split(f" {text} "), *_SEPARATOR.split(_INSERTION.sub(" ", f" {text} "))):
            for words in _around_comma(part):
                if not _AFTER_OTHERS.isdisjoint(words):
                    continue
                scripts = [tuple(word for word in words if word.isascii() is latin) for latin in (True, False)]
                names += map(_person, filter(None, (words, *(scripts if all(scripts) else ()))))
    return tuple(dict.fromkeys(names))


def _around_comma(part: str) -> Iterator[tuple[str, ...]]:
    pieces = [_words(piece) for piece in part.split(",")]
    if len(pieces) == 2 and all(1 <= len(piece) <= 4 for piece in pieces):
        yield pieces[1] + pieces[0]
    yield from pieces


# ---- names -----------------------------------------------------------------------------------------------


def _is_name_of(known: PersonName, shown: PersonName) -> bool:
    if not known.parts or not shown.parts:
        # Names of a single word or a group: every letter must match
        letters = known.letters
        if letters != shown.letters:
            return False
        return len(letters) >= MIN_HANDLE_LETTERS or not letters.isascii()
    if _is_turned_round(known.words, shown.words) or _has_first_surname(known.words, shown.words):
        return True
    return any(
        part.surname == other.surname and _is_same_given(part.given, other.given, part.surname)
        for part in known.parts
        for other in shown.parts
    )


def _is_turned_round(known: Sequence[str], shown: Sequence[str]) -> bool:
    """Whether one name has the surname first and the other last, ignoring spaces. Not with initials."""
    letters = "".join(known)
    if min(map(len, (*known, *shown))) < 2:
        return False
    return any("".join((*shown[at:], *shown[:at])) == letters for at in range(1, len(shown)))


def _has_first_surname(known: Sequence[str], shown: Sequence[str]) -> bool:
    """Whether one name has only the first of the other's two surnames, with the same given name."""
    short, long = sorted((known, shown), key=len)
    if len(short) != 2 or len(short[0]) < 2 or len(short[1]) < MIN_SURNAME_LETTERS:
        return False
    if short[0] != long[0]:
        return False
    return short[1] in long[1:]


def _is_same_given(known: Sequence[str], shown: Sequence[str], surname: str) -> bool:
    """Whether given names match, next to the same surname."""
    if "".join(known) == "".join(shown) and min(map(len, known)) > 1:
        return True
    agreeing = _count_agreeing(known, shown)
    if agreeing and known[0] == shown[0] and len(known[0]) > 1:
        return True
    # Whether one given name may be short for the other, next to a surname that many share.
    may_be_nickname = min(len(known[0]), len(shown[0])) > 2 and surname not in EASTERN
    if agreeing > 1 or (agreeing and (is_rare_surname(surname) or may_be_nickname)):
        return True
    # Whether an author goes by a given name that is not their first: J. Jasmine Doe, Jasmine Doe.
    if shown[0] not in known[1:]:
        return False
    return len(shown[0]) >= (3 if is_rare_surname(surname) else 5)


def _count_agreeing(known: Sequence[str], shown: Sequence[str]) -> int:
    """How many given names or initials agree: all of the shorter list, in order, starting with the first names. 0 if
    one does not."""
    if shown[0] == "".join(name[0] for name in known) and len(shown[0]) > 1:
        return len(known)
    short, long = sorted((known, shown), key=len)
    if not _agree(short[0], long[0]):
        return 0
    remaining = iter(long[1:])
    if all(any(_agree(name, other) for other in remaining) for name in short[1:]):
        return len(short)
    return 0


def _agree(name: str, other: str) -> bool:
    """Whether one given name equals the other, is its initial or beginning, or is a nickname for it."""
    short, long = sorted((name, other), key=len)
    if short == long or (len(short) == 1 and long.startswith(short)):
        return True
    if len(short) > 2 and long.startswith(short):
        rest = long[len(short) :]
        # One letter more makes another name (Jan, Jana), unlike Sara and Sarah, Philip and Philipp, Steve and Steven
        if len(rest) > 1 or rest in ("h", short[-1]) or short[-1] + rest == "en":
            return True
    return (long, short) in NICKNAMES or (short, long) in NICKNAMES


def is_rare_surname(surname: str) -> bool:
    """Whether so few people share a surname that an initial beside it identifies one."""
    return len(surname) >= MIN_SURNAME_LETTERS and surname not in COMMON


# ---- handles ---------------------------------------------------------------------------------------------


@lru_cache(REMEMBERED)
def _handles(handle: str, name: str) -> tuple[tuple[str, ...], ...]:
    """The words of possible names in a handle, or in a shown name of one word: `@jane-doe.bsky.social`,
    `janedoe@server.example`, `jane.doe.example`."""
    address = fold_name(handle).strip().removeprefix("@")
    local_part, _, server = address.partition("@")
    labels = local_part.split(".")
    if not server:
        texts = [local_part, labels[0], " ".join(labels[:-1])]
    else:
        texts = [local_part]
    if len(_WORD.findall(name)) == 1:
        texts.append(fold_name(name))
    parts = (_handle_parts(text) for text in dict.fromkeys(texts))
    return tuple(dict.fromkeys(name for alternatives in parts for name in alternatives if name))


def _handle_parts(text: str) -> Iterator[tuple[str, ...]]:
    """The words of a handle, also without people's additions to their names."""
    words = tuple(_WORD.findall(text))
    yield words
    yield tuple(word for word in words if word not in _BEFORE | _AFTER)
    if len(words) == 1:
        yield from ((words[0].removeprefix(added),) for added in _BEFORE)
        yield from ((words[0].removesuffix(added),) for added in _AFTER)


def _is_handle_of(known: PersonName, handle: Sequence[str], shown: Sequence[PersonName]) -> bool:
    letters = "".join(handle)
    if not known.parts:
        return letters == known.letters and len(letters) >= MIN_HANDLE_LETTERS
    is_long = len(letters) >= MIN_HANDLE_LETTERS or len(handle) > 1
    return any(
        (is_long and letters in part.whole) or (letters in part.short and _is_confirmed(part, letters, shown))
        for part in known.parts
    )


def _is_confirmed(part: NameParts, letters: str, shown: Sequence[PersonName]) -> bool:
    """Whether there is more evidence for a handle made of surname and initials: the given name is shown without another
    surname, or the surname is rare and no name is shown."""
    if any(name.words[0] == part.given[0] and max(map(len, ("", *name.words[1:]))) < 2 for name in shown):
        return len(part.given[0]) > 1
    if shown or letters == part.surname:
        return False
    return is_rare_surname(part.surname) and len(part.surname) > MIN_SURNAME_LETTERS
