"""Why a paper ranks where it does, as arithmetic."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from hotpapers import arxiv_id
from hotpapers.errors import NoSuch
from hotpapers.model import Entry, Part, ShelfIssue
from hotpapers.ranking import swap, words


class Neighbour(msgspec.Struct, frozen=True, kw_only=True):
    """An entry next to the explained one and what would make the two swap."""

    place: int
    paper: str
    title: str
    score: int
    swaps: tuple[swap.Growth, ...]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """An entry's place and how it came about. `then`: its place by the classic rule."""

    publication: str
    day: str
    edition: int
    ranking: str
    paper: str
    title: str
    place: int
    then: int
    entries: int
    score: int
    level: bool
    parts: tuple[Part, ...]
    formulae: tuple[str, ...]
    sentences: tuple[str, ...]
    notes: tuple[str, ...]
    above: Neighbour | None
    below: Neighbour | None


def explain(issue: ShelfIssue, paper: str) -> Explanation:
    """The explanation of a paper (by key) in an issue. Raises NoSuch when the issue does not hold it."""
    content = issue.content
    index = next((i for i, entry in enumerate(content.entries) if entry.paper == paper), None)
    if index is None:
        raise NoSuch(f"{arxiv_id.from_key(paper)} is not in the issue of {content.day}")
    entry = content.entries[index]
    above = content.entries[index - 1] if index else None
    below = content.entries[index + 1] if index + 1 < len(content.entries) else None
    return Explanation(
        publication=content.publication.publication, day=content.day, edition=content.edition,
        ranking=content.ranking, paper=paper, title=issue.papers[paper].title, place=entry.place, then=entry.then,
        entries=len(content.entries), score=entry.score, level=entry.level, parts=entry.parts,
        formulae=tuple(map(words.formula, entry.parts)), sentences=tuple(map(words.part_sentence, entry.parts)),
        notes=tuple(notes(entry)),
        above=_neighbour(issue, above, swap.growths(entry, above, content.peers)) if above else None,
        below=_neighbour(issue, below, swap.growths(below, entry, content.peers)) if below else None,
    )  # fmt: skip


def _neighbour(issue: ShelfIssue, entry: Entry, swaps: tuple[swap.Growth, ...]) -> Neighbour:
    title = issue.papers[entry.paper].title
    return Neighbour(place=entry.place, paper=entry.paper, title=title, score=entry.score, swaps=swaps)


def notes(entry: Entry) -> Iterator[str]:
    """What a reader must know of an entry's counts."""
    for count in entry.counts:
        if note := words.method_note(count.method):
            yield f"{words.network_name(count.network)} counts here are {note}."
        if count.bots:
            yield f"Not counted: {words.count_noun(count.bots, 'bot post')} on {words.network_name(count.network)}."
    if entry.level:
        yield "Level with a neighbour: more voices stand first, then the earlier announcement, then the id."


def text_of(found: Explanation) -> Iterator[str]:
    """The explanation as lines for a terminal."""
    yield f"{arxiv_id.from_key(found.paper)}  {found.title}"
    yield f"Issue of {found.day}, edition {found.edition}: place {found.place} of {found.entries} by {found.ranking}" + (
        f"; place {found.then} by classic/1" if found.ranking != "classic/1" else ""
    )
    yield ""
    for part, sentence, formula in zip(found.parts, found.sentences, found.formulae, strict=True):
        yield f"  {words.network_name(part.network):<14}{part.score:>8,}   {formula}"
        yield f"    {sentence}"
    yield f"  {'Score':<14}{found.score:>8,}   the sum of {words.count_noun(len(found.parts), 'part')}"
    if found.notes or found.above or found.below:
        yield ""
    yield from (f"  {note}" for note in found.notes)
    if found.above:
        yield _swap_line("To pass", found.above, "it")
    if found.below:
        yield _swap_line("To be passed by", found.below, "that one")


def _swap_line(what: str, neighbour: Neighbour, who: str) -> str:
    name = f"#{neighbour.place} {arxiv_id.from_key(neighbour.paper)} ({neighbour.score:,})"
    if not neighbour.swaps:
        return f"  {what} {name}: no growth on one network alone would do."
    ways = [f"{g.needed:,} on {words.network_name(g.network)} instead of {g.now:,}" for g in neighbour.swaps]
    return f"  {what} {name}, {who} would need {' or '.join(ways)}."
