"""Papers of a day, or of the week that ends with it, and a reader's choices, as an order needs them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from hotpapers.base.errors import NotFound, require
from hotpapers.base.model import IssueReader, Paper
from hotpapers.base.papers.paper_servers import DOI
from hotpapers.issues.freeze import check_day
from hotpapers.publish.query import QuerySession
from hotpapers.publish.view import phrases
from hotpapers.publish.view.key_sentence import split_sentences
from hotpapers.publish.view.tex import plain_line, tex_line, tex_to_text
from hotpapers.record.as_of import AsOfView
from hotpapers.record.paper_names import preprint_of
from hotpapers.wings.personal.own_order import RankedText, ReaderProfile, vector_of_text
from hotpapers.wings.personal.stars import ReaderChoices
from hotpapers.wings.personal.vectors import weigh_vector

WEEK = 7
MAX_SENTENCE_CHARS = 400
"""Code points of an abstract's first sentence."""


def papers_up_to(
    session: QuerySession, day: str, publication: str, days: int, most: int = sys.maxsize
) -> list[RankedText]:
    """All papers announced on the `days` up to `day` that have an issue, and those in their issues, in public order.
    Raises NotFound if none of these days has an issue, UsageError for a wrong day or if there are more than `most`
    papers."""
    name = session.publication(publication).publication
    last = check_day(session.day(name, day))
    first = (date.fromisoformat(last) - timedelta(days - 1)).isoformat()
    reader = session.issue_reader()
    issue_days = reader.days(name)
    with_issue = [issue_day for issue_day in issue_days if first <= issue_day <= last]
    if not with_issue:
        latest = max(reader.days(name), default="")
        raise NotFound(f"{name}: {phrases.no_issue(last, latest) if latest else 'no issue yet'}")
    papers: dict[str, Paper] = {}
    for issue_day in with_issue[::-1]:
        papers |= {paper.paper: paper for paper in papers_of_day(reader, name, issue_day)}
        require(len(papers) <= most, f"these days have more than {most:,} papers; ask for fewer days")
    return list(map(text_of, papers.values()))


def papers_of_day(reader: IssueReader, publication: str, day: str) -> Iterator[Paper]:
    """The papers of an issue, then the others that were announced that day."""
    issue = reader.issue(publication, day)
    held = {entry.paper: issue.papers[entry.paper] for entry in issue.content.all_entries}
    yield from held.values()
    if issue.listing is None:
        announced = reader.announced(publication, day)
        yield from (paper.paper for paper in announced if paper.paper.paper not in held)


def papers_of(view: AsOfView, keys: Sequence[str]) -> Iterator[Paper]:
    """Yields the recorded papers among these keys; others are left out."""
    return view.items_among(Paper, "paper", keys)


def profile_of(session: QuerySession, choices: ReaderChoices) -> ReaderProfile:
    """A reader's choices with vectors: from the record or, where it does not know a paper, from the file. An article is
    the preprint that became it."""
    keys = [paper.paper for paper in choices.starred if paper.paper]
    view = session.record.view()
    known = {paper.paper: text_of(paper) for paper in papers_of(view, keys)}
    articles = [key for key in keys if key.startswith(DOI) and key not in known]
    preprints = {key: preprint_of(session.record, key) for key in articles}
    known |= {paper.paper: text_of(paper) for paper in papers_of(view, list(preprints.values()))}
    texts = [
        known.get(preprints.get(paper.paper, paper.paper)) or RankedText(paper.paper, paper.title, (), paper.abstract)
        for paper in choices.starred
    ]
    starred = tuple((text, weigh_vector(vector_of_text(text))) for text in texts)
    return ReaderProfile(starred, choices.authors, choices.words)


def text_of(paper: Paper) -> RankedText:
    """A paper's own words, in one line each."""
    title = tex_to_text(phrases.one_line(paper.title)) or paper.paper
    authors = tuple(filter(None, map(phrases.one_line, paper.authors)))
    abstract = paper.abstract or paper.summary
    return RankedText(paper.paper, title, authors, abstract, paper.categories)


def first_sentence(abstract: str) -> str:
    """The first sentence of an abstract as plain text, cut if it is long; empty if there is none."""
    first = next(iter(split_sentences(tex_line(abstract))), "")
    return phrases.cut_text(plain_line(first), MAX_SENTENCE_CHARS)
