"""The vectors of a day's papers as a script, which pages can load from a disk, too:

    paperVectorsOf({"version": 1, "day": "2026-11-20", "words": "molecule spin …", "papers": {"2611.01234": "…"}});

`words`: every word of the vectors, the most frequent first; a packed vector names them by their places.

A second script has what a page says of papers that it does not list: title, authors, primary category, and the place in
the day's issue, if it is in it, 0 if it is still talked about:

    dayPapers({"day": "2026-11-20", "papers": {"2611.01234": ["Spin waves", "A. Author, B. Baker", "cs.LG", 3]}});

A third has the first sentences of their abstracts, for those that a reader stars:

    daySentences({"day": "2026-11-20", "papers": {"2611.01234": "We measure spin waves."}});
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from hotpapers.base.errors import InputError
from hotpapers.base.model import Paper
from hotpapers.base.papers import paper_servers
from hotpapers.base.untrusted_json import PaperId, decode_json
from hotpapers.publish.view import phrases, site_paths
from hotpapers.wings.personal.for_me import first_sentence, text_of
from hotpapers.wings.personal.own_order import RankedText
from hotpapers.wings.personal.vectors import VERSION, Vector, pack_vector, unpack_vector

T = TypeVar("T")
HEAD, PAPERS_HEAD, SENTENCES_HEAD, END = "paperVectorsOf(", "dayPapers(", "daySentences(", ");\n"


def vector_script(day: str, vectors: Mapping[str, Vector]) -> bytes:
    """The script with the vectors of papers, by bare identifier. Packed it takes some 100 bytes a paper."""
    counts = Counter(word for vector in vectors.values() for word in vector)
    words = sorted(counts, key=lambda word: (-counts[word], word))
    places = {word: place for place, word in enumerate(words)}
    packed = {paper: pack_vector(vector, places) for paper, vector in vectors.items()}
    return _script(HEAD, {"version": VERSION, "day": day, "words": " ".join(words), "papers": packed})


def papers_script(day: str, papers: Iterable[Paper], places: Mapping[str, int], taken_back: Mapping[str, str]) -> bytes:
    """The script with the titles of papers. By key, `places`: those of papers in the day's issue; `taken_back`: how
    papers were taken back."""
    rows = {}
    states = {}
    for paper in papers:
        if paper_id := site_paths.paper_id(paper.paper):
            title, authors = text_of(paper)[1:3]
            category = phrases.one_line(paper.categories[0]) if paper.categories else ""
            row: list[str | int] = [paper_servers.paper_id(title), ", ".join(authors), category]
            if paper.paper in places:
                row.append(places[paper.paper])
            rows[paper_id] = row
            if paper.paper in taken_back:
                states[paper_id] = taken_back[paper.paper]
    return _script(PAPERS_HEAD, {"day": day, "papers": rows, "states": states})


def sentences_script(day: str, papers: Iterable[Paper]) -> bytes:
    """The script with the first sentences of papers that have an abstract, by bare identifier."""
    texts = {site_paths.paper_id(paper.paper): first_sentence(text_of(paper).abstract) for paper in papers}
    sentences = {paper_id: sentence for paper_id, sentence in texts.items() if paper_id and sentence}
    return _script(SENTENCES_HEAD, {"day": day, "papers": sentences})


def _script(head: str, content: object) -> bytes:
    return f"{head}{json.dumps(content, separators=(',', ':'))}{END}".encode()


MAX_DAY_PAPERS = 20_000
Field = Annotated[str, Meta(max_length=20_000)]


class _VectorFile(msgspec.Struct, frozen=True):
    words: Annotated[str, Meta(max_length=2_000_000)]
    papers: Annotated[dict[PaperId, Annotated[str, Meta(max_length=1_000)]], Meta(max_length=MAX_DAY_PAPERS)]


class _PaperRow(msgspec.Struct, frozen=True, array_like=True):
    title: Field
    authors: Field


class _PaperFile(msgspec.Struct, frozen=True):
    papers: Annotated[dict[PaperId, _PaperRow], Meta(max_length=MAX_DAY_PAPERS)]
    states: Annotated[dict[PaperId, Field], Meta(max_length=MAX_DAY_PAPERS)] = {}


def _content(script: bytes, head: str, kind: type[T]) -> T:
    return decode_json(script.removeprefix(head.encode()).removesuffix(END.encode()), kind)


def papers_in(script: bytes) -> dict[str, RankedText]:
    """The papers of a script of titles, by bare identifier. Raises InputError for what `papers_script` does not
    write."""
    content = _content(script, PAPERS_HEAD, _PaperFile)
    return {
        (paper := site_paths.id_of_name(name)): RankedText(
            paper,
            phrases.marked_title(row.title, withdrawn=content.states.get(name, "")),
            tuple(filter(None, row.authors.split(", "))),
        )
        for name, row in content.papers.items()
    }


def vectors_in(script: bytes) -> dict[str, Vector]:
    """The vectors of a script, by bare identifier. Raises InputError for what `vector_script` does not write."""
    content = _content(script, HEAD, _VectorFile)
    words = content.words.split()
    try:
        return {site_paths.id_of_name(name): unpack_vector(text, words) for name, text in content.papers.items()}
    except ValueError as problem:
        raise InputError(str(problem)) from problem
