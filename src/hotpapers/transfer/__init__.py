"""Transfer: a record out of a store and into one.

jsonl            the exchange format: exporter, importer, lines, what is left out by a network's terms
tables           Parquet and CSV
backup           a whole store copied, and put back without what was forgotten since
classic_import   files of the classic format
packed           files that are read, plain or packed, whole or in part
queries          what these ask of the store, and whole tables from one database to another

Takes a store or a file; gives the other. It must not know what an issue holds.
"""
