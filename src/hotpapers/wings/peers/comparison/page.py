"""A comparison for a terminal and as a Markdown page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hotpapers.base.ids.timestamps import minute_of
from hotpapers.base.text_tables import markdown_table, plain_table
from hotpapers.issues.ranking.words import count_noun, network_name
from hotpapers.wings.peers.comparison.alignment import ComparedCount
from hotpapers.wings.peers.comparison.causes import CAUSES
from hotpapers.wings.peers.comparison.compare import Comparison, NetworkSummary

MAX_LISTED_COUNTS = 50
"""The most unexplained counts shown on a terminal; JSON and the page have all."""
HEADS = ("network", "counts", "same", "explained", "unexplained", *CAUSES)
LISTED = ("paper", "network", "age", "A", "B", "explained", "unexplained")
MEANING = """\
A count is how many voices a paper has on a network a number of hours after its announcement. A cause's column says in
how many differences it plays a part; a difference may have several causes. `hotpapers docs compare`
describes each cause and what it has to account for."""


def text_of(comparison: Comparison) -> Iterator[str]:
    """Lines for a terminal."""
    yield _sentence(comparison)
    yield from _left_out(comparison)
    if comparison.counts:
        yield ""
        yield plain_table(HEADS, _rows(comparison))
    yield from _unexplained(comparison)


def page_of(comparison: Comparison, names: Sequence[str]) -> str:
    """The page. `names`: what A and B are."""
    a, b = (name.replace("`", "'") for name in names)
    parts = ["# Two collectors compared", f"A is `{a}`, B is `{b}`.", _sentence(comparison), *_left_out(comparison)]
    if comparison.counts:
        parts += [markdown_table(HEADS, _rows(comparison)), MEANING]
    if comparison.unexplained:
        rows = map(_row, comparison.unexplained)
        parts += ["## Unexplained", markdown_table(LISTED, rows)]
    return "\n\n".join(parts) + "\n"


def _sentence(comparison: Comparison) -> str:
    since, until = (minute_of(moment) for moment in comparison.period)
    counts = comparison.counts
    if not counts:
        return (
            f"Nothing to compare between {since} and {until}: no network that both read has counts of papers announced "
            "then."
        )
    explained = sum(network.explained for network in comparison.networks)
    same = sum(network.same for network in comparison.networks)
    return (
        f"{count_noun(counts, 'count')} of papers announced after {since}, as known at {until}: "
        f"{same:,} the same, {explained:,} explained, {len(comparison.unexplained):,} unexplained."
    )


def _left_out(comparison: Comparison) -> Iterator[str]:
    if comparison.left_out:
        names = ", ".join(network_name(name) for name in comparison.left_out)
        yield f"Left out, as only one or neither has coverage: {names}."


def _rows(comparison: Comparison) -> list[tuple[str, ...]]:
    rows = [(network_name(summary.network), _numbers(summary)) for summary in comparison.networks]
    total = [sum(column) for column in zip(*(numbers for _, numbers in rows), strict=True)]
    return [(name, *(f"{number:,}" for number in numbers)) for name, numbers in (*rows, ("all", total))]


def _numbers(summary: NetworkSummary) -> list[int]:
    counts = (summary.same, summary.explained, summary.unexplained)
    return [sum(counts), *counts, *(summary.causes.get(cause, 0) for cause in CAUSES)]


def _unexplained(comparison: Comparison) -> Iterator[str]:
    if not comparison.unexplained:
        return
    yield ""
    yield plain_table(LISTED, map(_row, comparison.unexplained[:MAX_LISTED_COUNTS]))
    if len(comparison.unexplained) > MAX_LISTED_COUNTS:
        yield f"and {len(comparison.unexplained) - MAX_LISTED_COUNTS:,} more: --json and --output list all"


def _row(count: ComparedCount) -> tuple[str, ...]:
    explained = ", ".join(f"{cause} {amount:+,}" for cause, amount in count.causes.items())
    where = (count.paper.removeprefix("arxiv:"), network_name(count.network), f"{count.age} h")
    return (*where, f"{count.a:,}", f"{count.b:,}", explained or "-", f"{count.unexplained:+,}")
