"""Discussion: who talks about which paper, counted from the record.

conversations  who answered whom
engagement     who talked about what, by when
moderation     which posts may be quoted, bots, authors
lanes          posts beside an issue, which count for nothing
"""
