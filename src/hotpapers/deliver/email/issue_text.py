"""The words of an issue's message, chosen once and then written as plain text and as HTML with the same content.

Posts are not quoted: a message cannot be recalled when a post is deleted or hidden. Text from papers is on one line,
cut if it is too long. The HTML has inline styles and no colors, to be readable on any background; it loads nothing,
and its links are direct, without tracking.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from hotpapers.model import PublishedIssue
from hotpapers.ranking import words
from hotpapers.render.html.templating import macro
from hotpapers.view import phrases, site_paths
from hotpapers.view.issue_view import EntryView, IssueView, issue_view
from hotpapers.view.post_views import LinkedPiece
from hotpapers.view.site_config import SiteConfig
from hotpapers.view.tex import plain_line

WIDTH = 72
"""Characters per line of plain text; URLs may be longer."""
MOST_ONGOING = 10
"""How many papers that are still talked about are listed."""
LONGEST_TITLE, LONGEST_AUTHORS, LONGEST_LEAD, LONGEST_WHY = 300, 300, 600, 1000


class MessageEntry(NamedTuple):
    """A paper in a message. `title` links to its page."""

    place: int
    title: LinkedPiece
    authors: str
    lead: str
    counts: tuple[str, ...]
    why: str
    links: tuple[LinkedPiece, ...]


class MessageView(NamedTuple):
    """A message. `notes`: how the issue was made, and what readers must know about it. `more`: how many papers did not
    fit. `page`: the issue's page; its `url` is empty if there is none. `unsubscribe`: the link to unsubscribe."""

    publication: str
    day: str
    notes: tuple[str, ...]
    empty: str
    entries: tuple[MessageEntry, ...]
    more: str
    ongoing: tuple[LinkedPiece, ...]
    page: LinkedPiece
    proof: tuple[str, ...]
    subscription_note: str
    unsubscribe: LinkedPiece


def message_view(issue: PublishedIssue, site_config: SiteConfig, limit: int) -> MessageView:
    """The message of an issue with at most `limit` papers; its reader's unsubscribe link is not filled in yet."""
    view, publication = issue_view(issue), issue.content.publication
    title = phrases.cut(phrases.one_line(publication.title), LONGEST_TITLE)
    omitted = len(view.entries) - limit
    return MessageView(
        publication=title,
        day=view.title,
        notes=(*filter(None, [phrases.note(publication)]), *_notes(view)),
        empty=view.empty,
        entries=tuple(_entry(entry, site_config) for entry in view.entries[:limit]),
        more=f"{words.count_noun(omitted, 'more paper')} did not fit into this message." if omitted > 0 else "",
        ongoing=tuple(_title(entry, site_config) for entry in view.ongoing[:MOST_ONGOING]),
        page=LinkedPiece(
            "This issue on the web", site_paths.public_url(site_config.base, site_paths.issue_path(view.day))
        ),
        proof=tuple(_proof(view, site_config)),
        subscription_note=f"You are receiving this because this address is subscribed to {title}.",
        unsubscribe=LinkedPiece("Unsubscribe", ""),
    )


def _notes(view: IssueView) -> Iterator[str]:
    yield view.facts
    yield from view.notes
    if view.reason:
        yield f"Edition {view.edition}. Corrected: {view.reason}"


def _entry(entry: EntryView, site_config: SiteConfig) -> MessageEntry:
    links = list(entry.links)
    more_authors = f" and {len(entry.other_authors)} more" if entry.other_authors else ""
    if site_config.base and entry.path:
        links.append(LinkedPiece("history", _page(entry, site_config)))
    return MessageEntry(
        place=entry.place,
        title=_title(entry, site_config),
        authors=phrases.cut(plain_line(entry.first_authors + more_authors), LONGEST_AUTHORS),
        lead=_lead(entry),
        counts=(*(count.line for count in entry.counts_view.counts), *filter(None, [entry.announcement])),
        why=phrases.cut(f"Why here: {' '.join(entry.score_view.sentences)}", LONGEST_WHY),
        links=tuple(links),
    )


def _lead(entry: EntryView) -> str:
    """The paper's lead text and where it comes from."""
    mark = f" ({entry.lead_mark})" if entry.lead_mark else ""
    return phrases.cut(plain_line(entry.lead), LONGEST_LEAD) + mark


def _page(entry: EntryView, site_config: SiteConfig) -> str:
    return f"{site_config.base}{entry.path.removesuffix('index.html')}"


def _title(entry: EntryView, site_config: SiteConfig) -> LinkedPiece:
    """A title links to the paper's page on the site, as everywhere, or to arXiv if there is none."""
    has_page = site_config.base and entry.path
    url = _page(entry, site_config) if has_page else next((link.url for link in entry.links), "")
    return LinkedPiece(phrases.cut(entry.plain_title, LONGEST_TITLE), url)


def _proof(view: IssueView, site_config: SiteConfig) -> Iterator[str]:
    yield f"Frozen {view.frozen}, edition {view.edition}, ranked by {view.ranking}."
    yield f"Digest {view.digest}. Check it: {view.command}"
    if site_config.contact:
        yield f"Run by: {phrases.one_line(site_config.contact)}"


# ---- as plain text -------------------------------------------------------------------------------------


def as_text(view: MessageView) -> str:
    """The message as plain text: blocks separated by empty lines, URLs in angle brackets."""
    return "\n\n".join(block for block in _blocks(view) if block) + "\n"


def _blocks(view: MessageView) -> Iterator[str]:
    yield f"{_wrap(view.publication)}\n{view.day}"
    yield from map(_wrap, view.notes)
    yield _wrap(view.empty)
    for entry in view.entries:
        yield from _entry_blocks(entry)
    yield _wrap(view.more)
    if view.ongoing:
        yield "\n".join(["Still talked about", *(_wrap(_link(text), "- ") for text in view.ongoing)])
    yield _wrap(_link(view.page)) if view.page.url else ""
    yield "\n".join(map(_wrap, view.proof))
    yield f"{_wrap(view.subscription_note)}\n{_wrap(_link(view.unsubscribe))}"


def _entry_blocks(entry: MessageEntry) -> Iterator[str]:
    head = [_wrap(entry.title.text, f"{entry.place}. ")]
    yield "\n".join([*head, _wrap(entry.authors, "   ")] if entry.authors else head)
    yield _wrap(entry.lead, "   ")
    yield "\n".join(_wrap(count, "   ") for count in entry.counts)
    yield _wrap(entry.why, "   ")
    yield " ·\n".join(f"   {_link(link)}" for link in entry.links)


def _link(link: LinkedPiece) -> str:
    return f"{link.text} <{link.url}>" if link.url else link.text


def _wrap(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text, WIDTH, initial_indent=indent, subsequent_indent=" " * len(indent), break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


# ---- as HTML -------------------------------------------------------------------------------------------


def as_html(view: MessageView) -> str:
    """The message as a whole HTML page."""
    return str(macro("mail.html", "page")(view))
