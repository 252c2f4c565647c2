"""The words of an issue's message, chosen once and then written as plain text and as HTML with the same content.

Each paper comes with one quotation, of a post that may be shown when the message is made; nobody can take it back
later. Text from papers is on one line, cut if it is too long. The HTML sets no background, so that mail programs can
choose a light or a dark one, and its few colors fit either; it loads nothing, and its links are direct, without
tracking.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from hotpapers.base.model import Entry, IssueContent, PublishedIssue
from hotpapers.base.text.words import count_noun
from hotpapers.publish.render.templating import load_macro
from hotpapers.publish.view import glance, site_paths
from hotpapers.publish.view.issue_view import EntryView, issue_view
from hotpapers.publish.view.phrases import cut_text, one_line, publication_note
from hotpapers.publish.view.post_views import LinkedPiece, QuoteView
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.publish.view.tex import plain_line

PAGE = Path(__file__).with_name("mail.html")
WIDTH = 72
"""Characters per line of plain text; URLs may be longer."""
MAX_ONGOING_PAPERS = 10
"""How many papers that are still talked about are listed."""
MAX_TITLE_CHARS = 300
MAX_AUTHORS_CHARS = 300
MAX_LEAD_CHARS = 600
MAX_COUNTS_CHARS = 300
MAX_PREHEADER_CHARS = 300


class MessageEntry(NamedTuple):
    """A paper in a message. `title` links to its page; `counts`: all in one line; `quoted`: one post's words, and `by`
    whom they are, linked to the post."""

    place: int
    title: LinkedPiece
    authors: str
    lead: str
    counts: str
    quoted: str
    by: LinkedPiece
    links: tuple[LinkedPiece, ...]


class MessageView(NamedTuple):
    """An issue's message. `preheader`: the first titles, which mail programs show beside the subject, and only there.
    `notes`: caveats for readers, shown first; `facts`: how the issue was made. `more`: how many papers did not fit.
    `page`: the issue's page; its `url` is empty if there is none. `unsubscribe`: the link to unsubscribe."""

    issue: IssueContent
    subject: str
    preheader: str
    publication: str
    day: str
    notes: tuple[str, ...]
    empty: str
    entries: tuple[MessageEntry, ...]
    more: str
    ongoing: tuple[LinkedPiece, ...]
    facts: tuple[str, ...]
    page: LinkedPiece
    proof: tuple[str, ...]
    subscription_note: str
    unsubscribe: LinkedPiece


def message_view(issue: PublishedIssue, site_config: SiteConfig, limit: int) -> MessageView:
    """The message of an issue with at most `limit` papers; its reader's unsubscribe link is not filled in yet."""
    view = issue_view(issue)
    publication = issue.content.publication
    title = cut_text(one_line(publication.title), MAX_TITLE_CHARS)
    omitted = len(view.entries) - limit
    proof = (
        f"Frozen {view.frozen}, edition {view.edition}, ranked by {view.ranking}.",
        f"Digest {view.digest}. Check it: hotpapers verify {view.day}",
        f"Run by: {one_line(site_config.contact)}" if site_config.contact else "",
    )
    correction = f"Edition {view.edition}. Corrected: {view.reason}" if view.reason else ""
    return MessageView(
        issue=issue.content,
        subject=glance.subject(issue),
        preheader=cut_text(view.introduction, MAX_PREHEADER_CHARS) if view.entries else "",
        publication=title,
        day=view.title,
        notes=tuple(filter(None, [publication_note(publication), correction])),
        empty=view.empty,
        entries=tuple(
            _entry(issue, entry, shown, site_config)
            for entry, shown in zip(issue.content.entries, islice(view.entries, limit), strict=False)
        ),
        more=f"{count_noun(omitted, 'more paper')} did not fit into this message." if omitted > 0 else "",
        ongoing=tuple(_title(entry, site_config) for entry in islice(view.ongoing, MAX_ONGOING_PAPERS)),
        facts=(view.facts, *view.notes),
        page=LinkedPiece(
            "This issue on the web", site_paths.public_url(site_config.base, site_paths.issue_path(view.day))
        ),
        proof=tuple(filter(None, proof)),
        subscription_note=f"You are receiving this because this address is subscribed to {title}.",
        unsubscribe=LinkedPiece("Unsubscribe", ""),
    )


def _entry(issue: PublishedIssue, entry: Entry, view: EntryView, site_config: SiteConfig) -> MessageEntry:
    more_authors = " et al." if view.other_authors else ""
    counts = " · ".join(filter(None, (glance.facts_line(issue, entry), view.announcement)))
    # The paper's lead text and where it comes from
    mark = f" ({view.opening.mark})" if view.opening.mark else ""
    return MessageEntry(
        place=view.place,
        title=_title(view, site_config),
        authors=cut_text(plain_line(view.first_authors + more_authors), MAX_AUTHORS_CHARS),
        lead=cut_text(plain_line(view.opening.lead), MAX_LEAD_CHARS) + mark,
        counts=cut_text(counts, MAX_COUNTS_CHARS),
        quoted=f"“{view.quote.text}”" if view.quote else "",
        by=_author_of(view.quote) if view.quote else LinkedPiece("", ""),
        links=tuple(_links(issue, view, site_config)),
    )


def _author_of(quote: QuoteView) -> LinkedPiece:
    text = f"{quote.author} on {quote.network}"
    return LinkedPiece(cut_text(text, MAX_AUTHORS_CHARS), quote.url)


def _links(issue: PublishedIssue, entry: EntryView, site_config: SiteConfig) -> Iterator[LinkedPiece]:
    """The paper itself, its code, and from its page what people say, or else why it is in the issue."""
    for link in entry.links:
        if link.text not in ("pdf", "html", "ADS", "INSPIRE"):
            yield link
    if page := _page(entry, site_config):
        is_discussed = (entry.posts or entry.elsewhere) and not issue.listing
        name = "Discussion" if is_discussed else "Why here"
        part = "discussed" if is_discussed else f"on-{issue.content.day}"
        yield LinkedPiece(name, f"{page}#{part}")


def _page(entry: EntryView, site_config: SiteConfig) -> str:
    """The address of the paper's page; empty if it has none."""
    has_page = site_config.base and entry.path
    return f"{site_config.base}{entry.path.removesuffix('index.html')}" if has_page else ""


def _title(entry: EntryView, site_config: SiteConfig) -> LinkedPiece:
    """A title links to the paper's page on the site, as everywhere, or to arXiv if there is none."""
    url = _page(entry, site_config) or next((link.url for link in entry.links), "")
    return LinkedPiece(cut_text(entry.plain_title, MAX_TITLE_CHARS), url)


# ---- as plain text -------------------------------------------------------------------------------------


def as_text(view: MessageView) -> str:
    """The message as plain text: blocks separated by empty lines, URLs in angle brackets."""
    return "\n\n".join(filter(None, _blocks(view))) + "\n"


def _blocks(view: MessageView) -> Iterator[str]:
    yield f"{wrap_text(view.publication)}\n{view.day}"
    yield from map(wrap_text, view.notes)
    yield wrap_text(view.empty)
    for entry in view.entries:
        number = f"{entry.place}. "
        indent = " " * len(number)
        links = (f"{indent}{_link(link)}" for link in entry.links)
        title = wrap_text(entry.title.text, number)
        yield "\n".join(filter(None, [title, wrap_text(entry.authors, indent)]))
        yield wrap_text(entry.lead, indent)
        if entry.quoted:
            yield wrap_text(f"{entry.quoted} – {_link(entry.by)}", indent)
        else:
            yield ""
        counts = wrap_text(entry.counts, indent)
        yield "\n".join(filter(None, [counts, *links]))
    yield wrap_text(view.more)
    if view.ongoing:
        ongoing = (wrap_text(_link(text), "- ") for text in view.ongoing)
        yield "\n".join(["Still talked about", *ongoing])
    yield from map(wrap_text, view.facts)
    yield wrap_text(_link(view.page)) if view.page.url else ""
    yield "\n".join(map(wrap_text, view.proof))
    yield f"{wrap_text(view.subscription_note)}\n{wrap_text(_link(view.unsubscribe))}"


def _link(link: LinkedPiece) -> str:
    return f"{link.text} <{link.url}>" if link.url else link.text


def wrap_text(text: str, indent: str = "") -> str:
    """A text in lines of `WIDTH`."""
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=" " * len(indent),
        break_long_words=False,
        break_on_hyphens=False,
    )


# ---- as HTML -------------------------------------------------------------------------------------------


def as_html(view: MessageView) -> str:
    """The message as a whole HTML page."""
    return str(load_macro(PAGE, "page")(view))
