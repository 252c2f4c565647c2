"""Where a query's words are in the results, in code points, and the part of a text that has most of them.

Positions refer to the displayed text, so they are looked up in the texts themselves, for the few that are shown.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hotpapers.base.text.tex_formulas import find_formulas
from hotpapers.keep.search import query_parser, tokenizer

SNIPPET = 240
"""Approximate code points of a snippet."""
BEFORE = 60
"""Code points before the first marked word."""
MAX_MARKS = 100
"""Most marks in one text."""

Span = tuple[int, int]
"""`text[start:end]`, in code points."""
Spans = tuple[Span, ...]
"""Several spans, in order, which don't overlap."""


class QueryWords(NamedTuple):
    """Adjacent words in the form that a column has; with `prefix`, the last one matches as a prefix.

    `head`: the start of the first word in plain text (`studies` is matched by `study`). `signs`: for the start of a
    word in a language without spaces, its number of characters; 0 for other languages.
    """

    words: tuple[str, ...]
    prefix: bool
    stemmed: bool
    head: str
    signs: int = 0

    def is_at(self, text_words: Sequence[str], at: int) -> bool:
        """Whether the words start at this index."""
        row = text_words[at : at + len(self.words)]
        if len(row) != len(self.words):
            return False
        return all(map(self._fits, range(len(row)), row))

    def end_in(self, lowered: str, at: int) -> int:
        """Where the words end in a plain text, if they start at this position; else 0."""
        end = 0
        for n, match in zip(range(len(self.words)), tokenizer.PLAIN.finditer(lowered, at), strict=False):
            if not self._fits(n, match[1]):
                return 0
            end = match.end() if n == len(self.words) - 1 else 0
        return end

    def _fits(self, n: int, text: str) -> bool:
        form = tokenizer.stem_word(text) if self.stemmed else text
        if self.prefix and n == len(self.words) - 1:
            return form.startswith(self.words[n])
        return form == self.words[n]


def query_words(term: query_parser.SearchTerm) -> QueryWords:
    """The words to highlight in a title, an abstract or a post; in names, if the term is about authors."""
    if term.field == "authors":
        return QueryWords(term.words, term.prefix, False, term.words[0])
    first = term.stems[0]
    if first.endswith("y") and len(first) > 1:
        head = first[:-1]
    else:
        head = first
    if term.prefix:
        pieces = tokenizer.split_pieces(first)
        signs = sum(len(piece.tokens) for piece in pieces if piece.is_run)
    else:
        signs = 0
    return QueryWords(term.stems, term.prefix, True, head, signs)


class Highlighter:
    """Marks a query's words."""

    def __init__(self, query: query_parser.SearchQuery) -> None:
        terms = dict.fromkeys(term for atom in query.atoms for term in atom.terms if term.field != "labels")
        self._texts = [query_words(term) for term in terms if not term.field]
        self._titles = [query_words(term) for term in terms if term.field != "authors"]
        self._names = [query_words(term._replace(field="authors")) for term in terms if term.field != "title"]

    def title(self, text: str) -> Spans:
        return matching_spans(text, self._titles)

    def names(self, authors: Sequence[str]) -> tuple[tuple[int, int, int], ...]:
        """Spans in authors' names, each preceded by the author's index."""
        together = "\n".join(authors)
        if tokenizer.is_plain(together) and not matching_spans(
            together, self._names
        ):  # the usual case, checked quickly
            return ()
        return tuple((n, *span) for n, name in enumerate(authors) for span in matching_spans(name, self._names))

    def snippet(self, text: str) -> tuple[str, Spans]:
        """The part of an abstract or a post with the most marks, cut between words, with … for omitted text; and where
        the query's words are in it."""
        if len(text) <= SNIPPET:
            return text, matching_spans(text, self._texts)
        # Likely positions of marks, judging by word beginnings only, which is enough to choose a part of a text
        lowered = text.lower()
        starts = [at for query_words in self._texts for at in _starts(lowered, query_words.head)]
        if starts:
            marks = sorted(starts)
        else:
            marks = [start for start, _ in matching_spans(text, self._texts)]
        start, end = _with_whole_formulas(text, *_window(text, marks))
        part = text[start:end].rstrip()
        before = "… " if start > 0 else ""
        spans = tuple((a + len(before), b + len(before)) for a, b in matching_spans(part, self._texts))
        after = " …" if end < len(text) else ""
        return f"{before}{part}{after}", spans


def matching_spans(text: str, all_query_words: Sequence[QueryWords]) -> Spans:
    """The spans that match any of the query's words; overlapping spans are merged."""
    if tokenizer.is_plain(text):
        lowered = text.lower()
        spans = [
            (at, end)
            for query_words in all_query_words
            for at in _starts(lowered, query_words.head)
            if (end := query_words.end_in(lowered, at))
        ]
    else:
        spans = list(_in_any(text, all_query_words))
    if len(spans) < 2:
        return tuple(spans)
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif len(merged) == MAX_MARKS:
            break
        else:
            merged.append((start, end))
    return tuple(merged)


def _starts(lowered: str, head: str) -> list[int]:
    """Where words start with `head`, in a lower-case text."""
    result = []
    at = -1
    while (at := lowered.find(head, at + 1)) >= 0:
        if not (at and lowered[at - 1].isalnum()):
            result.append(at)
    return result


def _in_any(text: str, all_query_words: Sequence[QueryWords]) -> Iterator[Span]:
    """Where words of a query are in any text, word by word. A test checks that both ways agree on plain texts."""
    tokens = tokenizer.tokenize_text(text)
    text_words = [word for word, _, _ in tokens]
    for query_words in all_query_words:
        for at in [at for at, word in enumerate(text_words) if word.startswith(query_words.head)]:
            if query_words.is_at(text_words, at):
                end = tokens[at + len(query_words.words) - 1][2]
                # the sign after it starts a token of its own
                if query_words.signs:
                    after = tokens[at + query_words.signs : at + query_words.signs + 1]
                else:
                    after = []
                yield tokens[at][1], min(end, *(token[1] for token in after), end)


# ---- snippet ---------------------------------------------------------------------------------------------


def _window(text: str, marks: Sequence[int]) -> tuple[int, int]:
    """The start and end of the part to show."""
    # The first mark with the most other marks close after it. `marks`: ascending.
    near = {start: bisect_left(marks, start + SNIPPET - BEFORE) - n for n, start in enumerate(marks)}
    start = _between_words(text, max(max(marks, key=lambda start: near[start], default=0) - BEFORE, 0))
    return start, _between_words(text, min(start + SNIPPET, len(text)))


def _with_whole_formulas(text: str, start: int, end: int) -> tuple[int, int]:
    """The part, with all of the formulas that it would cut."""
    if "$" not in text and "\\" not in text:
        return start, end
    cut = [piece for piece in find_formulas(text) if piece.start < start < piece.end or piece.start < end < piece.end]
    starts = (piece.start for piece in cut)
    ends = (piece.end for piece in cut)
    return min([start, *starts]), max([end, *ends])


def _between_words(text: str, at: int) -> int:
    """The next word start at or after this position, if one is near: some languages have no spaces."""
    if at in (0, len(text)):
        return at
    blank = text.find(" ", at - 1, at + 30)
    return at if blank < 0 else blank + 1
