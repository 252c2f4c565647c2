"""A frozen issue of a record, to be attacked: its talk, references and standing as of its cut, as the issue saw them.

The record is only read. An order holds the papers that the issue may hold: of the publication's fields, and shown by no
earlier issue; by the publication's own ranking also not those below its threshold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cached_property, partial
from itertools import chain, groupby, islice
from typing import NamedTuple

import msgspec

from hotpapers import ranking
from hotpapers.categories import archive_of
from hotpapers.engagement import attention, measurement
from hotpapers.engagement.attention import Engagement, VoiceRule, count_engagement
from hotpapers.engagement.queries import people, reactions_to
from hotpapers.evaluation.attacks import coordinated, recorded_talk
from hotpapers.evaluation.attacks.campaign import ATTACKERS, AttackedNetwork, AttackedPaper, Campaign
from hotpapers.evaluation.attacks.scene import RIVALS, Aftermath, Rank, changed_peers, without
from hotpapers.evaluation.queries import names_accounts, posts_made
from hotpapers.evaluation.worlds import TalkPost
from hotpapers.issues import ranking_input, selection
from hotpapers.issues.build import IssueRecipe, earlier_issues, last_voices
from hotpapers.issues.queries import read_since
from hotpapers.model import (
    DAY,
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
from hotpapers.ranking import rarity, vouched
from hotpapers.store.record import Record

USUAL_AGE = rarity.AGES[1]
"""The age at which an attacker looks at what is usual on a network."""
FEW_VOICES = 60
"""Papers with more voices are not looked at where one is sought that a known account alone has posted about."""
HIGHEST = 40
"""So many papers of an order may be attacked, or join in."""
OTHERS = 200
"""So many papers of the 90 days before are at an attacker's hand."""


class RecordedPaper(NamedTuple):
    """A paper of a record, as an attack sees it."""

    paper: str
    archive: str
    announced_at: int
    title: str = ""
    posts: tuple[TalkPost, ...] = ()


class RecordedScene:
    """An issue that was frozen. `ranks`: the rankings that are to be attacked, each with what is measured for it."""

    def __init__(
        self, record: Record, content: IssueContent, ranks: Iterable[tuple[Rank, ranking.Measured]]
    ) -> None:  # fmt: skip
        self.content, self.publication = content, content.publication
        self.name = f"{self.publication.publication} {content.day}"
        self._view = record.view(content.as_of, content.position)
        self._own_voices = record.voices_of(self.publication.own)
        self._people = people(self._view, self._own_voices)
        recipe = IssueRecipe(self.publication, content.day, content.edition, content.position)
        self._held = last_voices(earlier for _, earlier in earlier_issues(record, recipe))
        self._since = read_since(self._view)
        self._orders: dict[Rank, tuple[ScoredCandidate, ...]] = {}
        self._posted_about: set[str] = set()
        self._posts_made: dict[int, int] = {}
        self._papers: dict[str, RecordedPaper] = {}
        pairs = tuple(ranks)
        kinds = dict.fromkeys(measured for _, measured in pairs)
        self._inputs = {measured: self._read_input(measured) for measured in kinds}
        self._rules = {
            measured: attention.voice_rule(self._view, self._people, with_standing=measured.with_standing)
            for measured in kinds
        }
        self._talks = {
            measured: self._read_talks(measured, [rank for rank, other in pairs if other == measured])
            for measured in kinds
        }

    # ---- what the record says ------------------------------------------------------------------------------

    def _measured_by(self, measured: ranking.Measured) -> Publication:
        """The publication, ranked by what is measured so."""
        return msgspec.structs.replace(
            self.publication, ranking=vouched.NAME if measured.with_standing else rarity.NAME
        )  # fmt: skip

    def _read_input(self, measured: ranking.Measured) -> RankingInput:
        span = ranking_input.CandidateWindow(self.content.from_at, self._held, self.content.choice is not msgspec.UNSET)
        return ranking_input.collect_input(self._view, self._measured_by(measured), span, self._own_voices)

    def _read_talks(self, measured: ranking.Measured, ranks: Iterable[Rank]) -> dict[str, recorded_talk.MeasuredTalk]:
        """What was said of the papers that an attack may join in on."""
        papers = {candidate.paper for rank in ranks for candidate in self.order(rank, measured)[:HIGHEST]}
        papers |= {
            candidate.paper for candidate in self._inputs[measured].candidates
            if candidate.announced_at and len(candidate.attention) == 1 and candidate.attention[0].voices <= FEW_VOICES
        }  # fmt: skip
        window = ranking_input.measured_window(self._measured_by(measured), self.content.from_at, self._own_voices)
        some = []
        for rows in attention.read_posts(self._view, window):
            self._posted_about.add(rows[0].paper)
            if rows[0].paper in papers:
                some.append(rows)
        last = self._view.last_row(Reaction)
        moments = attention.moments_of(some)
        reactions = reactions_to(self._view, moments, self._people, last) if some and last else {}
        return {rows[0].paper: recorded_talk.measured_talk(rows, reactions) for rows in some}

    def tells_apart(self, measured: ranking.Measured) -> bool:
        """Whether accounts with standing are told from others."""
        return self._rules[measured].known is not None

    # ---- honest ------------------------------------------------------------------------------------------------

    def order(self, rank: Rank, measured: ranking.Measured) -> tuple[ScoredCandidate, ...]:
        """The papers that the issue may hold, in their order by a ranking."""
        if rank not in self._orders:
            ranked = rank(self._inputs[measured])
            self._orders[rank] = tuple(
                self._shown(rank, (candidate for candidate in ranked if candidate.paper in self._eligible))
            )
        return self._orders[rank]

    def _shown(self, rank: Rank, ordered: Iterable[ScoredCandidate]) -> Iterator[ScoredCandidate]:
        is_own = rank is ranking.RANKINGS.get(self.publication.ranking)
        least = max(self.publication.threshold, 1) if is_own else 1
        enough = selection.enough(self.publication, self.content.compared) if is_own else 0
        for place, candidate in enumerate(ordered):
            if candidate.score >= least or (place < enough and candidate.voices >= selection.VOICES):
                yield candidate

    @cached_property
    def _eligible(self) -> frozenset[str]:
        """The papers of the publication's fields that no earlier issue has shown."""
        papers = {
            candidate.paper for talk in self._inputs.values() for candidate in talk.candidates
        } - self._held.keys()
        return frozenset(ranking_input.matching_papers(self._view, self.publication, papers))

    @cached_property
    def networks(self) -> tuple[AttackedNetwork, ...]:
        """The networks on which anything was liked or reposted, the sparsest first."""
        names = {
            counts.network for talk in self._inputs.values() for candidate in talk.candidates
            for counts in candidate.attention if counts.likes or counts.reposts
        }  # fmt: skip
        networks = (AttackedNetwork(name, self._usual(name), name in self.naming) for name in names)
        return tuple(sorted(networks, key=lambda network: (network.usual, network.name)))

    def _usual(self, network: str) -> int:
        """The voices that one in ten of the papers talked about there has or more."""
        peers = next(iter(self._inputs.values())).peers
        counts = Counter[int]()
        for peer in peers:
            if (peer.network, peer.age) == (network, USUAL_AGE):
                counts.update({voices: papers for voices, papers in peer.counts if voices >= rarity.LEAST})
        voices = sorted(counts.elements())
        return voices[len(voices) * 9 // 10] if voices else rarity.LEAST

    @cached_property
    def naming(self) -> frozenset[str]:
        """The networks that tell who liked."""
        networks = {counts.network for talk in self._inputs.values() for c in talk.candidates for counts in c.attention}
        since = self.content.as_of - measurement.REFERENCE_DAYS * DAY
        return frozenset(name for name in networks if names_accounts(self._view, name, since))

    # ---- papers for which one may attack ---------------------------------------------------------------------------

    def paper(self, key: str) -> RecordedPaper:
        """A paper that people speak of, with the posts about it."""
        if key not in self._papers:
            self._papers[key] = self._read_paper(key)
        return self._papers[key]

    def _read_paper(self, key: str) -> RecordedPaper:
        talk = next(talks[key] for talks in self._talks.values() if key in talks)
        posts = (self._post(rows[-1]) for rows in talk.posts.values())
        return RecordedPaper(key, talk.archive, talk.announced_at, self._title(key), tuple(sorted(posts)))

    def _title(self, key: str) -> str:
        paper = self._view.item(Paper, key)
        return paper.title if paper else ""

    def _post(self, row: attention.PostAtAge) -> TalkPost:
        post = next(self._view.items(Post, f"t.post = {int(row.post)}"), None)
        at, text = (post.created_at, post.text) if post else (row.until, "")
        return TalkPost(row.post, row.network, row.voice, at, text, row.likes)

    @cached_property
    def _announced(self) -> list[Announcement]:
        """New papers of the publication's fields that may be candidates, the last announced first."""
        return list(self._announced_in(self.content.from_at, self.content.as_of))

    def _announced_in(self, start: int, end: int) -> Iterator[Announcement]:
        where, fields = "t.announced_at > ? AND t.announced_at <= ? AND t.type = 'new'", self.publication.categories
        for announcement in self._view.items(Announcement, where, (start, end), "t.announced_at DESC, t.day, t.id"):
            if not fields or ranking_input.in_fields(announcement.category, fields):
                yield announcement

    @cached_property
    def _spoken_of(self) -> frozenset[str]:
        return frozenset(candidate.paper for talk in self._inputs.values() for candidate in talk.candidates)

    @cached_property
    def others(self) -> tuple[RecordedPaper, ...]:
        """Papers of the 90 days before that are too old for the issue and of which nobody speaks."""
        return tuple(self._silent.values())

    @cached_property
    def _silent(self) -> dict[str, RecordedPaper]:
        start = self.content.as_of - (measurement.REFERENCE_DAYS - 1) * DAY
        announced = self._announced_in(start, self.content.from_at)
        silent = (_paper(paper) for paper in announced if paper.paper not in self._posted_about)
        return {paper.paper: paper for paper in islice(silent, OTHERS)}

    def target(self, *, days_old: int, spoken_of: bool, small_field: bool) -> AttackedPaper | None:
        """A paper announced so many days before the cut or somewhat earlier: one that nobody speaks of, of the archive
        with most of these, or with `small_field` of the one with fewest; or one about which a known account alone has
        posted."""
        day = self._announced_by(self.content.as_of - days_old * DAY)
        if spoken_of:
            return next(
                (paper for announcement in day if (paper := self._with_one_post(announcement)) is not None), None
            )
        silent = [announcement for announcement in day if announcement.paper not in self._spoken_of]
        counts = Counter(archive_of(announcement.category) for announcement in silent)
        archives = sorted(counts, key=lambda archive: (-counts[archive], archive))
        if not archives or (small_field and len(archives) == 1):
            return None
        archive = archives[-1 if small_field else 0]
        some = sorted(announcement.paper for announcement in silent if archive_of(announcement.category) == archive)
        target = next(
            (paper for paper in some if ranking_input.matching_papers(self._view, self.publication, [paper])), None
        )
        return next((self._described(announcement) for announcement in silent if announcement.paper == target), None)

    def _announced_by(self, moment: int) -> list[Announcement]:
        """What was announced together last, by a moment."""
        before = (announcement for announcement in self._announced if announcement.announced_at <= moment)
        return next(
            (list(group) for _, group in groupby(before, key=lambda announcement: announcement.announced_at)), []
        )

    def _described(self, announcement: Announcement) -> RecordedPaper:
        known = self._view.item(Paper, announcement.paper)
        archive = archive_of(known.categories[0]) if known and known.categories else ""
        return _paper(announcement)._replace(archive=archive, title=known.title if known else "")

    def _with_one_post(self, announcement: Announcement) -> RecordedPaper | None:
        """The paper, if a known account alone has posted about it and the issue may hold it."""
        key = announcement.paper
        for measured, talks in self._talks.items():
            known = self._rules[measured].known or frozenset()
            posts = list(talks[key].posts.values()) if key in talks else []
            if key in self._eligible and len(posts) == 1 and posts[0][-1].voice in known:
                return self.paper(key)
        return None

    # ---- under a campaign ------------------------------------------------------------------------------------------

    def aftermath(self, campaign: Campaign, measured: ranking.Measured) -> Aftermath:
        """What becomes of the issue's talk under a campaign. What accounts that are made to look like a chorus said of
        papers that it does not touch stays as it is."""
        joined = self._joined(campaign, measured)
        touched = dict.fromkeys([*campaign.posts, *(talk.paper for talk in joined.values())])
        talk = [(paper, campaign.talk(paper)) for paper in (self._paper_of(campaign, key) for key in touched)]
        bots = coordinated.judged(talk, partial(self._elsewhere, talk), self.content.as_of) | campaign.bots
        rule, same = self._rule(campaign, measured, bots), self._same(talk, measured)
        rows = {}
        for paper, posts in talk:
            own = self._talks[measured].get(paper.paper, recorded_talk.SILENCE)
            attacked = recorded_talk.AttackedTalk(
                paper=paper.paper,
                archive=paper.archive if isinstance(paper, RecordedPaper) else own.archive,
                announced_at=paper.announced_at,
                marks=recorded_talk.marks_of(paper.announced_at, self.content.as_of, measured.ages[0]),
                own=own, elsewhere=joined, naming=self.naming, bots=bots, same=same,
            )  # fmt: skip
            rows[paper.paper] = list(self._counted(attacked.measured(posts), rule))
        return Aftermath(rows, frozenset(campaign.lost))

    def order_after(
        self, aftermath: Aftermath, rank: Rank, measured: ranking.Measured, *, whole: bool = False
    ) -> list[str]:
        """The papers that the issue would hold after a campaign, in their order. `whole`: see `Contender`."""
        kept = self._kept(rank, measured, whole=whole or bool(aftermath.lost))
        may_hold = self._eligible | aftermath.rows.keys()
        ordered = rank(self.input_after(aftermath, measured, kept))
        return [
            candidate.paper
            for candidate in self._shown(rank, (candidate for candidate in ordered if candidate.paper in may_hold))
        ]

    def input_after(self, aftermath: Aftermath, measured: ranking.Measured, kept: Set[str]) -> RankingInput:
        """What a ranking sees after a campaign, of the papers that are `kept` and of those that it touched."""
        honest, (rows, lost) = self._inputs[measured], aftermath
        talks, rule = self._talks[measured], self._rules[measured]
        before = chain.from_iterable(self._counted(talks[key], rule) for key in rows if key in talks)
        peers = changed_peers(honest.peers, before, chain.from_iterable(rows.values()), measured)
        candidates = [
            without(candidate, lost) for candidate in honest.candidates if candidate.paper in kept - rows.keys()
        ]
        changed = (self._candidate(some, measured) for some in rows.values())
        return RankingInput(
            candidates=(*candidates, *(candidate for candidate in changed if candidate is not None)), peers=peers
        )

    def _joined(self, campaign: Campaign, measured: ranking.Measured) -> dict[int, recorded_talk.MeasuredTalk]:
        """The posts of others that link the target too, by number, with what was said of their own paper."""
        shared = {post.id for post in campaign.posts.get(campaign.target.paper, ()) if post.id < ATTACKERS}
        talks = self._talks[measured].values() if shared else ()
        return {post: talk for talk in talks for post in shared & talk.posts.keys()}

    def _paper_of(self, campaign: Campaign, key: str) -> AttackedPaper:
        if key == campaign.target.paper:
            return campaign.target
        return self._silent.get(key) or self.paper(key)

    def _kept(self, rank: Rank, measured: ranking.Measured, *, whole: bool) -> set[str]:
        if whole:
            return {candidate.paper for candidate in self._inputs[measured].candidates}
        return {candidate.paper for candidate in self.order(rank, measured)[:RIVALS]}

    def _rule(self, campaign: Campaign, measured: ranking.Measured, bots: frozenset[int]) -> VoiceRule:
        """Where the record is too young to tell anybody apart, it tells nobody of the campaign apart either."""
        rule, target = self._rules[measured], campaign.target.paper
        authors = frozenset(rule.authors.get(target, ())) | campaign.author_accounts
        return VoiceRule(
            left_out=rule.left_out | bots,
            known=rule.known and rule.known | campaign.aged_accounts,
            authors={**rule.authors, target: authors} if authors else rule.authors,
        )  # fmt: skip

    def _elsewhere(self, talk: coordinated.Talk, account: int) -> int:
        """How many posts an account made in the fortnight about other papers."""
        if account > ATTACKERS:
            return 0
        if account not in self._posts_made:
            since = self.content.as_of - coordinated.SPAN
            self._posts_made[account] = posts_made(self._view, account, since)
        here = (post for _, posts in talk for post in posts if post.account == account)
        return self._posts_made[account] - sum(coordinated.is_judged_by(post, self.content.as_of) for post in here)

    def _same(self, talk: coordinated.Talk, measured: ranking.Measured) -> Mapping[str, int]:
        """The marks of the texts of honest posts, which others may repeat."""
        known = self._talks[measured]
        return {
            post.text: known[paper.paper].posts[post.id][-1].same
            for paper, posts in talk if paper.paper in known
            for post in posts if post.text and post.id in known[paper.paper].posts
        }  # fmt: skip

    def _counted(self, talk: recorded_talk.MeasuredTalk, rule: VoiceRule) -> Iterator[Engagement]:
        rows = talk.rows()
        return (
            ranking_input.among_peers(row, self._since)
            for row in count_engagement([rows] if rows else [], talk.reactions, rule)
        )

    def _candidate(self, rows: Sequence[Engagement], measured: ranking.Measured) -> Candidate | None:
        if not rows:
            return None
        return ranking_input.candidate_of(rows, self.content.from_at, self._held, self.content.as_of, measured)


def _paper(announcement: Announcement) -> RecordedPaper:
    return RecordedPaper(announcement.paper, archive_of(announcement.category), announcement.announced_at)
