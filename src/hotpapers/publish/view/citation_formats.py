"""Citations in further formats: RIS, COinS (an OpenURL in a span) and Highwire meta elements. Pure.

Text from papers cannot end a field and start another: line breaks are removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote

from hotpapers.base.papers.citations import CACHED, PaperCitation
from hotpapers.base.text import person_names
from hotpapers.publish.view.tex import tex_to_text

COINS_AUTHORS = 10
"""Authors named in a COinS span; the other formats name all."""

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
        ("AN", f"arXiv:{citation.id}" if citation.is_on_arxiv else ""),
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
