"""A day of a world as rankings see it, before and after a campaign, counted by the same functions; and the references
after a campaign changed how some papers are talked about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from itertools import chain
from typing import NamedTuple

import msgspec

from hotpapers.base.model import DAY, HOUR, Candidate, RankingInput, ScoredCandidate, VoiceHistogram
from hotpapers.discussion.engagement.attention import Engagement, PostAtAge, VoiceRule, count_engagement
from hotpapers.discussion.engagement.measurement import AGES, REFERENCE_DAYS
from hotpapers.discussion.engagement.post_reactions import CountedReactions
from hotpapers.issues import ranking, windows
from hotpapers.issues.ranking import rarity_1
from hotpapers.issues.ranking_input import ReferenceKey, candidate_of, peers_of
from lab.attacks import chorus
from lab.attacks.attack_figures import Goal
from lab.attacks.campaign import AttackedNetwork, Campaign
from lab.attacks.clauses import Count
from lab.attacks.listing import Listing
from lab.worlds import BEGINS, FIELD, SMALL_FIELD, PaperPost, World, WorldPaper, likes_by

ISSUED = 8 * HOUR
"""When a day's issue closes, µs after midnight."""
RIVALS = 12
"""How many honest papers a target is compared with: no goal needs a place beyond them."""

Rank = Callable[[RankingInput], tuple[ScoredCandidate, ...]]


class AttackEffect(NamedTuple):
    """What a campaign changed: the `rows` of papers whose posts changed, and the networks that could not be read."""

    rows: Mapping[str, Sequence[Engagement]]
    unread_networks: frozenset[str]


class MeasurementTime(NamedTuple):
    """A moment at which a paper is measured. `age`: in hours; `peer`: the paper is in the reference of that age."""

    age: int
    until: int
    peer: int


def measurement_times(announced_at: int, cut: int, ages: Sequence[int] = AGES) -> list[MeasurementTime]:
    """The moments at which a paper is measured: the ages it has reached, and for the next one, the cut."""
    times = []
    for age in ages:
        reached = announced_at + age * HOUR
        times.append(MeasurementTime(age, min(reached, cut), int(reached <= cut)))
        if reached > cut:
            break
    return times


def engagements(
    paper: WorldPaper,
    posts: Iterable[PaperPost],
    times: Sequence[MeasurementTime],
    naming_networks: frozenset[str],
    rule: VoiceRule,
    bots: frozenset[int] = frozenset(),
    count: Count = count_engagement,
) -> list[Engagement]:
    """A paper's attention at its measurement times. `naming_networks`: those that name who liked; `bots`: accounts
    judged to be bots; `count`: how attention is counted."""
    moments = [time.until for time in times]
    post_list = list(posts)
    rows = [
        _post_at(paper, post, time, automated=post.account in bots)
        for time in times
        for post in post_list
        if post.at <= time.until
    ]
    reactions = {
        post.id: _named(post, moments)
        for post in post_list
        if post.network in naming_networks and (post.likes or post.reactions)
    }
    return list(count([rows], reactions, rule)) if rows else []


def _post_at(paper: WorldPaper, post: PaperPost, time: MeasurementTime, *, automated: bool) -> PostAtAge:
    likes, reposts = likes_by(post, time.until), 0
    own_reposts = likes // 4
    for reaction in post.reactions:
        if reaction.at <= time.until:
            count = len(reaction.accounts)
            likes, reposts = (likes + count, reposts) if reaction.type == "like" else (likes, reposts + count)
    return PostAtAge(
        paper=paper.paper,
        archive=paper.archive,
        announced_at=paper.announced_at,
        age=time.age,
        until=time.until,
        peer=time.peer,
        network=post.network,
        post=post.id,
        text_fingerprint=hash(post.text) or 1 if post.text else 0,
        voice=post.account,
        automated=int(automated),
        reposts=own_reposts + reposts,
        likes=likes,
        counted_at=time.until,
        shared=int(post.shared),
    )


def _named(post: PaperPost, moments: Sequence[int]) -> Mapping[str, CountedReactions]:
    likes_by_moment = [likes_by(post, moment) for moment in moments]
    return {
        type: CountedReactions(moments, _by_moment(post, type, [count // share for count in likes_by_moment], moments))
        for type, share in (("like", 1), ("repost", 4))
    }


def _by_moment(post: PaperPost, type: str, counts: Sequence[int], moments: Sequence[int]) -> dict[int, list[int]]:
    """The accounts that reacted up to each moment, after the previous one."""
    result: dict[int, list[int]] = {}
    before, last = 0, -1
    for n, (count, moment) in enumerate(zip(counts, moments, strict=True)):
        added = [
            reaction.accounts for reaction in post.reactions if reaction.type == type and last < reaction.at <= moment
        ]
        result[n] = [*post.likers[before:count], *chain.from_iterable(added)]
        before, last = count, moment
    return result


class UnreadNetworks(NamedTuple):
    """Networks that could not be read on the day before an issue, by name, and since when, µs UTC. What they had
    reported until then still counts."""

    names: frozenset[str]
    since: int

    def posts(self, posts: Iterable[PaperPost]) -> Iterator[PaperPost]:
        """The posts as far as they were read."""
        for post in posts:
            if post.network not in self.names:
                yield post
            elif post.at <= self.since:
                reactions = tuple(reaction for reaction in post.reactions if reaction.at <= self.since)
                yield post._replace(reactions=reactions, read_until=self.since)

    def candidate(self, candidate: Candidate) -> Candidate:
        """A candidate with what was measured while its networks could be read."""
        attention = (
            counts for counts in candidate.attention if counts.network not in self.names or counts.until <= self.since
        )
        return msgspec.structs.replace(candidate, attention=tuple(attention))


class Scene:
    """A day of a world, `day` days after its beginning."""

    def __init__(
        self,
        world: World,
        day: int,
        known: frozenset[int] | None,
        day_before: Scene | None = None,
        unread_networks: frozenset[str] = frozenset(),
        count: Count = count_engagement,
    ) -> None:
        """`known`: the accounts with standing, None if every voice counts. `day_before`: the day before, or the same
        day, with the same `known`. `unread_networks`: networks that could not be read for the last 24 hours. `count`:
        how attention is counted."""
        self.world, self.day, self._known = world, day, known
        self.name = f"day {day} of a world"
        self.cut = BEGINS + day * DAY + ISSUED
        self._unread = UnreadNetworks(unread_networks, self.cut - DAY)
        self.rule, self.count = VoiceRule(known=known), count
        self.naming_networks = frozenset(law.name for law in world.law.networks if law.names_accounts)
        self.papers = {paper.paper: paper for paper in world.papers if day - REFERENCE_DAYS < paper.day <= day}
        earlier_rows: dict[str, list[Engagement]] = {} if day_before is None else day_before.rows
        self.rows: dict[str, list[Engagement]] = {
            key: earlier_rows[key]
            if key in earlier_rows and paper.day < day - windows.DAYS - 1
            else self._measured(paper)
            for key, paper in self.papers.items()
        }
        self.listing: Listing | None = None
        self._outages: dict[frozenset[str], Scene] = {}
        self._inputs: dict[ranking.RankingNeeds, RankingInput] = {}
        self._orders: dict[Rank, tuple[ScoredCandidate, ...]] = {}

    def with_listing(self, listing: Listing | None) -> Scene:
        """The same day, of which only the entries of a publication matter."""
        scene = copy(self)
        scene.listing, scene._outages = listing, {}
        return scene

    def goals(self, goals: tuple[Goal, ...], rank: Rank) -> tuple[Goal, ...]:
        """The goals of attacks on a ranking."""
        return goals if self.listing is None else ("listed",)

    def paper(self, key: str) -> WorldPaper:
        return self.papers[key]

    def _measured(self, paper: WorldPaper) -> list[Engagement]:
        return engagements(
            paper,
            self._unread.posts(paper.posts),
            measurement_times(paper.announced_at, self.cut),
            self.naming_networks,
            self.rule,
            count=self.count,
        )

    # ---- honest ----------------------------------------------------------------------------------------------

    def honest_input(self, needs: ranking.RankingNeeds) -> RankingInput:
        """The ranking's input for the day."""
        if needs not in self._inputs:
            window = (paper for paper in self.papers.values() if paper.day > self.day - windows.DAYS)
            candidates = (self.candidate(paper, self.rows[paper.paper], needs) for paper in window)
            self._inputs[needs] = RankingInput(
                candidates=tuple(candidate for candidate in candidates if candidate is not None),
                peers=self._peers((), (), self.rows.values(), needs),
            )
        return self._inputs[needs]

    def order(self, rank: Rank, needs: ranking.RankingNeeds) -> tuple[ScoredCandidate, ...]:
        if rank not in self._orders:
            self._orders[rank] = rank(self.honest_input(needs))
        return self._orders[rank]

    def candidate(self, paper: WorldPaper, rows: Sequence[Engagement], needs: ranking.RankingNeeds) -> Candidate | None:
        rows_at_ages = [row for row in rows if row.age in needs.ages]
        return candidate_of(rows_at_ages, self.cut - windows.DAYS * DAY, (), self.cut, needs) if rows_at_ages else None

    @cached_property
    def networks(self) -> tuple[AttackedNetwork, ...]:
        """The networks as an attacker sees them, sparsest first."""
        voices: dict[str, list[int]] = {law.name: [] for law in self.world.law.networks if law.likes}
        for rows in self.rows.values():
            for row in rows:
                if row.peer and row.age == AGES[1] and row.voices >= rarity_1.MIN_VOICES and row.network in voices:
                    voices[row.network].append(row.voices)
        usual_voices = {
            name: sorted(some)[len(some) * 9 // 10] if some else rarity_1.MIN_VOICES for name, some in voices.items()
        }
        networks = [AttackedNetwork(name, least, name in self.naming_networks) for name, least in usual_voices.items()]
        return tuple(sorted(networks, key=lambda network: (network.usual, network.name)))

    @cached_property
    def earlier_papers(self) -> tuple[WorldPaper, ...]:
        """Papers of the previous 90 days that are too old for the issue and that nobody talks about."""
        return tuple(
            paper for paper in self.papers.values() if paper.day <= self.day - windows.DAYS and not paper.posts
        )

    def target(self, *, days_old: int, known_post: bool, small_field: bool) -> WorldPaper | None:
        """A paper that is `days_old` and that nobody talks about, or one with a single post, by a known account."""
        papers_of_age = (paper for paper in self.papers.values() if paper.day == self.day - days_old)
        archive = SMALL_FIELD if small_field else FIELD
        return next(
            (
                paper
                for paper in papers_of_age
                if paper.archive == archive and self._suits(paper, known_post=known_post)
            ),
            None,
        )

    def _suits(self, paper: WorldPaper, *, known_post: bool) -> bool:
        if not known_post:
            return not paper.posts
        posters = [post.account for post in paper.posts]
        return len(posters) == 1 and posters[0] in (self.rule.known or ()) and paper.posts[0].at <= self.cut

    # ---- under a campaign --------------------------------------------------------------------------------------

    def effect(self, campaign: Campaign, needs: ranking.RankingNeeds) -> AttackEffect:
        """What a campaign changes on the day: the same for all rankings with the same needs."""
        unread_networks = frozenset(campaign.unread_networks)
        return AttackEffect(self._during(unread_networks)._rows_after(campaign, needs.ages), unread_networks)

    def order_after(
        self, effect: AttackEffect, rank: Rank, needs: ranking.RankingNeeds, *, whole: bool = False
    ) -> list[str]:
        """The papers in order after a campaign, best first. `whole`: all of them, for a formula that compares a day's
        papers with each other; otherwise only those that matter."""
        return self._during(effect.unread_networks)._order_after(effect.rows, rank, needs, whole=whole)

    def _during(self, unread_networks: frozenset[str]) -> Scene:
        """The same day if these networks could not be read."""
        if not unread_networks:
            return self
        if unread_networks not in self._outages:
            scene = Scene(self.world, self.day, self._known, self, unread_networks, self.count)
            self._outages[unread_networks] = scene.with_listing(self.listing)
        return self._outages[unread_networks]

    def _order_after(
        self, rows: Mapping[str, Sequence[Engagement]], rank: Rank, needs: ranking.RankingNeeds, *, whole: bool
    ) -> list[str]:
        honest = self.honest_input(needs)
        peers = self._peers(honest.peers, [self.rows[key] for key in rows], rows.values(), needs)
        order = self.order(rank, needs)
        kept_papers = {candidate.paper for candidate in (order if whole else order[:RIVALS])} - rows.keys()
        candidates = [candidate for candidate in honest.candidates if candidate.paper in kept_papers]
        changed = (self.candidate(self.papers[key], paper_rows, needs) for key, paper_rows in rows.items())
        candidates += [candidate for candidate in changed if candidate is not None]
        inputs = RankingInput(candidates=tuple(candidates), peers=peers)
        return [candidate.paper for candidate in self.shown(rank(inputs), inputs)]

    def shown(self, ordered: Sequence[ScoredCandidate], inputs: RankingInput) -> tuple[ScoredCandidate, ...]:
        """Those of the papers in order that matter: with a score, or the entries of a publication."""
        if self.listing is None:
            return tuple(candidate for candidate in ordered if candidate.score > 0)
        return self.listing.entries(ordered, inputs)

    def _peers(
        self,
        peers: tuple[VoiceHistogram, ...],
        before: Iterable[Sequence[Engagement]],
        after: Iterable[Sequence[Engagement]],
        needs: ranking.RankingNeeds,
    ) -> tuple[VoiceHistogram, ...]:
        together = chain.from_iterable
        return changed_peers(peers, together(before), together(after), needs, days=min(REFERENCE_DAYS, self.day + 1))

    def _rows_after(self, campaign: Campaign, ages: Sequence[int]) -> dict[str, list[Engagement]]:
        """The attention of all papers that a campaign affects."""

        def posts_about(key: str) -> list[PaperPost]:
            return list(self._unread.posts(campaign.posts_about(self.papers[key])))

        posts_by_paper = {key: posts_about(key) for key in campaign.posts}
        bots = self._judged(posts_by_paper) | campaign.bots
        for key in {key for account in bots for key in self._papers_of.get(account, ())} - posts_by_paper.keys():
            posts_by_paper[key] = posts_about(key)
        rule = self._rule(campaign, bots)
        papers = ((self.papers[key], posts) for key, posts in posts_by_paper.items())
        return {
            paper.paper: engagements(
                paper,
                posts,
                measurement_times(paper.announced_at, self.cut, ages),
                self.naming_networks,
                rule,
                bots,
                self.count,
            )
            for paper, posts in papers
        }

    def _judged(self, posts_by_paper: Mapping[str, Sequence[PaperPost]]) -> frozenset[int]:
        """The accounts that are judged bots with these posts."""

        def elsewhere(account: int) -> int:
            return sum(key not in posts_by_paper for key in self._papers_of.get(account, ()))

        return chorus.judged([(self.papers[key], posts) for key, posts in posts_by_paper.items()], elsewhere, self.cut)

    @cached_property
    def _papers_of(self) -> Mapping[int, Sequence[str]]:
        """The papers of an account's posts in the two weeks, by account."""
        papers: dict[int, list[str]] = {}
        for key, paper in self.papers.items():
            for post in paper.posts:
                if chorus.is_judged_by(post, self.cut):
                    papers.setdefault(post.account, []).append(key)
        return papers

    def _rule(self, campaign: Campaign, bots: frozenset[int]) -> VoiceRule:
        known = self.rule.known
        return VoiceRule(
            left_out=bots,
            known=None if known is None else known | campaign.aged_accounts,
            authors={campaign.target.paper: frozenset(campaign.author_accounts)},
        )


def changed_peers(
    peers: tuple[VoiceHistogram, ...],
    before: Iterable[Engagement],
    after: Iterable[Engagement],
    needs: ranking.RankingNeeds,
    *,
    days: int | msgspec.UnsetType = msgspec.UNSET,
) -> tuple[VoiceHistogram, ...]:
    """The references with changed voices for some papers. How many days they go back stays the same; `days`: for new
    references."""
    changes: dict[ReferenceKey, Counter[int]] = {}
    for sign, rows in ((-1, before), (1, after)):
        for changed in peers_of(rows, needs):
            changes.setdefault(changed.reference, Counter())[changed.voices] += sign
    if not changes:
        return peers
    peers_by_key = {(peer.network, peer.age, peer.archive): peer for peer in peers}
    for reference, voice_changes in changes.items():
        network, age, archive = reference
        peer = peers_by_key.get(reference) or VoiceHistogram(
            network=network, age=age, archive=archive, counts=(), days=days
        )
        voice_changes.update(dict(peer.counts))
        counts = tuple(sorted((voices, papers) for voices, papers in voice_changes.items() if papers))
        peers_by_key[reference] = msgspec.structs.replace(peer, counts=counts)
    return tuple(peer for _, peer in sorted(peers_by_key.items()))
