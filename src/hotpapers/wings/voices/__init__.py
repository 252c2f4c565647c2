"""Followed voices: papers that people whom a publication follows have shared, in a lane beside its issues.

settings   the tables `[[voices]]`
members    who is on a list: of Bluesky, of a Mastodon server, a table of accounts, an OPML file of blogs
notes      in the store: the lists as they were last read, and lanes, also from and for full exports
noting     the part of the job that publishes: reads the lists once a day, and notes each issue's lane
queries    the wing's own SQL
demo_lanes the lanes of the demo's week
wing       registers the wing's hooks
"""
