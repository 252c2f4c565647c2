"""History: the issues of a past period, each from what the record had observed when it would have closed.

past_period           makes them for a site; past_days: in the record
inferred_days         announcements that nobody observed
engagement_over_days  engagement at a series of cuts, each computed from the one before
commands              `hotpapers history`; wing: what it hooks into the core; queries: all of the SQL
"""
