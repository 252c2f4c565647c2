"""Statistics of a store."""

from __future__ import annotations

from hotpapers import model
from hotpapers.model import DAY, Publication
from hotpapers.privacy.forget import forget
from hotpapers.store import Record
from hotpapers.store.schema import MIGRATIONS
from hotpapers.store.statistics import status
from tests.parsing import parse_all
from tests.store import made


def test_an_empty_store(store_url: str) -> None:
    with Record(store_url) as record:
        found = status(record)
        assert (found.batches, found.last_at, found.year_forecast, found.issues) == (0, None, None, 0)
        assert found.items == dict.fromkeys(map(model.kind_of, model.KINDS), 0)
        assert (found.database, found.schema) == (record.database.name, len(MIGRATIONS)) and found.size > 0


def test_a_store_with_content(store_url: str) -> None:
    with Record(store_url) as record:
        issues = made.rich(record)
        record.ingest(parse_all(made.counts_of, [model.RawPayload("counts", "k", b"{", 0)]), source="counts")
        found = status(record)
        assert found.issues == len(issues) == found.items["issue"] and found.publications == 2
        assert sum(found.items.values()) == sum(record.count(kind) for kind in model.KINDS)
        assert (found.raw, found.quarantine, found.forgotten) == (4, 1, 0)
        assert found.batches == record.head.position and found.last_at is not None
        assert found.year_forecast is not None and found.year_forecast > 0
        forget(record, "x:@made_up_bo")
        assert status(record).forgotten == 1


def test_no_forecast_from_too_little_time(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        record.append(made.EVERY[:1], source="s", at=made.AT)
        record.append(made.EVERY[1:2], source="s", at=made.AT + DAY - 1)
        assert status(record).year_forecast is None
        record.append(made.EVERY[2:3], source="s", at=made.AT + DAY)
        found = status(record)
        assert found.year_forecast == found.size * 365


def test_a_publication_with_other_settings_is_the_same_one(store_url: str) -> None:
    with Record(store_url) as record:
        for at, title in enumerate(("Old", "New"), 1):
            record.append([Publication(publication="daily", title=title, observed_at=at)], source="settings")
        found = status(record)
        assert (found.publications, found.items["publication"]) == (1, 2)
