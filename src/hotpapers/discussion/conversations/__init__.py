"""Conversations about papers: trees of the posts that answer each other.

trees      from posts to trees; copies: one text posted several times, and twins made by a bridge
landmarks  the first critic, question and answer, by plain rules
queries    the posts of conversations in the record; reading: which of them may be shown
"""
