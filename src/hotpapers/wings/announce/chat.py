"""Channel `chat`: a message of at most 1,500 characters about each issue, sent to rooms.

Text from papers is neutralized: nothing in it can act as markup, a mention or a link.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hotpapers.base import keys, network_terms
from hotpapers.base.model import HttpClient, IssueReader, Message, PublishedIssue
from hotpapers.base.networks import network_names
from hotpapers.base.text.accents import without_accents
from hotpapers.discussion.moderation.quotation_policy import holders_of
from hotpapers.publish.render import markdown
from hotpapers.publish.view import glance
from hotpapers.publish.view.phrases import cut_text, one_line
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.record import Record
from hotpapers.wings.announce import queries
from hotpapers.wings.announce.announcement import SHOWN, AnnouncementText, EntryLine, build_announcement
from hotpapers.wings.announce.apprise_client import AppriseClient, TextFormat

UNKNOWN_RECEIPT = "interrupted: a room cannot be asked whether it has a message, so it is not sent again"
MEMBERS_SHOWN = 5
MIN_LINKED_CHARS = 30
"""Code points of titles for which a room with little space gives up the link."""

JOINER = "\u2060"
"""The word joiner: invisible, it keeps the characters around it from being read as markup."""
# A mention, a tag, markup in angle brackets, a Markdown link, an address with or without its scheme.
_ALIVE = re.compile(r"(?<=[@#])(?=\w)|(?<=<)(?=\S)|(?<=\])(?=[(\[])|(?<=:)(?=//)|(?<=\w\.)(?=[^\W\d_]{2})")


FindPosters = Callable[[Sequence[str], Sequence[str]], Mapping[str, str]]
"""(accounts, papers) → by paper, the name of one of the accounts that posted about it."""


class ChatSender:
    """One room. `name`: the operator's name for it."""

    name = "chat"

    def __init__(
        self,
        name: str,
        publication: str,
        room: AppriseClient,
        site_config: SiteConfig,
        members: Sequence[str],
        posters: FindPosters,
    ) -> None:
        self._target = name
        self._publication = publication
        self._room = room
        self._site_config = site_config
        self._members = members
        self._posters = posters

    def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
        """The message of a day's issue, if this room gets the publication. Raises NotFound."""
        if publication == self._publication:
            issue = issue_reader.issue(publication, day)
            members = member_papers(issue, self._members, self._posters)
            payload = room_message(build_announcement(issue, self._site_config, members), self._room)
            yield Message(self._target, payload)

    def send(self, message: Message, http: HttpClient) -> str:
        """Sends the message. Rooms confirm nothing but acceptance. Raises RetryLater, RequestRefused, NetError."""
        self._room.send(str(message.payload))
        return f"taken by {self._room.service}"

    def receipt_of(self, message: Message, http: HttpClient) -> str:
        """A room cannot be asked, and nothing may be sent twice."""
        return UNKNOWN_RECEIPT


# ---- the message: pure -----------------------------------------------------------------------------------


class ChatFormat(NamedTuple):
    """How much a message says: number of entries, length of titles, whether with counts, whether with all facts."""

    entries: int
    title: int
    counts: bool
    facts: bool


FORMATS = (
    ChatFormat(SHOWN, 160, True, True),
    ChatFormat(SHOWN, 100, True, True),
    ChatFormat(SHOWN, 70, True, False),
    ChatFormat(SHOWN, 50, True, False),
    *(ChatFormat(entries, 50, False, False) for entries in range(SHOWN, -1, -1)),
)
"""The first format that fits is used."""


def room_message(announcement: AnnouncementText, room: AppriseClient) -> str:
    """The message for a room, with as much as fits."""
    for format in FORMATS:
        blocks = _blocks(announcement, format, room.text_format)
        text = "\n\n".join(block for block in blocks if block)
        if room.fits(text):
            return text
    titles = announcement.introduction
    link = _link(announcement.url, room.text_format)
    shorter = (
        f"{without_mentions(cut_text(titles, length), room.text_format)} {end}".rstrip()
        for least, end in ((MIN_LINKED_CHARS, link), (2, ""))
        for length in range(len(titles), least, -1)
    )
    return next((text for text in shorter if room.fits(text)), "")


def without_mentions(text: str, text_format: TextFormat) -> str:
    """Somebody else's text made safe for a room: nothing in it acts as markup, a mention or a link."""
    return _ALIVE.sub(JOINER, markdown.escape_markdown(text) if text_format == "markdown" else text)


def _blocks(announcement: AnnouncementText, format: ChatFormat, text_format: TextFormat) -> Iterator[str]:
    lines = announcement.lines[: format.entries]
    is_rich = format.facts or not lines
    titles = announcement.introduction if is_rich else lines[0].title
    head = [
        cut_text(titles, glance.TITLES * format.title if is_rich else format.title),  # which notifications show
        f"{cut_text(announcement.publication, 60)}, {announcement.day}",
        cut_text(announcement.correction, 200),
    ]
    yield _lines([without_mentions(line, text_format) for line in head], text_format)
    yield from (_entry(line, format, text_format) for line in lines)
    yield without_mentions(_members_line(announcement, format), text_format)
    yield _link(announcement.url, text_format)
    if format.facts:
        facts = [announcement.facts]
    else:
        facts = [f"{announcement.papers}.", announcement.provisional, cut_text(announcement.unknown, 160)]
    yield _lines([without_mentions(line, text_format) for line in facts], text_format)


def _entry(line: EntryLine, format: ChatFormat, text_format: TextFormat) -> str:
    author = f" · {cut_text(line.author, 60)}" if line.author else ""
    title = cut_text(line.title, format.title)
    head = f"{line.place}. {title}{author}"
    counts = without_mentions(cut_text(line.counts, 160), text_format) if format.counts else ""
    link = _link(line.url, text_format)
    return _lines([without_mentions(head, text_format), link, counts], text_format)


def _members_line(announcement: AnnouncementText, format: ChatFormat) -> str:
    if not announcement.by_members:
        return ""
    if not format.counts:  # when space is scarce, the places are enough
        ongoing = sum(entry.place == 0 for entry in announcement.by_members)
        places = [str(paper.place) for paper in announcement.by_members if paper.place]
        if ongoing:
            places.append(f"{ongoing} still talked about")
        return f"By our members: {', '.join(places)}."
    lines = [
        f"{f'{entry.place}.' if entry.place else 'still talked about:'} "
        f"{cut_text(entry.title, 60)} ({cut_text(entry.who, 60)})"
        for entry in announcement.by_members[:MEMBERS_SHOWN]
    ]
    omitted = len(announcement.by_members) - MEMBERS_SHOWN
    if omitted > 0:
        lines.append(f"and {omitted} more")
    return f"By our members: {'; '.join(lines)}"


def _lines(lines: Sequence[str], text_format: TextFormat) -> str:
    """Joins lines; in Markdown, two spaces make a line break."""
    return ("  \n" if text_format == "markdown" else "\n").join(line for line in lines if line)


def _link(url: str, text_format: TextFormat) -> str:
    return f"<{url}>" if url and text_format == "markdown" else url


# ---- papers by members: those that they wrote, and those that they posted about --------------------------


def member_papers(issue: PublishedIssue, members: Sequence[str], posters: FindPosters) -> dict[str, str]:
    """By paper of an issue, its members: `Tansy Overquill`, `posted by quill.example`."""
    names = frozenset(_normalized(name) for name in members if not is_account(name))
    accounts = [name for name in members if is_account(name)]
    papers = [entry.paper for entry in issue.content.all_entries]
    posted = posters(accounts, papers) if accounts else {}
    result = {}
    for paper in papers:
        all_authors = issue.papers[paper].authors
        authors = [author for author in all_authors if _normalized(author) in names]
        text = ", ".join([*authors, *([f"posted by {posted[paper]}"] if paper in posted else [])])
        if text:
            result[paper] = text
    return result


def is_account(member: str) -> bool:
    """Whether a member is an account, `bluesky:did:plc:…`, and not an author's name."""
    return ":" in member and keys.network_of(member) in network_names()


def _normalized(name: str) -> str:
    """A name without differences in spelling: accents, case, full stops, spacing."""
    return " ".join(without_accents(name.replace(".", " ")).casefold().split())


def posters_in(record: Record, allowed: network_terms.Table) -> FindPosters:
    """Finds posters from the record's current state: no posts that are deleted, hidden, forgotten or in doubt, and no
    names if a network's terms allow only a link."""

    def posters(accounts: Sequence[str], papers: Sequence[str]) -> dict[str, str]:
        if not papers:
            return {}
        view = record.view()
        voices = record.voices_of((*accounts, *holders_of(view, accounts)))
        rows = queries.posters_of(view, voices, papers)
        members = {}
        for paper, network, name, handle in rows:
            if network_terms.terms_of(allowed, network).shown == "link":
                label = ""
            else:
                label = one_line(name or handle or "")
            members[paper] = label or "a member"
        return members

    return posters
