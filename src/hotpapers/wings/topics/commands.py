"""`hotpapers topics`: what the papers of a week are about more than before."""

from __future__ import annotations

from collections.abc import Iterator

import click

from hotpapers.base.errors import require
from hotpapers.base.model import Window
from hotpapers.cli import common
from hotpapers.cli.terminal import print_result
from hotpapers.publish.query.session import bare_id
from hotpapers.publish.view.tops import period_name
from hotpapers.site.site import Site
from hotpapers.wings.topics.site_part import arithmetic_of, summary_of
from hotpapers.wings.topics.tools import topics_of
from hotpapers.wings.topics.weeks import WeekTopics, counts_of, is_week


@common.command("""
  hotpapers topics
  hotpapers topics 2026-W47 --json""")
@click.argument("week", default="latest", metavar="[WEEK]")
@common.publication_option
@common.site_options
def topics(week: str, publication: str | None, as_json: bool, site: Site) -> None:
    """Show what a week's discussed papers are about more than those before.

    WEEK is an ISO week such as 2026-W47. [default: the latest that is over] A topic is a group of words with its papers
    and its arithmetic. They are frozen with the week; `hotpapers verify --all` calculates them again.
    """
    require(week == "latest" or is_week(week), f"{week}: not a week; write it like 2026-W47")
    with site:
        of_week = topics_of(site.session, publication or "", week)
        window = site.session.publication(of_week.publication).window
    print_result(of_week, _lines(of_week, window), as_json)


def _lines(of_week: WeekTopics, window: Window) -> Iterator[str]:
    yield f"{period_name(of_week.week)} ({of_week.week}): {summary_of(of_week)}"
    for topic in of_week.topics:
        yield f"\n{topic.name}"
        yield f"  {arithmetic_of(topic, of_week)}"
        counts = counts_of(topic, of_week, window)
        yield f"  {len(counts)} weeks with issues: {' '.join(map(str, counts.values()))}"
        yield f"  {', '.join(bare_id(paper.paper) or paper.paper for paper in topic.papers)}"
    yield f"\ndigest {of_week.digest}"
