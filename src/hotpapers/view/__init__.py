"""Views: an issue, an entry, a post, a network in words and numbers, before any format has its say. Pure.

Every output (pages, feeds, mail, chat) begins with these, so that they say the same.
"""
