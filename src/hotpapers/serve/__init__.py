"""Serve: issues to readers and programs that ask.

web   the site and the API over HTTP, forms, metrics
"""
