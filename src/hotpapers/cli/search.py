"""`hotpapers search`: searches papers, or posts about them."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise

import click

from hotpapers.base.errors import require
from hotpapers.base.networks import network_title
from hotpapers.base.papers import paper_servers
from hotpapers.base.text.timestamps import minute_of
from hotpapers.base.text.words import count_noun, handle_text
from hotpapers.cli import common
from hotpapers.cli.terminal import NumberRange, print_error, print_json, print_line, strip_controls
from hotpapers.keep.search import PaperHit, PaperResults, PostHit, PostResults, SearchHitIssue
from hotpapers.publish.view import phrases, site_paths

AUTHORS = 3
"""Authors named; the others are counted."""
ISSUES = 3
INDENT = " " * 4

Spans = Sequence[tuple[int, int]]


WORD = "\0"
"""Prefixes a query word that begins with a hyphen, so that click does not take it for an option."""


class QueryCommand(click.Command):
    """A command whose words may begin with a hyphen: `-tea` excludes a word, unless it is the name of an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        parameters = self.get_params(ctx)
        options = [parameter for parameter in parameters if isinstance(parameter, click.Option)]
        names = {name for option in options for name in option.opts}
        with_value = {name for option in options if not option.is_flag for name in option.opts}
        end = args.index("--") if "--" in args else len(args)
        pairs = pairwise(["", *args[:end]])
        escaped = [
            WORD + arg if before not in with_value and re.match("-[^-]", arg) and arg not in names else arg
            for before, arg in pairs
        ]
        return super().parse_args(ctx, [*escaped, *args[end:]])


@common.add_examples("""
  hotpapers search "kettle steam"
  hotpapers search 'author:brewster category:cs.LG from:2026-10 "on steam" -teapot'
  hotpapers search --posts --json お茶

\b
A query:
  kettle steam        both words            kettl*            prefix match
  "on steam"          in this order         kettle OR teapot  either word
  -teapot             without it            title:kettle      in the title
  author:brewster     by author             author:"Ada Brewster"
  category:cs.LG      or an archive         category:cs
  date:2026-11        day, month or year    from:2026 to:2027-02
  2101.04869          the paper itself, by identifier or any address of it""")
@click.command(cls=QueryCommand)
@click.argument("query", nargs=-1, required=True)
@click.option(
    "--limit",
    type=NumberRange(1, 1000),
    metavar="N",
    default=10,
    show_default=True,
    help="Maximum number of results.",
)
@click.option("--posts", is_flag=True, help="Search posts about papers instead.")
@common.site_options
def search(query: tuple[str, ...], limit: int, posts: bool, as_json: bool, site: common.Site) -> None:
    """Search papers by words, authors, categories and dates.

    The best match comes first, or the newest if the query has no words. Accents, case and plural endings are ignored.
    """
    text = " ".join(query).replace(WORD, "")
    results, hits = site.find_papers(text, limit=limit, posts=posts)
    require(bool(results.understood), "missing search terms, such as: hotpapers search 'kettle steam'")
    if as_json:
        print_json({"query": text, **results._asdict()})
    else:
        print_line(_head(results, hits))
        for hit in results.papers if isinstance(results, PaperResults) else results.posts:
            click.echo()
            for line in _paper(hit) if isinstance(hit, PaperHit) else _post(hit):
                click.echo(line)
    if results.behind:
        batches = count_noun(results.behind, "batch", "batches")
        print_error(f"the store cannot be written, so the search index lacks the last {batches}")


# ---- for people ----------------------------------------------------------------------------------------


def _head(results: PaperResults | PostResults, hits: int) -> str:
    """The query as it was understood, and the number of results."""
    noun = "paper" if isinstance(results, PaperResults) else "post"
    if not results.total:
        hint = f"; {count_noun(hits, 'post matches', 'posts match')}: add --posts" if hits else ""
        if isinstance(results, PaperResults) and results.meant:
            meant = f"; did you mean {strip_controls(results.meant)}?"
        else:
            meant = ""
        return f"no {noun} {results.understood}{hint}{meant}"
    on_page = len(results.papers if isinstance(results, PaperResults) else results.posts)
    if results.exact:
        number = count_noun(results.total, noun)
    else:
        number = f"more than {results.total:,} {noun}s"
    first = ""
    if on_page < results.total or not results.exact:
        first = f"; showing the first{f' {on_page:,}' if on_page > 1 else ''}"
    if isinstance(results, PaperResults) and results.parts:
        return f"no paper {results.understood}; {number} with it as part of a word{first}"
    return f"{number} {results.understood}{first}"


def _paper(hit: PaperHit) -> Iterator[str]:
    """Formats a found paper, with its first authors and those that match the query."""
    title = phrases.marked_title(mark_matches(hit.title, hit.spans.title), withdrawn=hit.taken_back)
    yield f"{paper_servers.paper_id(hit.paper)}  {hit.day:<10}  {title}"
    spans = {n: [(start, end) for k, start, end in hit.spans.authors if k == n] for n in range(len(hit.authors))}
    numbers = [n for n in spans if n < AUTHORS or spans[n]]
    extra = len(hit.authors) - len(numbers)
    authors = ", ".join(mark_matches(hit.authors[n], spans[n]) for n in numbers) + (
        f" and {extra:,} more" if extra else ""
    )
    issues = _issues(hit.issues)
    details = (authors, ", ".join(map(strip_controls, hit.categories)), issues)
    yield INDENT + " · ".join(filter(None, details))


def _issues(issues: Sequence[SearchHitIssue]) -> str:
    """The latest issues with the paper, and its place in each; a publication is named once."""
    latest = issues[: -ISSUES - 1 : -1]
    names = []
    last_publication = ""
    for hit in latest:
        name = "" if hit.publication == last_publication else f"{hit.publication} "
        names.append(f"{name}{hit.day}{f' #{hit.place}' if hit.place else ''}")
        last_publication = hit.publication
    extra = len(issues) - len(latest)
    if names:
        return f"in {', '.join(names)}{f' and {extra:,} more' if extra else ''}"
    return ""


def _post(hit: PostHit) -> Iterator[str]:
    handle = strip_controls(handle_text(hit.handle))
    if handle and hit.name:
        author = f"{strip_controls(hit.name)} ({handle})"
    else:
        author = strip_controls(hit.name) or handle
    about = ", ".join(paper_servers.paper_id(paper) for paper in hit.papers)
    network_name = network_title(hit.network)
    details = (network_name, minute_of(hit.created_at), author, f"about {about}")
    yield " · ".join(filter(None, details))
    yield INDENT + mark_matches(hit.text, hit.spans).replace("\n", f"\n{INDENT}")
    yield INDENT + strip_controls(site_paths.post_page(hit.post) or hit.post)


def mark_matches(text: str, spans: Spans) -> str:
    """A text without terminal control characters; on a terminal, matches are in bold."""
    bold = sys.stdout is not None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    pieces = []
    at = 0
    for start, end in spans if bold else ():
        pieces += [strip_controls(text[at:start]), click.style(strip_controls(text[start:end]), bold=True)]
        at = end
    return "".join([*pieces, strip_controls(text[at:])])
