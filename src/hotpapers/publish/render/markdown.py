"""Channel `markdown`: one plain Markdown file per issue, `YYYY-MM-DD.md`, for notes, mails and wikis.

CommonMark. Text from papers and networks is escaped: markup in it has no effect.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from hotpapers.base.model import Entry, IssueReader, PublishedIssue, RenderedFile
from hotpapers.issues.ranking import words
from hotpapers.publish.render.templating import render_file
from hotpapers.publish.view import phrases, score_view, site_paths
from hotpapers.publish.view.post_views import lane_views, other_posts, post_byline
from hotpapers.publish.view.reading_words import known_since
from hotpapers.publish.view.site_config import NOBODY, SiteConfig
from hotpapers.publish.view.tex import tex_line

# What can begin markup anywhere in a line; `:` and `.` only where GitHub's dialect sees a bare address.
_MARKUP = re.compile(r"[\\`*_\[\]<>&~|$#]|:(?=//)|(?<=www)\.")
# What begins a block at the start of a line: a list, a rule, a heading underline.
_BLOCK = re.compile(r"^(\d{0,9})([-+=.)])")
_UNSAFE_IN_TARGET = {ord(char): f"%{ord(char):02X}" for char in '<>\\`"^{|}'}


class MarkdownChannel:
    """Issues as plain Markdown."""

    name = "markdown"

    def __init__(self, site_config: SiteConfig = NOBODY) -> None:
        self._proofs = site_config.proofs

    def render(self, issue_reader: IssueReader, publication: str, days: Sequence[str]) -> Iterator[RenderedFile]:
        """One file for each of these days, with its proof beside it if there is one. Raises NotFound."""
        proofs = self._proofs.readable(publication) if self._proofs else None
        for day in days:
            issue = issue_reader.issue(publication, day)
            yield RenderedFile(f"{day}.md", issue_text(issue).encode("utf-8", "replace"))
            if proofs and (proof := proofs.proved(issue)):
                yield RenderedFile(f"{day}.json", proof.file)


def escape_markdown(text: str) -> str:
    """Text as Markdown that renders as just that text: on one line, with every possible markup character escaped."""
    escaped = _MARKUP.sub(r"\\\g<0>", phrases.one_line(text))
    return _BLOCK.sub(r"\1\\\2", escaped)


def markdown_link(text: str, target: str) -> str:
    """A link; only the text if there is no target."""
    if not target:
        return escape_markdown(text)
    return f"[{escape_markdown(text)}](<{target.translate(_UNSAFE_IN_TARGET).replace('&', '&amp;')}>)"


def issue_text(issue: PublishedIssue) -> str:
    """An issue as Markdown: blocks separated by empty lines."""
    values = {
        "escape": escape_markdown,
        "link": markdown_link,
        "tex_line": tex_line,
        "byline": post_byline,
        "elsewhere": other_posts,
        "why": _why,
        "known_since": known_since,
    }
    modules = {"phrases": phrases, "site_paths": site_paths}
    content = issue.content
    lanes = lane_views(issue)
    return render_file("issue.md", issue=issue, content=content, lanes=lanes, **values, **modules).decode()


def _why(issue: PublishedIssue, entry: Entry) -> str:
    sentences = (
        score_view.score_summary(entry),
        *(words.part_sentence(part, with_formula=True) for part in entry.parts if part.score),
        f"Score: {phrases.total(entry)}.",
        phrases.tie_note(entry, issue.content.ranking),
        phrases.provisional(issue.content, entry),
        phrases.places(entry, issue.listing is not None),
    )
    return " ".join(filter(None, sentences))
