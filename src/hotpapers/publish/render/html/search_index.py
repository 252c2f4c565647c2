"""The static site's search index, in files of which one search loads a few. The app doesn't need it.

Programs read the files below. The site's own pages load each as a script of the same name, which browsers also do from
a disk: `search/2020-q2/07.js` is `searchFile("2020-q2/07", "…")`. Two differ: titles and texts in `papers/…` are those
of `script_text`, and `index` also has the days whose posts are searched. Beside them are scripts of quoted posts
(`pages.QuotedPosts`).

    search/index.json               {"parts": ["2020-q2", "2020-q3", …]}: the quarters that have issues
    search/2020-q2/index.json       {"issues": [["2020-06-29", 14], …], "ids": ["2006.15191", …], "from": ["", "algor",
                                    …]}: days with their number of papers; the papers' identifiers, so that a paper in
                                    several issues is found once; and the first word of each word file. Of weekly and
                                    monthly issues also "covers": the first and the last day of each
    search/2020-q2/07.txt           words in order, one per line: `kettle 3A3C1fD`
    search/papers/2020-06-29.json   what is shown of an issue's papers: identifier, title, authors, categories, text,
                                    place

The papers of a part are numbered from 0, by day and place. A word is followed by paper numbers (base 36), each with a
letter for where the word occurs: A in the title, B in a name, C in the text, D several times in the text. A `*` before
them means that the word is in most texts; then Z marks the papers without it. Words are those of the record's own
search (`search.tokenizer`), without plural endings in titles and texts, unchanged in names. Labels begin with #:
categories, archives, identifiers, articles. A new issue changes only its quarter's files. Fewer parts would make
publishing more expensive, more parts searching.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from hotpapers.base.grouping import group_by
from hotpapers.base.model import EntrySummary, IssueReader, RenderedFile
from hotpapers.base.papers import paper_servers
from hotpapers.base.papers.categories import archive_of, is_category
from hotpapers.base.text.clean_text import one_line
from hotpapers.issues.windows import LONG, named_days
from hotpapers.keep.search.tokenizer import stem_word, text_words
from hotpapers.publish.view import site_paths
from hotpapers.publish.view.phrases import marked_title
from hotpapers.publish.view.tex import tex_to_text
from hotpapers.publish.view.text_for_scripts import script_text

FILES = 24
"""Word files per part: some 12 kB each at ten papers a day."""
OFTEN = 3
"""Occurrences in a text from which a word counts as there several times."""
MAX_WORD_SHARE, SMALL = 0.5, 20
"""A word is common if it is in more than this share of a part's texts, and in more than this many."""
AUTHORS = 100
"""Authors of a paper that are shown; all of them can be found."""
MAX_TEXT_CHARS = 4_000
"""Code points of a text to show."""
POSTS = 30
"""Latest issues whose quoted posts are searched: as many as feeds have."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def index_files(
    issue_reader: IssueReader, publication: str, days: Iterable[str], is_own: Callable[[str], bool]
) -> Iterator[RenderedFile]:
    """The files of a publication's index that change when these days' issues change. `is_own`: selects a share of the
    quarters, by name."""
    all_days = issue_reader.days(publication)
    chosen_days = set(days).intersection(all_days)
    parts = sorted(set(map(part_of, all_days)))
    yield _json("search/index.json", {"parts": parts})
    yield script_file("search/index.json", {"parts": parts, "days": all_days[-POSTS:]})
    summaries = group_by(issue_reader.entry_summaries(publication), lambda summary: summary.day)
    for part in filter(is_own, sorted(set(map(part_of, chosen_days)))):
        issues = [(day, summaries[day]) for day in all_days if part_of(day) == part]
        texts = issue_reader.abstracts(publication, [day for day, _ in issues])
        window = issue_reader.issue_header(publication, issues[0][0]).content.publication.window
        yield from part_files(part, issues, texts, window)
        for day, group in issues:
            if day in chosen_days:
                yield from shown_files(day, group, texts)


def part_of(day: str) -> str:
    """The quarter of a day: `2021-q1`."""
    return f"{day[:4]}-q{(int(day[5:7]) + 2) // 3}"


def paths_of(part: str) -> list[str]:
    """The files of a part: its index and its word files."""
    return [f"search/{part}/index.json", *(f"search/{part}/{n:02}.txt" for n in range(FILES))]


def part_files(
    part: str,
    issues: Sequence[tuple[str, Sequence[EntrySummary]]],
    texts: Mapping[tuple[str, str], str],
    window: str,
) -> Iterator[RenderedFile]:
    """The files of a part. `issues`: days with their entries; `texts`: by day and paper; `window`: of the issues."""
    index_path, *paths = paths_of(part)
    papers = [(paper, texts.get((day, paper.paper), "")) for day, group in issues for paper in group]
    line_groups = _cut(index_lines(papers), len(paths))
    first_words = list[str]()
    following = "\uffff"
    for group in reversed(line_groups[1:]):
        following = group[0].partition(" ")[0] if group else following  # an empty file begins where the next one does
        first_words.insert(0, following)
    ids = [site_paths.paper_id(summary.paper) for summary, _ in papers]
    days = [(day, len(group)) for day, group in issues]
    part_index: dict[str, Any] = {"issues": days, "ids": ids, "from": ["", *first_words]}
    if window in LONG:
        part_index["covers"] = [named_days(window, day) for day, _ in issues]
    yield from _with_script(index_path, part_index)
    for path, group in zip(paths, line_groups, strict=True):
        text = "\n".join(["", *group, ""])
        yield RenderedFile(path, text.encode())
        yield script_file(path, text)


def index_lines(papers: Sequence[tuple[EntrySummary, str]]) -> list[str]:
    """Each word with the papers that contain it, in the order in which scripts compare strings."""
    result = defaultdict(list)
    text_counts = Counter[str]()
    in_texts = []
    for number, (summary, text) in enumerate(papers):
        paper_number = to_base36(number)
        categories = {category.lower() for category in summary.categories if is_category(category)}
        ids = (paper_servers.paper_id(summary.paper), *summary.doi.lower().split())
        labels = {*categories, *map(archive_of, categories), *ids}
        for word in {*map(stem_word, text_words(summary.title)), *(f"#{label}" for label in labels)}:
            result[word].append(f"{paper_number}A")
        for word in set(text_words(" ; ".join(summary.authors))):
            result[word].append(f"{paper_number}B")
        in_texts.append(Counter(map(stem_word, text_words(text))))
        text_counts.update(in_texts[-1].keys())
    common = {word for word, count in text_counts.items() if count > max(MAX_WORD_SHARE * len(papers), SMALL)}
    for number, words_of_text in enumerate(in_texts):
        posting = f"{to_base36(number)}C"
        frequent_posting = f"{to_base36(number)}D"
        for word, count in words_of_text.items():
            result[word].append(frequent_posting if count >= OFTEN else posting)
    for word in common:
        papers_without = (f"{to_base36(n)}Z" for n, words_of_text in enumerate(in_texts) if word not in words_of_text)
        result[word] = ["*", *papers_without, *(posting for posting in result[word] if posting[-1] in "AB")]
    # scripts compare strings by their UTF-16 units
    ordered_words = sorted(result, key=lambda word: word.encode("utf-16-be", "replace"))
    return [f"{word} {''.join(result[word])}" for word in ordered_words]


def _cut(words: Sequence[str], count: int) -> list[list[str]]:
    """Split lines into `count` runs of about the same size."""
    goal = sum(map(len, words)) / count
    size = 0
    groups: list[list[str]] = [[] for _ in range(count)]
    for line in words:
        groups[min(int(size / goal), count - 1)].append(line)
        size += len(line)
    return groups


def shown_files(
    day: str, summaries: Iterable[EntrySummary], texts: Mapping[tuple[str, str], str]
) -> Iterator[RenderedFile]:
    """Files with the displayed details of an issue's papers: JSON for programs, and a script for pages."""
    path = f"search/papers/{day}.json"
    papers = [(summary, one_line(texts.get((day, summary.paper), ""))) for summary in summaries]
    yield _json(path, [_row(summary, tex_to_text, text) for summary, text in papers])
    yield script_file(path, [_row(summary, script_text, text) for summary, text in papers])


def _row(summary: EntrySummary, convert: Callable[[str], Any], text: str) -> tuple[Any, ...]:
    """Identifier, title, authors, categories, text and place."""
    paper_id = site_paths.paper_id(summary.paper)
    title = one_line(summary.title)
    return (
        paper_id,
        convert(marked_title(title, withdrawn=summary.withdrawn)) if title else paper_servers.paper_id(summary.paper),
        tuple(map(one_line, summary.authors[:AUTHORS])),
        tuple(map(one_line, summary.categories)),
        convert(text[:MAX_TEXT_CHARS]),
        summary.place,
    )


def script_file(path: str, value: object) -> RenderedFile:
    """The script that has a file's content for the search page."""
    name = path.removeprefix("search/").rpartition(".")[0]
    call = b"searchFile(%s,%s);\n" % (msgspec.json.encode(name), msgspec.json.encode(value))
    return RenderedFile(f"search/{name}.js", call)


def _with_script(path: str, value: object) -> Iterator[RenderedFile]:
    yield _json(path, value)
    yield script_file(path, value)


def to_base36(number: int) -> str:
    """A number in digits and small letters."""
    high, low = divmod(number, 36)
    return (to_base36(high) if high else "") + _DIGITS[low]


def _json(path: str, value: object) -> RenderedFile:
    return RenderedFile(path, msgspec.json.encode(value))
