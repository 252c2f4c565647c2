"""Names of papers in the record: their titles, the DOIs of their published versions, their own pages.

    title   quoted in full, at least five words, set apart from the text around it, and not shared by two papers
    doi     10.1000/xyz123, in any address or after `doi:`
    page    an address that one paper's metadata gives as its own: see hotpapers.base.papers.mentions.paper_urls

One pass over a text's words, looking for the first five words of a title, shows whether it may name a paper at all,
fast enough to filter a stream of posts. Only the few texts that pass get a closer, bounded search.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hotpapers.base.papers import arxiv
from hotpapers.base.papers.mentions import PaperMention, find, paper_urls
from hotpapers.base.papers.mentions.server_mentions import FoundPaper, find_papers
from hotpapers.base.papers.mentions.title_words import WORD, split_words, to_ascii
from hotpapers.base.papers.paper_servers import DOI, server_of

MIN_TITLE_WORDS = 5
"""Fewest words of a title that is looked for, separated by blanks."""
MAX_TITLE_WORDS = 60
"""Most words of a title that is looked for."""
MAX_UNCERTAIN = 5_000
"""Most names of papers to be looked up that are kept."""
MAX_TITLE_PLACES = 200
"""Most places in a text at which titles are tried."""

# What sets two words apart. A blank does not, nor do signs within names and addresses.
_APART = re.compile(r"[^\w \t'`/&+=%-]|\s-+\s|['`](?=[\s'`])|(?<=[\s'`])['`]")
_ADDRESS_BEGINS = frozenset(("http", "https", "www", "arxiv", "doi", "pic"))
_SEQUELS = frozenset(("ii", "iii", "iv", "v", "vi", "part"))
"""Words that follow the title of a first part in the title of its sequel."""


class PaperAlias(NamedTuple):
    """A paper's key, and the names by which it is found. `title`: as written; `doi`: one or several; `pages`: keys;
    `candidates`: those of a mention, as in `FoundPaper`, that turned out to be the paper."""

    paper: str
    title: str = ""
    doi: str = ""
    pages: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()


class AliasMatch(NamedTuple):
    """A named paper. `form`: title, doi or page; `found_in`: link or text."""

    paper: str
    form: str
    found_in: str


class TitleMatch(NamedTuple):
    """A title in a text, from word `start` to before word `end`. `paper` is empty if several papers have the title."""

    paper: str
    start: int
    end: int


class _Tables(NamedTuple):
    """Each paper's title, as words separated by blanks; the papers whose titles begin with five words, by the hash of
    these (a tuple only for several, to save memory); the paper of each DOI and page, empty if two claim it; that of
    candidates that were looked up."""

    titles: dict[str, str]
    openings: dict[int, str | tuple[str, ...]]
    dois: dict[str, str]
    pages: dict[str, str]
    looked_up: dict[tuple[str, ...], str]


class PaperIndex:
    """The names of known papers. Shared by all threads: others may read while one learns. `servers`: the names of the
    servers besides arXiv whose papers are looked for.

    Nothing is ever removed; `replace` takes over the contents of another index.
    """

    def __init__(self, known: Iterable[PaperAlias] = (), servers: Iterable[str] = ()) -> None:
        self.servers = frozenset(servers)
        self._uncertain = Counter[tuple[str, ...]]()
        self._tables = _Tables({}, {}, {}, {}, {})
        self._learning = threading.Lock()
        self.learn(known)

    def __len__(self) -> int:
        return len(self._tables.titles)

    def learn(self, known: Iterable[PaperAlias]) -> None:
        """Add papers, or more names of papers."""
        with self._learning:
            for alias in known:
                _learn(self._tables, alias)

    def replace(self, other: PaperIndex) -> None:
        """Take over the contents of another index, to drop old papers, and look for papers of its servers, too."""
        with self._learning:
            self._tables = other._tables
            self.servers |= other.servers

    def uncertain_names(self) -> list[tuple[str, ...]]:
        """The candidates of mentions that nobody looked up, as in `FoundPaper`, the most frequent first."""
        looked_up = self._tables.looked_up
        return [name for name, _ in Counter(dict(self._uncertain)).most_common() if name not in looked_up]

    def title_of(self, paper: str) -> tuple[str, ...]:
        """The words of a paper's latest title; empty if unknown."""
        return tuple(self._tables.titles.get(paper, "").split())

    def may_name(self, text: str) -> bool:
        """Whether a text may name papers; it may include links, each on a line of its own."""
        tables = self._tables
        if tables.openings:
            beginnings = map(hash, _beginnings(split_words(text)))
            if not tables.openings.keys().isdisjoint(beginnings):
                return True
        has_address = "://" in text or "10." in text or "nature.com/" in text  # most posts have none
        return has_address and next(_addressed(tables, text, ""), None) is not None

    def named_by_ids(self, text: str) -> list[PaperMention]:
        """The mentions of papers by their identifiers, in order, on arXiv and the `servers`; those have keys as ids. A
        DOI that a known paper has, too, names that paper; an address that may name several papers names the one that is
        known, or that was looked up."""
        if not self.servers:
            return [mention._replace(id=arxiv.key(mention.id)) for mention in find(text)]
        named = ((self._paper_among(mention), mention) for mention in find_papers(text))
        return [
            PaperMention(key, mention.version, mention.start, mention.end, mention.form)
            for key, mention in named
            if key
        ]

    def _paper_among(self, mention: FoundPaper) -> str:
        """The key of the paper that a mention is of; empty if that is uncertain, or it is not looked for."""
        dois = (candidate.removeprefix(DOI) for candidate in mention.candidates)
        if known := next(filter(None, (self._tables.dois.get(doi, "") for doi in dois)), ""):
            return known
        key = mention.key or self._tables.looked_up.get(mention.candidates, "")
        if not key:
            if len(self._uncertain) >= MAX_UNCERTAIN:
                self._uncertain.clear()  # what people name is named again
            self._uncertain[mention.candidates] += 1
        return key if key and self._is_wanted(key) else ""

    def _is_wanted(self, paper: str) -> bool:
        return paper.startswith(arxiv.SERVER) or server_of(paper).name in self.servers

    def papers_in(self, text: str, links: Iterable[str] = ()) -> list[AliasMatch]:
        """Returns the papers that a text and its links name, strongest evidence first; each paper once per form and
        place."""
        tables = self._tables
        matches = [match for link in links for match in _addressed(tables, link, "link")]
        matches += _addressed(tables, text, "text")
        matches += [AliasMatch(match.paper, "title", "text") for match in _quoted(tables, text) if match.paper]
        return list(dict.fromkeys(matches))

    def titles_in(self, text: str) -> list[TitleMatch]:
        """The titles that a text quotes in full, in order; none overlap."""
        return _quoted(self._tables, text)


NO_NAMES = PaperIndex()
"""An empty index, never added to."""


def _learn(tables: _Tables, alias: PaperAlias) -> None:
    title_words = split_words(alias.title)
    title = " ".join(title_words)
    if title_words and tables.titles.get(alias.paper) != title:
        tables.titles[alias.paper] = title
        if MIN_TITLE_WORDS <= len(title_words) <= MAX_TITLE_WORDS and len(alias.title.split()) >= MIN_TITLE_WORDS:
            opening = hash(tuple(title_words[:MIN_TITLE_WORDS]))
            papers = sorted({*_papers(tables, opening), alias.paper})
            tables.openings[opening] = papers[0] if len(papers) == 1 else tuple(papers)
    if alias.candidates:
        tables.looked_up[alias.candidates] = alias.paper
    own = alias.paper.removeprefix(DOI)
    if alias.paper.startswith(DOI):
        tables.dois.setdefault(own, alias.paper)
    for table, names in ((tables.dois, paper_urls.find_dois(alias.doi)), (tables.pages, alias.pages)):
        for name in names:  # one that two papers claim names neither; an article is its preprint
            is_free = table.get(name, alias.paper) in (alias.paper, DOI + name)
            table[name] = alias.paper if is_free else ""


def _work_of(tables: _Tables, paper: str) -> str:
    """The preprint that became an article, by the article's key; otherwise the paper itself."""
    return tables.dois.get(paper.removeprefix(DOI), "") or paper


def _papers(tables: _Tables, opening: int) -> tuple[str, ...]:
    papers = tables.openings.get(opening, ())
    return (papers,) if isinstance(papers, str) else papers


def _addressed(tables: _Tables, text: str, place: str) -> Iterator[AliasMatch]:
    """The papers whose DOI or page is in a text."""
    for form, table, names in (
        ("doi", tables.dois, paper_urls.find_dois),
        ("page", tables.pages, paper_urls.find_keys),
    ):
        for name in names(text) if table else ():
            if paper := table.get(name):
                yield AliasMatch(paper, form, place)


# ---- titles ------------------------------------------------------------------------------------------


def _beginnings(some: list[str]) -> Iterator[tuple[str, ...]]:
    """The five words with which a title may begin, at each place."""
    return zip(some, some[1:], some[2:], some[3:], some[4:], strict=False)


def _quoted(tables: _Tables, text: str) -> list[TitleMatch]:
    """Titles in a text, the longest at each place."""
    plain_text = to_ascii(text)
    marks = list(WORD.finditer(plain_text.lower()))
    text_words = [mark[0] for mark in marks]
    matches = []
    after = tried = 0
    for at, beginning in enumerate(_beginnings(text_words)):
        if at < after or hash(beginning) not in tables.openings:
            continue
        tried += 1
        if tried > MAX_TITLE_PLACES:
            break
        papers, length = _longest(tables, hash(beginning), text_words[at : at + MAX_TITLE_WORDS])
        if length >= MIN_TITLE_WORDS and _is_apart(plain_text, marks, at, at + length):
            matches.append(TitleMatch(papers[0] if len(papers) == 1 else "", at, at + length))
            after = at + length
    return matches


def _longest(tables: _Tables, opening: int, text_words: list[str]) -> tuple[list[str], int]:
    """The papers with the longest title that these words start with, and its number of words."""
    text = " ".join(text_words) + " "
    titles = [(paper, tables.titles[paper]) for paper in _papers(tables, opening)]
    longest = max((title for _, title in titles if text.startswith(title + " ")), key=len, default="")
    papers = {_work_of(tables, paper) for paper, title in titles if title == longest}
    return list(papers), len(longest.split())


def _is_apart(plain_text: str, marks: list[re.Match[str]], start: int, end: int) -> bool:
    """Whether words are set apart: at the beginning or end, in quotation marks, between signs, or on their own line."""
    before = plain_text[marks[start - 1].end() : marks[start].start()] if start else "\n"
    if not _APART.search(before) or end == len(marks):
        return bool(_APART.search(before))
    following = marks[end][0]
    between = plain_text[marks[end - 1].end() : marks[end].start()]
    return following in _ADDRESS_BEGINS or (following not in _SEQUELS and bool(_APART.search(between)))
