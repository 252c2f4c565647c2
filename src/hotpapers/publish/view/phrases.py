"""Days, times, readings, counts and entries in words: the same on the site and in plain Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import islice

import msgspec

from hotpapers.base.announcement_days import announced_at, holiday
from hotpapers.base.ids import timestamps
from hotpapers.base.ids.tex_formulas import formulas
from hotpapers.base.model import (
    DAY,
    HOUR,
    NOT_READ,
    Entry,
    IssueContent,
    NetworkReading,
    Paper,
    Post,
    PrintedCount,
    Publication,
    PublishedIssue,
    Quotation,
    Retrospective,
)
from hotpapers.issues import announcement_counts
from hotpapers.issues.ranking import words
from hotpapers.publish.view import clean_text, site_paths
from hotpapers.publish.view.key_sentence import TOO_LONG, key_sentence
from hotpapers.publish.view.summary_source import ABSTRACT, unsigned
from hotpapers.publish.view.tex import plain_line

shown, one_line = clean_text.shown, clean_text.one_line

LEAD = 300
"""An abstract's first lines: whole sentences of about this many code points."""
_FORMULA_SIGN, _BLANK = re.compile(r"[$\\]"), re.compile(" ")
_SENTENCE_END = re.compile(r"[.!?][\"')\]]*(?= +[A-Z0-9$\\(])")


def marked_title(title: str, *, withdrawn: bool) -> str:
    """A title for a channel without markup: `[withdrawn] Kettles on Meshes`."""
    return f"[withdrawn] {title}" if withdrawn else title


def cut(text: str, limit: int) -> str:
    """The text, or its first words and an ellipsis, in at most `most` code points; a long last word is cut too."""
    if len(text) <= limit:
        return text
    beginning = text[: limit - 1]
    words = beginning if text[limit - 1] == " " else beginning.rpartition(" ")[0]
    return (words if 2 * len(words) > limit else beginning).rstrip(" ,;:") + "…"


# ---- days --------------------------------------------------------------------------------------------


def day_name(day: str) -> str:
    """`2021-01-14` → `14 January 2021`."""
    parsed = date.fromisoformat(day)
    return f"{parsed.day} {timestamps.MONTHS[parsed.month - 1]} {parsed.year}"


def issue_name(window: str, day: str) -> str:
    """An issue by its time: `14 January 2021`; a weekly one `11–17 January 2021`, a monthly one `December 2020`."""
    if window not in ("weekly", "monthly"):
        return day_name(day)
    last = date.fromisoformat(day) - timedelta(days=1)
    if window == "monthly":
        return month_name(last.isoformat()[:7])
    first = last - timedelta(days=6)
    if first.year != last.year:
        return f"{day_name(first.isoformat())} – {day_name(last.isoformat())}"
    if first.month != last.month:
        return f"{first.day} {timestamps.MONTHS[first.month - 1]} – {day_name(last.isoformat())}"
    return f"{first.day}–{day_name(last.isoformat())}"


def issue_heading(window: str, day: str) -> str:
    """An issue's name as a heading: with the weekday if it is of one day."""
    return issue_name(window, day) if window in ("weekly", "monthly") else weekday_name(day)


def month_name(month: str) -> str:
    """`2021-01` → `January 2021`."""
    return f"{timestamps.MONTHS[int(month[5:]) - 1]} {month[:4]}"


def weekday_name(day: str) -> str:
    """`2021-01-14` → `Thursday, 14 January 2021`."""
    return f"{announcement_counts.WEEKDAYS[date.fromisoformat(day).weekday()]}, {day_name(day)}"


def minute_name(at: int) -> str:
    """A moment: `14 January 2021 at 08:30 UTC`."""
    return f"{day_name(timestamps.day_of(at))} at {_time_name(at)}"


def _time_name(at: int) -> str:
    """`08:30 UTC`."""
    return timestamps.minute_of(at).partition(" ")[2]


# ---- an issue ----------------------------------------------------------------------------------------


def facts(issue: PublishedIssue, *, with_reasons: bool = True) -> tuple[str, ...]:
    """What was done for an issue, in parts. `with_reasons`: say why a network was not read, as its server put it."""
    return _listing_facts(issue.content) if issue.listing else _own_facts(issue.content, with_reasons=with_reasons)


def _listing_facts(content: IssueContent) -> tuple[str, ...]:
    counts = [count for entry in content.entries for count in entry.counts]
    first = f"{words.count_noun(len(content.entries), 'paper')} listed"
    if not counts:
        return (first,)
    networks = ", ".join(sorted({words.network_name(count.network) for count in counts}))
    last_day = day_name(timestamps.day_of(max(count.until for count in counts)))
    return first, networks, f"counted {last_day}{_counter_note(counts[0])}"


def _counter_note(count: PrintedCount) -> str:
    """The counting method: by name, or in words if `words` has a note about it."""
    if not count.method:
        return ""
    return ", by the publication’s own search" if words.method_note(count.method) else f", by {count.method}"


def _own_facts(content: IssueContent, *, with_reasons: bool) -> tuple[str, ...]:
    facts = [*announcement_counts.facts(content)]
    if provisional_note := words.provisional(content.compared):
        facts.append(provisional_note)
    facts.append(_readings(content, with_reasons=with_reasons) if content.readings else "no network read")
    if witness_note := words.witnessed_by(content.witnessed):
        facts.append(witness_note)
    return *facts, *_talk_time(content)


def _talk_time(content: IssueContent) -> Iterator[str]:
    """`7 hours of discussion since the announcement`, `7 days of discussion`: how long people had."""
    if content.publication.window != "daily":
        days = round(((content.until_at or content.as_of) - content.from_at) / DAY)
        yield f"{words.count_noun(days, 'day')} of discussion"
    elif content.announced and content.as_of > announced_at(content.day):
        hours = (content.as_of - announced_at(content.day)) // HOUR
        yield f"{words.count_noun(hours, 'hour')} of discussion since the announcement"


def _readings(content: IssueContent, *, with_reasons: bool) -> str:
    """`7 networks read, 1 only in part (…), 1 not at all (Reddit: since 02:10 UTC)`."""
    by_state: dict[str, list[NetworkReading]] = {"read": [], "only in part": [], "not at all": []}
    for reading in content.readings:
        state = {"complete": "read", "partial": "only in part"}.get(reading.state, "not at all")
        is_told = with_reasons or reading.reason == NOT_READ
        by_state[state].append(reading if is_told else msgspec.structs.replace(reading, reason=""))
    parts = [f"{words.count_noun(len(by_state['read']), 'network')} read"]
    for state in ("only in part", "not at all"):
        if by_state[state]:
            parts.append(f"{len(by_state[state])} {state} ({_reasons(by_state[state], content.as_of)})")
    return ", ".join(parts)


def _reasons(readings: Sequence[NetworkReading], cut: int) -> str:
    """`Bluesky, Lobsters: since 11:00 UTC, the machine was off; Reddit`: each reason once."""
    by_reason: dict[str, list[str]] = {}
    for reading in readings:
        by_reason.setdefault(_why(reading, cut), []).append(words.network_name(reading.network))
    return "; ".join(f"{', '.join(names)}: {why}" if why else ", ".join(names) for why, names in by_reason.items())


def _why(reading: NetworkReading, cut: int) -> str:
    """`since 02:10 UTC`, with the day if it is not the cut's; then the reason."""
    since = ""
    if reading.since is not None:
        is_same_day = timestamps.day_of(reading.since) == timestamps.day_of(cut)
        since = f"since {(_time_name if is_same_day else minute_name)(reading.since)}"
    if since and reading.reason == NOT_READ:
        return since.replace("since", "a gap from", 1)
    return ", ".join(part for part in (since, one_line(reading.reason)) if part)


def empty(issue: PublishedIssue) -> str:
    """Why an issue has no papers; empty if it has some."""
    content = issue.content
    if content.entries:
        return ""
    if issue.listing:
        return "The listing of this day has no papers."
    if content.announced == 0 and content.publication.window == "daily":
        name = holiday(content.day)
        fields = " in this publication’s fields" if content.publication.categories else ""
        return f"Nothing was announced ({name})." if name else f"Nothing was announced{fields}."
    if not content.readings and not (content.retrospective and content.considered):
        return announcement_counts.unread("was")
    return announcement_counts.empty_reason(content)


def note(publication: Publication) -> str:
    """A publication's note to its readers, shown everywhere; empty if it has none."""
    return one_line(publication.note or "")


def notes(issue: PublishedIssue) -> tuple[str, ...]:
    """What readers must know about how an issue's counts were made, and why there was no issue just before."""
    content = issue.content
    methods = sorted({count.method for entry in content.entries for count in entry.counts if count.method})
    method_notes = [note for note in map(words.method_note, methods) if note]
    ranking_note = " The ranking uses only likes." if content.ranking.startswith("rarity/") else ""
    count_notes = (f"How this was counted: {note}.{ranking_note}" for note in method_notes)
    witness_note = words.witnessed_sentence(content.witnessed)
    history_note = made_afterwards(content.retrospective) if content.retrospective else ""
    gap_note = _without_issue(issue.days_without_issue)
    return (*count_notes, *(sentence for sentence in (gap_note, witness_note, history_note) if sentence))


NO_ISSUE = "No issue: nothing was read in time."


def _without_issue(days: Sequence[str]) -> str:
    """`No issue for 10 and 11 March 2026: nothing was read then.`; empty if there are no such days."""
    if not days:
        return ""
    names = [day_name(days[0]), day_name(days[-1])] if len(days) > 1 else [day_name(days[0])]
    return f"No issue for {(' to ' if len(days) > 2 else ' and ').join(names)}: nothing was read in time."


def made_afterwards(retrospective: Retrospective) -> str:
    """What a retrospective issue is based on, and what was not known on its day."""
    sentences = ["Made afterwards: this issue did not appear on its day.", f"{_posts_by_then(retrospective)}."]
    if retrospective.described_later:
        sentences.append(
            f"For {words.count_noun(retrospective.described_later, 'paper')}, only later metadata is known."
        )
    if inferred := announcement_counts.inferred_days(retrospective):
        sentences.append(inferred)
    if retrospective.absent:
        sentences.append(f"Nothing is known about {', '.join(map(words.network_name, retrospective.absent))}.")
    standing = "too few to tell accounts apart" if retrospective.known is None else words.number(retrospective.known)
    bots = words.count_noun(retrospective.bots, "account")
    sentences.append(
        f"Judged to be bots by then: {bots}. With standing, going by earlier data in the record: {standing}."
    )
    return " ".join(sentences)


def _posts_by_then(retrospective: Retrospective) -> str:
    """`Its papers had 12 posts in the record by then, 2 with counts read only later; 3 more …`: which posts count."""
    parts = [f"Its papers had {words.count_noun(retrospective.posts, 'post')} in the record by then"]
    if retrospective.counts_later:
        parts.append(f", {words.number(retrospective.counts_later)} with counts read only later")
    if retrospective.counts_missing:
        parts.append(f", {words.number(retrospective.counts_missing)} with counts never read")
    if retrospective.posts_later:
        verb = "does" if retrospective.posts_later == 1 else "do"
        later_posts = words.number(retrospective.posts_later)
        parts.append(f"; {later_posts} more from that time arrived later and {verb} not count")
    return "".join(parts)


# ---- an entry ----------------------------------------------------------------------------------------


def counts_line(count: PrintedCount) -> str:
    """A network's counts: a tally as printed, otherwise the voices, and reposts and likes if there are any. Not every
    network has both, and where accounts are known individually, counts may never have been read."""
    reposts, likes = words.count_noun(count.reposts, "repost"), words.count_noun(count.likes, "like")
    parts = [reposts, likes]
    if not count.method:
        parts = [words.voices_of(count), *([reposts] if count.reposts else []), *([likes] if count.likes else [])]
    return ", ".join(parts) + (f", as counted by {count.collector}" if count.collector else "")


def total(entry: Entry) -> str:
    """The parts of a score as one sum: `2,177 + 812 = 2,989`."""
    if len(entry.parts) < 2:
        return words.number(entry.score)
    first, *others = (part.score for part in entry.parts)
    summands = (f"{'−' if score < 0 else '+'} {words.number(abs(score))}" for score in others)
    return f"{words.number(first)} {' '.join(summands)} = {words.number(entry.score)}"


def places(entry: Entry, listed: bool) -> str:
    """The place by the classic rule; empty if it is unknown or the same."""
    if entry.classic_rank in (0, entry.place):
        return ""
    return f"{'As printed originally' if listed else 'By reposts and likes added up'}: place {entry.classic_rank}."


def place_sentence(issue: PublishedIssue, entry: Entry) -> str:
    """`Place 7 of 10; 6th by likes and reposts.`; empty for a paper without a place."""
    if not entry.place:
        return ""
    other = movement(entry, issue.listing is not None)
    return f"Place {entry.place} of {len(issue.content.entries)}{other and f'; {other}'}."


def paper_name(paper: str) -> str:
    """A paper's id as readers know it."""
    return site_paths.arxiv_id(paper) or one_line(paper)


def movement(entry: Entry, listed: bool) -> str:
    """The place by the classic rule in the fewest words, `2nd originally`; empty if it is unknown or the same."""
    if entry.classic_rank in (0, entry.place):
        return ""
    rank = ordinal(entry.classic_rank)
    return f"{rank} originally" if listed else f"{rank} by likes and reposts"


def ordinal(number: int) -> str:
    """A number as an ordinal: `1st`, `12th`, `23rd`."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{words.number(number)}{ending}"


def tie_note(entry: Entry, ranking: str) -> str:
    """What decided between this entry and a neighbor with the same score; empty if there is none."""
    return words.tie_sentence(ranking, is_listed=bool(entry.order)) if entry.tied else ""


def announcement(content: IssueContent, entry: Entry) -> str:
    """When an entry was announced; empty if it was on the issue's own day."""
    text = announcement_counts.announcement(content, entry)
    return "" if text == "announced that day" or content.publication.window != "daily" else text


def provisional(content: IssueContent, entry: Entry) -> str:
    """Why an entry's place is provisional; empty once there is enough to compare with."""
    return words.why_provisional(content.compared, entry.score, content.publication.threshold)


def opening(paper: Paper) -> tuple[str, str]:
    """An entry's text about its paper, and the text that unfolds.

    The first is the summary or the abstract's most telling sentence; the second is the abstract. A short abstract is
    shown whole at once, and nothing unfolds.
    """
    abstract = one_line(paper.abstract)
    if paper.summary:
        return unsigned(one_line(paper.summary))[0], abstract
    if len(abstract) <= LEAD + 40:
        return abstract, ""
    telling_sentence = key_sentence(abstract, one_line(paper.title))
    if len(telling_sentence) <= TOO_LONG:
        return telling_sentence, abstract
    end, is_sentence = _first_lines(abstract)
    return (abstract[:end] if is_sentence else abstract[:end].rstrip() + " …"), abstract


def marked_lead(lead: str, source: str) -> str:
    """A paper's lead as plain text; one written by a machine says so."""
    return f"{plain_line(lead)} ({source})" if source.startswith("machine") else plain_line(lead)


def lead_text(paper: Paper) -> str:
    """What a paper says, in a sentence or two, as plain text."""
    return marked_lead(opening(paper)[0], opening_source(paper))


def opening_source(paper: Paper) -> str:
    """The source of an entry's text about its paper; empty for a person's summary or a whole abstract."""
    if paper.summary:
        return unsigned(one_line(paper.summary))[1]
    return ABSTRACT if len(one_line(paper.abstract)) > LEAD + 40 else ""


def _first_lines(abstract: str) -> tuple[int, bool]:
    """Where the first lines end, never inside a formula; and whether they are whole sentences."""
    formula_spans = [(piece.start, piece.end) for piece in formulas(abstract)] if _FORMULA_SIGN.search(abstract) else []

    def is_text(end: int) -> bool:
        return not any(start < end < until for start, until in formula_spans)

    early_ends = [match.end() for match in _SENTENCE_END.finditer(abstract, 100, LEAD)][::-1]
    late_ends = [match.end() for match in islice(_SENTENCE_END.finditer(abstract, LEAD, LEAD + 160), 1)]
    for end in filter(is_text, [*early_ends, *late_ends]):
        return end, True
    blanks = (match.start() for match in reversed(list(_BLANK.finditer(abstract, 100, LEAD))))
    cut = next(filter(is_text, blanks), LEAD)
    return next((until for start, until in formula_spans if start < cut < until), cut), False


# ---- posts shown as links ----------------------------------------------------------------------------


def with_words(quotations: Sequence[Quotation]) -> list[Quotation]:
    """The quotations whose words are shown."""
    return [quotation for quotation in quotations if has_words(quotation)]


def quoted_at_once(issue: PublishedIssue) -> int:
    """How many posts an issue quotes at once under a paper. A listing may have printed many more."""
    return 1 if issue.listing else issue.content.publication.posts


def has_words(quotation: Quotation) -> bool:
    """Whether there is anything to quote: a post may be only a link or a picture."""
    return quotation.shown != "link" and not clean_text.is_blank(quotation.post.text)


def elsewhere(quotations: Sequence[Quotation]) -> dict[str, list[Post]]:
    """The posts that can only be read on their own network, each once, by network."""
    result: dict[str, dict[str, Post]] = {}
    for quotation in quotations:
        if not has_words(quotation):
            result.setdefault(quotation.post.network, {}).setdefault(quotation.post.post, quotation.post)
    return {network: list(posts.values()) for network, posts in result.items()}


def elsewhere_head(network: str, posts: Sequence[Post]) -> str:
    """`A post on X from 14 January 2021`, `3 posts on X`."""
    where = "blogs" if network == "feeds" else one_line(words.network_name(network))
    if len(posts) > 1:
        return f"{words.count_noun(len(posts), 'post')} on {where}"
    return f"A post on {where} from {day_name(timestamps.day_of(posts[0].created_at))}"


READ_THERE = "read it there"
