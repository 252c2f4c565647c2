"""The site's pages, as the bytes that the app serves and that the static site has on disk.

Renders what `view` has prepared, with templates compiled once. Nothing here reads the store.
"""
