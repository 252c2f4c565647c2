"""Reads a collector's facts from a comparison file, and checks them, as a stranger may have written the file. Gives its
posts about a paper at a moment, and their voices.

Which posts count matches `engagement.queries.posts_at_age_sql`; a test checks that both give the same counts. Voices
are counted by `engagement.attention` itself.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from hotpapers.base import spans
from hotpapers.base.errors import InputError
from hotpapers.base.model import HOUR
from hotpapers.discussion.engagement import attention, measurement, post_reactions
from lab.comparison import lines as kinds
from lab.comparison.lines import ComparisonHeader, ComparisonLine, CoverageLine, PostLine
from lab.json_lines import decode_lines

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
        lengths = (line.until_at - line.from_at for line in self._complete)
        self._longest = max(lengths, default=0)
        # a failure is recorded again with every attempt
        self._gaps = spans.merge_spans((line.from_at, line.until_at) for line in lines if line.state != "complete")

    def read_at(self, moment: int) -> int | None:
        """When everything said by a moment had been read; None for never."""
        first = bisect_right(self._starts, moment - self._longest - 1)
        end = bisect_right(self._starts, moment)
        lines = self._complete[first:end]
        return min((line.at for line in lines if moment < line.until_at), default=None)

    def had_gap(self, start: int, end: int) -> bool:
        """Whether posts or counts were read only in part, or not at all, at any time between two moments."""
        return any(spans.clip_spans(self._gaps, start, end))


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
        marks = defaultdict[str, list[str]](list)
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
    number = 0
    is_over = False
    for number, line in enumerate(lines, 1):
        try:
            if is_over:
                raise InputError("there are lines after the end line")
            if isinstance(line, ComparisonHeader) and facts is None:
                if line.format != kinds.FORMAT:
                    raise InputError(f"not a comparison file: the first line is not a {kinds.FORMAT} header")
                if line.version != kinds.VERSION:
                    raise InputError(
                        f"unsupported format version {line.version}; this program reads version {kinds.VERSION}"
                    )
                if not line.since < line.until:
                    raise InputError("the period ends before it begins")
                facts = CollectorFacts(line)
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
            moments = [[row[0] for row in rows] for rows in (line.seen, line.readings)]
            moments.append([row[2] for row in line.reactions])
            if any(later < earlier for series in moments for earlier, later in pairwise(series)):
                raise InputError("the observations are not in ascending order")
            if len({paper for paper, _, _ in line.papers}) < len(line.papers):
                raise InputError("the post names a paper twice")
            _add(facts.posts, line.post, line)


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
    def by_content(posts: Iterable[PostLine]) -> dict[object, list[str]]:
        marks = defaultdict[object, list[str]](list)
        for post in posts:
            papers = frozenset(paper for paper, _, _ in post.papers)
            marks[post.network, post.created_at, papers].append(post.post)
        return marks

    missing = by_content(post for mark, post in other.posts.items() if mark not in facts.posts and not _is_own(mark))
    marked_posts = facts.posts.items()
    forgotten = by_content(post for mark, post in marked_posts if _is_own(mark))
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
            forgotten = list(filter(_is_own, marks))
            missing = reactions[reaction] - marks - {""}
            if len(forgotten) == len(missing) == 1:
                voices[forgotten[0]] = missing.pop()
    return voices


def _voices_by_reaction(post: PostLine) -> dict[tuple[str, int], set[str]]:
    """Who reacted in the same way at the same moment."""
    voices = defaultdict[tuple[str, int], set[str]](set)
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


# ---- posts and voices at a moment ---------------------------------------------------------------------------


class MeasuredMoment(NamedTuple):
    """A paper at an age. `announced_at`: µs UTC; `age`: hours after the announcement."""

    paper: str
    announced_at: int
    age: int

    @property
    def until(self) -> int:
        """The moment itself."""
        return self.announced_at + self.age * HOUR


class CountedPost(msgspec.Struct):
    """A post as it counts at a moment. `fact`: all that is known about it; `counts`: reposts, likes; `counted_at`: when
    these were read, None for never; `reactions`: those observed by then."""

    fact: PostLine
    voice: str
    text: str
    counts: list[int]
    counted_at: int | None
    reactions: list[kinds.ReactionRow]


class Side:
    """One of two collectors: all it knows, and the posts, by mark, and bots that it counts at a moment, None if it does
    not know the paper. What a cause accounts for is changed here."""

    def __init__(self, facts: CollectorFacts, moment: MeasuredMoment | None) -> None:
        self.facts = facts
        self.bots = set(facts.bots)
        self.posts = dict(_counted_posts(facts, moment)) if moment else {}


def known_by(facts: CollectorFacts, network: str, moment: MeasuredMoment) -> int:
    """Up to when observations count at a moment. What was read back from before a network's first reading counts for
    the last age that the paper had reached by then."""
    back = facts.header.back.get(network)
    following = moment.announced_at + measurement.age_after(moment.age) * HOUR
    if back is not None and moment.until < back < following:
        return back
    return moment.until


def _counted_posts(facts: CollectorFacts, moment: MeasuredMoment) -> Iterator[tuple[str, CountedPost]]:
    for mark in facts.posts_by_paper.get(moment.paper, ()):
        fact = facts.posts[mark]
        known = known_by(facts, fact.network, moment)
        since = named_at(fact, moment.paper)
        in_time = fact.created_at <= moment.until or known == moment.until
        is_named = since is not None and since <= known and (mark, moment.paper) not in facts.doubtful
        sighting = last_sighting(fact, known)
        if is_named and in_time and sighting and sighting[1]:
            at, *counts = next((row for row in reversed(fact.readings) if row[0] <= known), (None, 0, 0))
            reactions = [reaction for reaction in fact.reactions if reaction[2] <= moment.until]
            yield mark, CountedPost(fact, fact.voice, sighting[2], [count or 0 for count in counts], at, reactions)


def named_at(fact: PostLine, paper: str) -> int | None:
    """When the record first had that a post names a paper; None if it does not."""
    return next((at for name, at, _ in fact.papers if name == paper), None)


def last_sighting(fact: PostLine, moment: int) -> kinds.SightingRow | None:
    """The last observation of a post by a moment; None if there is none."""
    latest_first = reversed(fact.seen)
    return next((sighting for sighting in latest_first if sighting[0] <= moment), None)


# ---- voices ----------------------------------------------------------------------------------------------


def voices(side: Side, moment: MeasuredMoment) -> Counter[str]:
    """How many voices a paper has at a moment, by network."""
    bots = frozenset(map(_number, side.bots))
    rows = [
        attention.PostAtAge(
            paper=moment.paper,
            archive="",
            announced_at=moment.announced_at,
            age=moment.age,
            until=moment.until,
            peer=1,
            network=post.fact.network,
            post=_number(mark),
            text_fingerprint=_number(post.text),
            voice=_number(post.voice),
            automated=int(_number(post.voice) in bots),
            reposts=post.counts[0],
            likes=post.counts[1],
            counted_at=post.counted_at,
        )
        for mark, post in sorted(side.posts.items())
    ]
    reactions = {_number(mark): _events(post.reactions) for mark, post in side.posts.items()}
    engagement = attention.count_engagement([rows], reactions, attention.VoiceRule(bots))
    return Counter({count.network: count.voices for count in engagement})


def _number(mark: str) -> int:
    """A mark's own number; 0 for the empty mark."""
    return int(mark.replace("~", "1") or "0", 16)


def _events(reactions: Iterable[kinds.ReactionRow]) -> post_reactions.PostReactions:
    events = defaultdict[str, list[post_reactions.ReactionEvent]](list)
    for mark, type, at, withdrawn in reactions:
        voice = _number(mark)
        reaction_event = post_reactions.ReactionEvent(at, voice, voice, int(withdrawn))
        events[type].append(reaction_event)
    return {type: post_reactions.ReactionEvents(type_events) for type, type_events in events.items()}
