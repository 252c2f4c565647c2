"""The pages to report that an entry is wrong, `/wrong`, or that a post should not be quoted, `/report`.

Only the operator sees reports. They must be about something in an issue on this site.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from starlette.routing import BaseRoute

from hotpapers.base import network_terms
from hotpapers.base.errors import NotFound
from hotpapers.base.model import Paper, Post, Publication, PublishedIssue
from hotpapers.base.papers import paper_servers
from hotpapers.base.text import clean_text, timestamps
from hotpapers.issues import freeze
from hotpapers.issues.repository import RecordIssueReader
from hotpapers.publish.view import phrases, site_paths
from hotpapers.record import Record, current_time
from hotpapers.serve.backend import Backend
from hotpapers.serve.page_cache import CurrentPages
from hotpapers.site.site import Site
from hotpapers.wings.forms import queries as reader_reports
from hotpapers.wings.forms.form_router import (
    FormField,
    FormPage,
    FormRouter,
    FormSpec,
    Values,
    form_router,
    with_refusal,
)
from hotpapers.wings.forms.queries import Kind, ReaderReport

PAGES: dict[Kind, tuple[str, str, str]] = {
    "entry": ("/wrong", "What is wrong?", "What is wrong with this entry?"),
    "quotation": ("/report", "Report a quotation", "Why should it not be quoted?"),
}
"""Path, heading, and label of the text."""
HINT = "Only the operator of this site will read this. We don’t store who you are; for a reply, contact the operator."
FULL = FormPage("Try again later", ("Too many reports are waiting. Please try again later.",), status=503, wait=3600)
THANKS = FormPage("Thank you", ("The operator of this site will read it.",))


class ReportTarget(NamedTuple):
    """The target of a report: an entry of an issue (by digest), or a post quoted there. `facts`: how pages show it."""

    issue: str
    paper: str
    post: str
    facts: tuple[tuple[str, str], ...]


def routes(backend: Backend, pages: CurrentPages, publication: Publication, site: Site) -> Sequence[BaseRoute]:
    """The routes of the two pages in the app of a publication."""
    router = form_router(backend, publication, site.settings.contact)
    return ReportPages(router, terms=site.terms).routes() if router else ()


class ReportPages(NamedTuple):
    """The two pages. `terms`: the terms that decide how posts are quoted."""

    router: FormRouter
    clock: Callable[[], int] = current_time
    terms: network_terms.Table = network_terms.TERMS

    def routes(self) -> Sequence[BaseRoute]:
        """Their routes."""
        return [
            route
            for kind, (path, *_) in PAGES.items()
            for route in self.router.routes(
                path, partial(self._show, kind), partial(self._submit, kind), refill=partial(_refill, kind)
            )
        ]

    def _show(self, kind: Kind, values: Values) -> FormPage:
        with self.router.backend.open_record() as record:
            return _form(kind, target_of(record, self.terms, kind, values))

    def _submit(self, kind: Kind, values: Values) -> FormPage:
        text = values.get("text", "")
        with self.router.backend.open_record() as record:
            target = target_of(record, self.terms, kind, values)
            if error := problem_of(text):
                return _form(kind, target, text, error)
            report = ReaderReport(0, self.clock(), kind, target.issue, target.paper, target.post, text)
            is_full = reader_reports.store_report(record.database, report) == "full"
            if is_full:
                return with_refusal(self.router.refusal(FULL), _form(kind, target, text))
            return THANKS


def _refill(kind: Kind, values: Values) -> FormPage:
    """The form with the submitted values, without any look-ups."""
    issue = values.get("issue", "")
    target = ReportTarget(issue, values.get("paper", ""), values.get("post", ""), ())
    return _form(kind, target, values.get("text", ""))


def problem_of(text: str) -> str:
    """Why a report's text cannot be accepted; empty if it can."""
    if clean_text.is_blank(text):
        return "Please write what is wrong. A sentence is enough."
    if len(text) > reader_reports.MAX_REPORT_CHARS:
        return f"This is too long: {len(text):,} characters. The limit is {reader_reports.MAX_REPORT_CHARS:,}."
    return ""


def _form(kind: Kind, target: ReportTarget, text: str = "", error: str = "") -> FormPage:
    path, heading, label = PAGES[kind]
    field = FormField("text", label, "area", text, HINT, error)
    paper = paper_servers.paper_id(target.paper)
    hidden = (("issue", target.issue), ("paper", paper), ("post", target.post))
    form = FormSpec(path[1:], "Send", (field,), hidden, error=error)
    return FormPage(heading, (), form, target.facts, status=400 if error else 200)


def target_of(record: Record, allowed: network_terms.Table, kind: Kind, values: Values) -> ReportTarget:
    """The target that a link or form names. Raises NotFound if it is not in an issue here, or not currently quoted
    there: hidden posts are not revealed."""
    digest = values.get("issue", "")
    paper = paper_servers.key_of(values.get("paper", ""))
    post = values.get("post", "")
    issue = reader_reports.issue_of_digest(record.database, digest)
    if not issue:
        raise NotFound("no such issue")
    publication, day, _ = issue
    editions = freeze.list_editions(record, publication, day)
    all_contents = {edition.digest: edition.content for edition in editions}
    content = all_contents.get(digest)
    if content is None or paper not in (entry.paper for entry in content.all_entries):
        raise NotFound(f"{paper}: not in this issue")
    name = phrases.issue_name(content.publication.window, content.day)
    facts = [("Issue", f"{content.publication.title}, {name}, edition {content.edition}")]
    item = record.view().item(Paper, paper)
    paper_id = paper_servers.paper_id(paper)
    facts.append(("Paper", f"{paper_id}, {item.title}" if item else paper_id))
    if kind == "quotation":
        quoted_post = _quoted_post(RecordIssueReader(record, allowed).issue(*issue), paper, post)
        made_on = phrases.day_name(timestamps.day_of(quoted_post.created_at))
        address = site_paths.post_page(quoted_post.post) or quoted_post.post
        facts_of_post = filter(None, (quoted_post.handle or quoted_post.name, made_on, address))
        facts.append(("Post", ", ".join(facts_of_post)))
    lines = ((name, phrases.one_line(value)) for name, value in facts)
    rows = tuple(lines)
    return ReportTarget(digest, paper, post if kind == "quotation" else "", rows)


def _quoted_post(issue: PublishedIssue, paper: str, post: str) -> Post:
    for quotation in phrases.with_words(issue.posts.get(paper, ())):
        if quotation.post.post == post:
            return quotation.post
    raise NotFound("no such post is quoted there")
