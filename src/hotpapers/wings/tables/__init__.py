"""Export a record as tables for research: typed Parquet, one file per table, described by common standards; or as one
Parquet file.

schema     the tables and their columns, versioned
rows       the rows of each table: identifiers, times and counts, no words or names
queries    the SQL queries
parquet    the record as one file; what DuckDB writes and reads
describe   machine-readable descriptions: Data Package, Croissant
commands   what `hotpapers export` does: writes all files into a folder; `import parquet`
wing       what it hooks into the core

field_pages   whether fields get the places that their papers would explain: the page `fields/` and its data
"""
