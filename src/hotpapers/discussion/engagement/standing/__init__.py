"""Standing: which accounts the record has known for a while, from several papers.

queries   when an account has standing; the table that grows with the record, and who had standing as of a view

Takes the record's posts and reactions in batch order; returns numbers of accounts. It must not know what a ranking does
with standing, and no figure about a single account leaves it.
"""
