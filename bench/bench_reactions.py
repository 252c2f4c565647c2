"""A daily issue from reactions by account, against counting them in one bare SQL query.

200,000 accounts react to 20,000 posts about 6,000 papers of 90 days, on a network that names who reacted; most posts
have a few reactions, some tens of thousands (a Pareto tail). Ours is all of `freeze_issue`. The peer, `BARE` in
bench/bench_reactions.py, counts the accounts that had reacted to a paper's posts at each age. Fresh processes, best of
three. *With `rarity/2`*, standing was learned before.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw

from bench import measure
from bench.bench_freeze import MARKS, MEMORY, bindings
from bench.made_up import BATCH, FIRST, day_name, moment
from hotpapers.base.model import DAY, HOUR, Announcement, Item, Mention, Paper, Post, Publication, Reaction
from hotpapers.discussion.engagement.standing.queries import learn_standing
from hotpapers.issues.freeze import freeze_issue
from hotpapers.record import Record

REACTIONS = 1_000_000
PAPERS = 6_000
ACCOUNTS = 200_000
DAYS = 90
LAST = next(day for day in range(DAYS, 0, -1) if (FIRST.weekday() + day) % 7 < 5)
"""The day to freeze: the last weekday."""

BARE = f"""{MARKS}SELECT k.paper, k.age, count(DISTINCT r.account) FROM mark AS k JOIN mention AS m ON m.paper = k.paper
JOIN reaction AS r ON r.post = m.post AND r.observed_at <= k.until GROUP BY k.paper, k.age
"""


def items(scale: float) -> Iterator[Item]:
    """Papers and their posts, then the reactions."""
    chance, posts = random.Random(5), list[tuple[str, int]]()
    for number in range(1, PAPERS + 1):
        paper, at = f"arxiv:2301.{number:05}", moment(chance.randrange(LAST))
        yield Paper(paper=paper, title=f"Kettles {number}", categories=("cs.LG",), observed_at=at)
        yield Announcement(
            paper=paper, day=day_name((at - moment(0)) // DAY), category="cs.LG", type="new", announced_at=at,
            observed_at=at,
        )  # fmt: skip
        for n in range(min(int(chance.paretovariate(1.2)), 60)):
            post, time = f"bluesky:at://{_account(number + 31 * n)}/app.bsky.feed.post/{number:06}{n:06}", at + n * HOUR
            author = f"bluesky:{_account(number + 31 * n)}"
            yield Post(post=post, network="bluesky", account=author, created_at=time, text="A kettle", observed_at=time)
            yield Mention(post=post, paper=paper, form="abs", found_in="text", observed_at=time)
            posts.append((post, time))
    weights = [chance.paretovariate(1.1) for _ in posts]
    for post, time in chance.choices(posts, weights, k=int(REACTIONS * scale)):
        yield Reaction(
            post=post, account=f"bluesky:{_account(chance.randrange(ACCOUNTS))}",
            type="like" if chance.random() < 0.8 else "repost", observed_at=time + int(chance.expovariate(0.1) * HOUR),
        )  # fmt: skip


def _account(number: int) -> str:
    return f"did:plc:{number:024}"


# ---- what runs in processes of its own -------------------------------------------------------------------


def build(store: str, scale: str) -> dict[str, Any]:
    """Write the record."""
    with Record(store) as record:
        batch: list[Item] = []
        for item in items(float(scale)):
            batch.append(item)
            if len(batch) == BATCH * 5:
                record.append(batch, source="bench", at=moment(LAST - 1))
                batch = []
        record.append(batch, source="bench", at=moment(LAST - 1))
        learn_standing(record.database)
        return {"reactions": record.count(Reaction), "posts": record.count(Post), "bytes": record.database.size()}


def freeze_day(store: str, name: str, ranking: str) -> dict[str, Any]:
    """Freeze the day's issue of a publication that has none yet."""
    with Record(store) as record:
        publication = Publication(publication=name, title="Daily", ranking=ranking, observed_at=0)
        record.append([publication], source="bench")
        duration = measure.seconds(lambda: freeze_issue(record, publication, day_name(LAST)))
    return {"seconds": duration, "memory": measure.peak_memory()}


def peer(store: str) -> dict[str, Any]:
    """Run the bare query and fetch its rows."""
    connection = apsw.Connection(store)
    return {"seconds": measure.seconds(lambda: connection.execute(BARE, bindings(day_name(LAST))).fetchall())}


TASKS: dict[str, Callable[..., dict[str, Any]]] = {"build": build, "freeze_day": freeze_day, "peer": peer}


def task(*words: str) -> dict[str, Any]:
    """Run a task in a process of its own."""
    result: dict[str, Any] = measure.child("bench.bench_reactions", *words)
    return result


def run(scale: float = 1.0) -> dict[str, Any]:
    """The lines of the table."""
    with tempfile.TemporaryDirectory() as folder:
        store = str(Path(folder) / "reactions.db")
        facts = task("build", store, str(scale))
        memory: list[int] = []
        names = iter(f"daily-{n}" for n in range(9))

        def freeze_seconds(ranking: str) -> float:
            result = task("freeze_day", store, next(names), ranking)
            memory.append(result["memory"])
            return float(result["seconds"])

        bare, plain, vouched = measure.by_turns(
            3,
            lambda: float(task("peer", store)["seconds"]),
            lambda: freeze_seconds("rarity/1"),
            lambda: freeze_seconds("rarity/2"),
        )
    lines = [
        measure.at_most("freezing an issue from reactions", plain, bare, 1.5),
        measure.at_most("freezing it with rarity/2, against rarity/1", vouched, plain, 1.5),
        measure.limit("memory of freezing it", max(memory) / 1e6, MEMORY / 1e6, "MB"),
    ]
    notes = [f"{facts['reactions']:,} reactions, {facts['posts']:,} posts, {facts['bytes'] / 1e6:,.0f} MB"]
    return {"lines": lines, "method": __doc__, "notes": notes}


if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](*sys.argv[2:])))
