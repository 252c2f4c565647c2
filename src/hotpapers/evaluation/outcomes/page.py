"""The report for a terminal, and as the page docs/explanation/outcomes.md."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from textwrap import fill

from hotpapers.evaluation.outcomes import tables
from hotpapers.evaluation.outcomes.studies import OutcomeReport
from hotpapers.evaluation.outcomes.summary import findings, overview_heads, overview_rows, tally_heads, tally_rows
from hotpapers.evaluation.text_tables import markdown_table, plain_table

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


def _bullet(text: str) -> str:
    return fill(" ".join(text.split()), WIDTH, initial_indent="* ", subsequent_indent="  ", break_on_hyphens=False)


def _studies(report: OutcomeReport) -> Iterator[str]:
    """What each outcome is, with its days; without outcomes for too few papers."""
    for title, cells in groupby(report.cells, key=tables.study_title):
        cell = next(cells)
        if cell.orders:
            name, about = title[0].upper() + title[1:], ABOUT[cell.cohort, cell.outcome]
            yield _bullet(f"**{name}** ({cell.days[0]} to {cell.days[1]}). {about}")


HEAD = """
# Rankings and what came later

Does a ranking put first what is later cited, accepted or talked about? This page is written by `hotpapers evaluate
outcomes --data DIR --output FILE` from public collections that cannot be redistributed; the command also prints a table
for each outcome, period and group. Attention is not quality: this page shows how far the two go together.
"""

FINDINGS = "## What the figures show"

OVERVIEW = """
Spearman's rho with its 95 % interval. The fairest comparison is among papers of one day: only their order counts there,
not their age or how much people talked that month.
"""

CHANCE = """
The number of printed tables in which the whole interval of an order's Spearman, or of its difference from `rarity/1`,
is on one side of 0; the command names them. Tables overlap. Of {figures} different figures, one in twenty is outside
its interval by chance, so a single table proves nothing; a ranking is only replaced for what holds in most tables.
"""

METHOD = """
## How it was measured

Each past day is ranked as for an issue, with all papers seen in the 90 days up to the day's last reading as the
reference, and nothing later. Only papers whose outcome is known are compared.

* *Orders*: the program's rankings; published formulas as in `src/hotpapers/evaluation/formulas.py`; and predictors that
  ignore attention, such as *category mean* (the mean outcome of the primary category on other days).
* *nDCG@10*: the outcomes, 0 to 1, of the first ten places, each discounted by log2(place + 1), as a share of the best
  possible; the mean over groups.
* *Intervals*: {resamples} resamples from a fixed seed: of papers, or of whole days for comparisons within days. Every
  order is measured on the same draws; it is above another if the interval of their difference is above 0.
* Citations and ratings are percentiles within venue and year, never counts across venues.
"""

DATA = "## The data"

ABOUT = {
    ("archive", "citations"): """
Favorites on X for the papers in an imported publication's issues, about a day after each; citations as counted in
2025. `classic/1` adds retweets, which from 2020-09-17 on were counted several times over (the defect).
""",
    ("archive", "rating"): """
The reviewers' mean rating, for papers listed before the decision; most NeurIPS ratings are for accepted papers.
""",
    ("archive", "acceptance"): """
Accepted, or rejected or withdrawn, at ICLR, for papers listed before the decision.
""",
    ("archive", "later story"): """
Whether a paper appeared on Hacker News after its counts were read; only papers of one day are compared.
""",
    ("huggingface", "citations"): """
Upvotes at the first reading on the day of the paper's daily page; citations as counted in mid-2025. Papers from earlier
days had more time to be cited, which matters everywhere except within days.
""",
    ("hackernews", "citations"): """
Points within a day of when a story was first seen, or its final points if no others are known.
""",
    ("hackernews", "rating"): "The same, with the reviewers' mean rating.",
    ("hackernews", "favorites on X"): """
Points within a day of when a story was first seen, or its final points if no others are known: whether two networks
agree on the same papers.
""",
}

LIMITS = """
## What the data cannot show

* Whether attention causes anything: papers with attention differ in venue, lab and topic. All papers compared had
  enough attention to be listed.
* Citations for ICLR from 2021, NeurIPS, ICML 2020–24, CVPR 2020–24, ICCV and EMNLP are unknown; most papers in the
  archive are from these venues. Most of the archive before the defect is from ECCV 2020.
* Some papers were announced after they had been accepted; ratings and acceptance leave these out, citations do not.
* The archive has one reading per paper, and nothing below 50 retweets and favorites together.
* Upvotes on Hugging Face were read at various hours of the day. The primary category of most papers is unknown, so all
  are compared with all; predictors that need authors are measured on the few whose authors are known.
* Hacker News is covered by its front page from November 2020 on, before that by stories with two or more comments.
* Sums over networks are not tested: of {listed} papers in the archive, {stories} were on Hacker News, {before} of
  these before their counts were read, and {cited} of those have citations.
"""
