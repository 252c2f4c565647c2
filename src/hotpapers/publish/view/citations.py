"""Papers for reference managers: BibTeX, RIS, COinS (an OpenURL in a span) and Highwire meta elements.

Text from papers cannot end a field and start another: line breaks are removed, and braces are balanced
(`ids.bibtex`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from hotpapers.base.model import Paper
from hotpapers.base.papers import arxiv, paper_servers
from hotpapers.base.text import bibtex as bibtex_fields
from hotpapers.base.text import person_names, timestamps
from hotpapers.base.text.accents import in_plain_letters
from hotpapers.publish.view import site_paths
from hotpapers.publish.view.clean_text import one_line
from hotpapers.publish.view.tex import tex_to_text

CACHED = 256
"""Citations kept: an issue's are needed again on its papers' pages."""
COINS_AUTHORS = 10
"""Authors named in a COinS span; the other formats name all."""
_DOI = re.compile(r"10\.\d{4,9}/[!-~]{1,200}")


class PaperCitation(NamedTuple):
    """A paper's citation.

    `date`: year, month and, if known, day; empty if unknown. `doi`: the published version's, else the paper's own.
    `server`: the title of its server; empty for an article of `journal`. `taken_back`: how, if it was. `url`, `pdf`:
    its addresses; `pdf` is empty if unknown.
    """

    id: str
    title: str
    authors: tuple[str, ...]
    date: tuple[str, ...]
    primary: str
    doi: str
    journal: str
    server: str
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
        return "; ".join(filter(None, (self.taken_back, "" if self.is_article else self.journal)))

    @property
    def own_doi(self) -> str:
        """The DOI of a paper on another server than arXiv, if `doi` is that of the published version."""
        return "" if self.is_on_arxiv or self.id == self.doi else self.id

    @property
    def year(self) -> str:
        return self.date[0] if self.date else ""


@lru_cache(CACHED)
def paper_citation(paper: Paper, taken_back: str = "") -> PaperCitation | None:
    """A paper's citation; None if it cannot be named. `taken_back`: withdrawn, retracted or removed."""
    if not paper_servers.is_paper_key(paper.paper):
        return None
    identifier = paper_servers.paper_id(paper.paper)
    is_on_arxiv = arxiv.is_key(paper.paper)
    doi = _DOI.fullmatch(paper.doi.strip())
    server = paper_servers.server_of(paper.paper)
    return PaperCitation(
        id=identifier,
        title=one_line(paper.title) or identifier,
        authors=tuple(filter(None, map(person_names.without_affiliation, map(one_line, paper.authors)))),
        date=_date(paper),
        primary=one_line(paper.categories[0]) if paper.categories else "",
        doi=doi[0] if doi else f"10.48550/arXiv.{identifier}" if is_on_arxiv else identifier,
        journal=one_line(paper.journal),
        server="" if server.name == paper_servers.ANY_DOI else server.title,
        taken_back=taken_back,
        url=site_paths.abs_url(paper.paper),
        pdf=site_paths.pdf_url(paper.paper, paper.version),
    )


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
        own_id = bibtex_fields.format_value(citation.own_doi)
        return {"eprint": own_id, "publisher": bibtex_fields.format_words(citation.server)}
    return {
        "eprint": citation.id,
        "archivePrefix": "arXiv",
        "primaryClass": bibtex_fields.format_value(citation.primary),
    }


# ---- RIS ---------------------------------------------------------------------------------------------------


@lru_cache(CACHED)
def format_ris(citation: PaperCitation) -> str:
    """One record (Research Information Systems' format, in UTF-8)."""
    lines = [
        ("TY", "JOUR" if citation.is_article else "UNPB"),
        ("TI", tex_to_text(citation.title)),
        *(("AU", _family_first(name)) for name in citation.authors),
        ("PY", citation.year),
        ("DA", "/".join((*citation.date, "", "", "")[:3]) + "/" if citation.date else ""),
        ("PB", citation.server),
        ("AN", f"arXiv:{citation.id}" if citation.is_on_arxiv else citation.own_doi),
        ("DO", citation.doi),
        ("JO", citation.article_journal),
        ("N1", citation.note),
        ("UR", citation.url),
        ("ER", ""),
    ]
    return "".join(f"{name}  - {' '.join(value.split())}\r\n" for name, value in lines if value or name == "ER")


def _family_first(name: str) -> str:
    """`Tansy Overquill Jr.` → `Overquill, Tansy, Jr.`"""
    parts = person_names.split_name(name)
    if parts.given:
        return ", ".join(filter(None, (parts.family, parts.given, parts.suffix)))
    return name


# ---- in pages ----------------------------------------------------------------------------------------------


def coins_title(citation: PaperCitation) -> str:
    """The title of a COinS span: an OpenURL 1.0 context object (ANSI/NISO Z39.88-2004) as key and value."""
    names = [" ".join(filter(None, person_names.split_name(name))) for name in citation.authors[:COINS_AUTHORS]]
    journal = citation.server or citation.journal
    values = "\n".join((tex_to_text(citation.title), citation.doi, citation.url, journal, *names))
    quoted = quote(values, "", errors="replace")  # one call, as quoting is slow
    title, doi, url, journal, *authors = quoted.split("%0A")
    keys = ("aucorp" if person_names.is_group(name) else "au" for name in names)
    author_keys = "".join(f"&rft.{key}={author}" for key, author in zip(keys, authors, strict=True))
    return (
        "ctx_ver=Z39.88-2004&rft_val_fmt=info%3Aofi%2Ffmt%3Akev%3Amtx%3Ajournal"
        f"&rft.genre={'article' if citation.is_article else 'preprint'}&rft.jtitle={journal}"
        f"&rft.atitle={title}&rft.date={'-'.join(citation.date)}&rft_id=info%3Adoi%2F{doi}&rft_id={url}{author_keys}"
    )


def highwire_tags(citation: PaperCitation) -> Iterator[tuple[str, str]]:
    """Names and contents of the meta elements read by Google Scholar and Zotero."""
    tags = (
        ("citation_title", tex_to_text(citation.title)),
        *(("citation_author", name) for name in citation.authors),
        ("citation_publication_date", "/".join(citation.date)),
        ("citation_journal_title", citation.article_journal),
        ("citation_arxiv_id", citation.id if citation.is_on_arxiv else ""),
        ("citation_doi", citation.doi),
        ("citation_abstract_html_url", citation.url),
        ("citation_pdf_url", citation.pdf),
    )
    yield from (tag for tag in tags if tag[1])
