"""The wing's files on a publication's site: data about each day's papers, and the page of a reader's own.

    2026-11-20/vectors.js   the vectors of all papers announced that day, and of those in its issue (`packing`)
    2026-11-20/papers.js    what a page that does not list these papers has to say of them
    2026-11-20/sentences.js the first sentences of their abstracts
    my-papers/index.html    the page with what a reader starred, which scripts fill
    terms.js                the table, which pages load when a reader adds a library: `paperTerms("version 1: …")`

The scripts that use them are `PageScripts.paper_files` on pages with papers, joined as `paper_actions.js`; and on the
page of a reader's own, `library.js`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from hotpapers.base.model import SitePart
from hotpapers.base.text.bibtex_fields import latex_grammar
from hotpapers.publish.render.html.single_pages import doi_script, served_script
from hotpapers.publish.render.html.site_context import SiteContext
from hotpapers.publish.render.templating import load_macro
from hotpapers.publish.view import site_paths
from hotpapers.wings.personal.for_me import papers_of_day, text_of
from hotpapers.wings.personal.kept import Saving, cached_value
from hotpapers.wings.personal.library_files import entry_grammar
from hotpapers.wings.personal.own_order import vector_of_text
from hotpapers.wings.personal.packing import papers_script, sentences_script, vector_script
from hotpapers.wings.personal.vectors import TABLE, VERSION

TERMS, LIBRARY, MY_PAPERS = "terms.js", "library.js", "my-papers/index.html"
SAVING = Saving(f"script 1, words {VERSION}", bytes, bytes)
DAY_FILES = ("vectors", "papers", "sentences")
_DAY_FILE = re.compile(rf"(\d{{4}}-\d\d-\d\d)/({'|'.join(DAY_FILES)})\.js", re.ASCII)
_TEMPLATE = Path(__file__).with_name("my_papers.html")
_LIBRARY_SCRIPTS = tuple(
    Path(__file__).with_name(f"{name}.js")
    for name in ("paper_ids", "library_names", "library_entries", "library", "library_exports", "my_papers")
)
"""Each uses those before it."""


def library_script() -> bytes:
    """The script of the page of a reader's own papers."""
    grammar = f"const libraryGrammar = {json.dumps(latex_grammar() | entry_grammar())};\n".encode()
    scripts = (file.read_bytes() for file in _LIBRARY_SCRIPTS)
    return served_script(b"\n".join([doi_script(), grammar, *scripts]))


class PersonalPart(SitePart):
    """The files of one publication's site."""

    def __init__(self, site: SiteContext) -> None:
        self._site = site
        self._saved = {"vectors": self._vectors, "sentences": self._sentences}

    def has(self, path: str) -> bool:
        return path in (TERMS, LIBRARY, MY_PAPERS) or bool(_DAY_FILE.fullmatch(path))

    def day_paths(self, day: str) -> Iterator[str]:
        """None for days that are folded, whose papers have no pages in full."""
        if not site_paths.is_folded(day, self._site.site_config.whole_since):
            yield from (f"{day}/{name}.js" for name in DAY_FILES)

    def paths(self) -> Iterator[str]:
        yield from (TERMS, LIBRARY, MY_PAPERS)

    def page(self, path: str) -> bytes | None:
        if path == TERMS:
            return f"paperTerms({json.dumps(TABLE.read_text('ascii'))});\n".encode()
        if path == LIBRARY:
            return library_script()
        if path == MY_PAPERS:
            body = load_macro(_TEMPLATE, "page")()
            return self._site.render(
                "wing.html", path, "My papers", "What you starred, in this browser only.", body=body, has_papers=True
            )
        match = _DAY_FILE.fullmatch(path)
        if match is None or not self._site.has(match[1]):
            return None
        return self._day_file(match[1], match[2])

    def _day_file(self, day: str, name: str) -> bytes:
        reader = self._site.issue_reader
        publication = self._site.name
        if name in self._saved:
            return cached_value(reader, name, publication, [day], partial(self._saved[name], day), 16, SAVING)
        papers = papers_of_day(reader, publication, day)
        content = self._site.frozen(day).content
        places = {entry.paper: 0 for entry in content.ongoing} | {entry.paper: entry.place for entry in content.listed}
        return papers_script(day, papers, places, self._site.taken_back)

    def _vectors(self, day: str) -> bytes:
        texts = map(text_of, papers_of_day(self._site.issue_reader, self._site.name, day))
        vectors = {paper_id: vector_of_text(text) for text in texts if (paper_id := site_paths.paper_id(text.paper))}
        return vector_script(day, vectors)

    def _sentences(self, day: str) -> bytes:
        return sentences_script(day, papers_of_day(self._site.issue_reader, self._site.name, day))
