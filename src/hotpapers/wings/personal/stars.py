"""What a reader starred and follows, read from a file: BibTeX, RIS, Zotero RDF, an arXiv listing, a list of ids, or the
JSON that the site's pages, which keep stars in the browser alone, export.

A list may also have lines such as `author: Ada Brewster` and `word: lattice`: whom and what the reader follows.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from hotpapers.base.errors import InputError, require
from hotpapers.base.ids import arxiv
from hotpapers.base.ids.mentions import find
from hotpapers.base.untrusted_json import BROKEN
from hotpapers.keep.transfer import streams

MAX_FILE_BYTES = 50_000_000
"""Bytes of a file of stars."""
MAX_STARRED = 10_000
"""Most papers of a file; the rest is ignored."""
MAX_TEXT_CHARS = 20_000
"""Most code points of a title or an abstract."""


class StarredPaper(NamedTuple):
    """A starred paper: its key, or "" if the file does not say; title and abstract as far as they are in the file."""

    paper: str
    title: str = ""
    abstract: str = ""


class ReaderChoices(NamedTuple):
    """What a reader starred, and the authors and words that they follow."""

    starred: tuple[StarredPaper, ...] = ()
    authors: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class _JsonPaper(msgspec.Struct, frozen=True):
    id: str = ""
    title: str = ""
    abstract: str = ""


class _JsonChoices(msgspec.Struct, frozen=True):
    papers: tuple[_JsonPaper | str, ...] = ()
    authors: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class _Format(NamedTuple):
    """How entries are told apart, and where title and abstract are in one."""

    sign: re.Pattern[str]
    between: re.Pattern[str]
    title: re.Pattern[str]
    abstract: re.Pattern[str]


_FIELD = r"\s*=\s*[{\"](.+?)[}\"]\s*(?:,\s*[\w-]+\s*=|,?\s*[})]?\s*\Z)"
_FORMATS = tuple(
    _Format(*map(re.compile, patterns))
    for patterns in (
        (r"(?m)^\s*@\w+\s*[{(]", r"(?m)^\s*@", rf"(?si)\btitle{_FIELD}", rf"(?si)\babstract{_FIELD}"),
        (r"(?m)^TY  -", r"(?m)^ER  -.*$", r"(?m)^T[I1]  - (.+)$", r"(?m)^(?:AB|N2)  - (.+)$"),
        (
            r"<rdf:RDF\b",
            r"(?=<(?:bib|rdf|z):\w+ rdf:about=)",
            r"(?s)</dcterms:isPartOf>.*?<dc:title>([^<]+)</dc:title>|<dc:title>([^<]+)</dc:title>",
            r"<dcterms:abstract>([^<]+)</dcterms:abstract>",
        ),
        (
            r"(?m)^arXiv:\S+$|^Title: ",
            r"(?m)^-{20,}$|^\\\\\s*\n(?=arXiv:)",
            r"(?m)^Title: (.+(?:\n  .+)*)",
            r"(?m)^\\\\\s*\n(  .+(?:\n(?!\\\\).*)*)",
        ),
    )
)
"""BibTeX, RIS, Zotero RDF, arXiv's mails."""
_EPRINT = re.compile(r"\beprint\s*=\s*[{\"]?\s*([^\s{}\",]+)", re.IGNORECASE)
_FOLLOWED = re.compile(r"(author|word):\s*(\S.*)", re.IGNORECASE)


def choices_in(file: str) -> ReaderChoices:
    """The choices in a file; `-` is the standard input. Raises UsageError, InputError."""
    with streams.open_input(file) as stream:
        data = stream.read(MAX_FILE_BYTES + 1)
    require(len(data) <= MAX_FILE_BYTES, f"{streams.name_of(file)}: is larger than {MAX_FILE_BYTES // 1_000_000} MB")
    return read_choices(data, streams.name_of(file))


def read_choices(data: bytes, name: str = "") -> ReaderChoices:
    """The choices in a file, each paper once. Raises InputError if there are none."""
    text = data.decode("utf-8-sig", "replace")
    choices = _of_json(data) if text.lstrip().startswith(("{", "[")) else None
    if choices is None:
        layout = next((layout for layout in _FORMATS if layout.sign.search(text)), None)
        choices = ReaderChoices(tuple(_entries(text, layout))) if layout else _of_list(text)
    starred = {paper.paper or f"title {paper.title}": paper for paper in choices.starred}
    if not (starred or choices.authors or choices.words):
        raise InputError("names no paper; write one arXiv id a line, or export BibTeX, RIS or RDF", file=name)
    return choices._replace(starred=tuple(starred.values())[:MAX_STARRED])


def _of_json(data: bytes) -> ReaderChoices | None:
    try:
        read = msgspec.json.decode(data, type=_JsonChoices | tuple[_JsonPaper | str, ...])
    except BROKEN:
        return None
    if not isinstance(read, _JsonChoices):
        read = _JsonChoices(papers=read)
    papers = (_JsonPaper(paper) if isinstance(paper, str) else paper for paper in read.papers)
    starred = (
        StarredPaper(key_in(paper.id), paper.title[:MAX_TEXT_CHARS], paper.abstract[:MAX_TEXT_CHARS])
        for paper in papers
    )
    return ReaderChoices(tuple(paper for paper in starred if paper.paper or paper.title), read.authors, read.words)


def _entries(text: str, layout: _Format) -> Iterator[StarredPaper]:
    for entry in layout.between.split(text):
        title, abstract = _field(layout.title, entry), _field(layout.abstract, entry)
        eprint = _EPRINT.search(entry)
        mentions = find(entry.replace(abstract, "") if abstract else entry)
        key = (key_in(eprint[1]) if eprint else "") or (arxiv.key(mentions[0].id) if mentions else "")
        if key or title:
            yield StarredPaper(key, title, abstract)


def _field(pattern: re.Pattern[str], entry: str) -> str:
    match = pattern.search(entry)
    text = next(filter(None, match.groups()), "") if match else ""
    return " ".join(html.unescape(text).replace("{", "").replace("}", "").split())[:MAX_TEXT_CHARS]


def _of_list(text: str) -> ReaderChoices:
    starred: list[StarredPaper] = []
    followed: dict[str, list[str]] = {"author": [], "word": []}
    for line in text.splitlines():
        if follows := _FOLLOWED.fullmatch(line.strip()):
            followed[follows[1].lower()].append(follows[2].strip())
        elif key := key_in(line.partition("#")[0].strip(" \t,;\"'")):
            starred.append(StarredPaper(key))
        else:
            starred += (StarredPaper(arxiv.key(mention.id)) for mention in find(line))
    return ReaderChoices(tuple(starred), tuple(followed["author"]), tuple(followed["word"]))


def key_in(text: str) -> str:
    """The key of the paper whose id or address a text is; "" for another text."""
    try:
        return arxiv.key(arxiv.parse(text).id)
    except InputError:
        return ""
