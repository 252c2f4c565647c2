"""Ada's posts, others that name her, and raw payloads of both: all of it must be forgotten with her."""

from __future__ import annotations

from pathlib import Path

from hotpapers.base import model
from hotpapers.base.model import HOUR
from hotpapers.keep.search import update_index
from hotpapers.record import Record
from tests.keep.privacy import traces
from tests.parsing import parse_all
from tests.record import made
from tests.record.made import AT

ADA = "x:@made_up_ada"
ADAS_POST = "x:1366659539260149761"
ADAS_WORDS = ("made_up_ada", "1366659539260149761", "Our teapot is out", "Leaf", "MadeUp0001")
"""Handle, ID, text, name, short link."""


def fill(record: Record) -> None:
    """Fill a record in which people also talk about Ada, and raw payloads name her."""
    made.rich(record)
    record.append(posts_about_ada(), source="gossip")
    body = b'{"post": "x:7", "of": "@Made_Up_Ada, status 1366659539260149761"}'
    record.ingest(parse_all(snapshots_of, [model.RawPayload("post", "7", body, AT)]), source="net")
    record.ingest(parse_all(raise_error, [model.RawPayload("post", "8", b"made_up_ada {", AT)]), source="net")
    record.ingest(
        parse_all(lambda payload: [SNAPSHOT], [model.RawPayload("post", "9", b'"nothing of her"', AT)]), source="net"
    )
    update_index(record)


SNAPSHOT = model.Snapshot(post="x:1341202937956233299", likes=4, observed_at=AT)


def posts_about_ada() -> list[model.Item]:
    """What others say about Ada and her post."""
    text = "@Made_Up_Adaさん and made_up_ada's pot: https://twitter.com/made_up_ada/status/1366659539260149761 !"
    link = "https://twitter.com/made_up_ada/status/1366659539260149761"
    start = text.index("https")
    return [
        model.Post(
            post="bluesky:at://did:plc:gossip/app.bsky.feed.post/3kgossip00001", network="bluesky",
            account="bluesky:did:plc:gossip", created_at=AT, text=text, handle="gossip.example.social",
            links=(model.TextLink(start, start + len(link), link), model.TextLink(0, 3, "https://example.org/tea")),
            name="Friend of @made_up_ada", observed_at=AT,
        ),
        model.Post(
            post="x:1366659539260149777", network="x", account="x:@made_up_reply", created_at=AT, text="Indeed.",
            handle="made_up_reply", reply_to=ADAS_POST, quotes=ADAS_POST, observed_at=AT,
        ),
        model.Account(account="x:@fan_of", handle="fan_of", name="made_up_ada fan", observed_at=AT),
        model.Reaction(post=ADAS_POST, account="x:@made_up_reply", type="like", observed_at=AT),
        model.Reaction(post="x:1366659539260149777", account=ADA, type="like", observed_at=AT),
        model.Verdict(
            subject=ADA, about="", rule="r", judgement="human", version=1, reason="known to us", observed_at=AT
        ),
        model.Verdict(
            subject=ADAS_POST, about="arxiv:2103.99901", rule="r", judgement="sound", version=1, reason="",
            observed_at=AT,
        ),
        model.Snapshot(post=ADAS_POST, likes=4, observed_at=AT + HOUR),
        model.Alias(account=ADA, stable="x:20210302", observed_at=AT),
        model.Account(account="x:20210302", handle="Made_Up_Ada", name="Ada “Leaf”", observed_at=AT + HOUR),
    ]  # fmt: skip


def snapshots_of(payload: model.RawPayload) -> list[model.Item]:
    return [model.Snapshot(post="x:1341202937956233217", likes=3, observed_at=payload.at)]


def raise_error(payload: model.RawPayload) -> list[model.Item]:
    raise ValueError(f"cannot read {payload.key}")


def assert_gone(record: Record, folder: Path, words: tuple[str, ...] = ADAS_WORDS) -> None:
    places = {**traces.store_bytes(record), **traces.exports_of(record, folder)}
    assert not traces.where_found(places, words)
    assert traces.where_found(places, ["Umbrellas"]), "the search itself does not work"


def values(store: Record, *tables: str) -> set[object]:
    """Every value in the identities and the tables of items, or in the given tables; bytes as hexadecimal."""
    item_tables = ("identity", *map(model.kind_of, model.KINDS))
    rows = (store.database.rows(f"SELECT * FROM {table}") for table in tables or item_tables)
    values_found = (value for table in rows for row in table for value in row)
    return {
        value if isinstance(value, str | int) else bytes(value).hex() for value in values_found if value is not None
    }
