"""Bluesky's whole history, from an archive of Jetstream 2 over HTTP.

settings          the table `[jetstream]`
archive_api       the requests: a plan, sizes, blocks, ranges of segments
segment_blocks    what is in a block: rows of columns
block_events      rows as events, each at its own moment, filtered again
block_spool       the events of downloaded blocks in a folder, so that no block is paid for twice
download          downloads what a plan names

https://github.com/bluesky-social/jetstream, docs/README.md, sections 3 and 5; lexicons/network/bsky/jetstream
"""
