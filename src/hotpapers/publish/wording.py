"""Days, moments and what was done, in words: the same on the site and in plain Markdown."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from hotpapers.announcement_days import holiday
from hotpapers.model import Count, Entry, IssueContent, Paper, Reading, ShelfIssue
from hotpapers.ranking import words

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

# Not for showing: control characters, and the bidi embeddings and overrides, which make a text read otherwise than it
# is. The bidi marks and isolates that languages need stay.
_ODD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
LEAD = 300
"""An abstract's first lines: whole sentences of about so many code points."""
_SENTENCE_END = re.compile(r"[.!?][\"')\]]*(?= +[A-Z0-9$\\(])")


def shown(text: str) -> str:
    """Text from outside without the characters that no page should carry."""
    return _ODD.sub("", text) if _ODD.search(text) else text


def one_line(text: str) -> str:
    """The same on one line, blanks single."""
    return " ".join(shown(text).split())


# ---- days and moments --------------------------------------------------------------------------------


def day_name(day: str) -> str:
    """`2021-01-14` → `14 January 2021`."""
    when = date.fromisoformat(day)
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def weekday_name(day: str) -> str:
    """`2021-01-14` → `Thursday, 14 January 2021`."""
    return f"{WEEKDAYS[date.fromisoformat(day).weekday()]}, {day_name(day)}"


def _utc(moment: int) -> datetime:
    return _EPOCH + timedelta(microseconds=moment)


def iso(moment: int) -> str:
    """µs → `2021-01-15T05:30:53Z`."""
    return _utc(moment).strftime("%Y-%m-%dT%H:%M:%SZ")


def minute(moment: int) -> str:
    """µs → `2021-01-15 05:30 UTC`."""
    return _utc(moment).strftime("%Y-%m-%d %H:%M UTC")


def day_of(moment: int) -> str:
    """µs → `2021-01-15`."""
    return _utc(moment).strftime("%Y-%m-%d")


# ---- what was done -----------------------------------------------------------------------------------


def facts(issue: ShelfIssue) -> tuple[str, ...]:
    """What was done for an issue: the parts of the one line below its date."""
    return _listing_facts(issue.content) if issue.listing else _own_facts(issue.content)


def _listing_facts(content: IssueContent) -> tuple[str, ...]:
    counts = [count for entry in content.entries for count in entry.counts]
    first = f"{words.count_noun(len(content.entries), 'paper')} listed"
    if not counts:
        return (first,)
    networks = ", ".join(sorted({words.network_name(count.network) for count in counts}))
    return first, networks, f"counted {day_of(max(count.until for count in counts))}{_counted_by(counts[0])}"


def _counted_by(count: Count) -> str:
    """The method by name; of those that `words` knows a note of, in words."""
    if not count.method:
        return ""
    return ", by the publication’s own search" if words.method_note(count.method) else f", by {count.method}"


def _own_facts(content: IssueContent) -> tuple[str, ...]:
    announced = "" if content.announced is None else f" of {words.number(content.announced)} announced"
    said = [f"{words.count_noun(len(content.entries), 'paper')}{announced}"]
    if content.announced is None and content.publication.window == "daily":
        said.append("the day’s announcement is not in the record")
    return *said, _readings(content) if content.readings else "no network read"


def _readings(content: IssueContent) -> str:
    """`7 networks read, 1 in part (…), 1 unknown (reddit: refused since 02:10)`."""
    by_state: dict[str, list[Reading]] = {"read": [], "in part": [], "unknown": []}
    for reading in content.readings:
        by_state[{"complete": "read", "partial": "in part"}.get(reading.state, "unknown")].append(reading)
    said = [f"{words.count_noun(len(by_state['read']), 'network')} read"]
    for state in ("in part", "unknown"):
        if by_state[state]:
            why = "; ".join(_why(reading, content.cut) for reading in by_state[state])
            said.append(f"{len(by_state[state])} {state} ({why})")
    return ", ".join(said)


def _why(reading: Reading, cut: int) -> str:
    """`Reddit: refused since 02:10`, with the day where it is not the cut's; then the reason."""
    since = ""
    if reading.since is not None:
        moment = minute(reading.since).removesuffix(" UTC")
        since = "since " + (moment[11:] if day_of(reading.since) == day_of(cut) else moment)
    state = "refused" if reading.state == "refused" else ""
    said = ", ".join(part for part in (f"{state} {since}".strip(), one_line(reading.reason)) if part)
    return f"{words.network_name(reading.network)}: {said}" if said else words.network_name(reading.network)


def empty(issue: ShelfIssue) -> str:
    """Why an issue holds no paper; empty when it does."""
    content = issue.content
    if content.entries:
        return ""
    if issue.listing:
        return "The listing of this day names no paper."
    if content.announced == 0:
        name = holiday(content.day)
        return f"Nothing was announced ({name})." if name else "Nothing was announced."
    if all(reading.state == "unknown" for reading in content.readings):
        return "No network was read for this day, so nothing is known of what was talked about."
    announced = "" if content.announced is None else f" of the {words.count_noun(content.announced, 'paper')} announced"
    return (
        f"Nothing reached the threshold: none{announced} scored {words.number(content.publication.threshold)} or more."
    )


def notes(content: IssueContent) -> tuple[str, ...]:
    """What a reader must know of how an issue's counts were made."""
    methods = sorted({count.method for entry in content.entries for count in entry.counts if count.method})
    known = [note for note in map(words.method_note, methods) if note]
    used = " The ranking uses favorites alone." if content.ranking.startswith("rarity/") else ""
    return tuple(f"How this was counted: {note}.{used}" for note in known)


# ---- an entry ----------------------------------------------------------------------------------------


def counts_line(count: Count) -> str:
    """A network's counts: as printed where they are a tally, else with the voices that were counted."""
    parts = [words.count_noun(count.reposts, "repost"), words.count_noun(count.likes, "like")]
    if not count.method:
        parts.insert(0, words.count_noun(count.voices, "voice"))
    return ", ".join(parts)


def total(entry: Entry) -> str:
    """The parts of a score as one sum: `2,177 + 812 = 2,989`."""
    if len(entry.parts) < 2:
        return words.number(entry.score)
    return " + ".join(words.number(part.score) for part in entry.parts) + f" = {words.number(entry.score)}"


def places(entry: Entry, listed: bool) -> str:
    """The place then beside the place now; empty where no place by the classic rule is known."""
    if not entry.then:
        return ""
    was = "As printed then" if listed else "By reposts and likes added up"
    return f"{was}: place {entry.then}. Here: place {entry.place}."


LEVEL = "Level with a neighbour: the same score. More voices go first, then the earlier announcement, then the id."


def level(entry: Entry, ranking: str) -> str:
    """What decides between level scores."""
    if not entry.level:
        return ""
    return LEVEL if ranking.startswith("rarity/") else "Level with a neighbour: the same score."


def lead(paper: Paper) -> tuple[str, str]:
    """What an entry says of its paper, and what unfolds.

    The summary, and the whole abstract; without a summary the abstract's first lines, and the rest of it.
    """
    abstract = one_line(paper.abstract)
    if paper.summary:
        return one_line(paper.summary), abstract
    if len(abstract) <= LEAD + 40:
        return abstract, ""
    early = [match.end() for match in _SENTENCE_END.finditer(abstract, 100, LEAD)][-1:]
    late = [match.end() for match in islice(_SENTENCE_END.finditer(abstract, LEAD, LEAD + 160), 1)]
    for end in [*early, *late]:
        return abstract[:end], abstract[end:].lstrip()
    blank = abstract.rfind(" ", 100, LEAD)
    cut = blank if blank > 0 else LEAD
    return abstract[:cut].rstrip() + " …", "… " + abstract[cut:].lstrip()
