"""Jobs: work that a site repeats. One thread of one process runs a job at a time; a failure in one job does not affect
the others.

loop        one job: its rounds and waits; all of a process, a thread for each; stopping by signal
attempts    when to retry              isolation  what is reported of an error, and to whom
next_steps  what to do about a source that fails      connection  how a job reaches its servers
leases      which process does what    job_state  how a job is doing; queries: the SQL for leases and job states

A job is anything with a `name` and a `run_once`. This package must not know what a job does: `collect_job` reads a
network, `publish.schedule` freezes and sends issues.
"""
