"""Following: the observations that another instance publishes, as a source of this one.

    site_log      its log, fetched and checked: key, witnesses, and that it only grew
    allowance     how much of a site is fetched in a round and in a day
    file_intake   its files, checked against that log, into a store of their own beside ours
    measurement   what these observations count, into our record
    follow_job    the job that does this every ten minutes

What is fetched stays apart from our record: marks in the place of posts and accounts are of no use there. Our record
gets what was counted with them, paper by paper, under the collector's name.
"""
