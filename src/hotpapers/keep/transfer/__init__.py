"""Transfer: export a record from a store and import it into one.

jsonl            the exchange format: exporter, importer, lines
export_formats   the formats of exports, with CSV and BibTeX
backup           back up a whole store, and restore it without what was forgotten since
packed, streams  read files, plain or compressed, whole or in part; write them, by name or -
queries          queries of these modules, and copying whole tables between databases

Converts between stores and files. Must not depend on the content of issues.
"""
