"""Mastodon and compatible servers: hashtag and public timelines of the servers that the operator names.

source           the connector; counts, what is gone, and the answers to a post
settings         which servers are read
author_addresses addresses of authors that a server leaves out
status_parser    the formats of statuses, read into items
timelines        which pages of a timeline are read
wing             what it hooks into the core

A post is the same post on every server; its counts are fetched from its home server. The core knows the network, as
issues have posts of it; only reading it is a wing.

https://docs.joinmastodon.org/methods/timelines/
"""
