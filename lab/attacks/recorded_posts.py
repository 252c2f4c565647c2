"""The posts about a recorded paper, including a campaign's posts, likes and reposts: plain functions.

Honest posts are as measured; a campaign adds to their counts and to who reacted. If somebody else's post links the
paper too, its counts are those from the last measurement of its own paper.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hotpapers.base.model import HOUR
from hotpapers.discussion.engagement.attention import PostAtAge
from hotpapers.discussion.engagement.measurement import AGES
from hotpapers.discussion.engagement.post_reactions import CurrentReactions, ReactionsByMoment, ReactionsByPost
from lab.attacks.campaign import ATTACKERS
from lab.attacks.scene import MeasurementTime, UnreadNetworks
from lab.worlds import PaperPost, ReactionGroup

TYPES = ("like", "repost")


def measurement_times(announced_at: int, cut: int, youngest: int) -> list[MeasurementTime]:
    """The moments at which a record measures a paper: the ages it has reached; and until it reaches the age `youngest`,
    the cut. `announced_at` is 0 for a paper counted by the posts in a window."""
    if not announced_at:
        return [MeasurementTime(AGES[-1], cut, 0)]
    times = [(age, announced_at + age * HOUR) for age in AGES]
    reached_ages = [MeasurementTime(age, at, 1) for age, at in times if at <= cut]
    return reached_ages if announced_at + youngest * HOUR <= cut else [*reached_ages, MeasurementTime(youngest, cut, 0)]


class MeasuredPosts(NamedTuple):
    """What a record has about a paper: each post at its measurement times, ascending, by number; and who reacted."""

    paper: str
    archive: str
    announced_at: int
    posts: Mapping[int, Sequence[PostAtAge]]
    reactions: ReactionsByPost

    def rows(self) -> list[PostAtAge]:
        return [row for rows in self.posts.values() for row in rows]

    def as_read(self, unread: UnreadNetworks) -> MeasuredPosts:
        """The same if some networks could not be read: a post there stays as it was last measured before."""
        posts: dict[int, list[PostAtAge]] = {}
        reactions = dict(self.reactions)
        for post, rows in self.posts.items():
            if rows[0].network in unread.names:
                pairs = list(_last_measured(rows, unread.since))
                moments = {row.until: measured.until for row, measured in pairs}
                posts[post] = [
                    measured._replace(age=row.age, until=row.until, peer=row.peer) for row, measured in pairs
                ]
                reactions[post] = {
                    type: AddedReactions(some, (), moments) for type, some in self.reactions.get(post, {}).items()
                }
            else:
                posts[post] = list(rows)
        return self._replace(posts={post: rows for post, rows in posts.items() if rows}, reactions=reactions)


def _last_measured(rows: Sequence[PostAtAge], since: int) -> Iterator[tuple[PostAtAge, PostAtAge]]:
    """Each row with the last one that was measured by `since`, if there is any."""
    for row in rows:
        earlier_rows = [other for other in rows if other.until <= min(row.until, since)]
        if earlier_rows:
            yield row, earlier_rows[-1]


NO_POSTS = MeasuredPosts("", "", 0, {}, {})


def measured_posts(rows: Iterable[PostAtAge], reactions: ReactionsByPost) -> MeasuredPosts:
    """Group a paper's posts at its measurement times."""
    posts: dict[int, list[PostAtAge]] = defaultdict(list)
    ordered = sorted(rows, key=lambda row: row.until)
    for row in ordered:
        posts[row.post].append(row)
    first, announced_at = ordered[0], max(row.announced_at for row in ordered)
    return MeasuredPosts(
        first.paper, first.archive, announced_at, posts, {post: reactions.get(post, {}) for post in posts}
    )


class AddedReactions(NamedTuple):
    """Reactions of one type, `recorded` ones and those that a campaign `added`. `moments`: for each moment, the one
    whose recorded reactions are used."""

    recorded: ReactionsByMoment | None
    added: Sequence[ReactionGroup]
    moments: Mapping[int, int]

    def at(self, until: int, counted_at: int | None) -> CurrentReactions:
        recorded = CurrentReactions((), 0)
        if self.recorded is not None and until in self.moments:
            recorded = self.recorded.at(self.moments[until], counted_at)
        added = {account for reaction in self.added if reaction.at <= until for account in reaction.accounts}
        added -= set(recorded.voices)
        return CurrentReactions((*recorded.voices, *added), recorded.counted + len(added)) if added else recorded


class AttackedPosts(NamedTuple):
    """A paper under a campaign: its key, archive and moments. `own`: the posts about it; `elsewhere`: by number, the
    posts that link it and another paper, with the posts about that paper. `naming_networks`: those that name who
    reacted; `bots`: accounts judged to be bots; `fingerprints`: the numbers of texts that others wrote too."""

    paper: str
    archive: str
    announced_at: int
    times: Sequence[MeasurementTime]
    own: MeasuredPosts
    elsewhere: Mapping[int, MeasuredPosts]
    naming_networks: frozenset[str]
    bots: frozenset[int]
    fingerprints: Mapping[str, int]

    def measured(self, posts: Iterable[PaperPost]) -> MeasuredPosts:
        """Its posts as they are at its measurement times."""
        rows: dict[int, list[PostAtAge]] = {}
        reactions: dict[int, Mapping[str, ReactionsByMoment]] = {}
        for post in posts:
            measured = self._measured_in(post)
            measurements = self._simulated(post) if measured is None else self._recorded(post, measured)
            is_bot = int(post.account in self.bots)
            rows[post.id] = [_with(row._replace(automated=row.automated | is_bot), post) for _, row in measurements]
            moments = {row.until: measured_at for measured_at, row in measurements}
            known = {} if measured is None else measured.reactions.get(post.id, {})
            reactions[post.id] = self._reactions(post, known, moments)
        return MeasuredPosts(self.paper, self.archive, self.announced_at, rows, reactions)

    def _measured_in(self, post: PaperPost) -> MeasuredPosts | None:
        """The measured posts that an honest post belongs to; None for a campaign's own."""
        if post.id > ATTACKERS:
            return None
        return self.own if post.id in self.own.posts else self.elsewhere.get(post.id, NO_POSTS)

    def _recorded(self, post: PaperPost, measured: MeasuredPosts) -> list[tuple[int, PostAtAge]]:
        """(moment of measurement, the post at that time) of an honest post."""
        if measured is self.own:
            shared = int(post.id in self.elsewhere)
            return [(row.until, row._replace(shared=row.shared | shared)) for row in measured.posts[post.id]]
        result = []
        for time in self.times:
            earlier_rows = [row for row in measured.posts.get(post.id, ()) if row.until <= time.until]
            if earlier_rows:
                row = earlier_rows[-1]._replace(
                    paper=self.paper,
                    archive=self.archive,
                    announced_at=self.announced_at,
                    age=time.age,
                    until=time.until,
                    peer=time.peer,
                    shared=1,
                )
                result.append((earlier_rows[-1].until, row))
        return result

    def _simulated(self, post: PaperPost) -> list[tuple[int, PostAtAge]]:
        """The same for a campaign's own post."""
        text = (self.fingerprints.get(post.text) or hash(post.text) or 1) if post.text else 0
        return [
            (
                time.until,
                PostAtAge(
                    paper=self.paper,
                    archive=self.archive,
                    announced_at=self.announced_at,
                    age=time.age,
                    until=time.until,
                    peer=time.peer,
                    network=post.network,
                    post=post.id,
                    text_fingerprint=text,
                    voice=post.account,
                    automated=0,
                    reposts=0,
                    likes=0,
                    counted_at=time.until,
                    shared=int(post.shared),
                ),
            )
            for time in self.times
            if post.at <= time.until
        ]

    def _reactions(
        self, post: PaperPost, known: Mapping[str, ReactionsByMoment], moments: Mapping[int, int]
    ) -> Mapping[str, ReactionsByMoment]:
        added = post.reactions if post.network in self.naming_networks else ()
        return {
            type: AddedReactions(known.get(type), [more for more in added if more.type == type], moments)
            for type in TYPES
        }


def _with(row: PostAtAge, post: PaperPost) -> PostAtAge:
    """A post with the likes and reposts that a campaign had added by then."""
    if not post.reactions:
        return row
    by_then = Counter[str]()
    for reaction in post.reactions:
        by_then[reaction.type] += len(reaction.accounts) if reaction.at <= row.until else 0
    return row._replace(likes=row.likes + by_then["like"], reposts=row.reposts + by_then["repost"])
