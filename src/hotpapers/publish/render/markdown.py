"""Channel `markdown`: one plain Markdown file per issue, `YYYY-MM-DD.md`, for notes, mails and wikis.

CommonMark. Text from papers and networks is escaped: markup in it has no effect.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from hotpapers.base.model import Entry, IssueReader, Paper, Post, PrintedCount, PublishedIssue, Quotation, RenderedFile
from hotpapers.issues.ranking import words
from hotpapers.publish.view import phrases, site_paths
from hotpapers.publish.view.post_views import LaneLine, byline, lane_views
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


def escape(text: str) -> str:
    """Text as Markdown that renders as just that text: on one line, with every possible markup character escaped."""
    escaped = _MARKUP.sub(r"\\\g<0>", phrases.one_line(text))
    return _BLOCK.sub(r"\1\\\2", escaped)


def link(text: str, target: str) -> str:
    """A link; only the text if there is no target."""
    if not target:
        return escape(text)
    return f"[{escape(text)}](<{target.translate(_UNSAFE_IN_TARGET).replace('&', '&amp;')}>)"


def issue_text(issue: PublishedIssue) -> str:
    """An issue as Markdown: blocks separated by empty lines."""
    return "\n\n".join(_blocks(issue)) + "\n"


def _blocks(issue: PublishedIssue) -> Iterator[str]:
    content = issue.content
    yield f"# {escape(content.publication.title)}, {phrases.issue_heading(content.publication.window, content.day)}"
    if text := phrases.note(content.publication):
        yield f"**{escape(text)}**"
    yield escape(" · ".join(phrases.facts(issue)))
    yield from (escape(note) for note in phrases.notes(issue))
    if content.reason:
        yield f"Edition {content.edition}. Corrected: {escape(content.reason)}"
    for entry in content.entries:
        yield f"## {entry.place}. {escape(_title(issue, entry.paper))}"
        yield from _entry(issue, entry)
    if issue_empty := phrases.empty(issue):
        yield issue_empty
    if content.ongoing:
        yield "## Still talked about"
        yield "\n".join(_ongoing_line(issue, entry) for entry in content.ongoing)
    for title, lines in lane_views(issue):
        yield f"## {escape(title)}"
        yield "\n".join(map(_lane_line, lines))
    yield "---"
    yield f"Frozen {phrases.minute_name(issue.frozen_at)}, edition {content.edition}, ranked by {content.ranking}."
    yield f"Digest `{issue.digest}`. Check it: `hotpapers verify {content.day}`"


def _title(issue: PublishedIssue, key: str) -> str:
    title = tex_line(issue.papers[key].title) or site_paths.arxiv_id(key) or key
    return phrases.marked_title(title, withdrawn=key in issue.withdrawn)


def _entry(issue: PublishedIssue, entry: Entry) -> Iterator[str]:
    paper = issue.papers[entry.paper]
    if paper.authors:
        yield escape(", ".join(paper.authors))
    if entry.counts:
        yield "\n".join(f"- {_count(count)}" for count in entry.counts)
    lead, mark = phrases.opening(paper)[0], phrases.opening_source(paper)
    if lead:
        yield escape(tex_line(lead) + (mark and f" ({mark})"))
    posts = issue.posts.get(entry.paper, ())
    yield from (_quotation(quotation) for quotation in phrases.with_words(posts)[: phrases.quoted_at_once(issue)])
    yield from (_elsewhere(network, quotations) for network, quotations in phrases.elsewhere(posts).items())
    yield _why(issue, entry)
    announced = phrases.announcement(issue.content, entry)
    yield f"{announced} · {_links(paper)}" if announced else _links(paper)


def _count(count: PrintedCount) -> str:
    return f"{escape(words.network_name(count.network))}: {phrases.counts_and_bots(count)}"


def _quotation(quotation: Quotation) -> str:
    post = quotation.post
    lines = [escape(line) for line in phrases.shown(post.text).split("\n")]
    text = "\\\n".join(line for line in lines if line)
    source = byline(post)
    author = source["author"] + (f" ({source['handle']})" if source["handle"] else "")
    source_line = f"— {escape(author)}, {link(source['network'] + ', ' + source['day'], source['url'])}"
    return "\n".join(f"> {line}".rstrip() for line in f"{text}\n\n{source_line}".split("\n"))


def _elsewhere(network: str, posts: Sequence[Post]) -> str:
    """Posts that can only be read on their network, on one line."""
    head, links = escape(phrases.elsewhere_head(network, posts)), phrases.links_elsewhere(posts)
    if len(posts) > 1:
        return f"{head}: {' · '.join(link(text, target) for text, target, _ in links)}"
    [(text, target, _)] = links
    return f"{head} · {link(text, target)}" if target else head


def _why(issue: PublishedIssue, entry: Entry) -> str:
    sentences = (
        *(words.part_sentence(part, with_formula=True) for part in entry.parts),
        f"Score: {phrases.total(entry)}.",
        words.price_sentence(entry.price),
        phrases.tie_note(entry, issue.content.ranking),
        phrases.provisional(issue.content, entry),
        phrases.places(entry, issue.listing is not None),
    )
    return f"Why here: {escape(' '.join(filter(None, sentences)))}"


def _links(paper: Paper) -> str:
    identifier, places = site_paths.arxiv_id(paper.paper), [(paper.paper, "")]
    if identifier:
        places = [(f"arXiv:{identifier}", site_paths.abs_url(paper.paper)), ("pdf", site_paths.pdf_url(paper.paper))]
    places += [(category, site_paths.category_url(category)) for category in paper.categories]
    return " · ".join(link(*place) for place in places)


def _lane_line(line: LaneLine) -> str:
    sources = "; ".join(link(post.text, post.url) for post in line.posts)
    return f"- {link(tex_line(line.title), line.url)}: {sources} {line.more}".rstrip()


def _ongoing_line(issue: PublishedIssue, entry: Entry) -> str:
    counts = "; ".join(_count(count) for count in entry.counts)
    return f"- {link(_title(issue, entry.paper), site_paths.abs_url(entry.paper))}" + (f" ({counts})" if counts else "")
