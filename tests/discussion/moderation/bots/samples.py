"""Two made-up weeks: announced papers, machines that repost them, people who read them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from hotpapers.base.model import DAY, HOUR, Account, Item, Mention, Post, Reaction, Verdict
from hotpapers.record import Record
from tests.issues import made
from tests.issues.made import key, moment

NOW = moment("2024-05-07T08:00")
"""The cut of the issue of made.DAY."""
MINUTE = 60_000_000
BOT, PERSON, LAB = "bluesky:did:plc:feedbot", "bluesky:did:plc:reader", "bluesky:did:plc:teapotlab"
WORDS = ("fine", "odd", "bold", "late", "long", "thin", "deep", "warm", "slow", "kind", "soft", "dull")
TITLES = ("On Kettles that Whistle before they Boil", "A Cup is Half the Saucer", "Biscuits under Load and Dunking")


def title(number: int) -> str:
    """A different title for each number."""
    letters = "".join(chr(ord("a") + int(digit)) for digit in str(number))
    return f"{TITLES[number % 3]}: the Case of {letters.capitalize()}"


def remark(number: int) -> str:
    """Original words, different for each number."""
    return " ".join(random.Random(number).sample(WORDS, 4))


def announced_papers(numbers: Sequence[int], category: str = "cs.RO", since: int = NOW - 12 * DAY) -> Iterator[Item]:
    """Papers announced one after another over ten days."""
    for place, number in enumerate(numbers):
        at = since + place * 10 * DAY // len(numbers)
        yield from made.paper(number, made.DAY, category, title(number), at)


def posting(number: int, account: str, at: int, text: str, serial: int = 0) -> tuple[Post, Mention]:
    """A post about a paper; `serial` distinguishes several by one account about it."""
    network = account.partition(":")[0]
    post = f"{network}:{account.rpartition(':')[2]}-{number}-{serial}"
    return (
        Post(post=post, network=network, account=account, created_at=at, text=text, observed_at=at),
        Mention(post=post, paper=key(number), form="abs", found_in="link", observed_at=at),
    )


def feed_posts(numbers: Sequence[int], account: str = BOT, since: int = NOW - 12 * DAY) -> Iterator[Item]:
    """What a machine posts: the bare title, an hour after each announcement."""
    for place, number in enumerate(numbers):
        at = since + place * 10 * DAY // len(numbers) + HOUR
        yield from posting(number, account, at, f"{title(number)} https://arxiv.org/abs/2405.{number:05}")


def reader_posts(
    numbers: Sequence[int], account: str = PERSON, since: int = NOW - 13 * DAY, words: str = ""
) -> Iterator[Item]:
    """A person who posts papers, about twenty an evening, minutes apart; bare titles without `words`."""
    minutes = random.Random(5)
    for place, number in enumerate(numbers):
        evening, turn = divmod(place, 20)
        at = since + evening * DAY + 12 * HOUR + (turn * 7 + minutes.randrange(6)) * MINUTE
        yield from posting(number, account, at, f"{title(number)} {words}".strip())


def timed_posts(numbers: Sequence[int], account: str = BOT, interval: int = 3 * HOUR // 2) -> Iterator[Item]:
    """A machine that posts queued titles at even intervals."""
    for place, number in enumerate(numbers):
        yield from posting(number, account, NOW - 13 * DAY + place * interval, f"New on arXiv: {title(number)}")


def profile(account: str, handle: str, at: int = NOW - DAY, automated: bool = False) -> Account:
    return Account(account=account, handle=handle, automated=automated, observed_at=at)


def repost(post: str, account: str, at: int) -> Reaction:
    return Reaction(post=post, account=account, type="repost", observed_at=at)


def verdicts(record: Record, cut: int = 2**53 - 1) -> dict[tuple[str, str], str]:
    """The current judgements, by account and rule."""
    items = (row.item for row in record.view(cut).iterate(Verdict, "t.about = 0"))
    return {(verdict.subject, verdict.rule): verdict.judgement for verdict in items}


def reason(record: Record, account: str, rule: str) -> str:
    row = record.view().latest_row(Verdict, account, "", rule)
    assert row is not None and isinstance(row.item, Verdict)
    return row.item.reason
