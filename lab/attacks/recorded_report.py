"""The results of attacks on issues of a record, as tables and as a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from hotpapers.base.version import __version__
from hotpapers.issues import ranking
from lab.attacks import report
from lab.attacks.attack_figures import AttackFigures, NotRun
from lab.attacks.campaign import Attack
from lab.attacks.least_costs import MOST
from lab.attacks.recorded_suite import IssuePart, IssueResults
from lab.text_tables import markdown_table

WIDTH = 120
"""Characters per line."""


def issue_figures(results: IssueResults, parts: Sequence[IssuePart], attacks: Iterable[Attack]) -> AttackFigures:
    """The results of attacks on issues of one publication. Each row has the largest number of networks in any issue."""
    networks = max((trial.networks for trial in results.trials), default=0)
    return AttackFigures(
        program=__version__,
        default=ranking.DEFAULT,
        most=MOST,
        publication=parts[0].publication,
        issues=tuple(part.day for part in parts),
        not_run=tuple(sorted(results.not_run)),
        attacks=report.attack_words(results.trials, attacks),
        rows=report.summaries(trial._replace(networks=networks) for trial in results.trials),
    )


def issue_lines(table: AttackFigures) -> Iterator[str]:
    """The results for a terminal."""
    yield from wrap(_about(table), WIDTH)
    yield ""
    yield from report.lines(table)
    if table.not_run:
        yield "Not run"
        for name, reason in _reasons(table.not_run):
            yield from wrap(f"{name}: {reason}", WIDTH, initial_indent="  ", subsequent_indent="    ")


def issue_page(table: AttackFigures) -> str:
    """The results as Markdown."""
    return "\n".join((*_page(table), ""))


def _page(table: AttackFigures) -> Iterator[str]:
    yield f"# Attacks on issues of {table.publication}\n"
    yield from wrap(_about(table), WIDTH, break_on_hyphens=False)
    yield ""
    yield from wrap(_MEANING.format(most=table.most), WIDTH, break_on_hyphens=False)
    yield from report.sections(table)
    if table.not_run:
        yield "\n## Not run\n"
        yield markdown_table(["what", "why"], _reasons(table.not_run))


def _about(table: AttackFigures) -> str:
    return (
        f"Attacks on {len(table.issues)} frozen {'issue' if len(table.issues) == 1 else 'issues'} of "
        f"{table.publication}: {', '.join(table.issues)}. Accounts, posts and likes are added to what the record had "
        "at each cut, for a paper that nobody talked about. The record is only read."
    )


_MEANING = (
    "Each figure is the fewest accounts that reach the goal with the cheapest of an attack's variants, on the median "
    "issue. *never*: {most:,} accounts were not enough. Accounts *with standing* had been known for 30 days and had "
    "talked about three other papers; *new* ones had not. By the publication's own ranking, a paper below the "
    "threshold is not among the first ten. If somebody else's post links the target too, its counts are those "
    "measured at an age of the first paper."
)


def _reasons(not_run: Iterable[NotRun]) -> list[tuple[str, str]]:
    """(attack and rankings, reason and issues) for what could not be tried, grouped by reason."""
    issues: dict[tuple[str, str], dict[str, list[str]]] = {}
    for gap in not_run:
        issues.setdefault((gap.attack, gap.reason), {}).setdefault(gap.ranking, []).append(gap.issue)
    result = []
    for (attack, reason), by_ranking in issues.items():
        days = {day for ranking_days in by_ranking.values() for day in ranking_days}
        result.append(
            (f"{attack or 'all attacks'}, on {', '.join(by_ranking)}", f"{reason} ({', '.join(sorted(days))})")
        )
    return result
