"""Who talked about what, as rankings need it: SQL finds what was said, plain functions count whose voices it was.

For every paper announced in a window, and every age (6, 24, 72, 168 h) it has reached, this counts the voices it had by
then on each network: the accounts that posted about it, reposted such a post or liked one, each once. Where a network
reports only counts, these are used. Posts of bots are left out and counted separately; posts of the publication itself
and doubtful mentions are left out. Posts with the same text, or of accounts joined by an alias, on several networks are
one voice, on the network where the post is strongest; reactions count where they are.

What a network reported about the time before it was first read was observed late: it counts for the last age that a
paper had reached by then, and for none before; curves, which have more hours, show it from that age on. A post counts
from when it was made, with the counts that it had when it was read.

Papers are processed one by one, and reactions for a few hundred posts at a time, so memory holds no more than these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import chain, groupby
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple

from hotpapers.base.grouping import group_by, sets_by_key
from hotpapers.base.model import Reaction, within_largest
from hotpapers.discussion.engagement import measurement, queries
from hotpapers.discussion.engagement.post_reactions import ReactionsByPost
from hotpapers.discussion.engagement.standing.queries import known_voices
from hotpapers.record import AsOfView


class Engagement(NamedTuple):
    """One paper's attention on one network by one moment. `peer`: 1 if it is part of the reference for its age.

    `announced_at` is 0 for a paper that counts with the posts of a window. If standing is measured, `known`: voices
    with standing, except the authors' own, None while the record is too young to tell; `authors`: voices of the paper's
    authors; `counted`: see `counted_voices`. `counted_as`: `voices`, or `likes` or `reposts` of one post; empty if
    unknown. `collector`: who counted, empty for ourselves. `posts_read`: how many posts' counts had
    been read by then; `reposts` and `likes` are their sums.
    """

    paper: str
    announced_at: int
    age: int
    until: int
    peer: int
    network: str
    archive: str
    voices: int
    reposts: int
    likes: int
    bots: int
    known: int | None = None
    authors: int = 0
    counted: int = 0
    counted_as: str = ""
    collector: str = ""
    posts_read: int = 0


class PostAtAge(NamedTuple):
    """A post about a paper as it was at an age.

    `post`: its number; `text_fingerprint`: 0 for none; `voice`: the number of its voice; `counted_at`: when
    its counts were read, None for never; `shared`: 1 if it names other measured papers, where that is asked.
    """

    paper: str
    archive: str
    announced_at: int
    age: int
    until: int
    peer: int
    network: str
    post: int
    text_fingerprint: int
    voice: int
    automated: int
    reposts: int
    likes: int
    counted_at: int | None
    shared: int = 0


def read_engagement(view: AsOfView, window: measurement.MeasurementWindow) -> Iterator[Engagement]:
    """All attention that the window measures, ordered by paper, age and network."""
    papers = read_posts(view, window)
    last = view.last_row(Reaction)
    if not last and not window.with_standing:
        yield from count_engagement(papers, {})
        return
    people = queries.read_people(view, window.own_voices)
    rule = voice_rule(view, people, with_standing=window.with_standing)
    rule = rule._replace(vouching_once=window.vouching_once)
    for group, reactions in with_reactions(view, papers, people, last):
        yield from count_engagement(group, reactions, rule)


def with_reactions(
    view: AsOfView, papers: Iterable[list[PostAtAge]], people: queries.People, last: int
) -> Iterator[tuple[list[list[PostAtAge]], ReactionsByPost]]:
    """Papers in groups, each with the reactions to its posts. `last`: the last row of reactions, 0 if there are
    none."""
    for group in in_groups(papers):
        yield group, queries.reactions_to(view, moments_of(group), people, last) if last else {}


def read_posts(view: AsOfView, window: measurement.MeasurementWindow) -> Iterator[list[PostAtAge]]:
    """The posts about each paper at its ages, paper by paper."""
    posts_at_age_sql = queries.posts_at_age_sql(view, window)
    rows = map(PostAtAge._make, view.database.iterate(posts_at_age_sql))
    return (list(group) for _, group in groupby(rows, key=attrgetter("paper")))


def voice_rule(view: AsOfView, people: queries.People, *, with_standing: bool) -> VoiceRule:
    """Whose voices count as of a view."""
    if not with_standing:
        return VoiceRule(people.left_out)
    return VoiceRule(people.left_out, known_voices(view), sets_by_key(queries.author_voices(view)))


POSTS_AT_ONCE = 500
"""Posts whose reactions are read together; a single paper may have more."""


def in_groups(papers: Iterable[list[PostAtAge]]) -> Iterator[list[list[PostAtAge]]]:
    """Papers in groups: several with some hundreds of posts in total, or a single large one."""
    group = []
    count = 0
    for posts in papers:
        group.append(posts)
        count += len(posts)
        if count >= POSTS_AT_ONCE:
            yield group
            group = []
            count = 0
    if group:
        yield group


def moments_of(papers: Iterable[Iterable[PostAtAge]]) -> dict[int, list[int]]:
    """The moments at which each post is measured, ascending, for posts whose reactions count."""
    moments = sets_by_key((post.post, post.until) for post in chain.from_iterable(papers) if not post.automated)
    return {post: sorted(post_moments) for post, post_moments in moments.items()}


# ---- whose voices: plain functions -------------------------------------------------------------------


class VoiceRule(NamedTuple):
    """Whose voices count, and how. `left_out`: voices of bots and our own. `known`: voices with standing, None if
    standing is not considered. `authors`: by paper key, the voices of the paper's authors. `vouching_once`: whether a
    voice vouches for a paper on one network alone."""

    left_out: Set[int] = frozenset()
    known: Set[int] | None = None
    authors: Mapping[str, Set[int]] = MappingProxyType({})
    vouching_once: bool = True


ALL_VOICES = VoiceRule()


PostCount = tuple[int, str]
"""A number of `reposts` or `likes` of one post."""
NO_COUNT: PostCount = (0, "")
VOICES = "voices"


def counted_voices(named: int, known: int | None, highest: PostCount) -> tuple[int, str]:
    """The number of different voices on a network, and its unit: the named ones, but at most as many unknown as known
    (`known` None: all), `voices`; or the highest count of a single post, `reposts` or `likes`, if that is larger.
    `highest`: the highest one of any post, beyond the accounts named for it.

    Counts of several posts are not added up, nor are reposts and likes: the same accounts may be behind them.
    """
    voices = named if known is None else min(named, 2 * known)
    return highest if highest[0] > voices else (voices, VOICES)


class NetworkEngagement(NamedTuple):
    """One paper on one network at an age, before standing is considered. `row`: as if every voice counted; `named`: how
    many voices are named; `vouching`: the named voices other than the authors'; `highest`: see `counted_voices`."""

    row: Engagement
    named: int
    vouching: Set[int]
    highest: PostCount

    def with_known(self, known: int | None) -> Engagement:
        """The row if `known` of the vouching voices have standing; None while the record is too young to tell."""
        return self.row if known is None else self.counted_anew(known)

    def counted_anew(self, known: int | None) -> Engagement:
        """The row with the counted voices if `known` of the vouching voices have standing, also after a field was
        replaced."""
        counted, counted_as = counted_voices(self.named, known, self.highest)
        return self.row._replace(known=known, counted=counted, counted_as=counted_as)


def count_engagement(
    papers: Iterable[Sequence[PostAtAge]], reactions: ReactionsByPost, rule: VoiceRule = ALL_VOICES
) -> Iterator[Engagement]:
    """Attention computed from the posts about each paper and the reactions to them."""
    for engagement in count_by_network(papers, reactions, rule):
        yield engagement.with_known(None if rule.known is None else len(rule.known & engagement.vouching))


def count_by_network(
    papers: Iterable[Sequence[PostAtAge]], reactions: ReactionsByPost, rule: VoiceRule
) -> Iterator[NetworkEngagement]:
    """Engagement by network, before standing is considered."""
    for posts in papers:
        by_age = group_by(posts, lambda post: (post.age, post.peer, -post.announced_at))
        for _, age_posts in sorted(by_age.items()):
            yield from _count_age(age_posts, reactions, rule)


def _count_age(posts: Sequence[PostAtAge], reactions: ReactionsByPost, rule: VoiceRule) -> Iterator[NetworkEngagement]:
    networks = group_by(posts, lambda row: row.network)
    compared = posts if len(networks) > 1 else ()
    texts, voices = _strongest_networks(compared)
    counted = []
    for network, network_posts in sorted(networks.items()):
        posters = {
            post.voice
            for post in network_posts
            if not post.automated
            and texts.get(post.text_fingerprint, network) == network == voices.get(post.voice, network)
        }
        counted.append(_summed(network_posts, posters, reactions, rule))
    yield from _vouching_once(counted, voices) if rule.vouching_once else counted


def _vouching_once(engagements: Sequence[NetworkEngagement], homes: Mapping[int, str]) -> Iterator[NetworkEngagement]:
    """A paper's engagement with each voice vouching on one network: its home, if it is named there, or else the first.
    Otherwise somebody with accounts on two networks would be two who vouch. `homes`: of the voices that posted."""
    voices = set[int]()
    several = set()
    for engagement in engagements:
        several |= voices & engagement.vouching
        voices |= engagement.vouching
    places: dict[int, str] = {}
    for engagement in engagements if several else ():
        network = engagement.row.network
        here = several & engagement.vouching
        places |= {voice: network for voice in here if voice not in places or homes.get(voice) == network}
    for engagement in engagements:
        elsewhere = {voice for voice, network in places.items() if network != engagement.row.network}
        yield engagement._replace(vouching=engagement.vouching - elsewhere) if elsewhere else engagement


def _strongest_networks(posts: Sequence[PostAtAge]) -> tuple[dict[int, str], dict[int, str]]:
    """The network on which each text, and each voice, is strongest; ties go to the network whose name sorts first.

    Never decided by the post's id: it may be forgotten, and the issue must still rebuild the same.
    """
    texts: dict[int, str] = {}
    voices: dict[int, str] = {}
    for post in sorted(posts, key=lambda row: (row.automated, -row.reposts - row.likes, row.network)):
        if post.text_fingerprint:
            texts.setdefault(post.text_fingerprint, post.network)
        if post.voice:
            voices.setdefault(post.voice, post.network)
    return texts, voices


def _summed(
    posts: Sequence[PostAtAge], posters: Set[int], reactions: ReactionsByPost, rule: VoiceRule
) -> NetworkEngagement:
    """One network: its voices, plus the counts that no account explains. Reactions to a post about several papers count
    as voices for each of them, but vouch for none."""
    reposts = likes = unexplained = bots = posts_read = 0
    highest = NO_COUNT
    named = set(posters)
    shared = set[int]()
    for post in posts:
        if post.automated:
            bots += 1
            continue
        reposts = reposts + post.reposts
        likes = likes + post.likes
        posts_read += post.counted_at is not None
        known = reactions.get(post.post, {})
        for type, count in (("repost", post.reposts), ("like", post.likes)):
            unnamed = count
            if type in known:
                current = known[type].at(post.until, post.counted_at)
                (shared if post.shared else named).update(current.voices)
                unnamed = max(count - current.counted, 0)
            unexplained += unnamed
            if unnamed and not post.shared:
                highest = max(highest, (unnamed, f"{type}s"))  # of equal numbers, that of reposts
    first = posts[0]
    if not named.isdisjoint(rule.left_out):  # which goes through the smaller set, and -= through all those left out
        named -= rule.left_out
    voices = named | (shared - rule.left_out) if shared else named
    authors = voices & rule.authors.get(first.paper, frozenset())
    counted, counted_as = counted_voices(len(named), None, highest)
    row = Engagement(
        paper=first.paper,
        announced_at=first.announced_at,
        age=first.age,
        until=first.until,
        peer=first.peer,
        network=first.network,
        archive=first.archive,
        voices=within_largest(len(voices) + unexplained),
        reposts=within_largest(reposts),
        likes=within_largest(likes),
        bots=bots,
        authors=len(authors),
        counted=counted,
        counted_as=counted_as,
        posts_read=posts_read,
    )
    return NetworkEngagement(row, len(named), named - authors if authors else named, highest)
