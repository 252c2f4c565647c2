"""What was measured, for a terminal and as the page docs/explanation/outcomes.md."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from textwrap import fill

from hotpapers.evaluation.outcomes import tables
from hotpapers.evaluation.outcomes.studies import OutcomeReport, StudyCell
from hotpapers.evaluation.outcomes.summary import findings, overview_heads, overview_rows, tally_heads, tally_rows
from hotpapers.evaluation.text_tables import markdown_table, plain_table

WIDTH = 118
"""Columns of the page's paragraphs."""


def text_of(report: OutcomeReport) -> Iterator[str]:
    """Every table, then what they say, for a terminal."""
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
    """The whole page, in Markdown."""
    parts = [HEAD, FINDINGS, *_summary(report), METHOD.format(resamples=f"{report.resamples:,}")]
    for _, cells in groupby(report.cells, key=tables.study_title):
        parts += _study(list(cells), report.against)
    parts.append(LIMITS.format(**{name: f"{count:,}" for name, count in report.overlap.items()}))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _summary(report: OutcomeReport) -> Iterator[str]:
    yield markdown_table(overview_heads(), overview_rows(report))
    yield OVERVIEW
    sentences = (fill(sentence, WIDTH, initial_indent="* ", subsequent_indent="  ") for sentence in findings(report))
    yield "\n".join(sentences)
    yield markdown_table(tally_heads(report.against), tally_rows(report))
    figures = 2 * sum(len({order[1:] for order in cell.orders}) for cell in report.cells)
    yield CHANCE.format(figures=f"{figures:,}")


def _study(cells: list[StudyCell], against: str) -> Iterator[str]:
    title = tables.study_title(cells[0])
    yield f"## {title[0].upper()}{title[1:]}"
    yield ABOUT[cells[0].cohort, cells[0].outcome]
    for cell in cells:
        where = tables.cell_title(cell)
        yield f"### {where[0].upper()}{where[1:]}"
        yield tables.size_sentence(cell)
        if cell.orders:
            yield markdown_table(tables.columns(cell, against), list(tables.rows(cell)))


HEAD = """
# Rankings and what came later

Does a ranking put first what is cited, accepted or talked about later? Written by `hotpapers evaluate outcomes --data
DIR --output FILE`, from public collections that cannot be handed on; only statistics stand here. Attention is not
quality: this page says how far the one has gone with the other, not that it should.
"""

FINDINGS = "## What the figures say"

OVERVIEW = """
Spearman's rho with its interval and the number of papers. The last column is the fairest: inside a day nothing but
the order of its papers counts, neither their age nor how much was talked in that month.
"""

CHANCE = """
Tables overlap: those before and after the defect are parts of the whole. With {figures} differing figures, one in
twenty is beyond its interval by chance, so a single table proves nothing; a ranking is replaced for what holds in
most.
"""

METHOD = """
## How it was measured

Each past day is given to the ranking itself, as in an issue: its candidates with their attention, and as reference
all papers seen in the 90 days up to the day's last reading. Nothing that came later is in it. A score is compared
with what came later of the papers of which that is known; of a paper without an outcome nothing is held to be known.

* *Orders*: the program's rankings, and published formulas as `src/hotpapers/evaluation/formulas.py` defines them.
  *Any order* has all papers level: what one may expect of chance. Simple predictors know nothing of attention: *more
  authors*, *shorter title*, and *category mean*, the mean outcome of the primary category on the other half of the
  days. Level scores are level, but where a ranking puts more voices first. Orders that put the same papers level and
  apart stand on one line.
* *Spearman*: rank correlation with the outcome, level papers with mean ranks; inside groups the ranks are those in
  the group, in parts of its size, and all groups make one correlation.
* *nDCG@10*: the outcome, 0 to 1, of the first ten places, each discounted by log2(place + 1), in parts of the best
  possible; the mean over groups. Inside a venue and year, groups of 20 papers or more.
* *precision@k*: how many of the first k are hits: in the best quarter of their venue and year, or accepted, or on
  Hacker News later.
* *Intervals* (in brackets, 95 %): {resamples} resamples from a fixed seed. Papers are drawn, inside each group where
  there are groups; inside days, whole days. Every order is measured on the same draws, so that the last columns are
  paired: an order is beyond another if the interval of their difference does not hold 0.
* Citations and ratings are percentiles inside venue and year, among all its papers, never counts across venues.

With one network, most orders are the same inside a day: more voices, higher place. They can differ between days, by
what they compare a day with, and where several networks add up, of which these data have nearly nothing.
"""

ABOUT = {
    ("archive", "citations"): """
Favorites on X of the papers of an imported publication's issues, about a day after each; citations as counted in
2025. `classic/1` adds retweets, which from 2020-09-17 on were counted several times too often (the defect).
""",
    ("archive", "rating"): """
The mean rating by reviewers, of papers listed before their authors were told the decision. ICLR shows all
submissions; NeurIPS shows refused ones only where their authors agreed, so its ratings are mostly those of accepted
papers.
""",
    ("archive", "acceptance"): """
Accepted, or refused or withdrawn, at ICLR, of papers listed before their authors were told.
""",
    ("archive", "later story"): """
Whether a paper came to Hacker News after its counts were read. Papers whose story came before are left out. Few came
at all, and more of some years than of others as they were collected, so only papers of one day are compared.
""",
    ("huggingface", "citations"): """
Upvotes at the first reading on the day of the paper's own daily page; citations as counted in mid-2025. Papers of
earlier days had more time to be cited, even inside a venue and year: an order by date alone, which `reddit-hot`
nearly is here, shows how much that is. Inside days it is out of play.
""",
    ("hackernews", "citations"): """
Points within a day of when a story was first seen; its final points where no others are known, which may be later.
""",
    ("hackernews", "rating"): "The same, with the reviewers' mean rating, before the decision.",
    ("hackernews", "favorites on X"): """
Not later, but elsewhere: whether two networks agree on the same papers.
""",
}

LIMITS = """
## What the data cannot tell

* Nothing here says that attention causes anything: papers with attention differ in venue, lab and topic, and
  citations may follow attention. All papers compared had attention enough to be listed; how they differ from the rest
  is not measured.
* Citations are known for a part of venues alone: none of ICLR from 2021, NeurIPS, ICML 2020–24, CVPR 2020–24, ICCV or
  EMNLP, from which most papers of the archive come. Of the archive before the defect most are of ECCV 2020.
* Papers were matched with venues by title, 15 of the archive by authors and similar title. Citations were counted
  once, on a day that is known as an upper bound.
* Some papers were announced after they had been accepted, so that what made them accepted was known to those who
  talked. Ratings and acceptance are limited to papers listed before the decision; citations are not.
* The archive's counts are one reading a paper, printed in Japan time; its publication shows what it found on X and
  nothing below 50 retweets and favorites together. The reference is the same.
* On Hugging Face upvotes were read at some hour of the day, by two collectors; in the reference all papers count as
  read at the same age. The primary category of most is unknown, so all are compared with all, and the predictors that
  need authors are measured on the few whose authors are known.
* Hacker News is known by its front page from November 2020 on, before that by stories with two comments or more.
* Sums over networks are not tested: of {listed} papers of the archive {stories} were on Hacker News, {before} of
  these before their counts were read, and {cited} of those have citations.
* Where outcomes of fewer than 20 papers are known, nothing is computed.
"""
