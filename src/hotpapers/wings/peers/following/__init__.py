"""Following: using the observations that another site publishes as a source.

    fetched_log   fetches the site's log and checks its key, its witnesses, and that it is append-only
    file_intake   checks the site's files against that log and adds them to a store of their own, within limits
    follow_job    the job that does all this every ten minutes, and writes counts of these observations into our record

Fetched observations stay out of our record, where marks instead of posts and accounts would be of no use. Our record
gets the counts made from them, paper by paper, under the collector's name.
"""
