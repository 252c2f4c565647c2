"""Stores for the tests of the record."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotpapers.base import model
from hotpapers.keep.privacy.forget import forget_key
from hotpapers.keep.privacy.retention import prune_record
from hotpapers.record import Record
from tests.record import made


@pytest.fixture(scope="module")
def varied_record(module_url: str) -> Iterator[Record]:
    """A sound record with items of all kinds, and with closed, forgotten and pruned rows."""
    with Record(module_url) as record:
        made.rich(record)
        old = made.moment("2019-06-03 12:00")
        record.append(
            [
                *(model.Snapshot(post="x:1341202937956233217", likes=n, observed_at=old + n) for n in range(2)),
                *(item for item in made.EVERY if not made.all_rows(record, type(item))),
            ],
            source="test", at=old,
        )  # fmt: skip
        forget_key(record, "x:@made_up_taro")  # a whole post
        forget_key(record, "x:@made_up_bo")  # a name in another's post
        assert prune_record(record, at=made.moment("2021-03-05 00:00")).snapshots == 1
        checked = made.verified(record)
        assert not checked.findings and checked.forgotten == 3 and checked.pruned == 1
        yield record
