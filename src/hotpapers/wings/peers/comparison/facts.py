"""Reads a collector's facts from a comparison file, and checks them, as a stranger may have written the file."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

import msgspec

from hotpapers.base.errors import InputError
from hotpapers.base.spans import union, within
from hotpapers.base.untrusted_json import decode_lines
from hotpapers.wings.peers.comparison import lines as kinds
from hotpapers.wings.peers.comparison.lines import ComparisonHeader, ComparisonLine, CoverageLine, PostLine

MAX_LINE_BYTES = 64 * 2**20
MAX_LINES = 5_000_000

K = TypeVar("K")
V = TypeVar("V")
Rules = Mapping[str, int]


class NetworkCoverage:
    """Up to when a collector had read a network, according to its own coverage."""

    def __init__(self, lines: Iterable[CoverageLine]) -> None:
        lines = list(lines)
        complete = [line for line in lines if line.state == "complete" and not line.counts]
        self._complete = sorted(complete, key=lambda line: (line.from_at, line.until_at))
        self._starts = [line.from_at for line in self._complete]
        self._longest = max((line.until_at - line.from_at for line in self._complete), default=0)
        # a failure is recorded again with every attempt
        self._gaps = union((line.from_at, line.until_at) for line in lines if line.state != "complete")

    def read_at(self, moment: int) -> int | None:
        """When everything said by a moment had been read; None for never."""
        first, end = bisect_right(self._starts, moment - self._longest - 1), bisect_right(self._starts, moment)
        return min((line.at for line in self._complete[first:end] if moment < line.until_at), default=None)

    def had_gap(self, start: int, end: int) -> bool:
        """Whether posts or counts were read only in part, or not at all, at any time between two moments."""
        return any(within(self._gaps, start, end))


class CollectorFacts(NamedTuple):
    """What one collector knows. `announced`: papers with their moments; `bots`: voices with the rules that say so;
    `doubtful`: the same for (post, paper); `posts`: by mark; `posts_by_paper`: the marks of the posts that name a
    paper; `forms`: every way in which a mention was found here; `networks_with_reactions`: where it is known who
    reacted; `networks_with_text`: where texts are known; `forgotten`: posts under the other collector's marks, as their
    own keys were forgotten; `nameless`: no marks of posts or accounts here match the other collector's."""

    header: ComparisonHeader
    coverage: Mapping[str, NetworkCoverage]
    announced: Mapping[str, int]
    bots: Mapping[str, Rules]
    doubtful: Mapping[tuple[str, str], Rules]
    posts: Mapping[str, PostLine] = {}
    posts_by_paper: Mapping[str, frozenset[str]] = {}
    forms: frozenset[str] = frozenset()
    networks_with_reactions: frozenset[str] = frozenset()
    networks_with_text: frozenset[str] = frozenset()
    forgotten: frozenset[str] = frozenset()
    nameless: bool = False

    def covered(self, network: str) -> NetworkCoverage:
        """How a network was read; without any coverage, not at all."""
        return self.coverage.get(network) or NetworkCoverage(())


def decode_file(lines: Iterable[bytes], file: str) -> Iterator[ComparisonLine]:
    """The lines of a file. Raises InputError, with file and line."""
    any_line: Any = ComparisonLine
    return decode_lines(lines, any_line, file, max_lines=MAX_LINES, max_bytes=MAX_LINE_BYTES)


def read_facts(lines: Iterable[ComparisonLine], file: str) -> CollectorFacts:
    """The facts from lines, which may be in any order except for the first and last. Raises InputError, with file and
    line."""
    reader = _FactReader()
    for number, line in enumerate(lines, 1):
        try:
            reader.take(line, number)
        except InputError as problem:
            raise InputError(problem.reason, file=file, line=number) from problem
    if not reader.ended:
        raise InputError("unexpected end: the file was cut off", file=file, line=reader.number + 1)
    return reader.facts()


class _FactReader:
    def __init__(self) -> None:
        self.header: ComparisonHeader | None = None
        self.ended = False
        self.number = 0
        self.coverage: dict[str, list[CoverageLine]] = defaultdict(list)
        self.announced: dict[str, int] = {}
        self.bots: dict[str, Rules] = {}
        self.doubtful: dict[tuple[str, str], Rules] = {}
        self.posts: dict[str, PostLine] = {}
        self.voices = {"": ""}

    def take(self, line: ComparisonLine, number: int) -> None:
        """Process the next line. Raises InputError."""
        self.number = number
        if self.ended:
            raise InputError("there are lines after the end line")
        if (number == 1) is not isinstance(line, ComparisonHeader):
            raise InputError("the first line, and only the first, must be the header")
        match line:
            case ComparisonHeader():
                self.header = _checked_header(line)
            case CoverageLine():
                if not line.from_at < line.until_at:
                    raise InputError("the coverage ends before it begins")
                self.coverage[line.network].append(line)
            case kinds.AnnouncedLine():
                _add(self.announced, line.paper, line.announced_at)
            case kinds.BotLine():
                _add(self.bots, line.voice, line.rules)
            case kinds.DoubtfulLine():
                _add(self.doubtful, (line.post, line.paper), line.rules)
            case PostLine():
                # otherwise invented posts of one account would become one voice on both sides, explained by a rule
                if self.voices.setdefault(line.account, line.voice) != line.voice:
                    raise InputError("the account has another voice in an earlier line")
                _add(self.posts, line.post, _checked_post(line))
            case kinds.ComparisonEnd():
                self.ended = True

    def facts(self) -> CollectorFacts:
        assert self.header is not None  # the first line is the header
        coverage = {network: NetworkCoverage(lines) for network, lines in self.coverage.items()}
        facts = CollectorFacts(self.header, coverage, self.announced, self.bots, self.doubtful)
        return _with_posts(facts, self.posts.values())


def _with_posts(facts: CollectorFacts, posts: Iterable[PostLine]) -> CollectorFacts:
    by_mark = {post.post: post for post in posts}
    posts_by_paper: dict[str, set[str]] = defaultdict(set)
    for post in by_mark.values():
        for paper, _, _ in post.papers:
            posts_by_paper[paper].add(post.post)
    return facts._replace(
        posts=by_mark,
        posts_by_paper={paper: frozenset(marks) for paper, marks in posts_by_paper.items()},
        forms=frozenset(form for post in by_mark.values() for _, _, form in post.papers),
        networks_with_reactions=frozenset(post.network for post in by_mark.values() if post.reactions),
        networks_with_text=frozenset(
            post.network for post in by_mark.values() if any(text for _, _, text in post.seen)
        ),
    )


# ---- the other collector's marks -------------------------------------------------------------------------


def restricted(facts: CollectorFacts, networks: Collection[str]) -> CollectorFacts:
    """The facts about some networks only."""
    return _with_posts(facts, (post for post in facts.posts.values() if post.network in networks))


def nameless(facts: CollectorFacts) -> CollectorFacts:
    """The facts from a site's published observations, whose marks of posts and accounts match nobody else's."""

    def own(mark: str) -> str:
        return mark if not mark or _is_own(mark) else f"~{mark}"

    marks = {mark for post in facts.posts.values() for mark in (post.post, post.voice, post.account)}
    marks |= {voice for post in facts.posts.values() for voice, *_ in post.reactions}
    names = {mark: own(mark) for mark in marks}
    doubtful = {(own(post), paper): rules for (post, paper), rules in facts.doubtful.items()}
    bots = {own(voice): rules for voice, rules in facts.bots.items()}
    posts = [_renamed(post, names, names) for post in facts.posts.values()]
    return _with_posts(facts._replace(bots=bots, doubtful=doubtful, nameless=True), posts)


def recognized(facts: CollectorFacts, other: CollectorFacts) -> CollectorFacts:
    """The facts with forgotten posts and accounts, and all those of a nameless collector, under the other collector's
    marks. A post is the same if network, moment and papers match and no other post could be meant; an account, if it
    wrote such a post, or was the only one to react to a post in the same way at the same moment."""
    twins = _twins(facts, other)
    voices = _twin_voices(facts, other, twins)
    if not twins and not voices:
        return facts
    posts = [_renamed(post, twins, voices) for post in facts.posts.values()]
    doubtful = {(twins.get(post, post), paper): rules for (post, paper), rules in facts.doubtful.items()}
    bots = {voices.get(voice, voice): rules for voice, rules in facts.bots.items()}
    forgotten = frozenset[str]() if facts.nameless else frozenset(twins.values())
    return _with_posts(facts._replace(bots=bots, doubtful=doubtful, forgotten=forgotten), posts)


def _twins(facts: CollectorFacts, other: CollectorFacts) -> dict[str, str]:
    def by_content(posts: Iterable[PostLine]) -> dict[tuple[str, int, frozenset[str]], list[str]]:
        marks: dict[tuple[str, int, frozenset[str]], list[str]] = defaultdict(list)
        for post in posts:
            marks[post.network, post.created_at, frozenset(paper for paper, _, _ in post.papers)].append(post.post)
        return marks

    missing = by_content(post for mark, post in other.posts.items() if mark not in facts.posts and not _is_own(mark))
    forgotten = by_content(post for mark, post in facts.posts.items() if _is_own(mark))
    return {
        marks[0]: missing[content][0]
        for content, marks in forgotten.items()
        if len(marks) == 1 and len(missing.get(content, ())) == 1
    }


def _is_own(mark: str) -> bool:
    """Whether a mark is unique to this collector, as its key or text was forgotten."""
    return mark.startswith("~")


def _twin_voices(facts: CollectorFacts, other: CollectorFacts, twins: Mapping[str, str]) -> dict[str, str]:
    voices = {}
    for mark, post in facts.posts.items():
        twin = other.posts.get(twins.get(mark, mark))
        if twin is None:
            continue
        if _is_own(post.voice) and twin.voice:
            voices[post.voice] = twin.voice
        reactions = _voices_by_reaction(twin)
        for reaction, marks in _voices_by_reaction(post).items():
            forgotten, missing = list(filter(_is_own, marks)), reactions[reaction] - marks - {""}
            if len(forgotten) == len(missing) == 1:
                voices[forgotten[0]] = missing.pop()
    return voices


def _voices_by_reaction(post: PostLine) -> dict[tuple[str, int], set[str]]:
    """Who reacted in the same way at the same moment."""
    voices: dict[tuple[str, int], set[str]] = defaultdict(set)
    for voice, type, at, _ in post.reactions:
        voices[type, at].add(voice)
    return voices


def _renamed(post: PostLine, twins: Mapping[str, str], voices: Mapping[str, str]) -> PostLine:
    return msgspec.structs.replace(
        post,
        post=twins.get(post.post, post.post),
        voice=voices.get(post.voice, post.voice),
        account=voices.get(post.account, post.account),
        reactions=[(voices.get(voice, voice), type, at, withdrawn) for voice, type, at, withdrawn in post.reactions],
    )


def _add(rows: dict[K, V], key: K, value: V) -> None:
    if key in rows:
        raise InputError("duplicate line")
    rows[key] = value


def _checked_header(header: ComparisonHeader) -> ComparisonHeader:
    if header.format != kinds.FORMAT:
        raise InputError(f"not a comparison file: the first line is not a {kinds.FORMAT} header")
    if header.version != kinds.VERSION:
        raise InputError(f"unsupported format version {header.version}; this program reads version {kinds.VERSION}")
    if not header.since < header.until:
        raise InputError("the period ends before it begins")
    return header


def _checked_post(post: PostLine) -> PostLine:
    moments = (
        [at for at, _, _ in post.seen],
        [at for at, _, _ in post.readings],
        [at for _, _, at, _ in post.reactions],
    )
    if any(later < earlier for series in moments for earlier, later in pairwise(series)):
        raise InputError("the observations are not in ascending order")
    if len({paper for paper, _, _ in post.papers}) < len(post.papers):
        raise InputError("the post names a paper twice")
    return post
