"""X: recent search with the operator's own key, within a monthly budget that is never exceeded. Off by default.

Every post that the network returns costs, once a day (UTC); so each request is paid for in the cursor before it is
made, at the most that it can cost, and the rest is given back with the answer. A request that is repeated because it
broke off returns the same posts. https://docs.x.com/x-api/posts/search-recent-posts
"""

from __future__ import annotations

import datetime
import html
from collections.abc import Container, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Annotated

import msgspec

from hotpapers.errors import NetError, Refused, Wait
from hotpapers.model import DAY, Account, Item, Link, Net, Page, Post, Seen, Snapshot
from hotpapers.sources.matching import decoded, mentions_of, moment, own_id, unreadable

NETWORK = "x"
PAGE, SMALLEST = 100, 10
"""Posts that one request may return, at most and at least."""
MEMORY = 6 * DAY
"""How old the newest post that was read may be to ask from there on: the search forgets after seven days."""
UNSURE_AGAIN = 6 * 3600
"""Seconds until it is asked again after a request that broke off, which may have been charged."""
EPOCH = 1_288_834_974_657
"""Milliseconds since 1970 at which identifiers begin to count."""
FIELDS = (
    "created_at,lang,public_metrics,entities,author_id,referenced_tweets,edit_history_tweet_ids,possibly_sensitive,"
    "note_tweet"
)
Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,20}$")]


class XSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`token`: the operator's bearer token; without one nothing is read. `budget`: money a month (UTC), in the currency
    of `price`, which is the cost of one returned post with its author. `query`: what is searched, never with reposts.
    `base`: base address. `every`: seconds between rounds."""

    token: str = ""
    budget: float = 0.0
    price: float = 0.005
    query: str = '(url:"arxiv.org" OR url:"alphaxiv.org" OR url:"huggingface.co/papers") -is:retweet'
    base: str = "https://api.x.com/2"
    every: int = 3600


class _Spent(msgspec.Struct, frozen=True):
    """The cursor: the newest id read, the month, and how many posts were paid for in it.

    `asking`: a request is under way whose price is not known yet. Where that is read from the record, it broke off.
    """

    since: str = ""
    month: str = ""
    posts: int = 0
    asking: bool = False

    def said(self) -> str:
        return msgspec.json.encode(self).decode()


class _Meta(msgspec.Struct):
    next_token: str = ""


class _User(msgspec.Struct):
    id: Id
    username: str = ""
    name: str = ""
    protected: bool = False


class _Includes(msgspec.Struct):
    users: list[msgspec.Raw] = []


class _Answer(msgspec.Struct):
    data: list[msgspec.Raw] = []
    includes: _Includes | None = None
    meta: _Meta | None = None


class _Url(msgspec.Struct):
    start: int = 0
    end: int = 0
    expanded_url: str = ""
    unwound_url: str = ""
    display_url: str = ""


class _Entities(msgspec.Struct):
    urls: list[_Url] = []


class _Note(msgspec.Struct):
    """A post of more than 280 characters, whole."""

    text: str
    entities: _Entities | None = None


class _Metrics(msgspec.Struct):
    retweet_count: int | None = None
    like_count: int | None = None
    reply_count: int | None = None
    quote_count: int | None = None
    impression_count: int | None = None


class _Reference(msgspec.Struct):
    type: str
    id: Id


class _Own(msgspec.Struct):
    id: Id
    author_id: str = ""
    edit_history_tweet_ids: list[Id] = []

    @property
    def first(self) -> str:
        """The id of its first wording: every edit has one of its own."""
        return self.edit_history_tweet_ids[0] if self.edit_history_tweet_ids else self.id


class _Tweet(_Own):
    text: str = ""
    author: _User | None = None
    created_at: datetime.datetime | None = None
    lang: str = "und"
    entities: _Entities | None = None
    note_tweet: _Note | None = None
    public_metrics: _Metrics | None = None
    referenced_tweets: list[_Reference] = []
    possibly_sensitive: bool = False


NOBODY = msgspec.Raw(b"null")


class _Told(msgspec.Struct):
    """A post with its author, as the two stand in an answer."""

    tweet: msgspec.Raw
    author: msgspec.Raw = NOBODY


class X:
    """The connector."""

    name = NETWORK

    def __init__(self, settings: XSettings, known: Container[str] = ()) -> None:
        self.settings, self.known = settings, known
        self.every = settings.every
        self.reach: int | None = 7 * DAY

    def pages(self, net: Net, cursor: str | None) -> Iterator[Page]:
        """What was posted since the cursor, as far as the month's budget goes. Each page's cursor must be stored
        before the next page is asked for: it holds what the next request may cost."""
        if not self.settings.token:
            raise Refused("no key: set source.x.token")
        if self.settings.budget <= 0 or self.settings.price <= 0:
            raise Refused("no budget: set source.x.budget, and source.x.price if it is not 0.005")
        spent = msgspec.json.decode(cursor, type=_Spent) if cursor else _Spent()
        newest, following = spent.since, ""
        while True:
            spent = _this_month(spent, net.now())
            size = self._size(spent)
            yield Page((), _plus(spent, size, asking=True).said())
            try:
                answer = self._ask(net, spent.since, following, size)
            except (Wait, Refused):
                yield Page((), _plus(spent, 0).said())  # what is refused returns nothing and costs nothing
                raise
            except NetError as problem:
                raise Wait(UNSURE_AGAIN, f"{problem}; what it cost is not known") from problem
            newest = max([newest, *_ids(answer)], key=_number)
            following = answer.meta.next_token if answer.meta else ""
            spent = _plus(_this_month(spent, net.now()), len(answer.data))
            if not following:
                spent = msgspec.structs.replace(spent, since=newest)
            yield Page(_told(answer, net.now()), spent.said())
            if not following:
                return

    def _size(self, spent: _Spent) -> int:
        """How many posts the next request may return: few after one that broke off. Raises Wait if too few are left."""
        size = min(SMALLEST if spent.asking else PAGE, self._affordable() - spent.posts)
        if size < SMALLEST:
            raise Wait(DAY / 1e6, f"the month's budget of {self.settings.budget:g} is spent")
        return size

    def _affordable(self) -> int:
        """How many posts a month's budget pays for, exactly."""
        return int(Decimal(str(self.settings.budget)) // Decimal(str(self.settings.price)))

    def _ask(self, net: Net, since: str, following: str, size: int) -> _Answer:
        params = {
            "query": self.settings.query, "max_results": str(size), "tweet.fields": FIELDS, "expansions": "author_id",
            "user.fields": "username,name,protected",
        }  # fmt: skip
        made = (int(since) >> 22) + EPOCH if since else 0
        params |= {"since_id": since} if net.now() - made * 1000 < MEMORY else {}
        params |= {"next_token": following} if following else {}
        headers = {"authorization": f"Bearer {self.settings.token}"}
        return decoded(net.get(f"{self.settings.base}/tweets/search/recent", params=params, headers=headers), _Answer)

    def counts(self, net: Net, keys: Sequence[str]) -> Iterator[Page]:
        """Counts cost as much as posts, so they are not read again."""
        return iter(())

    def read(self, seen: Seen) -> Iterable[Item]:
        """A post with its papers and counts; a native repost is none."""
        told = msgspec.json.decode(seen.body, type=_Told)
        tweet = msgspec.json.decode(told.tweet, type=_Tweet)
        author = msgspec.json.decode(told.author, type=_User | None) or tweet.author
        if any(reference.type == "retweeted" for reference in tweet.referenced_tweets):
            return []
        return _items(tweet, author or _User(tweet.author_id), seen.at)


def _number(id: str) -> int:
    return int(id or 0)


def _this_month(spent: _Spent, now: int) -> _Spent:
    """A new month begins with nothing spent; a clock that was set back begins none."""
    month = datetime.datetime.fromtimestamp(now / 1e6, datetime.UTC).strftime("%Y-%m")
    return spent if month <= spent.month else _Spent(spent.since, month, 0, spent.asking)


def _plus(spent: _Spent, posts: int, *, asking: bool = False) -> _Spent:
    return _Spent(spent.since, spent.month, spent.posts + posts, asking)


def _ids(answer: _Answer) -> list[str]:
    return [own.id for raw in answer.data if (own := own_id(raw, _Own))]


def _told(answer: _Answer, at: int) -> list[Seen]:
    users = {user.id: raw for raw in (answer.includes.users if answer.includes else []) if (user := own_id(raw, _User))}
    found = []
    for raw in answer.data:
        own = own_id(raw, _Own)
        body = msgspec.json.encode(_Told(raw, users.get(own.author_id, NOBODY) if own else NOBODY))
        found.append(Seen("post", own.first if own else unreadable(raw), body, at))
    return found


def _items(tweet: _Tweet, author: _User, at: int) -> list[Item]:
    key, account = f"{NETWORK}:{tweet.first}", f"{NETWORK}:{author.id}"
    text, links = _shown(tweet)
    urls = _urls(tweet)
    mentions = mentions_of(key, at, text, [t for u in urls for t in (u.unwound_url, u.expanded_url) if t])
    if not mentions:
        return []
    named = {r.type: f"{NETWORK}:{r.id}" for r in tweet.referenced_tweets}
    limits = [*(["sensitive"] if tweet.possibly_sensitive else []), *(["protected"] if author.protected else [])]
    post = Post(
        post=key, network=NETWORK, account=account, created_at=moment(tweet.created_at) if tweet.created_at else at,
        text=text, links=links, lang=tweet.lang, handle=author.username, name=author.name, limits=tuple(limits),
        reply_to=named.get("replied_to", ""), quotes=named.get("quoted", ""), observed_at=at,
    )  # fmt: skip
    who = Account(account=account, handle=author.username, name=author.name, observed_at=at)
    return [post, who, *_snapshot(key, tweet.public_metrics, at), *mentions]


def _snapshot(key: str, counts: _Metrics | None, at: int) -> list[Item]:
    if counts is None:
        return []
    return [
        Snapshot(
            post=key, reposts=counts.retweet_count, likes=counts.like_count, replies=counts.reply_count,
            quotes=counts.quote_count, views=counts.impression_count, observed_at=at,
        )
    ]  # fmt: skip


def _urls(tweet: _Tweet) -> list[_Url]:
    entities = tweet.note_tweet.entities if tweet.note_tweet else tweet.entities
    return entities.urls if entities else []


def _shown(tweet: _Tweet) -> tuple[str, tuple[Link, ...]]:
    """The text as readers see it: its escapes undone, and for each short address the one that is displayed."""
    said = tweet.note_tweet.text if tweet.note_tweet else tweet.text
    text, links, at = "", [], 0
    for url in sorted(_urls(tweet), key=lambda u: (u.start, u.end)):
        if not at <= url.start < url.end <= len(said):
            continue
        text += html.unescape(said[at : url.start])
        display = url.display_url or html.unescape(said[url.start : url.end])
        links.append(Link(len(text), len(text) + len(display), url.unwound_url or url.expanded_url))
        text, at = text + display, url.end
    return text + html.unescape(said[at:]), tuple(link for link in links if link.target)
