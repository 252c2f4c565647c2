"""Jobs: done again and again by one thread of one process of a site at a time, whatever fails.

runner      threads, one a job          loop       one job: its rounds, its waits
attempts    when it is tried again      isolation  what of an error is told, and to whom
leases      which process does what     job_state  how a job is doing; queries: both as the store keeps them

Takes things with a `name` and a `run_once`. It must not know what a job does: networks are read in `ingest`, issues are
frozen and sent in `schedule`.
"""
