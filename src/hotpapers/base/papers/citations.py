"""A paper as reference managers know it: one citation, and its entry in BibTeX. Pure.

Text from papers cannot end a field and start another: line breaks are removed, and braces are balanced
(`base/text/bibtex_fields.py`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from hotpapers.base.model import Paper
from hotpapers.base.papers import arxiv, paper_servers
from hotpapers.base.text import bibtex_fields, person_names, timestamps
from hotpapers.base.text.accents import in_plain_letters
from hotpapers.base.text.clean_text import one_line

CACHED = 256
"""Citations kept: an issue's are needed again on its papers' pages."""
_FIRST_DOI = re.compile(
    r"\s*(?:doi:\s*|https?://(?:dx\.|www\.)?doi\.org/)?(10\.\d{4,9}/[!-~]{1,200}?)[,;]?(?:\s|\Z|(?<=[,;])10\.\d{4,9}/)",
    re.IGNORECASE,
)


class PaperCitation(NamedTuple):
    """A paper's citation.

    `date`: year, month and, if known, day; empty if unknown. `doi`: on arXiv the published version's, else the paper's
    own. `server`: the title of its server; empty for an article of `journal`. `article`: the DOI of the version that a
    preprint with a DOI of its own became. `taken_back`: how, if it was. `url`, `pdf`: its addresses; `pdf` is empty if
    unknown.
    """

    id: str
    title: str
    authors: tuple[str, ...]
    date: tuple[str, ...]
    primary: str
    doi: str
    journal: str
    server: str
    article: str
    taken_back: str
    url: str
    pdf: str

    @property
    def is_on_arxiv(self) -> bool:
        return self.server == "arXiv"

    @property
    def is_article(self) -> bool:
        return not self.server

    @property
    def article_journal(self) -> str:
        """An article's journal; empty for a preprint, whose `journal` is that of a later version."""
        return self.journal if self.is_article else ""

    @property
    def note(self) -> str:
        """Anything that no other field says."""
        journal = "" if self.is_article else self.journal
        article = f"published as https://doi.org/{self.article}" if self.article else ""
        return "; ".join(filter(None, (self.taken_back, journal, article)))

    @property
    def year(self) -> str:
        return self.date[0] if self.date else ""


@lru_cache(CACHED)
def paper_citation(paper: Paper, taken_back: str = "") -> PaperCitation | None:
    """A paper's citation; None if it cannot be named. `taken_back`: withdrawn, retracted or removed."""
    if not paper_servers.is_paper_key(paper.paper):
        return None
    identifier = paper_servers.paper_id(paper.paper)
    published = _FIRST_DOI.match(paper.doi)
    article = published[1] if published else ""
    own_doi = registered_doi(paper.paper)
    is_on_arxiv = arxiv.is_key(paper.paper)
    server = paper_servers.server_of(paper.paper)
    url, _ = paper_servers.paper_links(paper.paper, 0)
    _, pdf = paper_servers.paper_links(paper.paper, paper.version)
    return PaperCitation(
        id=identifier,
        title=one_line(paper.title) or identifier,
        authors=tuple(filter(None, map(person_names.without_affiliation, map(one_line, paper.authors)))),
        date=_date(paper),
        primary=one_line(paper.categories[0]) if paper.categories else "",
        doi=article if article and is_on_arxiv else own_doi,
        article="" if is_on_arxiv or article.lower() == own_doi else article,
        journal=one_line(paper.journal),
        server="" if server.name == paper_servers.ANY_DOI else server.title,
        taken_back=taken_back,
        url=url,
        pdf=pdf,
    )


def registered_doi(key: str) -> str:
    """The DOI of a paper itself, by key. That of a paper on arXiv: https://info.arxiv.org/help/doi.html."""
    identifier = paper_servers.paper_id(key)
    return f"10.48550/arXiv.{identifier}" if arxiv.is_key(key) else identifier


def _date(paper: Paper) -> tuple[str, ...]:
    """When a paper was posted, or if that is unknown, the version."""
    month = paper_servers.month_of(paper.paper)
    posted_at = paper.published_at if paper.published_at is not None or month else paper.updated_at
    if posted_at is not None:
        return tuple(timestamps.day_of(posted_at).split("-"))
    return tuple(f"{number:02}" for number in month or ())


# ---- BibTeX ------------------------------------------------------------------------------------------------


@lru_cache(CACHED)
def format_bibtex(citation: PaperCitation) -> str:
    """One entry, in the form that arXiv uses, with the id in its key."""
    if citation.authors:
        family_name = person_names.split_name(citation.authors[0]).last_word.lower()
    else:
        family_name = ""
    first = re.sub("[^a-z]", "", in_plain_letters(family_name)) or ("arxiv" if citation.is_on_arxiv else "paper")
    key = f"{first}-{re.sub(r'[^a-z0-9.-]', '-', citation.id)}"
    fields = {
        "title": f"{{{bibtex_fields.format_words(citation.title)}}}",
        "author": bibtex_fields.format_names(citation.authors),
        "year": citation.year,
        "month": str(int(citation.date[1])) if citation.date else "",
        **_eprint(citation),
        "doi": bibtex_fields.format_value(citation.doi),
        "journal": bibtex_fields.format_words(citation.article_journal),
        "note": bibtex_fields.format_words(citation.note),
        "url": citation.url,
    }
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    entry_type = "article" if citation.is_article and citation.journal else "misc"
    return f"@{entry_type}{{{key},\n{lines}}}\n"


def _eprint(citation: PaperCitation) -> dict[str, str]:
    """The fields that name the server: arXiv's own, or the publisher."""
    if not citation.is_on_arxiv:
        return {"publisher": bibtex_fields.format_words(citation.server)}
    return {
        "eprint": citation.id,
        "archivePrefix": "arXiv",
        "primaryClass": bibtex_fields.format_value(citation.primary),
    }
