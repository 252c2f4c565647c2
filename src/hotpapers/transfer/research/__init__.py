"""A record as tables for research: typed Parquet, one file a kind, with a description by every common standard.

schema       the tables and their columns, versioned
rows         what of the record is in each table: identifiers, moments and counts, no words and no names
queries      the statements
describe     what the tables are, for programs: Data Package, RO-Crate, Croissant, DataCite
self_report  what the tables say of their own quality, after NISO RP-25-2016
writer       a folder of it all
"""

from __future__ import annotations

from hotpapers.transfer.research.writer import WrittenTables, write_tables

__all__ = ["WrittenTables", "write_tables"]
