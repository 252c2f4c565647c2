"""Accounts that a bridge made: told by their handles, joined with their originals, and one voice."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import pytest

from hotpapers.base.model import HOUR, Account, Alias, Item, RawPayload
from hotpapers.base.settings import BotSettings
from hotpapers.collect.sources.bluesky import BlueskySettings, BlueskySource
from hotpapers.collect.sources.mastodon import MastodonServer, MastodonSettings, MastodonSource
from hotpapers.issues.engagement.attention import read_engagement
from hotpapers.issues.engagement.measurement import MeasurementWindow
from hotpapers.issues.moderation.bridged_accounts import handle_on_bluesky, join_bridged_accounts
from hotpapers.issues.moderation.queries import ShownAccount
from hotpapers.keep.privacy.forget import forget
from hotpapers.publish.schedule.freezing import judge_and_freeze
from hotpapers.record import Record
from tests.issues.made import DAILY, background, key, moment, paper, post, write
from tests.issues.made import DAY as TODAY

AT = moment("2024-05-07T02:00")
MASTODON = MastodonSource(MastodonSettings(servers=(MastodonServer(base="https://reader.example"),)))
BLUESKY = BlueskySource(BlueskySettings())
ADA, COPY = "mastodon:https://tea.example/users/ada", "bluesky:did:plc:copyofada"
BO, COPY_OF_BO = "bluesky:did:plc:bo", "mastodon:https://bsky.brid.gy/ap/did:plc:bo"


def account(key: str, handle: str, at: int = AT) -> Account:
    return Account(account=key, handle=handle, observed_at=at)


def joined(record: Record) -> dict[str, str]:
    """The aliases in a record after a search for bridged accounts."""
    join_bridged_accounts(record)
    return {alias.account: alias.stable for alias in record.view().items(Alias)}


# ---- which accounts --------------------------------------------------------------------------------------

CASES = {
    "a copy on Bluesky": ([account(ADA, "ada@tea.example"), account(COPY, "ada.tea.example.ap.brid.gy")], {COPY: ADA}),
    "however it is written": (
        [account(ADA, "Ada@Tea.example"), account(COPY, "ADA.tea.example.AP.brid.gy")], {COPY: ADA}
    ),
    "signs that handles there cannot have": (
        [account(ADA, "a_d~a@tea.example"), account(COPY, "a-d-a.tea.example.ap.brid.gy")], {COPY: ADA}
    ),
    "a server whose handles are shorter than its address": (
        [account("mastodon:https://social.tea.example/users/ada", "ada@tea.example"),
         account(COPY, "ada.tea.example.ap.brid.gy")],
        {COPY: "mastodon:https://social.tea.example/users/ada"},
    ),
    "an original with two addresses": (
        [account(ADA, "ada@tea.example", AT - 1), account("mastodon:https://tea.example/ap/users/1", "ada@tea.example"),
         account(COPY, "ada.tea.example.ap.brid.gy")],
        {COPY: ADA},
    ),
    "a copy on the fediverse": ([account(COPY_OF_BO, "bo.example@bsky.brid.gy")], {COPY_OF_BO: BO}),
    "two copies of a website": (
        [account("mastodon:https://web.brid.gy/kettle.example", "kettle.example@web.brid.gy"),
         account(COPY, "kettle.example.web.brid.gy")],
        {COPY: "mastodon:https://web.brid.gy/kettle.example"},
    ),
    "a handle of a domain that ends like the bridge's": (
        [account(ADA, "ada@tea.example"), account(COPY, "ada.tea.example.ap-brid.gy")], {}
    ),
    "the bridge's name inside a handle": (
        [account(ADA, "ada@tea.example"), account(COPY, "ada.tea.example.ap.brid.gy.evil.example")], {}
    ),
    "a server that claims a stranger's handle": (
        [account("mastodon:https://evil.example/users/ada", "ada@tea.example"),
         account(COPY, "ada.tea.example.ap.brid.gy")],
        {},
    ),
    "an address that only contains the bridge's": (
        [account("mastodon:https://evil.example/bsky.brid.gy/ap/did:plc:bo", "bo.example@bsky.brid.gy"),
         account("mastodon:https://bsky.brid.gy.evil.example/ap/did:plc:bo", "bo.example@bsky.brid.gy"),
         account("mastodon:http://bsky.brid.gy/ap/did:plc:bo", "bo.example@bsky.brid.gy")],
        {},
    ),
    "the same name elsewhere": ([account(ADA, "ada@tea.example"), account(COPY, "ada.tea.example")], {}),
    "two people whose copies would have the same handle": (
        [account(ADA, "a_da@tea.example"), account("mastodon:https://tea.example/users/a-da", "a-da@tea.example"),
         account(COPY, "a-da.tea.example.ap.brid.gy")],
        {},
    ),
    "a copy whose original is not in the record": ([account(COPY, "ada.tea.example.ap.brid.gy")], {}),
    "an odd address": ([account("mastodon:https://[", "ada@tea.example"), account(COPY, "ada.tea.example.ap.brid.gy")],
        {}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_which_accounts_are_copies(record: Record, case: str) -> None:
    accounts, aliases = CASES[case]
    write(record, accounts)
    assert joined(record) == aliases


@pytest.mark.parametrize("name", ["ada", "@tea.example", "ada@", ""])
def test_a_handle_without_a_server_has_no_copy(name: str) -> None:
    assert handle_on_bluesky(ShownAccount(ADA, name, AT)) == ""


# ---- when ------------------------------------------------------------------------------------------------


def test_whichever_comes_first(record: Record) -> None:
    write(record, [account(COPY, "ada.tea.example.ap.brid.gy", AT - HOUR)])
    assert joined(record) == {}
    write(record, [account(ADA, "ada@tea.example", AT)])
    assert joined(record) == {COPY: ADA}
    assert [alias.observed_at for alias in record.view().items(Alias)] == [AT]
    position = record.head.position
    write(record, [account(COPY, "ada.example", AT + HOUR)])
    assert joined(record) == {COPY: ADA} and record.head.position == position + 1


def test_a_known_alias_stays(record: Record) -> None:
    write(record, [Alias(account=COPY, stable="mastodon:@somebody", observed_at=AT - HOUR)])
    write(record, CASES["a copy on Bluesky"][0])
    assert joined(record) == {COPY: "mastodon:@somebody"}


def test_before_an_issue_is_frozen(record: Record) -> None:
    write(
        record, background(), paper(501), [account(ADA, "ada@tea.example")],
        post(501, "mastodon:1", AT, account=ADA, text="One"), post(501, "bluesky:1", AT, account=COPY, text="Two"),
        [account(COPY, "ada.tea.example.ap.brid.gy")],
    )  # fmt: skip
    judge_and_freeze(record, DAILY, TODAY, BotSettings(), at=AT + 20 * HOUR)
    assert [alias.account for alias in record.view().items(Alias)] == [COPY]


@pytest.mark.parametrize("forgotten", [ADA, COPY, "mastodon:@ada@tea.example", "bluesky:@ada.tea.example.ap.brid.gy"])
def test_whoever_forgets_one_forgets_both(record: Record, forgotten: str) -> None:
    """Also if nobody searched for bridged accounts before."""
    write(record, CASES["a copy on Bluesky"][0])
    assert {ADA, COPY} <= set(forget(record, forgotten).keys)
    assert not record.database.rows("SELECT 1 FROM identity WHERE key IN (?, ?)", (ADA, COPY))


# ---- a thousand pairs ------------------------------------------------------------------------------------

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
    join_bridged_accounts(sqlite_record)
    joined_papers = one_voice()
    assert len(joined_papers & pairs) >= 0.99 * len(joined_papers)
    assert len(joined_papers & pairs) >= 0.95 * len(pairs) == 950
