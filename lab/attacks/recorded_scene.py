"""A frozen issue of a record as a target of attacks: its posts, references and standing as of its cut.

The record is only read. An order contains the papers that the issue may contain: in the publication's fields and not in
an earlier issue; by the publication's own ranking, also none below its threshold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from copy import copy
from functools import cached_property, partial
from itertools import chain, groupby, islice
from typing import NamedTuple

import msgspec

from hotpapers.base.model import (
    DAY,
    MAX_INTEGER,
    Announcement,
    Candidate,
    IssueContent,
    Paper,
    Post,
    Publication,
    RankingInput,
    Reaction,
    ScoredCandidate,
)
from hotpapers.base.papers.categories import archive_of
from hotpapers.discussion.engagement import attention, measurement
from hotpapers.discussion.engagement.attention import Engagement, VoiceRule
from hotpapers.discussion.engagement.measurement import AGES
from hotpapers.discussion.engagement.queries import reactions_to, read_people
from hotpapers.issues import ranking, ranking_input, selection, wanted_papers
from hotpapers.issues.build import IssueRecipe, earlier_issues
from hotpapers.issues.queries import described_announcements, read_since
from hotpapers.issues.ranking import rarity_1, rarity_2
from hotpapers.issues.selection import last_voices
from hotpapers.record.record import Record
from lab.attacks import chorus, clauses, listing, recorded_posts
from lab.attacks.attack_figures import Goal
from lab.attacks.campaign import ATTACKERS, AttackedNetwork, AttackedPaper, Campaign
from lab.attacks.other_collectors import other_collectors
from lab.attacks.scene import RIVALS, AttackEffect, Rank, UnreadNetworks, changed_peers
from lab.queries import names_accounts, posts_made
from lab.worlds import PaperPost

USUAL_AGE = AGES[1]
"""The age at which an attacker sees what is usual on a network, hours."""
FEW_VOICES = 60
"""The most voices of a paper considered when looking for one with a single post, by a known account."""
HIGHEST = 40
"""How many papers at the top of an order may be attacked or used in an attack."""
MOST_EARLIER = 200
"""How many papers of the previous 90 days are available to an attacker."""


class RecordedPaper(NamedTuple):
    """A paper in a record, as an attack sees it."""

    paper: str
    archive: str
    announced_at: int
    title: str = ""
    posts: tuple[PaperPost, ...] = ()


class RecordedScene:
    """A frozen issue. `ranks`: the rankings to attack, each with its needs; `without`: see `clauses`."""

    def __init__(
        self,
        record: Record,
        content: IssueContent,
        ranks: Iterable[tuple[Rank, ranking.RankingNeeds]],
        without: Sequence[str] = (),
    ) -> None:
        self.content, self.publication = content, content.publication
        self.name = f"{self.publication.publication} {content.day}"
        self._view = record.view(content.as_of, content.position)
        self._own_voices = record.voices_of(self.publication.own)
        self._counter = clauses.StoreCounter(self._view, self._own_voices, without)
        self._people = read_people(self._view, self._own_voices)
        recipe = IssueRecipe(self.publication, content.day, content.edition, content.position)
        earlier = [content for _, content in earlier_issues(record, recipe)]
        self._earlier_voices = last_voices(earlier)
        self._since = read_since(self._view)
        self._end = content.until_at or MAX_INTEGER
        self._unread = UnreadNetworks(frozenset(), content.as_of)
        self._outages: dict[frozenset[str], RecordedScene] = {}
        self._orders: dict[Rank, tuple[ScoredCandidate, ...]] = {}
        self._posted_about: set[str] = set()
        self._posts_made: dict[int, int] = {}
        self._papers: dict[str, RecordedPaper] = {}
        pairs = tuple(ranks)
        kinds = dict.fromkeys(needs for _, needs in pairs)
        self._inputs = {needs: self._read_input(needs) for needs in kinds}
        self._rules = {needs: self._counter.rule(with_standing=needs.with_standing) for needs in kinds}
        self._measured_posts = {
            needs: self._read_posts(needs, [rank for rank, other in pairs if other == needs]) for needs in kinds
        }
        self._others = {needs: other_collectors(self._view, self._window(needs)) for needs in kinds}
        self._posted_about.update(*(others.better for others in self._others.values()))

    # ---- reading the record --------------------------------------------------------------------------------

    def _measured_by(self, needs: ranking.RankingNeeds) -> Publication:
        """The publication, with a ranking that has these needs."""
        return msgspec.structs.replace(
            self.publication, ranking=rarity_2.NAME if needs.with_standing else rarity_1.NAME
        )

    def _read_input(self, needs: ranking.RankingNeeds) -> RankingInput:
        span = ranking_input.CandidateWindow(
            self.content.from_at,
            self._earlier_voices,
            self.content.choice is not msgspec.UNSET,
            self._end,
            vouching_once=True,
        )
        return self._counter.inputs(self._measured_by(needs), span)

    def _window(self, needs: ranking.RankingNeeds) -> measurement.MeasurementWindow:
        return ranking_input.measured_window(
            self._measured_by(needs), self.content.from_at, self._own_voices, self._end
        )

    def _read_posts(
        self, needs: ranking.RankingNeeds, ranks: Iterable[Rank]
    ) -> dict[str, recorded_posts.MeasuredPosts]:
        """The posts about the papers that an attack may use."""
        papers = {candidate.paper for rank in ranks for candidate in self.order(rank, needs)[:HIGHEST]}
        papers |= {
            candidate.paper
            for candidate in self._inputs[needs].candidates
            if candidate.announced_at and len(candidate.attention) == 1 and candidate.attention[0].voices <= FEW_VOICES
        }
        rows_of_papers = []
        for rows in attention.read_posts(self._view, self._window(needs)):
            self._posted_about.add(rows[0].paper)
            if rows[0].paper in papers:
                rows_of_papers.append(rows)
        last = self._view.last_row(Reaction)
        moments = attention.moments_of(rows_of_papers)
        reactions = reactions_to(self._view, moments, self._people, last) if rows_of_papers and last else {}
        return {rows[0].paper: recorded_posts.measured_posts(rows, reactions) for rows in rows_of_papers}

    def tells_apart(self, needs: ranking.RankingNeeds) -> bool:
        """Whether the record knows which accounts have standing."""
        return self._rules[needs].known is not None

    def inputs(self, needs: ranking.RankingNeeds) -> RankingInput:
        """What rankings with these needs get."""
        return self._inputs[needs]

    # ---- honest ------------------------------------------------------------------------------------------------

    def order(self, rank: Rank, needs: ranking.RankingNeeds) -> tuple[ScoredCandidate, ...]:
        """The papers that the issue may contain, in order by a ranking."""
        if rank not in self._orders:
            inputs = self._inputs[needs]
            eligible = [candidate for candidate in rank(inputs) if candidate.paper in self._eligible]
            self._orders[rank] = self._shown(rank, eligible, inputs)
        return self._orders[rank]

    def goals(self, goals: tuple[Goal, ...], rank: Rank) -> tuple[Goal, ...]:
        """The goals of attacks on a ranking: by the publication's own, also to be an entry."""
        is_own = rank is ranking.RANKINGS.get(self.publication.ranking)
        return (*goals, "listed") if is_own and "first" in goals else goals

    def _shown(
        self, rank: Rank, ordered: Sequence[ScoredCandidate], inputs: RankingInput
    ) -> tuple[ScoredCandidate, ...]:
        """Those that the issue has as entries; by other rankings than its own, those with a score."""
        if rank is not ranking.RANKINGS.get(self.publication.ranking):
            return tuple(candidate for candidate in ordered if candidate.score > 0)
        least = selection.least_papers(self.publication, self.content.compared)
        return listing.entries(ordered, self.publication, least, inputs, self.content.choice)

    @cached_property
    def _eligible(self) -> frozenset[str]:
        """The papers in the publication's fields that no earlier issue has shown."""
        papers = self._papers_with_posts - self._earlier_voices.keys()
        return frozenset(wanted_papers.matching_papers(self._view, self.publication, papers))

    @cached_property
    def networks(self) -> tuple[AttackedNetwork, ...]:
        """The networks with any likes or reposts, sparsest first."""
        names = {
            counts.network
            for inputs in self._inputs.values()
            for candidate in inputs.candidates
            for counts in candidate.attention
            if counts.likes or counts.reposts
        }
        networks = (AttackedNetwork(name, self._usual(name), name in self.naming_networks) for name in names)
        return tuple(sorted(networks, key=lambda network: (network.usual, network.name)))

    def _usual(self, network: str) -> int:
        """The voices that one in ten papers talked about there reaches."""
        peers = next(iter(self._inputs.values())).peers
        counts = Counter[int]()
        for peer in peers:
            if (peer.network, peer.age) == (network, USUAL_AGE):
                counts.update({voices: papers for voices, papers in peer.counts if voices >= rarity_1.MIN_VOICES})
        voices = sorted(counts.elements())
        return voices[len(voices) * 9 // 10] if voices else rarity_1.MIN_VOICES

    @cached_property
    def naming_networks(self) -> frozenset[str]:
        """The networks that name who liked."""
        networks = {
            counts.network for inputs in self._inputs.values() for c in inputs.candidates for counts in c.attention
        }
        since = self.content.as_of - measurement.REFERENCE_DAYS * DAY
        return frozenset(name for name in networks if names_accounts(self._view, name, since))

    # ---- possible targets ------------------------------------------------------------------------------------------

    def paper(self, key: str) -> RecordedPaper:
        """A paper that people talk about, with the posts about it."""
        if key not in self._papers:
            self._papers[key] = self._read_paper(key)
        return self._papers[key]

    def _read_paper(self, key: str) -> RecordedPaper:
        posts_of_paper = next(
            (measured_posts[key] for measured_posts in self._measured_posts.values() if key in measured_posts), None
        )
        if posts_of_paper is None:  # counted by another collector alone
            announced_at, archive = next(others.facts[key] for others in self._others.values() if key in others.facts)
            return RecordedPaper(key, archive, announced_at, self._title(key))
        posts = (self._post(rows[-1]) for rows in posts_of_paper.posts.values())
        return RecordedPaper(
            key, posts_of_paper.archive, posts_of_paper.announced_at, self._title(key), tuple(sorted(posts))
        )

    def _title(self, key: str) -> str:
        paper = self._view.item(Paper, key)
        return paper.title if paper else ""

    def _post(self, row: attention.PostAtAge) -> PaperPost:
        post = next(self._view.items(Post, f"t.post = {int(row.post)}"), None)
        at, text = (post.created_at, post.text) if post else (row.until, "")
        return PaperPost(row.post, row.network, row.voice, at, text, row.likes)

    @cached_property
    def _announced(self) -> list[Announcement]:
        """New papers in the publication's fields that may be candidates, last announced first."""
        return list(self._announced_in(self.content.from_at, self.content.as_of))

    def _announced_in(self, start: int, end: int) -> Iterator[Announcement]:
        """The announcements of new papers in the fields after one moment up to another, the latest first."""
        rule, where = (
            wanted_papers.rule_of(self.content),
            "t.announced_at > ? AND t.announced_at <= ? AND t.type = 'new'",
        )
        rows = described_announcements(self._view, where, (start, end), "t.announced_at DESC, t.day, t.id")
        return (row.announcement for row in rows if rule.counts(row))

    @cached_property
    def _papers_with_posts(self) -> frozenset[str]:
        return frozenset(candidate.paper for inputs in self._inputs.values() for candidate in inputs.candidates)

    @cached_property
    def earlier_papers(self) -> tuple[RecordedPaper, ...]:
        """Papers of the previous 90 days that are too old for the issue and that nobody talks about."""
        return tuple(self._silent.values())

    @cached_property
    def _silent(self) -> dict[str, RecordedPaper]:
        start = self.content.as_of - (measurement.REFERENCE_DAYS - 1) * DAY
        announced = self._announced_in(start, self.content.from_at)
        silent = (_paper(paper) for paper in announced if paper.paper not in self._posted_about)
        return {paper.paper: paper for paper in islice(silent, MOST_EARLIER)}

    def target(self, *, days_old: int, known_post: bool, small_field: bool) -> AttackedPaper | None:
        """A paper announced `days_old` days before the cut or somewhat earlier: one that nobody talks about, from the
        archive with most of these, or with `small_field` from the one with fewest; or one with a single post, by a
        known account."""
        day = self._announced_by(self.content.as_of - days_old * DAY)
        if known_post:
            return next(
                (paper for announcement in day if (paper := self._with_one_post(announcement)) is not None), None
            )
        silent = [announcement for announcement in day if announcement.paper not in self._papers_with_posts]
        counts = Counter(archive_of(announcement.category) for announcement in silent)
        archives = sorted(counts, key=lambda archive: (-counts[archive], archive))
        if not archives or (small_field and len(archives) == 1):
            return None
        archive = archives[-1 if small_field else 0]
        papers = sorted(announcement.paper for announcement in silent if archive_of(announcement.category) == archive)
        target = next(
            (paper for paper in papers if wanted_papers.matching_papers(self._view, self.publication, [paper])), None
        )
        return next((self._described(announcement) for announcement in silent if announcement.paper == target), None)

    def _announced_by(self, moment: int) -> list[Announcement]:
        """The last group of papers announced together, up to a moment."""
        announcements = (announcement for announcement in self._announced if announcement.announced_at <= moment)
        return next(
            (list(group) for _, group in groupby(announcements, key=lambda announcement: announcement.announced_at)), []
        )

    def _described(self, announcement: Announcement) -> RecordedPaper:
        metadata = self._view.item(Paper, announcement.paper)
        archive = archive_of(metadata.categories[0]) if metadata and metadata.categories else ""
        return _paper(announcement)._replace(archive=archive, title=metadata.title if metadata else "")

    def _with_one_post(self, announcement: Announcement) -> RecordedPaper | None:
        """The paper, if it has a single post, by a known account, and the issue may contain it."""
        key = announcement.paper
        for needs, measured_posts in self._measured_posts.items():
            known = self._rules[needs].known or frozenset()
            posts = list(measured_posts[key].posts.values()) if key in measured_posts else []
            if key in self._eligible and len(posts) == 1 and posts[0][-1].voice in known:
                return self.paper(key)
        return None

    # ---- under a campaign ------------------------------------------------------------------------------------------

    def effect(self, campaign: Campaign, needs: ranking.RankingNeeds) -> AttackEffect:
        """The issue's posts after a campaign. If accounts are made to look like a chorus, their posts about papers that
        the campaign does not touch still count."""
        unread_networks = frozenset(campaign.unread_networks)
        return AttackEffect(self._during(unread_networks)._rows_after(campaign, needs), unread_networks)

    def _rows_after(self, campaign: Campaign, needs: ranking.RankingNeeds) -> dict[str, list[Engagement]]:
        joined = self._joined(campaign, needs)
        touched = dict.fromkeys([*campaign.posts, *(measured.paper for measured in joined.values())])
        posts_by_paper = [
            (paper, list(self._unread.posts(campaign.posts_about(paper))))
            for paper in (self._paper_of(campaign, key) for key in touched)
        ]
        bots = (
            chorus.judged(posts_by_paper, partial(self._elsewhere, posts_by_paper), self.content.as_of) | campaign.bots
        )
        rule, fingerprints = self._rule(campaign, needs, bots), self._fingerprints(posts_by_paper, needs)
        rows = {}
        for paper, posts in posts_by_paper:
            own_posts = self._measured_posts[needs].get(paper.paper, recorded_posts.NO_POSTS)
            attacked = recorded_posts.AttackedPosts(
                paper=paper.paper,
                archive=paper.archive if isinstance(paper, RecordedPaper) else own_posts.archive,
                announced_at=paper.announced_at,
                times=recorded_posts.measurement_times(paper.announced_at, self.content.as_of, needs.ages[0]),
                own=own_posts,
                elsewhere=joined,
                naming_networks=self.naming_networks,
                bots=bots,
                fingerprints=fingerprints,
            )
            own_rows = list(self._counted(attacked.measured(posts), rule))
            honest_rows = self._counted(own_posts, self._rules[needs])
            rows[paper.paper] = list(self._others[needs].counted(paper.paper, own_rows, honest_rows))
        return rows

    def order_after(
        self, effect: AttackEffect, rank: Rank, needs: ranking.RankingNeeds, *, whole: bool = False
    ) -> list[str]:
        """The papers that the issue would contain after a campaign, in order. `whole`: see `Contender`."""
        kept_papers = self._during(effect.unread_networks)._kept(rank, needs, whole=whole)
        possible_papers = self._eligible | effect.rows.keys()
        inputs = self.input_after(effect, needs, kept_papers)
        possible = [candidate for candidate in rank(inputs) if candidate.paper in possible_papers]
        return [candidate.paper for candidate in self._shown(rank, possible, inputs)]

    def input_after(self, effect: AttackEffect, needs: ranking.RankingNeeds, kept_papers: Set[str]) -> RankingInput:
        """A ranking's input after a campaign, for the `kept_papers` and those the campaign touched."""
        return self._during(effect.unread_networks)._input_with(effect.rows, needs, kept_papers)

    def _during(self, unread_networks: frozenset[str]) -> RecordedScene:
        """The same issue if these networks could not be read for the last 24 hours. What is known of papers that no
        attack may use is only what was measured before."""
        if not unread_networks:
            return self
        if unread_networks not in self._outages:
            unread = UnreadNetworks(unread_networks, self.content.as_of - DAY)
            self._outages[unread_networks] = self._as_read(unread)
        return self._outages[unread_networks]

    def _as_read(self, unread: UnreadNetworks) -> RecordedScene:
        scene = copy(self)
        scene._unread, scene._orders = unread, {}
        scene._measured_posts = {
            needs: {key: measured.as_read(unread) for key, measured in papers.items()}
            for needs, papers in self._measured_posts.items()
        }
        scene._others = {needs: others.as_read(unread) for needs, others in self._others.items()}
        scene._inputs = {needs: self._input_as_read(scene, unread, needs) for needs in self._inputs}
        return scene

    def _input_as_read(self, scene: RecordedScene, unread: UnreadNetworks, needs: ranking.RankingNeeds) -> RankingInput:
        rows = {key: scene._honest_rows(key, needs) for key in scene._measured_posts[needs]}
        others = {candidate.paper for candidate in self._inputs[needs].candidates}
        inputs = self._input_with(rows, needs, others)
        candidates = (
            candidate if candidate.paper in rows else unread.candidate(candidate) for candidate in inputs.candidates
        )
        return msgspec.structs.replace(inputs, candidates=tuple(candidates))

    def _input_with(
        self, rows: Mapping[str, Sequence[Engagement]], needs: ranking.RankingNeeds, kept_papers: Set[str]
    ) -> RankingInput:
        honest = self._inputs[needs]
        rows_before = chain.from_iterable(self._honest_rows(key, needs) for key in rows)
        peers = changed_peers(honest.peers, rows_before, chain.from_iterable(rows.values()), needs)
        candidates = [candidate for candidate in honest.candidates if candidate.paper in kept_papers - rows.keys()]
        changed_candidates = (self._candidate(some, needs) for some in rows.values())
        return RankingInput(
            candidates=(*candidates, *(candidate for candidate in changed_candidates if candidate is not None)),
            peers=peers,
        )

    def _joined(self, campaign: Campaign, needs: ranking.RankingNeeds) -> dict[int, recorded_posts.MeasuredPosts]:
        """By number, others' posts that link the target too, with the posts about their own paper."""
        shared = {post.id for post in campaign.posts.get(campaign.target.paper, ()) if post.id < ATTACKERS}
        measured_posts = self._measured_posts[needs].values() if shared else ()
        return {post: measured for measured in measured_posts for post in shared & measured.posts.keys()}

    def _paper_of(self, campaign: Campaign, key: str) -> AttackedPaper:
        if key == campaign.target.paper:
            return campaign.target
        return self._silent.get(key) or self.paper(key)

    def _kept(self, rank: Rank, needs: ranking.RankingNeeds, *, whole: bool) -> set[str]:
        if whole:
            return {candidate.paper for candidate in self._inputs[needs].candidates}
        return {candidate.paper for candidate in self.order(rank, needs)[:RIVALS]}

    def _rule(self, campaign: Campaign, needs: ranking.RankingNeeds, bots: frozenset[int]) -> VoiceRule:
        """The voice rule after a campaign. If the record is too young to know standing, the campaign's accounts have
        none either."""
        rule, target = self._rules[needs], campaign.target.paper
        authors = frozenset(rule.authors.get(target, ())) | campaign.author_accounts
        return VoiceRule(
            left_out=rule.left_out | bots,
            known=rule.known and rule.known | campaign.aged_accounts,
            authors={**rule.authors, target: authors} if authors else rule.authors,
        )

    def _elsewhere(self, posts_by_paper: chorus.PostsByPaper, account: int) -> int:
        """How many posts an account made about other papers in the two weeks."""
        if account > ATTACKERS:
            return 0
        if account not in self._posts_made:
            since = self.content.as_of - chorus.SPAN
            self._posts_made[account] = posts_made(self._view, account, since)
        own_posts = (post for _, posts in posts_by_paper for post in posts if post.account == account)
        return self._posts_made[account] - sum(chorus.is_judged_by(post, self.content.as_of) for post in own_posts)

    def _fingerprints(self, posts_by_paper: chorus.PostsByPaper, needs: ranking.RankingNeeds) -> Mapping[str, int]:
        """The numbers of the texts of honest posts, which an attack may repeat."""
        known = self._measured_posts[needs]
        return {
            post.text: known[paper.paper].posts[post.id][-1].text_fingerprint
            for paper, posts in posts_by_paper
            if paper.paper in known
            for post in posts
            if post.text and post.id in known[paper.paper].posts
        }

    def _counted(self, measured: recorded_posts.MeasuredPosts, rule: VoiceRule) -> Iterator[Engagement]:
        rows = measured.rows()
        return (
            ranking_input.without_late_peer(row, self._since)
            for row in clauses.count_without(self._counter.clauses)([rows] if rows else [], measured.reactions, rule)
        )

    def _honest_rows(self, key: str, needs: ranking.RankingNeeds) -> list[Engagement]:
        """A paper's rows without a campaign, as the issue counts it."""
        measured = self._measured_posts[needs].get(key, recorded_posts.NO_POSTS)
        own_rows = list(self._counted(measured, self._rules[needs]))
        return list(self._others[needs].counted(key, own_rows, own_rows))

    def _candidate(self, rows: Sequence[Engagement], needs: ranking.RankingNeeds) -> Candidate | None:
        if not rows:
            return None
        return ranking_input.candidate_of(rows, self.content.from_at, self._earlier_voices, self.content.as_of, needs)


def _paper(announcement: Announcement) -> RecordedPaper:
    return RecordedPaper(announcement.paper, archive_of(announcement.category), announcement.announced_at)
