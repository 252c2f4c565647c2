"""Reads a reader's stars and follows from a reference manager's file (`library_files`), a list of ids, or the JSON that
the site's pages, which keep stars in the browser alone, export.

A list may also have lines such as `author: Ada Brewster` and `word: lattice`: whom and what the reader follows.
"""

from __future__ import annotations

import html
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterable, Iterator
from itertools import dropwhile
from typing import Any, NamedTuple
from urllib.parse import unquote

from hotpapers.base.errors import InputError, require
from hotpapers.base.papers import arxiv, paper_servers
from hotpapers.base.papers.arxiv.grammar import ID, id_from_groups
from hotpapers.base.papers.mentions import PaperMention, find
from hotpapers.base.papers.mentions.server_mentions import paper_or_doi, parse_paper
from hotpapers.base.text.patterns import lazy_pattern
from hotpapers.base.text.raised_text import with_superscripts
from hotpapers.base.untrusted_json import decode_json
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
    """A reader's starred papers, and the authors and words that they follow."""

    starred: tuple[StarredPaper, ...] = ()
    authors: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


_EVERY_PAPER: tuple[Role, ...] = ("id", "link", "note", "place")
_FOLLOWED = lazy_pattern(r"(author|word):\s*(\S.*)", re.IGNORECASE)


def choices_in(file: str) -> ReaderChoices:
    """The choices in a file; `-` is the standard input. Raises UsageError, InputError."""
    with streams.open_input(file) as stream:
        data = stream.read(MAX_FILE_BYTES + 1)
    require(len(data) <= MAX_FILE_BYTES, f"{streams.name_of(file)}: is larger than {MAX_FILE_BYTES // 1_000_000} MB")
    return read_choices(data, streams.name_of(file))


def read_choices(data: bytes, name: str = "") -> ReaderChoices:
    """The choices in a file, each paper once. Raises InputError if there are none, or if its format is not read."""
    text = data.decode("utf-16" if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig", "replace")
    choices = _of_json(text) if text.lstrip().startswith(("{", "[")) else None
    if choices is None:
        entries = library_files.read_entries(text, name)
        choices = _of_list(text, name) if entries is None else ReaderChoices(_papers(entries))
    papers = reversed(choices.starred)
    starred = {paper.paper or f"title {paper.title}": paper for paper in papers}
    if not (starred or choices.authors or choices.words):
        raise InputError("names no paper; write one id or DOI a line, or export BibTeX, RIS or RDF", file=name)
    return choices._replace(starred=tuple(reversed(starred.values()))[:MAX_STARRED])


def _of_json(text: str) -> ReaderChoices | None:
    """Our own file, or papers in another program's: a list, perhaps in `items`, or one alone."""
    try:
        read = decode_json(text, Any)
    except InputError:
        return None
    own = read if isinstance(read, dict) else {}
    lists = (own.get(name) for name in ("papers", "items", "references", "data"))
    papers = next((value for value in lists if isinstance(value, list)), [own]) if own else read
    starred = _papers(map(library_files.json_entry, papers if isinstance(papers, list) else ()))
    return ReaderChoices(starred, _texts(own.get("authors")), _texts(own.get("words")))


def _texts(values: object) -> tuple[str, ...]:
    if isinstance(values, list):
        return tuple(value for value in values if isinstance(value, str))
    return ()


def _papers(entries: Iterable[Entry]) -> tuple[StarredPaper, ...]:
    papers = (StarredPaper(_key_of(entry), _text(entry, "title"), _text(entry, "abstract")) for entry in entries)
    return tuple(paper for paper in papers if paper.paper or paper.title)


def _text(entry: Entry, role: Role) -> str:
    texts = (field.text for field in entry if field.role == role)
    text = next(texts, "")
    unescaped = html.unescape(_RICH_TEXT.sub("", with_superscripts(text)))
    return " ".join(unescaped.split())[:MAX_TEXT_CHARS]


def _key_of(entry: Entry) -> str:
    """The entry's own paper: of an id, else of a link, else of a note or a place that is an id. A number alone is an id
    in a place only if another one is arXiv."""
    in_arxiv = any(_ARXIV.fullmatch(field.text.strip()) for field in entry if field.role == "place")
    fields = (field for role in _EVERY_PAPER for field in entry if field.role == role)
    own = (field for field in fields if in_arxiv or field.role != "place" or not _NUMBER.match(field.text))
    on_arxiv = next(filter(None, (_READERS[field.role](field.text) for field in own)), "")
    return on_arxiv or next(filter(None, map(doi_key, _dois(entry))), "")


def _dois(entry: Entry) -> Iterator[str]:
    """The texts in which an entry has its DOI. In a place it is marked as one, in a note it is alone, or on a line that
    is marked; an address may be a preprint's."""
    own = (field.text.lstrip() for role in ("id", "link") for field in entry if field.role == role)
    yield from sorted(own, key=lambda text: text[:4].lower() == "http")
    yield from (field.text for field in entry if field.role == "place" and _MARKED.search(field.text))
    for note in (field.text for field in entry if field.role == "note"):
        yield note
        yield from (line for line in library_files.lines_of(note) if line.lower().startswith("doi: "))


def doi_key(text: str) -> str:
    """The key of the paper, not on arXiv, whose DOI or address a whole text is, perhaps twice; "" for another text. In
    the site's own files, signs are escaped as in names of pages."""
    line = unquote(" ".join(text[:MAX_DOI_CHARS].split()).lower().replace("~", "%"))
    words = _BEFORE_DOI.sub("", line).removesuffix(" [doi]").split()
    keys = set(map(_doi_key, words[:3]))
    return keys.pop() if len(keys) == 1 and len(words) <= 2 else ""


def _doi_key(word: str) -> str:
    try:
        key = parse_paper(word)
    except InputError:
        return ""
    return key if key.startswith(paper_servers.DOI) else ""


def own_id(text: str) -> str:
    """The key of the paper whose id or address a whole text is, perhaps both, perhaps after words such as *arXiv
    preprint* and before a year."""
    line = _AFTER_ID.sub("", _BEFORE_ID.sub("", " ".join(text[:MAX_TEXT_CHARS].split())))
    words = line.split(maxsplit=2)
    if len(words) == 2:
        keys = set(map(arxiv_key, words))
    else:
        keys = set()
    return arxiv_key(line) or (keys.pop() if len(keys) == 1 else "")


def _linked_id(text: str) -> str:
    if mentions := find(text):
        return arxiv.key(mentions[0].id)
    return own_id(text) if _ABS.match(text) else ""


def _noted_id(text: str) -> str:
    """Of a note that is an id, perhaps among lines such as `version: 1`; other lines may be a sentence about it."""
    full_lines = filter(str.strip, library_files.lines_of(text))
    lines = list(dropwhile(_FACT.match, full_lines))
    if len(lines) == 1 or (lines and _LABELED.match(lines[1])):
        return own_id(lines[0])
    return ""


_READERS: dict[Role, Callable[[str], str]] = {"id": own_id, "link": _linked_id, "note": _noted_id, "place": own_id}
MAX_DOI_CHARS = 2_000
"""Most characters of a field with a DOI."""
_MARKED = lazy_pattern(r"\A\W{0,3}(?:doi\b|https?://(?:[a-z]{1,9}\.)?doi\.org/)|\[doi\]\Z", re.IGNORECASE | re.ASCII)
"""Of a place that has a DOI, as PubMed and authors of BibTeX write it."""
_BEFORE_DOI = lazy_pattern(r"\A[^a-z0-9]*(?:doi:? ?[^a-z0-9]*(?=10\.|http))?")
_RICH_TEXT = lazy_pattern(r"</?(?:i|b|em|strong|sub|sup|sc|span|p|jats:\w{1,20})(?: [^<>]{0,200})?>", re.IGNORECASE)
"""Elements in CSL's and Crossref's texts."""
_BEFORE_ID = lazy_pattern(
    r"\A(?:(?:arxiv )?(?:e-?prints?|preprints?)(?: at| on)?[:,.]? (?:p\. )?(?=arxiv|doi|https?:|10\.48550)|corr,? "
    r"|(?:\[?online\]?[.:]? )?(?:available|posted|published)(?: online)?(?: at| on| from| as)?:? |url: ?|arxiv (?=abs/)"
    r"|arxiv(?: \[preprint\])?\.? (?:19|20)\d\d(?: [a-z]{3})?(?: \d\d?)?(?:;[^:]{0,20})?: ?)?(?:abs/)?",
    re.IGNORECASE,
)
_AFTER_ID = lazy_pattern(r"(?<=[\d\]]),? \(?(?:19|20)\d\d\)?\.?\Z")
_ARXIV = lazy_pattern(
    r"(?:arxiv(?:\.org)?|corr)(?: \W?(?:e-?prints?|preprints?|cornell university)\W?)?", re.IGNORECASE
)
"""Names of arXiv as a journal or a publisher."""
_NUMBER = lazy_pattern(r"\W*\d{4}\.")
_FACT = lazy_pattern(r"(?:citation ?key|cite ?key|pmc?id|doi|version|type|is[bs]n|tex\.\w+): ", re.IGNORECASE)
_LABELED = lazy_pattern(r"(?:[\w.]+|citation key): ", re.IGNORECASE)
_ABS = lazy_pattern(r"(?:corr )?abs/", re.IGNORECASE)
_BULLET = lazy_pattern(r"\A(?:[-*+•]|\d{1,3}[.)])\s+(?=\S)")
_COMMENT = lazy_pattern(r"(?:^|\s)#.*")
_BETWEEN_IDS = lazy_pattern(r"(?:[\s,]|(?<!\.co);)+", re.IGNORECASE)
"""Old DOIs end with `.CO;2`."""
_HREF = lazy_pattern(r"<a\b[^<>]*?\bhref\s*=\s*[\"']([^\"'<>]+)", re.IGNORECASE)
_LINKED = lazy_pattern(r"\]\((\S+)\)")
_CELL_ENDS = lazy_pattern(r"[\t|]|(?:,|(?<!\.co);)(?=\S)", re.IGNORECASE)
_FIRST_ID = lazy_pattern(rf"\W*{ID}", re.ASCII)
_LAST_ID = lazy_pattern(rf"(?:[\t,;:|(\[<\"'“]|\s[-–—])\s*{ID}\W*\Z", re.ASCII)
_LIST_AROUND = " \t,;:.\"'“”()[]<>|*_`"


def _of_list(text: str, name: str) -> ReaderChoices:
    """One paper a line, first or last in it. Any other line that names one is prose, which may be about others."""
    links = list(map(html.unescape, _HREF.findall(text)))
    starred: list[StarredPaper] = []
    followed: dict[str, list[str]] = {"author": [], "word": []}
    for number, whole in enumerate(links or library_files.lines_of(text), 1):
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
    authors = tuple(followed["author"])
    return ReaderChoices(tuple(starred), authors, tuple(followed["word"]))


def _bare_ids(line: str) -> list[str]:
    """The papers of a line that is ids and addresses alone, or has one in a column, or as a number before or after a
    title."""
    words = [word for word in _BETWEEN_IDS.split(line) if _trimmed(word)]
    keys = [own_id(_trimmed(word)) or doi_key(word) for word in words]
    if not all(keys):
        cells = _CELL_ENDS.split(line)
        in_cells = [own_id(_trimmed(cell)) for cell in cells if len(cells) > 1]
        whole = own_id(_trimmed(line)) or doi_key(line)
        keys = list(filter(None, (whole, *in_cells, _number_at_an_end(line), *_list_dois(line, cells, words))))[:1]
    return keys


def _list_dois(line: str, cells: list[str], words: list[str]) -> Iterator[str]:
    """The papers of a line by DOIs that fill a column, are linked (Markdown), or are at an end."""
    if len(line) <= MAX_LIST_LINE:
        yield from map(doi_key, (*cells, *_LINKED.findall(line), words[0], words[-1]))


def _number_at_an_end(line: str) -> str:
    match = _FIRST_ID.match(line.lower()) or _LAST_ID.search(line.lower())
    if match and len(line) <= MAX_LIST_LINE:
        return arxiv.key(id_from_groups(*match.groups()).id)
    return ""


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
    trimmed = _trimmed(line[: spans[0][0]])
    is_at_an_end = not trimmed or not _trimmed(line[spans[-1][1] :])
    if len({mention.id for mention in mentions}) != 1:
        return False
    return len(line) <= MAX_LIST_LINE and (is_at_an_end or "](" in line)


def arxiv_key(text: str) -> str:
    """The key of the paper on arXiv whose id or address a text is; "" for another text."""
    try:
        return arxiv.key(arxiv.parse(text).id)
    except InputError:
        return ""


def key_in(text: str) -> str:
    """The key of the paper whose id, DOI or address, also of its page on a site, a text is; "" for another text."""
    try:
        return paper_or_doi(text)
    except InputError:
        return doi_key(text)
