"""Export a record as tables for research: typed Parquet, one file per table, described by common standards.

schema     the tables and their columns, versioned
rows       the rows of each table: identifiers, times and counts, no words or names
queries    the SQL queries
describe   machine-readable descriptions: Data Package, Croissant
commands   what `hotpapers export` does: writes all files into a folder
wing       what it hooks into the core
"""
