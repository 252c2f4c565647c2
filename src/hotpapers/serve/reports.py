"""The pages on which a reader says that an entry is wrong, `/wrong`, or that a post should not be quoted, `/report`.

What is said goes to the operator alone. It is about something that stands in an issue here; nothing else is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from starlette.routing import BaseRoute

from hotpapers import terms
from hotpapers.errors import NoSuch
from hotpapers.issue import freeze
from hotpapers.issue.shelf import RecordShelf
from hotpapers.model import IssueContent, Post
from hotpapers.publish import addresses, clean, wording
from hotpapers.record import Record, now, reports
from hotpapers.record.reports import Kind, Report
from hotpapers.serve.forms import Desk, Field, Form, Shown, Values, asked_again, without_slash

PATHS: dict[Kind, str] = {"entry": "/wrong", "quotation": "/report"}
HEADINGS: dict[Kind, str] = {"entry": "What is wrong?", "quotation": "Report a quotation"}
ASKED: dict[Kind, str] = {"entry": "What is wrong with this entry?", "quotation": "Why should it not be quoted?"}
TOLD = "Goes to whoever makes this site, and to nobody else. Who you are is not kept: to get an answer, write to them."
FULL = Shown("Not now", ("Much was said within the hour, and is read first. Please come again later.",), status=503)
THANKS = Shown("Thank you", ("It is kept for whoever makes this site.",))


class About(NamedTuple):
    """What is meant: an entry of an issue by its digest, or a post quoted there; and how a page names it."""

    issue: str
    paper: str
    post: str
    facts: tuple[tuple[str, str], ...]


class House(NamedTuple):
    """What the pages need. `terms`: by which posts are quoted here."""

    open_record: Callable[[], Record]
    clock: Callable[[], int] = now
    terms: terms.Table = terms.TERMS


def routes(desk: Desk, house: House) -> Sequence[BaseRoute]:
    """The two pages."""
    made = [
        desk.route(path, partial(_look, house, kind), partial(_act, house, kind), again=partial(_again, kind))
        for kind, path in PATHS.items()
    ]
    return [*made, *map(without_slash, PATHS.values())]


def _look(house: House, kind: Kind, values: Values) -> Shown:
    with house.open_record() as record:
        return _form(kind, about_of(record, house.terms, kind, values))


def _again(kind: Kind, values: Values) -> Shown:
    """The form with what was sent, of which nothing was looked up."""
    about = About(values.get("issue", ""), values.get("paper", ""), values.get("post", ""), ())
    return _form(kind, about, values.get("said", ""))


def _act(house: House, kind: Kind, values: Values) -> Shown:
    said = values.get("said", "")
    with house.open_record() as record:
        about = about_of(record, house.terms, kind, values)
        wrong = problem_of(said)
        if wrong:
            return _form(kind, about, said, wrong)
        made = Report(0, house.clock(), kind, about.issue, about.paper, about.post, said)
        is_full = reports.note(record.database, made) == "full"
        return asked_again(FULL, _form(kind, about, said)) if is_full else THANKS


def problem_of(said: str) -> str:
    """Why what is said cannot be taken; empty where it can."""
    if clean.is_blank(said):
        return "Nothing is written yet. A sentence is enough."
    if len(said) > reports.LONGEST:
        return f"Too long: {len(said):,} characters, where {reports.LONGEST:,} are read. Please say it shorter."
    return ""


def _form(kind: Kind, about: About, said: str = "", wrong: str = "") -> Shown:
    field = Field("said", ASKED[kind], "area", said, TOLD, wrong)
    hidden = (("issue", about.issue), ("paper", about.paper.removeprefix("arxiv:")), ("post", about.post))
    form = Form(PATHS[kind][1:], "Send", (field,), hidden, wrong=wrong)
    return Shown(HEADINGS[kind], (), form, about.facts, status=400 if wrong else 200)


def about_of(record: Record, allowed: terms.Table, kind: Kind, values: Values) -> About:
    """What an address or a form names. Raises NoSuch where it does not stand in an issue here, or is not quoted there
    now: what is hidden is not told."""
    digest, paper, post = values.get("issue", ""), f"arxiv:{values.get('paper', '')}", values.get("post", "")
    content = _content(record, digest)
    if paper not in (entry.paper for entry in (*content.entries, *content.still)):
        raise NoSuch(f"{paper}: not in this issue")
    day = wording.day_name(content.day)
    facts = [("Issue", f"{content.publication.title}, {day}, edition {content.edition}")]
    facts.append(("Paper", _title(record, paper)))
    if kind == "quotation":
        facts.append(("Post", _named(_quoted(record, allowed, content, paper, post))))
    told = tuple((name, wording.one_line(value)) for name, value in facts)
    return About(digest, paper, post if kind == "quotation" else "", told)


def _content(record: Record, digest: str) -> IssueContent:
    sql = 'SELECT publication, "day" FROM issue WHERE digest = ? AND until = 0'
    found = record.database.rows(sql, (digest,))
    if not found:
        raise NoSuch("no such issue")
    publication, day = found[0]
    return next(one.content for one in freeze.editions(record, publication, day) if one.digest == digest)


def _quoted(record: Record, allowed: terms.Table, content: IssueContent, paper: str, post: str) -> Post:
    issue = RecordShelf(record, allowed).issue(content.publication.publication, content.day, content.edition)
    for one in wording.quoted(issue.posts.get(paper, ())):
        if one.post.post == post:
            return one.post
    raise NoSuch("no such post is quoted there")


def _named(post: Post) -> str:
    """By whom and of when a post is, and where: `ada.example, 7 May 2024, https://…`."""
    when = wording.day_name(wording.day_of(post.created_at))
    return ", ".join(filter(None, (post.handle or post.name, when, addresses.post_url(post) or post.post)))


def _title(record: Record, paper: str) -> str:
    sql = "SELECT title FROM paper WHERE paper = ? AND until = 0 ORDER BY observed_at DESC LIMIT 1"
    found = record.database.rows(sql, (paper,))
    bare = paper.removeprefix("arxiv:")
    return f"{bare}, {found[0][0]}" if found else bare
