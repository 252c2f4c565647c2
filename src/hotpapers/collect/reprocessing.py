"""Parses the raw payloads kept in the record again, with the source's current code and settings."""

from __future__ import annotations

from functools import partial

from hotpapers.base.model import Item, RawPayload, Source
from hotpapers.base.network_terms import admissible_items
from hotpapers.base.networks import Network
from hotpapers.collect import queries
from hotpapers.collect.change_filter import LASTING, ChangeFilter
from hotpapers.collect.job_factory import ConfiguredSource
from hotpapers.collect.pipeline import with_consequences
from hotpapers.collect.sources import SOURCES
from hotpapers.record import AsOfView, Record, current_time
from hotpapers.record.batches import WrittenBatch
from hotpapers.record.paper_names import KEPT, load_names
from hotpapers.record.parsing import Parser
from hotpapers.record.reparse import ReparsePlan


def plan(record: Record, choice: ConfiguredSource, terms: Network) -> ReparsePlan:
    """Plans the reprocessing of a source, without changing anything. Raises StoreError."""
    return record.plan_reprocess(choice.name, _reader(record, choice, terms), lasting=LASTING)


def reprocess(record: Record, choice: ConfiguredSource, terms: Network) -> WrittenBatch:
    """Parses the raw payloads again. `quarantined` in the result: those that could be parsed before but not now; their
    items stay as they are. Raises StoreError."""
    return record.reprocess(choice.name, _reader(record, choice, terms), lasting=LASTING)


def _reader(record: Record, choice: ConfiguredSource, terms: Network) -> Parser:
    names = load_names(record, current_time(), queries.oldest_original_at(record, choice.name) - KEPT)
    source: Source = SOURCES[choice.name][0](choice.settings, (), names)
    return partial(_read, source, terms, record.view())


def _read(source: Source, terms: Network, view: AsOfView, payload: RawPayload) -> list[Item]:
    """`view`: used to look up what was known before this payload was seen."""
    changes = ChangeFilter(view._replace(as_of=payload.at - 1))
    return with_consequences(changes, payload, admissible_items(source.read(payload), terms))
