"""Statistics of a store."""

from __future__ import annotations

from hotpapers.base import model
from hotpapers.base.model import DAY, Publication
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.record import Record
from hotpapers.record.schema import MIGRATIONS
from hotpapers.record.statistics import store_statistics
from tests.parsing import parse_all
from tests.record import made


def test_an_empty_store(store_url: str) -> None:
    with Record(store_url) as record:
        figures = store_statistics(record)
        assert (figures.batches, figures.last_at, figures.year_forecast, figures.issues) == (0, None, None, 0)
        assert figures.items == dict.fromkeys(map(model.kind_of, model.KINDS), 0)
        assert (figures.database, figures.schema) == (record.database.name, len(MIGRATIONS)) and figures.size > 0


def test_a_store_with_content(store_url: str) -> None:
    with Record(store_url) as record:
        issues = made.rich(record)
        record.ingest(parse_all(made.counts_of, [model.RawPayload("counts", "k", b"{", 0)]), source="counts")
        figures = store_statistics(record)
        assert figures.issues == len(issues) == figures.items["issue"] and figures.publications == 2
        assert sum(figures.items.values()) == sum(record.count(kind) for kind in model.KINDS)
        assert (figures.raw, figures.quarantine, figures.forgotten) == (4, 1, 0)
        assert figures.batches == record.head.position and figures.last_at is not None
        assert figures.year_forecast is not None and figures.year_forecast > 0
        forget_key(record, "x:@made_up_bo")
        assert store_statistics(record).forgotten == 1


def test_no_forecast_from_too_little_time(sqlite_url: str) -> None:
    with Record(sqlite_url) as record:
        record.append(made.EVERY[:1], source="s", at=made.AT)
        record.append(made.EVERY[1:2], source="s", at=made.AT + 28 * DAY - 1)
        assert store_statistics(record).year_forecast is None
        record.append(made.EVERY[2:3], source="s", at=made.AT + 28 * DAY)
        figures = store_statistics(record)
        assert figures.year_forecast == figures.size * 365 // 28


def test_a_publication_with_other_settings_is_the_same_one(store_url: str) -> None:
    with Record(store_url) as record:
        for at, title in enumerate(("Old", "New"), 1):
            record.append([Publication(publication="daily", title=title, observed_at=at)], source="settings")
        figures = store_statistics(record)
        assert (figures.publications, figures.items["publication"]) == (1, 2)
