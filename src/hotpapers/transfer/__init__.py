"""Transfer: a record out of a store and into one, as JSON lines, tables, a backup, or files of the classic format."""
