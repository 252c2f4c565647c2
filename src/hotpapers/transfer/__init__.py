"""Transfer: export a record from a store and import it into one.

jsonl            the exchange format: exporter, importer, lines
export_formats   the formats of exports, with CSV and BibTeX; parquet: written by DuckDB
parquet_reader   any Parquet file as lines of JSON
research         tables for research
observations     published observations, without words and names
backup           back up a whole store, and restore it without what was forgotten since
classic_import   import files in the classic format
packed           read files, plain or compressed, whole or in part; remote_files: from object stores and web servers
queries          queries of these modules, and copying whole tables between databases

Converts between stores and files. Must not depend on the content of issues.
"""
