"""The summary that readers see first of an issue: one line about it, and its first titles.

Reasons for which networks could not be read contain addresses and answers of servers. They are for the operator, on the
status page and in the API, so nothing here gives them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hotpapers.base.model import Entry, IssueContent, PrintedCount, PublishedIssue
from hotpapers.base.model.items import Window
from hotpapers.base.networks import network_title
from hotpapers.base.text.words import count_noun, format_number
from hotpapers.issues.coverage import PARTLY, servers_span, unread_words, words_of_reading
from hotpapers.issues.ranking import words
from hotpapers.issues.ranking.rarity_1 import MIN_VOICES
from hotpapers.publish.view import phrases
from hotpapers.publish.view.tex import plain_line

ANSWERED = "authors answered"
"""Said of a paper whose authors answered others."""
TITLES = 3
"""How many titles introduce an issue where there is little room."""
MAX_INTRODUCED_CHARS = 88
"""Code points of each, so that all of them fit into a description of 300."""
MAX_TITLE_CHARS = 120
"""Code points of a title in a mail's subject."""
NAMED = 2
"""How many networks that could not be read are named; more are counted."""


def summary_line(issue: PublishedIssue) -> str:
    """`10 papers · 6 networks · Reddit could not be read`: the line below an issue's date."""
    content = issue.content
    parts = [count_noun(len(content.entries), "paper")]
    if issue.listing:
        parts += sorted({network_title(count.network) for entry in content.entries for count in entry.counts})
    else:
        parts += _networks(content)
    return phrases.one_line(" · ".join(parts))


def _networks(content: IssueContent) -> Iterator[str]:
    if content.retrospective:
        yield "made afterwards"
    by_words: dict[str, list[str]] = {}
    for network, how in unread_words(content).items():
        by_words.setdefault(how, []).append(network)
    read = [network for how in ("", PARTLY) for network in by_words.get(how, ())]
    if read or not content.retrospective:
        yield count_noun(len(read), "network") if read else "no network read"
    by_words.pop("", None)
    for how, networks in by_words.items():
        names = [network_title(network) for network in networks]
        some = "all" if networks == read else count_noun(len(names), "network")
        yield f"{' and '.join(names) if len(names) <= NAMED else some} {how}"
    for reading in content.servers or ():
        if how := words_of_reading(reading, servers_span(content)):
            yield f"{network_title(reading.network)} {how}"


def main_figure(entry: Entry, count: PrintedCount) -> int:
    """A count as one number: people, or where none are known, what ranks: likes, or reposts and likes together."""
    if not count.method:
        return count.voices
    return count.likes if words.ranks_likes(entry) else count.reposts + count.likes


def counts_line(entry: Entry) -> str:
    """`People: Bluesky 196 (104 count) · Mastodon 121`: an entry's counts in a line, largest first; empty if it has
    none. Numbers too small to count are left out if there are larger ones."""
    counts = sorted(((main_figure(entry, count), count) for count in entry.counts), key=lambda pair: -pair[0])
    least = min(MIN_VOICES, counts[0][0]) if counts else 0
    figures = [_counted(entry, count, number) for number, count in counts if number and number >= least]
    unit = "People"
    if any(count.method for count in entry.counts):
        unit = "Likes" if words.ranks_likes(entry) else "Reposts and likes"
    return f"{unit}: {' · '.join(figures)}" if figures else ""


def facts_line(issue: PublishedIssue, entry: Entry) -> str:
    """An entry's counts in a line, and whether the paper's authors answered."""
    parts = (counts_line(entry), ANSWERED if entry.paper in issue.answered else "")
    return " · ".join(filter(None, parts))


def _counted(entry: Entry, count: PrintedCount, number: int) -> str:
    by_whom = f"as counted by {count.collector}" if count.collector else ""
    notes = (words.counted_note(entry, count), by_whom)
    note = ", ".join(filter(None, notes))
    network_name = phrases.network_name(count.network)
    return f"{network_name}\u00a0{format_number(number)}{note and f' ({note})'}"


def introduction(issue: PublishedIssue) -> str:
    """`Kettles · On Tea · Bridges for Robots · and 7 more`: the contents of an issue, in a line or two. Why it has
    nothing, if it has no papers."""
    entries = issue.content.entries
    return join_titles(
        [plain_title(issue, entry.paper) for entry in entries[:TITLES]], len(entries)
    ) or phrases.why_empty(issue)


def join_titles(titles: Sequence[str], total: int) -> str:
    """Titles of a number of papers in a line: `Kettles · On Tea · Bridges for Robots · and 7 more`."""
    more = _more(total - len(titles))
    return " · ".join([*(phrases.cut_text(title, MAX_INTRODUCED_CHARS) for title in titles), *more])


def subject(issue: PublishedIssue) -> str:
    """`Quiet Parsers under Deep Wells and 9 more · 13 March`: the first title, cut if it is long, and the day."""
    content = issue.content
    first = plain_title(issue, content.entries[0].paper) if content.entries else ""
    return headline(content.publication.window, content.day, first, len(content.entries))


def headline(window: Window, day: str, first: str, total: int) -> str:
    """The same of papers of which only the first title is known."""
    name = phrases.issue_name(window, day)
    when = name if window == "monthly" else name.rpartition(" ")[0]
    shown = phrases.cut_text(first, MAX_TITLE_CHARS) if total else "No papers"
    more = _more(total - 1)
    return f"{' '.join([shown, *more])} · {when}"


def _more(count: int) -> list[str]:
    return [f"and {format_number(count)} more"] if count > 0 else []


def plain_title(issue: PublishedIssue, paper: str) -> str:
    """A paper's title as plain text, its id if it has none."""
    text = plain_line(issue.papers[paper].title) or phrases.paper_name(paper)
    return phrases.marked_title(text, withdrawn=issue.withdrawn.get(paper, ""))
