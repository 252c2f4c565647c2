"""The site's pages: each as the bytes that the app serves and the static site has on disk.

Takes what `view` has put into words; templates are compiled once. Nothing here reads the store.
"""
