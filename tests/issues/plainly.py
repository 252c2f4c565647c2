"""Who talked about what, computed again without SQL: paper by paper, person by person, post by post.

Written from the design alone, as a reference: slow, short, and sharing no code with the record.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from hotpapers.base.model import (
    BEGAN,
    DAY,
    HOUR,
    MAX_INTEGER,
    READ_BACK,
    Alias,
    Announcement,
    Coverage,
    Item,
    Mention,
    Paper,
    Post,
    Reaction,
    Snapshot,
    Verdict,
)
from hotpapers.discussion.engagement.attention import Engagement
from hotpapers.discussion.engagement.measurement import AGES
from tests.issues.worlds import TEXTS, World

T = TypeVar("T", bound=Item)


class Mark(NamedTuple):
    """A paper and the moment at which it is measured."""

    paper: str
    announced_at: int
    age: int
    until: int
    peer: int
    posted_from: int


class PostAtMark(NamedTuple):
    """A post about a paper, as it was at a mark."""

    post: Post
    person: str
    is_bot: bool
    reposts: int
    likes: int
    counted_at: int | None
    shared: bool

    @property
    def strength(self) -> tuple[bool, int, str]:
        """The minimum is where a voice is strongest: people before bots, then more reactions, then network name."""
        return (self.is_bot, -(self.reposts + self.likes), self.post.network)


class Plain(NamedTuple):
    """A view of a world."""

    world: World
    cut: int
    position: int
    ages: tuple[int, ...] = (6, 24, 72, 168)
    networks: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    start: int = 0
    posted_from: int | None = None
    papers: tuple[str, ...] = ()
    enough: int | None = None
    """How many accounts must have standing before voices are told apart; None if they never are."""
    youngest: int = 0
    posted_until: int = MAX_INTEGER

    def visible(self, kind: type[T]) -> list[T]:
        """All observations up to the cut."""
        return [
            item for item, since, until in self.world.kept
            if isinstance(item, kind) and since <= self.position and not 0 < until <= self.position
            and item.observed_at <= self.cut
        ]  # fmt: skip

    def latest(self, kind: type[T], at: int | None = None) -> list[T]:
        """The latest observation of each key up to a moment, by default the cut."""
        newest: dict[tuple[object, ...], T] = {}
        for item, since, until in self.world.kept:
            if isinstance(item, kind) and since <= self.position and not 0 < until <= self.position:
                key = tuple(getattr(item, name) for name in kind.key)
                earlier = newest.get(key)
                if item.observed_at <= (self.cut if at is None else at):
                    newest[key] = item if earlier is None or item.observed_at > earlier.observed_at else earlier
        return list(newest.values())

    # ---- persons -----------------------------------------------------------------------------------------

    def person(self, account: str) -> str:
        """The account, by its stable id if known."""
        return next((alias.stable for alias in self.latest(Alias) if alias.account == account), account)

    def judged(self, judgement: str, rule: str = "") -> set[tuple[str, str]]:
        """(person or post, paper) of the current verdicts."""
        verdicts = [v for v in self.latest(Verdict) if v.judgement == judgement and rule in ("", v.rule)]
        return {(v.subject if v.about else self.person(v.subject), v.about) for v in verdicts}

    @property
    def bots(self) -> set[str]:
        """Judged by any rule unless the operator disagrees, or by `rate` alone unless proved to be a person."""
        alone = self.judged("bot", "rate") - self.judged("human", "proved")
        judgements = [self.judged("bot", rule) for rule in ("pace", "operator", "proved")]
        judged = alone.union(*judgements) - self.judged("human", "operator")
        return {person for person, about in judged if not about}

    @property
    def doubtful(self) -> set[tuple[str, str]]:
        """(post, paper), unless the operator calls the post sound."""
        return {pair for pair in self.judged("doubtful") - self.judged("sound", "operator") if pair[1]}

    @property
    def ourselves(self) -> set[str]:
        """The publication's own accounts."""
        return {self.person(account) for account in self.own}

    # ---- standing ----------------------------------------------------------------------------------------

    def observed(self) -> Iterator[tuple[str, str, int]]:
        """(account, paper, moment) of all posts and reactions, by batch and then by moment, including those that the
        record now reads differently."""
        for batch in sorted({since for _, since, _ in self.world.kept if since <= self.position}):
            came = [item for item, since, _ in self.world.kept if since == batch]
            before = [(item, since) for item, since, _ in self.world.kept if since <= batch]
            mentions = [item for item, _ in before if isinstance(item, Mention)]
            posts = {item.post: item.account for item, _ in before if isinstance(item, Post)}
            mentions_of_batch = [item for item in came if isinstance(item, Mention) and posts.get(item.post)]
            rows = [(item.observed_at, posts[item.post], item.paper) for item in mentions_of_batch]
            for reaction in (item for item in came if isinstance(item, Reaction)):
                about = {mention.paper for mention in mentions if mention.post == reaction.post}
                if len(about) == 1:
                    rows.append((reaction.observed_at, reaction.account, about.pop()))
            for at, account, paper in sorted(rows):
                yield account, paper, at

    @property
    def known(self) -> set[str] | None:
        """People who discussed three papers, the first 30 days ago and the third a week; None if too few did."""
        posts_at: dict[str, dict[str, int]] = {}
        for account, paper, at in self.observed():
            posts_at.setdefault(account, {}).setdefault(paper, at)
        moments = {account: list(papers.values())[:3] for account, papers in posts_at.items() if len(papers) > 2}
        accounts = [
            account for account, times in moments.items()
            if times[0] <= self.cut - 30 * DAY and max(times) <= self.cut - 7 * DAY
        ]  # fmt: skip
        if self.enough is None or len(accounts) < self.enough:
            return None
        return {self.person(account) for account in accounts}

    def authors(self, paper: str) -> set[str]:
        """People judged to be a paper's authors unless the operator disagrees, and those the operator names."""
        verdicts = [(v, self.person(v.subject)) for v in self.latest(Verdict) if v.about == paper]
        judged = {person for v, person in verdicts if v.judgement == "author" and v.rule != "operator"}
        corrections = {(v.judgement, person) for v, person in verdicts if v.rule == "operator"}
        return {person for person in judged if ("independent", person) not in corrections} | {
            person for judgement, person in corrections if judgement == "author"
        }

    @property
    def topics(self) -> set[str]:
        """The papers measured: those announced, and older ones with a post in the window."""
        times = {post.post: post.created_at for post in self.visible(Post)}
        posts_at = {
            mention.paper
            for mention in self.visible(Mention)
            if (self.posted_from or 0) <= times.get(mention.post, -1) < self.posted_until
        }
        wanted = {mark.paper for mark in self.marks() if mark.announced_at or mark.paper in posts_at}
        return {paper for paper in wanted if not self.papers or paper in self.papers}

    def is_shared(self, post: str, paper: str) -> bool:
        """Whether a post names other measured papers; only if standing counts."""
        papers = {mention.paper for mention in self.visible(Mention) if mention.post == post} - {paper}
        return self.enough is not None and bool(papers & self.topics)

    # ---- marks -------------------------------------------------------------------------------------------

    def marks(self) -> Iterator[Mark]:
        """Where papers are measured."""
        first: dict[str, int] = {}
        for a in self.latest(Announcement):
            if a.type != "replacement" and a.announced_at <= self.cut:
                first[a.paper] = min(a.announced_at, first.get(a.paper, a.announced_at))
        recent = {paper: at for paper, at in first.items() if at > self.cut - 90 * DAY}
        for paper, at in recent.items():
            for age in self.ages:
                if at + age * HOUR <= self.cut:
                    yield Mark(paper, at, age, at + age * HOUR, 1, 0)
            youngest = self.youngest or self.ages[0]
            if at + youngest * HOUR > self.cut:
                yield Mark(paper, at, youngest, self.cut, 0, 0)
        if self.posted_from is not None:
            for paper in {mention.paper for mention in self.latest(Mention)}:
                if recent.get(paper, 0) <= self.start:
                    yield Mark(paper, 0, self.ages[-1], self.cut, 0, self.posted_from)

    # ---- what was said -------------------------------------------------------------------------------------

    def posts_at(self, mark: Mark) -> list[PostAtMark]:
        """The posts that count at a mark, including those of bots."""
        networks = sorted({item.network for item, _, _ in self.world.kept if isinstance(item, Post)})
        return [words for network in networks for words in self.spoken_on(network, mark)]

    def known_at(self, network: str, mark: Mark) -> int:
        """Until when observations of a network count at a mark: if its first reading ended after the mark and before
        the next age, until that reading ended."""
        rows = [
            item for item, since, until in self.world.kept
            if isinstance(item, Coverage) and item.network == network and item.observed_at <= self.cut
            and since <= self.position and not 0 < until <= self.position
        ]  # fmt: skip
        began = [row.observed_at for row in rows if row.reason == BEGAN]
        late = min(began, default=0) + 6 * HOUR
        ends = [row.observed_at for row in rows if began and row.reason == READ_BACK and row.observed_at <= late]
        following = [mark.announced_at + age * HOUR for age in AGES if age > mark.age]
        if not (mark.announced_at and mark.peer and ends and max(ends) > mark.until):
            return mark.until
        return max(ends) if not following or max(ends) < min(following) else mark.until

    def spoken_on(self, network: str, mark: Mark) -> list[PostAtMark]:
        """Those on one network."""
        until = self.known_at(network, mark)
        posts = {post.post: post for post in self.latest(Post, until) if post.network == network}
        counts = {snapshot.post: snapshot for snapshot in self.latest(Snapshot, until)}
        rows = []
        for mention in self.latest(Mention, until):
            post = posts.get(mention.post)
            if mention.paper != mark.paper or post is None or (post.post, mark.paper) in self.doubtful:
                continue
            if until > mark.until and post.created_at > mark.until:
                continue
            person = self.person(post.account)
            if not mark.announced_at and post.created_at >= self.posted_until:
                continue
            if post.gone or post.created_at < mark.posted_from or person in self.ourselves:
                continue
            if self.networks and post.network not in self.networks:
                continue
            c = counts.get(post.post)
            reposts, likes = (c.reposts or 0, c.likes or 0) if c else (0, 0)
            at = c.observed_at if c else None
            shared = self.is_shared(post.post, mark.paper)
            rows.append(PostAtMark(post, person, person in self.bots, reposts, likes, at, shared))
        return rows

    def engagements(self) -> list[Engagement]:
        """Everything a ranking sees."""
        rows = []
        for mark in self.marks():
            posts_at = self.posts_at(mark)
            rows += [self.summed(mark, network, posts_at) for network in {row.post.network for row in posts_at}]
        return sorted(rows, key=lambda row: (row.paper, row.age, row.peer, row.network))

    def summed(self, mark: Mark, network: str, posts_at: list[PostAtMark]) -> Engagement:
        """One network's attention."""
        counting_posts = [row for row in posts_at if row.post.network == network and not row.is_bot]
        persons = {row.person for row in counting_posts if is_at_home(row, posts_at)}
        named, beyond, highest, highest_kind = set(persons), 0, 0, ""
        for row in counting_posts:
            reactions = [r for r in self.latest(Reaction, mark.until) if r.post == row.post.post]
            for kind, counted in (("repost", row.reposts), ("like", row.likes)):
                accounts = {self.person(r.account) for r in reactions if r.type == kind and is_counted(r, row)}
                people = {self.person(r.account) for r in reactions if r.type == kind and not r.withdrawn}
                persons |= people - self.bots - self.ourselves
                beyond += max(0, counted - len(accounts))
                if not row.shared:
                    named |= people - self.bots - self.ourselves
                    if counted - len(accounts) > highest:
                        highest, highest_kind = counted - len(accounts), f"{kind}s"
        authors, standing = self.authors(mark.paper) if self.enough is not None else set(), self.known
        vouching = None if standing is None else len({row for row in named if row in standing and row not in authors})
        counting = len(named) if vouching is None else min(len(named), vouching + vouching)
        archives = [
            p.categories[0].partition(".")[0] for p in self.latest(Paper) if p.paper == mark.paper and p.categories
        ]
        return Engagement(
            paper=mark.paper, announced_at=mark.announced_at, age=mark.age, until=mark.until, peer=mark.peer,
            network=network, archive=archives[0] if archives else "", voices=len(persons) + beyond,
            reposts=sum(row.reposts for row in counting_posts), likes=sum(row.likes for row in counting_posts),
            bots=sum(row.is_bot and row.post.network == network for row in posts_at), known=vouching,
            authors=len(persons & authors), counted=max(counting, highest),
            counted_as=highest_kind if highest > counting else "voices",
            posts_read=sum(row.counted_at is not None for row in counting_posts),
        )  # fmt: skip


def is_at_home(row: PostAtMark, posts_at: list[PostAtMark]) -> bool:
    """Whether neither its text nor its account is stronger on another network."""
    text = TEXTS[row.post.text]
    alike = [other for other in posts_at if text and TEXTS[other.post.text] == text]
    same = [other for other in posts_at if row.person and other.person == row.person]
    return all(min(other.strength for other in group)[2] == row.post.network for group in (alike, same) if group)


def is_counted(reaction: Reaction, row: PostAtMark) -> bool:
    """Whether a post's counts include a reaction; one withdrawn after the count was read is still included."""
    return not reaction.withdrawn or (row.counted_at is not None and reaction.observed_at > row.counted_at)
