"""An issue as its pages show it: every word chosen, nothing left to decide, plain text that templates escape.

Made once per issue by `issue_view` and used by every page on which the issue or one of its papers appears.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from hotpapers.model import Count, Entry, Paper, Post, Quotation, ShelfIssue
from hotpapers.publish import addresses, wording
from hotpapers.publish.marks import mark
from hotpapers.ranking import words

AUTHORS = 3
"""So many authors are named at once; the others unfold."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
# Codes that networks still use and their names of today (IANA language subtag registry).
_RENAMED = {"in": "id", "iw": "he", "ji": "yi"}


class Link(NamedTuple):
    """A piece of text, and where it leads; `url` is empty for plain text."""

    text: str
    url: str


class PostView(NamedTuple):
    """A post as a quotation."""

    pieces: tuple[Link, ...]
    lang: str
    dir: str
    who: str
    handle: str
    network: str
    day: str
    moment: str
    url: str


class CountView(NamedTuple):
    """One network's counts. `mark`: the drawn mark's path; `bots`: what was left out, in words."""

    name: str
    mark: str
    words: str
    bots: str
    moment: str


class EntryView(NamedTuple):
    """A paper in an issue."""

    paper: str
    anchor: str
    path: str
    place: int
    movement: str
    level: str
    title: str
    authors: tuple[str, ...]
    counts: tuple[CountView, ...]
    lead: str
    rest: str
    summarized: bool
    abstract: str
    posts: tuple[PostView, ...]
    links: tuple[Link, ...]
    categories: tuple[Link, ...]
    why: tuple[tuple[str, str], ...]
    score: int
    total: str
    places: str
    command: str

    @property
    def first_authors(self) -> str:
        """The authors named at once."""
        return ", ".join(self.authors[:AUTHORS])

    @property
    def other_authors(self) -> tuple[str, ...]:
        """Those who unfold."""
        return self.authors[AUTHORS:]


class IssueView(NamedTuple):
    """An issue. `editions`: how many there are; `entries` and `still` share no paper."""

    day: str
    edition: int
    editions: int
    title: str
    facts: str
    notes: tuple[str, ...]
    empty: str
    entries: tuple[EntryView, ...]
    still: tuple[EntryView, ...]
    ranking: str
    digest: str
    frozen: str
    reason: str
    command: str


def issue_view(issue: ShelfIssue) -> IssueView:
    """All that pages say of one frozen issue."""
    content = issue.content
    return IssueView(
        day=content.day,
        edition=content.edition,
        editions=len(issue.editions),
        title=wording.weekday_name(content.day),
        facts=wording.one_line(" · ".join(wording.facts(issue))),
        notes=wording.notes(content),
        empty=wording.empty(issue),
        entries=tuple(_entry(issue, entry) for entry in content.entries),
        still=tuple(_entry(issue, entry) for entry in content.still),
        ranking=content.ranking,
        digest=issue.digest,
        frozen=wording.minute(issue.frozen_at),
        reason=wording.one_line(content.reason),
        command=f"hotpapers verify {content.day}",
    )


def _entry(issue: ShelfIssue, entry: Entry) -> EntryView:
    paper = issue.papers[entry.paper]
    name = addresses.bare(entry.paper) or entry.paper
    lead, rest = wording.lead(paper)
    return EntryView(
        paper=name,
        anchor=name.replace("/", "-"),
        path=addresses.paper_path(entry.paper),
        place=entry.place,
        movement=_movement(issue, entry),
        level=wording.level(entry, issue.content.ranking),
        title=wording.one_line(paper.title) or name,
        authors=tuple(wording.one_line(author) for author in paper.authors),
        counts=tuple(_count(count) for count in entry.counts),
        lead=lead,
        rest=rest,
        summarized=bool(paper.summary),
        abstract=wording.one_line(paper.abstract),
        posts=tuple(_post(quotation) for quotation in issue.posts.get(entry.paper, ())),
        links=_links(entry.paper),
        categories=_categories(paper),
        why=tuple((wording.one_line(words.part_sentence(part)), words.formula(part)) for part in entry.parts),
        score=entry.score,
        total=wording.total(entry),
        places=wording.places(entry, issue.listing is not None),
        command=f"hotpapers explain {name} --issue {issue.content.day}",
    )


def _movement(issue: ShelfIssue, entry: Entry) -> str:
    """The place then beside the place now."""
    if not entry.then:
        return ""
    return f"was {entry.then}" if issue.listing else f"{entry.then} by count"


def _count(count: Count) -> CountView:
    return CountView(
        name=wording.one_line(words.network_name(count.network)),
        mark=mark(count.network),
        words=wording.counts_line(count),
        bots=f"not counted: {words.count_noun(count.bots, 'bot post')}" if count.bots else "",
        moment=wording.minute(count.until),
    )


def _links(paper: str) -> tuple[Link, ...]:
    links = (Link("abs", addresses.abs_url(paper)), Link("pdf", addresses.pdf_url(paper)))
    return tuple(link for link in links if link.url)


def _categories(paper: Paper) -> tuple[Link, ...]:
    return tuple(Link(wording.one_line(name), addresses.category_url(name)) for name in paper.categories)


# ---- posts -------------------------------------------------------------------------------------------


def _post(quotation: Quotation) -> PostView:
    post = quotation.post
    return PostView(
        pieces=pieces(post),
        lang=language(post.lang),
        dir="rtl" if post.rtl else "auto",
        who=wording.one_line(post.name or (f"@{post.handle}" if post.handle else "A post")),
        handle=wording.one_line(post.handle) if post.name else "",
        network=wording.one_line(words.network_name(post.network)),
        day=wording.day_name(wording.day_of(post.created_at)),
        moment=wording.iso(post.created_at),
        url=addresses.post_url(post),
    )


def language(code: str) -> str:
    """A network's language code as HTML wants it: `in` → `id`; `und` for what is none."""
    renamed = _RENAMED.get(code.lower(), code)
    return renamed if _LANGUAGE.fullmatch(renamed) else "und"


def pieces(post: Post) -> tuple[Link, ...]:
    """The text of a post cut at its links; a link that leads nowhere safe, or overlaps one before it, is plain text."""
    made, at = [], 0
    for link in sorted(post.links, key=lambda link: link.start):
        if at <= link.start < link.end <= len(post.text) and addresses.outside(link.target):
            made += [Link(post.text[at : link.start], ""), Link(post.text[link.start : link.end], link.target)]
            at = link.end
    made.append(Link(post.text[at:], ""))
    return tuple(Link(wording.shown(text), url) for text, url in made if text)
