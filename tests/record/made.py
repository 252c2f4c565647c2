"""Made-up items, listings and whole records, which the tests write, tamper with, forget and copy."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable, Iterator

import msgspec

from hotpapers.base import model
from hotpapers.base.model import DAY, HOUR
from hotpapers.issues import freeze
from hotpapers.issues import queries as issues_queries
from hotpapers.record import Record, current_time
from hotpapers.record.batches import WrittenBatch
from hotpapers.record.item_rows import BY_KIND
from hotpapers.record.reaction_marks import remember_reactions
from hotpapers.record.verify import VerifyFinding, VerifyResult, check_record
from tests.conftest import data
from tests.parsing import parse_all

MINUTE = 60_000_000


def moment(text: str) -> int:
    """`2021-03-02 08:00` as UTC in µs."""
    time = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)
    return int(time.timestamp()) * 1_000_000


AT = moment("2021-03-02 08:00")
RESTS = json.dumps({"position": 0, "chain": ""}, separators=(",", ":"))
"""The least that an issue's content says about the record: that it was built from an empty one."""

EVERY: tuple[model.Item, ...] = (
    model.Paper(
        paper="arxiv:2103.00001", title="Kettles", authors=("Ada Brewster", "Čeněk Šálek"), abstract="On “tea”.",
        summary="Tea.", categories=("cs.LG", "stat.ML"), version=2, comment="9 cups", doi="10.1000/kettle",
        journal="J. Tea", published_at=AT - 5 * DAY, updated_at=AT - DAY, observed_at=AT,
    ),
    model.Announcement(
        paper="arxiv:2103.00001", day="2021-03-02", category="cs.LG", type="new", announced_at=AT - HOUR, version=1,
        observed_at=AT,
    ),
    model.Listing(
        publication="hot-papers", day="2021-03-02", made="2021-03-02T17:00:00", lead=0, places=1, file="ab" * 32,
        observed_at=AT,
    ),
    model.Place(
        publication="hot-papers", day="2021-03-02", place=1, paper="arxiv:hep-th/9901001", title="Socks",
        authors=("Emil Drawer",), abstract="", categories=("hep-th",), network="x", method="hot-papers/2",
        tallied="03/02/2021 17:00:00", file="ab" * 32, observed_at=AT,
    ),
    model.Shown(
        publication="hot-papers", day="2021-03-02", edition=0, place=1, n=1, post="x:1366659539260149761",
        observed_at=AT,
    ),
    model.Account(account="x:@made_up_ada", handle="made_up_ada", name="Ada B.", automated=True, observed_at=AT),
    model.Alias(account="x:@made_up_ada", stable="x:4711", observed_at=AT),
    model.Post(
        post="x:1366659539260149761", network="x", account="x:@made_up_ada", created_at=AT - HOUR,
        text="Our kettle paper is out, with @made_up_bo: https://t.co/MadeUp0001",
        links=(model.TextLink(31, 42, "https://twitter.com/made_up_bo"), model.TextLink(44, 66, "https://t.co/MadeUp0001")),
        lang="en", rtl=True, handle="made_up_ada", name="Ada B.", reply_to="x:1366659539260149700",
        quotes="x:1366659539260149701", limits=("login",), gone="deleted", observed_at=AT,
    ),
    model.Mention(
        post="x:1366659539260149761", paper="arxiv:2103.00001", form="abs", found_in="link", version=1, observed_at=AT
    ),
    model.Reaction(post="x:1366659539260149761", account="x:@made_up_bo", type="like", withdrawn=True, observed_at=AT),
    model.Snapshot(
        post="x:1366659539260149761", reposts=3, likes=5, replies=None, quotes=0, views=2**53 - 1, observed_at=AT
    ),
    model.Tally(paper="arxiv:2103.00001", network="x", method="hot-papers/2", reposts=40, likes=12, observed_at=AT),
    model.Verdict(
        subject="x:@made_up_bo", about="", rule="pace/1", judgement="bot", version=1, reason="900 posts", observed_at=AT
    ),
    model.Coverage(
        network="bluesky", from_at=AT - DAY, until_at=AT, state="partial", reason="cut off", observed_at=AT
    ),
    model.Publication(
        publication="tea", title="Tea", window="weekly", ranking="classic/1", threshold=5, categories=("cs.LG",),
        include=("tea",), exclude=("coffee",), networks=("x",), own=("x:@tea",), posts=2, hour=9, zone="Europe/Zurich",
        observed_at=AT,
    ),
    model.Issue(
        publication="tea", day="2021-03-02", edition=1, digest=hashlib.sha256(RESTS.encode()).hexdigest(),
        content=RESTS, observed_at=AT,
    ),
    model.Delivery(
        publication="tea", day="2021-03-02", edition=1, channel="mailing", target="everybody", state="sent",
        receipt="94 sent, 2 failed", observed_at=AT,
    ),
    model.Measurement(
        source="neighbour", paper="arxiv:2103.00001", network="bluesky", age=24, until_at=AT, voices=9, reposts=1,
        likes=7, bots=2, known=3, authors=1, counted=6, unread=HOUR, observed_at=AT,
    ),
    model.Notice(
        paper="doi:10.1101/2021.03.01.999901", notice="doi:10.1101/2021.04.01.999999", type="retraction",
        day="2021-04-01", observed_at=AT,
    ),
)  # fmt: skip
"""One item of every kind, with every field filled."""

OTHER = {
    "paper": ("title", "Kettles and Cups"), "announcement": ("type", "cross"), "listing": ("lead", 1),
    "place": ("title", "Sorting Socks"), "shown": ("post", "x:1366659539260149999"), "account": ("name", "Ada"),
    "alias": ("stable", "x:4712"),
    "post": ("text", "Our kettle paper is OUT, with @made_up_bo: https://t.co/MadeUp0001"), "mention": ("form", "pdf"),
    "reaction": ("withdrawn", False), "snapshot": ("likes", 6), "tally": ("likes", 13), "measurement": ("voices", 10),
    "verdict": ("judgement", "human"), "coverage": ("state", "complete"), "publication": ("title", "More tea"),
    "delivery": ("state", "failed"), "notice": ("day", "2021-04-02"),
}  # fmt: skip
"""For each kind, a field that is not in its key, and another value for it. An issue has none: editions never change."""


def with_other_words(item: model.Item) -> model.Item:
    """The same observation with one field changed."""
    name, value = OTHER[model.kind_of(item)]
    return msgspec.structs.replace(item, **{name: value})


def later(item: model.Item, by: int) -> model.Item:
    """The same item, observed later."""
    return msgspec.structs.replace(item, observed_at=item.observed_at + by)


def all_rows(record: Record, kind: type[model.Item]) -> list[model.Item]:
    """All items of a kind in the whole view."""
    return [row.item for row in record.view().iterate(kind)]


def everything(record: Record) -> list[model.Item]:
    """All items in the whole view."""
    return [item for kind in model.KINDS for item in all_rows(record, kind)]


# ---- people who talk -------------------------------------------------------------------------------------


def post_about(n: int, paper: str, account: str, at: int, likes: int = 3, text: str = "") -> list[model.Item]:
    """A post about a paper, with its author, its mention, and a snapshot an hour later."""
    post = f"bluesky:at://did:plc:{account}/app.bsky.feed.post/3kinvented{n:05}"
    words = text or f"Number {n}: a paper about tea that I have read twice with a biscuit in hand"
    who = f"bluesky:did:plc:{account}"
    return [
        model.Account(account=who, handle=f"{account}.example.social", name=f"{account} Made-Up", observed_at=at),
        model.Post(
            post=post, network="bluesky", account=who, created_at=at, text=words, handle=f"{account}.example.social",
            name=f"{account} Made-Up", lang="en", observed_at=at,
        ),
        model.Mention(post=post, paper=paper, form="abs", found_in="link", observed_at=at),
        model.Snapshot(post=post, reposts=1, likes=likes, observed_at=at + HOUR),
    ]  # fmt: skip


def paper_with_announcement(number: int, at: int) -> list[model.Item]:
    """A paper and its announcement."""
    key = f"arxiv:2103.{number:05}"
    day = datetime.datetime.fromtimestamp(at / 1e6, datetime.UTC).date().isoformat()
    return [
        model.Paper(paper=key, title=f"Kettle {number}", authors=("Bo Kettle",), categories=("cs.LG",), observed_at=at),
        model.Announcement(paper=key, day=day, category="cs.LG", type="new", announced_at=at, observed_at=at),
    ]


DAILY = model.Publication(
    publication="daily", title="Daily Tea", ranking="classic/1", threshold=1, posts=2, observed_at=AT - 30 * DAY
)
DAY_OF_ISSUE = "2021-03-03"


def talked(record: Record) -> None:
    """Add talk about four papers, with reactions, an alias, a verdict and coverage."""
    start = moment("2021-03-02 00:30")
    items: list[model.Item] = [DAILY]
    for number in range(1, 5):
        items += paper_with_announcement(number, start)
        for voice in range(number + 1):
            who = f"voice{number}{voice}"
            items += post_about(
                number * 10 + voice, f"arxiv:2103.{number:05}", who, start + (voice + 1) * HOUR, likes=voice
            )
    items += paper_with_announcement(5, moment("2021-03-03 00:30"))
    posts = [item for item in items if isinstance(item, model.Post)]
    items += [
        model.Reaction(post=posts[0].post, account="bluesky:did:plc:fan1", type="repost", observed_at=start + 9 * HOUR),
        model.Reaction(post=posts[0].post, account="bluesky:did:plc:fan2", type="like", observed_at=start + 9 * HOUR),
        model.Alias(account="bluesky:@voice10.example.social", stable=posts[0].account, observed_at=start + 9 * HOUR),
        model.Verdict(
            subject=posts[1].account, about="", rule="pace/1", judgement="bot", version=1, reason="fast",
            observed_at=start + 9 * HOUR,
        ),
        model.Coverage(
            network="bluesky", from_at=start - DAY, until_at=start + 2 * DAY, state="complete", observed_at=start + DAY
        ),
    ]  # fmt: skip
    record.append(items[: len(items) // 2], source="bluesky", at=start, cursor="1")
    record.append(items[len(items) // 2 :], source="bluesky", at=start + HOUR, cursor="2")


def counts_of(raw: model.RawPayload) -> Iterable[model.Item]:
    """A made-up network's parser: JSON with a post and its likes."""
    body = json.loads(raw.body)
    yield model.Snapshot(post=body["post"], likes=body["likes"], observed_at=raw.at)


def better_counts_of(raw: model.RawPayload) -> Iterable[model.Item]:
    """A better parser for the same network: it reads reposts too, and gives nothing for posts without likes."""
    body = json.loads(raw.body)
    if body["likes"]:
        yield model.Snapshot(post=body["post"], likes=body["likes"], reposts=body.get("reposts"), observed_at=raw.at)


def seen_counts(record: Record) -> list[model.RawPayload]:
    """Raw payloads about some posts of the record."""
    posts = [item.post for item in all_rows(record, model.Post) if isinstance(item, model.Post)][:4]
    at = moment("2021-03-02 12:00")
    return [
        model.RawPayload("counts", post, json.dumps({"post": post, "likes": n, "reposts": 2 * n}).encode(), at)
        for n, post in enumerate(posts)
    ]


LISTINGS = ("plain", "irregular", "no_items")
"""Made-up listings: the items of the classic files with these names."""


def listing(record: Record, name: str, publication: str = "hot-papers") -> WrittenBatch:
    """Append a made-up listing, as `import classic` does."""
    bodies = map(msgspec.json.decode, data("listings", f"{name}.jsonl").read_bytes().splitlines())
    items = [msgspec.convert(body, BY_KIND[body["kind"]].type) for body in bodies]
    of_publication = [
        msgspec.structs.replace(item, publication=publication) if hasattr(item, "publication") else item
        for item in items
    ]
    is_new = record.view().item(model.Publication, publication) is None
    new = [listing_publication(publication)] if is_new else []
    return record.append([*new, *of_publication], source="classic")


def listing_publication(name: str = "hot-papers", at: int | None = None) -> model.Publication:
    """The publication of listings, observed now by default."""
    return model.Publication(
        publication=name, title="Hot Papers", window="listing", threshold=0, networks=("x",), posts=10,
        observed_at=at or current_time(),
    )  # fmt: skip


def listings(record: Record) -> None:
    """Append all of them."""
    for name in LISTINGS:
        listing(record, name)


def rich(record: Record) -> list[model.Issue]:
    """Fill a record with most kinds of items: listings, talk, reprocessed raw payloads, frozen issues, one corrected.
    Returns the issues."""
    listings(record)
    talked(record)
    record.ingest(parse_all(counts_of, seen_counts(record)), source="counts", at=AT)
    record.reprocess("counts", better_counts_of, at=AT + MINUTE)
    listed = freeze.publication_of(record, "hot-papers")
    for day in issues_queries.listed_days(record, "hot-papers"):
        freeze.freeze_issue(record, listed, day, at=AT + DAY)
    at = moment("2021-03-03 12:00")
    freeze.freeze_issue(record, DAILY, DAY_OF_ISSUE, at=at)
    record.append(post_about(99, "arxiv:2103.00001", "latecomer", moment("2021-03-03 07:00")), source="bluesky", at=at)
    freeze.freeze_issue(record, DAILY, DAY_OF_ISSUE, at=at + HOUR, again=True, reason="somebody came late")
    record.append(
        [
            model.Delivery(
                publication="daily", day=DAY_OF_ISSUE, edition=2, channel="markdown", target="everybody", state="sent",
                receipt="0f" * 32, observed_at=at + 2 * HOUR,
            )
        ],
        source="publish", at=at + 2 * HOUR,
    )  # fmt: skip
    return [item for item in all_rows(record, model.Issue) if isinstance(item, model.Issue)]


def remember(record: Record, reactions: Iterable[tuple[str, str]], at: int) -> int:
    """Remembers the posts of reactions, in a transaction of its own."""
    with record.batch() as batch:
        return remember_reactions(batch, reactions, at)


def verified(record: Record) -> VerifyResult:
    """The result of a full check that rebuilds issues, without `unchecked`, which differs between databases."""
    checked = check_record(record.database, record.hasher)
    flaws = [finding for item in all_rows(record, model.Issue) for finding in _of_issue(record, item)]
    return checked._replace(findings=(*checked.findings, *flaws), unchecked="")


def _of_issue(record: Record, item: model.Item) -> Iterator[VerifyFinding]:
    assert isinstance(item, model.Issue)
    yield from freeze.check_issue(record, item)
