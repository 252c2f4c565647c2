"""Parses readers' input into a query. Pure; accepts any text.

    kettle steam            both words
    "on steam"              these words, in this order
    kettl*                  prefix match
    -tea                    without the word; also -"cups of tea", -author:brewster
    kettle OR teapot        either word; OR must be between two
    author:brewster         by an author of that name; author:"Ada Brewster"
    title:kettle            in the title
    category:cs.LG          in a category, also as pages name it, category:"bioRxiv: neuroscience", or in an archive:
                            category:cs; cat: is the same
    date:2026-11            announced in that month; also a year, a day, or a range 2026-11-02..2026-11-05
    from:2026-11 to:2027    from one date to the other, both included; from:2026-11..2027 is the same
    2101.04869              the paper: bare, with version, or any address of it; id: is the same

Anything else is a word: an unknown field, an unpaired quotation mark. A misplaced OR is ignored, and so is AND. A query
with an invalid date is not answered. The output contains only words (letters, digits and marks) and labels made of
them, so nothing in a query can become part of a statement.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from hotpapers.base.errors import NotAnArxivId
from hotpapers.base.papers import paper_servers
from hotpapers.base.papers.categories import fields_from, is_category
from hotpapers.base.papers.mentions.server_mentions import parse_paper
from hotpapers.keep.search import tokenizer

MAX_QUERY_CHARS = 1_000
"""Most code points of a query; the rest is ignored."""
MAX_QUERY_TERMS = 32
"""Most words, phrases and names in a query."""

Field = Literal["", "title", "authors", "labels"]
"""Where a term must be: anywhere, or in one of the indexed columns."""
Kind = Literal["word", "title", "author", "category", "paper"]


class SearchTerm(NamedTuple):
    """Adjacent words, in a field or anywhere; with `prefix`, the last one is a prefix."""

    field: Field
    words: tuple[str, ...]
    prefix: bool = False

    @property
    def stems(self) -> tuple[str, ...]:
        """The words as titles, abstracts and posts are indexed: without plural endings."""
        stems = [tokenizer.stem_word(word) for word in self.words]
        if self.prefix:
            stems[-1] = stems[-1] if self.words[-1].startswith(stems[-1]) else stems[-1][:-1]  # studies*: stud*
        return tuple(stems)


class SearchAtom(NamedTuple):
    """One search condition: all its terms must match. `text`: how it is shown."""

    kind: Kind
    terms: tuple[SearchTerm, ...]
    text: str

    def within(self, field: Field) -> SearchAtom:
        """The condition that holds in a field, unless its terms have one."""
        return self._replace(terms=tuple(term._replace(field=term.field or field) for term in self.terms))

    def instead(self, word: str) -> SearchAtom:
        """The condition for another word."""
        terms = (self.terms[0]._replace(words=(word,)),)
        return self._replace(terms=terms, text=word)


class SearchQuery(NamedTuple):
    """A query: one alternative of each `wanted`, none of `unwanted`, announced within the dates.

    `since`, `until`: the first and the last day, also months and years (2026-11, 2026); empty: any. `not_dates`: texts
    in place of a date. Such a query is not answered.
    """

    wanted: tuple[tuple[SearchAtom, ...], ...] = ()
    unwanted: tuple[SearchAtom, ...] = ()
    since: str = ""
    until: str = ""
    not_dates: tuple[str, ...] = ()

    @property
    def asks(self) -> bool:
        return self != SearchQuery()

    @property
    def mistake(self) -> str:
        """Why it is not answered; empty if it is."""
        return f"not a date: {', '.join(self.not_dates)}; {DATES}" if self.not_dates else ""

    @property
    def atoms(self) -> list[SearchAtom]:
        """All wanted atoms, in one list."""
        return [atom for atoms in self.wanted for atom in atoms]

    @property
    def is_ranked(self) -> bool:
        """Whether it has words to rank by. By author or category alone, no hit is better than another."""
        return any(atom.kind in ("word", "title") for atom in self.atoms)

    @property
    def wants_all(self) -> bool:
        """Whether it leaves no alternative: then no hit has more of its words than another."""
        return all(len(atoms) == 1 for atoms in self.wanted)

    def within(self, field: Field) -> SearchQuery:
        """The query whose words must be in a field, unless they say themselves where they must be."""
        return self._replace(wanted=tuple(tuple(atom.within(field) for atom in atoms) for atoms in self.wanted))


DATES = "write a day, a month or a year: 2026-11-02, 2026-11 or 2026"
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"') | dict.fromkeys("‐‑−﹣－", "-"))
_DAY = r"(?:19|2\d)\d\d(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?"
_SPAN = re.compile(rf"({_DAY})(?:\.\.({_DAY}))?", re.ASCII)
_CHUNK = re.compile(
    r"""(?P<minus>-)?
    (?:(?P<field>author|title|category|cat|date|from|to|id):(?=\S))?
    (?:"(?P<phrase>[^"]*)"|(?P<word>\S+))""",
    re.VERBOSE | re.IGNORECASE,
)
_PIECES = re.compile(r"[a-z]+|\d+")
_WITHOUT = re.compile(r"\s*-")
_FIELDS: dict[str, tuple[Kind, Field]] = {"author": ("author", "authors"), "title": ("title", "title")}


def parse_query(text: str, key_of: Callable[[str], str] = parse_paper) -> SearchQuery:
    """Parse a text into a query. Accepts any text and never raises. `key_of`: the key of the paper that a text names;
    raises NotAnArxivId."""
    text = text[:MAX_QUERY_CHARS].translate(_QUOTES)
    single_paper = _paper(text, key_of)
    if single_paper is not None and not _WITHOUT.match(text):
        return SearchQuery(((single_paper,),))
    span = ("", "")
    groups: list[tuple[SearchAtom, ...]] = []
    unwanted: list[SearchAtom] = []
    not_dates: list[str] = []
    is_alternative = False
    for chunk in _CHUNK.finditer(text):
        if _count_terms(groups) + _count_terms([unwanted]) >= MAX_QUERY_TERMS:
            break
        if chunk[0] in ("OR", "|", "AND"):
            is_alternative = chunk[0] != "AND" and bool(groups)
            continue
        days = _days(chunk)
        wrong = _not_dates(chunk)
        if wrong:
            not_dates += wrong
        elif days is not None:
            span = _common_span(span, days)
        elif (atom := _atom(chunk, key_of)) is not None:
            forms = (atom, *_in_pieces(atom))
            if chunk["minus"]:
                unwanted += forms
            else:
                _add_wanted(groups, forms, is_alternative)
        is_alternative = False
    return SearchQuery(tuple(groups), tuple(unwanted), *span, tuple(not_dates))


def _add_wanted(groups: list[tuple[SearchAtom, ...]], forms: tuple[SearchAtom, ...], is_alternative: bool) -> None:
    if is_alternative:
        groups[-1] = (*groups[-1], *forms)
    elif forms not in groups:
        groups.append(forms)


def _in_pieces(atom: SearchAtom) -> Iterator[SearchAtom]:
    """The same condition where letters and digits are apart: in TeX, H$_2$O is three words, and some write GPT-4."""
    words = atom.terms[0].words
    if atom.kind not in ("word", "title") or len(atom.terms) > 1 or not all(map(str.isascii, words)):
        return
    pieces = tuple(piece for word in words for piece in _PIECES.findall(word))
    if pieces != words:
        yield atom._replace(terms=(atom.terms[0]._replace(words=pieces),))


def _count_terms(groups: Sequence[Sequence[SearchAtom]]) -> int:
    return sum(len(atom.terms) for atoms in groups for atom in atoms)


def _common_span(span: tuple[str, str], other: tuple[str, str]) -> tuple[str, str]:
    """The days that are in both spans. An empty day means that a span has no start or no end."""
    if not span[1] or not other[1]:
        return max(span[0], other[0]), span[1] or other[1]
    return max(span[0], other[0]), min(span[1], other[1], key=lambda day: day + "~")


def _days(chunk: re.Match[str]) -> tuple[str, str] | None:
    """First and last day, if the chunk is a date."""
    match = _SPAN.fullmatch(_value(chunk))
    if not _is_dated(chunk) or match is None or not all(_is_day(day) for day in match.groups("")):
        return None
    field = chunk["field"].lower()
    if field == "date" or match[2]:
        return match[1], match[2] or match[1]
    return (match[1], "") if field == "from" else ("", match[1])


def _not_dates(chunk: re.Match[str]) -> list[str]:
    """Lists the invalid parts of a dated term: of up to two ends those that are no dates, unless one of these is empty,
    or else the whole value. Returns an empty list for a valid term."""
    if not _is_dated(chunk) or _days(chunk) is not None:
        return []
    ends = _value(chunk).split("..")
    wrong = [end for end in ends if not (re.fullmatch(_DAY, end, re.ASCII) and _is_day(end))]
    if len(ends) <= 2 and all(wrong) and wrong:
        return wrong
    return [_value(chunk)]


def _is_dated(chunk: re.Match[str]) -> bool:
    if (chunk["field"] or "").lower() not in ("date", "from", "to"):
        return False
    return not chunk["minus"]


def _value(chunk: re.Match[str]) -> str:
    return chunk["word"] or chunk["phrase"] or ""


def _is_day(text: str) -> bool:
    """Whether a day exists; months and years always do."""
    try:
        return len(text) < 10 or bool(datetime.date.fromisoformat(text))
    except ValueError:
        return False


def _atom(chunk: re.Match[str], key_of: Callable[[str], str]) -> SearchAtom | None:
    """The condition in a chunk; None if nothing is left of it."""
    field = (chunk["field"] or "").lower()
    words = chunk["phrase"] if chunk["word"] is None else chunk["word"]
    if field in ("category", "cat"):
        [category] = fields_from([words.lower()])
        if is_category(category):
            return SearchAtom("category", (SearchTerm("labels", (f"#{category}",)),), words)
    if chunk["word"] is not None and field in ("", "id") and (paper := _paper(words, key_of)) is not None:
        return paper
    if field == "author":
        last, comma, first = words.partition(",")
        words = f"{first} {last}" if comma else words
    elif field and field != "title":
        words = f"{field} {words}"
    kind, column = _FIELDS.get(field, ("word", ""))
    is_prefix = chunk["word"] is not None and words.endswith("*")
    terms = tuple(dict.fromkeys(_terms(words, column, prefix=is_prefix)))[
        :MAX_QUERY_TERMS
    ]  # scripts in turn make many of one word
    if terms:
        return SearchAtom(kind, terms, " ".join(words.replace('"', " ").split()))
    return None


def _paper(text: str, key_of: Callable[[str], str]) -> SearchAtom | None:
    """The paper that a text identifies, by identifier or address."""
    if "/" not in text and not any(map(str.isdigit, text)):
        return None
    try:
        id = paper_servers.paper_id(key_of(text))
    except NotAnArxivId:
        return None
    return SearchAtom("paper", (SearchTerm("labels", (f"#{id}",)),), id)


def _terms(text: str, field: Field, *, prefix: bool) -> Iterator[SearchTerm]:
    """Adjacent words form one term; a run of a language without spaces is a term of its own."""
    row = []
    for piece in tokenizer.split_pieces(text):
        if not piece.is_run:
            row.append(piece.tokens[0][0])
            continue
        yield from _row(row, field)
        yield _run([sign for sign, _, _ in piece.tokens], field)
    yield from _row(row, field, prefix=prefix and bool(row) and len(row[-1]) > 1)


def _row(row: list[str], field: Field, *, prefix: bool = False) -> Iterator[SearchTerm]:
    if row:
        yield SearchTerm(field, tuple(row), prefix)
        row.clear()


def _run(signs: Sequence[str], field: Field) -> SearchTerm:
    """Overlapping triples of characters; with fewer characters, a prefix of a triple."""
    if len(signs) < tokenizer.GRAM:
        return SearchTerm(field, ("".join(signs),), True)
    starts = range(len(signs) - tokenizer.GRAM + 1)
    return SearchTerm(field, tuple("".join(signs[at : at + tokenizer.GRAM]) for at in starts))


# ---- in words ------------------------------------------------------------------------------------------


_PHRASES: dict[Kind, str] = {
    "word": "with {}",
    "title": "with {} in the title",
    "author": "by {}",
    "category": "in {}",
    "paper": "{}",
}


def describe_query(query: SearchQuery) -> str:
    """How a query was understood: `with “kettle” and “steam”, by “brewster”, in cs.LG, of 2026-11`."""
    parts = []
    for kind, phrase in _PHRASES.items():
        text = [" or ".join(_texts_of(atoms)) for atoms in query.wanted if atoms[0].kind == kind]
        parts += [phrase.format(" and ".join(text))] if text else []
    if query.unwanted:
        parts.append(f"without {' and '.join(_texts_of(query.unwanted))}")
    if query.since or query.until:
        parts.append(_span(query.since, query.until))
    return ", ".join(parts)


def _texts_of(atoms: Iterable[SearchAtom]) -> Iterable[str]:
    """How atoms are shown; once if they are forms of the same words."""
    return dict.fromkeys(map(_field_of, atoms))


def _field_of(atom: SearchAtom) -> str:
    return atom.text if atom.kind in ("category", "paper") else f"“{atom.text}”"


def _span(since: str, until: str) -> str:
    if since == until:
        return f"of {since}"
    start = f"from {since}" if since else ""
    end = f"until {until}" if until else ""
    return " ".join(filter(None, [start, end]))
