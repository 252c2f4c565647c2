"""Why a paper ranks where it does, as arithmetic."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from hotpapers.base.errors import NotFound
from hotpapers.base.model import NOT_READ, Entry, IssueContent, Lane, PublishedIssue, ScoreComponent
from hotpapers.base.networks import network_title
from hotpapers.base.papers import paper_servers
from hotpapers.base.struct_types import Value
from hotpapers.base.text.words import count_noun
from hotpapers.issues import announcement_counts, forecasts
from hotpapers.issues.coverage import unread_words
from hotpapers.issues.ranking import swap, words


class NeighborSwap(Value):
    """An entry next to the explained one, and the growth with which the two would swap."""

    place: int
    paper: str
    title: str
    score: int
    swaps: tuple[swap.RequiredGrowth, ...]


class Explanation(Value):
    """An entry's place and the reasons for it.

    `lane`: `entries`, `further` with a line each below them, or `ongoing`. `entries`: how many are ranked together: the
    first two, or the last. `classic_rank`: the place there by the classic rule. `announced`: when, in words. `formulae`
    and `sentences`: one for each of `parts`. `price`: a sentence about the price of the place, empty if unknown.
    """

    publication: str
    day: str
    edition: int
    ranking: str
    paper: str
    title: str
    lane: Lane
    place: int
    classic_rank: int
    announced: str
    entries: int
    score: int
    tied: bool
    parts: tuple[ScoreComponent, ...]
    formulae: tuple[str, ...]
    sentences: tuple[str, ...]
    price: str
    notes: tuple[str, ...]
    above: NeighborSwap | None
    below: NeighborSwap | None


ALL_KNOWN = "The additional people needed for a swap are assumed to be regulars."


def explain_entry(issue: PublishedIssue, paper: str) -> Explanation:
    """The explanation of a paper (by key) in an issue. Raises NotFound if the paper is not in the issue."""
    content = issue.content
    lane, entry = lane_and_entry(content, paper)
    is_line = lane == "further"
    entries = content.ongoing if lane == "ongoing" else content.listed
    index = entries.index(entry)
    entry_above = entries[index - 1] if index else None
    if index + 1 < len(entries):
        entry_below = entries[index + 1]
    else:
        entry_below = None
    to_pass = swap.required_growths(entry, entry_above, content.peers) if entry_above else ()
    to_be_passed = swap.required_growths(entry_below, entry, content.peers) if entry_below else ()
    state = issue.withdrawn.get(paper)
    all_notes = (
        f"The paper was {state}." if state else "",
        *forecasts.forecast_sentences(entry),
        *entry_notes(entry, content.ranking),
        words.why_provisional(content.compared, entry.score, content.publication.threshold, is_line=is_line),
        announcement_counts.inferred_days(content.retrospective),
        *unread_networks(content),
        ALL_KNOWN if (to_pass or to_be_passed) and swap.tells_known(entry) else "",
    )
    return Explanation(
        paper=entry.paper,
        place=entry.place,
        classic_rank=entry.classic_rank,
        score=entry.score,
        tied=entry.tied,
        parts=entry.parts,
        publication=content.publication.publication,
        day=content.day,
        edition=content.edition,
        ranking=content.ranking,
        title=issue.papers[paper].title,
        lane=lane,
        announced=announcement_counts.announcement_phrase(content, entry),
        entries=len(entries),
        formulae=tuple(map(words.part_formula, entry.parts)),
        sentences=tuple(map(words.part_sentence, entry.parts)),
        price=words.price_sentence(entry, content.publication.least_score, is_line=is_line),
        notes=tuple(filter(None, all_notes)),
        above=_neighbor(issue, entry_above, to_pass) if entry_above else None,
        below=_neighbor(issue, entry_below, to_be_passed) if entry_below else None,
    )


def lane_and_entry(content: IssueContent, paper: str) -> tuple[Lane, Entry]:
    """The lane that a paper (by key) is in, and its entry there. Raises NotFound if it is in none."""
    for lane, entries in content.lanes:
        for entry in entries:
            if entry.paper == paper:
                return lane, entry
    raise NotFound(f"{paper_servers.paper_id(paper)} is not in the issue of {content.day}")


def _neighbor(issue: PublishedIssue, entry: Entry, swaps: tuple[swap.RequiredGrowth, ...]) -> NeighborSwap:
    return NeighborSwap(
        place=entry.place, paper=entry.paper, score=entry.score, title=issue.papers[entry.paper].title, swaps=swaps
    )


def entry_notes(entry: Entry, ranking: str) -> Iterator[str]:
    """Caveats about an entry's counts, in sentences for readers."""
    for count in entry.counts:
        if note := words.method_note(count.method):
            yield f"{network_title(count.network)} counts here are {note}."
        if count.collector:
            yield words.collector_sentence(count.network, count.collector)
        if count.bots:
            network_name = network_title(count.network)
            yield f"Not counted: {count_noun(count.bots, 'bot post')} on {network_name}."
    if entry.tied:
        yield words.tie_sentence(ranking, is_listed=bool(entry.order))


WIDTH = 120
"""Characters per line on a terminal."""


def unread_networks(content: IssueContent) -> Iterator[str]:
    """A sentence for each network that was not read in full."""
    words_by_network = unread_words(content)
    for reading in content.readings:
        if how := words_by_network[reading.network]:
            reason = f" ({reading.reason})" if reading.reason and reading.reason != NOT_READ else ""
            # The collectors whose counts an issue uses on a network that was not read in full, in words
            counts = (count for entry in content.all_entries for count in entry.counts)
            names = {count.collector for count in counts if count.network == reading.network and count.collector}
            others = " and ".join(sorted(names))
            consequence = (
                f"counts from {others} are used where they read more" if others else "what is missing is not known"
            )
            network_name = network_title(reading.network)
            yield f"{network_name}: {how}{reason}; {consequence}."


def text_of(explanation: Explanation) -> Iterator[str]:
    """The explanation as lines for a terminal."""
    yield f"{paper_servers.paper_id(explanation.paper)}  {explanation.title}"
    yield f"Issue of {explanation.day}, edition {explanation.edition}: {_places(explanation)}"
    yield ""
    for part, sentence, formula in zip(explanation.parts, explanation.sentences, explanation.formulae, strict=True):
        network_name = network_title(part.network)
        yield f"  {network_name:<14}{part.score:>8,}   {formula}"
        yield f"    {sentence}"
    count = len(explanation.parts)
    yield f"  {'Score':<14}{explanation.score:>8,}   the sum of {count_noun(count, 'part')}"
    remarks = [text for text in (explanation.price, *explanation.notes) if text]
    for change, neighbor in (("To pass {}", explanation.above), ("For {} to pass", explanation.below)):
        if neighbor:
            remarks.append(_swap_line(change, neighbor))
    if remarks:
        yield ""
    for line in remarks:
        yield from textwrap.wrap(line, WIDTH, initial_indent="  ", subsequent_indent="    ")


def _places(explanation: Explanation) -> str:
    by = f"by {explanation.ranking}"
    lane = {"entries": by, "further": f"{by}, in a line", "ongoing": "still talked about"}[explanation.lane]
    classic_place = f"; place {explanation.classic_rank} by classic/1" if explanation.ranking != "classic/1" else ""
    announced = f"; {explanation.announced}" if explanation.announced else ""
    return f"place {explanation.place} of {explanation.entries} {lane}{classic_place}{announced}"


def _swap_line(change: str, neighbor: NeighborSwap) -> str:
    goal = change.format(f"#{neighbor.place} {paper_servers.paper_id(neighbor.paper)} ({neighbor.score:,})")
    if not neighbor.swaps:
        return f"{goal}: growth on a single network would not be enough."
    ways = [
        f"{words.count_phrase(growth.needed, growth.unit)} on {network_title(growth.network)} instead of {growth.now:,}"
        for growth in neighbor.swaps
    ]
    return f"{goal}, it would need {' or '.join(ways)}."
