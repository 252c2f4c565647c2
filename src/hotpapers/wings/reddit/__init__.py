"""Reddit: new posts of subreddits, with the operator's own key (counts) or from feeds (no counts). Off by default.

source        the connector: reading with a key, or without one
post_parser   reads the posts of both into items
wing          what it hooks into the core

The core knows the network, as archives and first issues have posts of it; only reading it is a wing.

https://www.reddit.com/dev/api · https://github.com/reddit-archive/reddit/wiki/OAuth2
"""
