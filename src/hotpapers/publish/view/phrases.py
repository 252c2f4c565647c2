"""Days, times, readings, counts and entries in words, and where an abstract is cut: the same on the site and
in plain Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from itertools import islice
from typing import NamedTuple

from hotpapers.base.model import (
    DAY,
    HOUR,
    Entry,
    IssueContent,
    Notice,
    Paper,
    PrintedCount,
    Publication,
    PublishedIssue,
    Quotation,
    Retrospective,
)
from hotpapers.base.networks import network_title
from hotpapers.base.papers import paper_servers
from hotpapers.base.papers.announcement_days import calendar
from hotpapers.base.text import clean_text, timestamps
from hotpapers.base.text.tex_formulas import find_formulas
from hotpapers.base.text.words import count_noun, format_number
from hotpapers.issues import announcement_counts
from hotpapers.issues.ranking import words
from hotpapers.issues.windows import LONG, named_days, waits_for_announcement
from hotpapers.publish.view.key_sentence import TOO_LONG, key_sentence
from hotpapers.publish.view.reading_words import readings_text
from hotpapers.publish.view.tex import plain_line

shown = clean_text.displayable_text
one_line = clean_text.one_line

LEAD = 200
"""An abstract's first lines: whole sentences of about this many code points."""
_SENTENCE_END = re.compile(r"[.!?][\"')\]]*(?= +[A-Z0-9$\\(])")


def network_name(network: str) -> str:
    """A network's name on one line."""
    return one_line(network_title(network))


def marked_title(title: str, *, withdrawn: str) -> str:
    """A title for a channel without markup: `[withdrawn] Kettles on Meshes`. `withdrawn`: how the paper was taken back,
    empty if it was not."""
    return f"[{withdrawn}] {title}" if withdrawn else title


def cut_text(text: str, limit: int) -> str:
    """The text, or its first words and an ellipsis, in at most `limit` code points; a long last word is cut too."""
    if len(text) <= limit:
        return text
    beginning = text[: limit - 1]
    if text[limit - 1] == " ":
        words = beginning
    else:
        words = beginning.rpartition(" ")[0]
    return (words if 2 * len(words) > limit else beginning).rstrip(" ,;:") + "…"


# ---- days --------------------------------------------------------------------------------------------


def day_name(day: str) -> str:
    """`2021-01-14` → `14 January 2021`."""
    return f"{int(day[8:])} {month_name(day[:7])}"


def no_issue(day: str, latest: str) -> str:
    """`no issue on 14 March; the latest is 13 March`: about a day without one. Years are named if they differ."""
    if not timestamps.is_day(day):
        return f"no issue on {day}: not a day; the latest is {day_name(latest)}"
    names = [name.rpartition(" ")[0] if day[:4] == latest[:4] else name for name in map(day_name, (day, latest))]
    return f"no issue on {names[0]}; the latest is {names[1]}"


MAX_AUTHORS = 20
"""Authors named where all others are a click away: some papers have hundreds."""


def first_names(authors: Sequence[str], most: int = MAX_AUTHORS) -> str:
    """`Tansy Overquill, Bram Oakhollow, Ines Tamarisk and 2 more`."""
    text = ", ".join(one_line(name) for name in authors[:most])
    return f"{text} and {len(authors) - most} more" if len(authors) > most else text


def issue_name(window: str, day: str) -> str:
    """An issue by its time: `14 January 2021`; a weekly one `11–17 January 2021`, a monthly one `December 2020`."""
    first, last = named_days(window, day)
    if window == "monthly":
        return month_name(last.isoformat()[:7])
    if first == last:
        return day_name(day)
    start = day_name(first.isoformat())
    end = day_name(last.isoformat())
    if first.year != last.year:
        return f"{start} – {end}"
    if first.month != last.month:
        return f"{start.rpartition(' ')[0]} – {end}"
    return f"{first.day}–{end}"


def issue_heading(window: str, day: str) -> str:
    """An issue's name as a heading: with the weekday if it is of one day."""
    return issue_name(window, day) if window in LONG else weekday_name(day)


def month_name(month: str) -> str:
    """`2021-01` → `January 2021`."""
    return f"{timestamps.MONTHS[int(month[5:]) - 1]} {month[:4]}"


def weekday_name(day: str) -> str:
    """`2021-01-14` → `Thursday, 14 January 2021`."""
    weekday = date.fromisoformat(day).weekday()
    return f"{announcement_counts.WEEKDAYS[weekday]}, {day_name(day)}"


def minute_name(at: int) -> str:
    """A moment: `14 January 2021 at 08:30 UTC`."""
    return f"{date_name(at)} at {_time_name(at)}"


def date_name(at: int) -> str:
    """The day of a moment: `14 January 2021`."""
    return day_name(timestamps.day_of(at))


def _time_name(at: int) -> str:
    """`08:30 UTC`."""
    return timestamps.minute_of(at).partition(" ")[2]


# ---- an issue ----------------------------------------------------------------------------------------


def facts(issue: PublishedIssue, *, with_reasons: bool = True) -> tuple[str, ...]:
    """Facts about how an issue was made, in parts. `with_reasons`: report why a network was not read, as its server put
    it."""
    return _listing_facts(issue.content) if issue.listing else _own_facts(issue.content, with_reasons=with_reasons)


def _listing_facts(content: IssueContent) -> tuple[str, ...]:
    counts = [count for entry in content.entries for count in entry.counts]
    first = f"{count_noun(len(content.entries), 'paper')} listed"
    if not counts:
        return (first,)
    network_names = {network_title(count.network) for count in counts}
    networks = ", ".join(sorted(network_names))
    last_day = date_name(max(count.until for count in counts))
    method = counts[0].method
    counter = "the publication’s own search" if words.method_note(method) else method
    return first, networks, f"counted {last_day}" + (f", by {counter}" if method else "")


def _own_facts(content: IssueContent, *, with_reasons: bool) -> tuple[str, ...]:
    witnessed = words.witnessed_by(content.witnessed)
    facts = (
        *announcement_counts.announcement_facts(content),
        order_note(content),
        readings_text(content, with_reasons=with_reasons) if content.readings else "no network read",
        witnessed,
        _talk_time(content),
    )
    return tuple(filter(None, facts))


def order_note(content: IssueContent) -> str:
    """That an issue's order is rough; empty without entries, and once there is enough to compare with."""
    return words.provisional_note(content.compared) if content.entries else ""


def _talk_time(content: IssueContent) -> str:
    """`7 hours of discussion since the announcement`, `7 days of discussion until …`: how long people had; empty if
    none."""
    if content.publication.window != "daily":
        if content.readings and all(reading.state != "complete" for reading in content.readings):
            return ""
        until = content.until_at or content.as_of
        days = round((until - content.from_at) / DAY)
        return f"{count_noun(days, 'day')} of discussion until {minute_name(until)}"
    waits = waits_for_announcement(content.publication)  # other servers' papers are posted at any time
    if not waits or not content.announced or not calendar.has_announcement(content.day):
        return ""
    if content.as_of <= calendar.announced_at(content.day):
        return ""
    hours = (content.as_of - calendar.announced_at(content.day)) // HOUR
    return f"{count_noun(hours, 'hour')} of discussion since the announcement"


def why_empty(issue: PublishedIssue) -> str:
    """Why an issue has no papers; empty if it has some."""
    content = issue.content
    if content.entries:
        return ""
    if issue.listing:
        return "The listing of this day has no papers."
    if content.announced == 0 and content.publication.window == "daily":
        publication = content.publication
        fields = " in this publication’s fields" if publication.categories else ""
        fields = " with this publication’s words" if publication.include or publication.exclude else fields
        if not waits_for_announcement(content.publication):
            return f"Nothing was posted{fields}."
        name = calendar.holiday_reason(content.day)
        return f"Nothing was announced ({name})." if name else f"Nothing was announced{fields}."
    if not content.readings and not (content.retrospective and content.considered):
        return announcement_counts.unread_sentence(content, "was")
    return announcement_counts.empty_reason(content)


def publication_note(publication: Publication) -> str:
    """A publication's note to its readers, shown everywhere; empty if it has none."""
    return one_line(publication.note or "")


def notes(issue: PublishedIssue) -> tuple[str, ...]:
    """Notes for readers: how an issue's counts were made, and why there was no issue just before."""
    content = issue.content
    methods = sorted({count.method for entry in content.entries for count in entry.counts})
    ranking_note = " The ranking uses only likes." if content.ranking.startswith("rarity/") else ""
    count_notes = (f"How this was counted: {note}.{ranking_note}" for note in map(words.method_note, methods) if note)
    gap_note = ""
    days = [issue_name(content.publication.window, day) for day in issue.days_without_issue]
    if days:
        span = (" to " if len(days) > 2 else " and ").join(dict.fromkeys((days[0], days[-1])))
        gap_note = f"No issue for {span}: {NOT_IN_TIME}."
    history_note = made_afterwards(content.retrospective) if content.retrospective else ""
    witnessed_sentence = words.witnessed_sentence(content.witnessed)
    return (*count_notes, *filter(None, (gap_note, witnessed_sentence, history_note)))


def further_title(content: IssueContent) -> str:
    """`228 more above 500`: what follows the entries; empty if nothing does."""
    return announcement_counts.count_further(content)


NOT_IN_TIME = "networks, or new papers, were not read in time"
NO_ISSUE = f"No issue: {NOT_IN_TIME}."


def made_afterwards(retrospective: Retrospective) -> str:
    """The data behind a retrospective issue, and the gaps in it on its day."""
    described = retrospective.described_later
    absent = ", ".join(map(network_title, retrospective.absent))
    standing = "too few to tell accounts apart" if retrospective.known is None else format_number(retrospective.known)
    bots = count_noun(retrospective.bots, "account")
    sentences = (
        "Made afterwards: this issue did not appear on its day.",
        f"{_posts_by_then(retrospective)}.",
        _survivors(retrospective),
        f"For {count_noun(described, 'paper')}, only later metadata is known." if described else "",
        announcement_counts.inferred_days(retrospective),
        f"Nothing is known about {absent}." if absent else "",
        f"Judged to be bots by then: {bots}. With standing, going by earlier data in the record: {standing}.",
    )
    return " ".join(filter(None, sentences))


def _survivors(retrospective: Retrospective) -> str:
    if not retrospective.survivors:
        return ""
    come = "1 comes" if retrospective.survivors == 1 else f"{format_number(retrospective.survivors)} come"
    return f"Of these posts, {come} from an archive of what is left of that time, uncounted then."


def _posts_by_then(retrospective: Retrospective) -> str:
    """`Its papers had 12 posts in the record by then, 2 with counts read only later; 3 more …`: which posts count."""
    verb = "does" if retrospective.posts_later == 1 else "do"
    further = (
        (retrospective.counts_later, ",", "with counts read only later"),
        (retrospective.counts_missing, ",", "with counts never read"),
        (retrospective.posts_later, ";", f"more from that time arrived later and {verb} not count"),
    )
    texts = (f"{sign} {format_number(posts)} {text}" for posts, sign, text in further if posts)
    return f"Its papers had {count_noun(retrospective.posts, 'post')} in the record by then{''.join(texts)}"


# ---- an entry ----------------------------------------------------------------------------------------


def counts_line(count: PrintedCount, note: str = "") -> str:
    """A network's counts: a tally as printed, otherwise the people, and reposts and likes if there are any. Not every
    network has both, and where accounts are known individually, counts may never have been read."""
    tally = ((count.reposts, "repost"), (count.likes, "like"))
    parts = [count_noun(number, noun) for number, noun in tally if number or count.method]
    if not count.method:
        parts.insert(0, words.voices_of(count, note))
    return ", ".join(parts) + (f", as counted by {count.collector}" if count.collector else "")


def counts_and_bots(count: PrintedCount, note: str) -> str:
    """`40 people, 38 count, 12 reposts, 28 likes (not counted: 3 bot posts)`. `note`: how many count, if not all."""
    bots = f" (not counted: {count_noun(count.bots, 'bot post')})" if count.bots else ""
    return counts_line(count, note) + bots


def total(entry: Entry) -> str:
    """The parts of a score as one sum, without those that give nothing: `2,177 + 812 = 2,989`."""
    scores = [part.score for part in entry.parts if part.score]
    if len(scores) < 2:
        return format_number(entry.score)
    first, *others = scores
    summands = " ".join(f"{'−' if score < 0 else '+'} {format_number(abs(score))}" for score in others)
    return f"{format_number(first)} {summands} = {format_number(entry.score)}"


def places(entry: Entry, listed: bool) -> str:
    """The place by the classic rule; empty if it is unknown or the same."""
    rule = "As printed originally" if listed else "By reposts and likes added up"
    if entry.classic_rank in (0, entry.place):
        return ""
    return f"{rule}: place {entry.classic_rank}."


def place_sentence(issue: PublishedIssue, entry: Entry, *, is_ongoing: bool) -> str:
    """`Place 7 of 10; 6th by likes and reposts.`, `Place 11 of 12, in a line.`, `2nd of 5 still talked about.`; empty
    for a paper without a place."""
    if not entry.place:
        return ""
    if is_ongoing:
        return f"{format_ordinal(entry.place)} of {len(issue.content.ongoing)} still talked about."
    other = place_change(entry, issue.listing is not None)
    line = ", in a line" if is_line(issue.content, entry) else ""
    return f"Place {entry.place} of {len(issue.content.listed)}{line}{other and f'; {other}'}."


def is_line(content: IssueContent, entry: Entry) -> bool:
    """Whether an issue lists an entry in a line below the others."""
    return entry in (content.further or ())


def place_change(entry: Entry, listed: bool) -> str:
    """The place by the classic rule in the fewest words, `2nd originally`; empty if it is unknown or the same."""
    rule = "originally" if listed else "by likes and reposts"
    if entry.classic_rank in (0, entry.place):
        return ""
    return f"{format_ordinal(entry.classic_rank)} {rule}"


def paper_name(paper: str) -> str:
    """A paper's id as readers know it."""
    return one_line(paper_servers.paper_id(paper) if paper_servers.is_paper_key(paper) else paper)


def notice_label(notice: Notice) -> str:
    """A publisher's notice in words: `expression of concern of 12 March 2026`."""
    name = "expression of concern" if notice.type == "concern" else notice.type
    return f"{name} of {day_name(notice.day)}"


def article_label(paper: Paper) -> str:
    """The words of a link to the article that a preprint became: `published in Annals of Tea`."""
    return f"published in {cut_text(one_line(paper.journal), 60)}" if paper.journal else "published version"


def paper_label(paper: str) -> str:
    """A paper's id with its server: `arXiv:2101.04869`, `bioRxiv 10.1101/2024.01.02.573921`."""
    server = paper_servers.server_of(paper)
    return f"{server.title}{' ' if server.registrants else ':'}{paper_name(paper)}"


def format_ordinal(number: int) -> str:
    """A number as an ordinal: `1st`, `12th`, `23rd`."""
    if number % 100 in (11, 12, 13):
        ending = "th"
    else:
        ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{format_number(number)}{ending}"


def tie_note(entry: Entry, ranking: str) -> str:
    """The rule that decided between this entry and a neighbor with the same score; empty if there is none."""
    return words.tie_sentence(ranking, is_listed=bool(entry.order)) if entry.tied else ""


def announcement(content: IssueContent, entry: Entry) -> str:
    """When an entry was announced; empty if it was on the issue's own day."""
    text = announcement_counts.announcement_phrase(content, entry)
    return "" if text == "announced that day" or content.publication.window != "daily" else text


def provisional(content: IssueContent, entry: Entry) -> str:
    """Why an entry's place is provisional; empty once there is enough to compare with."""
    threshold = content.publication.threshold
    return words.why_provisional(content.compared, entry.score, threshold, is_line=is_line(content, entry))


class Opening(NamedTuple):
    """An entry's text about its paper, as written: what is shown at once, its source, empty for a person's summary or a
    whole abstract, and what unfolds."""

    lead: str
    mark: str
    folded: str

    @property
    def text(self) -> str:
        """The lead as plain text; one written by a machine says so."""
        return plain_line(self.lead) + (f" ({self.mark})" if self.mark.startswith("machine") else "")


def opening(paper: Paper) -> Opening:
    """The summary or the abstract's most telling sentence; the abstract unfolds. An abstract of one or two short
    sentences is shown whole, and nothing unfolds."""
    abstract = one_line(paper.abstract)
    if paper.summary:
        return Opening(*split_mark(one_line(paper.summary)), abstract)
    if len(abstract) <= LEAD + 40 and len(_SENTENCE_END.findall(abstract)) < 2:
        return Opening(abstract, "", "")
    lead = key_sentence(abstract, one_line(paper.title))
    if len(lead) > TOO_LONG:
        end, is_sentence = _first_lines(abstract)
        if is_sentence:
            lead = abstract[:end]
        else:
            lead = abstract[:end].rstrip() + " …"
    return Opening(lead, ABSTRACT, abstract)


def _first_lines(abstract: str) -> tuple[int, bool]:
    """Where the first lines end, never inside a formula; and whether they are whole sentences."""
    formula_spans = [(piece.start, piece.end) for piece in find_formulas(abstract)]

    def is_text(end: int) -> bool:
        return not any(start < end < until for start, until in formula_spans)

    ends = [match.end() for match in _SENTENCE_END.finditer(abstract, 100, LEAD)]
    early_ends = ends[::-1]
    matches = islice(_SENTENCE_END.finditer(abstract, LEAD, LEAD + 160), 1)
    late_ends = [match.end() for match in matches]
    for end in filter(is_text, [*early_ends, *late_ends]):
        return end, True
    blanks = [n for n in range(LEAD - 1, 99, -1) if abstract[n] == " "]
    cut = next(filter(is_text, blanks), LEAD)
    return next((until for start, until in formula_spans if start < cut < until), cut), False


# ---- posts shown with words ---------------------------------------------------------------------------


def with_words(quotations: Sequence[Quotation]) -> list[Quotation]:
    """The quotations whose words are shown."""
    return [quotation for quotation in quotations if has_words(quotation)]


def quoted_at_once(issue: PublishedIssue) -> int:
    """The number of posts that an issue shows immediately under a paper. A listing may have printed many more."""
    return 1 if issue.listing else issue.content.publication.posts


def has_words(quotation: Quotation) -> bool:
    """Whether there is anything to quote: a post may be only a link or a picture."""
    return quotation.shown != "link" and not clean_text.is_blank(quotation.post.text)


ABSTRACT = "from the abstract"
"""The mark of a sentence from the abstract."""
MAX_MODEL_CHARS = 60

_SIGNED = re.compile(r"(.+) \((machine-written, [^()]+, \d{4}-\d\d-\d\d)\)", re.DOTALL)
_ODD = re.compile(r"[^\w.:/+-]+")


def signed_sentence(text: str, model: str, day: str) -> str:
    """A machine-written sentence with its mark: `Kettles boil. (machine-written, tea-7b, 2026-11-20)`."""
    name = _ODD.sub(" ", model).strip()[:MAX_MODEL_CHARS].strip() or "unnamed model"
    return f"{text} (machine-written, {name}, {day})"


def split_mark(summary: str) -> tuple[str, str]:
    """A summary's text and its mark; the mark is empty for a person's summary."""
    match = _SIGNED.fullmatch(summary)
    return (match[1], match[2]) if match else (summary, "")
