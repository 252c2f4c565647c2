"""The posts that an issue quotes, as a script for the search page of a static site: `search/posts/2020-06-29.js`.

Each is a list: path of the paper's page, its title (`script_text`), text, author, handle, network, day, moment,
address, language, direction. The file is made again with its issue, so posts that are no longer shown leave both
together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hotpapers.publish.render.html.search_index import script_file
from hotpapers.publish.render.html.site_context import PublicationPart
from hotpapers.publish.view.issue_view import EntryView
from hotpapers.publish.view.phrases import marked_title
from hotpapers.publish.view.text_for_scripts import script_text

_PATH = re.compile(r"search/posts/(\d{4}-\d\d-\d\d)\.js", re.ASCII)


class QuotedPosts(PublicationPart):
    """The files of one publication's site."""

    def has(self, path: str) -> bool:
        return _PATH.fullmatch(path) is not None

    def day_paths(self, day: str) -> Iterator[str]:
        yield f"search/posts/{day}.js"

    def page(self, path: str) -> bytes | None:
        match = _PATH.fullmatch(path)
        if match is None or not self._site.has(match[1]):
            return None
        issue = self._site.issue(match[1])
        entries = (*issue.entries, *issue.ongoing)
        rows = [row for entry in entries for row in _rows(entry)]
        return script_file(path, rows).data


def _rows(entry: EntryView) -> Iterator[tuple[object, ...]]:
    title = script_text(marked_title(entry.title, withdrawn=entry.withdrawn))
    for post in entry.posts:
        text = "".join(piece.text for piece in post.pieces)
        yield (
            entry.path, title, text, post.author, post.handle, post.network, post.day, post.moment, post.url, post.lang,
            post.dir,
        )  # fmt: skip
