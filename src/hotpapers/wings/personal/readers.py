"""The channel `reader`: after each issue, its day's papers in the order of each person in the settings, as an Atom feed
of the last days or as a mail.

What is sent is calculated when it is sent. Nothing about a reader's stars is stored.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from hotpapers.base.errors import HotPapersError, NetError, SettingsError, UsageError
from hotpapers.base.installed import hooks_of
from hotpapers.base.model import HttpClient, IssueReader, Mailer, Message, PlainMail, PublishedIssue, RenderedFile
from hotpapers.base.settings.announce import publication_problems
from hotpapers.base.text.domains import ascii_address
from hotpapers.base.text.words import count_noun
from hotpapers.jobs.connection import Connection, OpenClient
from hotpapers.publish.deliver.files import check_writable, write_files
from hotpapers.publish.deliver.queries import DeliveryKey, first_frozen_at, state_of
from hotpapers.publish.deliver.send import SenderDestination
from hotpapers.publish.query import QuerySession
from hotpapers.publish.render.feeds import FORMATS, FeedDocument, FeedItem, permanent_id
from hotpapers.publish.view import glance, phrases, site_paths
from hotpapers.publish.view.issue_view import EntryView, issue_view
from hotpapers.publish.view.site_config import SiteConfig
from hotpapers.publish.view.tex import plain_line
from hotpapers.record import Record
from hotpapers.site.hooks import OwnMailer
from hotpapers.site.site import Site
from hotpapers.wings.personal.for_me import first_sentence, papers_up_to, profile_of
from hotpapers.wings.personal.own_order import PersonalPlace, order_for
from hotpapers.wings.personal.settings import TABLE, ReaderSettings
from hotpapers.wings.personal.stars import ReaderChoices, choices_in

NAME = "reader"
FEED_DAYS = 7
"""How many of the latest issues' days a feed has."""
MAX_AUTHORS_CHARS = 200
MAX_TITLE_CHARS = 300
WIDTH = 72
"""Characters per line of a mail; addresses may be longer."""
UNKNOWN_RECEIPT = "interrupted: it may or may not have arrived, so it is not sent again"


def destinations(record: Record, site: Site, open_client: OpenClient) -> Iterator[SenderDestination]:
    """A sender for each reader in the settings. Raises SettingsError."""
    publications = [table.name for table in site.settings.publication]
    readers: tuple[ReaderSettings, ...] = site.settings.table(TABLE.name)
    problems = list[str]()
    for reader in readers:
        try:
            destination = _destination(reader, record, site, open_client, publications)
        except UsageError as problem:  # told at the end: the others get their mail
            problems.append(str(problem))
        else:
            yield destination
    if problems:
        raise SettingsError("; ".join(problems))


def _destination(
    reader: ReaderSettings, record: Record, site: Site, open_client: OpenClient, publications: Sequence[str]
) -> SenderDestination:
    label = f"reader {reader.name!r}"
    for key, problem in publication_problems(reader.publication, publications):
        raise SettingsError(f"{label}: {key}: {problem}")
    mailers = (hook.make(record, site) for hook in hooks_of(OwnMailer) if reader.mail)
    mailer = next(filter(None, mailers), None)
    if reader.mail and mailer is None:
        raise SettingsError(f"{label}: mail: needs a relay and an address in [mailing]")
    client = open_client((), ())
    sender = ReaderSender(reader, site, QuerySession(record, site.terms), mailer)
    close = partial(_close, client, mailer)
    return SenderDestination(sender, client.http, close=close, target=reader.name)


def _close(client: Connection, mailer: Mailer | None) -> None:
    client.close()
    if mailer is not None:
        mailer.close()


class DayForReader(NamedTuple):
    """A day's message to a reader; its text is made when it is needed."""

    sender: ReaderSender
    day: str

    def __str__(self) -> str:
        return self.sender.mail(self.day).text


class ReaderPaper(NamedTuple):
    """A paper as shown to its reader. `sentence`: the first of its abstract; `counts`, `discussion`: empty outside the
    day's issue; `discussion`, `url`: addresses."""

    title: str
    authors: str
    sentence: str
    counts: str
    reason: str
    url: str
    discussion: str


class OrderedDay(NamedTuple):
    """A day's first papers in a reader's order, of `total`, and a headline about them. `frozen_at`,
    `first_at`: when its issue was frozen, and its first edition, µs UTC."""

    day: str
    heading: str
    headline: str
    papers: Sequence[ReaderPaper]
    total: int
    frozen_at: int
    first_at: int


class ReaderSender:
    """The channel for one reader. `mailer`: None if the reader gets a feed."""

    name = NAME

    def __init__(self, reader: ReaderSettings, site: Site, session: QuerySession, mailer: Mailer | None) -> None:
        self._reader = reader
        self._session = session
        self._mailer = mailer
        paths = (reader.stars, reader.feed)
        self._stars, self._feed = ((site.folder / Path(path).expanduser()) for path in paths)
        self._site_config: SiteConfig = site.site_config.of(reader.publication)

    def messages(self, issue_reader: IssueReader, publication: str, day: str) -> Iterator[Message]:
        """One for a day of the reader's publication. Who had an edition by mail gets no correction. Raises NotFound."""
        if publication != self._reader.publication:
            return
        latest = issue_reader.issue_header(publication, day).content.edition
        if not self._mailer or not any(self._was_mailed(day, edition) for edition in range(1, latest)):
            yield Message(self._reader.name, DayForReader(self, day))

    def _was_mailed(self, day: str, edition: int) -> bool:
        """Whether the reader got an edition, or may have got it."""
        key = DeliveryKey(self._reader.publication, day, edition, NAME, self._reader.name)
        state = state_of(self._session.record.database, key)
        return state is not None and not state.is_put_off

    def send(self, message: Message, http: HttpClient) -> str:
        """Mails the day, or writes the feed. Raises RetryLater, RequestRefused, NetError."""
        payload: DayForReader = message.payload
        try:
            if self._mailer is None:
                data = FORMATS["atom"](self._document())
                self._check_feed()
                write_files(self._feed.parent, [RenderedFile(self._feed.name, data)])
                return "written"
            mail = self.mail(payload.day)
        except (HotPapersError, OSError) as problem:  # such as a file of stars that cannot be read
            raise NetError(f"reader {self._reader.name!r}: {problem}", tries=0) from problem
        return self._mailer.send(mail, http)

    def receipt_of(self, message: Message, http: HttpClient) -> str | None:
        """A relay cannot be asked, and no mail may be sent twice; a file is written again."""
        return UNKNOWN_RECEIPT if self._mailer else None

    def try_out(self, http: HttpClient) -> str:
        """Reads the stars, and tries the relay or the feed's folder. Raises UsageError, InputError, RetryLater."""
        stars = count_noun(len(self._choices().starred), "starred paper")
        if self._mailer is not None:
            return f"{stars}; {self._mailer.try_out()}"
        self._check_feed()
        check_writable(self._feed.parent)
        return f"{stars}; {self._feed}"

    # ---- contents ------------------------------------------------------------------------------------

    def mail(self, day: str) -> PlainMail:
        """The mail of a day."""
        reader = self._reader
        ordered = self._ordered(day, self._choices())
        title = phrases.one_line(self._session.publication(reader.publication).title)
        lines = (_lines(number, paper) for number, paper in enumerate(ordered.papers, 1))
        page = site_paths.public_url(self._site_config.base, site_paths.issue_path(day))
        head = f"{title}\n{ordered.heading}, in your order"
        text = "\n\n".join([head, *lines, " ".join(filter(None, (_facts(ordered), page)))])
        key = f"{reader.publication} {day} {reader.name}"
        return PlainMail(ascii_address(reader.mail), ordered.headline, f"{text}\n", key)

    @property
    def _feed_id(self) -> str:
        return permanent_id(NAME, self._reader.publication, self._reader.name)

    def _check_feed(self) -> None:
        if self._feed.exists() and f"<id>{self._feed_id}</id>".encode() not in self._feed.read_bytes():
            raise UsageError(f"{self._feed}: is not this reader's feed; remove it, or choose another file")

    def _document(self) -> FeedDocument:
        publication = self._session.publication(self._reader.publication)
        days = self._session.issue_reader().days(publication.publication)[: -FEED_DAYS - 1 : -1]
        choices = self._choices()
        items = tuple(self._item(self._ordered(day, choices)) for day in days)
        return FeedDocument(
            id=self._feed_id,
            title=f"{phrases.one_line(publication.title)} for {self._reader.name}",
            home=self._site_config.base or "https://arxiv.org/",
            own="",
            updated=max((item.updated for item in items), default=0),
            items=items,
            note=phrases.publication_note(publication),
        )

    def _item(self, ordered: OrderedDay) -> FeedItem:
        page = site_paths.public_url(self._site_config.base, site_paths.issue_path(ordered.day))
        entries = Markup("").join(map(_html, ordered.papers))
        return FeedItem(
            id=permanent_id(NAME, self._reader.publication, self._reader.name, ordered.day),
            title=ordered.headline,
            url=page or "https://arxiv.org/",
            published=ordered.first_at,
            updated=ordered.frozen_at,
            html=str(Markup("<ol>{}</ol><p>{}</p>").format(entries, _facts(ordered))),
            text="; ".join(paper.title for paper in ordered.papers[:5]),
            authors=(),
            categories=(),
        )

    def _choices(self) -> ReaderChoices:
        return choices_in(str(self._stars))

    def _ordered(self, day: str, choices: ReaderChoices) -> OrderedDay:
        session = self._session
        name = self._reader.publication
        places = order_for(papers_up_to(session, day, name, 1), profile_of(session, choices))
        issue = session.issue_reader().issue(name, day)
        window = issue.content.publication.window
        shown = places[: self._reader.papers]
        discussed = self._discussed(issue)
        papers = [
            _shown(place, issue.withdrawn.get(place.paper.paper, ""), *discussed.get(place.paper.paper, ("", "")))
            for place in shown
        ]
        return OrderedDay(
            day=day,
            heading=phrases.issue_heading(window, day),
            headline=glance.headline(window, day, papers[0].title if papers else "", len(papers)),
            papers=papers,
            total=len(places),
            frozen_at=issue.frozen_at,
            first_at=first_frozen_at(session.record.database, name, day),
        )

    def _discussed(self, issue: PublishedIssue) -> dict[str, tuple[str, str]]:
        """Counts, and where the discussion is, of the papers of an issue."""
        view = issue_view(issue)
        content = issue.content
        pairs = (*zip(content.listed, view.listed, strict=True), *zip(content.ongoing, view.ongoing, strict=True))
        return {entry.paper: (glance.counts_line(entry), self._discussion(shown)) for entry, shown in pairs}

    def _discussion(self, entry: EntryView) -> str:
        """The site's page about a paper, or else the largest thread that may be shown."""
        base = self._site_config.base
        threads = (count.url for count in entry.counts_view.counts if count.url)
        if base and entry.path:
            return f"{base}{entry.path.removesuffix('index.html')}#discussed"
        return next(threads, "")


def _shown(place: PersonalPlace, taken_back: str, counts: str, discussion: str) -> ReaderPaper:
    paper = place.paper
    title = phrases.marked_title(plain_line(paper.title), withdrawn=taken_back)
    return ReaderPaper(
        title=phrases.cut_text(title, MAX_TITLE_CHARS),
        authors=phrases.cut_text(", ".join(paper.authors), MAX_AUTHORS_CHARS),
        sentence=first_sentence(paper.abstract),
        counts=counts,
        reason=plain_line(place.reason),
        url=site_paths.abs_url(paper.paper),
        discussion=discussion,
    )


def _lines(number: int, paper: ReaderPaper) -> str:
    """A paper as lines of plain text."""
    indent = " " * 4
    wrap = partial(textwrap.fill, width=WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    texts = filter(None, (paper.authors, paper.sentence, paper.counts, paper.reason))
    addresses = (paper.url, paper.discussion and f"Discussion {paper.discussion}")
    heading = f"{number:>2}. {paper.title}"
    lines = (wrap(heading), *(wrap(text, initial_indent=indent) for text in texts))
    return "\n".join([*lines, *(f"{indent}{address}" for address in addresses if address)])


def _html(paper: ReaderPaper) -> Markup:
    """A paper as an item of a list."""
    link = Markup('<a href="{}">{}</a>')
    texts = (paper.authors, paper.sentence, paper.counts, paper.reason)
    facts = [Markup.escape(text) for text in texts if text]
    more = [link.format(paper.discussion, "Discussion")] if paper.discussion else []
    return Markup("<li>{}</li>").format(Markup("<br>").join([link.format(paper.url, paper.title), *facts, *more]))


def _facts(ordered: OrderedDay) -> str:
    """A sentence about how many of the papers the reader sees."""
    if not ordered.total:
        return "No papers."
    return f"The first {len(ordered.papers)} of {count_noun(ordered.total, 'paper')} announced or in the issue."
