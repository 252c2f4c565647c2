"""Copies by a bridge between Mastodon and Bluesky, read as both networks show them: a thousand, among strangers."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from hotpapers.base.model import HOUR, Item, RawPayload
from hotpapers.collect.sources.bluesky import BlueskySettings, BlueskySource
from hotpapers.discussion.engagement.attention import read_engagement
from hotpapers.discussion.engagement.measurement import MeasurementWindow
from hotpapers.discussion.moderation.aliases import join_accounts
from hotpapers.record import Record
from hotpapers.wings.mastodon.settings import MastodonServer, MastodonSettings
from hotpapers.wings.mastodon.source import MastodonSource
from tests.issues.made import key, moment, paper, write

AT = moment("2024-05-07T02:00")
MASTODON = MastodonSource(MastodonSettings(servers=(MastodonServer(base="https://reader.example"),)))
BLUESKY = BlueskySource(BlueskySettings())
WORDS = "kettle steam violet lantern meadow copper saddle winter pepper marble anchor thistle walnut harbor velvet"
SERVERS = ("tea.example", "social.kettle.example", "x.example", "a-b.example.co")


class PairOfPosts(NamedTuple):
    """A Mastodon status and a post on Bluesky as their networks return them. `is_same`: of one person, by a bridge."""

    status: dict[str, Any]
    view: dict[str, Any]
    is_same: bool


def sentence(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(WORDS.split(), k=words))


def cut(text: str) -> str:
    """A text as the bridge shortens it to what Bluesky allows."""
    return text if len(text) <= 300 else text[:290].rpartition(" ")[0] + " […]"


def status(number: int, actor: str, handle: str, text: str) -> dict[str, Any]:
    uri = f"{actor}/statuses/{number}" if "/ap/did" not in actor else (
        f"https://bsky.brid.gy/convert/ap/at://{actor.rpartition('/')[2]}/app.bsky.feed.post/{number}"
    )  # fmt: skip
    content = f"<p>{text}</p><p>https://arxiv.org/abs/{key(number).removeprefix('arxiv:')}</p>"
    # without a `uri`, as some servers leave it out
    author = {"acct": handle, "display_name": "Ada", **({"uri": actor} if number % 3 else {"url": f"{actor}#profile"})}
    return {"uri": uri, "created_at": "2024-05-07T02:00:00Z", "account": author, "content": content}


def view(number: int, did: str, handle: str, text: str) -> dict[str, Any]:
    card = {"$type": "app.bsky.embed.external", "external": {"uri": f"https://arxiv.org/abs/{key(number)[6:]}"}}
    record = {"text": text, "createdAt": "2024-05-07T02:00:00Z", "embed": card}
    author = {"did": did, "handle": handle, "displayName": "Ada"}
    return {"uri": f"at://{did}/app.bsky.feed.post/{number}", "author": author, "record": record, "likeCount": 0}


def same_person(chance: random.Random, number: int) -> PairOfPosts:
    """Somebody on both networks by the bridge, often with a text that it cut. Three in a hundred have a handle of their
    own domain."""
    text, did = sentence(chance, chance.choice((4, 30, 60, 90))), f"did:plc:person{number}"
    user, server = chance.choice(("ada", "a_da", "Ada", "a.da")) + str(number), chance.choice(SERVERS)
    if chance.random() < 0.3:
        return PairOfPosts(
            status(number, f"https://bsky.brid.gy/ap/{did}", f"ada{number}.example@bsky.brid.gy", text),
            view(number, did, f"ada{number}.example", text), is_same=True,
        )  # fmt: skip
    copied = f"{user}.{server}.ap.brid.gy".replace("_", "-")
    handle = f"ada{number}.example" if chance.random() < 0.03 else copied
    actor = chance.choice((f"https://{server}/users/{user}", f"https://web.{server}/ap/users/{number}"))
    return PairOfPosts(
        status(number, actor, f"{user}@{server}", text), view(number, did, handle, cut(text)), is_same=True
    )


def strangers(chance: random.Random, number: int) -> PairOfPosts:
    """Two people of the same name who quote the same title, or an impostor with a handle that looks like the copy's."""
    quote = f"“{sentence(chance, 30).capitalize()}”"
    user, server, did = f"ada{number}", chance.choice(SERVERS), f"did:plc:stranger{number}"
    copied, actor, handle = f"{user}.{server}.ap.brid.gy", f"https://{server}/users/{user}", f"{user}@{server}"
    actor, handle, other = chance.choice((
        (actor, handle, f"{user}.{server}"), (actor, handle, f"{user}.bsky.social"),
        (actor, handle, f"{copied}.evil.example"), (actor, handle, copied.replace("ap.brid.gy", "ap-brid.gy")),
        (actor, handle, f"{user}-{server}.brid.gy.example"), (actor, handle, f"{user}x.{server}.ap.brid.gy"),
        (f"https://evil{number}.example/users/{user}", handle, copied),
        (f"https://evil.example/bsky.brid.gy/ap/{did}x", f"{user}.example@bsky.brid.gy", f"{user}.example"),
        (f"https://bsky.brid.gy/ap/{did}x", f"{user}.example@bsky.brid.gy", f"{user}.example"),
    ))  # fmt: skip
    remark, answer = sentence(chance, 5), sentence(chance, 6)
    return PairOfPosts(
        status(number, actor, handle, f"{quote} {remark}"),
        view(number, did, other, f"{quote} {answer}"),
        is_same=False,
    )


def read(pairs: Iterable[PairOfPosts]) -> Iterator[Item]:
    """What the sources read from the networks' answers."""
    for pair in pairs:
        yield from MASTODON.read(RawPayload("post", pair.status["uri"], json.dumps(pair.status).encode(), AT))
        yield from BLUESKY.read(RawPayload("counts", pair.view["uri"], json.dumps(pair.view).encode(), AT))


def test_a_thousand_pairs_and_as_many_strangers(sqlite_record: Record) -> None:
    """Each pair posts about a paper of its own. It is joined if the paper has one voice on both networks together."""
    chance = random.Random(20240507)
    posts = {key(n): (same_person if n % 2 else strangers)(chance, n) for n in range(1, 2001)}
    write(sqlite_record, (item for n in range(1, 2001) for item in paper(n)), read(posts.values()))

    def one_voice() -> set[str]:
        voices: dict[str, int] = defaultdict(int)
        for row in read_engagement(sqlite_record.view(AT + 8 * HOUR), MeasurementWindow(ages=(6,))):
            voices[row.paper] += row.voices
        assert voices.keys() == posts.keys() and set(voices.values()) <= {1, 2}
        return {paper for paper, count in voices.items() if count == 1}

    pairs = {paper for paper, pair in posts.items() if pair.is_same}
    assert len(one_voice() & pairs) < 0.7 * len(pairs), "equal words are enough"
    join_accounts(sqlite_record)
    joined_papers = one_voice()
    assert len(joined_papers & pairs) >= 0.99 * len(joined_papers)
    assert len(joined_papers & pairs) >= 0.95 * len(pairs) == 950
