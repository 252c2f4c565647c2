"""`hotpapers for-me`: papers in a reader's order."""

from __future__ import annotations

from itertools import islice

import click

from hotpapers.base.errors import require
from hotpapers.base.text.words import count_noun
from hotpapers.cli import common
from hotpapers.cli.terminal import NumberRange, print_error, print_result
from hotpapers.publish.query.session import bare_id
from hotpapers.publish.view.phrases import marked_title
from hotpapers.publish.view.tex import plain_line
from hotpapers.site.site import Site
from hotpapers.wings.personal.for_me import WEEK, papers_up_to, profile_of
from hotpapers.wings.personal.own_order import order_for
from hotpapers.wings.personal.stars import choices_in

SHOWN = 20


@common.command("""
  hotpapers for-me --stars library.bib
  hotpapers for-me --stars ids.txt --week 2026-11-20 --limit 50
  hotpapers for-me --stars zotero.rdf --day 2026-11-20 --json""")
@click.option(
    "--stars",
    "file",
    metavar="FILE",
    required=True,
    type=click.Path(readable=False),
    help="What you starred: ids or DOIs, one a line; BibTeX, RIS, Zotero RDF, an arXiv listing; or JSON from the site.",
)
@click.option("--day", metavar="DAY", help="The papers of this day. [default: that of the latest issue]")
@click.option("--week", metavar="DAY", help="The papers of the seven days up to this day.")
@click.option("--limit", type=NumberRange(1, 10_000), metavar="N", help=f"Most papers. [default: {SHOWN}; all as JSON]")
@common.publication_option
@common.site_options
def for_me_command(
    file: str, day: str | None, week: str | None, limit: int | None, publication: str | None, as_json: bool, site: Site
) -> None:
    """Order a day's papers by their closeness to those that you starred.

    All papers announced in the time of its issue, not only those in it; those that you starred are left out. Nothing is
    stored or sent. In a list of ids, lines such as "author: Ada Brewster" and "word: lattice" follow an author or a
    word.
    """
    require(not (day and week), "use either --day or --week")
    choices = choices_in(file)
    with site:
        profile = profile_of(site.session, choices)
        last_day = week or day or "latest"
        papers = papers_up_to(site.session, last_day, publication or "", WEEK if week else 1)
        taken_back = site.session.issue_reader().taken_back
    places = order_for(papers, profile)[: limit or (None if as_json else SHOWN)]
    rows = [
        (
            marked_title(plain_line(place.paper.title), withdrawn=taken_back.get(place.paper.paper, "")),
            {"id": bare_id(place.paper.paper), "reason": place.reason},
        )
        for place in places
    ]
    lines = (
        f"{number:>3}  {title}\n     {' · '.join(filter(None, row.values()))}"
        for number, (title, row) in enumerate(rows, 1)
    )
    print_result({"papers": [row for _, row in rows]}, lines, as_json)
    unknown = [text.paper for text, vector in profile.starred if not vector.weights]
    if unknown:
        named = ", ".join(islice(filter(None, map(bare_id, unknown)), 3))
        print_error(f"{count_noun(len(unknown), 'starred paper')} unknown to the record and without a title: {named}")
