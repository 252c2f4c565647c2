"""The classic format: imported listings as they were printed, and our own issues in the same format.

A listing shows its posts as it printed them, whatever the networks' terms (decision 0020). Our own
issues show only posts whose text may be shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hotpapers.base.model import (
    Entry,
    IssueReader,
    PublishedIssue,
    Quotation,
    RenderedFile,
    printable_line,
    within_largest,
)
from hotpapers.base.papers import arxiv
from hotpapers.publish.view.site_config import NOBODY, SiteConfig
from hotpapers.wings.classic import format as classic
from hotpapers.wings.classic.format import ClassicIssue, ClassicItem


class ClassicChannel:
    """Issues in the format of 2020 to 2022."""

    name = "classic"

    def __init__(self, site_config: SiteConfig = NOBODY) -> None:
        """The format has no room for the publisher."""

    def render(self, issue_reader: IssueReader, publication: str, days: Sequence[str]) -> Iterator[RenderedFile]:
        """One `YYYY-MM-DD---Hot-Papers.md` for each of these days. Raises NotFound."""
        for day in days:
            text = text_of(issue_reader.issue(publication, day))
            yield RenderedFile(f"{day}---Hot-Papers.md", text.encode())


def text_of(issue: PublishedIssue) -> str:
    """An issue in the classic format: a listing in the order of the classic rule, other issues in their own order."""
    content = issue.content
    listing = issue.listing
    if listing is not None:
        entries = sorted(content.entries, key=lambda entry: entry.classic_rank)
        items = tuple(_listed_item(issue, number, entry) for number, entry in enumerate(entries, 1))
        return classic.render_classic(ClassicIssue(listing.day, listing.made, listing.lead, items))
    on_arxiv = (entry for entry in content.entries if arxiv.is_key(entry.paper))  # the format links to no other server
    items = tuple(_own_item(issue, number, entry) for number, entry in enumerate(on_arxiv, 1))
    printed_moment = classic.printed_made(content.as_of)
    return classic.render_classic(ClassicIssue(content.day, printed_moment, 0, items), escape=True)


def _listed_item(issue: PublishedIssue, number: int, entry: Entry) -> ClassicItem:
    place = issue.places[entry.paper]
    count = entry.counts[0]
    return ClassicItem(
        title=place.title,
        authors=place.authors,
        tallied=place.tallied,
        categories=place.categories,
        abstract=place.abstract,
        number=number,
        reposts=count.reposts,
        likes=count.likes,
        paper=arxiv.from_key(entry.paper),
        posts=_posts(issue.printed[entry.paper]),
    )


def _own_item(issue: PublishedIssue, number: int, entry: Entry) -> ClassicItem:
    paper = issue.papers[entry.paper]
    return ClassicItem(
        number=number,
        title=printable_line(paper.title),
        authors=tuple(map(printable_line, paper.authors)),
        reposts=within_largest(sum(count.reposts for count in entry.counts)),
        likes=within_largest(sum(count.likes for count in entry.counts)),
        tallied=classic.printed_tally(max((c.until for c in entry.counts), default=issue.content.as_of)),
        paper=arxiv.from_key(entry.paper),
        categories=paper.categories,
        abstract=printable_line(paper.abstract),
        posts=_posts(issue.posts[entry.paper]),
    )


def _posts(quotations: Sequence[Quotation]) -> tuple[classic.ClassicPost, ...]:
    """The posts that the format can show: Twitter's, by a known author."""
    return tuple(
        classic.ClassicPost(
            handle=post.handle,
            name=post.name,
            lang=post.lang,
            rtl=post.rtl,
            text=post.text,
            links=post.links,
            id=post.post.removeprefix("x:"),
        )
        for post in (quotation.post for quotation in quotations)
        if post.network == "x" and post.handle
    )
