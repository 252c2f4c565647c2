"""The report for a terminal, and as the page lab/docs/outcomes.md."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from textwrap import fill

from lab.outcomes import tables
from lab.outcomes.studies import OutcomeReport
from lab.outcomes.summary import findings, overview_heads, overview_rows, tally_heads, tally_rows
from lab.text_tables import markdown_table, plain_table

WIDTH = 118
"""The width of the page's paragraphs."""


def text_of(report: OutcomeReport) -> Iterator[str]:
    """Every table, then the findings, for a terminal."""
    for cell in report.cells:
        yield f"{tables.study_title(cell)}, {tables.cell_title(cell)}"
        yield tables.size_sentence(cell)
        if cell.orders:
            yield plain_table(tables.columns(cell, report.against), list(tables.rows(cell)))
        yield ""
    yield plain_table(tally_heads(report.against), tally_rows(report))
    yield ""
    yield from findings(report)


def page_of(report: OutcomeReport) -> str:
    """The page, in Markdown: an overview and a summary of the tables that `text_of` shows."""
    parts = [HEAD, FINDINGS, *_summary(report), METHOD.format(resamples=f"{report.resamples:,}")]
    parts += [DATA, "\n".join(_studies(report))]
    parts.append(LIMITS.format(**{name: f"{count:,}" for name, count in report.overlap.items()}))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _summary(report: OutcomeReport) -> Iterator[str]:
    yield markdown_table(overview_heads(report), overview_rows(report))
    yield OVERVIEW
    yield markdown_table(tally_heads(report.against), tally_rows(report))
    figures = 2 * sum(len({order[1:] for order in cell.orders}) for cell in report.cells)
    yield CHANCE.format(figures=f"{figures:,}")


def _studies(report: OutcomeReport) -> Iterator[str]:
    """What each outcome is, with its days; without outcomes for too few papers."""
    for title, cells in groupby(report.cells, key=tables.study_title):
        cell = next(cells)
        if cell.orders:
            name, about = title[0].upper() + title[1:], ABOUT[cell.cohort, cell.outcome]
            text = f"**{name}** ({cell.days[0]} to {cell.days[1]}). {' '.join(about.split())}"
            yield fill(text, WIDTH, initial_indent="* ", subsequent_indent="  ", break_on_hyphens=False)


HEAD = """
# Rankings and what came later

Does a ranking put first what is later cited, accepted or talked about? `python -m lab outcomes --data DIR --output
FILE` writes this page from public collections that cannot be redistributed, and prints all tables.
"""

FINDINGS = "## What the figures show"

OVERVIEW = """
Spearman's rho with its 95 % interval. The fairest comparison is among papers of one day.
"""

CHANCE = """
The number of printed tables in which the whole interval of an order's Spearman, or of its difference from `rarity/1`,
is on one side of 0. Of {figures} different figures, one in twenty is outside its interval by chance, so a single table
proves nothing.
"""

METHOD = """
## How it was measured

Each past day is ranked as for an issue, with all papers seen in the 90 days up to the day's last reading as the
reference. Only papers whose outcome is known are compared. Citations and ratings are percentiles within venue and year.

* *Orders*: the program's rankings; published formulas (`lab/formulas.py`); and predictors that
  ignore attention, such as *category mean* (the mean outcome of the primary category on other days).
* *nDCG@10*: the outcomes of the first ten places, each discounted by log2(place + 1), as a share of the best possible;
  the mean over groups.
* *Intervals*: {resamples} resamples from a fixed seed, the same for every order: of papers, or of whole days for
  comparisons within days.
"""

DATA = "## The data"

ABOUT = {
    ("archive", "citations"): """
Favorites on X about a day after each issue; citations as counted in 2025. `classic/1` adds retweets, which from
2020-09-17 on were counted several times over.
""",
    ("archive", "rating"): """
The mean rating of papers listed before the decision; most NeurIPS ratings are for accepted papers.
""",
    ("archive", "acceptance"): """
At ICLR, of papers listed before the decision.
""",
    ("archive", "later story"): """
Whether a paper appeared on Hacker News after its counts were read.
""",
    ("huggingface", "citations"): """
Upvotes at the first reading on the day of the paper's daily page; citations as counted in mid-2025. Earlier papers had
more time to be cited, except within days.
""",
    ("hackernews", "citations"): """
Points within a day of when a story was first seen, or its final points if no others are known.
""",
    ("hackernews", "rating"): "The same, with the reviewers' mean rating.",
    ("hackernews", "favorites on X"): """
Points of a story: whether two networks agree on the same papers.
""",
}

LIMITS = """
## What the data cannot show

* Whether attention causes anything: papers with attention differ in venue, lab and topic.
* Papers with little attention: the archive has none below 50 retweets and favorites together, and one reading of each.
* What known voices add or take away in `rarity/2`: the collections have numbers, not accounts, so every voice counts
  and none must vouch.
* Citations for ICLR from 2021, NeurIPS, ICML 2020–24, CVPR 2020–24, ICCV and EMNLP are unknown; most papers in the
  archive are from these venues.
* Citations count papers that were announced after they had been accepted, too.
* Sums over networks: of {listed} papers in the archive, {stories} were on Hacker News, {before} of these before their
  counts were read, and {cited} of those have citations.
"""
