"""Standing: whom the record has known for a while, from several papers.

rules     when an account has standing: plain functions
queries   the table that grows with the record, and who had standing as of a view: all SQL of this

Takes the record's posts and reactions in the order of their batches; gives numbers of accounts. It must not know what
a ranking makes of standing, and no figure about a single account leaves it.
"""
