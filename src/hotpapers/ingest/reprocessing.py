"""Parses the raw payloads kept in the record again, with the source's current code and settings."""

from __future__ import annotations

from functools import partial

from hotpapers.ingest import queries
from hotpapers.ingest.change_filter import LASTING, ChangeFilter, TrackedKeys
from hotpapers.ingest.job_factory import ConfiguredSource
from hotpapers.ingest.pipeline import with_consequences
from hotpapers.model import Item, RawPayload, Source
from hotpapers.sources import SOURCES
from hotpapers.store import AsOfView, Record, now
from hotpapers.store.batches import WrittenBatch
from hotpapers.store.paper_names import KEPT, load_names
from hotpapers.store.parsing import Parser
from hotpapers.store.reparse import ReparsePlan
from hotpapers.terms import NetworkTerms, admitted


def plan(record: Record, choice: ConfiguredSource, terms: NetworkTerms) -> ReparsePlan:
    """What reprocessing would change. Raises StoreError."""
    return record.plan_reprocess(choice.name, _reader(record, choice, terms), lasting=LASTING)


def reprocess(record: Record, choice: ConfiguredSource, terms: NetworkTerms) -> WrittenBatch:
    """Parses the raw payloads again. `quarantined` in the result: those that could be parsed before but not now; their
    items stay as they are. Raises StoreError."""
    return record.reprocess(choice.name, _reader(record, choice, terms), lasting=LASTING)


def _reader(record: Record, choice: ConfiguredSource, terms: NetworkTerms) -> Parser:
    since = queries.oldest_original_at(record, choice.name) - KEPT  # the names matched against at the time
    names = load_names(record, now(), since)
    source: Source = SOURCES[choice.name][0](choice.settings, TrackedKeys(), names)
    return partial(_read, source, terms, record.view())


def _read(source: Source, terms: NetworkTerms, view: AsOfView, payload: RawPayload) -> list[Item]:
    """`view`: used to look up what was known before this payload was seen."""
    changes = ChangeFilter(view._replace(as_of=payload.at - 1))
    return with_consequences(changes, payload, admitted(source.read(payload), terms))
