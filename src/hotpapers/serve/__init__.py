"""Serve: issues to readers and programs that ask.

web       the site and the API over HTTP, forms, metrics
mcp       tools for language models over standard input and output
published_site, site_tools   the same about a published site, without a store
accounts  prove that an account is yours
"""
