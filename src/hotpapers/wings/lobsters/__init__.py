"""Lobsters: the stories on its page for the domain arxiv.org, read at most once an hour, as its operator asks.

source    the connector
wing      what it hooks into the core

The core knows the network, as issues have stories of it; only reading it is a wing.

https://github.com/lobsters/lobsters (routes, limits)
"""
