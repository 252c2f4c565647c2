"""The site's content as Markdown files for other generators: the same pages with the same words.

Each of our pages becomes one `Page`: an issue with its entries (title, authors, counts, abstract, a post, links, why it
is here), a paper with its appearances, all posts and its citations, a category, a category's year and an author with a
line for each paper, the pages that exist once, and the text of all others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from hotpapers.base.model import (
    Entry,
    EntrySummary,
    IssueReader,
    Paper,
    PrintedCount,
    PublishedIssue,
    Quotation,
)
from hotpapers.base.networks import network_title
from hotpapers.base.papers.citations import format_bibtex, paper_citation
from hotpapers.base.text import timestamps
from hotpapers.issues.ranking import words
from hotpapers.publish.render.markdown import escape_markdown, markdown_link
from hotpapers.publish.view import phrases, site_paths
from hotpapers.publish.view.catalogue import LATEST, Catalogue
from hotpapers.publish.view.citation_formats import format_ris


class Page(NamedTuple):
    """A page: where it is in the site, and its Markdown."""

    path: str
    title: str
    body: str

    @property
    def root(self) -> str:
        """The relative path to the site's folder."""
        return "../" * self.path.count("/")


def pages(issue_reader: IssueReader, publication: str) -> Iterator[Page]:
    """The pages of our site whose content is in the record."""
    days = issue_reader.days(publication)
    issues = {day: issue_reader.issue(publication, day) for day in days}
    entries = {day: {entry.paper: entry for entry in issue.content.entries} for day, issue in issues.items()}
    editions = [Page(site_paths.issue_path(day), phrases.day_name(day), _issue(issue)) for day, issue in issues.items()]
    yield from editions
    for paper in dict.fromkeys(paper for issue_entries in entries.values() for paper in issue_entries):
        appearances = [issues[day] for _, day in issue_reader.appearances(paper)]
        title = appearances[-1].papers[paper].title
        body = _paper(paper, [(issue, entries[issue.content.day][paper]) for issue in appearances])
        yield Page(site_paths.paper_path(paper), title, body)
    yield from _lists(Catalogue(issue_reader.entry_summaries(publication)))
    yield editions[-1]._replace(path="index.html")
    yield Page("archive/index.html", "Archive", "\n".join(map(_archived, issues.values())))
    for name in ("about", "method", "status", "accessibility", "reading", "search"):
        yield Page(f"{name}/index.html", name.title(), "\n\n".join(["What this is and how it counts."] * 40))
    yield Page("404.html", "Not found", "There is no such page.")


def further(site: Path, known: Iterable[Page]) -> Iterator[Page]:
    """The other pages of our site as it was written, such as tops and topics of the week, with the words of each."""
    paths = {page.path for page in known}
    for file in sorted(site.rglob("*.html")):
        path = file.relative_to(site).as_posix()
        if path not in paths:
            yield Page(path, path, escape_markdown(" ".join(_MARKUP.sub(" ", file.read_text("utf-8")).split())))


_MARKUP = re.compile("<(script|style).*?</\\1>|<[^>]*>", re.DOTALL)


def _lists(catalogue: Catalogue) -> Iterator[Page]:
    for category, _ in catalogue.categories():
        entries = catalogue.category(category)
        for year in ("", *catalogue.years(category)):
            part = [entry for entry in entries if entry.day.startswith(year)] if year else entries[:LATEST]
            path = site_paths.category_path(category, year)
            yield Page(path, f"{category} {year}".strip(), _lines(part, path))
    for author in sorted(catalogue.papers):
        path = site_paths.author_path(author)
        yield Page(path, catalogue.spellings(author)[0], _lines(catalogue.author(author), path))


def _lines(entry_summaries: Iterable[EntrySummary], path: str) -> str:
    up = site_paths.to_root(path)
    return "\n".join(
        f"- [{escape_markdown(entry.title)}]({up}{site_paths.paper_path(entry.paper)}) "
        f"{escape_markdown(phrases.first_names(entry.authors, 3))} "
        f"[place {entry.place}, {phrases.day_name(entry.day)}]({up}{entry.day}/index.html)"
        for entry in entry_summaries
    )


def _archived(issue: PublishedIssue) -> str:
    day = issue.content.day
    return f"- [{phrases.day_name(day)}](../{day}/index.html), {len(issue.content.entries)} papers"


def _issue(issue: PublishedIssue) -> str:
    blocks = [escape_markdown(" · ".join(phrases.facts(issue)))]
    for entry in issue.content.entries:
        paper = issue.papers[entry.paper]
        blocks.append(f"## {entry.place}. [{escape_markdown(paper.title)}](../{site_paths.paper_path(entry.paper)})")
        blocks.append(escape_markdown(", ".join(paper.authors)))
        blocks += [_counts(entry.counts), escape_markdown(paper.abstract)]
        blocks += map(_post, issue.posts.get(entry.paper, ())[:1])
        blocks += [_links(paper), *_why(issue, entry)]
    blocks.append(f"Digest `{issue.digest}`. Check it: `hotpapers verify {issue.content.day}`")
    return _joined(blocks)


def _paper(key: str, appearances: list[tuple[PublishedIssue, Entry]]) -> str:
    paper = appearances[-1][0].papers[key]
    blocks = [escape_markdown(", ".join(paper.authors)), _links(paper), "## Abstract", escape_markdown(paper.abstract)]
    for issue, entry in appearances:
        day = issue.content.day
        blocks.append(f"### [{phrases.weekday_name(day)}](../../{day}/index.html)")
        blocks += [_counts(entry.counts), *_why(issue, entry)]
        blocks += map(_post, issue.posts.get(key, ()))
    reference = paper_citation(paper)
    blocks += (
        [f"    {line}" for line in (format_bibtex(reference) + format_ris(reference)).splitlines()] if reference else []
    )
    return _joined(blocks)


def _counts(counts: Iterable[PrintedCount]) -> str:
    return "\n".join(f"- {network_title(count.network)}: {phrases.counts_line(count)}" for count in counts)


def _why(issue: PublishedIssue, entry: Entry) -> Iterator[str]:
    yield "\n".join(
        f"1. {escape_markdown(words.part_sentence(part))} {escape_markdown(words.part_formula(part))}"
        for part in entry.parts
    )
    yield f"Score: {phrases.total(entry)}."
    yield phrases.places(entry, issue.listing is not None)
    yield "What would make it swap places with a neighbor:"
    yield f"`hotpapers explain {entry.paper} --issue {issue.content.day}`"


def _links(paper: Paper) -> str:
    links = [
        markdown_link("abs", site_paths.abs_url(paper.paper)),
        markdown_link("pdf", site_paths.pdf_url(paper.paper, paper.version)),
    ]
    return " · ".join(
        [*links, *(markdown_link(category, site_paths.category_url(category)) for category in paper.categories)]
    )


def _post(quotation: Quotation) -> str:
    post = quotation.post
    quotation_lines = "\n".join(f"> {escape_markdown(line)}" for line in post.text.split("\n"))
    where = markdown_link(
        f"{network_title(post.network)}, {timestamps.day_of(post.created_at)}", site_paths.post_page(post.post)
    )
    return f"{quotation_lines}\n>\n> — {escape_markdown(post.name)} ({escape_markdown('@' + post.handle)}), {where}"


def _joined(blocks: Iterable[str]) -> str:
    """Blocks separated by empty lines, with braces as entities, since template languages would interpret them."""
    text = "\n\n".join(block for block in blocks if block)
    return text.replace("{", "&#123;").replace("}", "&#125;")
