"""Generated worlds of posts about papers: replies, quotations, circles, edits, posts that may not be shown. The world
knows what the record was told, so that tests can say what is true without the program."""

from __future__ import annotations

from collections import defaultdict
from random import Random

from hotpapers.base.model import HOUR, Alias, Item, Mention, Paper, Post, Snapshot, Verdict
from hotpapers.base.model.items import Judgement
from hotpapers.discussion.moderation.quotation_policy import Blocklist, save_blocklist
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record

T = 1_770_000_000_000_000
PAPERS = tuple(
    Paper(paper=f"arxiv:2603.0000{n}", title=f"On matter {n}", authors=("Ada Love", "Lin Ng"), observed_at=T)
    for n in (1, 2, 3)
)
NETWORKS = ("bluesky", "mastodon", "hackernews", "lobsters", "reddit", "feeds")
QUESTION = "Why does it hold?"
TEXTS = (
    "", "https://arxiv.org/abs/2603.00001", "{} nice", "{} is wrong", "{} this is about the second table",
    "{} <b>bold</b> & <script>alert(1)</script> [x](http://x.example) $\\frac{{a}}{{b}}$", "{} שלום \u202e עולם",
    "@ada@one.example {} " + QUESTION, "{} " + QUESTION, "{} " + "many words " * 900,
)  # fmt: skip
"""Texts of posts; in most is a word that no other post has."""


class World:
    """Posts of some accounts, and what happened to them later. `posts`: as first read; `later`: as read again."""

    def __init__(self, rng: Random, size: int) -> None:
        self._rng = rng
        self.posts: dict[str, Post] = {}
        self.later: dict[str, Post] = {}
        self.mentions: dict[str, set[str]] = defaultdict(set)
        self.forgotten: set[str] = set()
        for number in range(size):
            self._add(number)
        accounts = sorted({post.account for post in self.posts.values()} - {""})
        self.hidden = self._some([*self.posts, *accounts], 0.03)
        self.bots = self._some(accounts, 0.05)
        self.blocked = self._some(accounts, 0.03)
        self.namesakes = self._some(accounts, 0.05)
        self.stable = dict([rng.sample(accounts, 2)]) if len(accounts) > 3 else {}
        for key in list(self.posts):
            self._change(key)

    def _some(self, keys: list[str], share: float) -> set[str]:
        return {key for key in keys if self._rng.random() < share}

    def _add(self, number: int) -> None:
        rng = self._rng
        keys = list(self.posts)
        parent = rng.choice([*keys, keys[-1]]) if keys and rng.random() < 0.7 else ""
        network = parent.partition(":")[0] if parent and rng.random() < 0.9 else rng.choice(NETWORKS)
        key = f"{network}:{number}"
        kind = rng.choice(("reply", "reply", "reply", "quote", "both", "missing")) if parent else ""
        person = rng.randrange(9)
        self.posts[key] = Post(
            post=key,
            network=network,
            account=f"{network}:u{person}" if rng.random() < 0.95 else "",
            created_at=T + (number * HOUR if rng.random() < 0.8 else rng.choice((0, -50_000 * HOUR, 90_000 * HOUR))),
            text=rng.choice(TEXTS).format(f"zq{number}q"),
            name="Ada Love" if person == 0 and rng.random() < 0.5 else "",
            reply_to=f"{network}:gone{number}" if kind == "missing" else parent if kind in ("reply", "both") else "",
            quotes=parent if kind == "quote" else rng.choice(keys) if kind == "both" else "",
            limits=("nobot",) if rng.random() < 0.04 else (),
            observed_at=T,
        )
        if not parent or rng.random() < 0.2:
            self.mentions[key].update(paper.paper for paper in rng.sample(PAPERS, rng.choice((1, 1, 2))))

    def _change(self, key: str) -> None:
        """Perhaps deletes, edits, limits or forgets a post."""
        post = self.posts[key]
        values = {name: getattr(post, name) for name in Post.__struct_fields__} | {"observed_at": T + HOUR}
        change = self._rng.choice((*("",) * 40, "delete", "delete", "edit", "move", "limit", "forget"))
        if change == "delete":
            self.later[key] = Post(
                post=key, network=post.network, account="", created_at=0, gone="deleted", observed_at=T + HOUR
            )
        elif change == "edit":
            self.later[key] = Post(**values | {"text": f"{post.text} edited"})
        elif change == "move":
            self.later[key] = Post(**values | {"reply_to": self._rng.choice([*self.posts, ""])})
        elif change == "limit":
            self.later[key] = Post(**values | {"limits": ("!no-unauthenticated",)})
        elif change == "forget":
            self.forgotten.add(key)

    def write(self, record: Record) -> None:
        """Puts all into a record."""
        keys = sorted(self.posts)
        items: list[Item] = [*PAPERS, *self.posts.values()]
        items += [
            Mention(post=key, paper=paper, form="abs", observed_at=T)
            for key in keys
            for paper in sorted(self.mentions[key])
        ]
        items += [
            Snapshot(post=key, likes=self._rng.randrange(9), replies=self._rng.randrange(3), observed_at=T)
            for key in keys
        ]
        record.append(items, source="made-up", at=T)
        again: list[Item] = [*self.later.values()]
        again += [Alias(account=account, stable=stable, observed_at=T) for account, stable in self.stable.items()]
        again += [_verdict(subject, "hidden") for subject in sorted(self.hidden)]
        again += [_verdict(subject, "bot") for subject in sorted(self.bots)]
        again += [
            _verdict(subject, "independent", paper.paper) for subject in sorted(self.namesakes) for paper in PAPERS
        ]
        record.append(again, source="made-up", at=T + HOUR)
        save_blocklist(record.database, Blocklist(accounts=tuple(sorted(self.blocked))))
        for key in sorted(self.forgotten):
            forget_key(record, key, at=T + 2 * HOUR)

    # ---- what is true ------------------------------------------------------------------------------------

    def last(self, key: str) -> Post:
        """A post as last seen with its words."""
        later = self.later.get(key)
        return later if later and not later.gone else self.posts[key]

    def voice(self, key: str) -> str:
        """As whose voice a post counts."""
        return self.stable_account(self.posts[key].account)

    def stable_account(self, account: str) -> str:
        return self.stable.get(account, account)

    def may_be_shown(self, key: str) -> bool:
        """Whether a post may be shown: not gone, limited, hidden, forgotten, blocked, and no answer to a forgotten
        one."""
        post = self.last(key)
        refused = {self.stable_account(account) for account in self.hidden | self.bots}
        is_gone = key in self.later and bool(self.later[key].gone)
        is_refused = key in self.hidden or self.voice(key) in refused or post.account in self.blocked
        is_forgotten = bool({key, post.reply_to} & self.forgotten)
        return not (is_gone or post.limits or is_refused or is_forgotten)

    def around(self, paper: str) -> set[str]:
        """The posts about a paper, those that answer or quote them, and what they reply to."""
        known = self.posts.keys() - self.forgotten
        about = {key for key in known if paper in self.mentions[key]}
        result = set(about)
        while more := {key for key in known - result if {self.last(key).reply_to, self.last(key).quotes} & result}:
            result |= more
        for key in about:
            while (key := self.last(key).reply_to) in known and key not in result:
                result.add(key)
        return result

    def parent(self, key: str, around: set[str]) -> str:
        """The post below which a post belongs; empty for none."""
        post = self.last(key)
        reply_to = "" if post.reply_to in self.forgotten else post.reply_to
        return post.quotes if post.quotes in around and reply_to not in around else reply_to

    def is_in_circle(self, key: str, around: set[str]) -> bool:
        above = [key]
        while (parent := self.parent(above[-1], around)) in around and parent not in above:
            above.append(parent)
        return parent == key

    def authors(self, shown: set[str]) -> set[str]:
        """The voices of those who show an author's name, and are not somebody else of that name."""
        others = {self.stable_account(account) for account in self.namesakes}
        return {self.voice(key) for key in shown if self.last(key).name} - others - {""}


def _verdict(subject: str, judgement: Judgement, about: str = "") -> Verdict:
    return Verdict(
        subject=subject, about=about, rule="operator", judgement=judgement, version=1, reason="", observed_at=T
    )
