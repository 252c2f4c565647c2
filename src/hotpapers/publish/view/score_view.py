"""An entry's counts and score, in words: first a plain sentence, then a table that adds up by eye, then formulas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hotpapers.base.model import Entry, PublishedIssue, ScoreComponent
from hotpapers.base.networks import network_title
from hotpapers.base.text.clean_text import one_line
from hotpapers.base.text.words import count_noun, format_number
from hotpapers.issues import forecasts
from hotpapers.issues.ranking import rarity_2, words
from hotpapers.publish.view import phrases


class ScoreRow(NamedTuple):
    """A line of the table: a network, or the limit set by regulars; what is shown and counted there; the points."""

    name: str
    shown: str
    counted: str
    points: str


class ScoreView(NamedTuple):
    """An entry's score, the same on every page.

    `summary`: its meaning, in a sentence. `rows`: the parts that give or take points. `parts`: the same, each as a
    sentence and as arithmetic. `counted`: all counts, by moment.
    """

    summary: str
    rows: tuple[ScoreRow, ...]
    parts: tuple[tuple[str, str], ...]
    total: str
    points: str
    tie_note: str
    forecasts: tuple[str, ...]
    provisional: str
    places: str
    counted: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """The score's parts and sum, and any qualification of the place, for pages with no room for more."""
        sums = (*(sentence for sentence, _ in self.parts), f"Score: {self.total}.")
        return tuple(sentence for sentence in (self.summary, *sums, self.tie_note, self.provisional) if sentence)


def score_view(issue: PublishedIssue, entry: Entry, *, is_ongoing: bool) -> ScoreView:
    """The score of an entry of an issue."""
    parts = [part for part in entry.parts if part.score]
    return ScoreView(
        summary=one_line(score_summary(entry)),
        rows=tuple(_row(entry, part) for part in parts),
        parts=tuple((one_line(words.part_sentence(part)), words.part_formula(part)) for part in parts),
        total=phrases.total(entry),
        points=format_number(entry.score),
        tie_note=phrases.tie_note(entry, issue.content.ranking),
        forecasts=tuple(one_line(forecasts.forecast_sentence(item)) for item in forecasts.known_forecasts(entry)),
        provisional=phrases.provisional(issue.content, entry),
        places=phrases.place_sentence(issue, entry, is_ongoing=is_ongoing),
        counted=tuple(_counted(entry)),
    )


# ---- in a sentence -----------------------------------------------------------------------------------------


def score_summary(entry: Entry) -> str:
    """`More attention than any of 91 other papers on Bluesky; 64 regulars are among the people.`; empty for a score
    without comparisons."""
    compared = sorted((part for part in entry.parts if part.papers and part.score > 0), key=lambda part: -part.score)
    if not compared:
        return ""
    ranks = " and than ".join(f"{_beaten(part)} {_where(part)}" for part in compared[:2])
    known = rarity_2.known_voices(entry.counts)
    regulars = ""
    if known is not None:
        regulars = f"; {count_noun(known, 'regular') if known else 'no regulars'} among the people"
    unit = "More likes" if compared[0].age == 0 else "More attention"
    return f"{unit} than {ranks}{regulars}."


def _beaten(part: ScoreComponent) -> str:
    """`any of 91 other papers`, `88 of 91 other papers`."""
    others = count_noun(part.papers, "other paper")
    fewer = part.papers - part.atleast
    if fewer == part.papers:
        return f"any of {others}" if part.papers > 1 else "the only other paper"
    return f"{format_number(fewer)} of {others}"


def _where(part: ScoreComponent) -> str:
    return "listed in the 90 days before" if part.age == 0 else f"on {network_title(part.network)}"


# ---- as a table --------------------------------------------------------------------------------------------


def _row(entry: Entry, part: ScoreComponent) -> ScoreRow:
    points = format_number(part.score)
    if part.rule == rarity_2.RULE:
        return ScoreRow("Limit", "", _limit(part), points)
    counts = (count for count in entry.counts if count.network == part.network)
    count = next(counts, None)
    shown = words.shown_count(count, only_likes=words.ranks_likes(entry)) if count else ""
    if part.rule in rarity_2.RULES_OF_NETWORKS:
        counted = f"{format_number(part.voices)} people"
    else:
        counted = ""
    if part.counted_as in ("likes", "reposts"):
        counted = words.counted_amount(part)
    if part.rule == rarity_2.CAPPED:
        counted = f"{counted}, at {rarity_2.MAX_POINTS_PER_VOICE} points each"
    network_name = network_title(part.network)
    return ScoreRow(one_line(network_name), shown, counted or shown, points)


def _limit(part: ScoreComponent) -> str:
    """Why points are taken off: `2 regulars: at most 480 points`."""
    if part.voices < rarity_2.MIN_KNOWN_VOICES:
        return f"{'one regular' if part.voices else 'no regulars'}: no points"
    limit = rarity_2.vouched_limit(part.voices)
    return f"{format_number(part.voices)} regulars: at most {format_number(limit)} points"


def _counted(entry: Entry) -> Iterator[str]:
    """All counts as sentences, one per moment: `Counted on 13 March 2026 at 00:00 UTC: Bluesky 22 people; …`."""
    printed = [(phrases.minute_name(count.until), count) for count in entry.counts if words.is_printed(count)]
    for moment in dict.fromkeys(moment for moment, _ in printed):
        same = (
            f"{phrases.network_name(count.network)} {phrases.counts_and_bots(count, words.counted_note(entry, count))}"
            for at, count in printed
            if at == moment
        )
        yield f"Counted on {moment}: {'; '.join(same)}."
