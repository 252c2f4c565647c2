"""A ranking's arithmetic in plain sentences: the same on the command line and on every page."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET, UnsetType

from hotpapers.base.model import Entry, PrintedCount, ReferenceSize, ScoreComponent, WitnessedCounts
from hotpapers.base.networks import network_title
from hotpapers.base.text.words import count_noun, format_number
from hotpapers.issues.ranking import rarity_2
from hotpapers.issues.ranking.rarity_1 import ENOUGH, ENOUGH_DAYS

_AGES = {6: "after six hours", 24: "after a day", 72: "after three days", 168: "after a week"}


def part_sentence(part: ScoreComponent, *, with_formula: bool = False) -> str:
    """One part of a score as a sentence or two that end with its points, or with their `part_formula`."""
    name = network_title(part.network)
    result = part_formula(part) if with_formula else format_number(part.score)
    if part.rule == "classic":
        return f"Reposts and likes on {name}, added up: {result}."
    if part.rule == rarity_2.RULE:
        return _vouching_sentence(part, result)
    amount = counted_amount(part)
    if part.score == 0 and part.voices == 0:
        return f"{name}: nobody who counts was seen there: 0."
    if part.score == 0 and part.voices < 3:
        return f"{amount} on {name}, too few to score: 0."
    if part.age and not part.papers:
        return f"{amount} on {name}, and no other paper there yet to compare with: {result}."
    other_papers = count_noun(part.papers, "other paper") + ("" if part.among == "all" else f" of {part.among}")
    has_amount = part.counted_as is not UNSET
    least = format_number(part.voices) if has_amount else amount
    comparison = f"{format_number(part.atleast) if part.atleast else 'none'} had {least} or more"
    is_capped = part.rule == rarity_2.CAPPED
    points = f"{f'; but each adds at most {rarity_2.MAX_POINTS_PER_VOICE} points' if is_capped else ''}: {result}."
    if part.age == 0:
        return f"Of {other_papers} listed in the 90 days before, {comparison}{points}"
    age = _AGES.get(part.age, f"after {part.age} hours")
    beginning = f"{amount} on {name}. Of" if has_amount else "Of"
    place = "there" if has_amount else f"on {name}"
    return f"{beginning} {other_papers} talked about {place} in {_reach(part.days)}, {comparison} {age}{points}"


def counted_amount(part: ScoreComponent) -> str:
    """Words for the amount that a part counted: `74 likes for one post`, `6 people who count, 3 of them regulars,`, `17
    people`."""
    if part.counted_as in ("likes", "reposts"):
        return f"{count_noun(part.voices, part.counted_as.removesuffix('s'))} for one post"
    if part.known is UNSET:
        return count_phrase(part.voices, "person" if part.counted_as else part_unit(part))
    if part.known == part.voices:
        return count_noun(part.voices, "regular")
    return f"{count_phrase(part.voices, COUNTED_PERSON)}, {format_number(part.known)} of them regulars,"


def _vouching_sentence(part: ScoreComponent, result: str) -> str:
    if part.voices < rarity_2.MIN_KNOWN_VOICES:
        known = "One regular is not enough for points" if part.voices else "Without regulars, there are no points"
        return f"{known}: {result}."
    limit = format_number(rarity_2.vouched_limit(part.voices))
    return (
        f"With {format_number(part.voices)} regulars, a score is at most {limit}, "
        f"{rarity_2.VOUCHED_PER_VOICE} for each: {result}."
    )


def price_sentence(entry: Entry, least_score: int, *, is_line: bool = False) -> str:
    """A sentence about the price of an entry's place, and of which goal; empty if unknown. `least_score`: see
    `Publication`."""
    price = entry.price
    if price is UNSET or price.accounts == 0:
        return ""
    if price.accounts is None:
        return "No number of accounts tried would be enough to fake this score."
    place = "line" if is_line else "place"
    goal = "Faking this score" if entry.score >= least_score else f"A {place} below the threshold"
    sentence = f"{goal} would take about {count_noun(price.accounts, 'account')}"
    if price.known:
        known = f"at least {format_number(price.known)} of them regulars"
        return f"{sentence}, {known}; others alone could not do it, in any number."
    if rarity_2.known_voices(entry.counts) is not None:
        strangers = "not a regular’s" if price.accounts == 1 else "none of them a regular"
        return f"{sentence}, {strangers}."
    return f"{sentence}. The record is too young to tell regulars from others."


_TIE_BREAKS = {"rarity/2": "More regulars go first", "rarity/1": "More people go first"}


def tie_sentence(ranking: str, *, is_listed: bool) -> str:
    """How ties are broken. `is_listed`: the papers are in an imported listing."""
    first_rule = _TIE_BREAKS.get(ranking, "The listing's own order decides" if is_listed else "")
    rule = f"{first_rule}, then the earlier announcement" if first_rule else "The earlier announcement goes first"
    return f"Tied with a neighbor: the same score. {rule}, then the id."


def voices_of(count: PrintedCount, note: str = "") -> str:
    """`41 people, 38 count, 30 regulars, 2 authors`. `note`: how many count, if not all."""
    nobody = "nobody else" if count.authors else "nobody seen"  # also where a network was not read
    text = people_phrase(count.voices) if count.voices else nobody
    if note and count.voices:
        text += f", {note}"
    if count.known is not UNSET and count.voices:
        text += f", {count_noun(count.known, 'regular') if count.known else 'no regulars'}"
    return f"{text}, {count_noun(count.authors, 'author')}" if count.authors else text


def people_phrase(count: int) -> str:
    """`1 person`, `316 people`."""
    return count_noun(count, "person", "people")


def ranks_likes(entry: Entry) -> bool:
    """Whether an entry of a listing is ranked by its likes alone."""
    return any(part.age == 0 and part.rule != "classic" for part in entry.parts)


def shown_count(count: PrintedCount, *, only_likes: bool) -> str:
    """A network's count in the fewest words: `316 people`; of a tally, the ranked amount: `439 likes`."""
    if not count.method:
        return people_phrase(count.voices)
    tally = ((0 if only_likes else count.reposts, "repost"), (count.likes, "like"))
    return ", ".join(count_noun(number, noun) for number, noun in tally if number or noun == "like")


def is_printed(count: PrintedCount) -> bool:
    """Whether a network's counts are explained: not if all its people count on others, where they say the same."""
    return has_figure(count) or bool(count.bots)


def has_figure(count: PrintedCount) -> bool:
    """Whether a network is named beside an entry: a zero, also where it was not read, would only raise questions."""
    return bool(count.method or count.voices or count.reposts or count.likes)


def counting_part(entry: Entry, network: str) -> ScoreComponent | None:
    """The part of a score that says how many people of a network count; None if all of them do."""
    parts = (part for part in entry.parts if part.rule in rarity_2.RULES_OF_NETWORKS)
    return next((part for part in parts if part.network == network), None)


def counted_note(entry: Entry, count: PrintedCount) -> str:
    """`128 count`, where fewer people count than talked about the paper; otherwise empty."""
    part = counting_part(entry, count.network)
    if part is None or part.voices == count.voices:
        return ""
    if count.voices == 1:
        return "not counted"
    return f"{format_number(part.voices) if part.voices else 'none'} {'counts' if part.voices == 1 else 'count'}"


def why_counted(entry: Entry, count: PrintedCount) -> str:
    """Why that many people count, in a sentence; empty if all do."""
    part = counting_part(entry, count.network)
    name = network_title(count.network)
    if part is None or part.voices == count.voices:
        return ""
    if part.counted_as in ("likes", "reposts"):
        return f"{name} does not say who likes a post, so the {part.counted_as} of the post with most of them count."
    if isinstance(part.known, int):
        others = part.voices - part.known
        known = count_noun(part.known, "regular")
        return f"Counted there: {known} and {count_noun(others, 'other')}, at most one for each."
    return "People whose posts say the same as others, or whose post names several papers, do not all count."


def known_sentence(counts: Iterable[PrintedCount]) -> str:
    """`Regulars: 30 of 41 people on Bluesky, 1 of 8 on Mastodon.`; empty if nothing is known about any."""
    with_known = [count for count in counts if count.known is not UNSET]
    parts = [
        f"{format_number(count.known)} of {format_number(count.voices)} on {network_title(count.network)}"
        for count in with_known
        if count.known
    ]
    return f"Regulars: {', '.join(parts) or 'none'}." if with_known else ""


# ---- the size of references --------------------------------------------------------------------------


def _reach(days: int | UnsetType) -> str:
    """How far back a reference goes, `one day`, `12 days`: 90 days unless it is known to be less."""
    if days is UNSET or days >= ENOUGH_DAYS:
        return "90 days"
    return "one day" if days == 1 else count_noun(days, "day")


def provisional_note(compared: ReferenceSize | UnsetType) -> str:
    """An issue's note that its order is rough, while its reference is young; empty otherwise."""
    if compared is UNSET or not compared.young:
        return ""
    return f"compared with {_compared(compared)}, so the order is rough"


def _compared(compared: ReferenceSize) -> str:
    """`16 papers of one day`."""
    if compared.papers:
        return f"{count_noun(compared.papers, 'paper')} of {_reach(compared.days)}"
    return "no papers"


def why_provisional(compared: ReferenceSize | UnsetType, score: int, threshold: int, *, is_line: bool) -> str:
    """An entry's note that the order is rough, while the reference is young, including whether it is below the
    threshold; empty otherwise."""
    if compared is UNSET or not compared.young:
        return ""
    note = f"The order is rough until there are {format_number(ENOUGH)} papers of 90 days to compare with; so far, "
    note += f"{_compared(compared)}."
    least = max(threshold, 1)
    if score < least:
        note += f" Below the threshold of {format_number(least)}, but until then the best are shown anyway"
        note += ", those without two regulars in a line each." if is_line else "."
    return note


def part_unit(part: ScoreComponent) -> str:
    """The unit of a part's count: `person`, `person who counts` by rarity/2, `like` in a listing, `repost or like` by
    the classic rule."""
    if part.rule == "classic":
        return "repost or like"
    if part.age == 0:
        return "like"
    return COUNTED_PERSON if part.rule in rarity_2.RULES_OF_NETWORKS else "person"


COUNTED_PERSON = "person who counts"
PLURALS = {"repost or like": "reposts and likes", "person": "people", COUNTED_PERSON: "people who count"}


def count_phrase(count: int, unit: str) -> str:
    """`1 person`, `1,204 likes`, `60 reposts and likes`."""
    return count_noun(count, unit, plural_unit(unit))


def plural_unit(unit: str) -> str:
    """`people`, `likes`, `reposts and likes`: more than one `unit`."""
    return PLURALS.get(unit, f"{unit}s")


def part_formula(part: ScoreComponent) -> str:
    """A part as arithmetic that a reader can redo: `1000 × log10(4,813 / 32) = 2,177`."""
    if part.rule == "classic":
        return format_number(part.score)
    if part.rule == rarity_2.RULE:
        is_enough = part.voices >= rarity_2.MIN_KNOWN_VOICES
        return (
            f"no more than {rarity_2.VOUCHED_PER_VOICE} × {format_number(part.voices)}"
            if is_enough
            else "no more than 0"
        )
    if part.score == 0 and part.voices < 3:
        return "0"
    if part.rule == rarity_2.CAPPED:
        return f"{rarity_2.MAX_POINTS_PER_VOICE} × {format_number(part.voices)} = {format_number(part.score)}"
    ratio = f"{format_number(part.papers + 1)} / {format_number(part.atleast + 1)}"
    return f"1000 × log10({ratio}) = {format_number(part.score)}"


METHOD_NOTES = {
    "1": "as the publication’s own search added them up",
    "2": "added up including native reposts, each of which repeats its original’s count, so reposts are several times "
    "too high",
}
"""Known facts about how a listing's tallies were made, by the last part of the method's name."""


def collector_sentence(network: str, collector: str) -> str:
    """A sentence that a network's counts are another collector's."""
    return (
        f"{network_title(network)} counts here come from {collector}, which could read the network when this site "
        "could not."
    )


def witnessed_by(witnessed: WitnessedCounts | UnsetType) -> str:
    """`counts witnessed by 3 collectors`, or how many of them; empty if nobody else counted the same papers."""
    if witnessed is UNSET:
        return ""
    agreeing = "" if witnessed.close == witnessed.counts else f"{witnessed.close} of {witnessed.counts} "
    collectors = count_noun(len(witnessed.collectors) + 1, "collector")
    return f"{agreeing}counts witnessed by {collectors}"


def witnessed_sentence(witnessed: WitnessedCounts | UnsetType) -> str:
    """How many counts others made too, and how many agree; empty if nobody else counted the same papers."""
    if witnessed is UNSET:
        return ""
    collectors = " and ".join(witnessed.collectors)
    verb = "agrees" if witnessed.close == 1 else "agree"
    return (
        f"Counts in this issue also made by {collectors}, who read the same networks: "
        f"{format_number(witnessed.counts)}, of which {format_number(witnessed.close)} {verb} within a tenth."
    )


def method_note(method: str) -> str:
    """The caveat about a tally's method; empty if nothing is known."""
    return METHOD_NOTES.get(method.rpartition("/")[2], "") if method.startswith("hot-papers/") else ""
