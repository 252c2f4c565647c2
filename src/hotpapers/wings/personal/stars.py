"""What a reader starred and follows, read from a reference manager's file (`library_files`), a list of ids, or the
JSON that the site's pages, which keep stars in the browser alone, export.

A list may also have lines such as `author: Ada Brewster` and `word: lattice`: whom and what the reader follows.
"""

from __future__ import annotations

import html
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from hotpapers.base.errors import InputError, require
from hotpapers.base.ids import arxiv
from hotpapers.base.ids.mentions import PaperMention, find
from hotpapers.base.untrusted_json import BROKEN
from hotpapers.keep.transfer import streams
from hotpapers.wings.personal import library_files
from hotpapers.wings.personal.library_files import Entry, Role

MAX_FILE_BYTES = 50_000_000
"""Bytes of a file of stars."""
MAX_STARRED = 10_000
"""Most papers of a file; the rest is ignored."""
MAX_TEXT_CHARS = 20_000
"""Most code points of a title or an abstract."""
MAX_LIST_LINE = 500
"""Most characters of a line with a paper and its title."""


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


_EVERY_PAPER: tuple[Role, ...] = ("id", "link", "note")
_FOLLOWED = re.compile(r"(author|word):\s*(\S.*)", re.IGNORECASE)


def choices_in(file: str) -> ReaderChoices:
    """The choices in a file; `-` is the standard input. Raises UsageError, InputError."""
    with streams.open_input(file) as stream:
        data = stream.read(MAX_FILE_BYTES + 1)
    require(len(data) <= MAX_FILE_BYTES, f"{streams.name_of(file)}: is larger than {MAX_FILE_BYTES // 1_000_000} MB")
    return read_choices(data, streams.name_of(file))


def read_choices(data: bytes, name: str = "") -> ReaderChoices:
    """The choices in a file, each paper once. Raises InputError if there are none, or if its format is not read."""
    text = data.decode("utf-8-sig", "replace")
    choices = _of_json(data) if text.lstrip().startswith(("{", "[")) else None
    if choices is None:
        entries = library_files.entries(text, name)
        choices = _of_list(text, name) if entries is None else ReaderChoices(_papers(entries))
    starred = {paper.paper or f"title {paper.title}": paper for paper in reversed(choices.starred)}
    if not (starred or choices.authors or choices.words):
        raise InputError("names no paper; write one arXiv id a line, or export BibTeX, RIS or RDF", file=name)
    return choices._replace(starred=tuple(reversed(starred.values()))[:MAX_STARRED])


def _of_json(data: bytes) -> ReaderChoices | None:
    """Our own file, or a list of papers in another program's, perhaps in `items`."""
    try:
        read = msgspec.json.decode(data.removeprefix(BOM_UTF8))
    except BROKEN:
        return None
    own = read if isinstance(read, dict) else {}
    papers = own.get("papers", own.get("items", own.get("references", ()))) if own else read
    starred = _papers(map(library_files.json_entry, papers if isinstance(papers, list) else ()))
    return ReaderChoices(starred, _texts(own.get("authors")), _texts(own.get("words")))


def _texts(values: object) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def _papers(entries: Iterable[Entry]) -> tuple[StarredPaper, ...]:
    papers = (StarredPaper(_key_of(entry), _text(entry, "title"), _text(entry, "abstract")) for entry in entries)
    return tuple(paper for paper in papers if paper.paper or paper.title)


def _text(entry: Entry, role: Role) -> str:
    text = next((field.text for field in entry if field.role == role), "")
    return " ".join(html.unescape(_RICH_TEXT.sub("", text)).split())[:MAX_TEXT_CHARS]


def _key_of(entry: Entry) -> str:
    """The entry's own paper: of an id, else of a link, else of a line of a note that is an id."""
    keys = (_READERS[role](field.text) for role in _EVERY_PAPER for field in entry if field.role == role)
    return next(filter(None, keys), "")


def own_id(text: str) -> str:
    """The key of the paper whose id or address a whole text is, perhaps after words such as *arXiv preprint*."""
    return key_in(_BEFORE_ID.sub("", text.strip()))


def _linked_id(text: str) -> str:
    if mentions := find(text):
        return arxiv.key(mentions[0].id)
    return own_id(text) if _ABS.match(text) else ""


def _noted_id(text: str) -> str:
    return next(filter(None, map(own_id, text.splitlines())), "")


_READERS: dict[Role, Callable[[str], str]] = {"id": own_id, "link": _linked_id, "note": _noted_id}
_RICH_TEXT = re.compile(r"</?(?:i|b|em|strong|sub|sup|sc|span|p|jats:\w{1,20})(?: [^<>]{0,200})?>", re.IGNORECASE)
"""Elements in CSL's and Crossref's texts."""
_BEFORE_ID = re.compile(r"(?:arxiv )?(?:e-?prints?|preprints?):? (?=arxiv)|corr |abs/", re.IGNORECASE)
_ABS = re.compile(r"(?:corr )?abs/", re.IGNORECASE)
_BULLET = re.compile(r"\A(?:[-*+•]|\d{1,3}[.)])\s+(?=\S)")
_COMMENT = re.compile(r"(?:^|\s)#.*")
_BETWEEN_IDS = re.compile(r"[\s,;]+")
_HREF = re.compile(r"<a\b[^<>]*?\bhref\s*=\s*[\"']([^\"'<>]+)", re.IGNORECASE)
_LIST_AROUND = " \t,;.\"'()[]<>|*_`"


def _of_list(text: str, name: str) -> ReaderChoices:
    """One paper a line, first or last in it. Any other line that names one is prose, which may be about others."""
    links = _HREF.findall(text)
    starred: list[StarredPaper] = []
    followed: dict[str, list[str]] = {"author": [], "word": []}
    for number, whole in enumerate(links or text.splitlines(), 1):
        line = _BULLET.sub("", _COMMENT.sub("", whole).strip(), count=1)
        if follows := _FOLLOWED.fullmatch(line):
            followed[follows[1].lower()].append(follows[2].strip())
        elif keys := _bare_ids(line):
            starred += map(StarredPaper, keys)
        elif mentions := find(line):
            if not (links or _is_of_list(line, mentions)):
                message = f"line {number} names a paper within other words; write one id or address a line"
                raise InputError(message, file=name)
            starred += (StarredPaper(arxiv.key(mention.id)) for mention in mentions)
    return ReaderChoices(tuple(starred), tuple(followed["author"]), tuple(followed["word"]))


def _bare_ids(line: str) -> list[str]:
    """The papers of a line that is ids and addresses alone, or begins with an id without a prefix, before a title."""
    words = [word for word in map(_trimmed, _BETWEEN_IDS.split(line)) if word]
    keys = [own_id(word) for word in words]
    whole = own_id(_trimmed(line))
    first = keys[:1] if words and words[0][0].isdigit() and keys[0] else []
    return [whole] if whole else keys if keys and all(keys) else first


def _trimmed(text: str) -> str:
    return text.strip(_LIST_AROUND)


def _is_of_list(line: str, mentions: list[PaperMention]) -> bool:
    """Whether a line is of a list: addresses alone, or one first, last or linked (Markdown) beside a title."""
    spans = [(mention.start, mention.end) for mention in mentions]
    around = "".join(
        line[end:start] for (_, end), (start, _) in zip([(0, 0), *spans], [*spans, (len(line), 0)], strict=True)
    )
    if not re.search(r"[^\W\d_]{2}", around):
        return True
    is_at_an_end = not line[: spans[0][0]].strip(_LIST_AROUND) or not line[spans[0][1] :].strip(_LIST_AROUND)
    return len(spans) == 1 and len(line) <= MAX_LIST_LINE and (is_at_an_end or "](" in line)


def key_in(text: str) -> str:
    """The key of the paper whose id or address a text is; "" for another text."""
    try:
        return arxiv.key(arxiv.parse(text).id)
    except InputError:
        return ""
