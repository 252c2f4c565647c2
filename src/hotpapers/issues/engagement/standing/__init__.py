"""Standing: which accounts the record has known for a while, from several papers.

account_history  when an account has standing: plain functions
queries          the table that grows with the record, and who had standing as of a view: all of the SQL

Takes the record's posts and reactions in batch order; returns numbers of accounts. It must not know what a ranking does
with standing, and no figure about a single account leaves it.
"""
