"""Export a record as tables for research: typed Parquet, one file per table, described by all common standards.

schema     the tables and their columns, versioned
rows       the rows of each table: identifiers, times and counts, no words or names
queries    the SQL queries
describe   machine-readable descriptions: Data Package, RO-Crate, Croissant, DataCite; a self-report by NISO RP-25-2016
writer     writes all files into a folder
"""

from __future__ import annotations

from hotpapers.transfer.research.writer import WrittenTables, write_tables

__all__ = ["WrittenTables", "write_tables"]
