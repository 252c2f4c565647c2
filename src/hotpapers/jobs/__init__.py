"""Jobs: done again and again by one thread of one process of a site at a time, whatever fails.

A job is a `name` and a `round`; leases and how each job is doing are kept in the store. Nothing here knows what a job
does: networks are read in `ingest`, issues are frozen and sent in `schedule`.
"""
