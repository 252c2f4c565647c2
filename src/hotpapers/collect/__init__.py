"""Collect: each source of a site is read into the record by its own job.

sources         the networks, one reader each
job_factory     from settings to jobs: which sources are on, how they are paced, what is kept
collect_job     reads a source, and counts again; reports what it read
thread_reading  the answers to known posts
pipeline        one page into the record: parse, admit, compare, append; why a page is not believed
reprocessing    parses stored raw payloads again with the current code
change_filter   which posts are tracked, the names of papers, what is new in an observation
queries         what is known of posts and papers
"""
