"""The command that searches: papers, or what people wrote of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Container, Iterator, Sequence

import click

from hotpapers import search as searching
from hotpapers.cli import common
from hotpapers.cli.terminal import bar, count, echo, plain, print_error, print_json
from hotpapers.errors import UsageError
from hotpapers.ids.timestamps import minute_of
from hotpapers.ranking import words
from hotpapers.search import PaperHit, PaperResults, PostHit, PostResults, SearchHitIssue
from hotpapers.store import Record

AUTHORS = 3
"""So many authors are named; of the others, how many there are."""
ISSUES = 3
LONG = 5_000
"""Rows that are to be taken into the index, from which on a bar shows how far it is."""
INDENT = " " * 4

Spans = Sequence[tuple[int, int]]


WORD = "\0"
"""Stands before a word of the query that begins with a hyphen, so that it is not taken for an option."""


class QueryCommand(click.Command):
    """A command whose words may begin with a hyphen: `-tea` is one to leave out, unless it is an option's name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        end = args.index("--") if "--" in args else len(args)
        return super().parse_args(ctx, [*(_as_word(arg, options) for arg in args[:end]), *args[end:]])


def _as_word(arg: str, options: Container[str]) -> str:
    is_word = arg.startswith("-") and not arg.startswith("--") and len(arg) > 1 and arg not in options
    return WORD + arg if is_word else arg


@common.examples("""
  hotpapers search "kettle steam"
  hotpapers search 'author:brewster category:cs.LG from:2026-10 "on steam" -teapot'
  hotpapers search --posts --json お茶

\b
A query:
  kettle steam        both words            kettl*            prefix match
  "on steam"          in this order         kettle OR teapot  one of them
  -teapot             without it            title:kettle      in the title
  author:brewster     of that name          author:"Ada Brewster"
  category:cs.LG      or of an archive      category:cs
  date:2026-11        day, month or year    from:2026 to:2027-02
  2101.04869          the paper itself, by identifier or any address of it""")
@click.command(cls=QueryCommand)
@click.argument("query", nargs=-1, required=True)
@click.option(
    "--limit", type=click.IntRange(1, 1000), metavar="N", default=10, show_default=True, help="Results at most."
)
@click.option("--posts", is_flag=True, help="Search posts about papers instead.")
@common.json_option
@common.store_options
def search(query: tuple[str, ...], limit: int, posts: bool, as_json: bool, context: common.CommandContext) -> None:
    """Search papers by words, authors, categories and dates.

    Best match first; newest first if the query has no words. Accents, case and plural endings are ignored.
    """
    text = " ".join(query).replace(WORD, "")
    with common.open_record(context) as record:
        _renew(record)
        results: PaperResults | PostResults
        if posts:
            results = searching.search_posts(record, text, limit=limit, allowed=context.terms)
        else:
            results = searching.search(record, text, limit=limit)
        common.require(bool(results.understood), "missing search terms, such as: hotpapers search 'kettle steam'")
        others = _posts_instead(record, text, context) if isinstance(results, PaperResults) and not results.total else 0
    if as_json:
        print_json({"query": text, **results._asdict()})
    else:
        _print(results, others)
    if results.behind:
        batches = count(results.behind, "batch", "batches")
        print_error(f"the store cannot be written now, so the last {batches} were not searched")


def _renew(record: Record) -> None:
    """Brings the index up with a bar, where that takes a while; otherwise searching does it."""
    rows = searching.outstanding(record)
    if rows > LONG:
        with bar("making the index", rows) as progress:
            searching.update_index(record, progress)


def _posts_instead(record: Record, query: str, context: common.CommandContext) -> int:
    """How many posts have the words that no paper has."""
    try:
        return searching.search_posts(record, query, limit=1, allowed=context.terms).total
    except UsageError:  # the query asks for what only papers have
        return 0


# ---- for people ----------------------------------------------------------------------------------------


def _print(results: PaperResults | PostResults, others: int) -> None:
    echo(_head(results, others))
    for hit in results.papers if isinstance(results, PaperResults) else results.posts:
        click.echo()
        for line in _paper(hit) if isinstance(hit, PaperHit) else _post(hit):
            click.echo(line)


def _head(results: PaperResults | PostResults, others: int) -> str:
    """What was understood and how much there is of it."""
    noun = "paper" if isinstance(results, PaperResults) else "post"
    if not results.total:
        more = f"; {count(others, 'post has', 'posts have')} it: add --posts" if others else ""
        return f"no {noun} {results.understood}{more}"
    on_page = len(results.papers if isinstance(results, PaperResults) else results.posts)
    number = count(results.total, noun) if results.exact else f"more than {results.total:,} {noun}s"
    first = ""
    if on_page < results.total or not results.exact:
        first = f", the first{f' {on_page:,}' if on_page > 1 else ''} of them"
    if isinstance(results, PaperResults) and results.parts:
        return f"no paper {results.understood}; {number} with that as part of a word{first}"
    return f"{number} {results.understood}{first}"


def _paper(hit: PaperHit) -> Iterator[str]:
    yield f"{hit.paper.removeprefix('arxiv:')}  {hit.day:<10}  {marked(hit.title, hit.spans.title)}"
    details = (_authors(hit), ", ".join(map(plain, hit.categories)), _issues(hit.issues))
    yield INDENT + " · ".join(filter(None, details))


def _authors(hit: PaperHit) -> str:
    """The first authors, and those who were asked for."""
    spans = {n: [(start, end) for k, start, end in hit.spans.authors if k == n] for n in range(len(hit.authors))}
    named = [n for n in spans if n < AUTHORS or spans[n]]
    rest = len(hit.authors) - len(named)
    return ", ".join(marked(hit.authors[n], spans[n]) for n in named) + (f" and {rest:,} more" if rest else "")


def _issues(issues: Sequence[SearchHitIssue]) -> str:
    """The latest issues that had the paper, each with its place there; a publication is named once."""
    latest = issues[: -ISSUES - 1 : -1]
    named, before = [], ""
    for hit in latest:
        name = "" if hit.publication == before else f"{hit.publication} "
        named.append(f"{name}{hit.day}{f' ({hit.place})' if hit.place else ''}")
        before = hit.publication
    rest = len(issues) - len(latest)
    return f"in {', '.join(named)}{f' and {rest:,} more' if rest else ''}" if named else ""


def _post(hit: PostHit) -> Iterator[str]:
    who = f"{plain(hit.name)} (@{plain(hit.handle)})" if hit.handle and hit.name else plain(hit.name or hit.handle)
    about = ", ".join(paper.removeprefix("arxiv:") for paper in hit.papers)
    details = (words.network_name(hit.network), minute_of(hit.created_at), who, f"about {about}")
    yield " · ".join(filter(None, details))
    yield INDENT + marked(hit.text, hit.spans).replace("\n", f"\n{INDENT}")


def marked(text: str, spans: Spans) -> str:
    """A text that nothing in it can command a terminal; on a terminal with what was asked for in bold."""
    bold = sys.stdout is not None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    pieces, at = [], 0
    for start, end in spans if bold else ():
        pieces += [plain(text[at:start]), click.style(plain(text[start:end]), bold=True)]
        at = end
    return "".join([*pieces, plain(text[at:])])
