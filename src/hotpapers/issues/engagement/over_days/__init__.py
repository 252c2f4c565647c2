"""Engagement at a series of cuts, each computed from the one before: for issues of many consecutive days.

queries   what changes from cut to cut, and for which papers: SQL
changes   which papers must be counted again
reader    the rows of `engagement.attention.read_engagement`, cut after cut
"""
