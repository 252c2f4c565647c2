"""Reads a collector's facts from a comparison file, and checks them, as a stranger may have written the file."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

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


class CollectorFacts(msgspec.Struct, frozen=True, dict=True):
    """What one collector knows. `coverage`: by network; `announced`: papers with their moments; `bots`: voices with the
    rules that say so; `doubtful`: the same for (post, paper); `posts`: by mark; `forgotten`: posts under the other
    collector's marks, as their own keys were forgotten; `nameless`: no marks of posts or accounts here match the other
    collector's."""

    header: ComparisonHeader
    coverage: dict[str, list[CoverageLine]] = {}
    announced: dict[str, int] = {}
    bots: dict[str, Rules] = {}
    doubtful: dict[tuple[str, str], Rules] = {}
    posts: dict[str, PostLine] = {}
    forgotten: frozenset[str] = frozenset()
    nameless: bool = False

    @cached_property
    def posts_by_paper(self) -> Mapping[str, list[str]]:
        """The marks of the posts that name a paper, in order."""
        marks: dict[str, list[str]] = defaultdict(list)
        for mark, post in sorted(self.posts.items()):
            for paper, _, _ in post.papers:
                marks[paper].append(mark)
        return marks

    @cached_property
    def forms(self) -> frozenset[str]:
        """Every way in which a mention was found here."""
        return frozenset(form for post in self.posts.values() for _, _, form in post.papers)

    @cached_property
    def networks_with_reactions(self) -> frozenset[str]:
        """Where it is known who reacted."""
        return frozenset(post.network for post in self.posts.values() if post.reactions)

    @cached_property
    def networks_with_text(self) -> frozenset[str]:
        """Where texts are known."""
        return frozenset(post.network for post in self.posts.values() if any(text for _, _, text in post.seen))

    @cached_property
    def _coverages(self) -> dict[str, NetworkCoverage]:
        return {network: NetworkCoverage(lines) for network, lines in self.coverage.items()}

    def covered(self, network: str) -> NetworkCoverage:
        """How a network was read; without any coverage, not at all."""
        return self._coverages.get(network) or NetworkCoverage(())


def decode_file(lines: Iterable[bytes], file: str) -> Iterator[ComparisonLine]:
    """The lines of a file. Raises InputError, with file and line."""
    any_line: Any = ComparisonLine
    return decode_lines(lines, any_line, file, max_lines=MAX_LINES, max_bytes=MAX_LINE_BYTES)


def read_facts(lines: Iterable[ComparisonLine], file: str) -> CollectorFacts:
    """The facts from lines, which may be in any order except for the first and last. Raises InputError, with file and
    line."""
    facts: CollectorFacts | None = None
    voices = {"": ""}
    number, is_over = 0, False
    for number, line in enumerate(lines, 1):
        try:
            if is_over:
                raise InputError("there are lines after the end line")
            if isinstance(line, ComparisonHeader) and facts is None:
                facts = CollectorFacts(_checked_header(line))
            elif isinstance(line, ComparisonHeader) or facts is None:
                raise InputError("the first line, and only the first, must be the header")
            else:
                _take(facts, line, voices)
            is_over = isinstance(line, kinds.ComparisonEnd)
        except InputError as problem:
            raise InputError(problem.reason, file=file, line=number) from problem
    if facts is None or not is_over:
        raise InputError("unexpected end: the file was cut off", file=file, line=number + 1)
    return facts


def _take(facts: CollectorFacts, line: ComparisonLine, voices: dict[str, str]) -> None:
    """Adds a line to the facts. `voices`: those of the accounts so far. Raises InputError."""
    match line:
        case CoverageLine():
            if not line.from_at < line.until_at:
                raise InputError("the coverage ends before it begins")
            facts.coverage.setdefault(line.network, []).append(line)
        case kinds.AnnouncedLine():
            _add(facts.announced, line.paper, line.announced_at)
        case kinds.BotLine():
            _add(facts.bots, line.voice, line.rules)
        case kinds.DoubtfulLine():
            _add(facts.doubtful, (line.post, line.paper), line.rules)
        case PostLine():
            # otherwise invented posts of one account would become one voice on both sides, explained by a rule
            if voices.setdefault(line.account, line.voice) != line.voice:
                raise InputError("the account has another voice in an earlier line")
            _add(facts.posts, line.post, _checked_post(line))


# ---- the other collector's marks -------------------------------------------------------------------------


def restricted(facts: CollectorFacts, networks: Collection[str]) -> CollectorFacts:
    """The facts about some networks only."""
    return replace(facts, posts={mark: post for mark, post in facts.posts.items() if post.network in networks})


def nameless(facts: CollectorFacts) -> CollectorFacts:
    """The facts from a site's published observations, whose marks of posts and accounts match nobody else's."""

    def own(mark: str) -> str:
        return mark if not mark or _is_own(mark) else f"~{mark}"

    return replace(_renamed(facts, own, own), nameless=True)


def recognized(facts: CollectorFacts, other: CollectorFacts) -> CollectorFacts:
    """The facts with forgotten posts and accounts, and all those of a nameless collector, under the other collector's
    marks. A post is the same if network, moment and papers match and no other post could be meant; an account, if it
    wrote such a post, or was the only one to react to a post in the same way at the same moment."""
    twins = _twins(facts, other)
    voices = _twin_voices(facts, other, twins)
    renamed = _renamed(facts, lambda post: twins.get(post, post), lambda voice: voices.get(voice, voice))
    return replace(renamed, forgotten=frozenset() if facts.nameless else frozenset(twins.values()))


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


def _renamed(facts: CollectorFacts, post_of: Callable[[str], str], voice_of: Callable[[str], str]) -> CollectorFacts:
    """The facts with other marks of posts and of voices and accounts."""
    posts = [
        replace(
            post,
            post=post_of(post.post),
            voice=voice_of(post.voice),
            account=voice_of(post.account),
            reactions=[(voice_of(voice), type, at, withdrawn) for voice, type, at, withdrawn in post.reactions],
        )
        for post in facts.posts.values()
    ]
    return replace(
        facts,
        bots={voice_of(voice): rules for voice, rules in facts.bots.items()},
        doubtful={(post_of(post), paper): rules for (post, paper), rules in facts.doubtful.items()},
        posts={post.post: post for post in posts},
    )


# ---- what no honest file has -----------------------------------------------------------------------------


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
