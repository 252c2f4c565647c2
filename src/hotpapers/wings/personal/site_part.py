"""The wing's files on a publication's site: the vectors of each day, and the table that makes vectors of other papers.

    2026-11-20/vectors.js   the vectors of all papers announced that day, and of those in its issue (`packing`)
    2026-11-20/papers.js    what a page that does not list these papers has to say of them
    terms.js                the table, which pages load when a reader adds a library: `paperTerms("version 1: …")`

The scripts that use them are part of `reader.js`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial

from hotpapers.base.model import SitePart
from hotpapers.publish.render.html.site_context import SiteContext
from hotpapers.publish.view import site_paths
from hotpapers.wings.personal.for_me import papers_of_day, text_of
from hotpapers.wings.personal.kept import kept
from hotpapers.wings.personal.own_order import vector_of_text
from hotpapers.wings.personal.packing import papers_script, vector_script
from hotpapers.wings.personal.vectors import TABLE

TERMS = "terms.js"
_DAY_FILE = re.compile(r"(\d{4}-\d\d-\d\d)/(vectors|papers)\.js", re.ASCII)


class PersonalPart(SitePart):
    """The files of one publication's site."""

    def __init__(self, site: SiteContext) -> None:
        self._site = site

    def has(self, path: str) -> bool:
        return path == TERMS or bool(_DAY_FILE.fullmatch(path))

    def day_paths(self, day: str) -> Iterator[str]:
        """None for days that are folded, whose papers have no pages in full."""
        if not site_paths.is_folded(day, self._site.site_config.whole_since):
            yield from (f"{day}/vectors.js", f"{day}/papers.js")

    def paths(self) -> Iterator[str]:
        yield TERMS

    def page(self, path: str) -> bytes | None:
        if path == TERMS:
            return f"paperTerms({json.dumps(TABLE.read_text('ascii'))});\n".encode()
        match = _DAY_FILE.fullmatch(path)
        if match is None or not self._site.has(match[1]):
            return None
        if match[2] == "papers":
            day = match[1]
            content = self._site.frozen(day).content
            places = {entry.paper: 0 for entry in content.ongoing} | {
                entry.paper: entry.place for entry in content.listed
            }
            return papers_script(day, papers_of_day(self._site.issue_reader, self._site.name, day), places)
        return kept(self._site.issue_reader, "script", self._site.name, [match[1]], partial(self._script, match[1]), 64)

    def _script(self, day: str) -> bytes:
        texts = map(text_of, papers_of_day(self._site.issue_reader, self._site.name, day))
        vectors = {paper_id: vector_of_text(text) for text in texts if (paper_id := site_paths.arxiv_id(text.paper))}
        return vector_script(day, vectors)
