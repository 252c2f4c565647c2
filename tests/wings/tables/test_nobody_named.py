"""No table names anybody, in any column: no DID, handle, name or address of a profile, no post's id that leads to one,
also after `forget_key`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hotpapers.base.model import HOUR, Account, Alias, Item, Publication, Reaction, Tally
from hotpapers.base.networks import network_names
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record
from hotpapers.wings.tables.commands import write_tables
from hotpapers.wings.tables.describe import DESCRIPTIONS
from hotpapers.wings.tables.schema import TABLES
from tests.issues.made import DAY, background, counts, issue, judged, key, moment, paper, post, posts_about, read, write
from tests.wings.tables.recounts import ask

TODAY = moment(DAY)
WHO = "quillfeather"
ACCOUNTS = {
    "bluesky": (f"did:plc:{WHO}234567", f"at://did:plc:{WHO}234567/app.bsky.feed.post/3kfictitious"),
    "mastodon": (f"https://tea.example/users/{WHO}", f"https://tea.example/users/{WHO}/statuses/112233"),
    "hackernews": (WHO, "44556677"),
    "lobsters": (WHO, "a1b2c3"),
    "reddit": (WHO, "t3_1kettle"),
    "x": ("9021000190210001", "1788000000000000001"),
    "huggingface": (WHO, f"https://hub.example/{WHO}/posts/1"),
    "feeds": (f"https://{WHO}.example", f"https://{WHO}.example/a-kettle"),
}
"""By network, an account and a post of it, each by the network's own id."""
MORE = {
    "bluesky": (f"did:web:{WHO}.example", f"at://did:web:{WHO}.example/app.bsky.feed.post/3kfictitious"),
    "mastodon": (f"https://tea.example/@{WHO}2", f"https://tea.example/@{WHO}2/112234"),
    "hackernews": (f"@{WHO}", f"https://{WHO}.example/item"),
    "lobsters": (f"@{WHO}", f"~{WHO}/a1b2c4"),
    "reddit": (f"@{WHO}", f"user/{WHO}/comments/1kettle"),
    "x": (f"@{WHO}", f"{WHO}/status/1788000000000000002"),
}
"""Others: accounts known by their handle, and posts as only an import has them."""
POST_IDS = ("3kfictitious", "11223", "44556677", "a1b2c", "1kettle", "17880000000000000")
TRACES = (WHO, "did:", "://", "@", "tea.example", "9021000190210001", "Ada", "kettle lore", *POST_IDS)
PUBLICATION = Publication(
    publication="daily", title="The Daily Dozen", threshold=1, observed_at=0,
    own=("bluesky:did:plc:own", "mastodon:@own@tea.example"),
)  # fmt: skip


def said_by(network: str, account: str, name: str) -> Iterator[Item]:
    """All that a record can have of an account: its names, a post, counts, reactions, judgments, another account."""
    who, what = f"{network}:{account}", f"{network}:{name}"
    written, mention = post(2, what, TODAY + HOUR, who, text=f"On {what}: kettle lore by {who}")
    yield from (mention, msgspec.structs.replace(written, handle=f"{WHO}.example", name="Ada", reply_to=what))
    yield from (Account(account=who, handle=f"@{WHO}", name="Ada", observed_at=TODAY), counts(what, 5, TODAY + HOUR))
    yield Reaction(post="bluesky:own", account=who, type="like", observed_at=TODAY + HOUR)
    yield from (judged(who, "author", key(2), "names"), judged(who, "bot", rule="list"), judged(what, "hidden"))
    yield judged(what, "doubtful", key(2), "words")
    yield Alias(account=f"{network}:@{WHO}-too", stable=who, observed_at=TODAY)


@pytest.fixture
def record(store_url: str) -> Iterator[Record]:
    assert set(ACCOUNTS) == set(network_names()), "a network without an account here"
    with Record(store_url) as opened:
        write(opened, PUBLICATION, background(), *(paper(n) for n in range(1, 5)), posts_about(2, 9, TODAY + HOUR))
        write(opened, Tally(paper=key(2), network="x", method="weekly/1", reposts=3, likes=40, observed_at=TODAY))
        write(opened, read("bluesky", TODAY - HOUR, TODAY + 9 * HOUR))
        for account in (ACCOUNTS, MORE):
            for network, (who, what) in account.items():
                write(opened, said_by(network, who, what))
        write(opened, post(3, "bluesky:own", TODAY + HOUR, "bluesky:did:plc:own"))
        issue(opened, PUBLICATION)
        yield opened


def named(record: Record, folder: Path) -> list[tuple[str, str, str]]:
    """(table, column, value) of all cells that name somebody; and what the descriptions say."""
    write_tables(record, folder, TODAY + 72 * HOUR)
    texts = [(name, "", (folder / name).read_text("utf-8").replace("https://", "")) for name in DESCRIPTIONS]
    for table in TABLES:
        names = [column.name for column in table.columns]
        rows = ask(folder, f"SELECT * FROM {table.name}")
        assert rows, f"{table.name} is empty, so nothing was looked at"
        texts += [(table.name, name, str(cell)) for row in rows for name, cell in zip(names, row, strict=True)]
    return [text for text in texts if any(trace in text[2] for trace in TRACES if text[1] or trace == WHO)]


def test_nobody_is_named_also_after_forgetting(record: Record, tmp_path: Path) -> None:
    assert named(record, tmp_path / "before") == []
    networks = ask(tmp_path / "before", "SELECT DISTINCT network FROM mentions WHERE account_number > 0")
    assert {network for (network,) in networks} == set(network_names())
    judged_to_be = ask(tmp_path / "before", "SELECT DISTINCT judgement FROM verdicts ORDER BY 1")
    assert judged_to_be == [("bot",), ("doubtful",)], "nor who is an author of a paper"
    for network, (who, _) in ACCOUNTS.items():
        forget_key(record, f"{network}:{who}")
    assert named(record, tmp_path / "after") == []
    rows = "SELECT count(*) FROM mentions"
    assert ask(tmp_path / "after", rows) == ask(tmp_path / "before", rows)
