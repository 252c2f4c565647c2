"""Mastodon and compatible servers: hashtag and public timelines of the servers that the operator names.

source          the connector
settings        which servers are read
entities        the formats of statuses
status_parser   reads statuses into items
timelines       which pages of a timeline are read
home_servers    counts, and what is gone
wing            what it hooks into the core

A post is the same post on every server; its counts are fetched from its home server. The core knows the network, as
issues have posts of it; only reading it is a wing.

https://docs.joinmastodon.org/methods/timelines/
"""
