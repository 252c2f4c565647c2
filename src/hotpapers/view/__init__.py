"""Views: issues, entries, posts and networks in words and numbers, independent of any output format. Pure.

All outputs (pages, feeds, mail, chat) start from these, so that they say the same.
"""
